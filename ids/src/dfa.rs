// SPDX-License-Identifier: Apache-2.0
//! The automaton of one regular expression over a table.
//!
//! It begins with the class of each byte (256 bytes), the number of classes, 1 if the expression matches at the subject's start
//! only, and the start state. A state is one word of flags, then its target for each class; 0 is the dead state. A match is
//! known one byte late, as in regex-automata: [`MATCH`] in the state after a byte says that a match ended before that byte.

use crate::table::word;

/// A match ended before the byte that led here.
pub const MATCH: u32 = 1;
/// The subject's end here is the end of a match.
pub const MATCH_AT_END: u32 = 2;
/// Bytes before the first state.
#[cfg(feature = "host")]
pub const HEAD: usize = 256 + 12;

/// Whether the expression at `start` matches only where the subject starts.
#[must_use]
pub fn is_anchored(expressions: &[u8], start: u32) -> bool {
    word(expressions, start as usize + 260) != 0
}

/// Where the leftmost match of the expression at `start` ends in `subject`.
#[must_use]
pub fn find_end(expressions: &[u8], start: u32, subject: &[u8]) -> Option<usize> {
    let start = start as usize;
    let classes = expressions.get(start..start + 256)?;
    let mut state = word(expressions, start + 264) as usize;
    let mut end = None;
    for (place, byte) in subject.iter().enumerate() {
        state = word(expressions, state + 4 + 4 * usize::from(classes[usize::from(*byte)])) as usize;
        if state == 0 {
            return end;
        }
        if word(expressions, state) & MATCH != 0 {
            end = Some(place);
        }
    }
    if word(expressions, state) & MATCH_AT_END != 0 { Some(subject.len()) } else { end }
}
