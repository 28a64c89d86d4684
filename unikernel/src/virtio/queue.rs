// SPDX-License-Identifier: Apache-2.0
//! Split virtqueues (virtio 1.2 §2.7), one buffer per descriptor.
//!
//! Descriptors are added one by one, published together, and the device is notified once, if it asks to be (event index,
//! §2.7.10). Whatever the device writes is read once and checked: an id that is not outstanding is counted and ignored.
#![allow(unsafe_code)]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering, fence};
use heapless::Vec;

/// Most descriptors of a queue; a power of two.
pub const MAX_SIZE: u16 = 256;

/// `VIRTQ_DESC_F_WRITE`: the device writes the buffer.
const DESC_F_WRITE: u16 = 2;

/// `struct virtq_desc`
#[repr(C)]
struct Descriptor {
    paddr: u64,
    length: u32,
    flags: u16,
    next: u16,
}

/// `struct virtq_used_elem`
#[repr(C)]
#[derive(Clone, Copy)]
struct UsedElement {
    id: u32,
    length: u32,
}

const _: () = assert!(size_of::<Descriptor>() == 16 && size_of::<UsedElement>() == 8);

/// The memory of a queue: descriptors, then the available ring, then the used ring.
pub struct Rings {
    base: NonNull<u8>,
    size: u16,
}

impl Rings {
    /// Bytes that a queue of `size` descriptors takes.
    pub const fn bytes(size: u16) -> usize {
        Self::used_offset(size) + 6 + 8 * size as usize
    }

    const fn used_offset(size: u16) -> usize {
        (16 * size as usize + 6 + 2 * size as usize).next_multiple_of(4)
    }

    /// Rings in the memory at `base`, empty.
    ///
    /// # Safety
    /// [`Rings::bytes`]`(size)` bytes at `base`, aligned to 16, belong to the queue and its device for ever. `size` is a power
    /// of two.
    pub unsafe fn new(base: NonNull<u8>, size: u16) -> Self {
        let rings = Rings { base, size };
        // Only flags, indices and events have a meaning before somebody writes an entry.
        for offset in [16 * usize::from(size), Self::used_offset(size)] {
            rings.shared(offset).store(0, Ordering::Relaxed);
            rings.shared(offset + 2).store(0, Ordering::Relaxed);
        }
        rings.used_event().store(0, Ordering::Relaxed);
        rings.avail_event().store(0, Ordering::Relaxed);
        rings
    }

    /// Physical address of the descriptors.
    pub fn descriptors(&self) -> u64 {
        self.base.as_ptr() as u64
    }

    /// Physical address of the available ring ("driver area").
    pub fn avail(&self) -> u64 {
        self.descriptors() + 16 * u64::from(self.size)
    }

    /// Physical address of the used ring ("device area").
    pub fn used(&self) -> u64 {
        self.descriptors() + Self::used_offset(self.size) as u64
    }

    #[inline]
    fn at<T>(&self, offset: usize) -> *mut T {
        debug_assert!(offset + size_of::<T>() <= Self::bytes(self.size));
        // SAFETY: within the queue's memory: the callers below compute offsets from masked indices.
        unsafe { self.base.as_ptr().add(offset).cast() }
    }

    #[inline]
    fn shared(&self, offset: usize) -> &AtomicU16 {
        // SAFETY: aligned, within the queue's memory, and accessed as an atomic by us alone; the device is another agent.
        unsafe { AtomicU16::from_ptr(self.at(offset)) }
    }

    #[inline]
    fn slot(&self, index: u16) -> usize {
        usize::from(index & (self.size - 1))
    }

    #[inline]
    fn avail_index(&self) -> &AtomicU16 {
        self.shared(16 * usize::from(self.size) + 2)
    }

    #[inline]
    fn used_event(&self) -> &AtomicU16 {
        self.shared(18 * usize::from(self.size) + 4)
    }

    #[inline]
    fn used_index(&self) -> &AtomicU16 {
        self.shared(Self::used_offset(self.size) + 2)
    }

    #[inline]
    fn avail_event(&self) -> &AtomicU16 {
        self.shared(Self::used_offset(self.size) + 4 + 8 * usize::from(self.size))
    }
}

/// How to tell a device that a queue has something for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    /// A 16-bit write of the queue's number (PCI).
    Narrow {
        /// Where.
        paddr: usize,
        /// The number.
        queue: u16,
    },
    /// A 32-bit write of the queue's number (MMIO).
    Wide {
        /// Where.
        paddr: usize,
        /// The number.
        queue: u16,
    },
}

impl Notify {
    #[inline]
    fn ring(self) {
        match self {
            // SAFETY: the transport made this of its device's notification register.
            Notify::Narrow { paddr, queue } => unsafe { (paddr as *mut u16).write_volatile(queue) },
            // SAFETY: as above.
            Notify::Wide { paddr, queue } => unsafe { (paddr as *mut u32).write_volatile(u32::from(queue)) },
        }
    }
}

/// A buffer that the device has finished with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used<T> {
    /// What it was added with.
    pub buffer: T,
    /// How many bytes the device says that it wrote. Not checked here.
    pub length: u32,
}

/// A queue. Each buffer is added with a `T` that comes back with it.
pub struct Queue<T> {
    rings: Rings,
    notify: Notify,
    event_index: bool,
    /// Numbers of descriptors that came back: a stack, so that few of them stay in use.
    free: Vec<u16, { MAX_SIZE as usize }>,
    /// Descriptors from this number on were never used.
    untouched: u16,
    /// By descriptor, what the device has.
    outstanding: [Option<T>; MAX_SIZE as usize],
    /// Index of the next slot of the available ring, and of the first one that is not published.
    next_avail: u16,
    published: u16,
    next_used: u16,
    /// How many times the device named a buffer that it did not have.
    bad_ids: u64,
}

impl<T> Queue<T> {
    /// A queue whose rings the device knows.
    pub fn new(rings: Rings, notify: Notify, event_index: bool) -> Self {
        let queue = Queue {
            rings,
            notify,
            event_index,
            free: Vec::new(),
            untouched: 0,
            outstanding: [const { None }; MAX_SIZE as usize],
            next_avail: 0,
            published: 0,
            next_used: 0,
            bad_ids: 0,
        };
        queue.disarm();
        queue
    }

    /// How many buffers more can be added.
    #[inline]
    pub fn free(&self) -> usize {
        self.free.len() + usize::from(self.rings.size - self.untouched)
    }

    /// How many buffers the device has, or has finished with unseen.
    pub fn outstanding(&self) -> usize {
        usize::from(self.rings.size) - self.free()
    }

    /// How many times the device named a buffer that it did not have.
    pub fn bad_ids(&self) -> u64 {
        self.bad_ids
    }

    /// Adds the buffer `buffer`, which lies at `paddr` and which the device reads, or writes if `write`. It comes back if the queue is
    /// full. The device sees it from the next [`Queue::publish`] on.
    #[inline]
    pub fn add(&mut self, paddr: u64, length: u32, write: bool, buffer: T) -> Result<(), T> {
        let Some(id) = self.free.pop().or_else(|| self.touch()) else { return Err(buffer) };
        let flags = if write { DESC_F_WRITE } else { 0 };
        let descriptor = self.rings.at::<Descriptor>(16 * usize::from(id));
        // SAFETY: a free descriptor is ours to write.
        unsafe { descriptor.write(Descriptor { paddr, length, flags, next: 0 }) };
        let slot = 16 * usize::from(self.rings.size) + 4 + 2 * self.rings.slot(self.next_avail);
        // SAFETY: the slot lies beyond the index that the device may read up to: at most `size` buffers are outstanding.
        unsafe { self.rings.at::<u16>(slot).write(id) };
        self.outstanding[usize::from(id)] = Some(buffer);
        self.next_avail = self.next_avail.wrapping_add(1);
        Ok(())
    }

    /// A descriptor that was never used.
    fn touch(&mut self) -> Option<u16> {
        let id = self.untouched;
        self.untouched += u16::from(id < self.rings.size);
        (id < self.rings.size).then_some(id)
    }

    /// Shows the device all buffers that were added.
    #[inline]
    pub fn publish(&mut self) {
        // Release, for the device's read of the index: descriptors and slots are written before it.
        self.rings.avail_index().store(self.next_avail, Ordering::Release);
    }

    /// Notifies the device of what was published since the last call, if it asks for that.
    #[inline]
    pub fn notify(&mut self) {
        let (old, new) = (self.published, self.next_avail);
        if old == new {
            return;
        }
        self.published = new;
        // The index must be visible before the device's wish is read, or both sides could fall asleep (§2.7.13.4.1).
        fence(Ordering::SeqCst);
        let wanted = if self.event_index {
            let event = self.rings.avail_event().load(Ordering::Relaxed);
            new.wrapping_sub(event).wrapping_sub(1) < new.wrapping_sub(old)
        } else {
            const USED_F_NO_NOTIFY: u16 = 1;
            self.rings.shared(Rings::used_offset(self.rings.size)).load(Ordering::Relaxed) & USED_F_NO_NOTIFY == 0
        };
        if wanted {
            self.notify.ring();
        }
    }

    /// Whether the device has finished with a buffer.
    #[inline]
    pub fn has_used(&self) -> bool {
        // Acquire, for the device's write of the index: what it wrote before is read after.
        self.rings.used_index().load(Ordering::Acquire) != self.next_used
    }

    /// The next buffer that the device has finished with.
    #[inline]
    pub fn take_used(&mut self) -> Option<Used<T>> {
        while self.has_used() {
            let slot = Rings::used_offset(self.rings.size) + 4 + 8 * self.rings.slot(self.next_used);
            // SAFETY: within the used ring; volatile, because the device writes it: read once, then checked.
            let element = unsafe { self.rings.at::<UsedElement>(slot).read_volatile() };
            self.next_used = self.next_used.wrapping_add(1);
            match self.outstanding.get_mut(element.id as usize).and_then(Option::take) {
                Some(buffer) => {
                    self.free.push(element.id as u16).expect("no more descriptors are free than there are");
                    return Some(Used { buffer, length: element.length });
                }
                None => self.bad_ids += 1,
            }
        }
        None
    }

    /// Asks for an interrupt at the next buffer that the device finishes with. False if there is one already.
    pub fn arm(&self) -> bool {
        self.rings.used_event().store(self.next_used, Ordering::Relaxed);
        self.rings.shared(16 * usize::from(self.rings.size)).store(0, Ordering::Relaxed);
        // The wish must be visible before the used index is read, or a buffer could slip in between (§2.7.13.3.1).
        fence(Ordering::SeqCst);
        !self.has_used()
    }

    /// Asks for no interrupts.
    pub fn disarm(&self) {
        if self.event_index {
            // An index just passed: reached again only after 65535 more buffers, and one interrupt too many does no harm.
            self.rings.used_event().store(self.next_used.wrapping_sub(1), Ordering::Relaxed);
        } else {
            const AVAIL_F_NO_INTERRUPT: u16 = 1;
            self.rings.shared(16 * usize::from(self.rings.size)).store(AVAIL_F_NO_INTERRUPT, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
