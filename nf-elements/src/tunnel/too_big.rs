// SPDX-License-Identifier: Apache-2.0
//! What becomes of a packet that a tunnel or a router cannot pass on: its sender is told (ICMP, RFC 792 and RFC 1191; ICMPv6,
//! RFC 4443), or, where it is too big and may be, it becomes fragments (RFC 791 §3.2). It is never lost in silence.

use super::Inner;
use crate::elements::icmp6_error::may_answer;
use crate::elements::ip_fragmenter::later_header;
use crate::elements::path_mtu::{LEAST_IPV4, LEAST_IPV6};
use crate::wire::checksum::Sum;
use crate::wire::ethernet::{HEADER_BYTES, addresses, set_addresses};
use crate::wire::icmpv6::{self, Type};
use crate::wire::ipv4::{self, Ipv4, Protocol};
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::wire::ipv6::{self, Ipv6, NextHeader};
use crate::wire::ipv6_edit::{Header, Ipv6Mut};
use crate::{Packet, PacketIo, PacketType};

/// Bytes of an ICMP header, of both versions.
const ICMP_BYTES: usize = 8;
/// Most bytes of an error: RFC 1812 §4.3.2.3. An IPv6 error may have 1280 (RFC 4443 §2.4), and needs no more.
const MOST_BYTES: usize = 576;
/// TTL or hop limit of an error.
const HOPS: u8 = 64;
/// Bytes of the longest Ethernet header, with two tags.
const MOST_ETHERNET_BYTES: usize = HEADER_BYTES + 8;
/// More fragments follow, RFC 791 §3.1.
const MORE: u16 = 0x2000;

/// Why a packet does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is longer than this. The sender is told at least 68 bytes of IPv4 (RFC 1191 §3), 1280 of IPv6 (RFC 8200 §5).
    TooBig(u16),
    /// It has passed too many routers.
    HopLimit,
    /// There is no way to its destination.
    NoRoute,
    /// Its destination does not answer.
    NoHost,
}

impl Problem {
    /// ICMP's type and code, and the two last bytes of the header.
    fn v4(self) -> (u8, u8, u16) {
        match self {
            Problem::TooBig(mtu) => (3, 4, mtu.max(LEAST_IPV4)),
            Problem::HopLimit => (11, 0, 0),
            Problem::NoRoute => (3, 0, 0),
            Problem::NoHost => (3, 1, 0),
        }
    }

    /// The same of ICMPv6.
    fn v6(self) -> (Type, u8, u16) {
        match self {
            Problem::TooBig(mtu) => (Type::PacketTooBig, 0, mtu.max(LEAST_IPV6)),
            Problem::HopLimit => (Type::TimeExceeded, 0, 0),
            Problem::NoRoute => (Type::DestinationUnreachable, 0, 0),
            Problem::NoHost => (Type::DestinationUnreachable, 3, 0),
        }
    }
}

/// Makes an IP packet the error about itself, its header marked, `from` this address, or from its own destination if that is 0: IPv4 in the lower
/// 32 bits. False, and no change, if no error may be sent about it (RFC 1812 §4.3.2.7, RFC 4443 §2.4(e)) or there is no room.
pub fn answer(packet: &mut Packet, problem: Problem, from: u128) -> bool {
    let (answered, header_bytes) = match packet.data().first().map(|first| first >> 4) {
        Some(4) => (answer_v4(packet, problem, from as u32), ipv4::HEADER_BYTES),
        Some(6) => (answer_v6(packet, problem, from), ipv6::HEADER_BYTES),
        _ => return false,
    };
    if answered {
        packet.set_network(0, header_bytes);
        packet.set_extra_length(0);
    }
    answered
}

fn answer_v4(packet: &mut Packet, problem: Problem, from: u32) -> bool {
    let Ok(about) = Ipv4::new_checked(packet.data()) else { return false };
    let (source, destination) = (about.source(), about.destination());
    let is_error = about.protocol() == Protocol::Icmp
        && about.payload().first().is_none_or(|kind| matches!(kind, 3..=5 | 11 | 12));
    let is_host = |address: u32| !matches!(address >> 24, 0 | 127 | 224..);
    if is_error || about.fragment_offset() != 0 || !is_host(source) || !is_host(destination) {
        return false;
    }
    let front = ipv4::HEADER_BYTES + ICMP_BYTES;
    if packet.headroom() < front {
        return false;
    }
    packet.truncate(usize::from(about_length(packet)).min(MOST_BYTES - front));
    let (kind, code, rest) = problem.v4();
    if !packet.push_front(front) {
        return false;
    }
    let length = packet.len() as u16;
    let (ip, icmp) = packet.data_mut().split_at_mut(ipv4::HEADER_BYTES);
    let [upper, lower] = rest.to_be_bytes();
    icmp[..ICMP_BYTES].copy_from_slice(&[kind, code, 0, 0, 0, 0, upper, lower]);
    let checksum = Sum::new().with(icmp).checksum();
    icmp[2..4].copy_from_slice(&checksum.to_be_bytes());
    ip.fill(0);
    let Some(mut ip) = Ipv4Mut::new(ip) else { return false };
    ip.set_header_length(ipv4::HEADER_BYTES);
    ip.set_total_length(length);
    ip.set_time_to_live(HOPS);
    ip.set_protocol(Protocol::Icmp.into());
    ip.set_source(if from == 0 { destination } else { from });
    ip.set_destination(source);
    ip.fill_header_checksum();
    true
}

/// Total Length.
fn about_length(packet: &Packet) -> u16 {
    packet.chunk::<2>(2).map_or(0, |length| u16::from_be_bytes(*length))
}

fn answer_v6(packet: &mut Packet, problem: Problem, from: u128) -> bool {
    let Ok(about) = Ipv6::new_checked(packet.data()) else { return false };
    let (source, destination) = (about.source(), about.destination());
    let front = ipv6::HEADER_BYTES + ICMP_BYTES;
    let length = ipv6::HEADER_BYTES + usize::from(about.payload_length());
    // Nobody makes a packet shorter than that for being told so.
    if matches!(problem, Problem::TooBig(_)) && length <= LEAST_IPV6.into() {
        return false;
    }
    if !may_answer(&about, PacketType::Host) || packet.headroom() < front {
        return false;
    }
    packet.truncate(length.min(MOST_BYTES - front));
    if !packet.push_front(front) {
        return false;
    }
    let ours = if from == 0 { destination } else { from };
    let (ip, icmp) = packet.data_mut().split_at_mut(ipv6::HEADER_BYTES);
    let (kind, code, rest) = problem.v6();
    let [upper, lower] = rest.to_be_bytes();
    icmp[..ICMP_BYTES].copy_from_slice(&[kind.into(), code, 0, 0, 0, 0, upper, lower]);
    icmpv6::fill_checksum(ours, source, icmp);
    let (payload_length, next_header) = (icmp.len() as u16, NextHeader::Icmpv6.into());
    let Some(mut header) = Ipv6Mut::new(ip) else { return false };
    header.write(Header { payload_length, next_header, hop_limit: HOPS, source: ours, destination: source });
    true
}

/// Makes an Ethernet frame the error about the IP packet in it, back to who sent it, `from` as [`answer`] has it: a bridge has no address
/// of its own. False if there is none.
pub fn answer_frame(frame: &mut Packet, problem: Problem, from: u128) -> bool {
    let Some(at) = Inner::Ethernet.ip_offset(frame.data()) else { return false };
    let mut ethernet = [0; MOST_ETHERNET_BYTES];
    let (Some(place), Some(header)) = (ethernet.get_mut(..at), frame.data().get(..at)) else { return false };
    place.copy_from_slice(header);
    let Some(start) = ethernet.first_chunk_mut() else { return false };
    let (destination, source) = addresses(start);
    if destination.is_group() || !frame.pull_front(at) {
        return false;
    }
    set_addresses(start, source, destination);
    if !answer(frame, problem, from) || !frame.push_front(at) {
        return false;
    }
    frame.data_mut()[..at].copy_from_slice(&ethernet[..at]);
    frame.annotations_mut().mac_offset = frame.headroom() as u16;
    true
}

/// Makes fragments of a packet of `inner` that is or has an IPv4 packet which may be fragmented, each IP packet of at most `most` bytes, and gives
/// them to `each`; none for one without a buffer. They have its annotations. False if it may not be.
pub fn fragment<M: PacketIo>(
    io: &mut M,
    inner: Inner,
    packet: &Packet,
    most: usize,
    mut each: impl FnMut(&mut M, Option<Packet>),
) -> bool {
    let bytes = packet.data();
    let Some((link, ip)) = inner.ip_offset(bytes).and_then(|at| bytes.split_at_checked(at)) else {
        return false;
    };
    let Ok(header) = Ipv4::new_checked(ip) else { return false };
    let (Some((later, later_bytes)), false) = (later_header(ip), header.dont_fragment()) else { return false };
    let step = most.saturating_sub(header.header_length()) & !7;
    if step == 0 {
        return false;
    }
    let payload = header.payload();
    for (index, piece) in payload.chunks(step).enumerate() {
        let offset = index * step;
        let own = if index == 0 { ip.get(..header.header_length()).unwrap_or(&[]) } else { &later[..later_bytes] };
        let more = header.more_fragments() || offset + piece.len() < payload.len();
        // Its place counts from that of the packet, which may be a fragment itself.
        let place = (usize::from(header.fragment_offset()) + offset) / 8;
        let flags = if more { MORE } else { 0 } | place as u16;
        let fragment = io.allocate().and_then(|fragment| filled(fragment, packet, [link, own, piece], flags));
        each(io, fragment);
    }
    true
}

/// A fragment of `packet` made of these parts: headers of the link and of IP, and payload.
fn filled(mut fragment: Packet, packet: &Packet, parts: [&[u8]; 3], flags_and_offset: u16) -> Option<Packet> {
    if !parts.iter().all(|part| fragment.append(part)) {
        return None;
    }
    *fragment.annotations_mut() = *packet.annotations();
    fragment.annotations_mut().mac_offset = fragment.headroom() as u16;
    fragment.set_network(parts[0].len(), parts[1].len());
    let mut header = Ipv4Mut::new(fragment.data_mut().get_mut(parts[0].len()..)?)?;
    header.set_total_length((parts[1].len() + parts[2].len()) as u16);
    header.set_flags_and_offset(flags_and_offset);
    header.fill_header_checksum();
    Some(fragment)
}

#[cfg(test)]
#[path = "too_big_tests.rs"]
mod tests;
