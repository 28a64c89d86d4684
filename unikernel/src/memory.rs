// SPDX-License-Identifier: Apache-2.0
//! RAM behind the image: first what lives for ever (virtqueues), then the pool of packet buffers.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use nf_elements::{BUFFER_BYTES, Buffer, BufferPool, Header};

/// Where devices begin and RAM that is used ends: QEMU's q35 has its PCI configuration space here, all else of devices lies
/// higher.
pub const RAM_LIMIT: u32 = 0xb000_0000;

/// The alignment of everything that is handed out.
pub const PAGE: usize = 4096;

unsafe extern "C" {
    #[link_name = "image_end"]
    static IMAGE_END: u8;
}

/// The first byte behind the image.
pub fn image_end() -> usize {
    &raw const IMAGE_END as usize
}

/// From one buffer of the pool to the next: a cache line more than a buffer has. Buffers 2 KiB apart would all have their headers in
/// the same two sets of a cache, which a burst overflows.
const STRIDE: usize = BUFFER_BYTES + 64;

/// RAM that nobody has yet: handed out from below, never returned.
pub struct FreeRam {
    next: usize,
    end: usize,
}

impl FreeRam {
    /// The RAM between the end of the image and the end of the range that the image lies in.
    pub fn behind(image_end: usize, ram_end: u64) -> Self {
        FreeRam { next: image_end.next_multiple_of(PAGE), end: ram_end.min(u64::from(RAM_LIMIT)) as usize }
    }

    /// Where RAM ends.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Memory in whole pages; what lies there is whatever was there before.
    pub fn pages(&mut self, bytes: usize) -> NonNull<u8> {
        let start = self.next;
        assert!(
            bytes <= self.end - start,
            "out of memory: {} more bytes are needed, {} are left",
            bytes,
            self.end - start
        );
        self.next = start + bytes.next_multiple_of(PAGE);
        NonNull::new(start as *mut u8).expect("free RAM lies above the image")
    }

    /// Sets the next `bytes` bytes apart, for what is brought up later.
    pub fn part(&mut self, bytes: usize) -> FreeRam {
        let bytes = bytes.next_multiple_of(PAGE);
        assert!(bytes <= self.end - self.next, "out of memory: {} more bytes are needed", bytes);
        let part = FreeRam { next: self.next, end: self.next + bytes };
        self.next = part.end;
        part
    }

    /// A value that lives for ever.
    pub fn place<T>(&mut self, value: T) -> &'static mut T {
        const { assert!(align_of::<T>() <= PAGE) };
        let place = self.pages(size_of::<T>()).cast::<T>();
        // SAFETY: fresh pages, long and aligned enough, handed out once.
        unsafe {
            place.write(value);
            &mut *place.as_ptr()
        }
    }

    /// Makes all that is left the buffers of `pool`.
    pub fn fill(self, pool: &'static Pool) {
        let start = self.next.next_multiple_of(align_of::<Buffer>());
        // SAFETY: one processor, and no packet exists yet.
        let state = unsafe { &mut *pool.0.get() };
        *state = Stack { returned: None, free: 0, untouched: start, end: self.end };
        state.free = self.end.saturating_sub(start) / STRIDE;
    }
}

/// The pool of packet buffers: a stack, so that the buffer used last, still in the cache, is used next. A buffer is
/// initialised when it is first taken: memory that is never needed is never touched.
pub struct Pool(UnsafeCell<Stack>);

struct Stack {
    /// The buffer that came back last; it holds the address of the one before in its data.
    returned: Option<NonNull<Buffer>>,
    free: usize,
    untouched: usize,
    end: usize,
}

// SAFETY: one processor, and nothing that runs in an interrupt touches packets, so no two uses overlap.
unsafe impl Sync for Pool {}

/// The pool of this VM.
pub static POOL: Pool = Pool(UnsafeCell::new(Stack { returned: None, free: 0, untouched: 0, end: 0 }));
/// The same, as its buffers know it.
static OF_BUFFERS: &dyn BufferPool = &POOL;

impl Pool {
    /// A buffer, or none.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "each buffer is handed out once until it comes back")]
    pub fn take(&'static self) -> Option<&'static mut Buffer> {
        // SAFETY: see `Sync`; the reference ends with this function.
        let stack = unsafe { &mut *self.0.get() };
        let Some(mut top) = stack.returned else { return stack.take_untouched() };
        stack.free -= 1;
        // SAFETY: the pool owns what was given back, so this is the only reference.
        let buffer = unsafe { top.as_mut() };
        let below = buffer.data.0.first_chunk().expect("a buffer holds a pointer");
        stack.returned = NonNull::new(usize::from_ne_bytes(*below) as *mut Buffer);
        Some(buffer)
    }

    /// How many buffers could be taken.
    pub fn free(&self) -> usize {
        // SAFETY: see `Sync`.
        unsafe { (*self.0.get()).free }
    }
}

impl Stack {
    #[cold]
    fn take_untouched(&mut self) -> Option<&'static mut Buffer> {
        if self.free == 0 {
            return None;
        }
        debug_assert!(self.untouched + BUFFER_BYTES <= self.end);
        let place = self.untouched as *mut Buffer;
        self.untouched += STRIDE;
        self.free -= 1;
        // SAFETY: RAM of the pool that was never handed out, aligned to a buffer; what lies there is initialised here. Its data
        // need no value: every byte pattern is one.
        unsafe {
            (&raw mut (*place).header).write(Header::new(Some(&OF_BUFFERS)));
            Some(&mut *place)
        }
    }
}

impl BufferPool for Pool {
    #[inline]
    fn give_back(&self, buffer: &'static mut Buffer) {
        // SAFETY: see `Sync`.
        let stack = unsafe { &mut *self.0.get() };
        let below = stack.returned.map_or(0, |below| below.as_ptr() as usize);
        *buffer.data.0.first_chunk_mut().expect("a buffer holds a pointer") = below.to_ne_bytes();
        stack.returned = Some(NonNull::from(buffer));
        stack.free += 1;
    }
}
