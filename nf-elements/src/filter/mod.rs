// SPDX-License-Identifier: Apache-2.0
//! Packet filters: Click's pattern language, compiled on the host to a decision diagram that an image walks.
//!
//! The cost of a packet is a few binary searches, one per header field on the way, however many rules there are.

mod data_words;
mod diagram;
pub(crate) mod field;
mod replaceable;
pub mod tree;
mod words;
mod words6;

#[cfg(feature = "host")]
mod arguments;
#[cfg(feature = "host")]
pub mod ast;
#[cfg(feature = "host")]
mod book;
#[cfg(feature = "host")]
mod clauses;
#[cfg(feature = "host")]
mod code;
#[cfg(feature = "host")]
mod compile;
#[cfg(feature = "host")]
mod emit;
#[cfg(feature = "host")]
mod family;
#[cfg(feature = "host")]
mod formula;
#[cfg(feature = "host")]
mod interval;
#[cfg(feature = "host")]
mod lexer;
#[cfg(feature = "host")]
mod lower;
#[cfg(feature = "host")]
pub(crate) mod names;
#[cfg(feature = "host")]
mod order;
#[cfg(feature = "host")]
mod parser;
#[cfg(feature = "host")]
mod primitive;
#[cfg(feature = "host")]
pub mod reference;
#[cfg(feature = "host")]
mod residue;
#[cfg(feature = "host")]
mod resolve;
#[cfg(feature = "host")]
mod rules;
#[cfg(all(test, feature = "host"))]
mod tests;
#[cfg(feature = "host")]
mod value;

pub use data_words::DataWords;
pub use diagram::{DENIED, Decide, Diagram, NO_MATCH, Words, interval};
pub use field::Field;
pub use replaceable::{NO_DIAGRAM, Replaceable};
pub use words::IpWords;
pub use words6::Ip6Words;

#[cfg(feature = "host")]
pub use book::{BadLine, book, requests, rules_of_file};
#[cfg(feature = "host")]
pub use clauses::{Clause, clauses_match, parse_clauses};
#[cfg(feature = "host")]
pub use compile::{TooLarge, compile};
#[cfg(feature = "host")]
pub use emit::Tables;
#[cfg(feature = "host")]
pub use family::of_ipv6;
#[cfg(feature = "host")]
pub use formula::{Formulas, Id};
#[cfg(feature = "host")]
pub use parser::PatternError;
#[cfg(feature = "host")]
pub use rules::{Action, Rule, compile_clauses, compile_rules, parse_pattern, parse_rule, parse_tracked_rule};
