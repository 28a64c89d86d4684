// SPDX-License-Identifier: Apache-2.0
//! # IPMirror
//! `IPMirror([DST_ANNO])` — swaps the addresses, and the ports, of source and destination.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** swaps the IP header's addresses; of TCP and UDP packets that are no later fragment also the ports, and
//! of TCP the sequence and the acknowledgment number. The destination annotation becomes the new destination, unless
//! DST_ANNO is false. Checksums stay right: their sums have the same parts as before.
//!
//! **Notes:** the numbers are swapped only where the packet holds them; Click looks for the ports alone.
//!
//! **Handlers:** `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPMirror -> EtherMirror -> ToDevice(lan);`
//!
//! **See also:** `EtherMirror`, `ICMPPingResponder`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::ipv4::field;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Transport headers shorter than this are left alone, as in Click.
const LEAST_BYTES: usize = 8;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// See the module's documentation.
pub struct IpMirror {
    annotates: bool,
    no_header: u64,
}

impl IpMirror {
    /// With DST_ANNO.
    pub const fn new(annotates: bool) -> Self {
        IpMirror { annotates, no_header: 0 }
    }
}

impl Element for IpMirror {
    const SPEC: Spec = Spec {
        class: "IPMirror",
        category: Category::Ip,
        summary: "swaps the addresses, and the ports, of source and destination",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "DST_ANNO",
            kind: ArgumentKind::Optional,
            doc: "set the destination annotation? true by default",
        }],
        handlers: &[marked::NO_HEADER],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpMirror {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let annotates = arguments.optional("DST_ANNO", true)?;
        Some(crate::configure::Instance::new("IpMirror", format!("IpMirror::new({annotates})")))
    }
}

impl Action for IpMirror {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(header) = marked::header(packet) else {
            self.no_header += 1;
            return Verdict::Drop;
        };
        let (source, length) = (marked::source(header), marked::header_length(header));
        let (protocol, later) = (header[field::PROTOCOL], marked::flags_and_offset(header) & 0x1fff != 0);
        let bytes = packet.network_mut();
        swap::<4>(bytes, field::SOURCE.start);
        if !later
            && matches!(protocol, TCP | UDP)
            && let Some(transport) = bytes.get_mut(length..).filter(|transport| transport.len() >= LEAST_BYTES)
        {
            swap::<2>(transport, 0);
            if protocol == TCP {
                swap::<4>(transport, 4);
            }
        }
        if self.annotates {
            packet.annotations_mut().set_destination_ipv4(source);
        }
        Verdict::Pass
    }
}

/// Swaps two neighbours of `N` bytes each, if both are there.
#[inline]
fn swap<const N: usize>(bytes: &mut [u8], at: usize) {
    if let Some(pair) = bytes.get_mut(at..at + 2 * N) {
        pair.rotate_left(N);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    fn mirrored(protocol: u8, payload: &[u8]) -> (Packet, Vec<u8>) {
        let mut frame = marked::datagram(protocol, [1, 2, 3, 4], [5, 6, 7, 8], payload);
        assert_eq!(IpMirror::new(true).action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        let header = Ipv4::new_checked(frame.data()).unwrap();
        assert!(header.is_header_intact());
        assert_eq!((header.source(), header.destination()), (0x0506_0708, 0x0102_0304));
        let payload = header.payload().to_vec();
        (frame, payload)
    }

    #[test]
    fn swaps_addresses_ports_and_numbers() {
        let numbers: Vec<u8> = (1..=20).collect();
        let (frame, tcp) = mirrored(6, &numbers);
        assert_eq!(tcp[..13], [3, 4, 1, 2, 9, 10, 11, 12, 5, 6, 7, 8, 13]);
        assert_eq!(frame.annotations().destination[..4], [1, 2, 3, 4]);
        assert_eq!(mirrored(17, &numbers).1[..5], [3, 4, 1, 2, 5]);
        assert_eq!((mirrored(1, &numbers).1, mirrored(6, &numbers[..7]).1), (numbers.clone(), numbers[..7].to_vec()));
        // The numbers of a TCP header that ends early are not there to be swapped.
        assert_eq!(mirrored(6, &numbers[..9]).1, [3, 4, 1, 2, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn without_a_header_there_is_nothing_to_mirror() {
        let mut mirror = IpMirror::new(false);
        assert_eq!(mirror.action(&mut ListIo::new(0), &mut packet(&[0; 60])), Verdict::Drop);
        assert_eq!(read(&mirror, "no_header"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<IpMirror>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "IpMirror::new(true)");
        assert!(made(&["false", "1"]).is_err());
    }
}
