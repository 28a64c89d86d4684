// SPDX-License-Identifier: Apache-2.0
//! Checksums that a backend leaves to whom it sends to (`NETRXF_csum_blank`, io/netif.h): of TCP and UDP, over IPv4 and IPv6.
//!
//! The checksum field then holds the sum of the pseudo-header, not complemented; what is finished is what RFC 9293 §3.1 and RFC 768
//! demand. A packet in fragments, or with extension headers, has no such checksum: nobody who leaves one makes these.

/// Bytes of an Ethernet header before its type, and of a VLAN tag.
const ETHERNET_ADDRESSES: usize = 12;
const VLAN_TAG: usize = 4;
const TYPE_VLAN: u16 = 0x8100;
const TYPE_IPV4: u16 = 0x0800;
const TYPE_IPV6: u16 = 0x86dd;
const IPV6_HEADER: usize = 40;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;

/// Finishes the checksum of the TCP segment or UDP datagram in an Ethernet frame. None if there is none, or not all of it.
pub fn finish(frame: &mut [u8]) -> Option<()> {
    let (protocol, segment) = segment_of(frame)?;
    let field = match protocol {
        PROTOCOL_TCP => 16,
        PROTOCOL_UDP => 6,
        _ => return None,
    };
    let sum = !sum(segment);
    // RFC 768: a sum of 0 is sent as its other form, since 0 says that there is none.
    let sum = if protocol == PROTOCOL_UDP && sum == 0 { 0xffff } else { sum };
    *segment.get_mut(field..)?.first_chunk_mut()? = sum.to_be_bytes();
    Some(())
}

/// The protocol above IP, and what it has.
fn segment_of(frame: &mut [u8]) -> Option<(u8, &mut [u8])> {
    let mut at = ETHERNET_ADDRESSES;
    if word(frame, at)? == TYPE_VLAN {
        at += VLAN_TAG;
    }
    let kind = word(frame, at)?;
    let packet = frame.get_mut(at + 2..)?;
    let (protocol, header, end) = match kind {
        // RFC 791 §3.1: neither more fragments nor an offset.
        TYPE_IPV4 if word(packet, 6)? & 0x3fff == 0 => {
            (*packet.get(9)?, usize::from(packet[0] & 0xf) * 4, usize::from(word(packet, 2)?))
        }
        // RFC 8200 §3.
        TYPE_IPV6 => (*packet.get(6)?, IPV6_HEADER, IPV6_HEADER + usize::from(word(packet, 4)?)),
        _ => return None,
    };
    Some((protocol, packet.get_mut(header..end)?))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&word| u16::from_be_bytes(word))
}

/// RFC 1071.
fn sum(bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<2>();
    let last = rest.first().map_or(0, |&byte| u64::from(byte) << 8);
    let mut sum = words.iter().map(|&word| u64::from(u16::from_be_bytes(word))).sum::<u64>() + last;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    /// A frame whose checksum field holds the sum of the pseudo-header, and where that field is.
    fn frame(vlan: bool, ipv6: bool, protocol: u8, data: &[u8]) -> (Vec<u8>, usize) {
        let mut frame = vec![2; 12];
        if vlan {
            frame.extend([0x81, 0, 0, 5]);
        }
        let (header, field) = if protocol == PROTOCOL_TCP { (20, 16) } else { (8, 6) };
        let length = (header + data.len()) as u16;
        let addresses: Vec<u8> = (1..if ipv6 { 33 } else { 9 }).collect();
        if ipv6 {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            frame.extend(length.to_be_bytes());
            frame.extend([protocol, 64]);
        } else {
            frame.extend([8, 0, 0x45, 0]);
            frame.extend((20 + length).to_be_bytes());
            frame.extend([0, 0, 0x40, 0, 64, protocol, 0xab, 0xcd]);
        }
        frame.extend(&addresses);
        let start = frame.len();
        frame.extend(vec![7; header]);
        frame.extend(data);
        let mut pseudo = addresses;
        pseudo.extend(length.to_be_bytes());
        pseudo.extend([0, protocol]);
        frame[start + field..][..2].copy_from_slice(&sum(&pseudo).to_be_bytes());
        (frame, start + field)
    }

    /// What a receiver checks: the sum of all, with the pseudo-header, is all ones.
    fn is_right(blank: &[u8], finished: &[u8], field: usize, start: usize) -> bool {
        let pseudo = u16::from_be_bytes([blank[field], blank[field + 1]]);
        let all = u64::from(sum(&finished[start..])) + u64::from(pseudo);
        (all & 0xffff) + (all >> 16) == 0xffff
    }

    #[test]
    fn checksums_are_finished_as_receivers_check_them() {
        for (vlan, ipv6, protocol) in [
            (false, false, PROTOCOL_TCP),
            (false, false, PROTOCOL_UDP),
            (true, false, PROTOCOL_TCP),
            (false, true, PROTOCOL_TCP),
            (true, true, PROTOCOL_UDP),
        ] {
            for length in 0..50_u8 {
                let data: Vec<u8> = (0..length).map(|index| index.wrapping_mul(97)).collect();
                let (blank, field) = frame(vlan, ipv6, protocol, &data);
                let mut finished = blank.clone();
                assert_eq!(finish(&mut finished), Some(()));
                let start = field - if protocol == PROTOCOL_TCP { 16 } else { 6 };
                assert!(is_right(&blank, &finished, field, start), "{vlan} {ipv6} {protocol} {length}");
                let others = |frame: &[u8]| [&frame[..field], &frame[field + 2..]].concat();
                assert_eq!(others(&blank), others(&finished), "nothing else changes");
            }
        }
    }

    #[test]
    fn padding_behind_the_packet_does_not_count() {
        let (blank, field) = frame(false, false, PROTOCOL_UDP, b"ab");
        let (mut bare, mut padded) = (blank.clone(), [blank, vec![0xff; 20]].concat());
        assert_eq!((finish(&mut bare), finish(&mut padded)), (Some(()), Some(())));
        assert_eq!(bare[field..][..2], padded[field..][..2]);
    }

    #[test]
    fn a_datagram_whose_sum_is_0_says_so() {
        // Two bytes of data that bring the sum to all ones.
        let (mut blank, field) = frame(false, false, PROTOCOL_UDP, &[0, 0]);
        let start = field - 6;
        let missing = !sum(&blank[start..]);
        blank[start + 8..][..2].copy_from_slice(&missing.to_be_bytes());
        assert_eq!(finish(&mut blank), Some(()));
        assert_eq!(blank[field..][..2], [0xff, 0xff]);
    }

    #[test]
    fn what_has_no_such_checksum_is_said_to_have_none() {
        let (whole, _) = frame(false, false, PROTOCOL_TCP, b"data");
        for length in 0..whole.len() {
            assert_eq!(finish(&mut whole.clone()[..length]), None, "{length}");
        }
        for (at, value) in [(12, 9), (14, 0x4f), (16, 0xff), (20, 0x20), (21, 1), (23, 1)] {
            let mut changed = whole.clone();
            changed[at] = value;
            assert_eq!(finish(&mut changed), None, "byte {at} is {value}");
        }
    }
}
