// SPDX-License-Identifier: Apache-2.0
//! Link types of captures: Click's names, the numbers in files, and where the IP header is.

use nf_elements::Packet;
use nf_elements::wire::ipv4;

/// Names and numbers; the first name of a number is the one that is shown.
const NAMES: &[(&str, u32)] = &[
    ("NULL", 0),
    ("ETHER", 1),
    ("PPP", 9),
    ("FDDI", 10),
    ("ATM", 11),
    ("RFC1483", 11),
    ("IP", 12),
    ("IP", 101),
    ("IP", 14),
    ("PPP_HDLC", 50),
    ("HDLC", 104),
    ("802_11", 105),
    ("802.11", 105),
    ("SLL", 113),
    ("PRISM", 119),
    ("AIRONET", 120),
    ("SUNATM", 123),
    ("802_11_RADIO", 127),
    ("802.11_RADIO", 127),
];

/// The number of a name, or of `#NUMBER`.
#[cfg(feature = "host")]
pub fn number(name: &str) -> Option<u32> {
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| name.strip_prefix('#')?.parse().ok())
}

/// The name of a number.
pub fn name(number: u32) -> String {
    let known = NAMES.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| format!("#{number}"), |(name, _)| name.to_string())
}

/// Whether frames hold nothing but IP.
pub fn is_raw_ip(link: u32) -> bool {
    matches!(link, 12 | 14 | 101)
}

/// Where the IP header is in `frame`; none where there is no IPv4.
fn ip_offset(link: u32, frame: &[u8]) -> Option<usize> {
    const IPV4: [u8; 2] = [0x08, 0x00];
    const VLAN: [u8; 2] = [0x81, 0x00];
    let is = |at: usize, kind: [u8; 2]| frame.get(at..at + 2) == Some(&kind);
    match link {
        12 | 14 | 101 => Some(0),
        1 if is(12, IPV4) => Some(14),
        1 if is(12, VLAN) && is(16, IPV4) => Some(18),
        // The family, in the order of bytes of the machine that captured: AF_INET is 2 everywhere.
        0 if frame.get(..4).is_some_and(|family| family.contains(&2)) => Some(4),
        9 if is(0, [0x00, 0x21]) => Some(2),
        50 if is(2, [0x00, 0x21]) => Some(4),
        104 if is(2, IPV4) => Some(4),
        113 if is(14, IPV4) => Some(16),
        _ => None,
    }
}

/// Sets the IP header annotation and the destination of an IPv4 packet; false if it is none.
pub fn mark_ip(link: u32, packet: &mut Packet) -> bool {
    let Some(at) = ip_offset(link, packet.data()) else { return false };
    let header = packet.data().get(at..).unwrap_or_default();
    let Some(&first) = header.first() else { return false };
    let length = usize::from(first & 0xf) * 4;
    if first >> 4 != 4 || length < ipv4::HEADER_BYTES || header.len() < length {
        return false;
    }
    let destination: Option<[u8; 4]> = header[16..20].try_into().ok();
    packet.set_network(at, length);
    packet.annotations_mut().set_destination_ipv4(destination.unwrap_or_default());
    true
}
