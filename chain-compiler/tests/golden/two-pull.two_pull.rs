// The wiring of VM `two_pull`, emitted from two-pull.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, Packet, PacketIo, Sink, Source, Store, Verdict};

/// The elements of `two_pull`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `queue :: Queue`
    queue: Queue<100>,
    /// `l :: Counter`
    l: Counter,
    /// `ToDevice@4 :: ToDevice`
    to_device_4: ToDevice,
    /// `ToDevice@5 :: ToDevice`
    to_device_5: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            queue: Queue::<100>::new().named("queue"),
            l: Counter::new(),
            to_device_4: ToDevice::new(1),
            to_device_5: ToDevice::new(2),
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
        self.queue_0(io, batch);
        true
    }

    #[inline]
    fn pull_to_device_4<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let limit = self.to_device_4.room(io).min(BURST);
        let mut moved = false;
        let mut for_to_device_4 = Batch::new();
        for _ in 0..limit {
            let Some(packet) = self.next_of_l(io, &mut moved) else {
                break;
            };
            moved = true;
            let _ = for_to_device_4.push(packet);
        }
        if !for_to_device_4.is_empty() {
            if M::TAPS { io.tap_all(3, &for_to_device_4) }
            self.to_device_4.consume(io, for_to_device_4);
        }
        moved
    }

    #[inline]
    fn pull_to_device_5<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let limit = self.to_device_5.room(io).min(BURST);
        let mut moved = false;
        let mut for_to_device_5 = Batch::new();
        for _ in 0..limit {
            let Some(packet) = self.next_of_queue(io, &mut moved) else {
                break;
            };
            moved = true;
            let _ = for_to_device_5.push(packet);
        }
        if !for_to_device_5.is_empty() {
            if M::TAPS { io.tap_all(4, &for_to_device_5) }
            self.to_device_5.consume(io, for_to_device_5);
        }
        moved
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.l.due_call() {
            call.perform("l", io, self);
        }
    }

    fn next_of_queue<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        let packet = self.queue.pull(io)?;
        *moved = true;
        Some(packet)
    }

    #[inline]
    fn next_of_l<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        for _ in 0..BURST {
            let mut packet = self.next_of_queue(io, moved)?;
            if M::TAPS { io.tap(2, &packet) }
            if self.l.action(io, &mut packet) == Verdict::Pass {
                return Some(packet);
            }
        }
        None
    }

    #[inline]
    fn queue_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        for packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            let _ = self.queue.store(io, 0, packet);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "left", "right"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("queue", "Queue"),
        ("l", "Counter"),
        ("ToDevice@4", "ToDevice"),
        ("ToDevice@5", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        self.calls(io);
        moved |= self.pull_to_device_4(io);
        self.calls(io);
        moved |= self.pull_to_device_5(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "queue" => self.queue.read_handler(handler, out),
            "l" => self.l.read_handler(handler, out),
            "ToDevice@4" => self.to_device_4.read_handler(handler, out),
            "ToDevice@5" => self.to_device_5.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "queue" => self.queue.write_handler(handler, value),
            "l" => self.l.write_handler(handler, value),
            "ToDevice@4" => self.to_device_4.write_handler(handler, value),
            "ToDevice@5" => self.to_device_5.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
