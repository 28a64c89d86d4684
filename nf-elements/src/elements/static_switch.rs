// SPDX-License-Identifier: Apache-2.0
//! # StaticSwitch
//! `StaticSwitch(OUTPUT)` — sends all packets by one output.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Description:** packets leave by output number OUTPUT; if that is negative, or there is no such output, they are
//! dropped.
//!
//! **Handlers:** `no_output` (drops).
//!
//! **Example:** `s :: StaticSwitch(1); FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `Switch`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct StaticSwitch {
    output: Option<usize>,
    no_output: u64,
}

impl StaticSwitch {
    /// Sends packets by `output`, or drops them.
    pub const fn new(output: Option<usize>) -> Self {
        StaticSwitch { output, no_output: 0 }
    }
}

impl Element for StaticSwitch {
    const SPEC: Spec = Spec {
        class: "StaticSwitch",
        category: Category::Classification,
        summary: "sends all packets by one output",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument { name: "OUTPUT", kind: ArgumentKind::Required, doc: "which; none if negative" }],
        handlers: &[Handler { name: "no_output", kind: HandlerKind::Drops, doc: "packets, if OUTPUT does not exist" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_output" => write!(out, "{}", self.no_output)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StaticSwitch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let output: i32 = arguments.required("OUTPUT")?;
        let output = usize::try_from(output).ok().filter(|output| *output < surroundings.outputs);
        Some(crate::configure::Instance::new("StaticSwitch", format!("StaticSwitch::new({output:?})")))
    }
}

impl Route for StaticSwitch {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        self.no_output += u64::from(self.output.is_none());
        self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sends_or_drops_all() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[1]));
        let (mut second, mut none) = (StaticSwitch::new(Some(1)), StaticSwitch::new(None));
        assert_eq!((second.route(&mut io, 0, &mut frame), none.route(&mut io, 0, &mut frame)), (Some(1), None));
        assert_eq!((read(&second, "no_output"), read(&none, "no_output")), ("0".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn an_output_that_is_not_there_is_none() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { outputs: 2, ..Default::default() };
        let made = |output| configure::<StaticSwitch>(&[output], &two).unwrap().expression;
        assert_eq!(["1", "2", "-1"].map(made), ["Some(1)", "None", "None"].map(|o| format!("StaticSwitch::new({o})")));
    }
}
