// SPDX-License-Identifier: Apache-2.0
//! # Switch
//! `Switch([OUTPUT])` — sends all packets by one output, which can change.
//!
//! **Ports:** one push input, any number of push outputs.
//!
//! **Description:** packets leave by output number OUTPUT (0, unless given); if that is negative they are dropped.
//!
//! **Notes:** as in Click, an OUTPUT that does not exist is an error in the configuration, and means -1 when written.
//!
//! **Handlers:** `switch` (read, write), `no_output` (drops).
//!
//! **Example:** `s :: Switch(1); FromDevice(lan) -> s; s[0] -> ToDevice(wan); s[1] -> Discard;`
//!
//! **See also:** `StaticSwitch`, `RoundRobinSwitch`, `RandomSwitch`, `HashSwitch`, `PaintSwitch`.

use super::handler_value::number;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Switch {
    output: i32,
    outputs: i32,
    no_output: u64,
}

impl Switch {
    /// Sends packets by `output` of so many; a negative one drops them.
    pub const fn new(output: i32, outputs: i32) -> Self {
        Switch { output, outputs, no_output: 0 }
    }
}

impl Element for Switch {
    const SPEC: Spec = Spec {
        class: "Switch",
        category: Category::Classification,
        summary: "sends all packets by one output, which can change",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument { name: "OUTPUT", kind: ArgumentKind::Optional, doc: "which; 0 by default, none if < 0" }],
        handlers: &[
            Handler { name: "switch", kind: HandlerKind::ReadWrite, doc: "OUTPUT" },
            Handler { name: "no_output", kind: HandlerKind::Drops, doc: "packets while OUTPUT is negative" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "switch" => write!(out, "{}", self.output)?,
            "no_output" => write!(out, "{}", self.no_output)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "switch" => self.output = Some(number(value)?).filter(|output| *output < self.outputs).unwrap_or(-1),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Switch {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (output, outputs): (i32, _) = (arguments.optional("OUTPUT", 0)?, surroundings.outputs);
        if output >= outputs as i32 {
            arguments.error_last(format!("no output {output}"), format!("less than {outputs}"));
        }
        Some(crate::configure::Instance::new("Switch", format!("Switch::new({output}, {outputs})")))
    }
}

impl Route for Switch {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        let output = usize::try_from(self.output).ok();
        self.no_output += u64::from(output.is_none());
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn the_output_can_change() {
        let (mut switch, mut io, mut frame) = (Switch::new(1, 2), ListIo::new(0), packet(&[1]));
        for (value, output, shown) in [("1", Some(1), "1"), ("0", Some(0), "0"), ("2", None, "-1"), ("-5", None, "-5")] {
            switch.write_handler("switch", value).unwrap();
            assert_eq!((switch.route(&mut io, 0, &mut frame), read(&switch, "switch")), (output, shown.into()));
        }
        assert_eq!((read(&switch, "no_output"), switch.write_handler("switch", "x").is_err()), ("2".into(), true));
    }

    #[cfg(feature = "host")]
    #[test]
    fn an_output_that_is_not_there_is_refused() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { outputs: 2, ..Default::default() };
        assert_eq!(configure::<Switch>(&[], &two).unwrap().expression, "Switch::new(0, 2)");
        assert!(configure::<Switch>(&["2"], &two).is_err() && configure::<Switch>(&["-1"], &two).is_ok());
    }
}
