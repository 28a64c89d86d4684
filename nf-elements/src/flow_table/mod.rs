// SPDX-License-Identifier: Apache-2.0
//! Tables of flows: what service chains and connection tracking remember.
//!
//! A [`FlowKey`] names a flow, the same in both directions. A [`FlowTable`] keeps a [`Memo`] of each in lent memory; [`Guesses`]
//! look ahead in it for a batch of packets.

mod ahead;
mod key;
mod table;

pub use ahead::{Guess, Guesses};
pub use key::{FlowKey, flow_hash};
pub use table::{Bucket, FlowTable, Memo, Place, WAYS, tick};
