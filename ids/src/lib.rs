// SPDX-License-Identifier: Apache-2.0
//! Intrusion detection: rules in Suricata's language, and the engine that matches packets against them.
//!
//! On the host (feature `host`), [`compile`] turns rule files into one table of bytes, with a report of what was left out and
//! why. At run time [`Rules::read`] opens that table in place and [`Engine::inspect`] takes one IP packet after another: it
//! defragments, follows TCP, reassembles, parses HTTP/1, DNS and TLS client hellos, matches, and hands each [`Alert`] to its caller.
//! The run time allocates nothing: all memory is lent to it ([`Memory`]), and each table's bound is stated where it is defined.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "host", test))]
extern crate std;

pub mod alert;
pub mod app;
mod automaton;
pub mod code;
#[cfg(feature = "host")]
pub mod compile;
pub mod defrag;
mod detect;
mod dfa;
pub mod engine;
pub mod eve;
pub mod packet;
pub mod rule;
pub mod stream;
pub mod table;

pub use alert::Alert;
#[cfg(feature = "host")]
pub use compile::{Compiled, Options, Problem, Report, compile};
pub use detect::{Track, search};
pub use engine::{Counters, Engine, Memory, Mode, Tables, Verdict};
pub use table::Rules;
