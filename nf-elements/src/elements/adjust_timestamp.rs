// SPDX-License-Identifier: Apache-2.0
//! # AdjustTimestamp
//! `AdjustTimestamp([TIME] [, ALL])` — shifts timestamp annotations.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** adds TIME, which may be negative, to each packet's timestamp annotation. Packets without a timestamp, that
//! is with one of 0, stay as they are unless ALL is true.
//!
//! **Notes:** there is no first timestamp annotation, so FIRST can only be false. Times before 0 are kept, but only elements
//! that print timestamps know them for what they are.
//!
//! **Handlers:** `time` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> AdjustTimestamp(-1.5) -> Print(TIMESTAMP true) -> Discard;`
//!
//! **See also:** `SetTimestamp`.

use super::handler_value::nanoseconds;
use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct AdjustTimestamp {
    shift_ns: i64,
    all: bool,
}

impl AdjustTimestamp {
    /// Adds `shift_ns`, to timestamps of 0 if `all`.
    pub const fn new(shift_ns: i64, all: bool) -> Self {
        AdjustTimestamp { shift_ns, all }
    }
}

/// The sign of a time, and the time without it.
fn split_sign(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(time) => (-1, time),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

impl Element for AdjustTimestamp {
    const SPEC: Spec = Spec {
        class: "AdjustTimestamp",
        category: Category::Basic,
        summary: "shifts timestamp annotations",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "TIME", kind: ArgumentKind::Optional, doc: "what is added, perhaps negative; 0 by default" },
            Argument { name: "FIRST", kind: ArgumentKind::Keyword, doc: "false" },
            Argument { name: "ALL", kind: ArgumentKind::Keyword, doc: "timestamps of 0 too? false by default" },
        ],
        handlers: &[Handler { name: "time", kind: HandlerKind::ReadWrite, doc: "TIME" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "time" => {
                let sign = if self.shift_ns < 0 { "-" } else { "" };
                write!(out, "{sign}{}", Timestamp(self.shift_ns.unsigned_abs()))?;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "time" => {
                let (sign, time) = split_sign(value.trim());
                self.shift_ns = sign * i64::try_from(nanoseconds(time)?).map_err(|_| HandlerError::BadValue)?;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// A time that may be negative.
#[cfg(feature = "host")]
struct Shift(i64);

#[cfg(feature = "host")]
impl crate::configure::FromArgument for Shift {
    const WANTED: &'static str = "a time like 5, -0.5s or +20ms";

    fn from_argument(text: &str) -> Option<Self> {
        let (sign, time) = split_sign(text);
        let time = crate::configure::Nanoseconds::from_argument(time)?;
        Some(Shift(sign * i64::try_from(time.0).ok()?))
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AdjustTimestamp {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let Shift(shift_ns) = arguments.optional("TIME", Shift(0))?;
        let all = arguments.keyword("ALL").unwrap_or(false);
        if arguments.keyword("FIRST") == Some(true) {
            arguments.error_last("no first timestamp annotation", "false");
        }
        let expression = format!("AdjustTimestamp::new({shift_ns}, {all})");
        Some(crate::configure::Instance::new("AdjustTimestamp", expression))
    }
}

impl Action for AdjustTimestamp {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let timestamp_ns = &mut packet.annotations_mut().timestamp_ns;
        if self.all || *timestamp_ns != 0 {
            *timestamp_ns = timestamp_ns.wrapping_add_signed(self.shift_ns);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn shifts_what_has_a_time() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[1]));
        let shifts = [(7, false, 0), (9, true, 9), (-10, false, u64::MAX), (3, false, 2)];
        for (shift_ns, all, expected) in shifts {
            assert_eq!(AdjustTimestamp::new(shift_ns, all).action(&mut io, &mut frame), Verdict::Pass);
            assert_eq!(frame.annotations().timestamp_ns, expected);
        }
    }

    #[test]
    fn the_time_is_read_and_written() {
        let mut adjust = AdjustTimestamp::new(-1_500_000_000, false);
        assert_eq!(read(&adjust, "time"), "-1.500000");
        adjust.write_handler("time", "+2").unwrap();
        assert_eq!(read(&adjust, "time"), "2.000000");
        assert_eq!(adjust.write_handler("time", "--2"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<AdjustTimestamp>(arguments, &Surroundings::default());
        assert_eq!(made(&["-1"]).unwrap().expression, "AdjustTimestamp::new(-1000000000, false)");
        assert_eq!(made(&["+20ms", "ALL true"]).unwrap().expression, "AdjustTimestamp::new(20000000, true)");
        assert!(made(&["1", "FIRST true"]).is_err());
    }
}
