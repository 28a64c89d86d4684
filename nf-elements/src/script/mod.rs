// SPDX-License-Identifier: Apache-2.0
//! Click's script language: what `Script` and `DriverManager` run.
//!
//! The compiler reads the instructions (`parse`, `template`; host only) and puts them into the image as a [`Program`], their
//! texts already split at variables and calls. In the image a [`Machine`] executes it, on text of bounded length
//! ([`Text`]) and without a heap. `words` has Click's rules of quoting, `numbers` its numbers, `functions` what a script
//! can compute by itself, `outside` where its output goes.

mod arithmetic;
mod expand;
pub mod functions;
mod handlers;
mod machine;
mod numbers;
mod outside;
mod own;
#[cfg(feature = "host")]
mod parse;
mod program;
mod signals;
#[cfg(feature = "host")]
mod source;
mod sprintf;
mod state;
#[cfg(feature = "host")]
mod template;
mod text;
mod words;

pub use handlers::{full_name, scopes};
pub use machine::Machine;
pub use outside::{Later, Outside, Through, repeat};
#[cfg(feature = "host")]
pub use parse::parse;
pub use program::{Ending, File, Instruction, Kind, MAX_NESTING, Piece, Program, Target};
pub use state::{Mode, State};
pub use text::{TEXT_BYTES, Text};

#[cfg(test)]
mod tests;
