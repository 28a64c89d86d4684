// SPDX-License-Identifier: Apache-2.0
//! A router's answers to pings: ICMP's echo (RFC 792) and ICMPv6's (RFC 4443 §4.1 and §4.2).

use crate::Packet;
use crate::wire::checksum::adjust;
use crate::wire::{ipv4, ipv6};

/// TTL or hop limit of an answer.
const HOPS: u8 = 64;

/// Makes a ping, which begins with its IP header and was found good, the answer to it. False if it is none.
pub fn answer(packet: &mut Packet) -> bool {
    match packet.data_mut() {
        bytes @ [0x45..=0x4f, ..] => answer_v4(bytes),
        bytes @ [0x60..=0x6f, ..] => answer_v6(bytes),
        _ => false,
    }
}

fn answer_v4(bytes: &mut [u8]) -> bool {
    let header_bytes = usize::from(bytes[0] & 15) * 4;
    let Some((header, message)) = bytes.split_at_mut_checked(header_bytes) else { return false };
    let Some(header) = header.first_chunk_mut::<{ ipv4::HEADER_BYTES }>() else { return false };
    let is_first = u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0;
    if header[ipv4::field::PROTOCOL] != 1 || !is_first || !reply(message, [8, 0]) {
        return false;
    }
    let [old, new] = [header[ipv4::field::TIME_TO_LIVE], HOPS].map(|hops| u32::from(hops) << 8);
    let checksum = adjust(u16::from_be_bytes([header[10], header[11]]), old, new);
    header[ipv4::field::HEADER_CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    header[ipv4::field::TIME_TO_LIVE] = HOPS;
    swap::<4>(header, ipv4::field::SOURCE.start);
    true
}

fn answer_v6(bytes: &mut [u8]) -> bool {
    let Some((header, message)) = bytes.split_first_chunk_mut::<{ ipv6::HEADER_BYTES }>() else { return false };
    if header[ipv6::field::NEXT_HEADER] != 58 || !reply(message, [128, 129]) {
        return false;
    }
    header[ipv6::field::HOP_LIMIT] = HOPS;
    swap::<16>(header, ipv6::field::SOURCE.start);
    true
}

/// Makes a message of the first type one of the second; false if it is of another.
fn reply(message: &mut [u8], types: [u8; 2]) -> bool {
    let Some(header) = message.first_chunk_mut::<8>().filter(|header| header[..2] == [types[0], 0]) else {
        return false;
    };
    let [old, new] = types.map(|kind| u32::from(kind) << 8);
    let checksum = adjust(u16::from_be_bytes([header[2], header[3]]), old, new);
    (header[0], header[2], header[3]) = (types[1], (checksum >> 8) as u8, checksum as u8);
    true
}

/// Exchanges the two addresses of `N` bytes from `at` on.
fn swap<const N: usize>(header: &mut [u8], at: usize) {
    let (source, destination) = header[at..at + 2 * N].split_at_mut(N);
    source.swap_with_slice(destination);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{marked, marked6};
    use crate::testing::packet;
    use crate::wire::icmp::Icmp;
    use crate::wire::icmpv6::{self, Icmpv6};
    use crate::wire::ipv4::Ipv4;
    use crate::wire::ipv6::Ipv6;

    #[test]
    fn pings_of_both_versions_are_answered() {
        let mut echo = [8, 0, 0, 0, 1, 2, 3, 4, 5];
        let sum = crate::wire::checksum::Sum::new().with(&echo).checksum();
        echo[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut v4 = packet(marked::datagram(1, [10, 0, 0, 1], [10, 0, 0, 2], &echo).data());
        assert!(answer(&mut v4));
        let ip = Ipv4::new_checked(v4.data()).unwrap();
        assert!(ip.is_header_intact() && Icmp::new_checked(ip.payload()).unwrap().is_intact());
        assert_eq!((ip.source(), ip.destination(), ip.payload()[0]), (0x0a00_0002, 0x0a00_0001, 0));
        assert!(!answer(&mut v4), "an answer is no ping");
        let mut echo = [128, 0, 0, 0, 1, 2, 3, 4, 5];
        icmpv6::fill_checksum(1, 2, &mut echo);
        let mut v6 = packet(marked6::datagram(58, 1, 2, &echo).data());
        assert!(answer(&mut v6));
        let ip = Ipv6::new_checked(v6.data()).unwrap();
        assert!(Icmpv6::new_checked(ip.payload()).unwrap().is_intact(2, 1));
        assert_eq!((ip.source(), ip.destination(), ip.payload()[0]), (2, 1, 129));
        for length in 0..28 {
            let mut short = packet(&v4.data()[..length]);
            assert!(!answer(&mut short));
        }
    }
}
