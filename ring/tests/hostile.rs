// SPDX-License-Identifier: Apache-2.0
//! A peer that lies in one way at a time, and what is counted. `random` has all ways at once.
#![cfg(not(loom))]

use ring::{AtomicU64, End, FRAME_BYTES, Link, MIN_SLOTS, Region, Shape, Statistics, Tag};
use std::sync::atomic::Ordering::Relaxed;

const SHAPE: Shape = Shape { slots: MIN_SLOTS, ..Shape::COPY };
/// Words of the head of the ring B to A, of the tail of the ring A to B, and the first descriptor of the former.
const HEAD_OF_B: usize = 64 + 32;
const TAIL_OF_B: usize = 64 + 16;
const DESCRIPTORS_OF_B: usize = 512 + (SHAPE.words() - 512) / 2;

fn memory() -> Vec<AtomicU64> {
    let memory: Vec<AtomicU64> = (0..SHAPE.words()).map(|_| AtomicU64::new(0)).collect();
    let region = Region::format(&memory, SHAPE).expect("a good shape");
    region.set_presence(End::A, true);
    region.set_presence(End::B, true);
    memory
}

fn attach(memory: &[AtomicU64]) -> [Link<'_>; 2] {
    let region = Region::open(memory).expect("it is formatted");
    [region.attach(End::A), region.attach(End::B)]
}

fn statistics(memory: &[AtomicU64]) -> Statistics {
    Region::open(memory).expect("it is formatted").observer().statistics(End::A)
}

fn send(link: &mut Link, bytes: &[u8]) {
    link.producer.put(Tag::default(), bytes).expect("there is room");
    link.producer.publish();
}

fn receive(link: &mut Link) -> Option<usize> {
    let frame = link.consumer.take(&mut [0; FRAME_BYTES]);
    link.consumer.release();
    frame.map(|frame| frame.length)
}

#[test]
fn a_head_that_jumps_is_counted_and_followed() {
    for jump in [MIN_SLOTS as u64 + 1, 1 << 40, u64::MAX, u64::MAX / 2] {
        let memory = memory();
        let [mut a, mut b] = attach(&memory);
        memory[HEAD_OF_B].store(jump, Relaxed);
        assert_eq!((receive(&mut a), statistics(&memory).bad_indices), (None, 1), "{jump}");
        send(&mut b, b"honest again");
        assert_eq!(receive(&mut a), None, "{jump}");
        let found = statistics(&memory);
        assert_eq!(
            found.bad_indices + found.bad_descriptors,
            2,
            "{jump}: its own head is elsewhere, or just ahead of the lie"
        );
        send(&mut b, b"and again");
        assert_eq!(receive(&mut a), Some(9), "{jump}");
    }
}

#[test]
fn a_head_that_goes_back_behind_what_was_taken_is_counted() {
    let memory = memory();
    let [mut a, mut b] = attach(&memory);
    (0..4).for_each(|_| send(&mut b, b"x"));
    (0..4).for_each(|_| assert!(a.consumer.take(&mut [0; 8]).is_some()));
    memory[HEAD_OF_B].store(2, Relaxed);
    assert_eq!((a.consumer.available(), statistics(&memory).bad_indices), (0, 1));
}

#[test]
fn a_tail_that_jumps_is_counted_and_followed() {
    for jump in [1, 1 << 40, u64::MAX - 5000] {
        let memory = memory();
        let [mut a, mut b] = attach(&memory);
        memory[TAIL_OF_B].store(jump, Relaxed);
        assert_eq!((a.producer.room(99), statistics(&memory).bad_indices), (32, 1), "{jump}");
        assert!(a.wakeup_needed(), "{jump}: the peer may sleep until an index that never comes");
        assert_eq!((receive(&mut b), receive(&mut b)), (None, None), "{jump}");
        send(&mut a, b"after all");
        assert_eq!(receive(&mut b), Some(9), "{jump}");
    }
}

#[test]
fn an_index_of_ours_that_the_peer_wrote_is_written_again() {
    let memory = memory();
    let [mut a, mut b] = attach(&memory);
    let (head_of_a, tail_of_a) = (64, TAIL_OF_B + 32);
    (0..MIN_SLOTS).for_each(|_| send(&mut a, b"x"));
    memory[head_of_a].store(0, Relaxed);
    assert_eq!((receive(&mut b), a.producer.room(1), receive(&mut b)), (None, 0, Some(1)));
    (0..MIN_SLOTS).for_each(|_| send(&mut b, b"x"));
    while receive(&mut a).is_some() {}
    memory[tail_of_a].store(0, Relaxed);
    assert_eq!((b.producer.room(1), receive(&mut a), b.producer.room(1)), (0, None, 32));
    assert_eq!(statistics(&memory).bad_indices, 2);
}

#[test]
fn a_tail_that_stands_still_refuses_and_takes_no_time() {
    let memory = memory();
    let [mut a, _b] = attach(&memory);
    let put = (0..10_000).filter(|_| a.producer.put(Tag::default(), b"x").is_ok()).count();
    assert_eq!((put, a.producer.room(1)), (MIN_SLOTS, 0));
}

#[test]
fn lengths_that_lie_are_counted_and_copy_nothing() {
    let beyond = 2 * 64 + 1;
    for (length, published) in [(0, 2), (FRAME_BYTES as u64 + 1, 64), (u64::from(u16::MAX), 64), (beyond, 2)] {
        let memory = memory();
        let [mut a, _b] = attach(&memory);
        memory[DESCRIPTORS_OF_B].store(length, Relaxed);
        memory[HEAD_OF_B].store(published, Relaxed);
        let mut buffer = [7; FRAME_BYTES];
        assert_eq!((a.consumer.take(&mut buffer), statistics(&memory).bad_descriptors), (None, 1), "{length}");
        assert_eq!((a.consumer.available(), buffer), (0, [7; FRAME_BYTES]), "{length}");
    }
}

#[test]
fn a_frame_at_the_end_of_the_ring_stays_within_it() {
    let memory = memory();
    let [mut a, mut b] = attach(&memory);
    let last = MIN_SLOTS - 1;
    (0..last).for_each(|_| {
        send(&mut b, b"x");
        assert_eq!(receive(&mut a), Some(1));
    });
    send(&mut b, &[0x5a; FRAME_BYTES]);
    let mut buffer = [0; FRAME_BYTES];
    assert_eq!(a.consumer.take(&mut buffer).map(|frame| frame.length), Some(FRAME_BYTES));
    assert_eq!(buffer, [0x5a; FRAME_BYTES]);
    assert_eq!(memory[DESCRIPTORS_OF_B - 8].load(Relaxed), 0, "the other ring was not touched");
}

/// Where the region says what it is, in words; and the presence words.
const IDENTITY: std::ops::Range<usize> = 0..8;
const PRESENCE: [usize; 2] = [8, 16];

#[test]
fn whoever_follows_a_peer_that_wrote_over_everything_is_met() {
    let memory = memory();
    let identity: Vec<u64> = memory[IDENTITY].iter().map(|word| word.load(Relaxed)).collect();
    let [mut a, _] = attach(&memory);
    for round in 1..100_u64 {
        let mut state = round;
        for word in &memory {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            word.store(state >> (state % 64), Relaxed);
        }
        assert!(receive(&mut a).is_none_or(|length| length <= FRAME_BYTES));
        // The host's part: the last peer is gone, and another one comes.
        identity.iter().zip(&memory).for_each(|(was, word)| word.store(*was, Relaxed));
        memory[PRESENCE[0]].store(1, Relaxed);
        memory[PRESENCE[1]].store(2 * round, Relaxed);
        assert!(!a.peer().is_up());
        memory[PRESENCE[1]].store(2 * round + 1, Relaxed);
        let mut b = Region::open(&memory).expect("the host restored it").attach(End::B);
        assert!(a.peer().is_up() && b.peer().is_up(), "round {round}");
        // What either end takes first may be told as nonsense, once for each index that it did not write.
        let passed = |from: &mut Link, to: &mut Link| {
            (0..4).any(|_| {
                let _ = from.producer.put(Tag::default(), b"honest");
                from.producer.publish();
                (0..4).any(|_| receive(to) == Some(6))
            })
        };
        assert!(passed(&mut a, &mut b) && passed(&mut b, &mut a), "round {round}");
    }
    assert!(a.bad() > 50, "{}", a.bad());
}
