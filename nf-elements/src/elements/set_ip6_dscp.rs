// SPDX-License-Identifier: Apache-2.0
//! # SetIP6DSCP
//! `SetIP6DSCP(DSCP)` — sets IPv6 packets' differentiated services code point.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IPv6 header.
//!
//! **Description:** sets the upper six bits of the traffic class (RFC 2474 §3) to DSCP, 0 to 63.
//!
//! **Handlers:** `dscp` (read, write), `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIP6Header(14) -> SetIP6DSCP(46) -> ToDevice(wan);`
//!
//! **See also:** `MarkIP6Header`, `SetIPDSCP`.

use super::marked6;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetIp6Dscp {
    dscp: u8,
    no_header: u64,
}

impl SetIp6Dscp {
    /// Sets `dscp`, 0 to 63.
    pub const fn new(dscp: u8) -> Self {
        SetIp6Dscp { dscp, no_header: 0 }
    }
}

impl Element for SetIp6Dscp {
    const SPEC: Spec = Spec {
        class: "SetIP6DSCP",
        category: Category::Ip6,
        summary: "sets IPv6 packets' differentiated services code point",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "DSCP", kind: ArgumentKind::Required, doc: "the code point, 0 to 63" }],
        handlers: &[
            Handler { name: "dscp", kind: HandlerKind::ReadWrite, doc: "DSCP" },
            marked6::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dscp" => write!(out, "{}", self.dscp)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match (name, value.trim().parse()) {
            ("dscp", Ok(dscp @ 0..64)) => self.dscp = dscp,
            ("dscp", _) => return Err(HandlerError::BadValue),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIp6Dscp {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let dscp: u8 = arguments.required("DSCP")?;
        if dscp > 63 {
            arguments.error_last(format!("'{dscp}' is no code point"), "0 to 63");
        }
        Some(crate::configure::Instance::new("SetIp6Dscp", format!("SetIp6Dscp::new({dscp})")))
    }
}

impl Action for SetIp6Dscp {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        match marked6::header_mut(packet) {
            Some(mut header) => {
                header.set_dscp(self.dscp);
                Verdict::Pass
            }
            None => {
                self.no_header += 1;
                Verdict::Drop
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn sets_the_upper_six_bits() {
        let (mut set, mut io) = (SetIp6Dscp::new(0), ListIo::new(0));
        set.write_handler("dscp", " 46").unwrap();
        assert_eq!(set.write_handler("dscp", "64"), Err(HandlerError::BadValue));
        let mut frame = marked6::datagram(17, 1, 2, &[]);
        frame.data_mut()[1] = 0x7f;
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        assert_eq!(frame.data()[..2], [0x6b, 0xbf]);
        assert_eq!(set.action(&mut io, &mut packet(&[0; 60])), Verdict::Drop);
        assert_eq!((read(&set, "dscp"), read(&set, "no_header")), ("46".into(), "1".into()));
    }
}
