// The wiring of VM `wan_gate`, emitted from one-way.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Ahead, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, PacketIo, Route, Sink, Source};

/// The memory of `chain/director_wan`.
static CHAIN_DIRECTOR_WAN_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<18725, 65536>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<18725, 65536>::EMPTY }; 1]);

/// The elements of `wan_gate`.
pub struct Wiring {
    /// `chain/hop :: ChainHop`
    chain_hop: ChainHop<3, 2, 0>,
    /// `chain/from_mirror :: FromDevice`
    chain_from_mirror: FromDevice,
    /// `chain/to_mirror :: ToDevice`
    chain_to_mirror: ToDevice,
    /// `chain/from_wan :: FromDevice`
    chain_from_wan: FromDevice,
    /// `chain/to_wan :: ToDevice`
    chain_to_wan: ToDevice,
    /// `chain/director_wan :: FlowDirector`
    chain_director_wan: FlowDirector,
    /// `chain/from_scrubber :: FromDevice`
    chain_from_scrubber: FromDevice,
    /// `chain/to_scrubber :: ToDevice`
    chain_to_scrubber: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            chain_hop: ChainHop::<3, 2, 0>::new(chain_hop::Map { services: &[chain_hop::Service { name: "mirror", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "wan", ports: &[1], mask: 2, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "scrubber", ports: &[2], mask: 4, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "straight", number: 1, sides: [0, 1], one_way: false }, chain_hop::Chain { name: "clean", number: 2, sides: [2, 1], one_way: false }], by_number: &[255, 0, 1], entries: &[1, 0, 2], wishes: &[], function: [0, 0], remembers: false }, 279),
            chain_from_mirror: FromDevice::new(0),
            chain_to_mirror: ToDevice::new(0),
            chain_from_wan: FromDevice::new(1),
            chain_to_wan: ToDevice::new(1),
            chain_director_wan: FlowDirector::new(flow_director::Rules { chains: &[flow_director::Chain { name: "straight", annotation: 32769 }, flow_director::Chain { name: "clean", annotation: 32770 }], diagram: &nf_elements::filter::Diagram { root: 65534, transport: false, nodes: &[], wide: &[], narrow: &[], far: &[] }, diagram6: &nf_elements::filter::Diagram { root: 65534, transport: false, nodes: &[], wide: &[], narrow: &[], far: &[] }, annotations: &[], default: 32769 }, 279),
            chain_from_scrubber: FromDevice::new(2),
            chain_to_scrubber: ToDevice::new(2),
        }
    }

    #[inline]
    fn run_chain_from_mirror<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_mirror.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(1, &batch) }
        self.chain_hop_0(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_wan<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_wan.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(3, &batch) }
        self.chain_director_wan_0(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_scrubber<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_scrubber.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(6, &batch) }
        self.chain_hop_2(io, batch);
        true
    }

    #[inline]
    fn chain_hop_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_mirror = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_mirror.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_mirror.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_mirror) }
            self.chain_to_mirror.consume(io, for_chain_to_mirror);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
    }

    #[inline]
    fn chain_director_wan_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_wan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(5, &packet) }
            match self.chain_director_wan.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop_1.is_empty() {
            self.chain_hop_1(io, for_chain_hop_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
    }

    #[inline]
    fn chain_hop_2<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_mirror = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 2, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_mirror.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_mirror.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_mirror) }
            self.chain_to_mirror.consume(io, for_chain_to_mirror);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
    }

    fn chain_director_wan_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_wan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(5, &packet) }
            match self.chain_director_wan.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop_1.is_empty() {
            self.chain_hop_1(io, for_chain_hop_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
    }

    fn chain_hop_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_mirror = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_mirror.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_mirror.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_mirror) }
            self.chain_to_mirror.consume(io, for_chain_to_mirror);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["mirror", "wan", "scrubber"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("chain/hop", "ChainHop"),
        ("chain/from_mirror", "FromDevice"),
        ("chain/to_mirror", "ToDevice"),
        ("chain/from_wan", "FromDevice"),
        ("chain/to_wan", "ToDevice"),
        ("chain/director_wan", "FlowDirector"),
        ("chain/from_scrubber", "FromDevice"),
        ("chain/to_scrubber", "ToDevice"),
    ];

    fn start(&mut self) {
        self.chain_director_wan.lend(CHAIN_DIRECTOR_WAN_MEMORY.take());
    }

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_chain_from_mirror(io);
        moved |= self.run_chain_from_wan(io);
        moved |= self.run_chain_from_scrubber(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.read_handler(handler, out),
            "chain/from_mirror" => self.chain_from_mirror.read_handler(handler, out),
            "chain/to_mirror" => self.chain_to_mirror.read_handler(handler, out),
            "chain/from_wan" => self.chain_from_wan.read_handler(handler, out),
            "chain/to_wan" => self.chain_to_wan.read_handler(handler, out),
            "chain/director_wan" => self.chain_director_wan.read_handler(handler, out),
            "chain/from_scrubber" => self.chain_from_scrubber.read_handler(handler, out),
            "chain/to_scrubber" => self.chain_to_scrubber.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.write_handler(handler, value),
            "chain/from_mirror" => self.chain_from_mirror.write_handler(handler, value),
            "chain/to_mirror" => self.chain_to_mirror.write_handler(handler, value),
            "chain/from_wan" => self.chain_from_wan.write_handler(handler, value),
            "chain/to_wan" => self.chain_to_wan.write_handler(handler, value),
            "chain/director_wan" => self.chain_director_wan.write_handler(handler, value),
            "chain/from_scrubber" => self.chain_from_scrubber.write_handler(handler, value),
            "chain/to_scrubber" => self.chain_to_scrubber.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
