// SPDX-License-Identifier: Apache-2.0
//! What goes on beside the run loop: agreeing with other domains through xenstore. A task never holds frames up, and is
//! polled only when there may be something for it.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use heapless::Vec;
use xen_glue::xenbus::Pauses;

/// How long an end is waited for that does not let go, and until what failed is tried again.
const PAUSE_NS: u64 = 500_000_000;
/// Most tasks: one for each port, one for the control channel, one for the toolstack's wishes.
pub const MOST: usize = 18;

/// The tasks, each for ever.
#[derive(Default)]
pub struct Tasks(Vec<Pin<&'static mut dyn Future<Output = Infallible>>, MOST>);

impl Tasks {
    /// Adds a task. There is room for all that this machine has.
    pub fn add(&mut self, task: &'static mut impl Future<Output = Infallible>) {
        let added = self.0.push(Pin::static_mut(task));
        assert!(added.is_ok(), "there are more tasks than ports");
    }

    /// Gives each its turn.
    pub fn poll(&mut self) {
        for task in &mut self.0 {
            let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// Time as tasks see it.
pub struct Moments {
    now_ns: Cell<u64>,
    next_ns: Cell<u64>,
}

impl Moments {
    /// No time has passed, and nobody waits.
    pub const fn new() -> Moments {
        Moments { now_ns: Cell::new(0), next_ns: Cell::new(u64::MAX) }
    }

    /// Says what time it is. Who waits on then says so again.
    pub fn pass(&self, now_ns: u64) {
        self.now_ns.set(now_ns);
        self.next_ns.set(u64::MAX);
    }

    /// When the next task has waited long enough.
    pub fn next_ns(&self) -> Option<u64> {
        Some(self.next_ns.get()).filter(|&next_ns| next_ns != u64::MAX)
    }

    /// Whether a task has waited long enough.
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        self.next_ns.get() <= now_ns
    }

    /// Has all tasks get their turn soon.
    pub fn hurry(&self) {
        self.next_ns.set(0);
    }

    /// Waits for `ns`.
    pub async fn pause(&self, ns: u64) {
        let until_ns = self.now_ns.get().saturating_add(ns);
        poll_fn(|_| if self.is_over(until_ns) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

impl Pauses for Moments {
    fn begin(&self) -> u64 {
        self.now_ns.get().saturating_add(PAUSE_NS)
    }

    fn is_over(&self, end_ns: u64) -> bool {
        let over = self.now_ns.get() >= end_ns;
        if !over {
            self.next_ns.set(self.next_ns.get().min(end_ns));
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_waits_as_long_as_it_said() {
        static WAITED: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
        let moments: &'static Moments = Box::leak(Box::new(Moments::new()));
        let mut tasks = Tasks::default();
        tasks.add(Box::leak(Box::new(async {
            loop {
                moments.pause(10).await;
                WAITED.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
            }
        })));
        let mut waited = |now_ns| {
            moments.pass(now_ns);
            tasks.poll();
            (WAITED.load(core::sync::atomic::Ordering::Relaxed), moments.next_ns())
        };
        assert_eq!(waited(0), (0, Some(10)));
        assert_eq!(waited(9), (0, Some(10)));
        assert_eq!(waited(12), (1, Some(22)));
        assert_eq!(waited(100), (2, Some(110)));
    }
}
