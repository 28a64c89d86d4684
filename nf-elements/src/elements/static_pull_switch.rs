// SPDX-License-Identifier: Apache-2.0
//! # StaticPullSwitch
//! `StaticPullSwitch(INPUT)` — pulls from one input.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** all packets come from input number INPUT; if that is negative, or does not exist, there are none.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: StaticPullSwitch(1); FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `PullSwitch`, `StaticSwitch`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct StaticPullSwitch {
    input: Option<usize>,
}

impl StaticPullSwitch {
    /// Pulls from `input`.
    pub const fn new(input: Option<usize>) -> Self {
        StaticPullSwitch { input }
    }
}

impl Element for StaticPullSwitch {
    const SPEC: Spec = Spec {
        class: "StaticPullSwitch",
        category: Category::Scheduling,
        summary: "pulls from one input",
        ports: "-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[Argument { name: "INPUT", kind: ArgumentKind::Required, doc: "which; none if < 0" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StaticPullSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let input: i32 = arguments.required("INPUT")?;
        let input = usize::try_from(input).ok().filter(|input| *input < surroundings.inputs);
        Some(crate::configure::Instance::new("StaticPullSwitch", format!("StaticPullSwitch::new({input:?})")))
    }
}

impl Pull for StaticPullSwitch {
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
    use crate::testing::{Pulling, packets};

    #[test]
    fn only_that_input_is_pulled() {
        let mut inputs = Pulling::new([packets([1]), packets([2, 3])]);
        assert_eq!(inputs.pull_all(&mut StaticPullSwitch::new(None)), []);
        assert_eq!(inputs.pull_all(&mut StaticPullSwitch::new(Some(1))), [2, 3]);
    }

    #[cfg(feature = "host")]
    #[test]
    fn an_input_that_is_not_there_is_none() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { inputs: 2, ..Default::default() };
        let made = |input| configure::<StaticPullSwitch>(&[input], &two).unwrap().expression;
        assert_eq!(["1", "2", "-1"].map(made), ["Some(1)", "None", "None"].map(|i| format!("StaticPullSwitch::new({i})")));
    }
}
