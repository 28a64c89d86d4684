// SPDX-License-Identifier: Apache-2.0
//! Tables of flows: what service chains and connection tracking remember.
//!
//! A [`FlowKey`] names a flow, the same in both directions. A [`FlowTable`] keeps a [`Memo`] of each in lent memory; [`Guesses`]
//! look ahead in it for a batch of packets.

mod ahead;
mod key;
mod table;
mod tags;

pub use ahead::{Guesses, Sought};
pub use key::{FlowKey, flow_hash};
pub use table::{Entry, FlowTable, Memo, Memory, Place, buckets, tick};

/// An instance that is lent memory for so many flows, whose type is the `Memory` of the module `of`.
#[cfg(feature = "host")]
pub fn with_flows(instance: crate::configure::Instance, of: &str, flows: usize) -> crate::configure::Instance {
    let memory = format!("nf_elements::{of}::Memory::<{}, {flows}>", buckets(flows));
    instance.with_memory(&memory, format!("{memory}::EMPTY"), 1)
}
