// The wiring of VM `calls`, emitted from calls.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict,
};

/// The memory of `AggregateCounter@3`.
static AGGREGATE_COUNTER_3_MEMORY: ConstStaticCell<[aggregate_counter::Node; 65535]> =
    ConstStaticCell::new([const { aggregate_counter::Node::EMPTY }; 65535]);

/// The elements of `calls`.
pub struct Wiring {
    /// `InfiniteSource@1 :: InfiniteSource`
    infinite_source_1: InfiniteSource,
    /// `w/c :: Counter`
    w_c: Counter,
    /// `w/t :: TimeFilter`
    w_t: TimeFilter,
    /// `w/Idle@3 :: Idle`
    w_idle_3: Idle,
    /// `w/s :: Switch`
    w_s: Switch,
    /// `w/Discard@5 :: Discard`
    w_discard_5: Discard,
    /// `AggregateCounter@3 :: AggregateCounter`
    aggregate_counter_3: AggregateCounter,
    /// `Discard@4 :: Discard`
    discard_4: Discard,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            infinite_source_1: InfiniteSource::new(b"Sluice made this packet to fill a frame of the shortest length.\n", 5, 1, true, false, true).calling(nf_elements::Call::new("w/c.count_call 5 stop")),
            w_c: Counter::calling(nf_elements::CountCall::new(3, nf_elements::Call::new("s.switch -1")), nf_elements::CountCall::NONE),
            w_t: TimeFilter::new(None, Some(time_filter::Edge::After(1000000000)), false).calling(nf_elements::Call::new("c.reset")),
            w_idle_3: Idle::new(),
            w_s: Switch::new(0, 1),
            w_discard_5: Discard::new(),
            aggregate_counter_3: AggregateCounter::new(aggregate_counter::Limits::NONE, "", false).calling(nf_elements::CountCall::NONE, nf_elements::CountCall::new(7, nf_elements::Call::new("stop"))),
            discard_4: Discard::new(),
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
        self.w_c_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.infinite_source_1.due_call() {
            call.perform("InfiniteSource@1", io, self);
        }
        while let Some(call) = self.w_c.due_call() {
            call.perform("w/c", io, self);
        }
        while let Some(call) = self.w_t.due_call() {
            call.perform("w/t", io, self);
        }
        while let Some(call) = self.aggregate_counter_3.due_call() {
            call.perform("AggregateCounter@3", io, self);
        }
    }

    #[inline]
    fn w_c_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(1, packet) }
            if self.w_c.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(2, packet) }
            if self.w_t.route(io, 0, packet) != Some(0) {
                return false;
            }
            if M::TAPS { io.tap(6, packet) }
            if self.aggregate_counter_3.route(io, 0, packet) != Some(0) {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(7, &batch) }
            self.discard_4.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &[];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("InfiniteSource@1", "InfiniteSource"),
        ("w/c", "Counter"),
        ("w/t", "TimeFilter"),
        ("w/Idle@3", "Idle"),
        ("w/s", "Switch"),
        ("w/Discard@5", "Discard"),
        ("AggregateCounter@3", "AggregateCounter"),
        ("Discard@4", "Discard"),
    ];

    fn start(&mut self) {
        self.aggregate_counter_3.lend(AGGREGATE_COUNTER_3_MEMORY.take());
    }

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
            "w/c" => self.w_c.read_handler(handler, out),
            "w/t" => self.w_t.read_handler(handler, out),
            "w/Idle@3" => self.w_idle_3.read_handler(handler, out),
            "w/s" => self.w_s.read_handler(handler, out),
            "w/Discard@5" => self.w_discard_5.read_handler(handler, out),
            "AggregateCounter@3" => self.aggregate_counter_3.read_handler(handler, out),
            "Discard@4" => self.discard_4.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "InfiniteSource@1" => self.infinite_source_1.write_handler(handler, value),
            "w/c" => self.w_c.write_handler(handler, value),
            "w/t" => self.w_t.write_handler(handler, value),
            "w/Idle@3" => self.w_idle_3.write_handler(handler, value),
            "w/s" => self.w_s.write_handler(handler, value),
            "w/Discard@5" => self.w_discard_5.write_handler(handler, value),
            "AggregateCounter@3" => self.aggregate_counter_3.write_handler(handler, value),
            "Discard@4" => self.discard_4.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
