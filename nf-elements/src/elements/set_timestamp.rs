// SPDX-License-Identifier: Apache-2.0
//! # SetTimestamp
//! `SetTimestamp([TIMESTAMP, FIRST])` — sets timestamp annotations.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** sets each packet's timestamp annotation to TIMESTAMP, in seconds; to the time now, if that is not given.
//!
//! **Notes:** there is one timestamp annotation: FIRST, which in Click sets another one, for `CoDel`, sets it as well.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> Print(TIMESTAMP true) -> Discard;`
//!
//! **See also:** `TimeRange`, `TimeFilter`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetTimestamp {
    fixed_ns: Option<u64>,
}

impl SetTimestamp {
    /// Sets that time, or the time now.
    pub const fn new(fixed_ns: Option<u64>) -> Self {
        SetTimestamp { fixed_ns }
    }
}

impl Element for SetTimestamp {
    const SPEC: Spec = Spec {
        class: "SetTimestamp",
        category: Category::Basic,
        summary: "sets timestamp annotations",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "TIMESTAMP", kind: ArgumentKind::Optional, doc: "the time; now by default" }, Argument { name: "FIRST", kind: ArgumentKind::Keyword, doc: "means nothing here" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetTimestamp {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        // The longest time stands for none.
        let none = crate::configure::Nanoseconds(u64::MAX);
        let time = arguments.optional("TIMESTAMP", none)?;
        let _: Option<bool> = arguments.keyword("FIRST");
        let fixed = Some(time.0).filter(|_| time != none);
        Some(crate::configure::Instance::new("SetTimestamp", format!("SetTimestamp::new({fixed:?})")))
    }
}

impl Action for SetTimestamp {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().timestamp_ns = self.fixed_ns.unwrap_or_else(|| io.now_ns());
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn sets_now_or_a_fixed_time() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[1]));
        io.now_ns = 7;
        for (fixed, set) in [(None, 7), (Some(9), 9)] {
            assert_eq!(SetTimestamp::new(fixed).action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!(frame.annotations().timestamp_ns, set);
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetTimestamp>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "SetTimestamp::new(None)");
        assert_eq!(made(&["1.5", "FIRST false"]).unwrap().expression, "SetTimestamp::new(Some(1500000000))");
        assert!(made(&["FIRST true"]).is_ok() && made(&["FIRST x"]).is_err());
    }
}
