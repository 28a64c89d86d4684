// The wiring of VM `wan_gate`, emitted from directed.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Ahead, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, PacketIo, Route, Sink, Source};

/// The memory of `chain/hop`.
static CHAIN_HOP_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<2341, 8192>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<2341, 8192>::EMPTY }; 1]);

/// The memory of `chain/director_wan`.
static CHAIN_DIRECTOR_WAN_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<286, 1000>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<286, 1000>::EMPTY }; 1]);

/// The elements of `wan_gate`.
pub struct Wiring {
    /// `chain/hop :: ChainHop`
    chain_hop: ChainHop<5, 2, 1>,
    /// `chain/from_ids_0 :: FromDevice`
    chain_from_ids_0: FromDevice,
    /// `chain/to_ids_0 :: ToDevice`
    chain_to_ids_0: ToDevice,
    /// `chain/from_ids_1 :: FromDevice`
    chain_from_ids_1: FromDevice,
    /// `chain/to_ids_1 :: ToDevice`
    chain_to_ids_1: ToDevice,
    /// `chain/from_ids_2 :: FromDevice`
    chain_from_ids_2: FromDevice,
    /// `chain/to_ids_2 :: ToDevice`
    chain_to_ids_2: ToDevice,
    /// `chain/from_wan :: FromDevice`
    chain_from_wan: FromDevice,
    /// `chain/to_wan :: ToDevice`
    chain_to_wan: ToDevice,
    /// `chain/director_wan :: FlowDirector`
    chain_director_wan: FlowDirector,
    /// `chain/from_fw :: FromDevice`
    chain_from_fw: FromDevice,
    /// `chain/to_fw :: ToDevice`
    chain_to_fw: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            chain_hop: ChainHop::<5, 2, 1>::new(chain_hop::Map { services: &[chain_hop::Service { name: "inspect", ports: &[0, 1, 2], mask: 7, takers: 3, stateful: true, balance: 0 }, chain_hop::Service { name: "wan", ports: &[3], mask: 8, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "fw", ports: &[4], mask: 16, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false }, chain_hop::Chain { name: "bulk", number: 2, sides: [2, 1], one_way: false }], by_number: &[255, 0, 1], entries: &[1, 1, 1, 0, 2], wishes: &[], function: [0, 0], remembers: true }, 279),
            chain_from_ids_0: FromDevice::new(0),
            chain_to_ids_0: ToDevice::new(0),
            chain_from_ids_1: FromDevice::new(1),
            chain_to_ids_1: ToDevice::new(1),
            chain_from_ids_2: FromDevice::new(2),
            chain_to_ids_2: ToDevice::new(2),
            chain_from_wan: FromDevice::new(3),
            chain_to_wan: ToDevice::new(3),
            chain_director_wan: FlowDirector::new(flow_director::Rules { chains: &[flow_director::Chain { name: "web", annotation: 32769 }, flow_director::Chain { name: "bulk", annotation: 32770 }], diagram: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, diagram6: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, annotations: &[32769], default: 32770 }, 279),
            chain_from_fw: FromDevice::new(4),
            chain_to_fw: ToDevice::new(4),
        }
    }

    #[inline]
    fn run_chain_from_ids_0<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_0.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(1, &batch) }
        self.chain_hop_0(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_ids_1<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_1.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(3, &batch) }
        self.chain_hop_1(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_ids_2<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_2.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(5, &batch) }
        self.chain_hop_2(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_wan<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_wan.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(7, &batch) }
        self.chain_director_wan_0(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_fw<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_fw.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(10, &batch) }
        self.chain_hop_4(io, batch);
        true
    }

    #[inline]
    fn chain_hop_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_fw = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(6, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
    }

    #[inline]
    fn chain_hop_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_fw = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(6, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
    }

    #[inline]
    fn chain_hop_2<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_fw = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 2, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(6, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
    }

    #[inline]
    fn chain_director_wan_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_wan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop_3 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(9, &packet) }
            match self.chain_director_wan.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop_3.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop_3.is_empty() {
            self.chain_hop_3(io, for_chain_hop_3);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(8, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
    }

    #[inline]
    fn chain_hop_4<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_fw = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 4, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(6, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
    }

    fn chain_director_wan_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_wan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop_3 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(9, &packet) }
            match self.chain_director_wan.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop_3.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop_3.is_empty() {
            self.chain_hop_3(io, for_chain_hop_3);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(8, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
    }

    fn chain_hop_3<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_director_wan_1 = Batch::new();
        let mut for_chain_to_fw = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 3, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_director_wan_1.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(6, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_director_wan_1.is_empty() {
            self.chain_director_wan_1(io, for_chain_director_wan_1);
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["ids_0", "ids_1", "ids_2", "wan", "fw"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("chain/hop", "ChainHop"),
        ("chain/from_ids_0", "FromDevice"),
        ("chain/to_ids_0", "ToDevice"),
        ("chain/from_ids_1", "FromDevice"),
        ("chain/to_ids_1", "ToDevice"),
        ("chain/from_ids_2", "FromDevice"),
        ("chain/to_ids_2", "ToDevice"),
        ("chain/from_wan", "FromDevice"),
        ("chain/to_wan", "ToDevice"),
        ("chain/director_wan", "FlowDirector"),
        ("chain/from_fw", "FromDevice"),
        ("chain/to_fw", "ToDevice"),
    ];

    fn start(&mut self) {
        self.chain_hop.lend(CHAIN_HOP_MEMORY.take());
        self.chain_director_wan.lend(CHAIN_DIRECTOR_WAN_MEMORY.take());
    }

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_chain_from_ids_0(io);
        moved |= self.run_chain_from_ids_1(io);
        moved |= self.run_chain_from_ids_2(io);
        moved |= self.run_chain_from_wan(io);
        moved |= self.run_chain_from_fw(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.read_handler(handler, out),
            "chain/from_ids_0" => self.chain_from_ids_0.read_handler(handler, out),
            "chain/to_ids_0" => self.chain_to_ids_0.read_handler(handler, out),
            "chain/from_ids_1" => self.chain_from_ids_1.read_handler(handler, out),
            "chain/to_ids_1" => self.chain_to_ids_1.read_handler(handler, out),
            "chain/from_ids_2" => self.chain_from_ids_2.read_handler(handler, out),
            "chain/to_ids_2" => self.chain_to_ids_2.read_handler(handler, out),
            "chain/from_wan" => self.chain_from_wan.read_handler(handler, out),
            "chain/to_wan" => self.chain_to_wan.read_handler(handler, out),
            "chain/director_wan" => self.chain_director_wan.read_handler(handler, out),
            "chain/from_fw" => self.chain_from_fw.read_handler(handler, out),
            "chain/to_fw" => self.chain_to_fw.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.write_handler(handler, value),
            "chain/from_ids_0" => self.chain_from_ids_0.write_handler(handler, value),
            "chain/to_ids_0" => self.chain_to_ids_0.write_handler(handler, value),
            "chain/from_ids_1" => self.chain_from_ids_1.write_handler(handler, value),
            "chain/to_ids_1" => self.chain_to_ids_1.write_handler(handler, value),
            "chain/from_ids_2" => self.chain_from_ids_2.write_handler(handler, value),
            "chain/to_ids_2" => self.chain_to_ids_2.write_handler(handler, value),
            "chain/from_wan" => self.chain_from_wan.write_handler(handler, value),
            "chain/to_wan" => self.chain_to_wan.write_handler(handler, value),
            "chain/director_wan" => self.chain_director_wan.write_handler(handler, value),
            "chain/from_fw" => self.chain_from_fw.write_handler(handler, value),
            "chain/to_fw" => self.chain_to_fw.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
