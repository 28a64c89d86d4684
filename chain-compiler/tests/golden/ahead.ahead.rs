// The wiring of VM `ahead`, emitted from ahead.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, Ahead, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, Packet, PacketIo, Pull, Route, Sink, Source, Store, Turn, Verdict,
};

/// The memory of `nat`.
static NAT_MEMORY: ConstStaticCell<[nf_elements::flows::Block; 5000]> =
    ConstStaticCell::new([const { nf_elements::flows::Block::EMPTY }; 5000]);

/// The elements of `ahead`.
pub struct Wiring {
    /// `nat :: IPRewriter`
    nat: IpRewriter<2>,
    /// `FromDevice@2 :: FromDevice`
    from_device_2: FromDevice,
    /// `Strip@3 :: Strip`
    strip_3: Strip,
    /// `MarkIPHeader@4 :: MarkIPHeader`
    mark_ip_header_4: MarkIpHeader,
    /// `Unstrip@5 :: Unstrip`
    unstrip_5: Unstrip,
    /// `ToDevice@6 :: ToDevice`
    to_device_6: ToDevice,
    /// `FromDevice@7 :: FromDevice`
    from_device_7: FromDevice,
    /// `Queue@8 :: Queue`
    queue_8: Queue<64>,
    /// `Strip@9 :: Strip`
    strip_9: Strip,
    /// `MarkIPHeader@10 :: MarkIPHeader`
    mark_ip_header_10: MarkIpHeader,
    /// `Unqueue@11 :: Unqueue`
    unqueue_11: Unqueue,
    /// `Unstrip@12 :: Unstrip`
    unstrip_12: Unstrip,
    /// `ToDevice@13 :: ToDevice`
    to_device_13: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            nat: IpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 3221225985, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: false, same_first: true, next: 0 }, [0, 1]), nf_elements::flows::Specification::Drop], 2, 20000, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false),
            from_device_2: FromDevice::new(0),
            strip_3: Strip::new(14),
            mark_ip_header_4: MarkIpHeader::new(0),
            unstrip_5: Unstrip::new(14),
            to_device_6: ToDevice::new(1),
            from_device_7: FromDevice::new(1),
            queue_8: Queue::<64>::new().named("Queue@8"),
            strip_9: Strip::new(14),
            mark_ip_header_10: MarkIpHeader::new(0),
            unqueue_11: Unqueue::new(8, -1, true),
            unstrip_12: Unstrip::new(14),
            to_device_13: ToDevice::new(0),
        }
    }

    #[inline]
    fn run_from_device_2<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_2.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(1, &batch) }
        self.strip_3_0(io, batch);
        true
    }

    #[inline]
    fn run_from_device_7<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_7.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(6, &batch) }
        self.queue_8_0(io, batch);
        true
    }

    #[inline]
    fn pull_unqueue_11<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let limit = self.unqueue_11.burst().min(BURST);
        let mut moved = false;
        let mut for_nat_1 = Batch::new();
        for _ in 0..limit {
            let Some(packet) = self.next_of_unqueue_11(io, &mut moved) else {
                break;
            };
            moved = true;
            let _ = for_nat_1.push(packet);
        }
        if !for_nat_1.is_empty() {
            self.nat_1(io, for_nat_1);
        }
        moved
    }

    #[inline]
    fn next_of_queue_8<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        let packet = self.queue_8.pull(io)?;
        *moved = true;
        Some(packet)
    }

    #[inline]
    fn next_of_strip_9<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        for _ in 0..BURST {
            let mut packet = self.next_of_queue_8(io, moved)?;
            if M::TAPS { io.tap(8, &packet) }
            if self.strip_9.action(io, &mut packet) == Verdict::Pass {
                return Some(packet);
            }
        }
        None
    }

    #[inline]
    fn next_of_mark_ip_header_10<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        for _ in 0..BURST {
            let mut packet = self.next_of_strip_9(io, moved)?;
            if M::TAPS { io.tap(9, &packet) }
            if self.mark_ip_header_10.action(io, &mut packet) == Verdict::Pass {
                return Some(packet);
            }
        }
        None
    }

    #[inline]
    fn next_of_unqueue_11<M: PacketIo>(&mut self, io: &mut M, moved: &mut bool) -> Option<Packet> {
        let mut answer = None;
        loop {
            answer = match self.unqueue_11.turn(io, answer) {
                Turn::Pull(0) => Some((0, self.next_of_mark_ip_header_10(io, moved))),
                Turn::Pull(port) => Some((port, None)),
                Turn::Give(packet) => {
                    if M::TAPS { io.tap(10, &packet) }
                    return Some(packet);
                }
                Turn::Rest => return None,
            };
        }
    }

    #[inline]
    fn strip_3_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(2, packet) }
            if self.strip_3.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(3, packet) }
            if self.mark_ip_header_4.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.nat_0(io, batch);
        }
    }

    #[inline]
    fn queue_8_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        for packet in batch {
            if M::TAPS { io.tap(7, &packet) }
            let _ = self.queue_8.store(io, 0, packet);
        }
    }

    #[inline]
    fn nat_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.nat.ahead(io.now_ns(), &batch);
        let mut for_unstrip_5 = Batch::new();
        let mut for_unstrip_12 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.nat.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_unstrip_5.push(packet);
                }
                Some(1) => {
                    let _ = for_unstrip_12.push(packet);
                }
                _ => {}
            }
        }
        if !for_unstrip_5.is_empty() {
            self.unstrip_5_0(io, for_unstrip_5);
        }
        if !for_unstrip_12.is_empty() {
            self.unstrip_12_0(io, for_unstrip_12);
        }
    }

    #[inline]
    fn nat_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.nat.ahead(io.now_ns(), &batch);
        let mut for_unstrip_5 = Batch::new();
        let mut for_unstrip_12 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.nat.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_unstrip_5.push(packet);
                }
                Some(1) => {
                    let _ = for_unstrip_12.push(packet);
                }
                _ => {}
            }
        }
        if !for_unstrip_5.is_empty() {
            self.unstrip_5_0(io, for_unstrip_5);
        }
        if !for_unstrip_12.is_empty() {
            self.unstrip_12_0(io, for_unstrip_12);
        }
    }

    fn unstrip_5_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(4, packet) }
            if self.unstrip_5.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(5, &batch) }
            self.to_device_6.consume(io, batch);
        }
    }

    fn unstrip_12_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(11, packet) }
            if self.unstrip_12.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(12, &batch) }
            self.to_device_13.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("nat", "IPRewriter"),
        ("FromDevice@2", "FromDevice"),
        ("Strip@3", "Strip"),
        ("MarkIPHeader@4", "MarkIPHeader"),
        ("Unstrip@5", "Unstrip"),
        ("ToDevice@6", "ToDevice"),
        ("FromDevice@7", "FromDevice"),
        ("Queue@8", "Queue"),
        ("Strip@9", "Strip"),
        ("MarkIPHeader@10", "MarkIPHeader"),
        ("Unqueue@11", "Unqueue"),
        ("Unstrip@12", "Unstrip"),
        ("ToDevice@13", "ToDevice"),
    ];

    fn start(&mut self) {
        self.nat.lend(NAT_MEMORY.take());
    }

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_2(io);
        moved |= self.run_from_device_7(io);
        moved |= self.pull_unqueue_11(io);
        moved
    }

    fn deadline_ns(&self) -> Option<u64> {
        [self.unqueue_11.deadline_ns()].into_iter().flatten().min()
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "nat" => self.nat.read_handler(handler, out),
            "FromDevice@2" => self.from_device_2.read_handler(handler, out),
            "Strip@3" => self.strip_3.read_handler(handler, out),
            "MarkIPHeader@4" => self.mark_ip_header_4.read_handler(handler, out),
            "Unstrip@5" => self.unstrip_5.read_handler(handler, out),
            "ToDevice@6" => self.to_device_6.read_handler(handler, out),
            "FromDevice@7" => self.from_device_7.read_handler(handler, out),
            "Queue@8" => self.queue_8.read_handler(handler, out),
            "Strip@9" => self.strip_9.read_handler(handler, out),
            "MarkIPHeader@10" => self.mark_ip_header_10.read_handler(handler, out),
            "Unqueue@11" => self.unqueue_11.read_handler(handler, out),
            "Unstrip@12" => self.unstrip_12.read_handler(handler, out),
            "ToDevice@13" => self.to_device_13.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "nat" => self.nat.write_handler(handler, value),
            "FromDevice@2" => self.from_device_2.write_handler(handler, value),
            "Strip@3" => self.strip_3.write_handler(handler, value),
            "MarkIPHeader@4" => self.mark_ip_header_4.write_handler(handler, value),
            "Unstrip@5" => self.unstrip_5.write_handler(handler, value),
            "ToDevice@6" => self.to_device_6.write_handler(handler, value),
            "FromDevice@7" => self.from_device_7.write_handler(handler, value),
            "Queue@8" => self.queue_8.write_handler(handler, value),
            "Strip@9" => self.strip_9.write_handler(handler, value),
            "MarkIPHeader@10" => self.mark_ip_header_10.write_handler(handler, value),
            "Unqueue@11" => self.unqueue_11.write_handler(handler, value),
            "Unstrip@12" => self.unstrip_12.write_handler(handler, value),
            "ToDevice@13" => self.to_device_13.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
