// SPDX-License-Identifier: Apache-2.0
//! The reset that a rejected TCP segment is answered with (RFC 9293 §3.10.7.1).

use crate::wire::checksum::Sum;
use crate::{Packet, PacketIo};
use ::ids::packet::{self, Tcp, flag};

/// Bytes of a TCP header without options.
const TCP_BYTES: usize = 20;

/// A packet that resets the connection of the segment in `refused`; none if that is no TCP, or a reset itself. An Ethernet
/// header before the segment's IP header stands before this one's, too, with its addresses exchanged.
pub fn reset<M: PacketIo>(refused: &Packet, io: &mut M) -> Option<Packet> {
    let rejected = packet::Packet::parse(refused.network()).ok()?;
    let link = refused.data().get(..refused.data().len().checked_sub(refused.network().len())?)?;
    let tcp = rejected.tcp.filter(|tcp| tcp.flags & flag::RST == 0)?;
    let mut segment = segment(&rejected, &tcp);
    let [source, destination] = [rejected.addresses[1], rejected.addresses[0]];
    let header = if rejected.six { six(source, destination) } else { four(source, destination) };
    let header = &header[..if rejected.six { 40 } else { 20 }];
    let sum = Sum::new().with(source).with(destination).with(&[0, packet::TCP, 0, TCP_BYTES as u8]);
    let checksum = sum.with(&segment).checksum();
    segment[16..18].copy_from_slice(&checksum.to_be_bytes());
    let mut packet = io.allocate()?;
    let mirrored = match link.split_at_checked(12) {
        Some((addresses, rest)) => {
            let (destination, source) = addresses.split_at(6);
            packet.append(source) && packet.append(destination) && packet.append(rest)
        }
        None => true,
    };
    let at = packet.len();
    let fits = mirrored && packet.append(header) && packet.append(&segment);
    packet.set_network(at, header.len());
    packet.annotations_mut().paint = refused.annotations().paint;
    if let (false, Ok(address)) = (rejected.six, <[u8; 4]>::try_from(destination)) {
        packet.annotations_mut().set_destination_ipv4(address);
    }
    fits.then_some(packet)
}

fn segment(rejected: &packet::Packet<'_>, tcp: &Tcp) -> [u8; TCP_BYTES] {
    let mut segment = [0; TCP_BYTES];
    segment[..2].copy_from_slice(&rejected.ports[1].to_be_bytes());
    segment[2..4].copy_from_slice(&rejected.ports[0].to_be_bytes());
    let extra = u32::from(tcp.flags & flag::SYN != 0) + u32::from(tcp.flags & flag::FIN != 0);
    let (sequence, acknowledgment, flags) = if tcp.flags & flag::ACK != 0 {
        (tcp.acknowledgment, 0, flag::RST)
    } else {
        (0, tcp.sequence.wrapping_add(rejected.payload.len() as u32).wrapping_add(extra), flag::RST | flag::ACK)
    };
    segment[4..8].copy_from_slice(&sequence.to_be_bytes());
    segment[8..12].copy_from_slice(&acknowledgment.to_be_bytes());
    (segment[12], segment[13]) = ((TCP_BYTES as u8 / 4) << 4, flags);
    segment
}

/// An IPv4 header (RFC 791 §3.1).
fn four(source: &[u8], destination: &[u8]) -> [u8; 40] {
    let mut header = [0; 40];
    header[..10].copy_from_slice(&[0x45, 0, 0, 20 + TCP_BYTES as u8, 0, 0, 0x40, 0, 64, packet::TCP]);
    header[12..16].copy_from_slice(source);
    header[16..20].copy_from_slice(destination);
    let checksum = Sum::new().with(&header[..20]).checksum();
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// An IPv6 header (RFC 8200 §3).
fn six(source: &[u8], destination: &[u8]) -> [u8; 40] {
    let mut header = [0; 40];
    header[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, TCP_BYTES as u8, packet::TCP, 64]);
    header[8..24].copy_from_slice(source);
    header[24..].copy_from_slice(destination);
    header
}
