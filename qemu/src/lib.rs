// SPDX-License-Identifier: Apache-2.0
//! Virtual machines on QEMU.
//!
//! A [`Machine`] describes one and gives QEMU's command line; [`Vm`] is one that runs. Frames of a NIC on a socket are
//! served through [`Port`], the control channel through [`Control`], the memory of
//! a link through [`LinkServer`]. [`accel::choose`] tells whether KVM executes guests.
#![forbid(unsafe_code)]

pub mod accel;
mod control_client;
pub mod debian;
mod floor;
mod link;
mod machine;
mod port;
mod tsc;
mod vm;
pub mod xen;

pub use control_client::{Control, ControlError, Ready};
pub use floor::floor_kernel;
pub use link::{EndState, LinkError, LinkMemory, LinkServer, PlainLink};
pub use machine::{Accel, Backend, Kind, LinkDevice, Machine, Nic, PortDevice, shell_words};
pub use port::{MAX_FRAME_BYTES, Port};
pub use tsc::tsc_khz;
pub use vm::{Exit, StartError, Vm};
