// SPDX-License-Identifier: Apache-2.0
//! # IPEncap
//! `IPEncap(PROTO, SRC, DST [, TTL, DSCP, ECT, CE, TOS, DF])` — puts packets into IP packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** prepends an IP header with protocol PROTO (a number, or a name like `ipip`), source SRC and
//! destination DST, marks it, and sets the destination annotation to DST. DST `DST_ANNO` takes each packet's destination
//! annotation instead. The identification counts up from 0.
//!
//! TTL is the time to live (250 by default), DSCP and ECN come from DSCP, ECT (true or 1: ECT(1); 2: ECT(0)) and CE, or
//! both from TOS; DF sets the flag don't fragment.
//!
//! **Handlers:** `src`, `dst` (read, write), `no_headroom` (drops: a buffer has 128 bytes in front of what a device put
//! there).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> IPEncap(ipip, 192.0.2.1, 198.51.100.1) -> ToDevice(wan);`
//!
//! **See also:** `UDPIPEncap`, `StripIPHeader`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::HEADER_BYTES;
use crate::{Action, Annotations, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::Ipv4Addr;

/// See the module's documentation.
pub struct IpEncap {
    /// The header without lengths, identification and checksum.
    header: [u8; HEADER_BYTES],
    annotated: bool,
    identification: u16,
    no_headroom: u64,
}

impl IpEncap {
    /// Prepends a header of these fields; without a destination each packet's annotation is it.
    pub const fn new(protocol: u8, source: [u8; 4], destination: Option<[u8; 4]>, ttl: u8, tos: u8, df: bool) -> Self {
        let [s0, s1, s2, s3] = source;
        let [d0, d1, d2, d3] = match destination {
            Some(address) => address,
            None => [0; 4],
        };
        let flags = if df { 0x40 } else { 0 };
        let header = [0x45, tos, 0, 0, 0, 0, flags, 0, ttl, protocol, 0, 0, s0, s1, s2, s3, d0, d1, d2, d3];
        IpEncap { header, annotated: destination.is_none(), identification: 0, no_headroom: 0 }
    }

    /// The header of the next packet, of `length` bytes with it; its destination annotation is set or taken.
    #[inline]
    pub(super) fn next_header(&mut self, length: u16, annotations: &mut Annotations) -> [u8; HEADER_BYTES] {
        let mut header = self.header;
        if self.annotated {
            header[16..20].copy_from_slice(&annotations.destination_ipv4());
        } else {
            annotations.set_destination_ipv4([header[16], header[17], header[18], header[19]]);
        }
        header[2..4].copy_from_slice(&length.to_be_bytes());
        header[4..6].copy_from_slice(&self.identification.to_be_bytes());
        self.identification = self.identification.wrapping_add(1);
        let checksum = Sum::new().with_20(&header).checksum();
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        header
    }

    /// The four bytes of an address at `at` of the header.
    fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::new(self.header[at], self.header[at + 1], self.header[at + 2], self.header[at + 3])
    }
}

impl Element for IpEncap {
    const SPEC: Spec = Spec {
        class: "IPEncap",
        category: Category::Ip,
        summary: "puts packets into IP packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "PROTO", kind: ArgumentKind::Required, doc: "the protocol, a number or a name" },
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the source" },
            Argument { name: "DST", kind: ArgumentKind::Required, doc: "the destination, or DST_ANNO" },
            Argument { name: "TTL", kind: ArgumentKind::Keyword, doc: "time to live; 250 by default" },
            Argument { name: "DSCP", kind: ArgumentKind::Keyword, doc: "0 to 63; 0 by default" },
            Argument { name: "ECT", kind: ArgumentKind::Keyword, doc: "ECN capable? true, 2 or false, the default" },
            Argument { name: "CE", kind: ArgumentKind::Keyword, doc: "congestion experienced? false by default" },
            Argument { name: "TOS", kind: ArgumentKind::Keyword, doc: "DSCP and ECN in one byte" },
            Argument { name: "DF", kind: ArgumentKind::Keyword, doc: "don't fragment? false by default" },
        ],
        handlers: &[
            Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" },
            Handler { name: "dst", kind: HandlerKind::ReadWrite, doc: "DST" },
            Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "src" => write!(out, "{}", self.address(12))?,
            "dst" if self.annotated => out.write_str("DST_ANNO")?,
            "dst" => write!(out, "{}", self.address(16))?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let value = value.trim();
        let address = || value.parse::<Ipv4Addr>().map(|address| address.octets()).map_err(|_| HandlerError::BadValue);
        match name {
            "src" => self.header[12..16].copy_from_slice(&address()?),
            "dst" if value == "DST_ANNO" => self.annotated = true,
            "dst" => {
                self.header[16..20].copy_from_slice(&address()?);
                self.annotated = false;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::IpEncap;
    use crate::configure::{Arguments, Configure, Destination, FromArgument, Instance, IpProtocol, Surroundings};
    use std::net::Ipv4Addr;

    /// The ECN bits of a transport that is capable.
    struct Ect(u8);

    impl FromArgument for Ect {
        const WANTED: &'static str = "true, false or 2";

        fn from_argument(text: &str) -> Option<Self> {
            Some(Ect(if text == "2" { 2 } else { bool::from_argument(text)?.into() }))
        }
    }

    /// Takes TOS, or DSCP, ECT and CE.
    fn type_of_service(arguments: &mut Arguments) -> u8 {
        let tos: Option<u8> = arguments.keyword("TOS");
        let dscp: Option<u8> = arguments.keyword("DSCP");
        if dscp.is_some_and(|dscp| dscp > 63) {
            arguments.error_last("a DSCP of more than six bits", "0 to 63");
        }
        let Ect(ect) = arguments.keyword("ECT").unwrap_or(Ect(0));
        let ce = arguments.keyword("CE").unwrap_or(false);
        if tos.is_some() && (dscp.is_some() || ect > 0 || ce) {
            arguments.error("TOS holds DSCP and ECN, so neither can be given beside it", None);
        }
        if ect > 0 && ce {
            arguments.error("ECT and CE are values of one field", Some("one of them".into()));
        }
        tos.unwrap_or(dscp.unwrap_or(0) << 2 | if ce { 3 } else { ect })
    }

    impl Configure for IpEncap {
        fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
            let protocol: Option<IpProtocol> = arguments.required("PROTO");
            let source: Option<Ipv4Addr> = arguments.required("SRC");
            let destination: Option<Destination> = arguments.required("DST");
            let ttl = arguments.keyword("TTL").unwrap_or(250u8);
            let tos = type_of_service(arguments);
            let df = arguments.keyword("DF").unwrap_or(false);
            let (IpProtocol(protocol), source, Destination(destination)) = (protocol?, source?.octets(), destination?);
            let expression = format!("IpEncap::new({protocol}, {source:?}, {destination:?}, {ttl}, {tos}, {df})");
            Some(Instance::new("IpEncap", expression))
        }
    }
}

impl Action for IpEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if !packet.push_front(HEADER_BYTES) {
            self.no_headroom += 1;
            return Verdict::Drop;
        }
        let header = self.next_header(packet.len() as u16, packet.annotations_mut());
        if let Some(place) = packet.data_mut().first_chunk_mut() {
            *place = header;
        }
        packet.set_network(0, HEADER_BYTES);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn prepends_a_marked_header() {
        let mut encap = IpEncap::new(4, [192, 0, 2, 1], Some([198, 51, 100, 1]), 250, 0xb8, true);
        for identification in 0..2 {
            let mut frame = packet(&[7; 5]);
            assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
            let header = Ipv4::new_checked(frame.data()).unwrap();
            assert!(header.is_header_intact() && header.dont_fragment());
            assert_eq!((header.source(), header.destination()), (0xc000_0201, 0xc633_6401));
            assert_eq!((header.total_length(), header.identification(), header.dscp()), (25, identification, 46));
            assert_eq!((header.payload(), frame.network()), ([7; 5].as_slice(), frame.data()));
            assert_eq!(frame.annotations().destination_ipv4(), [198, 51, 100, 1]);
        }
    }

    #[test]
    fn takes_the_annotation_and_counts_what_has_no_room() {
        let mut encap = IpEncap::new(4, [192, 0, 2, 1], None, 250, 0, false);
        let mut frame = packet(&[]);
        frame.annotations_mut().set_destination_ipv4([1, 2, 3, 4]);
        while frame.headroom() >= HEADER_BYTES {
            assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
            let header = Ipv4::new_checked(frame.data()).unwrap();
            assert!(header.is_header_intact() && header.destination() == 0x0102_0304);
        }
        assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Drop);
        assert_eq!(read(&encap, "no_headroom"), "1");
        encap.write_handler("src", "9.9.9.9").unwrap();
        assert_eq!((read(&encap, "src"), read(&encap, "dst")), ("9.9.9.9".into(), "DST_ANNO".into()));
        encap.write_handler("dst", "8.8.8.8").unwrap();
        assert_eq!(read(&encap, "dst"), "8.8.8.8");
        assert_eq!(encap.write_handler("dst", "8.8"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |more: &[&str]| {
            let arguments = [&["ipip", "1.0.0.1", "2.0.0.2"], more].concat();
            configure::<IpEncap>(&arguments, &Surroundings::default()).map(|made| made.expression)
        };
        let plain = "IpEncap::new(4, [1, 0, 0, 1], Some([2, 0, 0, 2]), 250, 0, false)";
        assert_eq!(made(&[]).unwrap(), plain);
        assert!(made(&["DSCP 46", "ECT true", "DF true"]).unwrap().ends_with("250, 185, true)"));
        assert!(made(&["TOS 7", "TTL 1"]).unwrap().ends_with("1, 7, false)"));
        for wrong in [["DSCP 64", "DF true"], ["TOS 1", "DSCP 1"], ["ECT 2", "CE true"], ["ECT 3", "CE false"]] {
            assert_eq!(made(&wrong).unwrap_err().len(), 1, "{wrong:?}");
        }
    }
}
