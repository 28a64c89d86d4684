// SPDX-License-Identifier: Apache-2.0
//! The outer headers of a tunnel: IPv4 or IPv6, and UDP where the tunnel has it.

use super::inner::{Fields, Inner, known_or};
use crate::Packet;
use crate::flow_table::FlowKey;
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

    /// Writes the headers, and the tunnel's own `header` behind them, into the first bytes of `packet`, marks the outer IP header, and
    /// annotates the destination.
    #[inline]
    pub fn write(&mut self, packet: &mut Packet, inner: Fields, flow_hash: u32, header: &[u8]) {
        let tos = self.dscp.map_or(inner.tos & !3, |dscp| dscp << 2) | inner.tos & 3;
        let bytes = packet.data_mut();
        let length = bytes.len() as u16;
        match self.ends {
            Ends::V4(source, destination) => {
                let dont_fragment = match self.dont_fragment {
                    DontFragment::Always(flag) => flag,
                    DontFragment::Copied => inner.dont_fragment,
                };
                let Some((place, behind)) = bytes.split_first_chunk_mut() else { return };
                *place = self.ipv4([source, destination], length, tos, dont_fragment);
                self.write_behind(behind, flow_hash, header);
                packet.annotations_mut().set_destination_ipv4(destination);
            }
            Ends::V6(source, destination) => {
                let Some((place, behind)) = bytes.split_first_chunk_mut() else { return };
                *place = self.ipv6([source, destination], behind.len() as u16, tos, flow_hash);
                self.write_behind(behind, flow_hash, header);
                packet.annotations_mut().destination = destination;
            }
        }
        packet.set_network(0, self.ip_bytes());
    }

    /// The IP protocol.
    #[inline]
    fn protocol(&self) -> u8 {
        if self.udp.is_some() { UDP } else { self.protocol }
    }

    /// The next packet's header. It is made of numbers and written at once: a processor makes a load wait for narrower stores to the same
    /// place.
    #[inline]
    fn ipv4(&mut self, ends: [[u8; 4]; 2], length: u16, tos: u8, dont_fragment: bool) -> [u8; ipv4::HEADER_BYTES] {
        let [source, destination] = ends.map(|address| u64::from(u32::from_be_bytes(address)));
        let identification = self.identification;
        self.identification = identification.wrapping_add(1);
        let first = 0x45 << 56
            | u64::from(tos) << 48
            | u64::from(length) << 32
            | u64::from(identification) << 16
            | u64::from(dont_fragment) << 14;
        let second = u64::from(self.ttl) << 56 | u64::from(self.protocol()) << 48 | source;
        let checksum = Sum::new().with_number(first).with_number(second).with_number(destination).checksum();
        let second = second | u64::from(checksum) << 32;
        let mut header = [0; ipv4::HEADER_BYTES];
        header[..8].copy_from_slice(&first.to_be_bytes());
        header[8..16].copy_from_slice(&second.to_be_bytes());
        header[16..].copy_from_slice(&(destination as u32).to_be_bytes());
        header
    }

    /// The header of a packet with `length` bytes behind it.
    #[inline]
    fn ipv6(&self, ends: [[u8; 16]; 2], length: u16, tos: u8, flow_hash: u32) -> [u8; ipv6::HEADER_BYTES] {
        // Version, traffic class and flow label, RFC 6438 §3.
        let first = 6 << 28 | u32::from(tos) << 20 | flow_hash >> 12;
        let second = u32::from(length) << 16 | u32::from(self.protocol()) << 8 | u32::from(self.ttl);
        let mut header = [0; ipv6::HEADER_BYTES];
        header[..8].copy_from_slice(&(u64::from(first) << 32 | u64::from(second)).to_be_bytes());
        header[8..24].copy_from_slice(&ends[0]);
        header[24..].copy_from_slice(&ends[1]);
        header
    }

    /// Writes what stands between the IP header and the inner packet.
    #[inline]
    fn write_behind(&self, bytes: &mut [u8], flow_hash: u32, header: &[u8]) {
        let udp_bytes = if self.udp.is_some() { udp::HEADER_BYTES } else { 0 };
        if let Some(place) = bytes.get_mut(udp_bytes..udp_bytes + header.len()) {
            place.copy_from_slice(header);
        }
        if let Some(udp) = self.udp {
            self.write_udp(bytes, udp, flow_hash);
        }
    }

    #[inline]
    fn write_udp(&self, datagram: &mut [u8], udp: Udp, flow_hash: u32) {
        let length = datagram.len() as u16;
        let Some((place, payload)) = datagram.split_first_chunk_mut::<{ udp::HEADER_BYTES }>() else { return };
        // The hash's upper bits: its lower ones choose a replica.
        let source = udp.source.unwrap_or(FIRST_DYNAMIC_PORT | (flow_hash >> 18) as u16);
        let header = u64::from(source) << 48 | u64::from(udp.destination) << 32 | u64::from(length) << 16;
        let checksum = match udp.checksum {
            false => 0,
            true => match self.pseudo_header(UDP, length).with_number(header).with(payload).checksum() {
                0 => 0xffff,
                checksum => checksum,
            },
        };
        *place = (header | u64::from(checksum)).to_be_bytes();
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

impl Inner {
    /// The fields and, if `underlay` wants it, the flow's hash.
    #[inline]
    pub fn look(self, packet: &mut Packet, underlay: &Underlay) -> (Fields, u32) {
        if self == Inner::Ethernet
            && let Some(start) = packet.chunk(0)
            && FlowKey::is_plain(start)
        {
            let fields = Fields { tos: start[15], dont_fragment: start[20] & 0x40 != 0 };
            let key = |bytes: &[u8]| bytes.first_chunk().map_or(FlowKey::EMPTY, FlowKey::plain);
            let flow_hash = if underlay.wants_flow() { known_or(packet, key) } else { 0 };
            return (fields, flow_hash);
        }
        let flow_hash = if underlay.wants_flow() { self.flow_hash(packet) } else { 0 };
        (self.fields(packet.data()), flow_hash)
    }
}
