// SPDX-License-Identifier: Apache-2.0
//! # ToDevice
//! `ToDevice(PORT)` — sends frames by a port of the VM.
//!
//! **Ports:** one input, no output, push or pull.
//!
//! **Description:** PORT is the network or neighbour VM at the other end, as the `chain` statement names it. Pushed
//! frames that the device has no room for are dropped; behind a `Queue` it pulls only what there is room for.
//!
//! **Notes:** Click's ToDevice only pulls. Its keywords about how a device is written (BURST, METHOD, QUIET and the like, and
//! those of its relatives for DPDK and netmap) are accepted and change nothing.
//!
//! **Handlers:** `count` (read), `no_room` (drops).
//!
//! **Example:** `FromDevice(lan) -> Queue(100) -> ToDevice(wan);`
//!
//! **See also:** `FromDevice`, `Queue`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// What Click lets say about a device and means nothing for a port.
#[cfg(feature = "host")]
const IGNORED: &[&str] = &[
    "METHOD", "BURST", "QUIET", "QUEUE", "N_QUEUES", "IQUEUE", "DEBUG", "NO_PAD", "BLOCKING", "TIMEOUT", "NDESC",
    "MAXTHREADS", "NUMA", "VERBOSE", "TX_INTERVAL", "ALLOW_NONEXISTENT", "UP_CALL", "DOWN_CALL",
];

/// See the module's documentation.
pub struct ToDevice {
    port: usize,
    count: u64,
    no_room: u64,
}

impl ToDevice {
    /// Sends by port number `port`.
    pub const fn new(port: usize) -> Self {
        ToDevice { port, count: 0, no_room: 0 }
    }
}

impl Element for ToDevice {
    const SPEC: Spec = Spec {
        class: "ToDevice",
        category: Category::Device,
        summary: "sends frames by a port of the VM",
        ports: "1/0",
        processing: "a/",
        shape: Shape::Sink,
        arguments: &[Argument { name: "PORT", kind: ArgumentKind::Required, doc: "the network or VM at the other end" }],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "frames sent" },
            Handler { name: "no_room", kind: HandlerKind::Drops, doc: "frames that the device had no room for" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "no_room" => write!(out, "{}", self.no_room)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ToDevice {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let port = crate::configure::port(arguments, surroundings)?;
        arguments.accept(IGNORED);
        Some(crate::configure::Instance::new("ToDevice", format!("ToDevice::new({port})")))
    }
}

impl Sink for ToDevice {
    #[inline]
    fn consume<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        let offered = batch.len();
        io.transmit(self.port, &mut batch);
        self.count += (offered - batch.len()) as u64;
        self.no_room += batch.len() as u64;
    }

    fn room<M: PacketIo>(&mut self, io: &mut M) -> usize {
        io.transmit_room(self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn sends_what_fits_and_counts_the_rest() {
        let (mut device, mut io) = (ToDevice::new(0), ListIo::new(1));
        io.transmit_limit = Some(2);
        let mut batch = Batch::new();
        for i in 0..3 {
            assert!(batch.push(packet(&[i; 60])).is_ok());
        }
        device.consume(&mut io, batch);
        assert_eq!(io.sent[0], [[0; 60], [1; 60]]);
        assert_eq!((device.count, device.no_room), (2, 1));
    }
}
