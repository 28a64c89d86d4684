// SPDX-License-Identifier: Apache-2.0
//! Flows on service chains: what `ChainHop` and `FlowDirector` share.
//!
//! A [`FlowKey`] names a flow, the same in both directions; its hash travels with the packet. A [`FlowTable`] remembers flows
//! in lent memory. A [`Balance`] spreads hashes over the replicas of a service.

mod ahead;
mod balance;
pub mod envelope;
mod key;
mod table;

pub use ahead::Guesses;
pub use balance::{Balance, MOST_REPLICAS};
pub use key::{FlowKey, flow_hash};
pub use table::{Bucket, Fate, FlowTable, Place, WAYS, tick};
