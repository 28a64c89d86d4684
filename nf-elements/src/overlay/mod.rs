// SPDX-License-Identifier: Apache-2.0
//! Overlay networks: what a VXLAN tunnel endpoint (VTEP) knows. Networks by their VNI, who is in each of them, where stations
//! are, and who answers for an address. All of it is bounded, lies in lent memory, and takes as much as is used.
//!
//! | what | where |
//! | --- | --- |
//! | a hash table that grows in place | [`Table`] |
//! | what entries are found by | [`MacKey`], [`AccessKey`], [`NeighborKey`], [`RouteKey`], [`Host`], [`Vni`] |
//! | what they hold | [`Network`], [`Mac`], [`Access`], [`Remote`], [`Neighbor`], [`Via`], [`Traffic`] |
//! | the tables together, and what changes them | [`Networks`] |
//! | the control channel's commands | [`command`] |
//! | answers to ARP and neighbor solicitations | [`suppression`] |
//! | answers to pings | [`echo`] |
//! | an access port's VLAN tags | [`vlan`] |

pub mod command;
pub mod echo;
mod entry;
mod key;
mod members;
mod networks;
mod routes;
mod stations;
pub mod suppression;
mod sweep;
pub mod table;
pub mod vlan;

pub use command::{Command, MOST_PORTS};
pub use entry::{Access, Mac, Neighbor, Network, Place, Remote, Traffic};
pub use key::{AccessKey, Host, MacKey, NeighborKey, Vlan, Vni};
pub use members::Members;
pub use networks::{Learns, Memory, Networks, Refused, Settings};
pub use routes::{MOST_GATEWAYS, Prefix, RouteKey, Via, Vrf};
pub use table::Table;
