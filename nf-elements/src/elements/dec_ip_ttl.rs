// SPDX-License-Identifier: Apache-2.0
//! # DecIPTTL
//! `DecIPTTL([ACTIVE, MULTICAST])` — decrements the time to live and drops dead packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** decrements the time to live and changes the header's checksum with it (RFC 1812 §5.3.1). A packet
//! whose time to live is 1 or 0 leaves unchanged by output 1, where an `ICMPError` may stand, or is dropped if that is
//! not connected. With ACTIVE false every packet passes unchanged; with MULTICAST false those to a group do.
//!
//! **Handlers:** `drops` (read: expired packets, wherever they went), `active` (read, write), `expired` (drops; 0 while
//! output 1 is connected), `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> DecIPTTL -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct DecIpTtl {
    active: bool,
    multicast: bool,
    diverts: bool,
    expired: u64,
    no_header: u64,
}

impl DecIpTtl {
    /// Decrements while `active`, packets to groups only if `multicast`; `diverts` if output 1 takes the dead.
    pub const fn new(active: bool, multicast: bool, diverts: bool) -> Self {
        DecIpTtl { active, multicast, diverts, expired: 0, no_header: 0 }
    }
}

impl Element for DecIpTtl {
    const SPEC: Spec = Spec {
        class: "DecIPTTL",
        category: Category::Ip,
        summary: "decrements the time to live and drops dead packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "decrement? true by default" },
            Argument { name: "MULTICAST", kind: ArgumentKind::Keyword, doc: "also to groups? true by default" },
        ],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "expired packets, dropped or sent to output 1" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
            Handler { name: "expired", kind: HandlerKind::Drops, doc: "packets whose time to live is over" },
            marked::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.expired)?,
            "active" => write!(out, "{}", self.active)?,
            "expired" => write!(out, "{}", if self.diverts { 0 } else { self.expired })?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.active = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DecIpTtl {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let multicast = arguments.keyword("MULTICAST").unwrap_or(true);
        let expression = format!("DecIpTtl::new({active}, {multicast}, {})", surroundings.outputs > 1);
        Some(crate::configure::Instance::new("DecIpTtl", expression))
    }
}

impl Route for DecIpTtl {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if !self.active {
            return Some(0);
        }
        let Some(mut header) = marked::header_mut(packet) else {
            self.no_header += 1;
            return None;
        };
        if !self.multicast && header.destination() >> 28 == 0xe {
            return Some(0);
        }
        let time_to_live = header.time_to_live();
        if time_to_live <= 1 {
            self.expired += 1;
            return self.diverts.then_some(1);
        }
        header.replace_time_to_live(time_to_live - 1);
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    fn routed(dec: &mut DecIpTtl, ttl: u8, destination: [u8; 4]) -> (Option<usize>, u8) {
        let mut frame = packet(&[0x45, 0, 0, 20, 0, 0, 0, 0, ttl, 17, 0, 0, 192, 0, 2, 1, 0, 0, 0, 0]);
        frame.data_mut()[16..].copy_from_slice(&destination);
        frame.set_network(0, 20);
        marked::header_mut(&mut frame).unwrap().fill_header_checksum();
        let output = dec.route(&mut ListIo::new(0), 0, &mut frame);
        let header = Ipv4::new_checked(frame.network()).unwrap();
        assert!(header.is_header_intact());
        (output, header.time_to_live())
    }

    #[test]
    fn decrements_or_drops() {
        let mut dec = DecIpTtl::new(true, true, false);
        assert_eq!([255, 2, 1, 0].map(|ttl| routed(&mut dec, ttl, [1; 4])), [
            (Some(0), 254),
            (Some(0), 1),
            (None, 1),
            (None, 0)
        ]);
        assert_eq!(dec.route(&mut ListIo::new(0), 0, &mut packet(&[0; 60])), None, "nothing is marked");
        assert_eq!(["drops", "expired", "no_header"].map(|name| read(&dec, name)), ["2", "2", "1"]);
        dec.write_handler("active", "false").unwrap();
        assert_eq!(routed(&mut dec, 1, [1; 4]), (Some(0), 1));
    }

    #[test]
    fn the_dead_leave_by_output_1_and_groups_can_be_exempt() {
        let mut dec = DecIpTtl::new(true, false, true);
        assert_eq!(routed(&mut dec, 1, [1; 4]), (Some(1), 1));
        assert_eq!((read(&dec, "drops"), read(&dec, "expired")), ("1".into(), "0".into()));
        assert_eq!([[224, 0, 0, 1], [239, 1, 1, 1]].map(|group| routed(&mut dec, 1, group)), [(Some(0), 1); 2]);
        assert_eq!(routed(&mut dec, 9, [240, 0, 0, 1]), (Some(0), 8));
    }
}
