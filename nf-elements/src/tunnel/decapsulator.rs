// SPDX-License-Identifier: Apache-2.0
//! Taking packets out of a tunnel: what all elements that do so share.

use super::ecn;
use super::inner::Inner;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::Ipv6;
use crate::wire::stt::Segment;
use crate::wire::udp::{self, Udp};
use crate::{HandlerError, Packet};
use core::fmt;

/// Protocol numbers.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Why a packet is not taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No IP header is marked, or the protocol behind it is not the tunnel's.
    NotOurs,
    /// It is a fragment.
    Fragment,
    /// The outer UDP checksum is wrong.
    Checksum,
    /// The tunnel's own header is bad, or of what the element does not take.
    Header,
    /// It is of another network: VNI, VSID, key.
    Network,
    /// It was marked for congestion on the way, and its transport would not understand that: RFC 6040 §4.2.
    Congestion,
}

/// The handlers that each element has, in the order of [`Refusal`].
pub const HANDLERS: [Handler; 6] = [
    drops("not_ours", "packets without a marked IP header, or of another protocol"),
    drops("fragment", "fragments of outer packets"),
    drops("checksum", "outer UDP checksums that are wrong"),
    drops("header", "tunnel headers that are bad or not taken"),
    drops("network", "packets of another network"),
    drops("congestion", "packets marked for congestion that are not capable of it"),
];

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

/// The outer headers of a packet, found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where the tunnel's own header, or the inner packet, begins in the data.
    pub at: usize,
    /// Where the outer packet ends in the data.
    pub end: usize,
    /// The outer ECN field.
    pub ecn: u8,
}

/// Takes packets out of a tunnel.
pub struct Decapsulator {
    protocols: &'static [u8],
    /// Whether outer UDP checksums are checked.
    checksum: bool,
    /// Whether output 1 takes what is refused.
    diverts: bool,
    refused: [u64; HANDLERS.len()],
}

impl Decapsulator {
    /// The argument that elements over UDP have.
    pub const CHECKSUM: Argument = Argument {
        name: "CHECKSUM",
        kind: ArgumentKind::Keyword,
        doc: "check the UDP checksum, if there is one? false by default",
    };

    /// Of a tunnel over one of these IP protocols.
    pub const fn new(protocols: &'static [u8], checksum: bool, diverts: bool) -> Self {
        Decapsulator { protocols, checksum, diverts, refused: [0; HANDLERS.len()] }
    }

    /// Finds the outer headers of `packet`, whose IP header is marked.
    #[inline]
    pub fn open(&self, packet: &Packet) -> Result<Opened, Refusal> {
        let before = before(packet);
        let bytes = packet.network();
        let (length, end, protocol, tos, is_fragment) = match bytes.first().map(|first| first >> 4) {
            Some(4) => {
                let header = Ipv4::new_checked(bytes).map_err(|_| Refusal::NotOurs)?;
                let end = usize::from(header.total_length());
                (header.header_length(), end, header.protocol().into(), header.ecn(), header.is_fragment())
            }
            Some(6) => {
                let header = Ipv6::new_checked(bytes).map_err(|_| Refusal::NotOurs)?;
                let upper = header.upper().ok_or(Refusal::NotOurs)?;
                let end = crate::wire::ipv6::HEADER_BYTES + usize::from(header.payload_length());
                (upper.offset, end, upper.protocol.into(), header.traffic_class(), upper.fragment.is_some())
            }
            _ => return Err(Refusal::NotOurs),
        };
        if !self.protocols.contains(&protocol) {
            return Err(Refusal::NotOurs);
        }
        if is_fragment {
            return Err(Refusal::Fragment);
        }
        Ok(Opened { at: before.wrapping_add(length), end: before.wrapping_add(end), ecn: tos & 3 })
    }

    /// The same of a tunnel over UDP: `at` is behind its header. And what the datagram carries: from there on.
    #[inline]
    pub fn open_udp<'a>(&self, packet: &'a Packet) -> Result<(Opened, &'a [u8]), Refusal> {
        self.open_plain_udp(packet).map_or_else(|| self.open_any_udp(packet), Ok)
    }

    /// The same, in fewer steps, of a good datagram in an IPv4 packet without options, as nearly all are. None of any other.
    #[inline(always)]
    fn open_plain_udp<'a>(&self, packet: &'a Packet) -> Option<(Opened, &'a [u8])> {
        let bytes = packet.network();
        let headers: &[u8; ipv4::HEADER_BYTES + udp::HEADER_BYTES] = bytes.first_chunk()?;
        let field = |at: usize| u16::from_be_bytes([headers[at], headers[at + 1]]);
        let (total_length, length, checksum) = (usize::from(field(2)), field(24), field(26));
        let end = ipv4::HEADER_BYTES + usize::from(length);
        let is_plain = headers[0] == 0x45 && field(6) & 0x3fff == 0 && headers[9] == UDP;
        if !is_plain || end > total_length || total_length > bytes.len() {
            return None;
        }
        let carried = bytes.get(headers.len()..end)?;
        if self.checksum && checksum != 0 {
            let pseudo = Sum::new().with_field(UDP.into()).with_field(length).with(&headers[12..20]);
            if !pseudo.with(&headers[20..]).with(carried).is_intact() {
                return None;
            }
        }
        let before = before(packet);
        let opened =
            Opened { at: before.wrapping_add(headers.len()), end: before.wrapping_add(end), ecn: headers[1] & 3 };
        Some((opened, carried))
    }

    #[inline(never)]
    fn open_any_udp<'a>(&self, packet: &'a Packet) -> Result<(Opened, &'a [u8]), Refusal> {
        let opened = self.open(packet)?;
        let datagram = packet.data().get(opened.at..opened.end).and_then(|bytes| Udp::new_checked(bytes).ok());
        let datagram = datagram.ok_or(Refusal::NotOurs)?;
        if self.checksum && datagram.checksum() != 0 && !is_intact(packet.network(), UDP, datagram.bytes()) {
            return Err(Refusal::Checksum);
        }
        let (at, end) = (opened.at + udp::HEADER_BYTES, opened.at + usize::from(datagram.length()));
        Ok((Opened { at, end, ..opened }, datagram.payload()))
    }

    /// The same of a tunnel whose segments look like TCP's: the segment and its part of a frame.
    #[inline]
    pub fn open_segment<'a>(&self, packet: &'a Packet) -> Result<(Opened, Segment, &'a [u8]), Refusal> {
        let opened = self.open(packet)?;
        let bytes = packet.data().get(opened.at..opened.end).ok_or(Refusal::NotOurs)?;
        let (segment, part) = Segment::read(bytes).map_err(|_| Refusal::Header)?;
        if self.checksum && !is_intact(packet.network(), TCP, bytes) {
            return Err(Refusal::Checksum);
        }
        Ok((Opened { at: opened.end - part.len(), ..opened }, segment, part))
    }

    /// Takes the inner packet out, which begins at `at` of the data, up to the outer one's end. Marks of headers are lost, but that
    /// the link layer's header begins where the packet does.
    #[inline]
    pub fn take_out(&self, packet: &mut Packet, opened: Opened, at: usize, inner: Inner) -> Result<(), Refusal> {
        packet.truncate(opened.end);
        if !packet.pull_front(at) {
            return Err(Refusal::Header);
        }
        let start = packet.headroom() as u16;
        let annotations = packet.annotations_mut();
        (annotations.mac_offset, annotations.network_offset, annotations.transport_offset) = (start, 0, 0);
        if opened.ecn != 0 {
            let had = inner.fields(packet.data()).tos & 3;
            let has = ecn::decapsulate(had, opened.ecn);
            // What has no IP header has no field, and nothing to lose.
            let Some(has) = has.or((inner == Inner::Opaque).then_some(had)) else { return Err(Refusal::Congestion) };
            if has != had {
                inner.set_ecn(packet.data_mut(), has);
            }
        }
        Ok(())
    }

    /// The output for what came of it.
    #[inline]
    pub fn exit(&mut self, result: Result<(), Refusal>) -> Option<usize> {
        match result {
            Ok(()) => Some(0),
            Err(refusal) => self.refuse(refusal),
        }
    }

    #[cold]
    fn refuse(&mut self, refusal: Refusal) -> Option<usize> {
        self.refused[refusal as usize] += u64::from(!self.diverts);
        self.diverts.then_some(1)
    }

    /// Reads one of [`HANDLERS`].
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let index = HANDLERS.iter().position(|handler| handler.name == name).ok_or(HandlerError::Unknown)?;
        Ok(write!(out, "{}", self.refused[index])?)
    }
}

/// Bytes of the data in front of the IP header; fewer than none, around the end, if it was stripped.
#[inline]
fn before(packet: &Packet) -> usize {
    usize::from(packet.annotations().network_offset).wrapping_sub(packet.headroom())
}

/// Whether the checksum of a datagram or segment is right, between the addresses of the IP header at the front of `ip`.
#[inline(never)]
fn is_intact(ip: &[u8], protocol: u8, bytes: &[u8]) -> bool {
    let addresses = match ip.first().map(|first| first >> 4) {
        Some(4) => ip.get(12..20),
        _ => ip.get(8..40),
    };
    let pseudo = Sum::new().with(addresses.unwrap_or(&[])).with_field(protocol.into()).with_field(bytes.len() as u16);
    pseudo.with(bytes).is_intact()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked;

    /// A datagram of 4 bytes with a checksum.
    fn datagram() -> Packet {
        let mut packet = marked::datagram(UDP, [10, 0, 0, 1], [10, 0, 0, 2], &[0, 7, 18, 181, 0, 12, 0, 0, 1, 2, 3, 4]);
        let bytes = packet.data_mut();
        let checksum = Sum::new().with_field(17).with_field(12).with(&bytes[12..]).checksum();
        bytes[26..28].copy_from_slice(&checksum.to_be_bytes());
        packet
    }

    #[test]
    fn the_short_way_says_what_the_long_one_does() {
        let decapsulators = [true, false].map(|checksum| Decapsulator::new(&[UDP], checksum, false));
        let opened = Opened { at: 28, end: 32, ecn: 0 };
        assert_eq!(decapsulators[0].open_plain_udp(&datagram()), Some((opened, [1, 2, 3, 4].as_slice())));
        for (at, bit) in (0..32).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut packet = datagram();
            packet.data_mut()[at] ^= 1 << bit;
            for decapsulator in &decapsulators {
                let wanted = decapsulator.open_any_udp(&packet);
                assert_eq!(decapsulator.open_udp(&packet), wanted, "bit {bit} of byte {at}");
                assert!(at < 26 || decapsulator.checksum == wanted.is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn an_outer_header_may_have_been_stripped() {
        let mut packet = datagram();
        assert!(packet.pull_front(20));
        let decapsulator = Decapsulator::new(&[UDP], true, false);
        let (opened, carried) = decapsulator.open_udp(&packet).unwrap();
        assert_eq!((opened.at, opened.end, carried), (8, 12, [1, 2, 3, 4].as_slice()));
        assert_eq!(decapsulator.open_any_udp(&packet), decapsulator.open_udp(&packet));
        decapsulator.take_out(&mut packet, opened, opened.at, Inner::Opaque).unwrap();
        assert_eq!(packet.data(), [1, 2, 3, 4]);
    }
}
