// SPDX-License-Identifier: Apache-2.0
//! What runs VMs, as a run needs it: QEMU on this machine, or the Xen whose dom0 it is.

use crate::build::Place;
use crate::operate::Body;
use std::io;
use std::time::{Duration, Instant};

/// What runs VMs; they are known by their indices in the chain.
pub trait Host {
    /// The machine type of VMs, and what executes them.
    fn names(&self) -> (String, &'static str);

    /// Our end of a NIC that we serve, for all VMs that will have it.
    fn port(&mut self, place: Place) -> anyhow::Result<Box<dyn Port>>;

    /// Starts a VM, which may wait until it is released. It runs no more, or never did.
    fn start(&mut self, vm: usize) -> anyhow::Result<Box<dyn Guest>>;

    /// Lets VMs begin that were started, once they are connected to each other.
    fn release(&mut self, vms: &[usize]) -> anyhow::Result<()>;

    /// A VM does not run.
    fn has_ended(&mut self, vm: usize);
}

/// A VM that was started. Dropped, it is ended.
pub trait Guest {
    /// What others know it by; none if it has ended already.
    fn body(&self) -> Option<Body>;

    /// When its start began.
    fn started(&self) -> Instant;

    /// The raw log so far, and takes it.
    fn take_log(&self) -> Vec<u8>;

    /// How it ended, if it has.
    fn ended(&mut self) -> anyhow::Result<Option<End>>;
}

/// How a VM ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It powered off.
    Clean,
    /// It failed, or somebody else ended it: a sentence without its stop, with its name.
    Bad(String),
}

/// Our end of a NIC.
pub trait Port: Send + Sync {
    /// Sends a frame; waits while the VM has no room for it, at most until `deadline`.
    fn send(&self, frame: &[u8], deadline: Instant) -> io::Result<()>;

    /// Waits for a frame for a moment: its length in `buffer`, none if no frame came.
    fn receive(&self, buffer: &mut [u8], moment: Duration) -> io::Result<Option<usize>>;
}
