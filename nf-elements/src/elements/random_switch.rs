// SPDX-License-Identifier: Apache-2.0
//! # RandomSwitch
//! `RandomSwitch` — sends packets by outputs chosen at random.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Description:** each packet leaves by any of the outputs, all as likely.
//!
//! **Notes:** the choices are the same at each start of the machine.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: RandomSwitch; FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `Switch`, `RoundRobinSwitch`, `HashSwitch`.

use super::random::Random;
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct RandomSwitch {
    outputs: u32,
    random: Random,
}

impl RandomSwitch {
    /// A switch of so many outputs.
    pub const fn new(outputs: u32) -> Self {
        RandomSwitch { outputs, random: Random::new() }
    }
}

impl Element for RandomSwitch {
    const SPEC: Spec = Spec {
        class: "RandomSwitch",
        category: Category::Classification,
        summary: "sends packets by outputs chosen at random",
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
impl crate::configure::Configure for RandomSwitch {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let expression = format!("RandomSwitch::new({})", surroundings.outputs);
        Some(crate::configure::Instance::new("RandomSwitch", expression))
    }
}

impl Route for RandomSwitch {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        Some(self.random.below(self.outputs) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn all_outputs_are_as_likely() {
        let (mut switch, mut io, mut counts) = (RandomSwitch::new(3), ListIo::new(0), [0; 3]);
        for _ in 0..3000 {
            counts[switch.route(&mut io, 0, &mut packet(&[1])).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }
}
