// SPDX-License-Identifier: Apache-2.0
//! Stateless transport tunnelling, draft-davie-stt-08 §3: frames with an STT frame header, cut into segments that look like TCP's.
//!
//! The segment's header has the places of TCP's, with other meanings in two of them:
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Source Port          |       Destination Port        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |        STT Frame Length       |        Fragment Offset        |  Sequence Number
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              the same in all segments of a frame              |  Acknowledgment Number
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | Offset|       |    Flags      |            Window             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |           Checksum            |        Urgent Pointer         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The frame begins with the STT frame header, in front of an Ethernet frame:
//!
//! ```text
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |    Version    |     Flags     |   L4 Offset   |   Reserved    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |       Max. Segment Size       | PCP |V|        VLAN ID        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     Context ID (64 bits)                      |
//! |                                                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |            Padding            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::be16;
use super::tcp::{self, Tcp, field, flag};
use core::fmt;

/// Bytes of a frame's header, its padding included.
pub const HEADER_BYTES: usize = 18;
/// The destination port of segments.
pub const PORT: u16 = 7471;
/// Bytes of a segment's header.
pub const SEGMENT_BYTES: usize = tcp::HEADER_BYTES;

const VERIFIED: u8 = 0x01;
const PARTIAL: u8 = 0x02;
const TCP: u8 = 0x08;
/// The V bit: there are PCP and VLAN ID.
const TAGGED: u16 = 0x1000;

/// Why bytes are no segment, or no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not even the header that looks like TCP's.
    Tcp(tcp::Error),
    /// A segment with nothing in it.
    Empty,
    /// A segment that ends behind its frame: the frame's length.
    Behind(u16),
    /// Fewer bytes than a frame's header has.
    Short(usize),
    /// A version other than 0.
    Version(u8),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Tcp(error) => error.fmt(out),
            Error::Empty => write!(out, "nothing is in the STT segment"),
            Error::Behind(length) => write!(out, "the STT segment ends behind its frame of {length} bytes"),
            Error::Short(length) => write!(out, "{length} bytes are fewer than the STT header has"),
            Error::Version(version) => write!(out, "the STT version is {version}, not 0"),
        }
    }
}

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Source Port: the inner flow's.
    pub source_port: u16,
    /// The same in all segments of a frame.
    pub identification: u32,
    /// STT Frame Length: bytes of the frame, its header included.
    pub frame_length: u16,
    /// Fragment Offset: where in the frame it begins.
    pub offset: u16,
}

impl Segment {
    /// Reads a segment, which fills `bytes`: where it belongs, and its part of the frame.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<(Segment, &[u8]), Error> {
        let header = Tcp::new_checked(bytes).map_err(Error::Tcp)?;
        let (sequence, part) = (header.sequence_number(), header.payload());
        let (frame_length, offset) = ((sequence >> 16) as u16, sequence as u16);
        if part.is_empty() {
            return Err(Error::Empty);
        }
        if usize::from(offset) + part.len() > usize::from(frame_length) {
            return Err(Error::Behind(frame_length));
        }
        let identification = header.acknowledgment_number();
        Ok((Segment { source_port: header.source_port(), identification, frame_length, offset }, part))
    }

    /// The header in front of it, to `destination_port`, the checksum still 0.
    #[inline]
    pub fn header(&self, destination_port: u16) -> [u8; SEGMENT_BYTES] {
        let mut header = [0; SEGMENT_BYTES];
        header[field::SOURCE_PORT].copy_from_slice(&self.source_port.to_be_bytes());
        header[field::DESTINATION_PORT].copy_from_slice(&destination_port.to_be_bytes());
        let sequence = u32::from(self.frame_length) << 16 | u32::from(self.offset);
        header[field::SEQUENCE_NUMBER].copy_from_slice(&sequence.to_be_bytes());
        header[field::ACKNOWLEDGMENT_NUMBER].copy_from_slice(&self.identification.to_be_bytes());
        header[field::DATA_OFFSET] = (SEGMENT_BYTES as u8 / 4) << 4;
        header[field::FLAGS] = flag::ACK;
        header[field::WINDOW].fill(0xff);
        header
    }
}

/// A checksum that the receiver has to complete: the frame's sender summed only the pseudo header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    /// Where TCP's or UDP's header begins, from the end of the frame's header on.
    pub offset: usize,
    /// Whether it is TCP's.
    pub is_tcp: bool,
}

/// A view of a frame's header.
#[derive(Clone, Copy)]
pub struct Stt<'a>(&'a [u8; HEADER_BYTES]);

impl<'a> Stt<'a> {
    /// Views the header at the front of `bytes`; its version is checked.
    #[inline]
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some(header) = bytes.first_chunk() else { return Err(Error::Short(bytes.len())) };
        if header[0] != 0 {
            return Err(Error::Version(header[0]));
        }
        Ok(Stt(header))
    }

    /// Whether the sender found the inner checksum right.
    #[inline]
    pub fn is_verified(&self) -> bool {
        self.0[1] & VERIFIED != 0
    }

    /// The inner checksum that is to be completed, if one is.
    #[inline]
    pub fn partial(&self) -> Option<Partial> {
        let partial = Partial { offset: self.0[2].into(), is_tcp: self.0[1] & TCP != 0 };
        (self.0[1] & PARTIAL != 0).then_some(partial)
    }

    /// The tag that the frame had, without its type: PCP and VLAN ID.
    #[inline]
    pub fn tag(&self) -> Option<u16> {
        let tag = be16(self.0, 6..8);
        (tag & TAGGED != 0).then_some(tag & !TAGGED)
    }

    /// Context ID.
    #[inline]
    pub fn context(&self) -> u64 {
        u64::from_be_bytes(*self.0[8..].first_chunk().unwrap_or(&[0; 8]))
    }
}

/// The header of a frame of `context` whose inner checksums are whole; the bit of `tag` where V is must be 0.
#[inline]
pub fn header(context: u64, tag: Option<u16>, verified: bool) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[1] = if verified { VERIFIED } else { 0 };
    header[6..8].copy_from_slice(&tag.map_or(0, |tag| tag | TAGGED).to_be_bytes());
    header[8..16].copy_from_slice(&context.to_be_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const SEGMENT: Segment =
        Segment { source_port: 0xc001, identification: 0x0102_0304, frame_length: 0x0203, offset: 0x0200 };

    fn segment(part: &[u8]) -> Vec<u8> {
        [SEGMENT.header(PORT).as_slice(), part].concat()
    }

    #[test]
    fn known_headers_both_ways() {
        let bytes = segment(b"end");
        let known = [0xc0, 1, 0x1d, 0x2f, 2, 3, 2, 0, 1, 2, 3, 4, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0, b'e', b'n', b'd'];
        assert_eq!(bytes, known);
        assert_eq!(Segment::read(&bytes), Ok((SEGMENT, b"end".as_slice())));

        let bytes = header(0x0102_0304_0506_0708, Some(0xe00a), true);
        assert_eq!(bytes, [0, 1, 0, 0, 0, 0, 0xf0, 0x0a, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
        let read = Stt::new_checked(&bytes).unwrap();
        assert_eq!((read.context(), read.tag(), read.partial()), (0x0102_0304_0506_0708, Some(0xe00a), None));
        assert!(read.is_verified() && !Stt::new_checked(&header(1, None, false)).unwrap().is_verified());
        assert_eq!(Stt::new_checked(&header(1, None, false)).unwrap().tag(), None);
        let mut partial = header(1, None, false);
        (partial[1], partial[2]) = (0x0e, 34);
        assert_eq!(Stt::new_checked(&partial).unwrap().partial(), Some(Partial { offset: 34, is_tcp: true }));
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(Segment::read(&segment(b"end")[..19]), Err(Error::Tcp(tcp::Error::Short(19))));
        assert_eq!(Segment::read(&segment(b"")), Err(Error::Empty));
        assert_eq!(Segment::read(&segment(b"more")), Err(Error::Behind(0x0203)));
        assert_eq!(Stt::new_checked(&[0; 17]).err(), Some(Error::Short(17)));
        assert_eq!(Stt::new_checked(&[1; 18]).err(), Some(Error::Version(1)));
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&segment(&header(1, Some(2), true)), |bytes| {
            if let Ok((segment, part)) = Segment::read(bytes) {
                assert!(usize::from(segment.offset) + part.len() <= usize::from(segment.frame_length));
                if let Ok(header) = Stt::new_checked(part) {
                    let _ = (header.context(), header.tag(), header.partial(), header.is_verified());
                }
            }
        });
    }
}
