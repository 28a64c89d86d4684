// SPDX-License-Identifier: Apache-2.0
//! Signals. The first SIGINT or SIGTERM asks the process to stop, a second one ends it as if nobody caught it. A signal that
//! a script listens to runs that script and nothing else; while it does not listen, the signal is not caught.

use signal_hook::consts::{FORBIDDEN, SIGINT, SIGTERM};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that are caught.
pub struct Signals {
    /// SIGINT and SIGTERM, unless a script has them.
    stop: Arc<AtomicBool>,
    /// Those of the scripts.
    caught: Vec<Caught>,
    /// Readable when a signal came, so that one that comes just before a poll ends it.
    wake: UnixStream,
}

/// A signal that scripts listen to. Its flags communicate nothing but themselves.
struct Caught {
    number: i32,
    came: Arc<AtomicBool>,
    /// No script listens now.
    missed: Arc<AtomicBool>,
}

impl Caught {
    fn bit(&self) -> u32 {
        1 << self.number
    }
}

impl Signals {
    /// Begins to listen; `scripts` are those that scripts listen to, signal 1 in bit 1.
    pub fn listen(scripts: u32) -> io::Result<Signals> {
        let stop = Arc::new(AtomicBool::new(false));
        let (wake, waker) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM].into_iter().filter(|signal| scripts & 1 << signal == 0) {
            // The default acts if the flag was set before this signal.
            catch(signal, &stop, &stop, &waker)?;
        }
        let mut caught = Vec::new();
        for number in (1..32).filter(|number| scripts & 1 << number != 0) {
            if FORBIDDEN.contains(&number) {
                return Err(io::Error::other(format!("a script cannot catch signal {number}")));
            }
            let one = Caught { number, came: Arc::default(), missed: Arc::default() };
            catch(number, &one.missed, &one.came, &waker)?;
            caught.push(one);
        }
        Ok(Signals { stop, caught, wake })
    }

    /// Somebody asked the process to stop.
    #[inline]
    pub fn ask_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The signals for scripts that came since this was last asked.
    #[inline]
    pub fn take(&self) -> u32 {
        let came = self.caught.iter().filter(|one| one.came.swap(false, Ordering::Relaxed));
        came.fold(0, |signals, one| signals | one.bit())
    }

    /// From now on only `scripts` are listened to.
    pub fn only(&self, scripts: u32) {
        for one in &self.caught {
            one.missed.store(scripts & one.bit() == 0, Ordering::Relaxed);
        }
    }

    /// Whether there is a signal to which no script listens any more.
    #[inline]
    pub fn are_missed(&self) -> bool {
        self.caught.iter().any(|one| one.missed.load(Ordering::Relaxed))
    }

    /// To poll with.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Forgets that [`Signals::fd`] is readable.
    pub fn drain(&mut self) {
        let _ = self.wake.read(&mut [0; 64]);
    }
}

/// Has `signal` set `came`, and wake who polls; if `missed` is set, do what it does to a process that does not catch it.
fn catch(signal: i32, missed: &Arc<AtomicBool>, came: &Arc<AtomicBool>, waker: &UnixStream) -> io::Result<()> {
    // In this order: what is set by this signal does not act before the next.
    signal_hook::flag::register_conditional_default(signal, Arc::clone(missed))?;
    signal_hook::flag::register(signal, Arc::clone(came))?;
    signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
    Ok(())
}
