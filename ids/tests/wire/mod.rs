// SPDX-License-Identifier: Apache-2.0
//! Packets made by hand.

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

/// A linear congruential generator (Knuth's MMIX constants), the high bits of it.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// One below `most`; 0 if that is 0.
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() as usize).checked_rem(most).unwrap_or(0)
    }
}

fn ip(protocol: u8, source: [u8; 4], destination: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0, 9, 0, 0, 64, protocol, 0, 0];
    packet[2..4].copy_from_slice(&(20 + body.len() as u16).to_be_bytes());
    packet.extend_from_slice(&source);
    packet.extend_from_slice(&destination);
    packet.extend_from_slice(body);
    packet
}

/// A segment from the client (`from` 0) or the server; ports 4000 and 80.
pub fn tcp(from: usize, sequence: u32, acknowledgment: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let ports: [u16; 2] = if from == 0 { [4000, 80] } else { [80, 4000] };
    let mut segment: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&acknowledgment.to_be_bytes());
    segment.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend_from_slice(payload);
    if from == 0 { ip(6, CLIENT, SERVER, &segment) } else { ip(6, SERVER, CLIENT, &segment) }
}

/// A datagram from port 4000 to port 80.
pub fn udp(payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0x0f, 0xa0, 0, 80, 0, 0, 0, 0];
    datagram[4..6].copy_from_slice(&(8 + payload.len() as u16).to_be_bytes());
    datagram.extend_from_slice(payload);
    ip(17, CLIENT, SERVER, &datagram)
}

/// The IPv4 packet as fragments with `size` bytes each.
pub fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let count = packet[20..].len().div_ceil(size);
    let parts = packet[20..].chunks(size).enumerate().map(|(index, part)| {
        let mut fragment = ip(packet[9], CLIENT, SERVER, part);
        let more = if index + 1 < count { 0x2000 } else { 0 };
        fragment[6..8].copy_from_slice(&((index * size / 8) as u16 | more).to_be_bytes());
        fragment
    });
    parts.collect()
}

/// The IPv4 packet's payload in IPv6, as fragments with `size` bytes each.
pub fn fragments6(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let count = packet[20..].len().div_ceil(size);
    let parts = packet[20..].chunks(size).enumerate().map(|(index, part)| {
        let mut fragment = vec![0x60, 0, 0, 0, 0, 0, 44, 64];
        fragment[4..6].copy_from_slice(&(8 + part.len() as u16).to_be_bytes());
        fragment.extend_from_slice(&[0xfd; 16]);
        fragment.extend_from_slice(&[0xfc; 16]);
        let more = u16::from(index + 1 < count);
        fragment.extend_from_slice(&[packet[9], 0]);
        fragment.extend_from_slice(&((index * size) as u16 | more).to_be_bytes());
        fragment.extend_from_slice(&[0, 0, 0, 5]);
        fragment.extend_from_slice(part);
        fragment
    });
    parts.collect()
}

/// A TCP connection, packet by packet; each side acknowledges what the other sends, unless `silent`.
pub struct Conversation {
    /// The packets so far.
    pub packets: Vec<Vec<u8>>,
    /// Nothing is acknowledged.
    pub silent: bool,
    sent: [u32; 2],
}

/// The sequence numbers behind the SYNs.
const FIRST: [u32; 2] = [1001, 5001];

impl Conversation {
    /// With its handshake.
    pub fn open() -> Self {
        let packets =
            vec![tcp(0, 1000, 0, 2, b""), tcp(1, 5000, FIRST[0], 0x12, b""), tcp(0, FIRST[0], FIRST[1], 0x10, b"")];
        Self { packets, silent: false, sent: [0; 2] }
    }

    fn send(&mut self, from: usize, payload: &[u8]) {
        let at = |side: usize| FIRST[side] + self.sent[side];
        self.packets.push(tcp(from, at(from), at(1 - from), 0x18, payload));
        self.sent[from] += payload.len() as u32;
        if !self.silent {
            let at = |side: usize| FIRST[side] + self.sent[side];
            self.packets.push(tcp(1 - from, at(1 - from), at(from), 0x10, b""));
        }
    }

    /// The client says something.
    pub fn client(&mut self, payload: &[u8]) {
        self.send(0, payload);
    }

    /// The server says something.
    pub fn server(&mut self, payload: &[u8]) {
        self.send(1, payload);
    }

    /// The client's bytes for a place of its stream.
    pub fn client_at(&mut self, offset: u32, payload: &[u8]) {
        self.packets.push(tcp(0, FIRST[0] + offset, FIRST[1], 0x18, payload));
        self.sent[0] = self.sent[0].max(offset + payload.len() as u32);
    }

    /// The client says something with these flags and this urgent pointer.
    pub fn client_with(&mut self, payload: &[u8], flags: u8, urgent: u16) {
        self.send(0, payload);
        let index = self.packets.len() - 2;
        self.packets[index][33] = flags;
        self.packets[index][38..40].copy_from_slice(&urgent.to_be_bytes());
    }

    /// The client resets, with this time to live.
    pub fn reset_with_ttl(&mut self, ttl: u8) {
        let mut packet = tcp(0, FIRST[0] + self.sent[0], 0, 4, b"");
        packet[8] = ttl;
        self.packets.push(packet);
    }

    /// Both sides close; all packets.
    pub fn close(mut self) -> Vec<Vec<u8>> {
        let [client, server] = [0, 1].map(|side| FIRST[side] + self.sent[side]);
        self.packets.push(tcp(0, client, server, 0x11, b""));
        self.packets.push(tcp(1, server, client + 1, 0x11, b""));
        self.packets.push(tcp(0, client + 1, server + 1, 0x10, b""));
        self.packets
    }
}
