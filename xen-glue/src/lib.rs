// SPDX-License-Identifier: Apache-2.0
//! Xen's paravirtual protocols for a guest without an operating system.
//!
//! The guest is PVH, has one processor, and maps its memory one to one, so that the number of a page frame is its address
//! divided by [`PAGE_BYTES`]. Nothing here allocates; nothing that another domain writes can make it panic or wait for ever.
#![cfg_attr(not(any(test, feature = "fake")), no_std)]
#![deny(unsafe_code)]

mod bytes;
mod console;
mod detect;
mod events;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod grants;
mod hypercalls;
pub mod link;
pub mod netfront;
mod pages;
mod time;
pub mod xenbus;
pub mod xenstore;

pub use console::Console;
pub use detect::{Gate, Hypervisor, detect};
pub use events::{Events, Fifo, Ports, Priority, TwoLevel};
pub use grants::{Access, Exhausted, Grants, StillMapped};
pub use hypercalls::{
    CopyEnd, DomainId, Errno, EventPort, FrameCopy, GrantHandle, GrantReference, Hypercalls, MapSpace, ShutdownReason,
    VirtualInterrupt,
};
pub use pages::{PAGE_BYTES, Pages};
pub use time::TimeInfo;
