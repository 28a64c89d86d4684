// SPDX-License-Identifier: Apache-2.0
//! The frames that the load is made of: UDP over IPv4 over Ethernet, and the echo request of the round trip.

const ETHER_HEADER: usize = 14;
const IP_HEADER: usize = 20;
const ETHER_TYPE_IPV4: [u8; 2] = [0x08, 0x00];
/// Frame sizes are named with the check sequence (RFC 2544 §9), which no TAP carries.
const CHECK_SEQUENCE: usize = 4;
/// The discard port.
const DISCARD: u16 = 9;
/// Where the frames of a flow start to count their source ports.
const FIRST_SOURCE_PORT: u16 = 40_000;
/// Position of ICMP's type in an echo frame.
pub const ICMP_TYPE: usize = ETHER_HEADER + IP_HEADER;
/// Position of ICMP's sequence number in an echo frame.
pub const ICMP_SEQUENCE: usize = ICMP_TYPE + 6;
/// ICMP type of an echo request (RFC 792).
pub const ECHO_REQUEST: u8 = 8;
/// ICMP type of an echo reply (RFC 792).
pub const ECHO_REPLY: u8 = 0;

/// Who sends to whom.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Ethernet source.
    pub from: [u8; 6],
    /// Ethernet destination: the other station, or the VM when it routes.
    pub to: [u8; 6],
    /// IPv4 source.
    pub source: [u8; 4],
    /// IPv4 destination.
    pub destination: [u8; 4],
}

/// A UDP frame that fills `wire_bytes`, the check sequence included; `flow` chooses the source port.
pub fn udp(ends: &Ends, wire_bytes: usize, flow: u16) -> Vec<u8> {
    let mut frame = ip(ends, wire_bytes - CHECK_SEQUENCE, 17);
    let udp = ETHER_HEADER + IP_HEADER;
    let length = (frame.len() - udp) as u16;
    frame[udp..udp + 2].copy_from_slice(&(FIRST_SOURCE_PORT + flow).to_be_bytes());
    frame[udp + 2..udp + 4].copy_from_slice(&DISCARD.to_be_bytes());
    frame[udp + 4..udp + 6].copy_from_slice(&length.to_be_bytes());
    // A checksum of zero says that there is none (RFC 768).
    frame
}

/// The answer to such a frame, as short as can be, between these stations.
pub fn answer(ends: &Ends, (from, to): ([u8; 6], [u8; 6]), flow: u16) -> Vec<u8> {
    let back = Ends { from, to, source: ends.destination, destination: ends.source };
    let mut frame = udp(&back, 64, flow);
    // Ports exchanged: nothing else of the frame changes, as it has no checksum.
    frame[ETHER_HEADER + IP_HEADER..ETHER_HEADER + IP_HEADER + 4].rotate_left(2);
    frame
}

/// Bytes in front of a frame in a VXLAN packet: Ethernet, IPv4, UDP, VXLAN.
pub const VXLAN_BYTES: usize = ETHER_HEADER + IP_HEADER + 8 + 8;
/// VXLAN's port, and the network of the measurements.
const VXLAN: u16 = 4789;
const VNI: u8 = 42;

/// A frame in a VXLAN packet (RFC 7348 §5) between `ends`; `flow` chooses the source port.
pub fn vxlan(ends: &Ends, frame: &[u8], flow: u16) -> Vec<u8> {
    let mut packet = ip(ends, VXLAN_BYTES + frame.len(), 17);
    let udp = ETHER_HEADER + IP_HEADER;
    let length = (packet.len() - udp) as u16;
    packet[udp..udp + 2].copy_from_slice(&(49_152 + flow % 16_384).to_be_bytes());
    packet[udp + 2..udp + 4].copy_from_slice(&VXLAN.to_be_bytes());
    packet[udp + 4..udp + 6].copy_from_slice(&length.to_be_bytes());
    packet[udp + 8..VXLAN_BYTES].copy_from_slice(&[8, 0, 0, 0, 0, 0, VNI, 0]);
    packet[VXLAN_BYTES..].copy_from_slice(frame);
    packet
}

/// An ICMP echo request of 64 bytes on the wire.
pub fn echo_request(ends: &Ends, sequence: u16) -> Vec<u8> {
    let mut frame = ip(ends, 64 - CHECK_SEQUENCE, 1);
    frame[ICMP_TYPE] = ECHO_REQUEST;
    frame[ICMP_SEQUENCE..ICMP_SEQUENCE + 2].copy_from_slice(&sequence.to_be_bytes());
    let sum = internet_checksum(&frame[ICMP_TYPE..]);
    frame[ICMP_TYPE + 2..ICMP_TYPE + 4].copy_from_slice(&sum.to_be_bytes());
    frame
}

fn ip(ends: &Ends, frame_bytes: usize, protocol: u8) -> Vec<u8> {
    let mut frame = vec![0; frame_bytes];
    frame[..6].copy_from_slice(&ends.to);
    frame[6..12].copy_from_slice(&ends.from);
    frame[12..14].copy_from_slice(&ETHER_TYPE_IPV4);
    let header = &mut frame[ETHER_HEADER..ETHER_HEADER + IP_HEADER];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&((frame_bytes - ETHER_HEADER) as u16).to_be_bytes());
    header[8] = 64;
    header[9] = protocol;
    header[12..16].copy_from_slice(&ends.source);
    header[16..20].copy_from_slice(&ends.destination);
    let sum = internet_checksum(header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    frame
}

/// RFC 1071.
fn internet_checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends =
        Ends { from: [2, 0, 0, 0, 0, 1], to: [2, 0, 0, 0, 0, 2], source: [10, 0, 0, 1], destination: [10, 0, 0, 2] };

    #[test]
    fn sizes_count_the_check_sequence() {
        assert_eq!(udp(&ENDS, 64, 0).len(), 60);
        assert_eq!(udp(&ENDS, 1500, 0).len(), 1496);
        assert_eq!(echo_request(&ENDS, 1).len(), 60);
    }

    #[test]
    fn checksums_verify() {
        let frame = echo_request(&ENDS, 7);
        assert_eq!(internet_checksum(&frame[ETHER_HEADER..ICMP_TYPE]), 0);
        assert_eq!(internet_checksum(&frame[ICMP_TYPE..]), 0);
        assert_eq!(internet_checksum(&udp(&ENDS, 64, 3)[ETHER_HEADER..ETHER_HEADER + IP_HEADER]), 0);
    }
}
