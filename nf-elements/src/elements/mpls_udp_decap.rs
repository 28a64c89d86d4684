// SPDX-License-Identifier: Apache-2.0
//! # MPLSUDPDecap
//! `MPLSUDPDecap([LABEL, PROTOCOL, CHECKSUM])` — takes packets out of MPLS in UDP.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** UDP datagrams to port 6635 with a marked IP header, IPv4 or IPv6.
//!
//! **Description:** strips everything in front of the inner packet, all labels with it (RFC 7510, RFC 3032), and what is behind the datagram,
//! and sets the aggregate annotation to the last label. LABEL takes only packets with that last label; `ANY`, the default, all.
//! PROTOCOL says what is behind the labels, which they do not say themselves: `ip` (the default; what is neither IPv4 nor
//! IPv6 is a bad header) or `ethernet`. An IP packet gets the TTL of the first label, if that is less than its own (RFC 3032
//! §2.4.3; not yet decremented: that is for `DecIPTTL`). Stacks that do not end within 16 entries, a first TTL of 0 and the
//! label Implicit NULL are bad headers, too. For the rest it does what `VXLANDecap` does.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst udp port 6635) -> MPLSUDPDecap(17) -> CheckIPHeader -> Discard;`
//!
//! **See also:** `MPLSUDPEncap`, `VXLANDecap`.

use super::mpls_udp_encap::Labelled;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Refusal};
use crate::wire::mpls::Stack;
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct MplsUdpDecap {
    outer: Decapsulator,
    label: Option<u32>,
    labelled: Labelled,
}

impl MplsUdpDecap {
    /// Takes what is `labelled` out of packets with this last label, or any.
    pub const fn new(outer: Decapsulator, label: Option<u32>, labelled: Labelled) -> Self {
        MplsUdpDecap { outer, label, labelled }
    }

    #[inline]
    fn take_out(&self, packet: &mut Packet) -> Result<(), Refusal> {
        let (opened, bytes) = self.outer.open_udp(packet)?;
        let stack = Stack::read(bytes).map_err(|_| Refusal::Header)?;
        if self.label.is_some_and(|ours| ours != stack.bottom.label) {
            return Err(Refusal::Network);
        }
        let inner = self.labelled.inner();
        let ttl = inner.time_to_live(bytes.get(stack.length..).unwrap_or(&[]));
        if self.labelled == Labelled::Ip && ttl.is_none() {
            return Err(Refusal::Header);
        }
        packet.annotations_mut().aggregate = stack.bottom.label;
        self.outer.take_out(packet, opened, opened.at + stack.length, inner)?;
        if ttl.is_some_and(|ttl| stack.top.ttl < ttl) {
            inner.set_time_to_live(packet.data_mut(), stack.top.ttl);
        }
        Ok(())
    }
}

impl Element for MplsUdpDecap {
    const SPEC: Spec = Spec {
        class: "MPLSUDPDecap",
        category: Category::Tunnel,
        summary: "takes packets out of MPLS in UDP",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "LABEL", kind: ArgumentKind::Optional, doc: "the last label, 20 bits; ANY by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ip, the default, or ethernet" },
            Decapsulator::CHECKSUM,
        ],
        handlers: &DECAPSULATOR_HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{Labelled, MplsUdpDecap};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use crate::tunnel::arguments::decapsulator;
    use crate::wire::mpls;

    /// A label, or `ANY`.
    struct Label(Option<u32>);

    impl FromArgument for Label {
        const WANTED: &'static str = "a label of 0 to 1048575, or ANY";

        fn from_argument(text: &str) -> Option<Self> {
            match text {
                "ANY" => Some(Label(None)),
                _ => u32::from_argument(text).filter(|label| *label < mpls::LABELS).map(|label| Label(Some(label))),
            }
        }
    }

    impl Configure for MplsUdpDecap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let checksum = arguments.keyword("CHECKSUM").unwrap_or(false);
            let labelled = arguments.keyword("PROTOCOL").unwrap_or(Labelled::Ip);
            if labelled == Labelled::Mpls {
                arguments.error_last("mpls", "ip or ethernet: what is behind all labels");
            }
            let Label(label) = arguments.optional("LABEL", Label(None))?;
            let outer = decapsulator(around, &[17], checksum);
            let expression = format!("MplsUdpDecap::new({outer}, {label:?}, {})", labelled.expression());
            Some(Instance::new("MplsUdpDecap", expression))
        }
    }
}

impl Route for MplsUdpDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{MplsUdpEncap, marked, marked6};
    use crate::testing::{ListIo, packet};
    use crate::tunnel::{DontFragment, Encapsulator, Ends, Udp, Underlay};
    use crate::wire::ipv4::Ipv4;

    fn encap(labels: &'static [u32], any: bool, labelled: Labelled) -> MplsUdpEncap {
        let udp = Some(Udp { source: None, destination: 6635, checksum: true });
        let (ends, dont_fragment) = (Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), DontFragment::Copied);
        let underlay = Underlay { ends, protocol: 17, udp, ttl: 9, dscp: None, dont_fragment, identification: 0 };
        MplsUdpEncap::new(Encapsulator::new(underlay, 1500, false), labels, any, labelled, None, None)
    }

    fn decap(label: Option<u32>, labelled: Labelled) -> MplsUdpDecap {
        MplsUdpDecap::new(Decapsulator::new(&[17], true, true), label, labelled)
    }

    fn route<E: Route>(mut element: E, packet: &mut Packet) -> Option<usize> {
        element.route(&mut ListIo::new(0), 0, packet)
    }

    fn datagram() -> Packet {
        let mut datagram = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &[0, 7, 0, 8, 0, 9, 0, 0, 0]);
        marked::header_mut(&mut datagram).unwrap().replace_type_of_service(0xb8);
        marked::header_mut(&mut datagram).unwrap().replace_time_to_live(33);
        datagram
    }

    #[test]
    fn labels_have_the_packets_class_and_ttl() {
        let mut packet = datagram();
        packet.annotations_mut().aggregate = 0xfff0_0011;
        assert_eq!(route(encap(&[18, 0], true, Labelled::Ip), &mut packet), Some(0));
        // RFC 3032 §2.1: labels 18 and 17 (of which the annotation has 20 bits), Exp 5, TTL 33.
        assert_eq!(packet.data()[28..36], [0, 1, 0x2a, 33, 0, 1, 0x1b, 33]);
        assert_eq!(packet.data()[22..24], 6635u16.to_be_bytes());
        packet.data_mut()[31] = 20;
        let fixed = crate::wire::checksum::adjust(u16::from_be_bytes([packet.data()[26], packet.data()[27]]), 33, 20);
        packet.data_mut()[26..28].copy_from_slice(&fixed.to_be_bytes());
        assert_eq!(route(decap(Some(17), Labelled::Ip), &mut packet), Some(0));
        let header = Ipv4::new_checked(packet.data()).unwrap();
        assert!(header.is_header_intact());
        assert_eq!((header.time_to_live(), packet.annotations().aggregate), (20, 17), "the first label's TTL, which is less");
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let frame = [&[2; 12], [8, 0].as_slice(), datagram().data()].concat();
        let v6 = marked6::datagram(17, 1, 2, b"x").data().to_vec();
        for (labelled, bytes) in [(Labelled::Ethernet, frame), (Labelled::Ip, v6)] {
            let mut packet = packet(&bytes);
            assert_eq!(route(encap(&[16, 17, 1000], false, labelled), &mut packet), Some(0));
            assert_eq!(route(decap(None, labelled), &mut packet), Some(0), "{labelled:?}");
            assert_eq!((packet.data(), packet.annotations().aggregate), (bytes.as_slice(), 1000));
        }
    }

    #[test]
    fn more_labels_stand_above_those_that_are_there() {
        let mut packet = packet(&[&[0, 1, 1, 60], datagram().data()].concat());
        assert_eq!(route(encap(&[18], false, Labelled::Mpls), &mut packet), Some(0));
        assert_eq!(packet.data()[28..36], [0, 1, 0x20, 64, 0, 1, 1, 60]);
        assert_eq!(route(decap(Some(16), Labelled::Ip), &mut packet), Some(0));
        assert_eq!(packet.data(), datagram().data().to_vec(), "TTL 64 is not less");
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let wrapped = |labelled| {
            let mut packet = packet(&[&[2; 12], [8, 0].as_slice(), datagram().data()].concat());
            assert_eq!(route(encap(&[16], false, labelled), &mut packet), Some(0));
            packet
        };
        assert_eq!(route(decap(Some(17), Labelled::Ethernet), &mut wrapped(Labelled::Ethernet)), Some(1));
        assert_eq!(route(decap(None, Labelled::Ip), &mut wrapped(Labelled::Ethernet)), Some(1), "neither version");
    }
}
