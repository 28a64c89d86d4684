// SPDX-License-Identifier: Apache-2.0
//! Routing tables: the longest prefix that matches an address, for IPv4 and IPv6.
//!
//! A [`Table`] is made on the host ([`bake`]) and lies in the image as read-only data. A table of few routes is a list of
//! ranges ([`ranges`]), a bigger one a Poptrie ([`trie`]; Asai and Ohara, SIGCOMM 2015): a lookup among 500 000 routes
//! touches about three cache lines. When a route changes for the first time, the table moves to memory that was set
//! aside for it, with room for a number of routes that is known when the image is built.

#[cfg(feature = "host")]
pub mod bake;
mod key;
mod layout;
pub mod ranges;
#[cfg(any(test, feature = "host"))]
pub mod sample;
mod table;
#[cfg(all(test, feature = "host"))]
mod tests;
pub mod text;
pub mod trie;

pub use key::Key;
pub use table::{Change, Hop, Route, Table};
