// SPDX-License-Identifier: Apache-2.0
//! Membership in multicast groups: IGMPv3 (RFC 3376 §4), MLDv2 (RFC 3810 §5), and what versions before them sent (RFC 2236 §2,
//! RFC 2710 §3). A report of the newer versions, in brackets where MLD's fields are longer:
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | Type: 0x22 (143) |  Reserved  |           Checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           Reserved            |  Number of Group Records (M)  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Record Type  |  Aux Data Len |     Number of Sources: 0      |  M times
//! |                 Multicast Address (16 bytes)                  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::checksum::Sum;
use super::icmpv6;
use super::ipv4::Ipv4;
use super::ipv4_edit::Ipv4Mut;
use super::ipv6::{Ipv6, NextHeader};
use super::ipv6_edit::{Header, Ipv6Mut};

/// Types of IGMP: query, report of version 2 and of version 3.
const IGMP_QUERY: u8 = 0x11;
const IGMP_REPORT_2: u8 = 0x16;
const IGMP_REPORT_3: u8 = 0x22;
/// Types of MLD: query, report of version 1 and of version 2.
const MLD_QUERY: u8 = 130;
const MLD_REPORT_1: u8 = 131;
const MLD_REPORT_2: u8 = 143;
/// Record type CHANGE_TO_EXCLUDE_MODE, which without sources joins: RFC 3376 §4.2.12.
const TO_EXCLUDE: u8 = 4;
/// IGMP's protocol number.
pub const IGMP: u8 = 2;
/// All routers that understand the newer reports: 224.0.0.22 and ff02::16.
const ALL_IGMP_ROUTERS: u32 = 0xe000_0016;
const ALL_MLD_ROUTERS: u128 = 0xff02 << 112 | 0x16;
/// The option Router Alert, RFC 2113; and RFC 2711 in a Hop-by-Hop Options header in front of ICMPv6.
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
const HOP_BY_HOP: [u8; 8] = [58, 0, 5, 2, 0, 0, 1, 0];
/// Bytes of headers in front of a message.
const V4_BYTES: usize = 24;
const V6_BYTES: usize = 48;
/// Most groups of a report.
pub const MOST_GROUPS: usize = 32;
/// Most bytes of a packet with a report.
pub const MOST_BYTES: usize = V6_BYTES + 8 + 20 * MOST_GROUPS;

/// What a router asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// How long an answer may take, in milliseconds.
    pub most_ms: u32,
    /// Whether it is of a version before IGMPv3 or MLDv2.
    pub is_old: bool,
}

impl Query {
    /// The query in an IP packet, if it is a right one.
    pub fn in_packet(packet: &[u8]) -> Option<Query> {
        if packet.first()? >> 4 == 6 { Query::of_mld(packet) } else { Query::of_igmp(packet) }
    }

    fn of_igmp(packet: &[u8]) -> Option<Query> {
        let header = Ipv4::new_checked(packet).ok().filter(|header| u8::from(header.protocol()) == IGMP)?;
        let message = header.payload();
        let &[IGMP_QUERY, code, ..] = message else { return None };
        if message.len() < 8 || !Sum::new().with(message).is_intact() {
            return None;
        }
        // RFC 3376 §7.1: by the length. A version 1 query has no code, and wants 10 seconds (RFC 2236 §4).
        let is_old = message.len() < 12;
        let tenths = if is_old { code.into() } else { exponential(code.into(), 7, 4) };
        Some(Query { most_ms: if code == 0 { 10_000 } else { tenths * 100 }, is_old })
    }

    fn of_mld(packet: &[u8]) -> Option<Query> {
        let header = Ipv6::new_checked(packet).ok()?;
        let upper = header.upper().filter(|upper| upper.protocol == NextHeader::Icmpv6)?;
        let message = packet.get(upper.offset..packet.len().min(40 + usize::from(header.payload_length())))?;
        let &[MLD_QUERY, _, _, _, upper_code, lower_code, ..] = message else { return None };
        let view = icmpv6::Icmpv6::new_checked(message).ok()?;
        if message.len() < 24 || !view.is_intact(header.source(), header.destination()) {
            return None;
        }
        let (code, is_old) = (u16::from_be_bytes([upper_code, lower_code]), message.len() < 28);
        Some(Query { most_ms: if is_old { code.into() } else { exponential(code, 15, 12) }, is_old })
    }
}

/// A time as RFC 3376 §4.1.1 and RFC 3810 §5.1.3 encode it: with the bit number `bit` set three bits of exponent and `mantissa` bits behind.
fn exponential(code: u16, bit: u32, mantissa: u32) -> u32 {
    let code = u32::from(code);
    if code >> bit == 0 {
        return code;
    }
    let low = code & ((1 << mantissa) - 1) | 1 << mantissa;
    low << ((code >> mantissa & 7) + 3)
}

/// Writes the packet with which `source` joins all of `groups`: its length, and the group that it is for.
pub fn report_v4(packet: &mut [u8; MOST_BYTES], source: u32, groups: &[u32]) -> (usize, u32) {
    let length = V4_BYTES + 8 + 8 * groups.len().min(MOST_GROUPS);
    let message = &mut packet[V4_BYTES..length];
    message.fill(0);
    (message[0], message[7]) = (IGMP_REPORT_3, groups.len() as u8);
    for (record, group) in message[8..].chunks_exact_mut(8).zip(groups) {
        record[0] = TO_EXCLUDE;
        record[4..].copy_from_slice(&group.to_be_bytes());
    }
    (finish_v4(packet, length, source, ALL_IGMP_ROUTERS), ALL_IGMP_ROUTERS)
}

/// The same for a router of version 2, of one group.
pub fn old_report_v4(packet: &mut [u8; MOST_BYTES], source: u32, group: u32) -> (usize, u32) {
    let message = &mut packet[V4_BYTES..V4_BYTES + 8];
    message[..4].copy_from_slice(&[IGMP_REPORT_2, 0, 0, 0]);
    message[4..].copy_from_slice(&group.to_be_bytes());
    (finish_v4(packet, V4_BYTES + 8, source, group), group)
}

/// Writes checksum and headers of a message.
fn finish_v4(packet: &mut [u8; MOST_BYTES], length: usize, source: u32, destination: u32) -> usize {
    let (header, rest) = packet.split_at_mut(V4_BYTES);
    let message = &mut rest[..length - V4_BYTES];
    let checksum = Sum::new().with(message).checksum();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    header.fill(0);
    header[20..].copy_from_slice(&ROUTER_ALERT);
    if let Some(mut header) = Ipv4Mut::new(header) {
        header.set_header_length(V4_BYTES);
        // Internetwork control, RFC 3376 §4.
        header.set_type_of_service(0xc0);
        header.set_total_length(length as u16);
        header.set_time_to_live(1);
        header.set_protocol(IGMP);
        header.set_source(source);
        header.set_destination(destination);
        header.fill_header_checksum();
    }
    length
}

/// Writes the packet with which `source` joins all of `groups`: its length, and the group that it is for.
pub fn report_v6(packet: &mut [u8; MOST_BYTES], source: u128, groups: &[u128]) -> (usize, u128) {
    let length = V6_BYTES + 8 + 20 * groups.len().min(MOST_GROUPS);
    let message = &mut packet[V6_BYTES..length];
    message.fill(0);
    (message[0], message[7]) = (MLD_REPORT_2, groups.len() as u8);
    for (record, group) in message[8..].chunks_exact_mut(20).zip(groups) {
        record[0] = TO_EXCLUDE;
        record[4..].copy_from_slice(&group.to_be_bytes());
    }
    (finish_v6(packet, length, source, ALL_MLD_ROUTERS), ALL_MLD_ROUTERS)
}

/// The same for a router of version 1, of one group.
pub fn old_report_v6(packet: &mut [u8; MOST_BYTES], source: u128, group: u128) -> (usize, u128) {
    let message = &mut packet[V6_BYTES..V6_BYTES + 24];
    message.fill(0);
    message[0] = MLD_REPORT_1;
    message[8..].copy_from_slice(&group.to_be_bytes());
    (finish_v6(packet, V6_BYTES + 24, source, group), group)
}

fn finish_v6(packet: &mut [u8; MOST_BYTES], length: usize, source: u128, destination: u128) -> usize {
    icmpv6::fill_checksum(source, destination, &mut packet[V6_BYTES..length]);
    packet[40..V6_BYTES].copy_from_slice(&HOP_BY_HOP);
    let payload_length = (length - 40) as u16;
    if let Some(mut header) = Ipv6Mut::new(&mut packet[..40]) {
        // Next Header 0: Hop-by-Hop Options.
        header.write(Header { payload_length, next_header: 0, hop_limit: 1, source, destination });
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    #[test]
    fn reports_are_those_of_the_rfcs() {
        let mut packet = [0; MOST_BYTES];
        let (length, to) = report_v4(&mut packet, 0xc000_0201, &[0xef01_0101, 0xef01_0102]);
        let ip = Ipv4::new_checked(&packet[..length]).unwrap();
        assert!(ip.is_header_intact() && Sum::new().with(ip.payload()).is_intact());
        assert_eq!((ip.options(), ip.time_to_live(), to), (&ROUTER_ALERT[..], 1, 0xe000_0016));
        assert_eq!(ip.payload()[4..], [0, 0, 0, 2, 4, 0, 0, 0, 239, 1, 1, 1, 4, 0, 0, 0, 239, 1, 1, 2]);
        let (length, to) = old_report_v4(&mut packet, 0xc000_0201, 0xef01_0101);
        let ip = Ipv4::new_checked(&packet[..length]).unwrap();
        assert_eq!((ip.payload()[0], to, ip.destination()), (0x16, 0xef01_0101, 0xef01_0101));
        let group = 0xff05 << 112 | 9;
        for (old, kind) in [(false, 143), (true, 131)] {
            let write = if old { old_report_v6(&mut packet, 7, group) } else { report_v6(&mut packet, 7, &[group]) };
            let ip = Ipv6::new_checked(&packet[..write.0]).unwrap();
            let upper = ip.upper().unwrap();
            assert_eq!((upper.protocol, upper.offset, ip.hop_limit()), (NextHeader::Icmpv6, 48, 1));
            let message = icmpv6::Icmpv6::new_checked(&packet[48..write.0]).unwrap();
            assert!(message.is_intact(7, write.1));
            assert_eq!((packet[48], ip.destination()), (kind, write.1));
        }
    }

    /// A query in a packet, as a report with other bytes.
    fn query(v6: bool, body: &[u8]) -> Vec<u8> {
        let mut packet = [0; MOST_BYTES];
        let at = if v6 { V6_BYTES } else { V4_BYTES };
        packet[at..at + body.len()].copy_from_slice(body);
        let length = at + body.len();
        if v6 {
            finish_v6(&mut packet, length, 7, 0xff02 << 112 | 1);
        } else {
            finish_v4(&mut packet, length, 7, 0xe000_0001);
        }
        packet[..length].to_vec()
    }

    #[test]
    fn queries_are_understood() {
        let old = |most_ms| Some(Query { most_ms, is_old: true });
        let new = |most_ms| Some(Query { most_ms, is_old: false });
        assert_eq!(Query::in_packet(&query(false, &[0x11, 0, 0, 0, 0, 0, 0, 0])), old(10_000));
        assert_eq!(Query::in_packet(&query(false, &[0x11, 20, 0, 0, 0, 0, 0, 0])), old(2000));
        assert_eq!(Query::in_packet(&query(false, &[0x11, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), new(20_800));
        let mut mld = vec![130, 0, 0, 0, 3, 0xe8, 0, 0];
        mld.resize(24, 0);
        assert_eq!(Query::in_packet(&query(true, &mld)), old(1000));
        mld.resize(28, 0);
        assert_eq!(Query::in_packet(&query(true, &mld)), new(1000));
        assert_eq!(Query::in_packet(&query(false, &[0x16, 0, 0, 0, 0, 0, 0, 0])), None);
        let mut broken = query(false, &[0x11, 20, 0, 0, 0, 0, 0, 0]);
        broken[V4_BYTES + 5] ^= 1;
        assert_eq!(Query::in_packet(&broken), None);
    }

    #[test]
    fn mutations_never_panic() {
        let mut mld = vec![130, 0, 0, 0, 3, 0xe8, 0, 0];
        mld.resize(28, 0);
        for packet in [query(true, &mld), query(false, &[0x11, 20, 0, 0, 0, 0, 0, 0])] {
            mutation::for_each(&packet, |bytes| {
                let _ = Query::in_packet(bytes);
            });
        }
    }
}
