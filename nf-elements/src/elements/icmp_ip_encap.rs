// SPDX-License-Identifier: Apache-2.0
//! # ICMPIPEncap
//! `ICMPIPEncap(SRC, DST, TYPE [, CODE, IDENTIFIER])` — puts packets into ICMP messages.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** prepends an ICMP header of TYPE and CODE and an IP header of SRC and DST (time to live 255, the
//! identification counts up from 1), marks it, and sets the destination annotation to DST. TYPE is a number or a name such as
//! `echo`; so is CODE, 0 by default. Messages of types that have an identifier get IDENTIFIER, 0 by default, and the IP
//! identification as sequence number.
//!
//! **Notes:** the identification skips 0, as in Click.
//!
//! **Handlers:** `src`, `dst` (read, write), `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> ICMPIPEncap(192.0.2.1, 198.51.100.1, echo) -> ToDevice(wan);`
//!
//! **See also:** `UDPIPEncap`, `ICMPError`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmp::{self, field};
use crate::wire::ipv4;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::Ipv4Addr;

/// The longest header: three timestamps follow the sequence number (RFC 792).
const TIMESTAMP_BYTES: usize = 20;

/// See the module's documentation.
pub struct IcmpIpEncap {
    source: [u8; 4],
    destination: [u8; 4],
    message_type: u8,
    code: u8,
    identifier: u16,
    identification: u16,
    no_headroom: u64,
}

impl IcmpIpEncap {
    /// Prepends headers of these fields.
    pub const fn new(source: [u8; 4], destination: [u8; 4], message_type: u8, code: u8, identifier: u16) -> Self {
        IcmpIpEncap { source, destination, message_type, code, identifier, identification: 1, no_headroom: 0 }
    }

    /// The bytes of the ICMP header.
    const fn header_bytes(&self) -> usize {
        if matches!(self.message_type, 13 | 14) { TIMESTAMP_BYTES } else { icmp::HEADER_BYTES }
    }

    /// Whether messages of the type have an identifier and a sequence number: echoes, timestamps and information.
    const fn has_sequence(&self) -> bool {
        matches!(self.message_type, 0 | 8 | 13..=16)
    }

    fn write_ip(&self, header: &mut [u8; ipv4::HEADER_BYTES], length: u16) {
        *header = [0x45, 0, 0, 0, 0, 0, 0, 0, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[4..6].copy_from_slice(&self.identification.to_be_bytes());
        header[12..16].copy_from_slice(&self.source);
        header[16..].copy_from_slice(&self.destination);
        let checksum = Sum::new().with_20(header).checksum();
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
    }

    fn write_icmp(&self, message: &mut [u8], header_bytes: usize) {
        message[..header_bytes].fill(0);
        (message[field::TYPE], message[field::CODE]) = (self.message_type, self.code);
        if self.has_sequence() {
            message[field::IDENTIFIER].copy_from_slice(&self.identifier.to_be_bytes());
            message[field::SEQUENCE_NUMBER].copy_from_slice(&self.identification.to_be_bytes());
        }
        let checksum = Sum::new().with(message).checksum();
        message[field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    }
}

impl Element for IcmpIpEncap {
    const SPEC: Spec = Spec {
        class: "ICMPIPEncap",
        category: Category::Icmp,
        summary: "puts packets into ICMP messages",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the source address" },
            Argument { name: "DST", kind: ArgumentKind::Required, doc: "the destination address" },
            Argument { name: "TYPE", kind: ArgumentKind::Required, doc: "the type, a number or a name" },
            Argument { name: "CODE", kind: ArgumentKind::Optional, doc: "the code, a number or a name; 0 by default" },
            Argument { name: "IDENTIFIER", kind: ArgumentKind::Keyword, doc: "the identifier of echoes; 0 by default" },
        ],
        handlers: &[
            Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" },
            Handler { name: "dst", kind: HandlerKind::ReadWrite, doc: "DST" },
            Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "src" => write!(out, "{}", Ipv4Addr::from(self.source))?,
            "dst" => write!(out, "{}", Ipv4Addr::from(self.destination))?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let address = || value.trim().parse::<Ipv4Addr>().map(|address| address.octets()).map_err(|_| HandlerError::BadValue);
        match name {
            "src" => self.source = address()?,
            "dst" => self.destination = address()?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IcmpIpEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use super::icmp_error::names;
        use crate::configure::{FromArgument, Instance};
        let source: Option<Ipv4Addr> = arguments.required("SRC");
        let destination: Option<Ipv4Addr> = arguments.required("DST");
        let word: String = arguments.required("TYPE")?;
        let message_type = crate::filter::names::icmp_type(&word).or_else(|| u8::from_argument(&word));
        if message_type.is_none() {
            arguments.error_last(format!("'{word}'"), "0 to 255, or an ICMP type's name such as echo");
        }
        let message_type = message_type?;
        let code = names::configure_code(arguments, message_type);
        let identifier: u16 = arguments.keyword("IDENTIFIER").unwrap_or(0);
        let (source, destination, code) = (source?.octets(), destination?.octets(), code?);
        let expression = format!("IcmpIpEncap::new({source:?}, {destination:?}, {message_type}, {code}, {identifier})");
        Some(Instance::new("IcmpIpEncap", expression))
    }
}

impl Action for IcmpIpEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let header_bytes = self.header_bytes();
        if !packet.push_front(ipv4::HEADER_BYTES + header_bytes) {
            self.no_headroom += 1;
            return Verdict::Drop;
        }
        let length = packet.len() as u16;
        if let Some((ip, message)) = packet.data_mut().split_first_chunk_mut::<{ ipv4::HEADER_BYTES }>() {
            self.write_ip(ip, length);
            self.write_icmp(message, header_bytes);
        }
        self.identification = self.identification.checked_add(1).unwrap_or(1);
        packet.set_network(0, ipv4::HEADER_BYTES);
        packet.annotations_mut().set_destination_ipv4(self.destination);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    fn message(encap: &mut IcmpIpEncap) -> Vec<u8> {
        let mut frame = packet(b"abc");
        assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        let ip = Ipv4::new_checked(frame.network()).unwrap();
        assert!(ip.is_header_intact() && Sum::new().with(frame.transport()).is_intact());
        assert_eq!(usize::from(ip.total_length()), frame.len());
        frame.transport().to_vec()
    }

    #[test]
    fn prepends_both_headers() {
        let mut echo = IcmpIpEncap::new([192, 0, 2, 1], [192, 0, 2, 2], 8, 0, 0x1234);
        for sequence in [1, 2] {
            let sent = message(&mut echo);
            assert_eq!((&sent[4..8], &sent[8..]), ([0x12, 0x34, 0, sequence].as_slice(), b"abc".as_slice()));
        }
        echo.identification = u16::MAX;
        assert_eq!(message(&mut echo)[6..8], [0xff, 0xff]);
        assert_eq!(message(&mut echo)[6..8], [0, 1], "0 is skipped");
        let unreachable = message(&mut IcmpIpEncap::new([192, 0, 2, 1], [192, 0, 2, 2], 3, 1, 7));
        assert_eq!((unreachable[..2].to_vec(), &unreachable[4..8]), (vec![3, 1], [0; 4].as_slice()));
        assert_eq!(message(&mut IcmpIpEncap::new([192, 0, 2, 1], [192, 0, 2, 2], 13, 0, 7)).len(), 23);
    }

    #[test]
    fn handlers_and_headroom() {
        let mut encap = IcmpIpEncap::new([192, 0, 2, 1], [192, 0, 2, 2], 8, 0, 0);
        encap.write_handler("dst", "1.2.3.4").unwrap();
        assert_eq!((read(&encap, "src"), read(&encap, "dst")), ("192.0.2.1".into(), "1.2.3.4".into()));
        assert_eq!(encap.write_handler("src", "x"), Err(HandlerError::BadValue));
        let mut frame = packet(&[]);
        assert!(frame.push_front(crate::HEADROOM_BYTES - 27));
        assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Drop);
        assert_eq!(read(&encap, "no_headroom"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<IcmpIpEncap>(arguments, &Surroundings::default());
        let expression = "IcmpIpEncap::new([1, 0, 0, 1], [2, 0, 0, 2], 3, 1, 5)";
        let given = ["1.0.0.1", "2.0.0.2", "unreachable", "host", "IDENTIFIER 5"];
        assert_eq!(made(&given).unwrap().expression, expression);
        assert!(made(&["1.0.0.1", "2.0.0.2", "256"]).is_err());
    }
}
