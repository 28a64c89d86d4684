// SPDX-License-Identifier: Apache-2.0
//! # StrideSched
//! `StrideSched(TICKETS0, …, TICKETSN-1)` — pulls from its inputs as often as their tickets say.
//!
//! **Ports:** one or more pull inputs, one pull output.
//!
//! **Description:** stride scheduling by packets: while all inputs have some, input I gives TICKETSI of as many packets as
//! there are tickets in all. Inputs without a packet are passed over. An input of 0 tickets is never pulled.
//!
//! **Notes:** at most 32768 tickets for an input; more are as many. There is no handler `config`.
//!
//! **Handlers:** `tickets0`, `tickets1`, … (read, write).
//!
//! **Example:** `s :: StrideSched(3, 1); FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `StrideSwitch`, `RoundRobinSched`, `PrioSched`, `DRRSched`.

use super::strides::{self, Strides};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct StrideSched<const N: usize = 2> {
    strides: Strides<N>,
    /// How many inputs were tried for this packet.
    tried: usize,
}

impl<const N: usize> StrideSched<N> {
    /// A scheduler of inputs with these tickets.
    pub const fn new(tickets: [i32; N]) -> Self {
        StrideSched { strides: Strides::new(tickets), tried: 0 }
    }
}

impl<const N: usize> Element for StrideSched<N> {
    const SPEC: Spec = Spec {
        class: "StrideSched",
        category: Category::Scheduling,
        summary: "pulls from its inputs as often as their tickets say",
        ports: "1-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[strides::TICKETS],
        handlers: &[strides::TICKETS_HANDLER],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.strides.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.strides.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StrideSched {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        strides::configure("StrideSched", surroundings.inputs, arguments)
    }
}

impl<const N: usize> Pull for StrideSched<N> {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => self.tried = 0,
            Some((_, None)) => self.tried += 1,
            Some((_, Some(packet))) => {
                self.strides.advance(self.tried + 1);
                return Turn::Give(packet);
            }
        }
        match self.strides.at(self.tried) {
            Some(input) => Turn::Pull(input),
            None => {
                self.strides.advance(self.tried);
                Turn::Rest
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets};

    #[test]
    fn the_order_is_clicks() {
        let mut inputs = Pulling::new([1, 2, 3].map(|input| packets([input; 10])));
        // Click's test StrideSched-01.
        let expected = [
            1, 1, 2, 1, 1, 2, 3, 1, 1, 2, 1, 1, 2, 3, 1, 1, 2, 2, 3, 2, 2, 3, 2, 2, 3, 3, 3, 3, 3, 3,
        ];
        assert_eq!(inputs.pull_all(&mut StrideSched::new([4, 2, 1])), expected);
    }

    #[cfg(feature = "host")]
    #[test]
    fn each_input_needs_its_tickets() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { inputs: 2, ..Default::default() };
        let made = |arguments: &[&str]| configure::<StrideSched>(arguments, &two);
        assert_eq!(made(&["3", "40000"]).unwrap().expression, "StrideSched::<2>::new([3, 32768])");
        let wrongs: [&[_]; 4] = [&["3"], &["3", "-1"], &["3", "x"], &["1", "2", "3"]];
        assert!(wrongs.iter().all(|wrong| made(wrong).is_err()));
    }
}
