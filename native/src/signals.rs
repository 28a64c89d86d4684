// SPDX-License-Identifier: Apache-2.0
//! SIGINT and SIGTERM: the first asks the process to stop, a second one ends it as if nobody caught it.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody asked to stop.
pub struct Stop {
    asked: Arc<AtomicBool>,
    /// Readable when a signal came, so that one that comes just before a poll ends it.
    wake: UnixStream,
}

impl Stop {
    /// Begins to listen.
    pub fn listen() -> io::Result<Stop> {
        let asked = Arc::new(AtomicBool::new(false));
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM] {
            // In this order: the default acts if the flag was set before this signal.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        Ok(Stop { asked, wake })
    }

    /// Somebody asked.
    #[inline]
    pub fn asked(&self) -> bool {
        // Nothing but the flag itself is communicated.
        self.asked.load(Ordering::Relaxed)
    }

    /// To poll with.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Forgets that [`Stop::fd`] is readable.
    pub fn drain(&mut self) {
        let _ = self.wake.read(&mut [0; 64]);
    }
}
