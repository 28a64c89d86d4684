// SPDX-License-Identifier: Apache-2.0
//! Two threads on two cores, and memory between them.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;
use ring::AtomicU64;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Pages, so that lines are lines and the two threads share nothing by accident.
const ALIGNMENT_BYTES: usize = 4096;

/// Two processors that this process may use.
#[derive(Clone, Copy)]
pub struct Cores([usize; 2]);

impl Cores {
    /// The first two. None if there is only one.
    pub fn find() -> Result<Option<Self>> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).context("cannot ask for the allowed processors")?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
        Ok(cores.next().zip(cores.next()).map(|(one, other)| Cores([one, other])))
    }

    /// Runs both at once, each on its core, and says how long the second took. None if the scheduler gave a core to somebody else
    /// meanwhile: that run measured the somebody.
    pub fn time(self, first: impl FnOnce() + Send, second: impl FnOnce() + Send) -> Option<Duration> {
        let ready = AtomicUsize::new(0);
        let run = |core: usize, work: &mut dyn FnMut()| {
            let mut only = CpuSet::new();
            only.set(core).expect("a core that is allowed");
            sched_setaffinity(Pid::from_raw(0), &only).expect("a core that is allowed");
            ready.fetch_add(1, Ordering::SeqCst);
            while ready.load(Ordering::SeqCst) < 2 {}
            let (begin, switches) = (Instant::now(), switches());
            work();
            let time = begin.elapsed();
            (switches == self::switches()).then_some(time)
        };
        let (mut first, mut second) = (Some(first), Some(second));
        thread::scope(|scope| {
            let first = scope.spawn(|| run(self.0[0], &mut || first.take().expect("it runs once")()));
            let second = scope.spawn(|| run(self.0[1], &mut || second.take().expect("it runs once")()));
            let [first, second] = [first, second].map(|thread| thread.join().expect("it does not panic"));
            first.and(second)
        })
    }
}

/// How many times this thread has lost its core.
fn switches() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("it is always known");
    usage.voluntary_context_switches() + usage.involuntary_context_switches()
}

/// Zeroed words that begin on a page.
pub struct Memory {
    words: Vec<AtomicU64>,
    skip: usize,
}

impl Memory {
    /// As many words, all touched.
    pub fn new(words: usize) -> Self {
        let spare = ALIGNMENT_BYTES / size_of::<AtomicU64>();
        let words: Vec<AtomicU64> = (0..words + spare).map(|_| AtomicU64::new(0)).collect();
        let skip = words.as_ptr().addr().next_multiple_of(ALIGNMENT_BYTES) - words.as_ptr().addr();
        Memory { words, skip: skip / size_of::<AtomicU64>() }
    }

    /// The words.
    pub fn words(&self) -> &[AtomicU64] {
        &self.words[self.skip..]
    }
}
