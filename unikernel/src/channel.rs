// SPDX-License-Identifier: Apache-2.0
//! What carries the control channel: a stream of bytes each way.

use crate::virtio::console::Console;
use crate::xen;

/// Most bytes that one read brings.
pub const INPUT_BYTES: usize = 1024;

/// A stream of bytes each way.
#[expect(clippy::large_enum_variant, reason = "one exists")]
pub enum Channel {
    /// A virtio console.
    Virtio(Console),
    /// A console of Xen's.
    Xen(&'static xen::Channel),
}

impl Channel {
    /// Gives `take` the bytes that have come, if any have.
    #[inline]
    pub fn read(&mut self, take: impl FnOnce(&[u8])) {
        match self {
            Channel::Virtio(console) => console.read(take),
            Channel::Xen(channel) => channel.read(take),
        }
    }

    /// Whether all that was written has been taken.
    pub fn is_drained(&mut self) -> bool {
        match self {
            Channel::Virtio(console) => console.is_drained(),
            Channel::Xen(channel) => channel.is_drained(),
        }
    }

    /// Writes the message that `fill` makes (its length) in the buffer of [`control::MESSAGE_BYTES`]. Only when drained.
    pub fn write(&mut self, fill: impl FnOnce(&mut [u8]) -> usize) {
        match self {
            Channel::Virtio(console) => console.write(fill),
            Channel::Xen(channel) => channel.write(fill),
        }
    }

    /// Goes on with a message that did not fit as a whole: a loop that is always busy sleeps never, and sends it all the same.
    #[inline]
    pub fn go_on(&mut self) {
        if let Channel::Xen(channel) = self {
            channel.go_on();
        }
    }

    /// Asks for an interrupt when bytes come. False if some have.
    pub fn arm(&mut self) -> bool {
        match self {
            Channel::Virtio(console) => console.arm(),
            Channel::Xen(channel) => channel.arm(),
        }
    }
}
