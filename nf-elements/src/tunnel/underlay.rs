// SPDX-License-Identifier: Apache-2.0
//! The outer headers of a tunnel: IPv4 or IPv6, and UDP where the tunnel has it.

use super::inner::{Fields, Inner};
use crate::Packet;
use crate::wire::checksum::Sum;
use crate::wire::{ipv4, ipv6, udp};
use core::net::IpAddr;

/// The protocol number of UDP.
const UDP: u8 = 17;
/// The first port of those from which the flow's hash chooses one: the dynamic ports, RFC 6335 §6, as RFC 7348 §5 wants it.
const FIRST_DYNAMIC_PORT: u16 = 49152;

/// The ends of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Source and destination.
    V4([u8; 4], [u8; 4]),
    /// Source and destination.
    V6([u8; 16], [u8; 16]),
}

impl Ends {
    /// The other end's address.
    pub fn destination(&self) -> IpAddr {
        match *self {
            Ends::V4(_, destination) => destination.into(),
            Ends::V6(_, destination) => destination.into(),
        }
    }
}

/// Outer IPv4's flag don't fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DontFragment {
    /// The same on all packets.
    Always(bool),
    /// As the inner packet has it: RFC 2003 §3.1.
    Copied,
}

/// The UDP header of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// The source port; none: chosen by the inner flow's hash, so that routers balance flows.
    pub source: Option<u16>,
    /// The destination port.
    pub destination: u16,
    /// Whether there is a checksum: without one it is 0, which RFC 6935 allows tunnels over IPv6, too.
    pub checksum: bool,
}

/// The outer headers of a tunnel.
#[derive(Clone, Copy, Debug)]
pub struct Underlay {
    /// The ends.
    pub ends: Ends,
    /// The IP protocol; UDP's does not count where there is `udp`.
    pub protocol: u8,
    /// UDP.
    pub udp: Option<Udp>,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// DSCP of all packets; none: that of the inner packet. ECN is always the inner packet's, RFC 6040 §4.1.
    pub dscp: Option<u8>,
    /// Don't fragment.
    pub dont_fragment: DontFragment,
    /// Identification of the next IPv4 packet.
    pub identification: u16,
}

impl Underlay {
    /// Bytes of the headers.
    #[inline]
    pub fn header_bytes(&self) -> usize {
        self.ip_bytes() + if self.udp.is_some() { udp::HEADER_BYTES } else { 0 }
    }

    #[inline]
    fn ip_bytes(&self) -> usize {
        match self.ends {
            Ends::V4(..) => ipv4::HEADER_BYTES,
            Ends::V6(..) => ipv6::HEADER_BYTES,
        }
    }

    /// Whether the inner packet's flow decides about a field.
    #[inline]
    pub fn wants_flow(&self) -> bool {
        matches!(self.ends, Ends::V6(..)) || self.udp.is_some_and(|udp| udp.source.is_none())
    }

    /// Writes the headers into the first [`header_bytes`](Self::header_bytes) bytes of `packet`, in front of the tunnel's own
    /// header, marks the outer IP header, and annotates the destination.
    #[inline]
    pub fn write(&mut self, packet: &mut Packet, inner: Fields, flow_hash: u32) {
        let ip_bytes = self.ip_bytes();
        if let Some(udp) = self.udp {
            self.write_udp(packet.data_mut().get_mut(ip_bytes..).unwrap_or(&mut []), udp, flow_hash);
        }
        let tos = self.dscp.map_or(inner.tos & !3, |dscp| dscp << 2) | inner.tos & 3;
        let protocol = if self.udp.is_some() { UDP } else { self.protocol };
        match self.ends {
            Ends::V4(source, destination) => {
                let dont_fragment = match self.dont_fragment {
                    DontFragment::Always(flag) => flag,
                    DontFragment::Copied => inner.dont_fragment,
                };
                let mut header = [0; ipv4::HEADER_BYTES];
                (header[0], header[1], header[8], header[9]) = (0x45, tos, self.ttl, protocol);
                header[2..4].copy_from_slice(&(packet.len() as u16).to_be_bytes());
                header[4..6].copy_from_slice(&self.identification.to_be_bytes());
                self.identification = self.identification.wrapping_add(1);
                header[6] = if dont_fragment { 0x40 } else { 0 };
                header[12..16].copy_from_slice(&source);
                header[16..].copy_from_slice(&destination);
                let checksum = Sum::new().with_20(&header).checksum();
                header[10..12].copy_from_slice(&checksum.to_be_bytes());
                put(packet, &header);
                packet.annotations_mut().set_destination_ipv4(destination);
            }
            Ends::V6(source, destination) => {
                let mut header = [0; ipv6::HEADER_BYTES];
                // Version, traffic class and flow label, RFC 6438 §3.
                let first = 6 << 28 | u32::from(tos) << 20 | flow_hash >> 12;
                header[..4].copy_from_slice(&first.to_be_bytes());
                header[4..6].copy_from_slice(&((packet.len() - ip_bytes) as u16).to_be_bytes());
                (header[6], header[7]) = (protocol, self.ttl);
                header[8..24].copy_from_slice(&source);
                header[24..].copy_from_slice(&destination);
                put(packet, &header);
                packet.annotations_mut().destination = destination;
            }
        }
        packet.set_network(0, ip_bytes);
    }

    #[inline]
    fn write_udp(&self, datagram: &mut [u8], udp: Udp, flow_hash: u32) {
        let length = datagram.len() as u16;
        let Some((header, payload)) = datagram.split_first_chunk_mut::<{ udp::HEADER_BYTES }>() else { return };
        // The hash's upper bits: its lower ones choose a replica.
        let source = udp.source.unwrap_or(FIRST_DYNAMIC_PORT | (flow_hash >> 18) as u16);
        header[..2].copy_from_slice(&source.to_be_bytes());
        header[2..4].copy_from_slice(&udp.destination.to_be_bytes());
        header[4..6].copy_from_slice(&length.to_be_bytes());
        header[6..].fill(0);
        if udp.checksum {
            let checksum = match self.pseudo_header(UDP, length).with(header).with(payload).checksum() {
                0 => 0xffff,
                checksum => checksum,
            };
            header[6..].copy_from_slice(&checksum.to_be_bytes());
        }
    }

    /// The sum of the pseudo header of `length` bytes of a protocol, RFC 768, RFC 9293 §3.1 and RFC 8200 §8.1.
    #[inline]
    pub(super) fn pseudo_header(&self, protocol: u8, length: u16) -> Sum {
        let sum = Sum::new().with_field(protocol.into()).with_field(length);
        match &self.ends {
            Ends::V4(source, destination) => sum.with(source).with(destination),
            Ends::V6(source, destination) => sum.with(source).with(destination),
        }
    }
}

#[inline]
fn put<const N: usize>(packet: &mut Packet, header: &[u8; N]) {
    if let Some(place) = packet.data_mut().first_chunk_mut() {
        *place = *header;
    }
}

impl Inner {
    /// The fields and, if `underlay` wants it, the flow's hash.
    #[inline]
    pub fn look(self, packet: &mut Packet, underlay: &Underlay) -> (Fields, u32) {
        let flow_hash = if underlay.wants_flow() { self.flow_hash(packet) } else { 0 };
        (self.fields(packet.data()), flow_hash)
    }
}
