// SPDX-License-Identifier: Apache-2.0
//! The console device, virtio 1.2 §5.3, port 0 only: a stream of bytes each way.
#![allow(unsafe_code)]

use super::net::make_queue;
use super::queue::Queue;
use super::{Error, Transport, VERSION_1, negotiate, start};
use crate::channel::INPUT_BYTES;
use crate::memory::{FreeRam, PAGE};
use core::ptr::NonNull;

/// The device id, §5.3.1.
pub const DEVICE_ID: u32 = 3;
const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;
/// One buffer each way is enough for messages that are answered one by one.
const OUTPUT_BYTES: usize = control::MESSAGE_BYTES;

/// RAM that a console takes: two queues and two buffers.
pub const MEMORY_BYTES: usize = 4 * PAGE;

/// A console.
pub struct Console {
    transport: Transport,
    receive: Queue<()>,
    input: NonNull<u8>,
    transmit: Queue<()>,
    output: NonNull<u8>,
}

impl Console {
    /// Brings the device up.
    pub fn new(mut transport: Transport, memory: &mut FreeRam) -> Result<Console, Error> {
        let features = negotiate(&mut transport, VERSION_1)?;
        let receive = make_queue(&mut transport, memory, RECEIVE, 1, features)?;
        let transmit = make_queue(&mut transport, memory, TRANSMIT, 1, features)?;
        transport.enable_interrupts();
        start(&mut transport);
        let (input, output) = (memory.pages(INPUT_BYTES), memory.pages(OUTPUT_BYTES));
        let mut console = Console { transport, receive, input, transmit, output };
        console.offer_input();
        Ok(console)
    }

    fn offer_input(&mut self) {
        let added = self.receive.add(self.input.as_ptr() as u64, INPUT_BYTES as u32, true, ());
        added.expect("the only descriptor is free");
        self.receive.publish();
        self.receive.notify();
    }

    /// Gives `take` the bytes that have come, if any have.
    #[inline]
    pub fn read(&mut self, take: impl FnOnce(&[u8])) {
        let Some(used) = self.receive.take_used() else { return };
        let length = (used.length as usize).min(INPUT_BYTES);
        // SAFETY: the device has finished with the buffer of INPUT_BYTES, which nobody else has.
        take(unsafe { core::slice::from_raw_parts(self.input.as_ptr(), length) });
        self.offer_input();
    }

    /// Whether all that was written has been taken.
    pub fn is_drained(&mut self) -> bool {
        while self.transmit.take_used().is_some() {}
        self.transmit.outstanding() == 0
    }

    /// Writes the message that `fill` makes (its length) in the buffer of [`control::MESSAGE_BYTES`]. Only when drained.
    pub fn write(&mut self, fill: impl FnOnce(&mut [u8]) -> usize) {
        assert!(self.is_drained(), "one message at a time");
        // SAFETY: the device has no buffer outstanding, and nobody else has this one.
        let length = fill(unsafe { core::slice::from_raw_parts_mut(self.output.as_ptr(), OUTPUT_BYTES) });
        if length > 0 {
            let added = self.transmit.add(self.output.as_ptr() as u64, length as u32, false, ());
            added.expect("the only descriptor is free");
            self.transmit.publish();
            self.transmit.notify();
        }
    }

    /// Asks for an interrupt when bytes come. False if some have.
    pub fn arm(&mut self) -> bool {
        self.transport.acknowledge();
        self.receive.arm()
    }
}
