// SPDX-License-Identifier: Apache-2.0
//! VNET/P's routing (L. Xia et al., "VNET/P: Bridging the Cloud and High Performance Computing through Fast Overlay Networking",
//! HPDC 2012, §4): which of its places a frame goes to, by both its addresses and where it came from.

pub mod cache;
mod route;
mod table;

pub use cache::{Entry, Header};
pub use route::{Place, Qualifier, Route, RouteError, Source};
pub use table::{Chosen, Slot, Table};
