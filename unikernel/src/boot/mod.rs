// SPDX-License-Identifier: Apache-2.0
//! From the VMM's jump to Rust, with page tables and interrupt table as they stay.

#[cfg(not(test))]
mod entry;
pub mod exceptions;
pub mod paging;
pub mod parameters;
pub mod pvh;
