// SPDX-License-Identifier: Apache-2.0
//! The same for links in shared mode.

use super::{Script, scribble};
use ring::{
    AtomicU64, BUFFER_WORDS, Buffer, End, FRAME_BYTES, Mode, Observer, Shape, SharedFrame, SharedLink, SharedRegion,
    Tag,
};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

/// The fewest buffers.
const SHAPE: Shape = Shape { mode: Mode::Shared, slots: ring::MIN_BUFFERS };
const ENDS: [End; 2] = [End::A, End::B];

fn memory() -> Vec<AtomicU64> {
    let memory: Vec<AtomicU64> = (0..SHAPE.words()).map(|_| AtomicU64::new(0)).collect();
    let region = SharedRegion::format(&memory, SHAPE).expect("a good shape");
    ENDS.into_iter().for_each(|end| region.set_presence(end, true));
    memory
}

/// An end, and the buffers in its hands.
struct Hands<'m> {
    link: SharedLink<'m>,
    buffers: Vec<Buffer>,
}

impl<'m> Hands<'m> {
    fn new(region: &SharedRegion<'m>, end: End) -> Self {
        Hands { link: region.attach(end), buffers: Vec::new() }
    }

    /// One of the calls that move buffers. `mark` goes into the first word of a frame that is put.
    fn act(&mut self, call: usize, script: &mut Script, mark: u64) {
        match call % 8 {
            0 => self.buffers.extend(self.link.allocate()),
            1 | 2 => self.put(script, mark),
            3 => {
                if let Some(frame) = self.link.take() {
                    assert!(frame.length > 0 && frame.start + frame.length <= FRAME_BYTES);
                    self.buffers.push(frame.buffer);
                }
            }
            4 if !self.buffers.is_empty() => {
                let buffer = self.buffers.swap_remove(script.byte() % self.buffers.len());
                self.link.give_back(buffer);
            }
            5 => self.link.publish(),
            6 => self.link.release(),
            _ => {
                self.link.settle();
                self.link.wakeup_needed();
                self.link.arm(script.byte() % 80);
                self.link.disarm();
            }
        }
    }

    fn put(&mut self, script: &mut Script, mark: u64) {
        let Some(buffer) = self.buffers.pop().or_else(|| self.link.allocate()) else { return };
        self.link.words(&buffer)[0].store(mark, Relaxed);
        let (start, length) = (script.pair() % 2100, script.length());
        if let Err((_, buffer)) = self.link.put(SharedFrame { buffer, start, length, tag: Tag::default() }) {
            self.buffers.push(buffer);
        }
    }

    /// Where the buffers in hands lie. No two at the same place, and each in the pool.
    fn places(&self) -> BTreeSet<usize> {
        let places: BTreeSet<usize> = self.buffers.iter().map(|buffer| self.link.offset(buffer)).collect();
        assert_eq!(places.len(), self.buffers.len(), "a buffer is in two hands");
        assert!(places.iter().all(|place| place + 8 * BUFFER_WORDS <= SHAPE.bytes()));
        let found = places.iter().filter_map(|place| self.link.in_hands(place + FRAME_BYTES));
        assert_eq!(found.map(|buffer| self.link.offset(&buffer)).collect::<BTreeSet<_>>(), places);
        places
    }
}

/// Two ends that keep to the rules, and restart now and then: no buffer is ever in two hands, and all are home in the end.
pub fn honest(bytes: &[u8]) {
    let mut script = Script(bytes.iter());
    let memory = memory();
    let region = SharedRegion::open(&memory).expect("it is formatted");
    let mut ends = ENDS.map(|end| Hands::new(&region, end));
    let mut mark = 0;
    while !script.is_over() {
        let step = script.byte();
        let this = step & 1;
        mark += 1;
        if step < 8 {
            ends[this].buffers.clear();
            region.set_presence(ENDS[this], false);
            if step < 4 {
                ends[1 - this].link.settle();
            }
            region.set_presence(ENDS[this], true);
            ends[this].link = region.attach(ENDS[this]);
            ends[1 - this].link.settle();
        } else {
            ends[this].act(step >> 1, &mut script, mark);
        }
        let [a, b] = [&ends[0], &ends[1]].map(Hands::places);
        assert!(a.is_disjoint(&b), "a buffer is in the hands of both");
    }
    for _ in 0..2 {
        for end in &mut ends {
            end.buffers.drain(..).for_each(|buffer| end.link.give_back(buffer));
            while let Some(frame) = end.link.take() {
                end.link.give_back(frame.buffer);
            }
            end.link.release();
            end.link.publish();
        }
    }
    for (hands, end) in ends.iter_mut().zip(ENDS) {
        assert_eq!(std::iter::from_fn(|| hands.link.allocate()).count(), SHAPE.slots);
        let statistics = region.observer().statistics(end);
        assert_eq!((statistics.bad_indices, statistics.bad_descriptors), (0, 0));
    }
}

/// One end, and a peer that writes any word at any time between its calls: nothing panics, every call returns, and no buffer is in
/// two of this end's hands.
pub fn hostile(bytes: &[u8]) {
    let mut script = Script(bytes.iter());
    let memory = memory();
    let region = SharedRegion::open(&memory).expect("it is formatted");
    let mut end = Hands::new(&region, End::A);
    while !script.is_over() {
        match script.byte() {
            scribbles @ 0..96 => (0..=scribbles & 3).for_each(|_| scribble(&memory, &mut script)),
            // Into the descriptors of frames that come: a length, and a place in the pool.
            96..128 => {
                let word = 512 + 2 * SHAPE.slots + 2 * (script.byte() % SHAPE.slots);
                memory[word].store(script.length() as u64, Relaxed);
                memory[word + 1].store(((SHAPE.bytes() * script.byte() / 256) & !63) as u64, Relaxed);
            }
            call => end.act(call, &mut script, 0),
        }
        end.places();
        if let Ok(observer) = Observer::open(&memory) {
            ENDS.into_iter().for_each(|end| assert!(observer.occupancy(end) <= observer.shape().slots as u64));
        }
    }
}
