// SPDX-License-Identifier: Apache-2.0
//! VNET/P's routing (L. Xia et al., "VNET/P: Bridging the Cloud and High Performance Computing through Fast Overlay Networking",
//! HPDC 2012, §4): which of its places a frame goes to, by both its addresses and where it came from. And its links: what leads to other
//! hosts over UDP or TCP.

pub mod cache;
pub mod links;
mod route;
pub mod stream;
mod table;
pub mod template;

pub use cache::{Entry, Header};
pub use links::{Link, LinkError, Links, MOST_LINKS, Opening, PORT, Protocol, Remote};
pub use route::{Place, Qualifier, Route, RouteError, Source};
pub use table::{Chosen, Slot, Table};
