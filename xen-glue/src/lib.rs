// SPDX-License-Identifier: Apache-2.0
//! Xen's paravirtual protocols for a guest without an operating system.
//!
//! The guest is PVH, has one processor, and maps its memory one to one, so that the number of a page frame is its address
//! divided by [`PAGE_BYTES`]. Nothing here allocates; nothing that another domain writes can make it panic or wait for ever.
#![cfg_attr(not(any(test, feature = "fake")), no_std)]
#![deny(unsafe_code)]

mod hypercalls;
mod pages;

pub use hypercalls::{
    DomainId, Errno, EventPort, GrantReference, Hypercalls, MapSpace, ShutdownReason, VirtualInterrupt,
};
pub use pages::{PAGE_BYTES, Pages};
