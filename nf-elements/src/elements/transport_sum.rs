// SPDX-License-Identifier: Apache-2.0
//! The checksum of TCP and UDP in a packet whose IP header is marked.

use super::marked;
use crate::Packet;
use crate::wire::checksum::Sum;

/// The sum over the pseudo header and the first `length` bytes behind the transport header annotation; none if there are
/// fewer or no header is marked.
#[inline]
pub fn sum(packet: &Packet, length: usize) -> Option<Sum> {
    let header = marked::header(packet)?;
    let segment = packet.transport().get(..length)?;
    let source = u32::from_be_bytes(marked::source(header));
    let destination = match marked::header_length(header) {
        0..=20 => marked::destination(header),
        _ => final_destination(packet).unwrap_or(marked::destination(header)),
    };
    let pseudo = Sum::new().with_pseudo_header(source, u32::from_be_bytes(destination), header[9], length as u16);
    Some(pseudo.with(segment))
}

/// Sums as [`sum`] does and writes the checksum to `at` of the transport header: false if it could not. A checksum of 0
/// is written as 0xffff, because 0 says of UDP that there is none (RFC 768), and for TCP both are right.
#[inline]
pub fn fill(packet: &mut Packet, at: usize, length: usize) -> bool {
    if at + 2 > length || packet.transport().len() < length {
        return false;
    }
    packet.transport_mut()[at..at + 2].fill(0);
    let Some(sum) = sum(packet, length) else { return false };
    let checksum = match sum.checksum() {
        0 => 0xffff,
        checksum => checksum,
    };
    packet.transport_mut()[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    true
}

/// The last address of a source route option (RFC 791 §3.1): with one, the header's destination is only the next hop.
#[cold]
fn final_destination(packet: &Packet) -> Option<[u8; 4]> {
    let length = marked::header_length(marked::header(packet)?);
    let mut options = packet.network().get(20..length)?;
    loop {
        match *options {
            [1, ref rest @ ..] => options = rest,
            [0, ..] | [] => return None,
            [kind, length, ..] => {
                let (option, rest) = options.split_at_checked(usize::from(length).max(2))?;
                if matches!(kind, 0x83 | 0x89) && option.len() >= 7 {
                    return option.last_chunk().copied();
                }
                options = rest;
            }
            [_] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::packet;

    #[test]
    fn a_source_route_ends_at_its_last_address() {
        let mut bytes = vec![0x48, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0, 1, 0, 0, 1, 2, 0, 0, 2];
        bytes.extend([1, 0x83, 11, 4, 3, 0, 0, 3, 4, 0, 0, 4]);
        bytes.extend([0, 1, 0, 2, 0, 8, 0, 0]);
        let mut routed = packet(&bytes);
        routed.set_network(0, 32);
        assert_eq!(final_destination(&routed), Some([4, 0, 0, 4]));
        assert!(fill(&mut routed, 6, 8));
        let direct = Sum::new().with_pseudo_header(0x0100_0001, 0x0400_0004, 17, 8).with(routed.transport());
        assert!(direct.is_intact() && sum(&routed, 8).unwrap().is_intact());
        assert!(sum(&routed, 9).is_none() && !fill(&mut routed, 7, 8));
    }
}
