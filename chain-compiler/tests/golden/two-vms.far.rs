// The wiring of VM `far`, emitted from two-vms.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{BURST, Batch, Element, Graph, HandlerError, PacketIo, Sink, Source};

/// The elements of `far`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `ToDevice@2 :: ToDevice`
    to_device_2: ToDevice,
    /// `FromDevice@3 :: FromDevice`
    from_device_3: FromDevice,
    /// `ToDevice@4 :: ToDevice`
    to_device_4: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            to_device_2: ToDevice::new(1),
            from_device_3: FromDevice::new(1),
            to_device_4: ToDevice::new(0),
        }
    }

    #[inline]
    fn run_from_device_1<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_1.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(0, &batch) }
        if M::TAPS { io.tap_all(1, &batch) }
        self.to_device_2.consume(io, batch);
        true
    }

    #[inline]
    fn run_from_device_3<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_3.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(2, &batch) }
        if M::TAPS { io.tap_all(3, &batch) }
        self.to_device_4.consume(io, batch);
        true
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["near", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("ToDevice@2", "ToDevice"),
        ("FromDevice@3", "FromDevice"),
        ("ToDevice@4", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        moved |= self.run_from_device_3(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "ToDevice@2" => self.to_device_2.read_handler(handler, out),
            "FromDevice@3" => self.from_device_3.read_handler(handler, out),
            "ToDevice@4" => self.to_device_4.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "ToDevice@2" => self.to_device_2.write_handler(handler, value),
            "FromDevice@3" => self.from_device_3.write_handler(handler, value),
            "ToDevice@4" => self.to_device_4.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
