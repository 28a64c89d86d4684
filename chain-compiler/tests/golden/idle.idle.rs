// The wiring of VM `idle`, emitted from idle.nf.

use core::fmt;
use nf_elements::{Graph, HandlerError, PacketIo};

/// The elements of `idle`.
pub struct Wiring {}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {}
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &[];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[];

    fn run<M: PacketIo>(&mut self, _: &mut M) -> bool {
        false
    }

    fn read_handler(&mut self, _: &str, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::NoElement)
    }

    fn write_handler(&mut self, _: &str, _: &str, _: &str) -> Result<(), HandlerError> {
        Err(HandlerError::NoElement)
    }
}
