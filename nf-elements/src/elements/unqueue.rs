// SPDX-License-Identifier: Apache-2.0
//! # Unqueue
//! `Unqueue([BURST, ACTIVE, LIMIT])` — pulls packets and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** pulls up to BURST packets in each round (1 by default; whatever there is, if negative) and pushes them
//! on, while ACTIVE is true, until there were LIMIT (none if negative, the default).
//!
//! **Notes:** as in Click, a BURST of 0 pulls nothing.
//!
//! **Handlers:** `count` (read), `reset`, `reset_counts` (write: sets the count to zero, so LIMIT packets more are pulled),
//! `active`, `burst`, `limit` (read, write).
//!
//! **Example:** `FromDevice(lan) -> Queue -> Unqueue(32) -> ToDevice(wan);`
//!
//! **See also:** `Queue`.

use super::handler_value::{boolean, number};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// What Click makes of a negative BURST.
const WITHOUT_END: i32 = i32::MAX;

/// See the module's documentation.
pub struct Unqueue {
    burst: i32,
    limit: i64,
    active: bool,
    count: u64,
}

impl Unqueue {
    /// Pulls `burst` packets in a round, `limit` in all; negative is without end.
    pub const fn new(burst: i32, limit: i64, active: bool) -> Self {
        Unqueue { burst: if burst < 0 { WITHOUT_END } else { burst }, limit, active, count: 0 }
    }
}

impl Element for Unqueue {
    const SPEC: Spec = Spec {
        class: "Unqueue",
        category: Category::Scheduling,
        summary: "pulls packets and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: &[
            Argument { name: "BURST", kind: ArgumentKind::Optional, doc: "most packets in a round; 1 by default" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "pull? true by default" },
            Argument { name: "LIMIT", kind: ArgumentKind::Keyword, doc: "most packets in all; without end by default" },
        ],
        handlers: &[
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets since the last reset" },
            Handler { name: "burst", kind: HandlerKind::ReadWrite, doc: "BURST" },
            Handler { name: "limit", kind: HandlerKind::ReadWrite, doc: "LIMIT" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "sets the count to zero" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "the same" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "active" => write!(out, "{}", self.active)?,
            "count" => write!(out, "{}", self.count)?,
            "burst" => write!(out, "{}", self.burst)?,
            "limit" => write!(out, "{}", self.limit)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = boolean(value)?,
            "burst" => self.burst = Some(number(value)?).filter(|burst| *burst >= 0).unwrap_or(WITHOUT_END),
            "limit" => self.limit = number(value)?,
            "reset" | "reset_counts" => self.count = 0,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Unqueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let burst = arguments.optional("BURST", 1i32);
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let limit = arguments.keyword("LIMIT").unwrap_or(-1i64);
        let expression = format!("Unqueue::new({}, {limit}, {active})", burst?);
        Some(crate::configure::Instance::new("Unqueue", expression))
    }
}

impl Pull for Unqueue {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None if self.active && !u64::try_from(self.limit).is_ok_and(|limit| self.count >= limit) => Turn::Pull(0),
            Some((_, Some(packet))) => {
                self.count += 1;
                Turn::Give(packet)
            }
            _ => Turn::Rest,
        }
    }

    #[inline]
    fn burst(&self) -> usize {
        // Not negative: `new` and the handler see to that.
        if self.active { self.burst as usize } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn pulled(unqueue: &mut Unqueue) -> bool {
        let mut io = ListIo::new(0);
        match unqueue.turn(&mut io, None) {
            Turn::Pull(0) => matches!(unqueue.turn(&mut io, Some((0, Some(packet(&[1]))))), Turn::Give(_)),
            _ => false,
        }
    }

    #[test]
    fn pulls_up_to_the_limit_while_active() {
        let mut unqueue = Unqueue::new(-1, 2, true);
        assert_eq!([true, true, false].map(|_| pulled(&mut unqueue)), [true, true, false]);
        assert_eq!((read(&unqueue, "count"), read(&unqueue, "burst")), ("2".into(), "2147483647".into()));
        unqueue.write_handler("reset", "").unwrap();
        assert!(pulled(&mut unqueue));
        unqueue.write_handler("limit", "-1").unwrap();
        unqueue.write_handler("burst", "7").unwrap();
        assert_eq!((pulled(&mut unqueue), pulled(&mut unqueue), unqueue.burst()), (true, true, 7));
        unqueue.write_handler("active", "false").unwrap();
        assert_eq!((pulled(&mut unqueue), unqueue.burst()), (false, 0));
    }

    #[test]
    fn rests_when_nothing_comes() {
        let (mut unqueue, mut io) = (Unqueue::new(1, -1, true), ListIo::new(0));
        assert!(matches!(unqueue.turn(&mut io, None), Turn::Pull(0)));
        assert!(matches!(unqueue.turn(&mut io, Some((0, None))), Turn::Rest));
        assert_eq!(read(&unqueue, "count"), "0");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Unqueue>(arguments, &Surroundings::default()).unwrap().expression;
        assert_eq!(made(&[]), "Unqueue::new(1, -1, true)");
        assert_eq!(made(&["-1", "ACTIVE false", "LIMIT 5"]), "Unqueue::new(-1, 5, false)");
    }
}
