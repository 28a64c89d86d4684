// The wiring of VM `names`, emitted from names.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Sink, Source, Verdict};

/// The elements of `names`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `Counter@2 :: Counter`
    counter_2: Counter,
    /// `type :: Counter`
    element_type: Counter,
    /// `a/b :: Counter`
    a_b: Counter,
    /// `a_b :: Counter`
    a_b_2: Counter,
    /// `toLAN :: ToDevice`
    to_lan: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            counter_2: Counter::new(),
            element_type: Counter::new(),
            a_b: Counter::new(),
            a_b_2: Counter::new(),
            to_lan: ToDevice::new(0),
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
        self.element_type_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.counter_2.due_call() {
            call.perform("Counter@2", io, self);
        }
        while let Some(call) = self.element_type.due_call() {
            call.perform("type", io, self);
        }
        while let Some(call) = self.a_b.due_call() {
            call.perform("a/b", io, self);
        }
        while let Some(call) = self.a_b_2.due_call() {
            call.perform("a_b", io, self);
        }
    }

    #[inline]
    fn element_type_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(2, packet) }
            if self.element_type.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(3, packet) }
            if self.a_b.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(4, packet) }
            if self.a_b_2.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(1, packet) }
            if self.counter_2.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(5, &batch) }
            self.to_lan.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("Counter@2", "Counter"),
        ("type", "Counter"),
        ("a/b", "Counter"),
        ("a_b", "Counter"),
        ("toLAN", "ToDevice"),
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
            "Counter@2" => self.counter_2.read_handler(handler, out),
            "type" => self.element_type.read_handler(handler, out),
            "a/b" => self.a_b.read_handler(handler, out),
            "a_b" => self.a_b_2.read_handler(handler, out),
            "toLAN" => self.to_lan.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "Counter@2" => self.counter_2.write_handler(handler, value),
            "type" => self.element_type.write_handler(handler, value),
            "a/b" => self.a_b.write_handler(handler, value),
            "a_b" => self.a_b_2.write_handler(handler, value),
            "toLAN" => self.to_lan.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
