// SPDX-License-Identifier: Apache-2.0
//! Flows and how their packets are rewritten: what Click's rewriters (`IPRewriter` and its kin) share.
//!
//! A [`Rewriter`] finds a packet's flow in its [`FlowTable`]; for a packet of none, the [`Specification`] of the input that
//! it came in by says whether a flow begins, and with which [`Pattern`] its packets are rewritten.

mod ages;
mod ahead;
pub mod arguments;
mod creation;
mod flow;
mod handlers;
mod id;
mod mapper;
mod maps;
mod pattern;
mod quote;
mod rewriter;
mod sequence;
mod specification;
mod table;
mod view;

#[cfg(feature = "host")]
mod configuration;
#[cfg(feature = "host")]
pub mod reading;
#[cfg(test)]
mod tests;

pub use ages::{AGES, Timing, age};
pub use flow::{Block, Flow};
pub use id::{FlowId, Ipv4};
pub use mapper::{Mapper, Mappers, Target};
pub use maps::{Mapped, Mapping, Maps};
pub use pattern::{Pattern, PatternError};
pub use quote::Quote;
pub use rewriter::{Kind, Rewriter};
pub use sequence::Sequences;
pub use specification::Specification;
pub use table::{Entry, FlowTable};
pub use view::{DCCP, ICMP, TCP, UDP, View};

#[cfg(feature = "host")]
pub(crate) use configuration::target;
pub(crate) use handlers::handlers;
pub(crate) use rewriter::udp_age;
