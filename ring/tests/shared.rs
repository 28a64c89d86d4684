// SPDX-License-Identifier: Apache-2.0
//! Links in shared mode: buffers change hands, once each, and come home from the dead.
#![cfg(not(loom))]

use ring::{
    AtomicU64, Buffer, End, FRAME_BYTES, Mode, Observer, Peer, Refused, Region, RegionError, Shape, SharedFrame,
    SharedLink, SharedRegion, Statistics, Tag,
};
use std::sync::atomic::Ordering::Relaxed;

/// The fewest buffers.
const SHAPE: Shape = Shape { mode: Mode::Shared, slots: 64 };
/// Words of the descriptors of frames from B to A: behind the header and those from A to B.
const FROM_B: usize = 512 + 2 * 64;

fn memory() -> Vec<AtomicU64> {
    let memory: Vec<AtomicU64> = (0..SHAPE.words()).map(|_| AtomicU64::new(0)).collect();
    let region = SharedRegion::format(&memory, SHAPE).expect("a good shape");
    region.set_presence(End::A, true);
    region.set_presence(End::B, true);
    memory
}

fn attach(memory: &[AtomicU64], end: End) -> SharedLink<'_> {
    SharedRegion::open(memory).expect("it is formatted").attach(end)
}

fn statistics(memory: &[AtomicU64], end: End) -> Statistics {
    Observer::open(memory).expect("it is formatted").statistics(end)
}

/// Takes all of an end's free buffers, and frees them again.
fn free(link: &mut SharedLink) -> usize {
    let all: Vec<Buffer> = std::iter::from_fn(|| link.allocate()).collect();
    let count = all.len();
    all.into_iter().for_each(|buffer| link.give_back(buffer));
    count
}

/// Writes a frame's first word into a fresh buffer, and hands it over.
fn send(link: &mut SharedLink, word: u64) {
    let buffer = link.allocate().expect("one is free");
    link.words(&buffer)[16].store(word, Relaxed);
    link.put(SharedFrame { buffer, start: 128, length: 60, tag: Tag { chain: 1, flow_hash: word as u32 } })
        .expect("it fits");
    link.publish();
}

fn word(link: &SharedLink, frame: &SharedFrame) -> u64 {
    link.words(&frame.buffer)[frame.start / 8].load(Relaxed)
}

#[test]
fn frames_cross_both_ways_and_their_buffers_come_back() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    for round in 0..500 {
        for (from, to) in [(0, 1), (1, 0)] {
            let [from, to] = if from < to { [&mut a, &mut b] } else { [&mut b, &mut a] };
            (0..5).for_each(|index| send(from, round * 5 + index));
            for index in 0..5 {
                let frame = to.take().expect("five were sent");
                assert_eq!((frame.start, frame.length, frame.tag.chain), (128, 60, 1));
                assert_eq!(word(to, &frame), round * 5 + index);
                to.give_back(frame.buffer);
            }
            assert_eq!(to.take(), None);
            to.release();
            to.publish();
        }
    }
    assert_eq!((free(&mut a), free(&mut b)), (64, 64));
    assert_eq!((statistics(&memory, End::A).frames_put, statistics(&memory, End::A).bad_descriptors), (2500, 0));
}

#[test]
fn a_frame_can_go_back_in_the_buffer_that_it_came_in() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    send(&mut a, 7);
    let frame = b.take().expect("one was sent");
    b.put(frame).expect("it fits");
    b.publish();
    assert_eq!(free(&mut a), 63);
    let frame = a.take().expect("it was sent back");
    assert_eq!(word(&a, &frame), 7);
    a.give_back(frame.buffer);
    assert_eq!((free(&mut a), free(&mut b)), (64, 64));
}

#[test]
fn a_frame_must_lie_within_its_buffer() {
    let memory = memory();
    let mut a = attach(&memory, End::A);
    for (start, length) in [(0, 0), (0, FRAME_BYTES + 1), (1, FRAME_BYTES), (usize::MAX, 1)] {
        let buffer = a.allocate().expect("a buffer comes back each time");
        let (refused, buffer) =
            a.put(SharedFrame { buffer, start, length, tag: Tag::default() }).expect_err("it does not");
        assert_eq!(refused, Refused::Length(length));
        a.give_back(buffer);
    }
    assert_eq!((free(&mut a), statistics(&memory, End::A).too_long), (64, 4));
}

#[test]
fn descriptors_that_repeat_or_lie_are_counted_and_skipped() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let good = b.allocate().map(|buffer| b.offset(&buffer) as u64).expect("one is free");
    let a_own = a.allocate().map(|buffer| a.offset(&buffer) as u64).expect("one is free");
    let pool_bytes = 8 * SHAPE.words() as u64;
    let lies = [
        (60, good, true),
        (60, good, false),               // The same again.
        (60, good + 64, false),          // Overlaps the first.
        (0, good + 2112, false),         // No length.
        (2049, good + 2112, false),      // Too long for any buffer.
        (60, good + 2112 + 2000, false), // Runs out of its buffer.
        (60, a_own, false),              // Is here already.
        (60, pool_bytes, false),         // Behind the pool.
        (60, 0, false),                  // Before it.
        (60, u64::MAX, false),           // Nowhere.
        (2048, good + 2112, true),
    ];
    for (index, (length, offset, _)) in lies.iter().enumerate() {
        memory[FROM_B + 2 * index].store(*length, Relaxed);
        memory[FROM_B + 2 * index + 1].store(*offset, Relaxed);
    }
    memory[64 + 32].store(lies.len() as u64, Relaxed);
    let taken: Vec<usize> = std::iter::from_fn(|| a.take()).map(|frame| frame.length).collect();
    assert_eq!((taken, statistics(&memory, End::A).bad_descriptors), (vec![60, 2048], 9));
}

#[test]
fn a_buffer_that_is_given_back_twice_is_counted() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    send(&mut a, 1);
    let frame = b.take().expect("one was sent");
    b.give_back(frame.buffer);
    b.publish();
    // B's ring of returns, by its own index: the same number again, and one that is not A's.
    let returns = 512 + 4 * 64 + 64;
    memory[returns + 1].store(memory[returns].load(Relaxed), Relaxed);
    memory[returns + 2].store(64, Relaxed);
    memory[64 + 3 * 32].store(3, Relaxed);
    assert_eq!((free(&mut a), statistics(&memory, End::A).bad_descriptors), (64, 2));
}

#[test]
fn buffers_of_a_dead_peer_come_home() {
    let memory = memory();
    let region = SharedRegion::open(&memory).expect("it is formatted");
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    (0..6).for_each(|index| send(&mut a, index));
    let _dies_with_two = (b.take(), b.take());
    b.release();
    assert_eq!((a.settle(), free(&mut a)), (Peer::Up { generation: 1 }, 58));
    region.set_presence(End::B, false);
    assert_eq!((a.settle(), free(&mut a)), (Peer::Down, 64));
    region.set_presence(End::B, true);
    let mut b = region.attach(End::B);
    assert_eq!((b.take(), free(&mut b)), (None, 64));
    assert_eq!((a.settle(), free(&mut a)), (Peer::Up { generation: 3 }, 64));
}

#[test]
fn a_newcomer_leaves_what_the_survivor_has() {
    let memory = memory();
    let region = SharedRegion::open(&memory).expect("it is formatted");
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    (0..5).for_each(|index| send(&mut b, index));
    let held = [a.take().expect("five were sent"), a.take().expect("five were sent")];
    a.release();
    send(&mut a, 9);
    let (down, up) = (false, true);
    region.set_presence(End::B, down);
    region.set_presence(End::B, up);
    let mut b = region.attach(End::B);
    assert_eq!(free(&mut b), 64 - 5, "two are with A, three on their way to it");
    assert_eq!((a.settle(), free(&mut a)), (Peer::Up { generation: 3 }, 64));
    held.into_iter().for_each(|frame| a.give_back(frame.buffer));
    while let Some(frame) = a.take() {
        a.give_back(frame.buffer);
    }
    a.publish();
    a.release();
    assert_eq!((free(&mut b), statistics(&memory, End::B).bad_descriptors), (64, 0));
    send(&mut a, 1);
    assert!(b.take().is_some());
}

#[test]
fn a_buffer_that_came_back_is_not_also_on_its_way() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    send(&mut a, 1);
    let frame = b.take().expect("one was sent");
    b.give_back(frame.buffer);
    b.publish(); // B does not release the frame's slot itself.
    assert_eq!(free(&mut a), 64);
    assert_eq!(free(&mut attach(&memory, End::A)), 64);
}

#[test]
fn a_newcomer_leaves_a_frame_that_is_about_to_come() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    send(&mut a, 1);
    let frame = b.take().expect("one was sent");
    b.put(frame).expect("it fits"); // Not published: in no ring, in no hands.
    a = attach(&memory, End::A);
    assert_eq!(free(&mut a), 63);
    b.publish();
    let frame = a.take().expect("it was sent back");
    a.give_back(frame.buffer);
    assert_eq!((free(&mut a), statistics(&memory, End::A).bad_descriptors), (64, 0));
}

#[test]
fn a_sleeper_is_woken_for_frames_and_if_it_has_none_for_buffers() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    assert!(b.arm(0));
    (0..64).for_each(|index| send(&mut a, index));
    assert!(a.wakeup_needed() && !a.wakeup_needed());
    b.disarm();
    assert!(a.arm(0));
    let frame = b.take().expect("64 were sent");
    b.give_back(frame.buffer);
    b.publish();
    assert!(b.wakeup_needed());
    assert!(!a.arm(0), "the buffer is there");
    a.disarm();
    assert!(free(&mut a) == 1 && !a.wakeup_needed() && a.arm(0));
    let frame = b.take().expect("64 were sent");
    b.give_back(frame.buffer);
    b.publish();
    assert!(!b.wakeup_needed(), "one is free");
    assert_eq!((a.free(), a.away()), (1, 63));
    a.disarm();
    a.arm(0);
    assert_eq!((a.free(), a.away()), (2, 62));
}

#[test]
fn a_full_ring_is_waited_for() {
    let memory = memory();
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    (0..64).for_each(|index| send(&mut a, index));
    a.wakeup_needed();
    assert_eq!((a.room(1), a.allocate()), (0, None));
    assert!(a.arm(2));
    b.take().expect("64 were sent");
    b.publish();
    assert!(!b.wakeup_needed(), "one slot is too few");
    b.take().expect("64 were sent");
    b.publish();
    assert!(b.wakeup_needed());
    assert!(!a.arm(2) && a.room(2) == 2, "there is room");
}

#[test]
fn only_a_buffer_in_hands_is_found_by_its_place() {
    let memory = memory();
    let mut a = attach(&memory, End::A);
    let buffer = a.allocate().expect("one is free");
    let place = a.offset(&buffer);
    assert_eq!(a.in_hands(place + 2000).as_ref(), Some(&buffer));
    for nowhere in [0, place - 1, place + 2112, SHAPE.bytes(), usize::MAX] {
        assert_eq!(a.in_hands(nowhere), None);
    }
    a.give_back(buffer);
    assert_eq!((a.in_hands(place), a.free()), (None, 64));
}

#[test]
fn a_region_of_one_mode_is_none_of_the_other() {
    let memory = memory();
    assert_eq!(Region::open(&memory).err(), Some(RegionError::Mode(Mode::Shared)));
    assert_eq!(SharedRegion::format(&memory, Shape::COPY).err(), Some(RegionError::Mode(Mode::Copy)));
    let few = Shape { slots: 32, ..SHAPE };
    assert_eq!(SharedRegion::format(&memory, few).err(), Some(RegionError::Slots(32)));
}
