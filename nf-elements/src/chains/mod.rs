// SPDX-License-Identifier: Apache-2.0
//! Flows on service chains: what `ChainHop` and `FlowDirector` share.
//!
//! A flow's hash travels with the packet, and its [`Fate`] is remembered. A [`Balance`] spreads hashes over the replicas of a service.

mod balance;
pub mod envelope;
mod fate;

pub use balance::{Balance, MOST_REPLICAS};
pub use fate::Fate;

/// The table of flows on chains.
pub type FlowTable = crate::flow_table::FlowTable<Fate>;
/// Its memory.
pub type Memory<const BUCKETS: usize, const FLOWS: usize> = crate::flow_table::Memory<Fate, BUCKETS, FLOWS>;
