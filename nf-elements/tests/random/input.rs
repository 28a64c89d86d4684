// SPDX-License-Identifier: Apache-2.0
//! Bytes that mean nothing, read as packets, values and times.

use nf_elements::testing::packet;
use nf_elements::{DATA_BYTES, Packet, PacketType};

/// Frames to begin with: a good header gets farther than none.
const FRAMES: &[&str] = &[
    // UDP, TCP with options, an echo request, an ICMP error about UDP, all in IPv4 in Ethernet.
    "020000000001020000000002080045000020000040004011267b0a0000020a000001001e0028000c27c461626364",
    "0200000000010200000000020800460000340000000040060000c8c8c8c80200000201010100001e0015000000010000000970180\
     3e84d0e000001010402020405b4504f525420312c322c332c342c352c360a",
    "02000000000102000000000208004500001c00000000400167cf090909090100000108000000f7fa00050000",
    "02000000000102000000000208004500003c00000000400167af09090909010000010b00ff210000000045000020000000004011\
     70c90100000109000004001e0028000c2ce361626364",
    // IPv4: a first fragment, a last one, one with record route and timestamp.
    "0200000000010200000000020800450000240007200040110000010000010200000200010002001000000102030405060708",
    "020000000001020000000002080045000024000700014011000001000001020000021112131415161718191a1b1c1d1e1f20",
    "02000000000102000000000208004a000028000000004011000001000001020000020707040000000000440c0501000000000000000000",
    // ARP request and reply.
    "ffffffffffff020000000002080600010800060400010200000000020a0000020000000000000a000001",
    "0200000000010200000000020806000108000604000202000000000 20a000002020000000001 0a000001",
    // IPv6: UDP, a neighbor solicitation with its option, an advertisement, an error, extension headers.
    "02000000000102000000000286dd60000000000c114020010db800000000000000000000000120010db800010000000000000000\
     000200010002000c000061626364",
    "3333ff000001 02000000000286dd6000000000203aff20010db8000000000000000000000002ff0200000000000000000001ff000001\
     870000000000000020010db80000000000000000000000010101020000000002",
    "02000000000102000000000286dd6000000000203aff20010db800000000000000000000000220010db8000000000000000000000001\
     880000006000000020010db80000000000000000000000020201020000000002",
    "02000000000102000000000286dd6000000000303a4020010db800000000000000000000000220010db8000000000000000000000001\
     03000000000000006000000000081140fe80000000000000000000000000000120010db80000000000000000000000020001000200080000",
    "02000000000102000000000286dd60000000001800402001 0db800000000000000000000000220010db8000000000000000000000001\
     2c000502000000001100000000000000 0001000200080000",
    // A VLAN tag, a bridge's hello, a topology change.
    "02000000000102000000000281002005080045000020000040004011267b0a0000020a000001001e0028000c27c461626364",
    "0180c2000000020000000002002642420300000000000080000200000000020000000080000200000000028001000014000200 0f00",
    "0180c200000002000000000200074242030000800000",
];

/// Words of handler values.
const WORDS: &[&str] = &[
    "",
    "0",
    "1",
    "2",
    "-1",
    "7",
    "255",
    "4294967295",
    "18446744073709551615",
    "18446744073709551616",
    "0x7f",
    "1e9",
    "0.5",
    "true",
    "false",
    "stop",
    "-",
    "*",
    "1.0.0.1",
    "10.0.0.0/8",
    "0/0",
    "255.255.255.255/32",
    "2:0:0:0:0:1",
    "2001:db8::1",
    "2001:db8::/32",
    "::/0",
    "fe80::1",
    "add",
    "remove",
    "set",
    "pattern",
    "drop",
    "tcp",
    "udp",
    "(",
    ")",
    "\"",
    "\\",
    "$x",
    "\u{e9}",
    "1970.1",
    "60s",
    "10ms",
    "a",
    "#",
    ",",
    "\n",
    "\t",
    "1.0.0.1 1024 - -",
    "65535",
    "65536",
    "3/4",
];

/// What is left of the bytes; behind their end are zeros.
pub struct Input<'a>(pub &'a [u8]);

impl Input<'_> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// True once in `many` times.
    pub fn one_in(&mut self, many: u8) -> bool {
        self.byte().is_multiple_of(many)
    }

    fn bytes(&mut self, most: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A span of time: none, a little, or centuries.
    pub fn nanoseconds(&mut self) -> u64 {
        let bits = self.byte() % 61;
        (u64::from(self.word()) << bits >> 16) + (1 << bits >> 1)
    }

    /// A handler's value: words, or any text.
    pub fn value(&mut self) -> String {
        if self.one_in(4) {
            let length = self.below(80);
            return String::from_utf8_lossy(self.bytes(length)).into_owned();
        }
        let words: Vec<_> = (0..self.below(6)).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.join(" ")
    }

    /// The rest of a line.
    pub fn line(&mut self) -> String {
        let length = self.0.iter().position(|byte| *byte == b'\n').unwrap_or(self.0.len());
        let line = String::from_utf8_lossy(self.bytes(length)).into_owned();
        self.byte();
        line
    }

    fn frame(&mut self) -> Vec<u8> {
        let kind = self.below(FRAMES.len() + 4);
        let Some(known) = FRAMES.get(kind) else {
            let length = usize::from(self.word()) % (DATA_BYTES + 1);
            let mut frame = self.bytes(length.min(64)).to_vec();
            frame.resize(length, self.byte());
            return frame;
        };
        let digits: Vec<u8> =
            known.bytes().filter_map(|digit| char::from(digit).to_digit(16)).map(|d| d as u8).collect();
        let mut frame: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        for _ in 0..self.below(8).saturating_sub(2) {
            let at = self.below(frame.len());
            frame[at] = [0, 255, self.byte(), frame[at] ^ 1, frame[at].wrapping_add(1), self.byte()][self.below(6)];
        }
        match self.byte() % 8 {
            0 => frame.truncate(self.below(frame.len() + 1)),
            1 => frame.resize(usize::from(self.word()) % (DATA_BYTES + 1), 0x55),
            _ => {}
        }
        // Addresses that elements of the list know, so that there are answers.
        if self.one_in(4) && frame.len() >= 34 {
            let at = if self.one_in(2) { 26 } else { 30 };
            frame[at..at + 4]
                .copy_from_slice(&[[10, 0, 0, 1], [1, 0, 0, 1], [5, 5, 5, 5], [10, 0, 0, 2]][self.below(4)]);
        }
        if self.one_in(2) {
            sum(&mut frame)
        }
        frame
    }

    /// A packet: headroom, frame, annotations.
    pub fn packet(&mut self) -> Packet {
        let frame = self.frame();
        let mut packet = packet(&[]);
        let headroom = match self.byte() % 4 {
            0 => usize::from(self.word()) % (DATA_BYTES + 1),
            1 => self.below(80),
            _ => packet.headroom(),
        };
        if headroom > packet.headroom() {
            let more = headroom - packet.headroom();
            assert!(packet.append(&vec![0xaa; more]) && packet.pull_front(more));
        } else {
            assert!(packet.push_front(packet.headroom() - headroom));
            packet.truncate(0);
        }
        let length = frame.len().min(packet.tailroom());
        assert!(packet.append(&frame[..length]));
        let stripped = [0, 14, 14, 0][self.below(4)].min(packet.len());
        let network = if stripped == 14 { 0 } else { 14 };
        assert!(packet.pull_front(stripped));
        if !self.one_in(4) {
            let length = packet
                .data()
                .get(network)
                .map_or(20, |byte| if byte >> 4 == 4 { usize::from(byte & 15) * 4 } else { 40 });
            packet.set_network(network, length);
        }
        self.annotate(&mut packet);
        packet
    }

    fn annotate(&mut self, packet: &mut Packet) {
        let which = self.byte();
        let (a, b) = (self.word(), self.word());
        let annotations = packet.annotations_mut();
        match which % 16 {
            0 => annotations.network_offset = a,
            1 => annotations.transport_offset = a,
            2 => (annotations.network_offset, annotations.transport_offset) = (a, b),
            3 => annotations.mac_offset = a % 3000,
            4 => annotations.vlan_tci = a,
            5 => annotations.paint = a as u8,
            6 => annotations.aggregate = u32::from(a) << (b % 17),
            7 => annotations.timestamp_ns = u64::from(a) << (b % 49),
            8 => {
                annotations.packet_type =
                    [PacketType::OtherHost, PacketType::Multicast, PacketType::Broadcast][usize::from(a % 3)]
            }
            9 => annotations.flags = a as u8,
            10 => {
                annotations.destination =
                    [[a as u8; 16], [255; 16], *b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"][usize::from(b % 3)]
            }
            11 | 12 => annotations.set_destination_ipv4([10, 0, 0, a as u8]),
            13 => packet.set_extra_length(a),
            14 => annotations.mac_offset = annotations.network_offset.saturating_sub(14),
            _ => {}
        }
    }
}

/// Makes the header checksum of an IPv4 frame right, and that of ICMP behind it.
fn sum(frame: &mut [u8]) {
    let Some(&first) = frame.get(14) else { return };
    let header = usize::from(first & 15) * 4;
    if first >> 4 != 4 || header < 20 || frame.len() < 14 + header {
        return;
    }
    frame[24..26].fill(0);
    let total = checksum(&frame[14..14 + header]);
    frame[24..26].copy_from_slice(&total.to_be_bytes());
    let end = (14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))).min(frame.len());
    if frame[23] == 1 && end >= 14 + header + 4 {
        frame[14 + header + 2..14 + header + 4].fill(0);
        let total = checksum(&frame[14 + header..end]);
        frame[14 + header + 2..14 + header + 4].copy_from_slice(&total.to_be_bytes());
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
