// SPDX-License-Identifier: Apache-2.0
//! # InfiniteSource
//! `InfiniteSource([DATA, LIMIT, BURST, ACTIVE, LENGTH, STOP, TIMESTAMP])` — generates packets whenever scheduled.
//!
//! **Ports:** no input, one output, push.
//!
//! **Description:** makes packets of DATA (a text of 64 bytes, unless given), BURST of them (1 by default) in each
//! round, until there were LIMIT (none if negative, the default); then, if STOP is true, powers the VM off. With
//! LENGTH, DATA is cut or repeated to that length. The timestamp annotation is set, unless TIMESTAMP is false.
//!
//! DATA is a string in Click's manner: `\<08 00>` stands for bytes in hexadecimal; in double quotes `\n`, `\t`, `\"`
//! and `\\` have C's meaning.
//!
//! **Notes:** a packet is at most 1856 bytes long, and a round makes at most 32. It only pushes, and does not look
//! whether there is room behind it. The data cannot be changed while the VM runs. Click's END_CALL does not exist.
//!
//! **Handlers:** `count`, `data`, `length` (read), `reset` (write), `limit`, `burst`, `active` (read, write).
//!
//! **Example:** `InfiniteSource("\<ffffffffffff 020000000001 88b5>", -1, 32, LENGTH 60) -> ToDevice(wan);`
//!
//! **See also:** `RandomSource`.

#[cfg(feature = "host")]
mod data;

use super::pacing::{self, Pacing};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct InfiniteSource {
    data: &'static [u8],
    pacing: Pacing,
}

impl InfiniteSource {
    /// Makes packets of `data`.
    pub const fn new(data: &'static [u8], limit: i64, burst: usize, active: bool, stop: bool, timestamp: bool) -> Self {
        let pacing = Pacing::new(limit, burst, active, stop, timestamp);
        InfiniteSource { data, pacing }
    }
}

impl Element for InfiniteSource {
    const SPEC: Spec = Spec {
        class: "InfiniteSource",
        category: Category::SourceSink,
        summary: "generates packets whenever scheduled",
        ports: "0/1",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "DATA", kind: ArgumentKind::Optional, doc: "the packets' bytes; 64 of text by default" },
            pacing::LIMIT,
            pacing::BURST,
            pacing::ACTIVE,
            Argument { name: "LENGTH", kind: ArgumentKind::Keyword, doc: "bytes of a packet; DATA's by default" },
            pacing::STOP,
            pacing::TIMESTAMP,
        ],
        handlers: &[
            pacing::COUNT_HANDLER,
            pacing::RESET_HANDLER,
            Handler { name: "data", kind: HandlerKind::Read, doc: "DATA, escaped as in Rust" },
            Handler { name: "length", kind: HandlerKind::Read, doc: "bytes of a packet" },
            pacing::LIMIT_HANDLER,
            pacing::BURST_HANDLER,
            pacing::ACTIVE_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "data" => write!(out, "{}", self.data.escape_ascii())?,
            "length" => write!(out, "{}", self.data.len())?,
            _ => self.pacing.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.pacing.write_handler(name, value)
    }
}

impl Source for InfiniteSource {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let data = self.data;
        self.pacing.produce(io, limit, batch, |packet| {
            // The argument parser has checked that a fresh buffer holds the data.
            let _ = packet.append(data);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    #[test]
    fn packets_hold_the_data() {
        let mut source = InfiniteSource::new(b"ab\xff", 3, 2, true, false, false);
        let (mut io, mut batch) = (ListIo::new(0), Batch::new());
        io.now_ns = 5;
        for _ in 0..3 {
            source.produce(&mut io, 32, &mut batch);
        }
        assert_eq!(batch.len(), 3);
        assert!(batch.iter().all(|packet| packet.data() == b"ab\xff" && packet.annotations().timestamp_ns == 0));
        let handlers = ["count", "data", "length", "limit"].map(|handler| read(&source, handler));
        assert_eq!(handlers, ["3", r"ab\xff", "3", "3"]);
    }
}
