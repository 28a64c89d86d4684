// The wiring of VM `straight`, emitted from straight.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Sink, Source, Verdict};

/// The elements of `straight`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `arrived :: Counter`
    arrived: Counter,
    /// `strip :: Strip`
    strip: Strip,
    /// `ToDevice@4 :: ToDevice`
    to_device_4: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            arrived: Counter::new(),
            strip: Strip::new(2),
            to_device_4: ToDevice::new(1),
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
        self.arrived_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.arrived.due_call() {
            call.perform("arrived", io, self);
        }
    }

    #[inline]
    fn arrived_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(1, packet) }
            if self.arrived.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(2, packet) }
            if self.strip.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(3, &batch) }
            self.to_device_4.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("arrived", "Counter"),
        ("strip", "Strip"),
        ("ToDevice@4", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "arrived" => self.arrived.read_handler(handler, out),
            "strip" => self.strip.read_handler(handler, out),
            "ToDevice@4" => self.to_device_4.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "arrived" => self.arrived.write_handler(handler, value),
            "strip" => self.strip.write_handler(handler, value),
            "ToDevice@4" => self.to_device_4.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
