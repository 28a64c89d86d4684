// SPDX-License-Identifier: Apache-2.0
//! # PullSwitch
//! `PullSwitch([INPUT])` — pulls from one input, which can change.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** all packets come from input number INPUT (0, unless given); if that is negative there are none.
//!
//! **Notes:** as in Click, an INPUT that does not exist means -1. `SimplePullSwitch` is another name for it.
//!
//! **Handlers:** `switch` (read, write).
//!
//! **Example:** `s :: PullSwitch(1); FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `StaticPullSwitch`, `PrioSched`, `RoundRobinSched`, `Switch`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct PullSwitch {
    input: Option<usize>,
    inputs: usize,
}

impl PullSwitch {
    /// Pulls from `input` of so many; one that does not exist is none.
    pub const fn new(input: i32, inputs: usize) -> Self {
        let input = if input < 0 || input as usize >= inputs { None } else { Some(input as usize) };
        PullSwitch { input, inputs }
    }
}

impl Element for PullSwitch {
    const SPEC: Spec = Spec {
        class: "PullSwitch",
        category: Category::Scheduling,
        summary: "pulls from one input, which can change",
        ports: "-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[Argument { name: "INPUT", kind: ArgumentKind::Optional, doc: "which; 0 by default, none if < 0" }],
        handlers: &[Handler { name: "switch", kind: HandlerKind::ReadWrite, doc: "INPUT" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match (name, self.input) {
            ("switch", Some(input)) => write!(out, "{input}")?,
            ("switch", None) => out.write_str("-1")?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "switch" => *self = PullSwitch::new(number(value)?, self.inputs),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PullSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let input: i32 = arguments.optional("INPUT", 0)?;
        let expression = format!("PullSwitch::new({input}, {})", surroundings.inputs);
        Some(crate::configure::Instance::new("PullSwitch", expression))
    }
}

impl Pull for PullSwitch {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match (answer, self.input) {
            (None, Some(input)) => Turn::Pull(input),
            (Some((_, Some(packet))), _) => Turn::Give(packet),
            _ => Turn::Rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets, read};

    #[test]
    fn the_input_can_change() {
        let mut inputs = Pulling::new([packets([1]), packets([2])]);
        let mut switch = PullSwitch::new(-1, 2);
        for (value, pulled, shown) in [("-1", vec![], "-1"), ("1", vec![2], "1"), ("2", vec![], "-1"), ("0", vec![1], "0")] {
            switch.write_handler("switch", value).unwrap();
            assert_eq!((inputs.pull_all(&mut switch), read(&switch, "switch")), (pulled, shown.into()));
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { inputs: 2, ..Default::default() };
        assert_eq!(configure::<PullSwitch>(&["1"], &two).unwrap().expression, "PullSwitch::new(1, 2)");
    }
}
