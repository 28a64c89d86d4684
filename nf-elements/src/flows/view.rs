// SPDX-License-Identifier: Apache-2.0
//! A packet as a rewriter edits it: fields set in place, checksums changed by what the flow keeps ready (RFC 1624).

use super::{Flow, FlowId};
use crate::wire::checksum::Delta;
use crate::wire::{ipv4, tcp, udp};

/// TCP, in the IP header's field Protocol.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// DCCP, RFC 4340: its ports lie where those of UDP do.
pub const DCCP: u8 = 33;
/// ICMP.
pub const ICMP: u8 = 1;

/// Bytes of a TCP header up to the checksum: what an ICMP error or a short packet may hold of it.
const TCP_TO_CHECKSUM: usize = tcp::field::CHECKSUM.end;

/// An IPv4 packet whose header is whole.
pub struct View<'a> {
    header: &'a mut [u8; ipv4::HEADER_BYTES],
    /// What follows the header and its options, to the end of the packet.
    pub transport: &'a mut [u8],
}

impl<'a> View<'a> {
    /// The packet at the front of `bytes`, if they hold its header.
    #[inline(always)]
    pub fn new(bytes: &'a mut [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk_mut::<{ ipv4::HEADER_BYTES }>()?;
        let first = header[ipv4::field::VERSION_IHL];
        let options = (usize::from(first & 15) * 4).checked_sub(ipv4::HEADER_BYTES)?;
        if first >> 4 != 4 {
            return None;
        }
        Some(View { header, transport: rest.get_mut(options..)? })
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.header[at], self.header[at + 1]])
    }

    #[inline(always)]
    fn address(&self, at: usize) -> u32 {
        u32::from(self.word(at)) << 16 | u32::from(self.word(at + 2))
    }

    /// Protocol.
    #[inline(always)]
    pub fn protocol(&self) -> u8 {
        self.header[ipv4::field::PROTOCOL]
    }

    /// Whether the transport header is here: in a whole packet or the first fragment of one.
    #[inline(always)]
    pub fn is_first(&self) -> bool {
        self.word(ipv4::field::FLAGS_FRAGMENT_OFFSET.start) & 0x1fff == 0
    }

    /// Source Address.
    #[inline(always)]
    pub fn source(&self) -> u32 {
        self.address(ipv4::field::SOURCE.start)
    }

    /// Destination Address.
    #[inline(always)]
    pub fn destination(&self) -> u32 {
        self.address(ipv4::field::DESTINATION.start)
    }

    /// Bytes of the header, options included.
    #[inline(always)]
    pub fn header_length(&self) -> usize {
        usize::from(self.header[ipv4::field::VERSION_IHL] & 15) * 4
    }

    /// Total Length, whatever the packet's bytes.
    #[inline(always)]
    pub fn total_length(&self) -> usize {
        usize::from(self.word(ipv4::field::TOTAL_LENGTH.start))
    }

    /// Whether there is data behind a transport header of that length, as Total Length says.
    #[inline(always)]
    pub fn has_payload(&self, transport_header: usize) -> bool {
        self.header_length() + transport_header < self.total_length()
    }

    /// Addresses and ports, if the packet has eight bytes of a transport header.
    #[inline(always)]
    pub fn id(&self) -> Option<FlowId> {
        let ports = self.transport.first_chunk::<8>()?;
        Some(FlowId {
            source: self.source(),
            destination: self.destination(),
            source_port: u16::from_be_bytes([ports[0], ports[1]]),
            destination_port: u16::from_be_bytes([ports[2], ports[3]]),
        })
    }

    /// Sets the source address; the checksum is another matter.
    #[inline(always)]
    pub fn set_source(&mut self, address: u32) {
        self.header[ipv4::field::SOURCE].copy_from_slice(&address.to_be_bytes());
    }

    /// Sets the destination address; the checksum is another matter.
    #[inline(always)]
    pub fn set_destination(&mut self, address: u32) {
        self.header[ipv4::field::DESTINATION].copy_from_slice(&address.to_be_bytes());
    }

    /// Header Checksum.
    pub fn checksum(&self) -> u16 {
        self.word(ipv4::field::HEADER_CHECKSUM.start)
    }

    /// Changes the header checksum.
    #[inline(always)]
    pub fn change_checksum(&mut self, delta: Delta) {
        let checksum = delta.apply(self.checksum());
        self.header[ipv4::field::HEADER_CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    }

    /// Sets both addresses as the flow has them, and the header checksum with them.
    #[inline(always)]
    pub fn rewrite_addresses(&mut self, flow: &Flow, direction: usize) {
        let new = flow.rewritten(direction);
        self.set_source(new.source);
        self.set_destination(new.destination);
        self.change_checksum(flow.header_change(direction));
    }

    /// Sets the ports, in front of any transport header that has them.
    #[inline(always)]
    pub fn set_ports(&mut self, new: &FlowId) {
        if let Some(ports) = self.transport.first_chunk_mut::<4>() {
            *ports = new.ports().to_be_bytes();
        }
    }

    /// Changes the checksum of a TCP segment, if it is there.
    #[inline(always)]
    pub fn change_tcp_checksum(&mut self, delta: Delta) {
        if let Some(header) = self.transport.first_chunk_mut::<TCP_TO_CHECKSUM>() {
            let field = &mut header[tcp::field::CHECKSUM];
            let checksum = delta.apply(u16::from_be_bytes([field[0], field[1]]));
            field.copy_from_slice(&checksum.to_be_bytes());
        }
    }

    /// Changes the checksum of a UDP datagram, unless it has none: that is 0, so one that becomes 0 is written as 0xffff,
    /// which means the same (RFC 768).
    #[inline(always)]
    pub fn change_udp_checksum(&mut self, delta: Delta) {
        if let Some(header) = self.transport.first_chunk_mut::<{ udp::HEADER_BYTES }>() {
            let field = &mut header[udp::field::CHECKSUM];
            let checksum = u16::from_be_bytes([field[0], field[1]]);
            if checksum != 0 {
                let changed = delta.apply(checksum);
                field.copy_from_slice(&(if changed == 0 { 0xffff } else { changed }).to_be_bytes());
            }
        }
    }

    /// Changes the checksum of the transport protocol that the packet has, if that covers the addresses.
    #[inline(always)]
    pub fn change_transport_checksum(&mut self, delta: Delta) {
        match self.protocol() {
            TCP => self.change_tcp_checksum(delta),
            UDP => self.change_udp_checksum(delta),
            _ => {}
        }
    }

    /// Data offset (in bytes) and flags of a TCP header, if it is there up to its checksum.
    #[inline(always)]
    pub fn tcp(&self) -> Option<(usize, u8)> {
        let header = self.transport.first_chunk::<TCP_TO_CHECKSUM>()?;
        Some((usize::from(header[tcp::field::DATA_OFFSET] >> 4) * 4, header[tcp::field::FLAGS]))
    }
}
