// SPDX-License-Identifier: Apache-2.0
//! The Internet checksum.
//!
//! RFC 1071 §1: adjacent bytes are paired to 16-bit integers, whose one's complement sum is formed; the checksum is the
//! one's complement of that. Two of its properties make it fast here. §2(B), byte order independence: the sum may be
//! formed in the machine's own order and swapped at the end. §2(C), parallel summation: 64 bits may be added at a time,
//! the carry around the end, and folded to 16 at last.

/// A one's complement sum in the making, of 64 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    #[inline]
    pub const fn new() -> Self {
        Sum(0)
    }

    /// Adds 64 bits, the carry around the end.
    #[inline(always)]
    const fn add(self, word: u64) -> Self {
        let (sum, carry) = self.0.overflowing_add(word);
        // With a carry the sum is at most 2⁶⁴ − 2.
        Sum(sum + carry as u64)
    }

    /// Adds a 16-bit field.
    #[inline(always)]
    pub const fn with_field(self, value: u16) -> Self {
        self.add(value.to_be() as u64)
    }

    /// Adds bytes, of any alignment. Only the last piece added may have an odd length: its end is padded with zero.
    #[inline]
    pub fn with(self, bytes: &[u8]) -> Self {
        let (groups, mut rest) = bytes.as_chunks::<64>();
        let mut all = groups.iter().fold(u128::from(self.0), |sum, group| sum + wide(group));
        add_first::<32>(&mut all, &mut rest);
        add_first::<16>(&mut all, &mut rest);
        add_first::<8>(&mut all, &mut rest);
        let all = Sum(all as u64).add((all >> 64) as u64);
        if rest.is_empty() {
            return all;
        }
        let mut sum = 0;
        if let Some((word, behind)) = rest.split_first_chunk() {
            sum += u64::from(u32::from_ne_bytes(*word));
            rest = behind;
        }
        if let Some((pair, behind)) = rest.split_first_chunk() {
            sum += u64::from(u16::from_ne_bytes(*pair));
            rest = behind;
        }
        if let [last] = rest {
            sum += u64::from(u16::from_ne_bytes([*last, 0]));
        }
        all.add(sum)
    }

    /// Adds eight bytes of a header that are still a number, its upper byte the first.
    #[inline(always)]
    pub const fn with_number(self, value: u64) -> Self {
        self.add(value.to_be())
    }

    /// Adds an IPv4 header without options: straight-line code, without a loop or a length to check.
    #[inline(always)]
    pub fn with_20(self, bytes: &[u8; 20]) -> Self {
        let word = |at: usize| u64::from(u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
        self.add(word(0) + word(4) + word(8) + word(12) + word(16))
    }

    /// Does the same in fewer steps, of a header that was not written just now: a processor makes a load wait for narrower
    /// stores to the same place.
    #[inline(always)]
    pub fn with_settled_20(self, bytes: &[u8; 20]) -> Self {
        let (words, rest) = bytes.as_chunks();
        let rest = rest.first_chunk().map_or(0, |rest| u32::from_ne_bytes(*rest));
        self.add(u64::from_ne_bytes(words[0])).add(u64::from_ne_bytes(words[1])).add(rest.into())
    }

    /// Adds the pseudo header that TCP (RFC 9293 §3.1) and UDP (RFC 768) are summed with over IPv4: `length` is that of
    /// the segment or datagram.
    #[inline]
    pub fn with_pseudo_header(self, source: u32, destination: u32, protocol: u8, length: u16) -> Self {
        let number = |number: u32| u64::from(number.to_be());
        self.add(number(source) + number(destination) + number(u32::from(protocol) << 16 | u32::from(length)))
    }

    /// Adds the pseudo header that TCP, UDP and ICMPv6 are summed with over IPv6, RFC 8200 §8.1: `length` is that of the
    /// segment, datagram or message.
    #[inline]
    pub fn with_pseudo_header_ipv6(self, source: u128, destination: u128, protocol: u8, length: u32) -> Self {
        let tail = (u64::from(length) << 32 | u64::from(protocol)).to_be_bytes();
        self.with(&source.to_be_bytes()).with(&destination.to_be_bytes()).with(&tail)
    }

    /// The sum folded to 16 bits, in the machine's byte order.
    #[inline(always)]
    fn fold(self) -> u16 {
        // The upper half of x + rotated x is the end-around sum of both halves.
        let sum = (self.0.wrapping_add(self.0.rotate_left(32)) >> 32) as u32;
        (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
    }

    /// The checksum: what a header's checksum field must hold if that field was summed as zero.
    #[inline]
    pub fn checksum(self) -> u16 {
        !u16::from_be(self.fold())
    }

    /// Whether data that was summed together with its checksum field is intact.
    #[inline(always)]
    pub fn is_intact(self) -> bool {
        self.fold() == 0xffff
    }
}

/// The sum of the words of `bytes`, carries included: they are taken in at the end.
#[inline(always)]
fn wide<const N: usize>(bytes: &[u8; N]) -> u128 {
    bytes.as_chunks().0.iter().map(|word| u128::from(u64::from_ne_bytes(*word))).sum()
}

/// Adds the first `N` bytes of `rest` to `sum` and takes them off, if there are so many.
#[inline(always)]
fn add_first<const N: usize>(sum: &mut u128, rest: &mut &[u8]) {
    if let Some((bytes, behind)) = rest.split_first_chunk::<N>() {
        *sum += wide(bytes);
        *rest = behind;
    }
}

/// The checksum after data that it covers changed from `old` to `new`, RFC 1624 equation 3. Both are 32 or 16 bits that
/// begin at an even offset, in the byte order of numbers (`from_be_bytes`).
#[inline(always)]
pub fn adjust(checksum: u16, old: u32, new: u32) -> u16 {
    let halves = |value: u32| u64::from(value >> 16) + u64::from(value & 0xffff);
    let sum = u64::from(!checksum) + halves(!old) + halves(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum & 0xffff) + (sum >> 16)) as u16
}

/// What a change of data does to the checksum over it, in the form that a flow keeps for its packets: the one's complement
/// sum of `!old + new` in RFC 1624 equation 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta(u16);

impl Delta {
    /// No change.
    pub const NONE: Delta = Delta(0);

    /// This change and that of 32 or 16 bits, which begin at an even offset, from `old` to `new`.
    #[inline]
    pub const fn replacing(self, old: u32, new: u32) -> Self {
        let old = !old;
        let sum = self.0 as u32 + (old >> 16) + (old & 0xffff) + (new >> 16) + (new & 0xffff);
        let sum = (sum & 0xffff) + (sum >> 16);
        Delta(((sum & 0xffff) + (sum >> 16)) as u16)
    }

    /// The change back.
    #[inline(always)]
    pub const fn reversed(self) -> Self {
        Delta(!self.0)
    }

    /// The checksum after the change.
    #[inline(always)]
    pub const fn apply(self, checksum: u16) -> u16 {
        let sum = !checksum as u32 + self.0 as u32;
        !((sum & 0xffff) + (sum >> 16)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1071 §3, the numerical example.
    const EXAMPLE: [u8; 8] = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];

    /// The definition of §1, word by word.
    fn by_definition(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(Sum::new().with(&EXAMPLE).checksum(), !0xddf2);
    }

    #[test]
    fn every_length_and_alignment_agrees_with_the_definition() {
        let bytes: Vec<u8> = (0..100u32).map(|i| (i * 197 + 255) as u8).collect();
        for start in 0..8 {
            for end in start..bytes.len() {
                assert_eq!(Sum::new().with(&bytes[start..end]).checksum(), by_definition(&bytes[start..end]));
            }
        }
        assert_eq!(Sum::new().with(&[255; 1984]).checksum(), 0);
    }

    #[test]
    fn pieces_sum_like_the_whole() {
        let sum = Sum::new().with(&EXAMPLE[..4]).with(&EXAMPLE[4..]);
        assert_eq!(sum.checksum(), !0xddf2);
        let header: [u8; 20] = core::array::from_fn(|i| (i * 77) as u8);
        for sum in [Sum::new().with_20(&header), Sum::new().with_settled_20(&header)] {
            assert_eq!(sum.checksum(), by_definition(&header));
        }
        let pseudo = [192, 0, 2, 1, 192, 0, 2, 2, 0, 17, 0x12, 0x34];
        let sum = Sum::new().with_pseudo_header(0xc000_0201, 0xc000_0202, 17, 0x1234);
        assert_eq!(sum.checksum(), by_definition(&pseudo));
    }

    #[test]
    fn data_with_its_checksum_is_intact() {
        let mut bytes = [EXAMPLE.as_slice(), &[0, 0]].concat();
        let checksum = Sum::new().with(&bytes).checksum();
        bytes[8..].copy_from_slice(&checksum.to_be_bytes());
        assert!(Sum::new().with(&bytes).is_intact());
        bytes[3] ^= 1;
        assert!(!Sum::new().with(&bytes).is_intact());
        assert!(!Sum::new().with(&[0; 20]).is_intact(), "all zero is not a valid header: -0 is written 0xffff");
    }

    #[test]
    fn a_delta_is_a_change_and_back() {
        for (checksum, old, new) in [(0x1234, 0x0a00_0001, 0xc0a8_0001), (0, 80, 65535), (0xfffe, 7, 0), (1, 0, 0xffff)]
        {
            let delta = Delta::NONE.replacing(old, new);
            assert_eq!(delta.apply(checksum), adjust(checksum, old, new), "{old:x} {new:x}");
            assert_eq!(delta.reversed().apply(delta.apply(checksum)), checksum, "{old:x} {new:x}");
        }
        let both = Delta::NONE.replacing(1, 2).replacing(0x0102_0304, 0x0506_0708);
        assert_eq!(both.apply(0xabcd), adjust(adjust(0xabcd, 1, 2), 0x0102_0304, 0x0506_0708));
    }

    #[test]
    fn adjusting_is_summing_anew() {
        let mut bytes: [u8; 20] = core::array::from_fn(|i| (i * 37) as u8);
        let mut checksum = Sum::new().with(&bytes).checksum();
        for (at, new) in [(0, 0u32), (4, 0xffff_ffff), (8, 0x0102_0304), (0, 0xffff_0000), (16, 1)] {
            let old = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            bytes[at..at + 4].copy_from_slice(&new.to_be_bytes());
            checksum = adjust(checksum, old, new);
            assert_eq!(checksum, Sum::new().with(&bytes).checksum(), "{at} {new:x}");
        }
    }
}
