// SPDX-License-Identifier: Apache-2.0
//! Links between two VMs over shared memory: an ivshmem server (qemu docs/specs/ivshmem-spec) with one region and two ends.
//!
//! QEMU's own example server hands one region to any number of clients, and none of them says who it is. Here each link has a
//! region of its own, each end a socket of its own, and each end one client at a time: only the two VMs of a link see its
//! memory, and who connects to which socket is which end, also when it comes a second time.

mod client;
mod memory;
mod plain;
mod server;

pub use memory::{EndState, LinkMemory};
pub use plain::PlainLink;
pub use server::{LinkError, LinkServer};
