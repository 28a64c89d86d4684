// SPDX-License-Identifier: Apache-2.0
//! Two ends that keep to the rules.
#![cfg(not(loom))]

use ring::{AtomicU64, End, FRAME_BYTES, Link, Mode, Peer, Refused, Region, RegionError, Shape, Tag};

/// The smallest rings: they wrap soonest.
const SHAPE: Shape = Shape { mode: Mode::Copy, slots: 1024 };

fn memory(shape: Shape) -> Vec<AtomicU64> {
    let memory: Vec<AtomicU64> = (0..shape.words()).map(|_| AtomicU64::new(0)).collect();
    let region = Region::format(&memory, shape).expect("a good shape");
    region.set_presence(End::A, true);
    region.set_presence(End::B, true);
    memory
}

fn attach(memory: &[AtomicU64], end: End) -> Link<'_> {
    Region::open(memory).expect("it is formatted").attach(end)
}

/// A frame whose length and content follow from its number.
fn frame(number: usize) -> Vec<u8> {
    (0..1 + number * 37 % FRAME_BYTES).map(|index| (index * 7 + number) as u8).collect()
}

fn tag(number: usize) -> Tag {
    Tag { chain: number as u16, flow_hash: !number as u32 }
}

#[test]
fn frames_cross_both_ways_in_order_and_unaltered() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let mut buffer = [0; FRAME_BYTES];
    for burst in 0..300 {
        let numbers = burst * 5..burst * 5 + 5;
        for (from, to) in [(&mut a.producer, &mut b.consumer), (&mut b.producer, &mut a.consumer)] {
            for number in numbers.clone() {
                from.put(tag(number), &frame(number)).expect("there is room");
            }
            assert_eq!(to.available(), 0, "nothing is seen before it is published");
            from.publish();
            for number in numbers.clone() {
                let taken = to.take(&mut buffer).expect("it was published");
                assert_eq!((taken.tag, &buffer[..taken.length]), (tag(number), &frame(number)[..]));
            }
            assert_eq!(to.take(&mut buffer), None);
            to.release();
        }
    }
}

#[test]
fn a_full_ring_refuses_until_frames_are_released() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let long = [7; FRAME_BYTES];
    let put = |a: &mut Link| (0..).take_while(|_| a.producer.put(Tag::default(), &long).is_ok()).count();
    assert_eq!((a.producer.room(1), put(&mut a)), (32, 32));
    assert_eq!((a.producer.room(1), a.producer.put(Tag::default(), b"x")), (0, Err(Refused::Full)));
    a.producer.publish();
    let mut buffer = [0; FRAME_BYTES];
    assert!(b.consumer.take(&mut buffer).is_some() && b.consumer.take(&mut buffer).is_some());
    assert_eq!(a.producer.room(1), 0, "taken is not released");
    b.consumer.release();
    assert_eq!((a.producer.room(1), put(&mut a)), (2, 2));
}

#[test]
fn lengths_that_no_link_carries_are_refused_and_counted() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let long = [7; FRAME_BYTES + 1];
    assert_eq!(a.producer.put(Tag::default(), &long), Err(Refused::Length(FRAME_BYTES + 1)));
    assert_eq!(a.producer.put(Tag::default(), &[]), Err(Refused::Length(0)));
    a.producer.put(Tag::default(), &long[1..]).expect("the longest");
    a.producer.put(Tag::default(), &[1]).expect("the shortest");
    a.producer.publish();
    let mut buffer = [0; 100];
    assert_eq!(b.consumer.take(&mut buffer).map(|frame| frame.length), Some(1), "the long one does not fit here");
    b.consumer.release();
    let observer = Region::open(&memory).expect("it is formatted").observer();
    assert_eq!((observer.statistics(End::A).too_long, observer.statistics(End::B).short_buffers), (2, 1));
}

#[test]
fn a_doorbell_is_asked_for_only_when_the_other_side_sleeps() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let mut buffer = [0; 8];
    let send = |a: &mut Link, frames: usize| {
        (0..frames).for_each(|_| a.producer.put(Tag::default(), b"x").expect("there is room"));
        a.producer.publish();
        a.wakeup_needed()
    };
    let mut take_all = |b: &mut Link| {
        while b.consumer.take(&mut buffer).is_some() {}
        b.consumer.release();
        b.wakeup_needed()
    };
    assert!(!send(&mut a, 1), "b is awake");
    assert!(!b.arm(0), "there is a frame");
    b.disarm();
    assert!(!take_all(&mut b));
    assert!(b.arm(0));
    assert!(send(&mut a, 2), "b sleeps");
    assert!(!send(&mut a, 1), "it was woken");
    b.disarm();
    take_all(&mut b);
    assert!(!send(&mut a, 1024), "b is awake");
    assert!(a.arm(4), "a sleeps until four long frames would fit");
    for taken in 1..=1024 {
        b.consumer.take(&mut [0; 8]).expect("so many were sent");
        b.consumer.release();
        assert_eq!(b.wakeup_needed(), taken == 4 * 32, "{taken}");
    }
    assert!(!a.arm(4), "there is room");
}

#[test]
fn an_end_with_something_to_tell_does_not_sleep() {
    let memory = memory(SHAPE);
    let (mut a, _b) = (attach(&memory, End::A), attach(&memory, End::B));
    a.producer.put(Tag::default(), b"x").expect("there is room");
    assert!(!a.arm(32), "not published");
    a.producer.publish();
    assert!(!a.arm(32), "b was not told");
    a.wakeup_needed();
    assert!(a.arm(32));
}

#[test]
fn a_peer_is_up_when_the_host_and_it_say_so() {
    let memory: Vec<AtomicU64> = (0..SHAPE.words()).map(|_| AtomicU64::new(0)).collect();
    let region = Region::format(&memory, SHAPE).expect("a good shape");
    region.set_presence(End::A, true);
    let a = region.attach(End::A);
    assert_eq!(a.peer(), Peer::Down);
    region.set_presence(End::B, true);
    assert_eq!(a.peer(), Peer::Coming);
    let b = region.attach(End::B);
    assert_eq!((a.peer(), b.peer()), (Peer::Up { generation: 1 }, Peer::Up { generation: 1 }));
    region.set_presence(End::B, false);
    assert_eq!(a.peer(), Peer::Down);
    region.set_presence(End::B, true);
    assert_eq!(a.peer(), Peer::Coming, "the one that attached is gone");
    let _b = region.attach(End::B);
    assert_eq!(a.peer(), Peer::Up { generation: 3 });
}

#[test]
fn an_end_that_restarts_goes_on_where_its_predecessor_stood() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    let mut buffer = [0; 8];
    (0..6).for_each(|_| a.producer.put(Tag::default(), b"old").expect("there is room"));
    a.producer.publish();
    assert!(b.consumer.take(&mut buffer).is_some());
    let mut b = attach(&memory, End::B);
    assert_eq!(b.consumer.take(&mut buffer), None, "what its predecessor may have acted on is skipped");
    a.producer.put(Tag::default(), b"new").expect("there is room");
    a.producer.publish();
    a.producer.put(Tag::default(), b"never published").expect("there is room");
    let mut a = attach(&memory, End::A);
    a.producer.put(Tag::default(), b"newer").expect("there is room");
    a.producer.publish();
    for wanted in [&b"new"[..], b"newer"] {
        let frame = b.consumer.take(&mut buffer).expect("both were published");
        assert_eq!(&buffer[..frame.length], wanted);
    }
    assert_eq!(a.producer.room(32), 31);
    b.consumer.release();
    assert_eq!(a.producer.room(32), 32);
    let observer = Region::open(&memory).expect("it is formatted").observer();
    assert_eq!((observer.statistics(End::B).lost, observer.statistics(End::A).frames_put), (6, 8));
}

#[test]
fn a_restarted_producer_wakes_a_consumer_that_its_predecessor_did_not() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    assert!(b.arm(0));
    a.producer.put(Tag::default(), b"x").expect("there is room");
    a.producer.publish();
    assert!(attach(&memory, End::A).wakeup_needed());
}

#[test]
fn a_host_reads_statistics_from_the_header_alone() {
    let memory = memory(SHAPE);
    let (mut a, mut b) = (attach(&memory, End::A), attach(&memory, End::B));
    assert!(b.arm(0));
    (0..3).for_each(|_| a.producer.put(Tag::default(), b"four").expect("there is room"));
    a.producer.publish();
    assert!(a.wakeup_needed());
    a.producer.drop_full(5);
    a.producer.drop_down(7);
    b.consumer.take(&mut [0; 8]).expect("three were sent");
    b.consumer.release();
    let header = &memory[..ring::HEADER_BYTES / 8];
    let observer = ring::Observer::open(header).expect("it is formatted");
    assert_eq!((observer.occupancy(End::A), observer.occupancy(End::B)), (2, 0));
    assert_eq!((observer.shape(), observer.state(End::B)), (SHAPE, Peer::Up { generation: 1 }));
    let (a, b) = (observer.statistics(End::A), observer.statistics(End::B));
    assert_eq!((a.frames_put, a.bytes_put, a.dropped_full, a.dropped_down, a.wakeups), (3, 12, 5, 7, 1));
    assert_eq!((b.frames_taken, b.bytes_taken, b.frames_put, b.wakeups), (1, 4, 0, 0));
}

#[test]
fn memory_that_is_no_link_is_refused() {
    let good = memory(SHAPE);
    let refused = |word: usize, value: u64| {
        let copy: Vec<AtomicU64> =
            good.iter().map(|word| AtomicU64::new(word.load(std::sync::atomic::Ordering::Relaxed))).collect();
        copy[word].store(value, std::sync::atomic::Ordering::Relaxed);
        Region::open(&copy).err()
    };
    assert_eq!(refused(0, 17), Some(RegionError::Magic(17)));
    assert_eq!(refused(1, 2), Some(RegionError::Version(2)));
    for slots in [0, 512, 1025, 1 << 17, u64::MAX] {
        assert_eq!(refused(2, slots), Some(RegionError::Slots(slots)));
    }
    let wanted = SHAPE.bytes() as u64;
    assert_eq!(refused(3, wanted - 8), Some(RegionError::Length { found: wanted - 8, wanted }));
    let longer = Shape { slots: 2048, ..SHAPE }.bytes() as u64;
    assert_eq!(refused(2, 2048), Some(RegionError::Length { found: wanted, wanted: longer }));
    for words in [0, 100, SHAPE.words() - 1] {
        assert!(matches!(Region::open(&good[..words]), Err(RegionError::Short { words: found, .. }) if found == words));
        assert!(matches!(Region::format(&good[..words], SHAPE), Err(RegionError::Short { .. })));
    }
    assert_eq!(Region::format(&good, Shape { slots: 12, ..SHAPE }).err(), Some(RegionError::Slots(12)));
}
