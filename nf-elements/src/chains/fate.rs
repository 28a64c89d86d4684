// SPDX-License-Identifier: Apache-2.0
//! What is remembered about a flow on a chain.

use crate::flow_table::Memo;

/// What is known about a flow. All bytes zero: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Fate {
    /// The chain that it is on, as in the packets' annotation; 0 if none.
    pub chain: u16,
    /// The chain that somebody diverted it to; 0 if none.
    pub divert: u16,
    /// The ports by which it goes back and forward, each plus one; 0 if not known.
    pub ports: [u8; 2],
    /// Whether somebody put it in by hand: it stays until he takes it out.
    pub kept: bool,
}

impl Memo for Fate {
    const NONE: Fate = Fate { chain: 0, divert: 0, ports: [0; 2], kept: false };
    /// Ticks without a packet after which a flow is forgotten.
    type Timeouts = u32;

    #[inline(always)]
    fn is_over(&self, quiet: u32, timeout: &u32) -> bool {
        quiet > *timeout && !self.kept
    }

    #[inline(always)]
    fn yields(&self) -> bool {
        !self.kept
    }

    #[inline(always)]
    fn word(&self) -> u32 {
        self.chain.into()
    }
}
