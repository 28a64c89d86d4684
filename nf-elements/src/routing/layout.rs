// SPDX-License-Identifier: Apache-2.0
//! Where the parts of a table lie in its bytes. Numbers are little-endian, addresses big-endian.
//!
//! | part | entry |
//! | --- | --- |
//! | header | [`HEADER`] numbers of 32 bits |
//! | hops | gateway, output (16 bits), 16 bits of nothing: what a lookup gives; entry 0 is the default route |
//! | uses | 32 bits: routes that have this hop |
//! | top | 32 bits: what the first bits of an address lead to, see [`super::trie`] |
//! | nodes, leaves | see [`super::trie`] |
//! | routes | prefix, hop (16 bits), length, a byte of nothing: by prefix and length |

use super::Key;

/// Numbers in the header.
pub const HEADER: usize = 9;
/// Bytes of a node.
pub const NODE: usize = 24;

/// How much of each part there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Routes.
    pub routes: usize,
    /// Hops.
    pub hops: usize,
    /// Nodes of the trie.
    pub nodes: usize,
    /// Leaves of the trie.
    pub leaves: usize,
}

/// Offsets of the parts, and what they have room for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// Bits that the trie's top resolves; 0 without a trie.
    pub bits: u32,
    /// Room.
    pub most: Sizes,
    /// Offset of the hops.
    pub hops: usize,
    /// Offset of the uses.
    pub uses: usize,
    /// Offset of the top.
    pub top: usize,
    /// Offset of the nodes.
    pub nodes: usize,
    /// Offset of the leaves.
    pub leaves: usize,
    /// Offset of the routes.
    pub routes: usize,
    /// Bytes of all.
    pub end: usize,
}

impl Layout {
    /// The layout of a table of this size; `bits` is 0 if it has no trie.
    pub const fn new<K: Key>(bits: u32, most: Sizes) -> Self {
        let hops = HEADER * 4;
        let uses = hops + most.hops * Self::hop::<K>();
        let top = uses + most.hops * 4;
        let nodes = top + if bits > 0 { 4 << bits } else { 0 };
        let leaves = nodes + most.nodes * NODE;
        let routes = leaves + most.leaves * 2;
        let end = routes + most.routes * Self::route::<K>();
        Layout { bits, most, hops, uses, top, nodes, leaves, routes, end }
    }

    /// Bytes of a hop.
    pub const fn hop<K: Key>() -> usize {
        K::BYTES + 4
    }

    /// Bytes of a route.
    pub const fn route<K: Key>() -> usize {
        K::BYTES + 4
    }
}

/// The 16 bits at offset `at`; 0 beyond the end.
#[inline(always)]
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// The 32 bits at offset `at`; 0 beyond the end.
#[inline(always)]
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The 64 bits at offset `at`; 0 beyond the end.
#[inline(always)]
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Writes `value` at offset `at`, if that lies inside.
#[inline]
pub fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
        *place = value;
    }
}
