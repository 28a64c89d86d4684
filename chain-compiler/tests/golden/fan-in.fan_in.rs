// The wiring of VM `fan_in`, emitted from fan-in.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Sink, Source, Verdict};

/// The elements of `fan_in`.
pub struct Wiring {
    /// `both :: Counter`
    both: Counter,
    /// `ToDevice@2 :: ToDevice`
    to_device_2: ToDevice,
    /// `FromDevice@3 :: FromDevice`
    from_device_3: FromDevice,
    /// `l :: Counter`
    l: Counter,
    /// `FromDevice@5 :: FromDevice`
    from_device_5: FromDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            both: Counter::new(),
            to_device_2: ToDevice::new(2),
            from_device_3: FromDevice::new(0),
            l: Counter::new(),
            from_device_5: FromDevice::new(1),
        }
    }

    #[inline]
    fn run_from_device_3<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_3.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(2, &batch) }
        self.l_0(io, batch);
        true
    }

    #[inline]
    fn run_from_device_5<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_5.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(4, &batch) }
        self.both_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.both.due_call() {
            call.perform("both", io, self);
        }
        while let Some(call) = self.l.due_call() {
            call.perform("l", io, self);
        }
    }

    #[inline]
    fn l_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(3, packet) }
            if self.l.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.both_0(io, batch);
        }
    }

    fn both_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(0, packet) }
            if self.both.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(1, &batch) }
            self.to_device_2.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["left", "right", "out"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("both", "Counter"),
        ("ToDevice@2", "ToDevice"),
        ("FromDevice@3", "FromDevice"),
        ("l", "Counter"),
        ("FromDevice@5", "FromDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_3(io);
        self.calls(io);
        moved |= self.run_from_device_5(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "both" => self.both.read_handler(handler, out),
            "ToDevice@2" => self.to_device_2.read_handler(handler, out),
            "FromDevice@3" => self.from_device_3.read_handler(handler, out),
            "l" => self.l.read_handler(handler, out),
            "FromDevice@5" => self.from_device_5.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "both" => self.both.write_handler(handler, value),
            "ToDevice@2" => self.to_device_2.write_handler(handler, value),
            "FromDevice@3" => self.from_device_3.write_handler(handler, value),
            "l" => self.l.write_handler(handler, value),
            "FromDevice@5" => self.from_device_5.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
