// SPDX-License-Identifier: Apache-2.0
//! Tests of the whole way from a pattern's text to the leaf of a packet.

mod code;
mod errors;
mod large;
mod primitives;
mod random;

use super::{Diagram, IpWords, NO_MATCH};
use crate::Packet;
use crate::testing::packet;

/// Numbers that look random, the same in each run (xorshift64*).
struct Random(u64);

impl Random {
    /// The next number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % limit
    }

    /// One of `choices`.
    fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// An IP packet to be: what the tests vary.
#[derive(Clone)]
struct Datagram {
    source: [u8; 4],
    destination: [u8; 4],
    protocol: u8,
    tos: u8,
    ttl: u8,
    id: u16,
    /// Flags and fragment offset.
    fragment: u16,
    options: Vec<u8>,
    /// The transport header and what follows.
    payload: Vec<u8>,
    /// What stands before the IP header.
    link: Vec<u8>,
}

impl Datagram {
    /// A packet of `protocol` with the transport header `payload`.
    fn new(protocol: u8, payload: &[u8]) -> Self {
        Datagram {
            source: [10, 0, 0, 1],
            destination: [192, 0, 2, 9],
            protocol,
            tos: 0,
            ttl: 64,
            id: 7,
            fragment: 0,
            options: Vec::new(),
            payload: payload.to_vec(),
            link: vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0],
        }
    }

    /// A TCP segment with these ports and flags.
    fn tcp(source_port: u16, destination_port: u16, flags: u8) -> Self {
        let mut header = [0; 20];
        header[..2].copy_from_slice(&source_port.to_be_bytes());
        header[2..4].copy_from_slice(&destination_port.to_be_bytes());
        header[12..14].copy_from_slice(&[0x50, flags]);
        header[14..16].copy_from_slice(&1000u16.to_be_bytes());
        Datagram::new(6, &header)
    }

    /// A UDP datagram with these ports.
    fn udp(source_port: u16, destination_port: u16) -> Self {
        Datagram { protocol: 17, ..Datagram::tcp(source_port, destination_port, 0) }
    }

    /// The packet, its headers known, its link header stripped.
    fn packet(&self) -> Packet {
        let header_length = 20 + self.options.len();
        let total = (header_length + self.payload.len()) as u16;
        let mut bytes = self.link.clone();
        bytes.extend([0x40 | (header_length / 4) as u8, self.tos]);
        for word in [total, self.id, self.fragment] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend([self.ttl, self.protocol, 0, 0]);
        bytes.extend(self.source);
        bytes.extend(self.destination);
        bytes.extend(&self.options);
        bytes.extend(&self.payload);
        let mut packet = packet(&bytes);
        let network = packet.headroom() + self.link.len();
        packet.annotations_mut().network_offset = network as u16;
        packet.annotations_mut().transport_offset = (network + header_length) as u16;
        assert!(packet.pull_front(self.link.len()));
        packet
    }
}

/// Where `diagram` sends `packet`.
fn walk(diagram: &Diagram, packet: &Packet) -> u16 {
    match IpWords::new(packet, diagram.transport) {
        Some(words) => diagram.walk(&words),
        None => diagram.constant().unwrap_or(NO_MATCH),
    }
}
