// SPDX-License-Identifier: Apache-2.0
//! Rules as data: a decision tree over header fields, for rule sets of any size, which a running machine can replace.
//!
//! A [`Diagram`](super::Diagram) shares what is equal and asks for each field once, but of a hundred thousand five-field rules it
//! has no bound. A tree keeps to a stated memory: each node cuts the values of one field at bounds that few rules cross (equal
//! weights instead of equal sizes: Qi et al., "Packet Classification Algorithms: From Theory to Practice", INFOCOM 2009, §IV), and
//! rules that a cut would copy too often become a tree of their own, searched as well (separable trees: Vamanan et al., "EffiCuts",
//! SIGCOMM 2010, §4.1). Few rules are left at a leaf, with the tests that the way to it has not answered.
//!
//! The tree is one run of 32-bit words, little-endian, without pointers: `format` describes it, `walk` searches it, `check` accepts or
//! refuses what came from elsewhere; a host makes it by `boxes`, `cuts`, `grow` and `layout`.

mod check;
mod format;
mod walk;

#[cfg(feature = "host")]
mod boxes;
#[cfg(feature = "host")]
mod cuts;
#[cfg(feature = "host")]
mod grow;
#[cfg(feature = "host")]
mod layout;
#[cfg(all(test, feature = "host"))]
mod tests;

pub use check::{Checked, Fault, check};
pub use format::{Word, words_of};
pub use walk::Tree;

#[cfg(feature = "host")]
pub use boxes::{Boxes, TooMany};
#[cfg(feature = "host")]
pub use layout::{Grown, grow_tree};
