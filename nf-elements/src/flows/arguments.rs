// SPDX-License-Identifier: Apache-2.0
//! The arguments that rewriters share.

use crate::spec::{Argument, ArgumentKind};

/// Flows that a rewriter holds if it is not told how many.
pub const DEFAULT_CAPACITY: usize = 65536;

/// The specifications.
pub const INPUT_SPECIFICATION: Argument = Argument {
    name: "INPUTSPEC",
    kind: ArgumentKind::List,
    doc: "for each input: drop, pass OUTPUT, keep FOUTPUT ROUTPUT, pattern PATTERN FOUTPUT ROUTPUT or a mapper's name",
};

/// A keyword argument.
pub const fn keyword(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

/// MAPPING_CAPACITY.
pub const MAPPING_CAPACITY: Argument = keyword("MAPPING_CAPACITY", "most flows; 65536 by default");
/// CAPACITY.
pub const CAPACITY: Argument = keyword("CAPACITY", "MAPPING_CAPACITY, as it was called");
/// REAP_INTERVAL.
pub const REAP_INTERVAL: Argument =
    keyword("REAP_INTERVAL", "how often flows whose time is over end, in seconds; 15 minutes by default, 0 for never");
/// TIMEOUT.
pub const TIMEOUT: Argument = keyword("TIMEOUT", "seconds without a packet after which a flow ends");
/// GUARANTEE.
pub const GUARANTEE: Argument =
    keyword("GUARANTEE", "seconds after a packet in which its flow does not end for a new one; 5 by default");
/// DST_ANNO.
pub const DST_ANNO: Argument = keyword("DST_ANNO", "set the destination annotation? true by default");
/// REPLY_ANNO.
pub const REPLY_ANNO: Argument =
    keyword("REPLY_ANNO", "PAINT: packets that answer get the paint of the packet that began their flow");
