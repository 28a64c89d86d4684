// SPDX-License-Identifier: Apache-2.0
//! Files that elements write. The process keeps them, because elements are never dropped: it flushes them at its end.

use nf_elements::PacketIo;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;

thread_local! {
    static TROUBLE: RefCell<Option<String>> = const { RefCell::new(None) };
    static OPEN: RefCell<Vec<BufWriter<File>>> = const { RefCell::new(Vec::new()) };
}

/// A file that is open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output(usize);

impl Output {
    /// Creates the file `path`; `-` is standard output.
    pub fn create(path: &str) -> io::Result<Output> {
        let file = match path {
            "-" => File::from(io::stdout().as_fd().try_clone_to_owned()?),
            path => File::create(path)?,
        };
        OPEN.with_borrow_mut(|open| {
            open.push(BufWriter::with_capacity(64 << 10, file));
            Ok(Output(open.len() - 1))
        })
    }

    /// Does something with the file.
    pub fn with<T>(self, act: impl FnOnce(&mut BufWriter<File>) -> T) -> T {
        OPEN.with_borrow_mut(|open| act(&mut open[self.0]))
    }
}

/// Writes what is still in memory.
pub fn flush() -> io::Result<()> {
    OPEN.with_borrow_mut(|open| open.iter_mut().try_for_each(Write::flush))
}

/// What went well; what did not ends the machine, which then says so and fails.
pub fn tried<T, M: PacketIo>(result: Result<T, String>, io: &mut M) -> Option<T> {
    result
        .map_err(|error| {
            TROUBLE.with_borrow_mut(|trouble| trouble.get_or_insert(error).len());
            io.stop();
        })
        .ok()
}

/// The first thing that went wrong.
pub fn trouble() -> Result<(), String> {
    TROUBLE.with_borrow_mut(Option::take).map_or(Ok(()), Err)
}
