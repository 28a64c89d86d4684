// SPDX-License-Identifier: Apache-2.0
//! # SetIPECN
//! `SetIPECN(ECN)` — sets the ECN field.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** sets the lower two bits of the type of service (RFC 3168), and changes the header's checksum with
//! it. ECN is a number from 0 to 3 or a name: `no`, `ect1` or `ECT(1)` (1), `ect2` or `ECT(0)` (2), `ce` or `CE` (3).
//!
//! **Handlers:** `ecn` (read, write), `no_header` (drops).
//!
//! **Notes:** `ecn` reads as a number, however it was given.
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> SetIPECN(no) -> ToDevice(wan);`
//!
//! **See also:** `SetIPDSCP`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetIpEcn {
    ecn: u8,
    no_header: u64,
}

impl SetIpEcn {
    /// Sets `ecn`, at most 3.
    pub const fn new(ecn: u8) -> Self {
        SetIpEcn { ecn, no_header: 0 }
    }
}

/// The value of the field that `text` says.
fn parse(text: &str) -> Option<u8> {
    Some(match text {
        "0" | "no" | "-" => 0,
        "1" | "ect1" | "ECT(1)" => 1,
        "2" | "ect2" | "ECT(0)" => 2,
        "3" | "ce" | "CE" => 3,
        _ => return None,
    })
}

impl Element for SetIpEcn {
    const SPEC: Spec = Spec {
        class: "SetIPECN",
        category: Category::Ip,
        summary: "sets the ECN field",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "ECN", kind: ArgumentKind::Required, doc: "0 to 3, no, ect1, ect2 or ce" }],
        handlers: &[Handler { name: "ecn", kind: HandlerKind::ReadWrite, doc: "ECN" }, marked::NO_HEADER],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "ecn" => write!(out, "{}", self.ecn)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "ecn" => self.ecn = parse(value.trim()).ok_or(HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetIpEcn {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let text: String = arguments.required("ECN")?;
        let Some(ecn) = parse(&text) else {
            arguments.error_last(format!("'{text}'"), "0 to 3, no, ect1, ect2 or ce");
            return None;
        };
        Some(crate::configure::Instance::new("SetIpEcn", format!("SetIpEcn::new({ecn})")))
    }
}

impl Action for SetIpEcn {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(mut header) = marked::header_mut(packet) else {
            self.no_header += 1;
            return Verdict::Drop;
        };
        header.replace_type_of_service(header.type_of_service() & !3 | self.ecn);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn sets_two_bits_and_the_checksum() {
        let (mut set, mut io) = (SetIpEcn::new(3), ListIo::new(0));
        let mut frame = marked::datagram(17, [1, 2, 3, 4], [5, 6, 7, 8], &[]);
        marked::header_mut(&mut frame).unwrap().replace_type_of_service(0xb9);
        assert_eq!(set.action(&mut io, &mut frame), Verdict::Pass);
        let header = Ipv4::new_checked(frame.data()).unwrap();
        assert!(header.is_header_intact());
        assert_eq!((header.dscp(), header.ecn()), (46, 3));
        assert_eq!(set.action(&mut io, &mut packet(&[0; 60])), Verdict::Drop);
        set.write_handler("ecn", "ECT(0)").unwrap();
        assert_eq!(set.write_handler("ecn", "4"), Err(HandlerError::BadValue));
        assert_eq!((read(&set, "ecn"), read(&set, "no_header")), ("2".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetIpEcn>(arguments, &Surroundings::default());
        assert_eq!(made(&["ce"]).unwrap().expression, "SetIpEcn::new(3)");
        assert_eq!(made(&["ECT(1)"]).unwrap().expression, "SetIpEcn::new(1)");
        assert!(made(&["ect3"]).is_err());
    }
}
