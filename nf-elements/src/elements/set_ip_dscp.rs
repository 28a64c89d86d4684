// SPDX-License-Identifier: Apache-2.0
//! # SetIPDSCP
//! `SetIPDSCP(DSCP)` — sets the differentiated services code point.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** sets the upper six bits of the type of service to DSCP (RFC 2474), and changes the header's checksum
//! with it.
//!
//! **Handlers:** `dscp` (read, write), `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> SetIPDSCP(46) -> ToDevice(wan);`
//!
//! **See also:** `SetIPECN`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetIpDscp {
    dscp: u8,
    no_header: u64,
}

impl SetIpDscp {
    /// Sets `dscp`, at most 63.
    pub const fn new(dscp: u8) -> Self {
        SetIpDscp { dscp, no_header: 0 }
    }
}

impl Element for SetIpDscp {
    const SPEC: Spec = Spec {
        class: "SetIPDSCP",
        category: Category::Ip,
        summary: "sets the differentiated services code point",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "DSCP", kind: ArgumentKind::Required, doc: "0 to 63" }],
        handlers: &[Handler { name: "dscp", kind: HandlerKind::ReadWrite, doc: "DSCP" }, marked::NO_HEADER],
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
        match name {
            "dscp" => match value.trim().parse() {
                Ok(dscp @ 0..64) => self.dscp = dscp,
                _ => return Err(HandlerError::BadValue),
            },
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIpDscp {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let dscp: u8 = arguments.required("DSCP")?;
        if dscp > 63 {
            arguments.error_last(format!("'{dscp}' has more than six bits"), "0 to 63");
        }
        Some(crate::configure::Instance::new("SetIpDscp", format!("SetIpDscp::new({dscp})")))
    }
}

impl Action for SetIpDscp {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(mut header) = marked::header_mut(packet) else {
            self.no_header += 1;
            return Verdict::Drop;
        };
        header.replace_type_of_service(header.type_of_service() & 3 | self.dscp << 2);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn sets_six_bits_and_the_checksum() {
        let (mut set, mut io) = (SetIpDscp::new(10), ListIo::new(0));
        let mut frame = marked::datagram(17, [1, 2, 3, 4], [5, 6, 7, 8], &[]);
        marked::header_mut(&mut frame).unwrap().replace_type_of_service(0xff);
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        let header = Ipv4::new_checked(frame.data()).unwrap();
        assert!(header.is_header_intact());
        assert_eq!((header.dscp(), header.ecn()), (10, 3));
        assert_eq!(set.action(&mut io, &mut packet(&[0; 60])), Verdict::Drop);
        set.write_handler("dscp", "2").unwrap();
        assert_eq!(set.write_handler("dscp", "64"), Err(HandlerError::BadValue));
        assert_eq!((read(&set, "dscp"), read(&set, "no_header")), ("2".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetIpDscp>(arguments, &Surroundings::default());
        assert_eq!(made(&["DSCP 10"]).unwrap().expression, "SetIpDscp::new(10)");
        assert_eq!(made(&["64"]).unwrap_err().len(), 1);
    }
}
