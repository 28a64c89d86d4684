// SPDX-License-Identifier: Apache-2.0
//! The source route options of IPv4, RFC 791 §3.1: found in a packet, and reversed for the way back.

use crate::wire::ipv4::HEADER_BYTES;

const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE: u8 = 131;
const STRICT: u8 = 137;
/// Bytes in front of the addresses: type, length, pointer.
const FRONT: usize = 3;
/// Most bytes of options that a header has.
const MOST: usize = 40;

/// The part of a source route that was travelled.
#[derive(Clone, Copy)]
pub struct SourceRoute {
    kind: u8,
    /// Where the option lies in the header, and its length.
    at: usize,
    option: usize,
    /// The routers that it came by, and how many bytes of them.
    travelled: [u8; MOST],
    bytes: usize,
}

impl SourceRoute {
    /// The first good source route among a header's options.
    pub fn find(options: &[u8]) -> Option<Self> {
        let mut rest = options;
        loop {
            let at = HEADER_BYTES + options.len() - rest.len();
            match *rest {
                [] | [END, ..] | [_] => return None,
                [NO_OPERATION, ..] => rest = &rest[1..],
                [kind, length, ..] => {
                    let option = rest.get(..usize::from(length)).filter(|option| option.len() >= 2)?;
                    if let Some(route) = SourceRoute::read(kind, option, at) {
                        return Some(route);
                    }
                    rest = &rest[option.len()..];
                }
            }
        }
    }

    fn read(kind: u8, option: &[u8], at: usize) -> Option<Self> {
        let pointer = usize::from(*option.get(2)?);
        let good = pointer >= 4 && pointer.is_multiple_of(4) && pointer <= option.len() + 1;
        if !matches!(kind, LOOSE | STRICT) || !good {
            return None;
        }
        let addresses = option.get(FRONT..pointer - 1)?;
        let mut travelled = [0; MOST];
        travelled.get_mut(..addresses.len())?.copy_from_slice(addresses);
        Some(SourceRoute { kind, at, option: option.len(), travelled, bytes: addresses.len() })
    }

    /// Whether byte `pointer` of the IP header lies in the option.
    pub fn contains(&self, pointer: u8) -> bool {
        (self.at..self.at + self.option).contains(&usize::from(pointer))
    }

    /// Bytes of the reversed option, with its padding.
    pub fn length(&self) -> usize {
        FRONT + self.bytes + 1
    }

    /// Writes the option with its routers reversed, all of them still to come, and its padding.
    pub fn write_reversed(&self, out: &mut [u8]) {
        let Some((front, addresses)) = out.split_first_chunk_mut::<FRONT>() else { return };
        *front = [self.kind, (FRONT + self.bytes) as u8, 4];
        let travelled = self.travelled.get(..self.bytes).unwrap_or(&[]);
        for (to, from) in addresses.chunks_exact_mut(4).zip(travelled.rchunks_exact(4)) {
            to.copy_from_slice(from);
        }
        if let Some(padding) = addresses.get_mut(self.bytes..) {
            padding.fill(END);
        }
    }
}
