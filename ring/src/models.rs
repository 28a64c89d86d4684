// SPDX-License-Identifier: Apache-2.0
//! Models of the indices, in which loom tries every order of the two sides' steps and everything that their orderings allow
//! each load to see: `RUSTFLAGS="--cfg loom" cargo test -p ring --lib`.

use crate::indices::{Control, Head, Tail, format, full_fence};
use crate::sync::{AtomicU64, Ordering};
use core::array;
use loom::sync::Notify;
use loom::thread;

/// A ring whose items are words: each says its own index, one more so that it differs from what was there.
struct Ring<const SLOTS: usize> {
    control: Control,
    items: [AtomicU64; SLOTS],
    /// What the consumer has done with, in place of its reads: loom lets no load see a store that comes later, as a processor
    /// could if the tail were not released.
    taken: [AtomicU64; SLOTS],
    /// The doorbells of the producer and the consumer.
    doorbells: [Notify; 2],
}

impl<const SLOTS: usize> Ring<SLOTS> {
    /// A fresh ring. It leaks, so that threads can have it: a model is over before that matters.
    fn new() -> &'static Self {
        let ring = Ring {
            control: array::from_fn(|_| AtomicU64::new(0)),
            items: array::from_fn(|_| AtomicU64::new(0)),
            taken: array::from_fn(|_| AtomicU64::new(0)),
            doorbells: array::from_fn(|_| Notify::new()),
        };
        format(&ring.control);
        Box::leak(Box::new(ring))
    }

    fn head(&'static self) -> Head<'static> {
        Head::attach(&self.control, SLOTS as u64)
    }

    fn tail(&'static self) -> Tail<'static> {
        Tail::attach(&self.control, SLOTS as u64).0
    }

    /// Puts an item, if there is room, and checks that the consumer has done with the one that lay there.
    fn put(&self, head: &mut Head) -> bool {
        let Some(index) = head.claim(1) else { return false };
        let before = (index + 1).saturating_sub(SLOTS as u64);
        assert_eq!(self.taken[index as usize % SLOTS].load(Ordering::Relaxed), before);
        self.items[index as usize % SLOTS].store(index + 1, Ordering::Relaxed);
        true
    }

    /// Takes the next item, if there is one, and checks that it is the one that belongs there.
    fn take(&self, tail: &mut Tail) -> bool {
        let Some(index) = tail.peek() else { return false };
        assert_eq!(self.items[index as usize % SLOTS].load(Ordering::Relaxed), index + 1);
        self.taken[index as usize % SLOTS].store(index + 1, Ordering::Relaxed);
        tail.skip(1)
    }
}

/// As `wakeup_needed` of a producer and a consumer.
fn told(tell: impl FnOnce() -> bool) -> bool {
    full_fence();
    tell()
}

#[test]
fn items_arrive_once_in_order_and_whole() {
    loom::model(|| {
        let ring = Ring::<2>::new();
        let (mut head, mut tail) = (ring.head(), ring.tail());
        let producer = thread::spawn(move || {
            for _ in 0..3 {
                while !ring.put(&mut head) {
                    thread::yield_now();
                }
                head.publish();
            }
            assert_eq!(head.bad_indices, 0);
        });
        for _ in 0..3 {
            while !ring.take(&mut tail) {
                thread::yield_now();
            }
            tail.release();
        }
        assert!(!ring.take(&mut tail));
        assert_eq!(tail.bad_indices, 0);
        producer.join().expect("it does not panic");
    });
}

#[test]
fn bursts_are_published_and_released_as_one() {
    loom::model(|| {
        let ring = Ring::<2>::new();
        let (mut head, mut tail) = (ring.head(), ring.tail());
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                while head.room(2) < 2 {
                    thread::yield_now();
                }
                assert!(ring.put(&mut head) && ring.put(&mut head) && !ring.put(&mut head));
                head.publish();
            }
        });
        for _ in 0..2 {
            while tail.available() == 0 {
                thread::yield_now();
            }
            assert!(ring.take(&mut tail) && ring.take(&mut tail));
            tail.release();
        }
        producer.join().expect("it does not panic");
    });
}

/// A wake-up that is lost leaves a side asleep for ever: loom says deadlock.
#[test]
fn a_consumer_that_sleeps_is_woken() {
    loom::model(|| {
        let ring = Ring::<2>::new();
        let (mut head, mut tail) = (ring.head(), ring.tail());
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                assert!(ring.put(&mut head));
                head.publish();
                if told(|| head.tell()) {
                    ring.doorbells[1].notify();
                }
            }
        });
        for _ in 0..2 {
            while !ring.take(&mut tail) {
                if tail.arm() {
                    ring.doorbells[1].wait();
                }
                tail.disarm();
            }
            tail.release();
            assert!(!told(|| tail.tell()));
        }
        producer.join().expect("it does not panic");
    });
}

#[test]
fn a_producer_that_sleeps_is_woken() {
    loom::model(|| {
        let ring = Ring::<1>::new();
        let (mut head, mut tail) = (ring.head(), ring.tail());
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                while !ring.put(&mut head) {
                    if head.arm(1) {
                        ring.doorbells[0].wait();
                    }
                    head.disarm();
                }
                head.publish();
                told(|| head.tell());
            }
        });
        for _ in 0..2 {
            while !ring.take(&mut tail) {
                thread::yield_now();
            }
            tail.release();
            if told(|| tail.tell()) {
                ring.doorbells[0].notify();
            }
        }
        producer.join().expect("it does not panic");
    });
}

#[test]
fn both_sides_sleep_and_neither_for_ever() {
    // All orders with up to three preemptions: all of them take minutes.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let ring = Ring::<1>::new();
        let (mut head, mut tail) = (ring.head(), ring.tail());
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                while !ring.put(&mut head) {
                    if head.arm(1) {
                        ring.doorbells[0].wait();
                    }
                    head.disarm();
                }
                head.publish();
                if told(|| head.tell()) {
                    ring.doorbells[1].notify();
                }
            }
        });
        for _ in 0..2 {
            while !ring.take(&mut tail) {
                if tail.arm() {
                    ring.doorbells[1].wait();
                }
                tail.disarm();
            }
            tail.release();
            if told(|| tail.tell()) {
                ring.doorbells[0].notify();
            }
        }
        producer.join().expect("it does not panic");
    });
}

#[test]
fn a_consumer_that_attaches_late_sees_whole_items() {
    loom::model(|| {
        let ring = Ring::<2>::new();
        let mut head = ring.head();
        let producer = thread::spawn(move || {
            for _ in 0..2 {
                assert!(ring.put(&mut head));
                head.publish();
            }
        });
        let mut tail = ring.tail();
        while ring.take(&mut tail) {
            tail.release();
        }
        assert_eq!(tail.bad_indices, 0);
        producer.join().expect("it does not panic");
    });
}
