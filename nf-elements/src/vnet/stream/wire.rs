// SPDX-License-Identifier: Apache-2.0
//! What lies between a connection and the wiring: packets of the machine's, out by output 0.

use super::{Ends, LEAST_PACKET_BYTES, MOST_PACKET_BYTES};
use crate::wire::{ipv4, ipv6, tcp};
use crate::{Outputs, Packet, PacketIo};
use core::net::IpAddr;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// Packets to and from the other end of a connection.
pub struct Wire<'a, M, O> {
    io: &'a mut M,
    out: &'a mut O,
    /// A packet from there, as long as nobody has taken it.
    pub incoming: Option<&'a [u8]>,
    destination: IpAddr,
    mtu: usize,
}

impl<'a, M: PacketIo, O: Outputs> Wire<'a, M, O> {
    /// Between these ends.
    pub fn new(io: &'a mut M, out: &'a mut O, ends: &Ends) -> Self {
        let mtu = usize::from(ends.mtu).clamp(LEAST_PACKET_BYTES, MOST_PACKET_BYTES);
        Wire { io, out, incoming: None, destination: ends.remote, mtu }
    }

    pub fn now_ns(&self) -> u64 {
        self.io.now_ns()
    }
}

impl<'w, M: PacketIo, O: Outputs> Device for Wire<'w, M, O> {
    type RxToken<'a>
        = Incoming<'w>
    where
        Self: 'a;
    type TxToken<'a>
        = Outgoing<'a, O>
    where
        Self: 'a;

    /// An answer must have a place before its question is taken.
    fn receive(&mut self, _: Instant) -> Option<(Incoming<'w>, Outgoing<'_, O>)> {
        if self.incoming.is_none() || self.out.room(0) == 0 {
            return None;
        }
        let packet = self.io.allocate()?;
        let segment = self.incoming.take()?;
        Some((Incoming(segment), Outgoing { packet, out: self.out, destination: self.destination }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_, O>> {
        if self.out.room(0) == 0 {
            return None;
        }
        Some(Outgoing { packet: self.io.allocate()?, out: self.out, destination: self.destination })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        (capabilities.medium, capabilities.max_transmission_unit) = (Medium::Ip, self.mtu);
        capabilities
    }
}

/// A packet from the other end.
pub struct Incoming<'a>(&'a [u8]);

impl RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

/// A place for a packet to the other end.
pub struct Outgoing<'a, O> {
    packet: Packet,
    out: &'a mut O,
    destination: IpAddr,
}

impl<O: Outputs> TxToken for Outgoing<'_, O> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, length: usize, f: F) -> R {
        static ZEROS: [u8; MOST_PACKET_BYTES] = [0; MOST_PACKET_BYTES];
        // smoltcp keeps to the greatest length, for which a fresh packet has room.
        let _ = self.packet.append(&ZEROS[..length.min(MOST_PACKET_BYTES)]);
        let result = f(self.packet.data_mut());
        let ip_bytes = match self.destination {
            IpAddr::V4(address) => {
                self.packet.annotations_mut().set_destination_ipv4(address.octets());
                ipv4::HEADER_BYTES
            }
            IpAddr::V6(address) => {
                self.packet.annotations_mut().destination = address.octets();
                ipv6::HEADER_BYTES
            }
        };
        self.packet.set_network(0, ip_bytes);
        self.out.emit(0, self.packet);
        result
    }
}

/// Whether a packet asks for a connection: a SYN without an ACK, RFC 9293 §3.5.
pub fn is_request(packet: &[u8]) -> bool {
    let ip_bytes = match packet.first().map(|first| (first >> 4, first & 0xf)) {
        Some((4, words)) => usize::from(words) * 4,
        _ => ipv6::HEADER_BYTES,
    };
    let flags = packet.get(ip_bytes + tcp::field::FLAGS).copied().unwrap_or(0);
    flags & (tcp::flag::SYN | tcp::flag::ACK | tcp::flag::RST) == tcp::flag::SYN
}
