// SPDX-License-Identifier: Apache-2.0
//! # FromDevice
//! `FromDevice(PORT)` — reads frames from a port of the VM.
//!
//! **Ports:** no input, one output, push.
//!
//! **Description:** PORT is the network or neighbour VM at the other end, as the `chain` statement names it. Frames
//! start with their Ethernet header; the frame check sequence is not included.
//!
//! **Notes:** Click's keywords about how a device is read (SNIFFER, PROMISC, SNAPLEN, METHOD, BURST, HEADROOM and the like,
//! and those of its relatives for DPDK and netmap) are accepted and change nothing: a port delivers every frame, whole, in
//! bursts.
//!
//! **Handlers:** `count` (read).
//!
//! **Example:** `FromDevice(lan) -> ToDevice(wan);`
//!
//! **See also:** `ToDevice`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// What Click lets say about a device and means nothing for a port.
#[cfg(feature = "host")]
const IGNORED: &[&str] = &[
    "SNIFFER", "PROMISC", "SNAPLEN", "FORCE_IP", "PROTOCOL", "CAPTURE", "METHOD", "BPF_FILTER", "HEADROOM", "ENCAP",
    "OUTBOUND", "BURST", "TIMESTAMP", "QUIET", "QUEUE", "N_QUEUES", "NDESC", "MAXTHREADS", "THREADOFFSET", "NUMA",
    "VERBOSE", "ALLOW_NONEXISTENT", "UP_CALL", "DOWN_CALL",
];

/// See the module's documentation.
pub struct FromDevice {
    port: usize,
    count: u64,
}

impl FromDevice {
    /// Reads from port number `port`.
    pub const fn new(port: usize) -> Self {
        FromDevice { port, count: 0 }
    }
}

impl Element for FromDevice {
    const SPEC: Spec = Spec {
        class: "FromDevice",
        category: Category::Device,
        summary: "reads frames from a port of the VM",
        ports: "0/1",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[Argument { name: "PORT", kind: ArgumentKind::Required, doc: "the network or VM at the other end" }],
        handlers: &[Handler { name: "count", kind: HandlerKind::Read, doc: "frames read" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FromDevice {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let port = crate::configure::port(arguments, surroundings)?;
        if arguments.keyword::<String>("BPF_FILTER").is_some() {
            arguments.warn_last("BPF_FILTER has no effect: all frames come in");
        }
        arguments.accept(IGNORED);
        // Click takes PROMISC and SNAPLEN by position, too.
        for (index, text) in arguments.rest().into_iter().skip(2) {
            let wanted = Some(arguments.usage());
            arguments.error_at(index, 0..text.value.len(), "one argument too many for FromDevice", wanted);
        }
        Some(crate::configure::Instance::new("FromDevice", format!("FromDevice::new({port})")))
    }
}

impl Source for FromDevice {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, _limit: usize, batch: &mut Batch) {
        let before = batch.len();
        io.receive(self.port, batch);
        self.count += (batch.len() - before) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;

    #[test]
    fn reads_one_burst_in_order() {
        let (mut device, mut io) = (FromDevice::new(1), ListIo::new(2));
        io.arriving[1].extend((0..40).map(|i| vec![i; 60]));
        let mut batch = Batch::new();
        device.produce(&mut io, crate::BURST, &mut batch);
        assert_eq!((batch.len(), device.count), (crate::BURST, 32));
        assert!(batch.iter().enumerate().all(|(i, packet)| packet.data()[0] == i as u8));
    }
}
