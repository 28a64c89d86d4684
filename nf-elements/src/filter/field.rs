// SPDX-License-Identifier: Apache-2.0
//! A field: a run of bits in one of the 32-bit words that a packet shows.

/// A run of bits in a word: its value is `(word << left) >> right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// Number of the word.
    pub word: u8,
    /// Bits of the word in front of the field.
    pub left: u8,
    /// 32 less the width.
    pub right: u8,
}

/// Number of the word that is the IPv4 source address.
pub(crate) const SOURCE: u8 = 0;
/// Number of the word that is the IPv4 destination address.
pub(crate) const DESTINATION: u8 = 1;
/// Number of the word that is the TCP or UDP source port.
pub(crate) const SOURCE_PORT: u8 = 2;
/// Number of the word that is the TCP or UDP destination port.
pub(crate) const DESTINATION_PORT: u8 = 3;
/// Number of a word made up: the IP protocol times 256, plus the bytes of transport header that are there (at most 255).
pub(crate) const PROTOCOL: u8 = 4;
/// Number of the transport header's fourth word: TCP's data offset, flags and window.
pub(crate) const FLAGS: u8 = 5;
/// Number of a word made up: what the connection tracker said.
pub(crate) const STATE: u8 = 6;
/// Words below this number are always at hand; others are looked up.
pub(crate) const NEAR: usize = 8;

impl Field {
    /// The field of `width` bits behind the first `left` bits of word `word`. `width` is 1 to 32.
    pub const fn new(word: u8, left: u8, width: u8) -> Self {
        Field { word, left, right: 32 - width }
    }

    /// Its width in bits.
    pub const fn width(self) -> u8 {
        32 - self.right
    }

    /// Its greatest value.
    pub const fn max(self) -> u32 {
        u32::MAX >> self.right
    }

    /// The field of `width` bits behind the first `left` bits of this one.
    pub const fn part(self, left: u8, width: u8) -> Self {
        Field::new(self.word, self.left + left, width)
    }
}

/// Where a word lies that is not always at hand: two bits of base, fourteen of byte offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Far {
    /// At this offset of the network header.
    Network(u16),
    /// At this offset of the transport header.
    Transport(u16),
    /// The VLAN tag (TPID, TCI) that ends two bytes in front of the network header.
    Vlan,
    /// No bytes: how many there are from the network header on.
    NetworkLength,
}

impl Far {
    /// As the tables hold it.
    #[cfg(feature = "host")]
    pub(crate) const fn encode(self) -> u16 {
        match self {
            Far::Network(offset) => offset & 0x3fff,
            Far::Transport(offset) => 0x4000 | offset & 0x3fff,
            Far::Vlan => 0x8000,
            Far::NetworkLength => 0xc000,
        }
    }

    /// What the tables hold.
    pub(crate) const fn decode(code: u16) -> Self {
        match code >> 14 {
            0 => Far::Network(code & 0x3fff),
            1 => Far::Transport(code & 0x3fff),
            2 => Far::Vlan,
            _ => Far::NetworkLength,
        }
    }
}
