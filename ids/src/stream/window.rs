// SPDX-License-Identifier: Apache-2.0
//! The window of one direction of a TCP flow: bytes received and not yet done with, in order.
//!
//! Overlap policy: **the first byte that came for a place stays** ([`Window::insert`]). Bytes before the window's start were
//! dealt with and are ignored; bytes behind its end do not fit and are counted by the caller.

use super::pool::Piece;

/// Bytes of a window.
pub const WINDOW: usize = 16_384;
/// Runs of bytes that may wait for what is missing before them; a segment that would begin another one is not kept.
const RUNS: usize = 16;

/// Received bytes.
pub struct Window {
    owner: u32,
    /// The sequence number of the first byte.
    pub start: u32,
    /// How many bytes, from the first on, are there without a gap.
    ready: u16,
    runs: u8,
    /// Where runs behind gaps begin and end, in order.
    waiting: [(u16, u16); RUNS],
    /// How many bytes the matching of raw payload is done with.
    pub raw: u16,
    /// How many bytes the application's parser is done with.
    pub app: u16,
    bytes: [u8; WINDOW],
}

impl Window {
    /// A free one: all zeros.
    pub const EMPTY: Self =
        Self { owner: 0, start: 0, ready: 0, runs: 0, waiting: [(0, 0); RUNS], raw: 0, app: 0, bytes: [0; WINDOW] };

    /// The bytes that are there without a gap.
    #[must_use]
    pub fn ready(&self) -> &[u8] {
        &self.bytes[..usize::from(self.ready)]
    }

    /// Whether bytes wait behind a gap.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.runs > 0
    }

    /// Whether nothing more fits behind the bytes that are there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        usize::from(self.ready) == WINDOW
    }

    /// Puts a segment's bytes in their places, where none came before; how many were new, and how many did not fit.
    pub fn insert(&mut self, sequence: u32, data: &[u8]) -> (usize, usize) {
        let offset = sequence.wrapping_sub(self.start).cast_signed();
        let skip = usize::try_from(offset.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let Some(data) = data.get(skip..) else { return (0, 0) };
        let at = usize::try_from(offset.max(0)).unwrap_or(0);
        let fits = data.len().min(WINDOW.saturating_sub(at));
        let lost = data.len() - fits;
        let (new, kept) = if fits == 0 { (0, true) } else { self.fill(at, &data[..fits]) };
        (new, if kept { lost } else { lost + fits })
    }

    /// Copies `data` to the places from `at` on that are empty; how many those were, and whether it could be noted.
    fn fill(&mut self, at: usize, data: &[u8]) -> (usize, bool) {
        let end = at + data.len();
        if at > usize::from(self.ready) && !self.has_room_for(at, end) {
            return (0, false);
        }
        let (mut new, mut place) = (0, at.max(usize::from(self.ready)));
        for index in 0..=usize::from(self.runs) {
            let (begin, stop) = if index < usize::from(self.runs) { self.run(index) } else { (WINDOW, WINDOW) };
            let until = end.min(begin);
            if place < until {
                self.bytes[place..until].copy_from_slice(&data[place - at..until - at]);
                new += until - place;
            }
            place = place.max(stop.min(end));
        }
        self.note(at, end);
        (new, true)
    }

    fn run(&self, index: usize) -> (usize, usize) {
        let (begin, stop) = self.waiting[index];
        (begin.into(), stop.into())
    }

    /// Whether the run `at..end` touches a known one, or one more can be noted.
    fn has_room_for(&self, at: usize, end: usize) -> bool {
        let runs = usize::from(self.runs);
        runs < RUNS || (0..runs).map(|index| self.run(index)).any(|(begin, stop)| at <= stop && begin <= end)
    }

    /// Joins `at..end` with the runs that it touches, and with what is ready.
    fn note(&mut self, at: usize, end: usize) {
        let (mut at, mut end) = (at, end);
        let mut kept = 0;
        for index in 0..usize::from(self.runs) {
            let (begin, stop) = self.run(index);
            if at <= stop && begin <= end {
                (at, end) = (at.min(begin), end.max(stop));
            } else {
                self.waiting[kept] = self.waiting[index];
                kept += 1;
            }
        }
        self.runs = kept as u8;
        if at <= usize::from(self.ready) {
            self.ready = self.ready.max(end as u16);
        } else {
            self.add_run(at, end);
        }
    }

    fn add_run(&mut self, at: usize, end: usize) {
        let runs = usize::from(self.runs);
        let place = (0..runs).find(|index| self.run(*index).0 > at).unwrap_or(runs);
        self.waiting.copy_within(place..runs, place + 1);
        self.waiting[place] = (at as u16, end as u16);
        self.runs += 1;
    }

    /// Gives up the bytes that are missing before the first run that waits; how many those are.
    pub fn skip_gap(&mut self) -> usize {
        if self.runs == 0 {
            return 0;
        }
        let (begin, stop) = self.run(0);
        let missing = begin - usize::from(self.ready);
        self.bytes[usize::from(self.ready)..begin].fill(0);
        self.waiting.copy_within(1..usize::from(self.runs), 0);
        self.runs -= 1;
        self.ready = stop as u16;
        missing
    }

    /// Drops the first `count` bytes, which are ready.
    pub fn slide(&mut self, count: usize) {
        let count = count.min(self.ready.into());
        if count == 0 {
            return;
        }
        let last = if self.runs > 0 { self.run(usize::from(self.runs) - 1).1 } else { self.ready.into() };
        self.bytes.copy_within(count..last, 0);
        let less = count as u16;
        for run in &mut self.waiting[..usize::from(self.runs)] {
            *run = (run.0 - less, run.1 - less);
        }
        self.start = self.start.wrapping_add(count as u32);
        (self.ready, self.raw, self.app) =
            (self.ready - less, self.raw.saturating_sub(less), self.app.saturating_sub(less));
    }
}

impl Piece for Window {
    fn owner(&self) -> u32 {
        self.owner
    }

    fn hand_to(&mut self, owner: u32) {
        (self.owner, self.start, self.ready, self.runs, self.raw, self.app) = (owner, 0, 0, 0, 0, 0);
    }

    /// All that it holds was looked at.
    fn is_idle(&self) -> bool {
        self.runs == 0 && self.raw == self.ready && self.app == self.ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::boxed::Box;

    fn window() -> Box<Window> {
        let mut window = Box::new(Window::EMPTY);
        window.start = 1000;
        window
    }

    #[test]
    fn segments_in_any_order_become_a_stream() {
        let mut window = window();
        assert_eq!(window.insert(1006, b"ghi"), (3, 0));
        assert_eq!(window.insert(1003, b"def"), (3, 0));
        assert_eq!(window.ready(), b"");
        assert!(window.has_gap());
        assert_eq!(window.insert(1000, b"abc"), (3, 0));
        assert_eq!(window.ready(), b"abcdefghi");
        assert!(!window.has_gap());
    }

    #[test]
    fn the_first_byte_of_a_place_stays() {
        let mut window = window();
        window.insert(1002, b"XX");
        window.insert(1006, b"YY");
        assert_eq!(window.insert(1000, b"abcdefghij"), (6, 0));
        assert_eq!(window.ready(), b"abXXefYYij");
        assert_eq!(window.insert(998, b"0123456789ABCDEF"), (4, 0));
        assert_eq!(window.ready(), b"abXXefYYijCDEF");
    }

    #[test]
    fn sequence_numbers_wrap() {
        let mut window = window();
        window.start = u32::MAX - 1;
        window.insert(1, b"d");
        window.insert(u32::MAX - 1, b"abc");
        assert_eq!(window.ready(), b"abcd");
        window.slide(3);
        assert_eq!((window.start, window.ready()), (1, &b"d"[..]));
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut window = window();
        assert_eq!(window.insert(1000 + WINDOW as u32 - 2, b"abcd"), (2, 2));
        assert_eq!(window.insert(1000 + WINDOW as u32, b"abcd"), (0, 4));
        for run in 0..RUNS as u32 {
            window.insert(1010 + 10 * run, b"x");
        }
        assert_eq!(window.insert(1005, b"x"), (0, 1), "too many runs");
        assert_eq!(window.insert(1000, &[b'y'; 400]).1, 0);
        assert_eq!(window.ready().len(), 400);
    }

    #[test]
    fn a_gap_can_be_given_up() {
        let mut window = window();
        window.insert(1000, b"ab");
        window.insert(1004, b"ef");
        assert_eq!(window.skip_gap(), 2);
        assert_eq!(window.ready(), b"ab\0\0ef");
        assert_eq!(window.skip_gap(), 0);
    }

    /// Against a plain model: random segments, sliding, first byte wins.
    #[test]
    fn it_does_what_a_plain_model_does() {
        let mut seed = 3u32;
        let mut random = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % most
        };
        for _ in 0..100 {
            let mut window = window();
            let mut model = [None::<u8>; 300];
            let mut base = 0usize;
            for _ in 0..60 {
                let (at, length) = (base + random(80) as usize, 1 + random(30) as usize);
                let data: [u8; 31] = core::array::from_fn(|_| random(256) as u8);
                let (_, lost) = window.insert(1000 + at as u32, &data[..length]);
                if lost == 0 {
                    for (place, byte) in (at..at + length).zip(data) {
                        if place < 300 && model[place].is_none() {
                            model[place] = Some(byte);
                        }
                    }
                }
                let ready = window.ready();
                let wanted = model[base..].iter().map_while(|byte| *byte);
                assert!(ready.iter().copied().take(300 - base).eq(wanted));
                if random(4) == 0 && base < 150 {
                    let count = ready.len().min(random(20) as usize);
                    window.slide(count);
                    base += count;
                }
                if base > 180 {
                    break;
                }
            }
        }
    }
}
