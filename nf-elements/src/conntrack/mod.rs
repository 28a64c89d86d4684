// SPDX-License-Identifier: Apache-2.0
//! Connection tracking: what a stateful firewall remembers.
//!
//! A [`View`] is what a packet says. A [`Tracker`] compares it with the connections that it knows, which tells the packet's [`State`],
//! and remembers it if it may pass.

mod ahead;
mod fragments;
mod known;
pub mod tcp;
mod tracker;
mod view;

pub use fragments::Part;
pub use known::{Kind, Known, Timeouts};
pub use tracker::{State, Tracker};
pub use view::{Ends, Fragment, Message, Plain, View};

/// A tracker's memory.
pub type Memory<const BUCKETS: usize, const FLOWS: usize> = crate::flow_table::Memory<Known, BUCKETS, FLOWS>;

#[cfg(test)]
mod tests;
