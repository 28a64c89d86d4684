// SPDX-License-Identifier: Apache-2.0
//! The atomics: the core's, or those of the model checker (`--cfg loom`).

#[cfg(not(loom))]
pub use core::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU64, Ordering, fence};
