// SPDX-License-Identifier: Apache-2.0
//! An IPv4 header edited in place: forwarding changes a few fields and keeps the checksum right with them, RFC 1624.

use super::checksum::{Sum, adjust};

/// Bytes of a header without options.
pub const HEADER_BYTES: usize = super::ipv4::HEADER_BYTES;

/// A header to edit. Setters leave the checksum alone unless their name says otherwise.
pub struct Ipv4Mut<'a> {
    header: &'a mut [u8; HEADER_BYTES],
    rest: &'a mut [u8],
}

impl<'a> Ipv4Mut<'a> {
    /// The header at the front of `bytes`, which are at least 20: of a packet that was checked, or is being written.
    #[inline(always)]
    pub fn new(bytes: &'a mut [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_first_chunk_mut()?;
        Some(Ipv4Mut { header, rest })
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.header[at], self.header[at + 1]])
    }

    #[inline(always)]
    fn double_word(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.header[at], self.header[at + 1], self.header[at + 2], self.header[at + 3]])
    }

    /// Sets the 32 bits at the even offset `at`, and the checksum with them.
    #[inline(always)]
    fn replace_double_word(&mut self, at: usize, new: u32) {
        let old = self.double_word(at);
        self.header[at..at + 4].copy_from_slice(&new.to_be_bytes());
        let checksum = adjust(self.word(10), old, new);
        self.set_header_checksum(checksum);
    }

    /// Sets the 16 bits at the even offset `at`, and the checksum with them.
    #[inline(always)]
    fn replace(&mut self, at: usize, new: u16) {
        let old = self.word(at);
        self.header[at..at + 2].copy_from_slice(&new.to_be_bytes());
        let checksum = adjust(self.word(10), u32::from(old), u32::from(new));
        self.set_header_checksum(checksum);
    }

    /// Sets the version to 4 and the header length to `bytes`, a multiple of 4 from 20 to 60.
    #[inline]
    pub fn set_header_length(&mut self, bytes: usize) {
        self.header[0] = 0x40 | (bytes / 4) as u8 & 15;
    }

    /// The type of service: DSCP and ECN, RFC 2474 and 3168.
    #[inline]
    pub fn type_of_service(&self) -> u8 {
        self.header[1]
    }

    /// Sets the type of service.
    #[inline]
    pub fn set_type_of_service(&mut self, value: u8) {
        self.header[1] = value;
    }

    /// Sets the type of service, and the checksum with it.
    #[inline]
    pub fn replace_type_of_service(&mut self, value: u8) {
        let first = self.header[0];
        self.replace(0, u16::from_be_bytes([first, value]));
    }

    /// Sets the total length in bytes.
    #[inline]
    pub fn set_total_length(&mut self, bytes: u16) {
        self.header[2..4].copy_from_slice(&bytes.to_be_bytes());
    }

    /// Sets the identification.
    #[inline]
    pub fn set_identification(&mut self, value: u16) {
        self.header[4..6].copy_from_slice(&value.to_be_bytes());
    }

    /// Sets the flags (the upper three bits) and the fragment offset (in units of 8 bytes).
    #[inline]
    pub fn set_flags_and_offset(&mut self, value: u16) {
        self.header[6..8].copy_from_slice(&value.to_be_bytes());
    }

    /// The time to live.
    #[inline]
    pub fn time_to_live(&self) -> u8 {
        self.header[8]
    }

    /// Sets the time to live.
    #[inline]
    pub fn set_time_to_live(&mut self, value: u8) {
        self.header[8] = value;
    }

    /// Sets the time to live, and the checksum with it.
    #[inline]
    pub fn replace_time_to_live(&mut self, value: u8) {
        let protocol = self.header[9];
        self.replace(8, u16::from_be_bytes([value, protocol]));
    }

    /// Sets the protocol.
    #[inline]
    pub fn set_protocol(&mut self, value: u8) {
        self.header[9] = value;
    }

    /// Sets the header checksum.
    #[inline]
    pub fn set_header_checksum(&mut self, value: u16) {
        self.header[10..12].copy_from_slice(&value.to_be_bytes());
    }

    /// The source address, its first byte uppermost.
    #[inline]
    pub fn source(&self) -> u32 {
        self.double_word(12)
    }

    /// The destination address, its first byte uppermost.
    #[inline]
    pub fn destination(&self) -> u32 {
        self.double_word(16)
    }

    /// Sets the source address, and the checksum with it.
    #[inline]
    pub fn replace_source(&mut self, address: u32) {
        self.replace_double_word(12, address);
    }

    /// Sets the destination address, and the checksum with it.
    #[inline]
    pub fn replace_destination(&mut self, address: u32) {
        self.replace_double_word(16, address);
    }

    /// Sets the source address.
    #[inline]
    pub fn set_source(&mut self, address: u32) {
        self.header[12..16].copy_from_slice(&address.to_be_bytes());
    }

    /// Sets the destination address.
    #[inline]
    pub fn set_destination(&mut self, address: u32) {
        self.header[16..20].copy_from_slice(&address.to_be_bytes());
    }

    /// Sums the header, options included, and sets its checksum.
    #[inline]
    pub fn fill_header_checksum(&mut self) {
        self.set_header_checksum(0);
        let options = (usize::from(self.header[0] & 15) * 4).saturating_sub(HEADER_BYTES).min(self.rest.len());
        self.set_header_checksum(Sum::new().with_20(self.header).with(&self.rest[..options]).checksum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn edits_keep_the_checksum_right() {
        let mut bytes = [0; 24];
        let mut header = Ipv4Mut::new(&mut bytes).unwrap();
        header.set_header_length(24);
        header.set_total_length(24);
        header.set_time_to_live(64);
        header.set_protocol(17);
        header.set_source(0x0a00_0001);
        header.set_destination(0xc0a8_ffff);
        header.fill_header_checksum();
        for ttl in (0..=255).rev() {
            header.replace_time_to_live(ttl);
            header.replace_type_of_service(ttl.wrapping_mul(7));
            header.replace_source(u32::from(ttl) * 0x0101_0101);
            header.replace_destination(header.source() ^ 0x00ff_ff00);
        }
        let packet = Ipv4::new_checked(&bytes).unwrap();
        assert!(packet.is_header_intact());
        assert_eq!((packet.time_to_live(), packet.header_length(), packet.destination()), (0, 24, 0x00ff_ff00));
        assert!(Ipv4Mut::new(&mut [0; 19]).is_none());
    }
}
