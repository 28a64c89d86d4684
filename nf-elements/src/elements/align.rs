// SPDX-License-Identifier: Apache-2.0
//! # Align
//! `Align(MODULUS, OFFSET)` — aligns packet data.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** moves each packet's data so that its address is OFFSET modulo MODULUS, which is 2, 4 or 8.
//!
//! **Notes:** a buffer's data area is aligned to 64 bytes, so the data's address is that of its headroom. Nothing needs it here: all headers are read byte by byte. A packet that has no room to move stays where it is.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> Align(4, 0) -> Discard;`
//!
//! **See also:** `Strip`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Align {
    modulus: usize,
    offset: usize,
}

impl Align {
    /// Moves data to `offset` modulo `modulus`, a power of two.
    pub const fn new(modulus: usize, offset: usize) -> Self {
        Align { modulus, offset }
    }
}

/// Moves the data `count` bytes to the front, and what the annotations say of headers with it.
fn move_to_front(packet: &mut Packet, count: usize) {
    let length = packet.len();
    if !packet.push_front(count) {
        return;
    }
    packet.data_mut().copy_within(count.., 0);
    packet.truncate(length);
    let annotations = packet.annotations_mut();
    for offset in
        [&mut annotations.mac_offset, &mut annotations.network_offset, &mut annotations.transport_offset]
    {
        // Zero is unknown; a header of which nothing is left becomes so.
        *offset = offset.saturating_sub(count as u16);
    }
}

impl Element for Align {
    const SPEC: Spec = Spec {
        class: "Align",
        category: Category::Basic,
        summary: "aligns packet data",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "MODULUS", kind: ArgumentKind::Required, doc: "2, 4 or 8" }, Argument { name: "OFFSET", kind: ArgumentKind::Required, doc: "less than MODULUS" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Align {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (modulus, offset) = (arguments.required::<usize>("MODULUS"), arguments.required::<usize>("OFFSET"));
        let (modulus, offset) = (modulus?, offset?);
        if ![2, 4, 8].contains(&modulus) || offset >= modulus {
            arguments.error(format!("{offset} modulo {modulus}"), Some("2, 4 or 8, and less than that".into()));
        }
        Some(crate::configure::Instance::new("Align", format!("Align::new({modulus}, {offset})")))
    }
}

impl Action for Align {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let count = packet.headroom().wrapping_sub(self.offset) & (self.modulus - 1);
        if count > 0 {
            move_to_front(packet, count);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn moves_data_and_headers() {
        let (mut align, mut io, mut frame) = (Align::new(4, 1), ListIo::new(0), packet(&[1, 2, 3, 4, 5, 6]));
        assert!(frame.pull_front(4));
        frame.set_network(1, 1);
        assert_eq!(align.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!((frame.data(), frame.headroom() % 4, frame.network()), ([5, 6].as_slice(), 1, [6].as_slice()));
        assert_eq!(frame.data().as_ptr() as usize % 4, 1);
        align.action(&mut io, &mut frame);
        assert_eq!(frame.data(), [5, 6]);
    }
}
