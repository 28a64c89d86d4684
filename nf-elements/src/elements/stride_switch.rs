// SPDX-License-Identifier: Apache-2.0
//! # StrideSwitch
//! `StrideSwitch(TICKETS0, …, TICKETSN-1)` — sends packets by its outputs as often as their tickets say.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Description:** stride scheduling by packets: output I gets TICKETSI of as many packets as there are tickets in all.
//!
//! **Notes:** at most 32768 tickets for an output; more are as many. If no output has any, packets are dropped. There is no
//! handler `config`.
//!
//! **Handlers:** `tickets0`, `tickets1`, … (read, write), `no_tickets` (drops).
//!
//! **Example:** `s :: StrideSwitch(3, 1); FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `StrideSched`, `RoundRobinSwitch`, `RandomSwitch`, `Switch`.

use super::strides::{self, Strides};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct StrideSwitch<const N: usize = 2> {
    strides: Strides<N>,
    no_tickets: u64,
}

impl<const N: usize> StrideSwitch<N> {
    /// A switch of outputs with these tickets.
    pub const fn new(tickets: [i32; N]) -> Self {
        StrideSwitch { strides: Strides::new(tickets), no_tickets: 0 }
    }
}

impl<const N: usize> Element for StrideSwitch<N> {
    const SPEC: Spec = Spec {
        class: "StrideSwitch",
        category: Category::Classification,
        summary: "sends packets by its outputs as often as their tickets say",
        ports: "1/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[strides::TICKETS],
        handlers: &[
            strides::TICKETS_HANDLER,
            Handler { name: "no_tickets", kind: HandlerKind::Drops, doc: "packets while no output has tickets" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_tickets" => Ok(write!(out, "{}", self.no_tickets)?),
            _ => self.strides.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.strides.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StrideSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        strides::configure("StrideSwitch", surroundings.outputs, arguments)
    }
}

impl<const N: usize> Route for StrideSwitch<N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        let output = self.strides.at(0);
        self.strides.advance(1);
        self.no_tickets += u64::from(output.is_none());
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn outputs_take_turns() {
        let (mut switch, mut io, mut frame) = (StrideSwitch::new([2, 1]), ListIo::new(0), packet(&[1]));
        let turns = [(); 6].map(|()| switch.route(&mut io, 0, &mut frame));
        assert_eq!(turns, [0, 0, 1, 0, 0, 1].map(Some));
        for handler in ["tickets0", "tickets1"] {
            switch.write_handler(handler, "0").unwrap();
        }
        assert_eq!(switch.route(&mut io, 0, &mut frame), None);
        assert_eq!((read(&switch, "tickets1"), read(&switch, "no_tickets")), ("0".into(), "1".into()));
    }
}
