// The wiring of VM `alone`, emitted from idle.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Sink, Source, Verdict};

/// The elements of `alone`.
pub struct Wiring {
    /// `InfiniteSource@1 :: InfiniteSource`
    infinite_source_1: InfiniteSource,
    /// `counter :: Counter`
    counter: Counter,
    /// `Discard@3 :: Discard`
    discard_3: Discard,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            infinite_source_1: InfiniteSource::new(b"Sluice made this packet to fill a frame of the shortest length.\n", -1, 1, true, false, true),
            counter: Counter::new(),
            discard_3: Discard::new(),
        }
    }

    #[inline]
    fn run_infinite_source_1<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.infinite_source_1.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(0, &batch) }
        self.counter_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.counter.due_call() {
            call.perform("counter", io, self);
        }
    }

    #[inline]
    fn counter_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(1, packet) }
            if self.counter.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(2, &batch) }
            self.discard_3.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &[];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("InfiniteSource@1", "InfiniteSource"),
        ("counter", "Counter"),
        ("Discard@3", "Discard"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_infinite_source_1(io);
        self.calls(io);
        moved
    }

    fn deadline_ns(&self) -> Option<u64> {
        [self.infinite_source_1.deadline_ns()].into_iter().flatten().min()
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "InfiniteSource@1" => self.infinite_source_1.read_handler(handler, out),
            "counter" => self.counter.read_handler(handler, out),
            "Discard@3" => self.discard_3.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "InfiniteSource@1" => self.infinite_source_1.write_handler(handler, value),
            "counter" => self.counter.write_handler(handler, value),
            "Discard@3" => self.discard_3.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
