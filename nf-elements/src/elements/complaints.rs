// SPDX-License-Identifier: Apache-2.0
//! Bad packets by reason, as Click's header checkers count them and complain about them: VERBOSE, DETAILS, `drops` and
//! `drop_details`.

use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, PacketIo};
use core::fmt;

/// The argument VERBOSE.
pub const VERBOSE: Argument = Argument {
    name: "VERBOSE",
    kind: ArgumentKind::Keyword,
    doc: "a message for every bad packet, not only the first? false by default",
};
/// The argument DETAILS.
pub const DETAILS: Argument =
    Argument { name: "DETAILS", kind: ArgumentKind::Keyword, doc: "without effect: details are always kept" };

/// The handler `drops`.
pub const DROPS_HANDLER: Handler =
    Handler { name: "drops", kind: HandlerKind::Read, doc: "bad packets, dropped or sent to output 1" };
/// The handler `drop_details`.
pub const DROP_DETAILS_HANDLER: Handler =
    Handler { name: "drop_details", kind: HandlerKind::Read, doc: "bad packets by reason, a table" };

/// What is counted: each reason's handler, and Click's words for it.
pub type Reasons<const N: usize> = [(&'static str, &'static str); N];

/// Counts bad packets of `N` kinds.
pub struct Complaints<const N: usize> {
    reasons: &'static Reasons<N>,
    opening: &'static str,
    verbose: bool,
    diverts: bool,
    bad: [u64; N],
}

impl<const N: usize> Complaints<N> {
    /// Messages begin with `opening`; `diverts` if output 1 takes the bad packets.
    pub const fn new(reasons: &'static Reasons<N>, opening: &'static str, verbose: bool, diverts: bool) -> Self {
        Complaints { reasons, opening, verbose, diverts, bad: [0; N] }
    }

    /// Counts a bad packet: the output that it leaves by.
    #[cold]
    pub fn complain<M: PacketIo>(&mut self, io: &mut M, reason: usize) -> Option<usize> {
        if self.verbose || self.drops() == 0 {
            io.message(format_args!("{}: {}", self.opening, self.reasons[reason].1));
        }
        self.bad[reason] += 1;
        self.diverts.then_some(1)
    }

    /// All bad packets, wherever they went.
    pub fn drops(&self) -> u64 {
        self.bad.iter().sum()
    }

    /// Reads `drops`, `drop_details` or a reason's own count.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops())?,
            "drop_details" => {
                for (count, (_, text)) in self.bad.iter().zip(self.reasons) {
                    writeln!(out, "{count}\t{text}")?;
                }
            }
            _ => {
                let reason = self.reasons.iter().position(|(reason, _)| *reason == name);
                let reason = reason.ok_or(HandlerError::Unknown)?;
                write!(out, "{}", if self.diverts { 0 } else { self.bad[reason] })?;
            }
        }
        Ok(())
    }

    /// Takes VERBOSE and DETAILS: the last three arguments of [`Complaints::new`], as Rust has them.
    #[cfg(feature = "host")]
    pub fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
        opening: &str,
    ) -> String {
        let verbose = arguments.keyword("VERBOSE").unwrap_or(false);
        let _: Option<bool> = arguments.keyword("DETAILS");
        format!("{opening:?}, {verbose}, {}", surroundings.outputs > 1)
    }
}
