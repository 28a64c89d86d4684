// SPDX-License-Identifier: Apache-2.0
//! What elements tell each other about a packet.

use super::Packet;

/// What elements tell each other about a packet (Click's annotations). Cleared when a buffer becomes a fresh packet.
///
/// Header offsets count from the start of the buffer's data, so stripping or prepending bytes does not move them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// When the frame was received, in nanoseconds of the machine's clock; 0 if nobody asked.
    pub timestamp_ns: u64,
    /// The address to send to next: an IPv6 address, or an IPv4 address in the first four bytes.
    pub destination: [u8; 16],
    /// The aggregate (flow) that the packet belongs to.
    pub aggregate: u32,
    /// The flow's hash, the same in both directions: computed once and carried over links. 0 if nobody computed it.
    pub flow_hash: u32,
    /// The service chain that the packet is on, by its number from 1, and [`Annotations::BACKWARD`]; 0 if none.
    pub chain: u16,
    /// Offset of the link-layer header; 0 if unknown.
    pub mac_offset: u16,
    /// Offset of the network header; 0 if unknown.
    pub network_offset: u16,
    /// Offset of the transport header; 0 if unknown.
    pub transport_offset: u16,
    /// The VLAN tag control information that was taken out of the frame; 0 if none.
    pub vlan_tci: u16,
    /// The paint colour.
    pub paint: u8,
    /// The port (NIC or link) that the frame came in by.
    pub port: u8,
    /// For whom the frame was when it came in.
    pub packet_type: PacketType,
    /// Bits of [`Annotations::FIX_IP_SRC`]; the ICMP parameter problem's pointer in the low six bits.
    pub flags: u8,
    /// What the packet is to its connection: a [`State`](crate::conntrack::State); 0 if nobody looked.
    pub connection: u8,
}

/// For whom a frame is, as its Ethernet destination says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// For us, or nobody looked.
    #[default]
    Host,
    /// For all.
    Broadcast,
    /// For a group.
    Multicast,
    /// For somebody else.
    OtherHost,
}

impl Annotations {
    /// `flags`: `FixIPSrc` shall put the router's own address into the packet (an ICMP error of ours).
    pub const FIX_IP_SRC: u8 = 0x80;
    /// `flags`: where the ICMP parameter problem is, in bytes from the start of the IP header.
    pub const PARAMETER_PROBLEM: u8 = 0x3f;
    /// `chain`: the packet goes the chain back, from its end to its beginning.
    pub const BACKWARD: u16 = 0x8000;

    /// Nothing known.
    pub const NONE: Annotations = Annotations {
        timestamp_ns: 0,
        destination: [0; 16],
        aggregate: 0,
        flow_hash: 0,
        chain: 0,
        mac_offset: 0,
        network_offset: 0,
        transport_offset: 0,
        vlan_tci: 0,
        paint: 0,
        port: 0,
        packet_type: PacketType::Host,
        flags: 0,
        connection: 0,
    };

    /// The destination as an IPv4 address in network byte order; 0.0.0.0 if unset (Click's DST_IP).
    #[inline]
    pub fn destination_ipv4(&self) -> [u8; 4] {
        [self.destination[0], self.destination[1], self.destination[2], self.destination[3]]
    }

    /// Sets the destination to an IPv4 address.
    #[inline]
    pub fn set_destination_ipv4(&mut self, address: [u8; 4]) {
        self.destination[..4].copy_from_slice(&address);
    }
}

impl Default for Annotations {
    #[inline]
    fn default() -> Self {
        Annotations::NONE
    }
}

/// Annotations by Click's numbers.
impl Packet {
    /// The byte at `offset` of Click's 48 bytes of user annotations; 0 if it is not kept here.
    ///
    /// | offset | annotation |
    /// | --- | --- |
    /// | 0 to 15 | the destination |
    /// | 16 | the paint colour |
    /// | 17 and 19 | the parameter problem's pointer; 1 if the IP source is to be fixed |
    /// | 18 and 24 | free for Paint and its like |
    /// | 20 to 23 | the aggregate |
    /// | 28 and 29 | the extra length |
    pub fn annotation_byte(&self, offset: u8) -> u8 {
        let annotations = self.annotations();
        match offset {
            0..=15 => annotations.destination[usize::from(offset)],
            16 => annotations.paint,
            17 => annotations.flags & Annotations::PARAMETER_PROBLEM,
            18 => self.buffer().header.user[0],
            19 => u8::from(annotations.flags & Annotations::FIX_IP_SRC != 0),
            20..=23 => annotations.aggregate.to_le_bytes()[usize::from(offset - 20)],
            24 => self.buffer().header.user[1],
            28 | 29 => self.extra_length().to_le_bytes()[usize::from(offset - 28)],
            _ => 0,
        }
    }

    /// Sets a byte of Click's user annotations, if it is one that can hold any value: see
    /// [`Packet::has_annotation_byte`].
    #[inline]
    pub fn set_annotation_byte(&mut self, offset: u8, value: u8) {
        let header = &mut self.buffer_mut().header;
        let annotations = &mut header.annotations;
        match offset {
            16 => annotations.paint = value,
            0..=15 => annotations.destination[usize::from(offset)] = value,
            18 => header.user[0] = value,
            20..=23 => {
                let mut bytes = annotations.aggregate.to_le_bytes();
                bytes[usize::from(offset - 20)] = value;
                annotations.aggregate = u32::from_le_bytes(bytes);
            }
            24 => header.user[1] = value,
            _ => {}
        }
    }

    /// Whether the byte at `offset` of Click's user annotations can hold any value.
    pub const fn has_annotation_byte(offset: u8) -> bool {
        matches!(offset, 0..=16 | 18 | 20..=24)
    }
}
