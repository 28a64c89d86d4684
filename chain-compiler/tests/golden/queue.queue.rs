// The wiring of VM `queue`, emitted from queue.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, BURST, Batch, Element, Graph, HandlerError, Packet, PacketIo, Route, Sink, Source, Store, Verdict,
};

/// The elements of `queue`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `Paint@2 :: Paint`
    paint_2: Paint,
    /// `queue :: Queue`
    queue: Queue<4>,
    /// `pulled :: Counter`
    pulled: Counter,
    /// `check :: CheckPaint`
    check: CheckPaint,
    /// `ToDevice@6 :: ToDevice`
    to_device_6: ToDevice,
    /// `Strip@7 :: Strip`
    strip_7: Strip,
    /// `ToDevice@8 :: ToDevice`
    to_device_8: ToDevice,
    /// `FromDevice@9 :: FromDevice`
    from_device_9: FromDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            paint_2: Paint::new(3),
            queue: Queue::<4>::new().named("queue"),
            pulled: Counter::new(),
            check: CheckPaint::new(3, true),
            to_device_6: ToDevice::new(1),
            strip_7: Strip::new(1),
            to_device_8: ToDevice::new(2),
            from_device_9: FromDevice::new(2),
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
        self.paint_2_0(io, batch);
        true
    }

    #[inline]
    fn pull_to_device_6<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let limit = self.to_device_6.room(io).min(BURST);
        let mut moved = false;
        let mut for_to_device_6 = Batch::new();
        for _ in 0..limit {
            let Some(packet) = self.next_of_check(io, &mut moved) else {
                break;
            };
            moved = true;
            let _ = for_to_device_6.push(packet);
        }
        if !for_to_device_6.is_empty() {
            if M::TAPS { io.tap_all(5, &for_to_device_6) }
            self.to_device_6.consume(io, for_to_device_6);
        }
        moved
    }

    #[inline]
    fn run_from_device_9<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_9.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(8, &batch) }
        self.queue_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.pulled.due_call() {
            call.perform("pulled", io, self);
        }
    }

    #[inline]
    fn next_of_queue<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        let packet = self.queue.pull(io)?;
        *moved = true;
        Some(packet)
    }

    #[inline]
    fn next_of_pulled<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        for _ in 0..BURST {
            let mut packet = self.next_of_queue(io, moved)?;
            if M::TAPS { io.tap(3, &packet) }
            if self.pulled.action(io, &mut packet) == Verdict::Pass {
                return Some(packet);
            }
        }
        None
    }

    #[inline]
    fn next_of_check<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        for _ in 0..BURST {
            let mut packet = self.next_of_pulled(io, moved)?;
            if M::TAPS { io.tap(4, &packet) }
            match self.check.route(io, 0, &mut packet) {
                Some(0) => return Some(packet),
                Some(1) => {
                    self.strip_7_0(io, Batch::from(packet));
                }
                _ => {}
            }
        }
        None
    }

    #[inline]
    fn paint_2_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        for mut packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            if self.paint_2.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(2, &packet) }
            let _ = self.queue.store(io, 0, packet);
        }
    }

    #[inline]
    fn strip_7_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(6, packet) }
            if self.strip_7.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(7, &batch) }
            self.to_device_8.consume(io, batch);
        }
    }

    #[inline]
    fn queue_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        for packet in batch {
            if M::TAPS { io.tap(2, &packet) }
            let _ = self.queue.store(io, 0, packet);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan", "side"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("Paint@2", "Paint"),
        ("queue", "Queue"),
        ("pulled", "Counter"),
        ("check", "CheckPaint"),
        ("ToDevice@6", "ToDevice"),
        ("Strip@7", "Strip"),
        ("ToDevice@8", "ToDevice"),
        ("FromDevice@9", "FromDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        self.calls(io);
        moved |= self.pull_to_device_6(io);
        self.calls(io);
        moved |= self.run_from_device_9(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "Paint@2" => self.paint_2.read_handler(handler, out),
            "queue" => self.queue.read_handler(handler, out),
            "pulled" => self.pulled.read_handler(handler, out),
            "check" => self.check.read_handler(handler, out),
            "ToDevice@6" => self.to_device_6.read_handler(handler, out),
            "Strip@7" => self.strip_7.read_handler(handler, out),
            "ToDevice@8" => self.to_device_8.read_handler(handler, out),
            "FromDevice@9" => self.from_device_9.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "Paint@2" => self.paint_2.write_handler(handler, value),
            "queue" => self.queue.write_handler(handler, value),
            "pulled" => self.pulled.write_handler(handler, value),
            "check" => self.check.write_handler(handler, value),
            "ToDevice@6" => self.to_device_6.write_handler(handler, value),
            "Strip@7" => self.strip_7.write_handler(handler, value),
            "ToDevice@8" => self.to_device_8.write_handler(handler, value),
            "FromDevice@9" => self.from_device_9.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
