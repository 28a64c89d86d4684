// SPDX-License-Identifier: Apache-2.0
//! Packet buffers on the heap: a stack per thread, so that the buffer used last, still in the cache, is used next.

use nf_elements::{BUFFER_BYTES, Batch, Buffer, BufferPool};
use std::cell::RefCell;
use std::mem::ManuallyDrop;

/// Buffers that are made at once.
const SLAB: usize = 64;
/// Most buffers: 512 MiB. A configuration that holds more runs out of memory as a VM would.
const MOST: usize = (512 << 20) / BUFFER_BYTES;

/// A buffer with a cache line behind it. Buffers 2 KiB apart would all have their headers in the same two sets of a cache, which a
/// burst overflows.
struct Slot {
    buffer: Buffer,
    _line: [u64; 8],
}

struct Free {
    buffers: Vec<&'static mut Buffer>,
    made: usize,
}

thread_local! {
    // Never dropped, so that an access need not look whether it was.
    static FREE: ManuallyDrop<RefCell<Free>> =
        const { ManuallyDrop::new(RefCell::new(Free { buffers: Vec::new(), made: 0 })) };
}

struct Heap;

static HEAP: &dyn BufferPool = &Heap;

/// A buffer; none when [`MOST`] are out.
#[inline]
pub fn take() -> Option<&'static mut Buffer> {
    FREE.with(|free| {
        let mut free = free.borrow_mut();
        if let Some(buffer) = free.buffers.pop() {
            return Some(buffer);
        }
        free.grow();
        free.buffers.pop()
    })
}

/// Gives so many buffers, or as many as there are, to `each`.
///
/// The buffers are away from the thread's stack meanwhile, so the loop is the caller's, with all that it knows of `each`.
#[inline(always)]
pub fn take_all(count: usize, each: impl FnMut(&'static mut Buffer)) {
    let mut buffers = FREE.with(|free| {
        let mut free = free.borrow_mut();
        if free.buffers.len() < count {
            free.grow();
        }
        std::mem::take(&mut free.buffers)
    });
    let rest = buffers.len().saturating_sub(count);
    buffers.drain(rest..).rev().for_each(each);
    FREE.with(|free| {
        let came_back = std::mem::replace(&mut free.borrow_mut().buffers, buffers);
        if !came_back.is_empty() {
            free.borrow_mut().buffers.extend(came_back);
        }
    });
}

impl Free {
    #[cold]
    fn grow(&mut self) {
        if self.made < MOST {
            let slot = |_| Slot { buffer: Buffer::new(Some(&HEAP)), _line: [0; 8] };
            let slab: Vec<Slot> = (0..SLAB).map(slot).collect();
            self.buffers.extend(slab.leak().iter_mut().map(|slot| &mut slot.buffer));
            self.made += SLAB;
        }
    }
}

impl BufferPool for Heap {
    #[inline]
    fn give_back(&self, buffer: &'static mut Buffer) {
        FREE.with(|free| free.borrow_mut().buffers.push(buffer));
    }

    #[inline]
    fn give_back_all(&self, batch: &mut Batch) {
        FREE.with(|free| free.borrow_mut().buffers.extend(batch.take_buffers()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nf_elements::Packet;

    #[test]
    fn the_buffer_that_came_back_last_is_used_next() {
        let place = |packet: &Packet| packet.data().as_ptr();
        let [first, second] = [(); 2].map(|()| Packet::new(take().unwrap()));
        let (a, b) = (place(&first), place(&second));
        assert_ne!(a, b);
        drop(first);
        assert_eq!(place(&Packet::new(take().unwrap())), a);
        drop(second);
        assert_eq!(place(&Packet::new(take().unwrap())), b);
    }

    #[test]
    fn a_buffer_that_comes_back_while_others_are_taken_is_not_lost() {
        let held = take().map(Packet::new);
        let free = || FREE.with(|free| free.borrow().buffers.len());
        let before = free();
        let (mut taken, mut held) = (Vec::new(), held);
        take_all(2, |buffer| {
            held = None;
            taken.push(Packet::new(buffer));
        });
        assert_eq!((taken.len(), free()), (2, before - 2 + 1));
    }

    #[test]
    fn it_ends_somewhere() {
        let held: Vec<_> = std::iter::from_fn(take).take(MOST + 1).map(Packet::new).collect();
        assert_eq!(held.len(), MOST);
    }
}
