// SPDX-License-Identifier: Apache-2.0
//! Who is there: what the host says of an end, and what that end says of itself.

use crate::region::Header;
use crate::shape::End;
use crate::sync::Ordering;

/// Whether the other end of a link is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The host says that it does not run.
    Down,
    /// It runs, but has not attached to the link yet.
    Coming,
    /// It runs and has attached.
    Up {
        /// The presence word of this incarnation; another one after each restart.
        generation: u64,
    },
}

impl Peer {
    /// Whether frames put now find a reader.
    pub fn is_up(self) -> bool {
        matches!(self, Peer::Up { .. })
    }
}

/// The state of an end.
#[inline]
pub(crate) fn state(header: &Header, end: End) -> Peer {
    let present = header.presence(end).load(Ordering::Acquire);
    // Acquire, for the end's store in `attach`: its rings are taken up before.
    let attached = header.attached(end).load(Ordering::Acquire);
    match present {
        even if even % 2 == 0 => Peer::Down,
        generation if generation == attached => Peer::Up { generation },
        _ => Peer::Coming,
    }
}

/// Says that an end has attached, as the incarnation that the host has announced last.
pub(crate) fn attach(header: &Header, end: End) {
    let generation = header.presence(end).load(Ordering::Acquire);
    header.attached(end).store(generation, Ordering::Release);
}

/// Says whether an end runs: the host's part.
pub(crate) fn set(header: &Header, end: End, up: bool) {
    let word = header.presence(end);
    word.store(next(word.load(Ordering::Relaxed), up), Ordering::Release);
}

/// The presence word that follows `word` when an end is up, or is not.
fn next(word: u64, up: bool) -> u64 {
    if (word % 2 == 1) == up { word } else { word.wrapping_add(1) }
}
