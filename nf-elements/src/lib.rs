// SPDX-License-Identifier: Apache-2.0
//! Network functions as elements: packets, wire formats, tables and the elements themselves.
//!
//! Nothing here knows the machine it runs on: frames come and go through [`PacketIo`], which the unikernel (or a test)
//! implements. The feature `host` adds what only the compiler needs: each element's argument parser ([`configure`]).
#![cfg_attr(not(any(test, feature = "host")), no_std)]
#![forbid(unsafe_code)]

mod batch;
mod call;
pub mod chains;
pub mod conntrack;
pub mod element;
pub mod elements;
pub mod filter;
pub mod flow_table;
pub mod flows;
mod io;
pub mod overlay;
mod own_host;
mod packet;
pub mod rejection;
pub mod routing;
pub mod script;
pub mod spec;
pub mod tunnel;
pub mod vnet;
pub mod wire;

#[cfg(feature = "host")]
pub mod configure;
#[cfg(any(test, feature = "host"))]
pub mod testing;

pub use batch::{BURST, Batch};
pub use call::{Call, CountCall};
pub use element::{
    Action, ActionWith, Ahead, Configuration, Control, Element, Graph, HandlerError, Handlers, Outputs, Pull, Push,
    PushWith, Route, RouteWith, Sink, Source, Store, Turn, Verdict,
};
pub use io::PacketIo;
pub use own_host::OwnHost;
pub use packet::{
    Annotations, BUFFER_BYTES, Buffer, BufferPool, DATA_BYTES, HEADROOM_BYTES, Header, Packet, PacketType, PoolRef,
};
pub use spec::Spec;
pub use static_cell::ConstStaticCell;
