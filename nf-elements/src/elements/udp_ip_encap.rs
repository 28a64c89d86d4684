// SPDX-License-Identifier: Apache-2.0
//! # UDPIPEncap
//! `UDPIPEncap(SRC, SPORT, DST, DPORT [, CHECKSUM])` — puts packets into UDP datagrams.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** prepends a UDP header of SPORT and DPORT and an IP header of SRC and DST (time to live 250, the
//! identification counts up from 0), marks it, and sets the destination annotation to DST. DST `DST_ANNO` takes each
//! packet's destination annotation instead. With CHECKSUM false the UDP checksum is 0: none.
//!
//! **Handlers:** `src`, `sport`, `dst`, `dport` (read, write), `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> UDPIPEncap(192.0.2.1, 4789, 198.51.100.1, 4789) -> ToDevice(wan);`
//!
//! **See also:** `IPEncap`, `Strip`.

use super::ip_encap::IpEncap;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::{self, Protocol};
use crate::wire::udp::HEADER_BYTES;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct UdpIpEncap {
    ip: IpEncap,
    source_port: u16,
    destination_port: u16,
    checksum: bool,
    no_headroom: u64,
}

impl UdpIpEncap {
    /// Prepends headers of these fields; without a destination each packet's annotation is it.
    pub const fn new(
        source: [u8; 4],
        source_port: u16,
        destination: Option<[u8; 4]>,
        destination_port: u16,
        checksum: bool,
    ) -> Self {
        let ip = IpEncap::new(17, source, destination, 250, 0, false);
        UdpIpEncap { ip, source_port, destination_port, checksum, no_headroom: 0 }
    }

    /// The UDP header of a datagram with this IP header and payload.
    #[inline]
    fn header(&self, ip: &[u8; ipv4::HEADER_BYTES], payload: &[u8]) -> [u8; HEADER_BYTES] {
        let length = (HEADER_BYTES + payload.len()) as u16;
        let mut header = [0; HEADER_BYTES];
        header[..2].copy_from_slice(&self.source_port.to_be_bytes());
        header[2..4].copy_from_slice(&self.destination_port.to_be_bytes());
        header[4..6].copy_from_slice(&length.to_be_bytes());
        if self.checksum {
            // The addresses, and the pseudo header's protocol and length (RFC 768).
            let pseudo = Sum::new().with(&ip[12..]).with_field(u8::from(Protocol::Udp).into()).with_field(length);
            // A checksum of 0 says that there is none.
            let checksum = match pseudo.with(&header).with(payload).checksum() {
                0 => 0xffff,
                checksum => checksum,
            };
            header[6..].copy_from_slice(&checksum.to_be_bytes());
        }
        header
    }
}

impl Element for UdpIpEncap {
    const SPEC: Spec = Spec {
        class: "UDPIPEncap",
        category: Category::Transport,
        summary: "puts packets into UDP datagrams",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the source address" },
            Argument { name: "SPORT", kind: ArgumentKind::Required, doc: "the source port, a number or a name" },
            Argument { name: "DST", kind: ArgumentKind::Required, doc: "the destination address, or DST_ANNO" },
            Argument { name: "DPORT", kind: ArgumentKind::Required, doc: "the destination port, a number or a name" },
            Argument { name: "CHECKSUM", kind: ArgumentKind::Optional, doc: "make one? true by default" },
        ],
        handlers: &[
            Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" },
            Handler { name: "sport", kind: HandlerKind::ReadWrite, doc: "SPORT" },
            Handler { name: "dst", kind: HandlerKind::ReadWrite, doc: "DST" },
            Handler { name: "dport", kind: HandlerKind::ReadWrite, doc: "DPORT" },
            Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room in front" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "sport" => write!(out, "{}", self.source_port)?,
            "dport" => write!(out, "{}", self.destination_port)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => self.ip.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "sport" => self.source_port = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            "dport" => self.destination_port = value.trim().parse().map_err(|_| HandlerError::BadValue)?,
            _ => self.ip.write_handler(name, value)?,
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for UdpIpEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Destination, Instance, Port};
        let source: Option<std::net::Ipv4Addr> = arguments.required("SRC");
        let source_port: Option<Port> = arguments.required("SPORT");
        let destination: Option<Destination> = arguments.required("DST");
        let destination_port: Option<Port> = arguments.required("DPORT");
        let checksum = arguments.optional("CHECKSUM", true)?;
        let (source, Port(sport), Destination(destination), Port(dport)) =
            (source?.octets(), source_port?, destination?, destination_port?);
        let expression = format!("UdpIpEncap::new({source:?}, {sport}, {destination:?}, {dport}, {checksum})");
        Some(Instance::new("UdpIpEncap", expression))
    }
}

impl Action for UdpIpEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        const BOTH: usize = ipv4::HEADER_BYTES + HEADER_BYTES;
        if !packet.push_front(BOTH) {
            self.no_headroom += 1;
            return Verdict::Drop;
        }
        let ip = self.ip.next_header(packet.len() as u16, packet.annotations_mut());
        if let Some((headers, payload)) = packet.data_mut().split_first_chunk_mut::<BOTH>() {
            let udp = self.header(&ip, payload);
            headers[..ipv4::HEADER_BYTES].copy_from_slice(&ip);
            headers[ipv4::HEADER_BYTES..].copy_from_slice(&udp);
        }
        packet.set_network(0, ipv4::HEADER_BYTES);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;
    use crate::wire::udp::Udp;

    #[test]
    fn prepends_both_headers() {
        for checksum in [true, false] {
            let mut encap = UdpIpEncap::new([192, 0, 2, 1], 12345, Some([192, 0, 2, 2]), 53, checksum);
            let mut frame = packet(b"abc");
            assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
            let ip = Ipv4::new_checked(frame.network()).unwrap();
            let udp = Udp::new_checked(frame.transport()).unwrap();
            assert!(ip.is_header_intact() && udp.is_intact(ip.source(), ip.destination()));
            assert_eq!((ip.total_length(), udp.length(), udp.payload()), (31, 11, b"abc".as_slice()));
            assert_eq!(udp.checksum(), if checksum { 0x8703 } else { 0 });
        }
    }

    #[test]
    fn handlers_and_headroom() {
        let mut encap = UdpIpEncap::new([192, 0, 2, 1], 1, None, 2, true);
        encap.write_handler("dport", "7").unwrap();
        encap.write_handler("src", "1.2.3.4").unwrap();
        let read_all = ["src", "sport", "dst", "dport"].map(|name| read(&encap, name));
        assert_eq!(read_all, ["1.2.3.4", "1", "DST_ANNO", "7"]);
        let mut frame = packet(&[]);
        assert!(frame.push_front(crate::HEADROOM_BYTES - 27));
        assert_eq!(encap.action(&mut ListIo::new(0), &mut frame), Verdict::Drop);
        assert_eq!(read(&encap, "no_headroom"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<UdpIpEncap>(arguments, &Surroundings::default());
        let expression = "UdpIpEncap::new([1, 0, 0, 1], 22, None, 53, false)";
        assert_eq!(made(&["1.0.0.1", "ssh", "DST_ANNO", "53", "false"]).unwrap().expression, expression);
        assert_eq!(made(&["1.0.0.1", "shh", "2.0.0.2", "53"]).unwrap_err().len(), 1);
    }
}
