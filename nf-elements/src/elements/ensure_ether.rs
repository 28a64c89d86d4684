// SPDX-License-Identifier: Apache-2.0
//! # EnsureEther
//! `EnsureEther([ETHERTYPE, SRC, DST])` — ensures that IP packets are encapsulated in Ethernet.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** the network header annotation, on IP packets.
//!
//! **Description:** passes packets without network header and such as have an Ethernet header of an IP type in front of it.
//! Where such a header was stripped, it comes back. To others, whatever precedes their network header is removed and a
//! header with ETHERTYPE (0x0800), SRC (1:1:1:1:1:1) and DST (2:2:2:2:2:2) is put there.
//!
//! **Notes:** a packet without room for the header is dropped; Click would move it.
//!
//! **Handlers:** `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> EnsureEther -> ToDevice(wan);`
//!
//! **See also:** `EtherEncap`, `EtherRewrite`.

use super::ether_header::{self, EtherHeader, note_mac_header};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::ethernet::{EtherType, HEADER_BYTES};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct EnsureEther {
    header: EtherHeader,
    no_headroom: u64,
}

impl EnsureEther {
    /// Encapsulates, where it must, in a header of these values.
    pub const fn new(ethertype: u16, source: [u8; 6], destination: [u8; 6]) -> Self {
        EnsureEther { header: EtherHeader::new(ethertype, source, destination), no_headroom: 0 }
    }
}

impl Element for EnsureEther {
    const SPEC: Spec = Spec {
        class: "EnsureEther",
        category: Category::Ethernet,
        summary: "ensures that IP packets are encapsulated in Ethernet",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { kind: ArgumentKind::Optional, ..ether_header::ETHERTYPE },
            Argument { kind: ArgumentKind::Optional, ..ether_header::SRC },
            Argument { kind: ArgumentKind::Optional, ..ether_header::DST },
        ],
        handlers: &[ether_header::NO_HEADROOM_HANDLER],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EnsureEther {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::wire::ethernet::Address;
        let ethertype: Option<u16> = arguments.optional("ETHERTYPE", 0x0800);
        let source = arguments.optional("SRC", Address::new([1; 6]));
        let destination = arguments.optional("DST", Address::new([2; 6]));
        let (source, destination) = (source?.to_bytes(), destination?.to_bytes());
        let expression = format!("EnsureEther::new({:#06x}, {source:?}, {destination:?})", ethertype?);
        Some(crate::configure::Instance::new("EnsureEther", expression))
    }
}

/// Whether the bytes in front of the network header are the end of an Ethernet header of an IP type.
fn follows_ip_type(packet: &Packet) -> bool {
    packet.before_network::<2>().is_some_and(|bytes| {
        matches!(EtherType::from(u16::from_be_bytes(*bytes)), EtherType::Ipv4 | EtherType::Ipv6)
    })
}

impl Action for EnsureEther {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let network = usize::from(packet.annotations().network_offset);
        let Some(offset) = network.checked_sub(packet.headroom()).filter(|offset| *offset <= packet.len()) else {
            return Verdict::Pass;
        };
        if offset == HEADER_BYTES && follows_ip_type(packet) {
            return Verdict::Pass;
        }
        let restored = offset == 0 && follows_ip_type(packet) && packet.push_front(HEADER_BYTES);
        if restored {
            note_mac_header(packet);
        } else if !packet.pull_front(offset) || !self.header.prepend(packet) {
            self.no_headroom += 1;
            return Verdict::Drop;
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    fn ensured(bytes: &[u8], network: usize, strip: usize) -> Vec<u8> {
        let (mut ensure, mut frame) = (EnsureEther::new(0x0800, [1; 6], [2; 6]), packet(bytes));
        frame.set_network(network, 20);
        assert!(frame.pull_front(strip));
        assert_eq!(ensure.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        frame.data().to_vec()
    }

    #[test]
    fn keeps_restores_or_makes_the_header() {
        let frame = [3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 8, 0, 0x45];
        let made = [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 8, 0, 0x45];
        assert_eq!(ensured(&frame, 14, 0), frame);
        assert_eq!(ensured(&frame, 14, 14), frame);
        assert_eq!(ensured(&frame, 14, 12), made, "what is left of a header goes");
        assert_eq!(ensured(&[9, 9, 0x45], 2, 0), made);
        let mut unknown = packet(&[1]);
        assert_eq!(EnsureEther::new(0, [1; 6], [2; 6]).action(&mut ListIo::new(0), &mut unknown), Verdict::Pass);
        assert_eq!(unknown.data(), [1]);
    }
}
