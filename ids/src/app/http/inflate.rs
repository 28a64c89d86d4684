// SPDX-License-Identifier: Apache-2.0
//! Compressed bodies: gzip (RFC 1952), zlib (RFC 1950) and deflate (RFC 1951), in lent memory.
//!
//! What a message says of its encoding is often wrong, and browsers guess: what cannot be decoded as said is tried as the others
//! in turn, and taken as it is if none fits.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};

use crate::stream::Piece;

/// Bytes that a match of deflate can reach back (RFC 1951 §3.2.5), and so what must be kept of the output.
const REACH: usize = 32_768;

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `gzip`
    Gzip,
    /// `deflate`, without zlib's frame
    Deflate,
    /// zlib's frame around it
    Zlib,
}

impl Encoding {
    /// What is tried when this one does not fit.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Gzip => Self::Deflate,
            Self::Deflate => Self::Zlib,
            Self::Zlib => Self::Gzip,
        }
    }
}

/// Where in a gzip header the input is (RFC 1952 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gzip {
    Fixed(u8),
    ExtraLength(u8),
    Extra(u16),
    Name,
    Comment,
    Checksum(u8),
    Done,
}

/// A decoder's state, once it was used; its tag stands apart so that a free one is all zeros.
#[repr(u8)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put it on")]
enum Decoder {
    Fresh = 0,
    Used(DecompressorOxide) = 1,
}

/// One decoder.
pub struct Inflater {
    owner: u32,
    decoder: Decoder,
    encoding: Encoding,
    gzip: Gzip,
    flags: u8,
    extra: u16,
    window: [u8; REACH],
    position: usize,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It took this much input and wrote this much output.
    Some(usize, usize),
    /// The data has ended; what follows is ignored.
    End,
    /// It is not encoded so.
    Bad,
}

impl Inflater {
    /// A free one: all zeros.
    pub const EMPTY: Self = Self {
        owner: 0,
        decoder: Decoder::Fresh,
        encoding: Encoding::Gzip,
        gzip: Gzip::Fixed(0),
        flags: 0,
        extra: 0,
        window: [0; REACH],
        position: 0,
    };

    /// Begins anew with this encoding.
    pub fn start(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.gzip = if encoding == Encoding::Gzip { Gzip::Fixed(0) } else { Gzip::Done };
        (self.flags, self.extra, self.position) = (0, 0, 0);
        match &mut self.decoder {
            Decoder::Used(decoder) => decoder.init(),
            fresh => *fresh = Decoder::Used(DecompressorOxide::new()),
        }
    }

    /// Decodes from `input` into `output`.
    pub fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let Some(header) = self.header(input) else { return Step::Bad };
        if self.gzip != Gzip::Done {
            return Step::Some(header, 0);
        }
        let Decoder::Used(decoder) = &mut self.decoder else { return Step::Bad };
        let zlib = if self.encoding == Encoding::Zlib { inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT | zlib;
        let before = self.position;
        let (status, taken, written) =
            decompress_with_limit(decoder, &input[header..], &mut self.window, before, output.len(), flags);
        output[..written].copy_from_slice(&self.window[before..before + written]);
        self.position = (before + written) % REACH;
        match status {
            TINFLStatus::Done if written == 0 => Step::End,
            TINFLStatus::Done | TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => {
                Step::Some(header + taken, written)
            }
            _ if written > 0 => Step::Some(header + taken, written),
            _ => Step::Bad,
        }
    }

    /// Takes what of `input` is gzip's header; `None` if it is none.
    fn header(&mut self, input: &[u8]) -> Option<usize> {
        let mut taken = 0;
        while self.gzip != Gzip::Done {
            self.skip_absent();
            if self.gzip == Gzip::Done {
                break;
            }
            let Some(&byte) = input.get(taken) else { break };
            self.gzip = self.header_byte(byte)?;
            taken += 1;
        }
        Some(taken)
    }

    /// Passes over the parts of the header that its flags say are not there.
    fn skip_absent(&mut self) {
        let has = |bit: u8| self.flags & bit != 0;
        self.gzip = match self.gzip {
            Gzip::ExtraLength(0) if !has(4) => Gzip::Name,
            Gzip::Extra(0) => Gzip::Name,
            other => other,
        };
        self.gzip = match self.gzip {
            Gzip::Name if !has(8) => Gzip::Comment,
            other => other,
        };
        self.gzip = match self.gzip {
            Gzip::Comment if !has(16) => Gzip::Checksum(0),
            other => other,
        };
        if matches!(self.gzip, Gzip::Checksum(_)) && !has(2) {
            self.gzip = Gzip::Done;
        }
    }

    fn header_byte(&mut self, byte: u8) -> Option<Gzip> {
        Some(match self.gzip {
            Gzip::Fixed(at @ 0..=2) if byte != [0x1f, 0x8b, 8][usize::from(at)] => return None,
            Gzip::Fixed(at) => {
                if at == 3 {
                    self.flags = byte;
                }
                if at == 9 { Gzip::ExtraLength(0) } else { Gzip::Fixed(at + 1) }
            }
            Gzip::ExtraLength(0) => {
                self.extra = byte.into();
                Gzip::ExtraLength(1)
            }
            Gzip::ExtraLength(_) => Gzip::Extra(self.extra | u16::from(byte) << 8),
            Gzip::Extra(left) => Gzip::Extra(left - 1),
            Gzip::Name => {
                if byte == 0 {
                    self.done(8)
                } else {
                    Gzip::Name
                }
            }
            Gzip::Comment => {
                if byte == 0 {
                    self.done(16)
                } else {
                    Gzip::Comment
                }
            }
            Gzip::Checksum(0) => Gzip::Checksum(1),
            Gzip::Checksum(_) | Gzip::Done => Gzip::Done,
        })
    }

    /// A zero byte ended the part that this flag announced.
    fn done(&mut self, flag: u8) -> Gzip {
        self.flags &= !flag;
        if flag == 8 { Gzip::Name } else { Gzip::Comment }
    }
}

impl Piece for Inflater {
    fn owner(&self) -> u32 {
        self.owner
    }

    fn hand_to(&mut self, owner: u32) {
        self.owner = owner;
    }

    fn is_idle(&self) -> bool {
        false
    }
}
