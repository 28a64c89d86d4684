// SPDX-License-Identifier: Apache-2.0
//! # DecIP6HLIM
//! `DecIP6HLIM()` — decrements the hop limit and drops dead packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IPv6 header.
//!
//! **Description:** decrements the hop limit (RFC 8200 §3). A packet whose hop limit is 1 or 0 leaves unchanged by output
//! 1, where an `ICMP6Error` may stand, or is dropped if that is not connected.
//!
//! **Handlers:** `drops` (read: expired packets, wherever they went), `expired` (drops; 0 while output 1 is connected),
//! `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIP6Header(14) -> DecIP6HLIM -> ToDevice(wan);`
//!
//! **See also:** `CheckIP6Header`, `ICMP6Error`, `DecIPTTL`.

use super::marked6;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct DecIp6Hlim {
    diverts: bool,
    expired: u64,
    no_header: u64,
}

impl DecIp6Hlim {
    /// `diverts` if output 1 takes the dead.
    pub const fn new(diverts: bool) -> Self {
        DecIp6Hlim { diverts, expired: 0, no_header: 0 }
    }
}

impl Element for DecIp6Hlim {
    const SPEC: Spec = Spec {
        class: "DecIP6HLIM",
        category: Category::Ip6,
        summary: "decrements the hop limit and drops dead packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "expired packets, dropped or sent to output 1" },
            Handler { name: "expired", kind: HandlerKind::Drops, doc: "packets whose hops are used up" },
            marked6::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.expired)?,
            "expired" => write!(out, "{}", if self.diverts { 0 } else { self.expired })?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DecIp6Hlim {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let expression = format!("DecIp6Hlim::new({})", surroundings.outputs > 1);
        Some(crate::configure::Instance::new("DecIp6Hlim", expression))
    }
}

impl Route for DecIp6Hlim {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let Some(mut header) = marked6::header_mut(packet) else {
            self.no_header += 1;
            return None;
        };
        let limit = header.hop_limit();
        if limit <= 1 {
            self.expired += 1;
            return self.diverts.then_some(1);
        }
        header.set_hop_limit(limit - 1);
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn routed(dec: &mut DecIp6Hlim, limit: u8) -> (Option<usize>, u8) {
        let mut frame = marked6::datagram(17, 1, 2, &[]);
        marked6::header_mut(&mut frame).unwrap().set_hop_limit(limit);
        let output = dec.route(&mut ListIo::new(0), 0, &mut frame);
        (output, frame.data()[7])
    }

    #[test]
    fn decrements_or_drops() {
        let mut dec = DecIp6Hlim::new(false);
        assert_eq!([255, 2, 1, 0].map(|limit| routed(&mut dec, limit)), [
            (Some(0), 254),
            (Some(0), 1),
            (None, 1),
            (None, 0)
        ]);
        assert_eq!(dec.route(&mut ListIo::new(0), 0, &mut packet(&[0; 60])), None, "nothing is marked");
        assert_eq!(["drops", "expired", "no_header"].map(|name| read(&dec, name)), ["2", "2", "1"]);
        let mut diverting = DecIp6Hlim::new(true);
        assert_eq!((routed(&mut diverting, 1), read(&diverting, "expired")), ((Some(1), 1), "0".into()));
    }
}
