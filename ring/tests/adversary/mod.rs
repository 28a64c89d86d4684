// SPDX-License-Identifier: Apache-2.0
//! What can happen on a link, as a string of bytes tells: for the random tests here and the fuzz target `ring`.

pub mod shared;

use ring::{AtomicU64, End, FRAME_BYTES, Link, Observer, Refused, Region, Shape, Tag};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

/// The smallest rings: they are full soonest.
pub const SHAPE: Shape = Shape { slots: ring::MIN_SLOTS, ..Shape::COPY };
/// What an end finds in its buffer where no frame was copied.
const UNTOUCHED: u8 = 0xa5;

/// A link that is formatted, its ends up.
pub fn memory() -> Vec<AtomicU64> {
    let memory: Vec<AtomicU64> = (0..SHAPE.words()).map(|_| AtomicU64::new(0)).collect();
    let region = Region::format(&memory, SHAPE).expect("a good shape");
    region.set_presence(End::A, true);
    region.set_presence(End::B, true);
    memory
}

/// The bytes, one after the other; zeros when they are over.
struct Script<'s>(std::slice::Iter<'s, u8>);

impl Script<'_> {
    fn byte(&mut self) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0))
    }

    fn pair(&mut self) -> usize {
        self.byte() | self.byte() << 8
    }

    fn is_over(&self) -> bool {
        self.0.len() == 0
    }

    /// Often short, sometimes as long as can be or longer.
    fn length(&mut self) -> usize {
        match self.byte() {
            short @ 0..128 => short,
            middle @ 128..240 => middle * 8,
            long => FRAME_BYTES - 7 + long % 16,
        }
    }
}

/// A frame whose content follows from its number and length.
fn frame(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + number * 13) as u8).collect()
}

/// What one end has put and the other has not taken.
#[derive(Default)]
struct Way {
    frames: VecDeque<(Tag, Vec<u8>)>,
    /// How many of them, the last ones, are not published.
    unpublished: usize,
}

impl Way {
    fn published(&self) -> usize {
        self.frames.len() - self.unpublished
    }
}

/// Two ends that keep to the rules, and restart now and then: what one publishes the other takes, in order and unaltered, except
/// what lay in the ring of an end that restarts.
pub fn honest(bytes: &[u8]) {
    let mut script = Script(bytes.iter());
    let memory = memory();
    let region = Region::open(&memory).expect("it is formatted");
    let mut links = [region.attach(End::A), region.attach(End::B)];
    let mut ways: [Way; 2] = Default::default();
    let mut number = 0;
    while !script.is_over() {
        let step = script.byte();
        let (this, other) = (step & 1, !step & 1);
        match step >> 1 & 7 {
            0..3 => {
                number += 1;
                let (length, tag) = (script.length(), Tag { chain: number as u16, flow_hash: !number as u32 });
                let bytes = frame(number, length);
                let room = links[this].producer.room(1);
                match links[this].producer.put(tag, &bytes) {
                    Ok(()) => {
                        ways[this].frames.push_back((tag, bytes));
                        ways[this].unpublished += 1;
                    }
                    Err(Refused::Full) => assert_eq!(room, 0),
                    Err(Refused::Length(found)) => assert!(found == length && !(1..=FRAME_BYTES).contains(&length)),
                }
            }
            3 => {
                links[this].producer.publish();
                ways[this].unpublished = 0;
            }
            4 | 5 => {
                let way = &mut ways[other];
                let wanted = if way.published() > 0 { way.frames.pop_front() } else { None };
                let mut buffer = [0; FRAME_BYTES];
                let found = links[this].consumer.take(&mut buffer);
                assert_eq!(found.map(|frame| (frame.tag, buffer[..frame.length].to_vec())), wanted);
            }
            6 => links[this].consumer.release(),
            _ if script.byte() < 16 => {
                links[this] = region.attach([End::A, End::B][this]);
                let published = ways[this].published();
                ways[this].frames.truncate(published);
                ways[this].unpublished = 0;
                let published = ways[other].published();
                ways[other].frames.drain(..published);
            }
            _ => {
                links[this].wakeup_needed();
                links[this].arm(script.byte() % 40);
                links[this].disarm();
            }
        }
    }
    for end in [End::A, End::B] {
        let statistics = region.observer().statistics(end);
        assert_eq!((statistics.bad_indices, statistics.bad_descriptors, statistics.short_buffers), (0, 0, 0));
    }
}

/// One end, and a peer that writes any word at any time between its calls: nothing panics, every call returns, nothing is out of
/// bounds. When the peer is replaced by an honest one, frames cross again both ways.
pub fn hostile(bytes: &[u8]) {
    let mut script = Script(bytes.iter());
    let memory = memory();
    let region = Region::open(&memory).expect("it is formatted");
    let mut link = region.attach(End::A);
    while !script.is_over() {
        match script.byte() {
            scribbles @ 0..128 => (0..=scribbles & 3).for_each(|_| scribble(&memory, &mut script)),
            call => act(&mut link, call, &mut script),
        }
        observe(&memory);
    }
    recovers(&region, link);
}

/// Writes a word: mostly one that says where something is, often a value near the one that was there.
fn scribble(memory: &[AtomicU64], script: &mut Script) {
    let word = match script.byte() {
        // The lines of indices, and of presence and counts.
        kind @ 0..128 => (64 + kind % 8 * 8) + kind / 64 * 64,
        128..160 => script.pair() % 512,
        // The descriptors of what comes in.
        160..240 => 512 + SHAPE.words().saturating_sub(512) / 2 + script.pair() % 64,
        _ => script.pair() % memory.len(),
    };
    let old = memory[word].load(Ordering::Relaxed);
    let value = match script.byte() {
        near @ 0..128 => old.wrapping_add(near as u64).wrapping_sub(32),
        length @ 128..192 => (length as u64 - 128) * 64,
        192..208 => u64::MAX,
        208..224 => 0,
        _ => (0..4).fold(0, |value, _| value << 16 | script.pair() as u64),
    };
    memory[word].store(value, Ordering::Relaxed);
}

/// A call of the end that the peer attacks.
fn act(link: &mut Link, call: usize, script: &mut Script) {
    match call % 8 {
        0 | 1 => drop(link.producer.put(Tag::default(), &frame(call, script.length()))),
        2 => {
            link.producer.publish();
            link.wakeup_needed();
        }
        3 => assert!(link.producer.room(script.byte()) <= SHAPE.slots),
        4 | 5 => take_all(link, script.length().min(FRAME_BYTES)),
        6 => {
            link.consumer.release();
            link.wakeup_needed();
        }
        _ => {
            link.arm(script.byte());
            link.disarm();
        }
    }
    let _ = link.peer();
}

/// Takes until there is nothing more: at most as many frames as the ring has slots, since nobody publishes meanwhile.
fn take_all(link: &mut Link, room: usize) {
    assert!(link.consumer.available() <= SHAPE.slots);
    let mut taken = 0;
    loop {
        let mut buffer = [UNTOUCHED; FRAME_BYTES + 1];
        let Some(frame) = link.consumer.take(&mut buffer[..room]) else { break };
        assert!((1..=room).contains(&frame.length));
        assert!(buffer[frame.length..].iter().all(|byte| *byte == UNTOUCHED));
        taken += 1;
        assert!(taken <= SHAPE.slots);
    }
}

/// What a host does all the time.
fn observe(memory: &[AtomicU64]) {
    if let Ok(observer) = Observer::open(memory) {
        for end in [End::A, End::B] {
            assert!(observer.occupancy(end) <= observer.shape().slots as u64);
            let _ = (observer.statistics(end), observer.state(end));
        }
    }
}

/// An honest peer comes in place of the other one: after a burst each way, which may be lost, frames cross.
fn recovers<'m>(region: &Region<'m>, mut link: Link<'m>) {
    let mut peer = region.attach(End::B);
    let mut buffer = [0; FRAME_BYTES];
    for burst in 0..3 {
        for (from, to) in [(&mut link.producer, &mut peer.consumer), (&mut peer.producer, &mut link.consumer)] {
            while to.take(&mut buffer).is_some() {}
            to.release();
            let put = from.put(Tag::default(), b"after all");
            from.publish();
            let frame = to.take(&mut buffer);
            to.release();
            if burst == 2 {
                assert_eq!((put, frame.map(|frame| frame.length)), (Ok(()), Some(9)));
                assert_eq!(&buffer[..9], b"after all");
            }
        }
    }
}
