// SPDX-License-Identifier: Apache-2.0
//! Xenstore: the tree of names and values in which domains find each other.

mod client;
mod connection;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod permission;
mod request;
mod wire;

pub use client::{ANSWERS, Error, Path, Refusal, Store, Token, Tokens, Transaction};
pub use permission::{Access, Permission};
pub use request::{Answer, Request};
pub use wire::{HEADER_BYTES, Header, Kind, PAYLOAD_MAX};

#[cfg(test)]
mod tests;
