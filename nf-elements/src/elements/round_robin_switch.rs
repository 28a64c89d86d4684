// SPDX-License-Identifier: Apache-2.0
//! # RoundRobinSwitch
//! `RoundRobinSwitch` — sends packets by its outputs in turn.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Description:** the first packet leaves by output 0, the next by output 1, and so on; after the last output comes the
//! first again.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: RoundRobinSwitch; FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `Switch`, `RandomSwitch`, `HashSwitch`.

use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct RoundRobinSwitch<const N: usize = 1> {
    next: usize,
}

impl<const N: usize> RoundRobinSwitch<N> {
    /// A switch of `N` outputs.
    pub const fn new() -> Self {
        RoundRobinSwitch { next: 0 }
    }
}

impl<const N: usize> Element for RoundRobinSwitch<N> {
    const SPEC: Spec = Spec {
        class: "RoundRobinSwitch",
        category: Category::Classification,
        summary: "sends packets by its outputs in turn",
        ports: "1/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RoundRobinSwitch {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let outputs = surroundings.outputs.max(1);
        let rust_type = format!("RoundRobinSwitch<{outputs}>");
        Some(crate::configure::Instance::new(rust_type, format!("RoundRobinSwitch::<{outputs}>::new()")))
    }
}

impl<const N: usize> Route for RoundRobinSwitch<N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        let output = self.next;
        self.next = if output + 1 >= N { 0 } else { output + 1 };
        Some(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn all_take_their_turn() {
        let (mut switch, mut io) = (RoundRobinSwitch::<3>::new(), ListIo::new(0));
        let outputs: Vec<_> = (0..7).filter_map(|_| switch.route(&mut io, 0, &mut packet(&[1]))).collect();
        assert_eq!(outputs, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(RoundRobinSwitch::<1>::new().route(&mut io, 0, &mut packet(&[1])), Some(0));
    }
}
