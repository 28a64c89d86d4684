// SPDX-License-Identifier: Apache-2.0
//! # Bypass
//! `Bypass([ACTIVE])` — sends packets another way while it is active.
//!
//! **Ports:** one or two push inputs, one or two push outputs.
//!
//! **Description:** packets from input 0 leave by output 0, or by output 1 while ACTIVE is true (false by default) and
//! output 1 is connected. Packets from input 1, where the other way ends, leave by output 0.
//!
//! **Notes:** push only; where packets are pulled, use `PullSwitch`. INLINE is accepted and has no effect: there is one
//! comparison for each packet, where Click's rearranges the elements around it.
//!
//! **Handlers:** `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> b :: Bypass -> ToDevice(wan); b [1] -> Print(seen) -> [1] b;`
//!
//! **See also:** `Switch`, `PullSwitch`.

use super::handler_value::boolean;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Bypass {
    active: bool,
    /// Whether output 1 is connected.
    has_other: bool,
}

impl Bypass {
    /// With ACTIVE, and whether output 1 is connected.
    pub const fn new(active: bool, has_other: bool) -> Self {
        Bypass { active, has_other }
    }
}

impl Element for Bypass {
    const SPEC: Spec = Spec {
        class: "Bypass",
        category: Category::Classification,
        summary: "sends packets another way while it is active",
        ports: "1-2/1-2",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "ACTIVE", kind: ArgumentKind::Optional, doc: "the other way? false by default" },
            Argument { name: "INLINE", kind: ArgumentKind::Keyword, doc: "without effect" },
        ],
        handlers: &[Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Bypass {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let active = arguments.optional("ACTIVE", false)?;
        let _: Option<bool> = arguments.keyword("INLINE");
        let expression = format!("Bypass::new({active}, {})", surroundings.outputs > 1);
        Some(crate::configure::Instance::new("Bypass", expression))
    }
}

impl Route for Bypass {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, input: usize, _: &mut Packet) -> Option<usize> {
        Some(usize::from(self.active && self.has_other && input == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn goes_another_way_while_active() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[1]));
        let mut routes = |bypass: &mut Bypass| [0, 1].map(|input| bypass.route(&mut io, input, &mut frame).unwrap());
        let (mut bypass, mut alone) = (Bypass::new(false, true), Bypass::new(true, false));
        assert_eq!((routes(&mut bypass), routes(&mut alone)), ([0, 0], [0, 0]));
        bypass.write_handler("active", "true").unwrap();
        assert_eq!((routes(&mut bypass), read(&bypass, "active")), ([1, 0], "true".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let two = Surroundings { outputs: 2, ..Default::default() };
        assert_eq!(configure::<Bypass>(&["true", "INLINE true"], &two).unwrap().expression, "Bypass::new(true, true)");
        assert!(configure::<Bypass>(&["2"], &two).is_err());
    }
}
