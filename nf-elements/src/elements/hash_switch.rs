// SPDX-License-Identifier: Apache-2.0
//! # HashSwitch
//! `HashSwitch(OFFSET, LENGTH)` — sends packets by outputs that some of their bytes choose.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Description:** the LENGTH bytes from OFFSET on choose a packet's output: their sum, modulo the number of outputs.
//! Packets with the same bytes there leave by the same output. A packet that ends before leaves by output 0.
//!
//! **Notes:** as in Click, with 2, 4 or 8 outputs the sum is first combined with itself, shifted right by four bits.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: HashSwitch(26, 8); FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `Switch`, `RoundRobinSwitch`, `RandomSwitch`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct HashSwitch<const N: usize = 1> {
    offset: usize,
    length: usize,
}

impl<const N: usize> HashSwitch<N> {
    /// A switch of `N` outputs that looks at `length` bytes at `offset`.
    pub const fn new(offset: usize, length: usize) -> Self {
        HashSwitch { offset, length }
    }
}

impl<const N: usize> Element for HashSwitch<N> {
    const SPEC: Spec = Spec {
        class: "HashSwitch",
        category: Category::Classification,
        summary: "sends packets by outputs that some of their bytes choose",
        ports: "1/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "OFFSET", kind: ArgumentKind::Required, doc: "the first byte" },
            Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "how many bytes, at least 1" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for HashSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (offset, length) = (arguments.required::<u32>("OFFSET"), arguments.required::<u32>("LENGTH"));
        if length == Some(0) {
            arguments.error_last("no bytes to look at", "at least 1");
        }
        let (outputs, offset, length) = (surroundings.outputs.max(1), offset?, length?);
        let expression = format!("HashSwitch::<{outputs}>::new({offset}, {length})");
        Some(crate::configure::Instance::new(format!("HashSwitch<{outputs}>"), expression))
    }
}

impl<const N: usize> Route for HashSwitch<N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let bytes = packet.data().get(self.offset..self.offset + self.length).unwrap_or(&[]);
        let sum: usize = bytes.iter().map(|byte| usize::from(*byte)).sum();
        Some(match N {
            2 | 4 | 8 => (sum ^ (sum >> 4)) & (N - 1),
            _ => sum % const { if N == 0 { 1 } else { N } },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn bytes_choose_the_output() {
        let mut io = ListIo::new(0);
        let (mut three, mut four) = (HashSwitch::<3>::new(1, 2), HashSwitch::<4>::new(1, 2));
        for (data, outputs) in [([9, 1, 4], (2, 1)), ([9, 0x10, 0], (1, 1)), ([9, 200, 200], (1, 1)), ([9, 2, 1], (0, 3))] {
            let mut frame = packet(&data);
            let chosen = (three.route(&mut io, 0, &mut frame), four.route(&mut io, 0, &mut frame));
            assert_eq!(chosen, (Some(outputs.0), Some(outputs.1)), "{data:?}");
        }
        assert_eq!(three.route(&mut io, 0, &mut packet(&[9, 2])), Some(0));
    }

    #[cfg(feature = "host")]
    #[test]
    fn outputs_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { outputs: 3, ..Default::default() };
        assert_eq!(configure::<HashSwitch>(&["26", "8"], &three).unwrap().expression, "HashSwitch::<3>::new(26, 8)");
        assert!(configure::<HashSwitch>(&["26", "0"], &three).is_err());
    }
}
