// SPDX-License-Identifier: Apache-2.0
//! Flows, TCP's sides, and the bytes that wait for more.

pub mod flow;
pub mod pool;
pub mod tcp;
pub mod window;

pub use flow::{Flow, FlowTable, Key, Place, State, Stream};
pub use pool::{Piece, Pool};
pub use window::{WINDOW, Window};
