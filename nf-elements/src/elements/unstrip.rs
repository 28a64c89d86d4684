// SPDX-License-Identifier: Apache-2.0
//! # Unstrip
//! `Unstrip(LENGTH)` — adds bytes to the front of each packet.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** puts LENGTH bytes in front of the packet: those that `Strip` took off, if nothing was written there
//! since. `Strip(14) -> … -> Unstrip(14)` takes an Ethernet header off and puts it back on.
//!
//! **Notes:** a packet that has not LENGTH bytes of headroom is dropped; Click would move it to a larger buffer.
//!
//! **Handlers:** `length` (read), `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `Strip`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Unstrip {
    length: usize,
    no_headroom: u64,
}

impl Unstrip {
    /// Adds `length` bytes.
    pub const fn new(length: usize) -> Self {
        Unstrip { length, no_headroom: 0 }
    }
}

impl Element for Unstrip {
    const SPEC: Spec = Spec {
        class: "Unstrip",
        category: Category::Basic,
        summary: "adds bytes to the front of each packet",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "how many bytes" }],
        handlers: &[
            Handler { name: "length", kind: HandlerKind::Read, doc: "LENGTH" },
            Handler {
                name: "no_headroom",
                kind: HandlerKind::Drops,
                doc: "packets without LENGTH bytes free in front",
            },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.length)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Unstrip {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let length: u16 = arguments.required("LENGTH")?;
        Some(crate::configure::Instance::new("Unstrip", format!("Unstrip::new({length})")))
    }
}

impl Action for Unstrip {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if packet.push_front(self.length) {
            Verdict::Pass
        } else {
            self.no_headroom += 1;
            Verdict::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HEADROOM_BYTES;
    use crate::testing::{ListIo, packet};

    #[test]
    fn brings_back_what_was_stripped() {
        let (mut unstrip, mut frame) = (Unstrip::new(2), packet(&[1, 2, 3]));
        assert!(frame.pull_front(2));
        assert_eq!(unstrip.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [1, 2, 3]);
    }

    #[test]
    fn drops_without_headroom() {
        let mut unstrip = Unstrip::new(HEADROOM_BYTES + 1);
        assert_eq!(unstrip.action(&mut ListIo::new(0), &mut packet(&[1])), Verdict::Drop);
        assert_eq!(unstrip.no_headroom, 1);
    }
}
