// SPDX-License-Identifier: Apache-2.0
//! A queue against a fake device, which also misbehaves.

use super::*;

/// The device's side of a queue.
struct Device {
    rings: Rings,
    seen: u16,
    used: u16,
}

fn pair(size: u16) -> (Queue<u64>, Device) {
    let words = vec![0u128; Rings::bytes(size).div_ceil(16)].leak();
    let base = NonNull::from(&mut words[0]).cast();
    // SAFETY: the memory is leaked, aligned to 16 and long enough; queue and device are its only users.
    let rings = || unsafe { Rings::new(base, size) };
    let bell = Box::leak(Box::new(0u32));
    let notify = Notify::Wide { paddr: bell as *mut u32 as usize, queue: 1 };
    (Queue::new(rings(), notify, true), Device { rings: rings(), seen: 0, used: 0 })
}

impl Device {
    /// The next buffer that the driver published: descriptor number, address, length.
    fn take(&mut self) -> Option<(u16, u64, u32)> {
        if self.rings.avail_index().load(Ordering::Acquire) == self.seen {
            return None;
        }
        let slot = 16 * usize::from(self.rings.size) + 4 + 2 * self.rings.slot(self.seen);
        self.seen = self.seen.wrapping_add(1);
        // SAFETY: published slots and descriptors are the device's to read.
        unsafe {
            let id = self.rings.at::<u16>(slot).read();
            let descriptor = self.rings.at::<Descriptor>(16 * usize::from(id));
            Some((id, (*descriptor).paddr, (*descriptor).length))
        }
    }

    fn finish(&mut self, id: u32, length: u32) {
        let slot = Rings::used_offset(self.rings.size) + 4 + 8 * self.rings.slot(self.used);
        // SAFETY: the used ring is the device's to write.
        unsafe { self.rings.at::<UsedElement>(slot).write(UsedElement { id, length }) };
        self.used = self.used.wrapping_add(1);
        self.rings.used_index().store(self.used, Ordering::Release);
    }
}

#[test]
fn buffers_go_round_for_longer_than_the_indices_count() {
    let (mut queue, mut device) = pair(8);
    for round in 0..70_000u64 {
        queue.add(round, 60, true, round).unwrap();
        assert_eq!(device.take(), None, "seen before it was published");
        queue.publish();
        let (id, paddr, length) = device.take().unwrap();
        assert_eq!((paddr, length), (round, 60));
        assert!(!queue.has_used());
        device.finish(id.into(), 42);
        assert_eq!(queue.take_used(), Some(Used { buffer: round, length: 42 }));
        assert_eq!(queue.take_used(), None);
    }
    assert_eq!((queue.free(), queue.bad_ids()), (8, 0));
}

#[test]
fn a_full_queue_takes_no_more() {
    let (mut queue, mut device) = pair(4);
    (0..4).for_each(|i| queue.add(i, 1, false, i).unwrap());
    assert_eq!((queue.add(9, 1, false, 9), queue.free()), (Err(9), 0));
    queue.publish();
    let ids: [u16; 4] = core::array::from_fn(|_| device.take().unwrap().0);
    device.finish(ids[2].into(), 0);
    assert_eq!(queue.take_used().map(|used| used.buffer), Some(2));
    assert_eq!((queue.add(9, 1, false, 9), queue.free()), (Ok(()), 0));
    queue.publish();
    assert_eq!(device.take(), Some((ids[2], 9, 1)));
}

#[test]
fn a_device_that_names_wrong_buffers_is_counted_and_survived() {
    let (mut queue, mut device) = pair(4);
    queue.add(0, 1, true, 7).unwrap();
    queue.publish();
    let (id, ..) = device.take().unwrap();
    for wrong in [u32::from(id) + 1, 4, 255, 256, u32::MAX] {
        device.finish(wrong, 1);
    }
    device.finish(id.into(), u32::MAX);
    device.finish(id.into(), 1);
    assert_eq!(queue.take_used(), Some(Used { buffer: 7, length: u32::MAX }), "its length is for the driver to check");
    assert_eq!(queue.take_used(), None, "the same buffer twice");
    assert_eq!((queue.bad_ids(), queue.free()), (6, 4));
}

#[test]
fn the_bell_rings_only_when_the_device_asks() {
    let (mut queue, device) = pair(8);
    let rung = |queue: &Queue<u64>| {
        let Notify::Wide { paddr, .. } = queue.notify else { unreachable!() };
        // SAFETY: the bell of `pair`, which is leaked; the test has one thread.
        unsafe { core::mem::take(&mut *(paddr as *mut u32)) == 1 }
    };
    queue.add(0, 1, true, 0).unwrap();
    queue.publish();
    queue.notify();
    assert!(rung(&queue), "the device asks for the first one (event index 0)");
    queue.add(0, 1, true, 0).unwrap();
    queue.publish();
    queue.notify();
    assert!(!rung(&queue), "it did not ask again");
    device.rings.avail_event().store(3, Ordering::Relaxed);
    for _ in 0..2 {
        queue.add(0, 1, true, 0).unwrap();
    }
    queue.publish();
    queue.notify();
    assert!(rung(&queue), "a burst that passes the event rings once");
    queue.notify();
    assert!(!rung(&queue));
}

#[test]
fn arming_tells_of_what_came_before() {
    let (mut queue, mut device) = pair(4);
    queue.add(0, 1, true, 0).unwrap();
    queue.publish();
    let (id, ..) = device.take().unwrap();
    assert!(queue.arm());
    device.finish(id.into(), 0);
    assert!(!queue.arm());
}
