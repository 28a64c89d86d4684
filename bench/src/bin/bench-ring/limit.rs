// SPDX-License-Identifier: Apache-2.0
//! What this machine can do: cache lines that go from one core to the other, with no more protocol than it takes to know that
//! they went.

use crate::pair::{Cores, Memory};
use ring::AtomicU64;
use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Words of a cache line.
const LINE_WORDS: usize = 8;
/// How many lines have been written and read, and the lines: pairs of lines apart, as processors fetch them.
const WRITTEN: usize = 0;
const READ: usize = 16;
const LINES: usize = 32;

/// How a stream goes: lines that are handed over at once, and lines of memory. The best of these is the limit: with much memory
/// the reader finds lines that the writer's first-level cache has let go, with little it takes them out of there.
pub const STREAMS: [(usize, usize); 4] = [(36, 288), (36, 4608), (144, 9216), (1152, 9216)];

/// A line there and back, `rounds` times.
pub fn ping(cores: Cores, rounds: u64) -> Option<Duration> {
    let memory = Memory::new(LINE_WORDS);
    let line = &memory.words()[0];
    let wait = |value| while line.load(Ordering::Acquire) != value {};
    let pong = || {
        for round in 0..rounds {
            wait(2 * round + 1);
            line.store(2 * round + 2, Ordering::Release);
        }
    };
    let ping = || {
        for round in 0..rounds {
            line.store(2 * round + 1, Ordering::Release);
            wait(2 * round + 2);
        }
    };
    cores.time(pong, ping)
}

/// At least `lines` lines that one core fills and the other reads.
pub fn stream(cores: Cores, lines: usize, (chunk, window): (usize, usize)) -> Option<Duration> {
    let memory = Memory::new(LINES + window * LINE_WORDS);
    let (progress, data) = memory.words().split_at(LINES);
    let data = data[..window * LINE_WORDS].as_chunks::<LINE_WORDS>().0;
    let (chunks, ahead) = (lines.div_ceil(chunk), window / chunk);
    let part = |index: usize| &data[index % ahead * chunk..][..chunk];
    let wait = |word: usize, least: usize| while progress[word].load(Ordering::Acquire) < least as u64 {};
    let write = || {
        for index in 0..chunks {
            wait(READ, (index + 1).saturating_sub(ahead));
            part(index).iter().for_each(|line| fill(line, index as u64));
            progress[WRITTEN].store(index as u64 + 1, Ordering::Release);
        }
    };
    let read = || {
        for index in 0..chunks {
            wait(WRITTEN, index + 1);
            black_box(part(index).iter().fold(0, |sum, line| sum ^ drain(line)));
            progress[READ].store(index as u64 + 1, Ordering::Release);
        }
    };
    cores.time(write, read)
}

#[inline]
fn fill(line: &[AtomicU64; LINE_WORDS], value: u64) {
    line.iter().for_each(|word| word.store(value, Ordering::Relaxed));
}

#[inline]
fn drain(line: &[AtomicU64; LINE_WORDS]) -> u64 {
    line.iter().fold(0, |sum, word| sum ^ word.load(Ordering::Relaxed))
}
