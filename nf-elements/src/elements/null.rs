// SPDX-License-Identifier: Apache-2.0
//! # Null
//! `Null` — passes packets unchanged.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** does nothing; it keeps a place in a configuration, or shows what an element costs.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Null -> ToDevice(wan);`
//!
//! **See also:** `Counter`.

use crate::spec::{Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct Null;

impl Null {
    /// The element.
    pub const fn new() -> Self {
        Null
    }
}

impl Element for Null {
    const SPEC: Spec = Spec {
        class: "Null",
        category: Category::Basic,
        summary: "passes packets unchanged",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Null {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("Null", "Null::new()"))
    }
}

impl Action for Null {
    #[inline(always)]
    fn action<M: PacketIo>(&mut self, _: &mut M, _: &mut Packet) -> Verdict {
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn passes_a_packet_unchanged() {
        let mut frame = packet(&[1, 2, 3]);
        assert_eq!(Null::new().action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!(frame.data(), [1, 2, 3]);
    }
}
