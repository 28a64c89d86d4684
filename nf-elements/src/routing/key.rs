// SPDX-License-Identifier: Apache-2.0
//! What a table needs of an address: IPv4's 32 bits, IPv6's 128.

use core::fmt;

/// An address as a number, its first byte uppermost.
pub trait Key: Copy + Ord + fmt::Debug + 'static {
    /// Bits of an address.
    const BITS: u32;
    /// Bytes of an address.
    const BYTES: usize;
    /// The address of zeros.
    const ZERO: Self;
    /// The address of ones.
    const LAST: Self;

    /// The six bits behind the first `depth`; zeros beyond the address. `depth` is less than `BITS`.
    fn slot(self, depth: u32) -> usize;

    /// The first `bits` bits, 1 to 18, as a number.
    fn front(self, bits: u32) -> usize;

    /// The address with zeros behind its first `length` bits.
    fn masked(self, length: u32) -> Self;

    /// The address with ones behind its first `length` bits.
    fn filled(self, length: u32) -> Self;

    /// The address before this one; of zero the last.
    fn before(self) -> Self;

    /// The address behind this one; none behind the last.
    fn after(self) -> Option<Self>;

    /// Reads it from the front of `bytes`, big-endian; zeros if there are too few.
    fn load(bytes: &[u8]) -> Self;

    /// Writes it to the front of `bytes`, big-endian, if there is room.
    fn store(self, bytes: &mut [u8]);

    /// Shows it as people write it.
    fn show(self, out: &mut dyn fmt::Write) -> fmt::Result;
}

macro_rules! key {
    ($type:ty, $wide:ty, $shown:expr) => {
        impl Key for $type {
            const BITS: u32 = <$type>::BITS;
            const BYTES: usize = size_of::<$type>();
            const ZERO: Self = 0;
            const LAST: Self = <$type>::MAX;

            #[inline(always)]
            fn slot(self, depth: u32) -> usize {
                let aligned = <$wide>::from(self) << (<$wide>::BITS - <$type>::BITS);
                (aligned << depth >> (<$wide>::BITS - 6)) as usize
            }

            #[inline(always)]
            fn front(self, bits: u32) -> usize {
                (self >> (<$type>::BITS - bits)) as usize
            }

            #[inline]
            fn masked(self, length: u32) -> Self {
                self & <$type>::MAX.checked_shl(<$type>::BITS - length).unwrap_or(0)
            }

            #[inline]
            fn filled(self, length: u32) -> Self {
                self | <$type>::MAX.checked_shr(length).unwrap_or(0)
            }

            #[inline]
            fn before(self) -> Self {
                self.wrapping_sub(1)
            }

            #[inline]
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }

            #[inline]
            fn load(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(0, |bytes| <$type>::from_be_bytes(*bytes))
            }

            #[inline]
            fn store(self, bytes: &mut [u8]) {
                if let Some(bytes) = bytes.first_chunk_mut() {
                    *bytes = self.to_be_bytes();
                }
            }

            fn show(self, out: &mut dyn fmt::Write) -> fmt::Result {
                write!(out, "{}", $shown(self))
            }
        }
    };
}
key!(u32, u64, core::net::Ipv4Addr::from_bits);
key!(u128, u128, crate::wire::ipv6::Shown);
