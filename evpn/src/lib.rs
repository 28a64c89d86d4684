// SPDX-License-Identifier: Apache-2.0
//! EVPN's control plane for VXLAN: BGP (RFC 4271, RFC 4760) with neighbours on one side, the tables of a VTEP on the other.
//!
//! | what | where | by |
//! | --- | --- | --- |
//! | what a speaker is told | [`Config`] | a TOML file |
//! | a session with a neighbour | `session` | RFC 4271, 6793, 2918, 7313, 7606; messages and states by the rustbgpd crates |
//! | what comes with a route | `path` | RFC 4360, 8365, 9135, 6514 |
//! | routes of types 2, 3 and 5 that neighbours tell | `rib`, `import` | RFC 7432, 9135, 9136 |
//! | routes of ours | `export`, `told` | the same |
//! | hosts here, and whether they have moved | `local` | RFC 7432 §15 |
//! | the VTEP's tables | [`Vtep`], `program` | the handlers in [`table`] |
//! | threads and connections | [`Running`], `transport` | |
#![forbid(unsafe_code)]

mod config;
mod export;
mod import;
mod local;
mod path;
mod program;
mod rib;
mod run;
pub mod session;
pub mod speaker;
mod state;
pub mod table;
mod told;
mod transport;

pub use config::{BGP_PORT, Config, ConfigError, Instance, Mac, Neighbor, Network, Prefix, RouteTarget, Table, Vni};
pub use run::{Asking, ListenError, Running};
pub use speaker::Speaker;
pub use state::State;
pub use table::{Vtep, VtepError, Write};
