// The wiring of VM `click_file`, emitted from click-file.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, Packet, PacketIo, Sink, Source, Store, Verdict};

/// The elements of `click_file`.
pub struct Wiring {
    /// `Reader@1/FromDevice@1 :: FromDevice`
    reader_1_from_device_1: FromDevice,
    /// `count :: Counter`
    count: Counter,
    /// `q :: Queue`
    q: Queue<64>,
    /// `ToDevice@4 :: ToDevice`
    to_device_4: ToDevice,
    /// `FromDPDKDevice@5 :: FromDevice`
    from_dpdk_device_5: FromDevice,
    /// `Print@6 :: Print`
    print_6: Print,
    /// `ToDPDKDevice@7 :: ToDevice`
    to_dpdk_device_7: ToDevice,
    /// `PollDevice@8 :: FromDevice`
    poll_device_8: FromDevice,
    /// `Strip@9 :: Strip`
    strip_9: Strip,
    /// `Unstrip@10 :: Unstrip`
    unstrip_10: Unstrip,
    /// `ToNetmapDevice@11 :: ToDevice`
    to_netmap_device_11: ToDevice,
    /// `count2 :: Counter`
    count2: Counter,
    /// `Idle@13 :: Idle`
    idle_13: Idle,
    /// `Discard@14 :: Discard`
    discard_14: Discard,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            reader_1_from_device_1: FromDevice::new(0),
            count: Counter::new(),
            q: Queue::<64>::new().named("q"),
            to_device_4: ToDevice::new(1),
            from_dpdk_device_5: FromDevice::new(2),
            print_6: Print::new("dpdk", 24, true),
            to_dpdk_device_7: ToDevice::new(3),
            poll_device_8: FromDevice::new(1),
            strip_9: Strip::new(14),
            unstrip_10: Unstrip::new(14),
            to_netmap_device_11: ToDevice::new(0),
            count2: Counter::new(),
            idle_13: Idle::new(),
            discard_14: Discard::new(),
        }
    }

    #[inline]
    fn run_reader_1_from_device_1<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.reader_1_from_device_1.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(0, &batch) }
        self.count_0(io, batch);
        true
    }

    #[inline]
    fn pull_to_device_4<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let limit = self.to_device_4.room(io).min(BURST);
        let mut moved = false;
        let mut for_to_device_4 = Batch::new();
        for _ in 0..limit {
            let Some(packet) = self.next_of_q(io, &mut moved) else {
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
    fn run_from_dpdk_device_5<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_dpdk_device_5.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(4, &batch) }
        self.print_6_0(io, batch);
        true
    }

    #[inline]
    fn run_poll_device_8<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.poll_device_8.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(7, &batch) }
        self.strip_9_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.count.due_call() {
            call.perform("count", io, self);
        }
        while let Some(call) = self.count2.due_call() {
            call.perform("count2", io, self);
        }
    }

    #[inline]
    fn next_of_q<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        let packet = self.q.pull(io)?;
        *moved = true;
        Some(packet)
    }

    #[inline]
    fn count_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        for mut packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            if self.count.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(2, &packet) }
            let _ = self.q.store(io, 0, packet);
        }
    }

    #[inline]
    fn print_6_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(5, packet) }
            if self.print_6.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(6, &batch) }
            self.to_dpdk_device_7.consume(io, batch);
        }
    }

    #[inline]
    fn strip_9_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(8, packet) }
            if self.strip_9.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(9, packet) }
            if self.unstrip_10.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(10, &batch) }
            self.to_netmap_device_11.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["eth0", "br-lan", "dpdk0", "dpdk1"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("Reader@1/FromDevice@1", "FromDevice"),
        ("count", "Counter"),
        ("q", "Queue"),
        ("ToDevice@4", "ToDevice"),
        ("FromDPDKDevice@5", "FromDevice"),
        ("Print@6", "Print"),
        ("ToDPDKDevice@7", "ToDevice"),
        ("PollDevice@8", "FromDevice"),
        ("Strip@9", "Strip"),
        ("Unstrip@10", "Unstrip"),
        ("ToNetmapDevice@11", "ToDevice"),
        ("count2", "Counter"),
        ("Idle@13", "Idle"),
        ("Discard@14", "Discard"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_reader_1_from_device_1(io);
        self.calls(io);
        moved |= self.pull_to_device_4(io);
        self.calls(io);
        moved |= self.run_from_dpdk_device_5(io);
        self.calls(io);
        moved |= self.run_poll_device_8(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "Reader@1/FromDevice@1" => self.reader_1_from_device_1.read_handler(handler, out),
            "count" => self.count.read_handler(handler, out),
            "q" => self.q.read_handler(handler, out),
            "ToDevice@4" => self.to_device_4.read_handler(handler, out),
            "FromDPDKDevice@5" => self.from_dpdk_device_5.read_handler(handler, out),
            "Print@6" => self.print_6.read_handler(handler, out),
            "ToDPDKDevice@7" => self.to_dpdk_device_7.read_handler(handler, out),
            "PollDevice@8" => self.poll_device_8.read_handler(handler, out),
            "Strip@9" => self.strip_9.read_handler(handler, out),
            "Unstrip@10" => self.unstrip_10.read_handler(handler, out),
            "ToNetmapDevice@11" => self.to_netmap_device_11.read_handler(handler, out),
            "count2" => self.count2.read_handler(handler, out),
            "Idle@13" => self.idle_13.read_handler(handler, out),
            "Discard@14" => self.discard_14.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "Reader@1/FromDevice@1" => self.reader_1_from_device_1.write_handler(handler, value),
            "count" => self.count.write_handler(handler, value),
            "q" => self.q.write_handler(handler, value),
            "ToDevice@4" => self.to_device_4.write_handler(handler, value),
            "FromDPDKDevice@5" => self.from_dpdk_device_5.write_handler(handler, value),
            "Print@6" => self.print_6.write_handler(handler, value),
            "ToDPDKDevice@7" => self.to_dpdk_device_7.write_handler(handler, value),
            "PollDevice@8" => self.poll_device_8.write_handler(handler, value),
            "Strip@9" => self.strip_9.write_handler(handler, value),
            "Unstrip@10" => self.unstrip_10.write_handler(handler, value),
            "ToNetmapDevice@11" => self.to_netmap_device_11.write_handler(handler, value),
            "count2" => self.count2.write_handler(handler, value),
            "Idle@13" => self.idle_13.write_handler(handler, value),
            "Discard@14" => self.discard_14.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
