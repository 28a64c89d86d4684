// SPDX-License-Identifier: Apache-2.0
//! The log of an image: defmt frames, decoded with the image itself.

use crate::cli::LogsArgs;
use crate::failure::usage;
use crate::operate;
use anyhow::Context;
use defmt_decoder::{DecodeError, StreamDecoder, Table};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// `sluice logs`
pub fn command(args: &LogsArgs) -> anyhow::Result<()> {
    if let Some(vm) = &args.alerts {
        return operate::alerts(Some(vm.as_str()).filter(|vm| !vm.is_empty()), args.follow);
    }
    let path = args.image.as_deref().context("the arguments name an image")?;
    let image = std::fs::read(path);
    let image = image.map_err(|error| usage(format!("cannot read the image {}: {error}", path.display())))?;
    let mut decoder = Decoder::new(&image).with_context(|| format!("{}", path.display()))?;
    let mut log: Box<dyn Read> = if args.log == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = File::open(&args.log);
        Box::new(file.map_err(|error| usage(format!("cannot read the log {}: {error}", args.log.display())))?)
    };
    let mut buffer = [0; 4096];
    loop {
        let count = log.read(&mut buffer).context("cannot read the log")?;
        if count == 0 {
            return Ok(());
        }
        let mut out = anstream::stdout().lock();
        decoder.decode(&buffer[..count]).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()?;
    }
}

/// Turns the bytes of a log into lines.
pub struct Decoder {
    table: &'static Table,
    stream: Box<dyn StreamDecoder + Send>,
}

impl Decoder {
    /// A decoder for what `image` writes.
    pub fn new(image: &[u8]) -> anyhow::Result<Decoder> {
        let table = Table::parse(image)?.context("the image has no log table; build it with `sluice build`")?;
        // As long as the process: a decoder per image, a handful of them.
        let table: &'static Table = Box::leak(Box::new(table));
        Ok(Decoder { table, stream: table.new_stream_decoder() })
    }

    /// Begins anew, with an image that was started again.
    pub fn restart(&mut self) {
        self.stream = self.table.new_stream_decoder();
    }

    /// The lines that are complete with `bytes`.
    pub fn decode(&mut self, bytes: &[u8]) -> Vec<String> {
        self.stream.received(bytes);
        let mut lines = Vec::new();
        loop {
            match self.stream.decode() {
                Ok(frame) => lines.push(frame.display(false).to_string()),
                Err(DecodeError::UnexpectedEof) => return lines,
                Err(DecodeError::Malformed) => lines.push("(a frame that is damaged, or of another image)".into()),
            }
        }
    }
}
