// The wiring of VM `fw`, emitted from directed.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Ahead, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, PacketIo, Route, Sink, Source};

/// The memory of `chain/hop`.
static CHAIN_HOP_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<2341, 8192>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<2341, 8192>::EMPTY }; 1]);

/// The memory of `chain/director_lan`.
static CHAIN_DIRECTOR_LAN_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<286, 1000>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<286, 1000>::EMPTY }; 1]);

/// Code of `filter` alone.
struct FilterCode;

impl nf_elements::filter::Decide for FilterCode {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 0, transport: false, nodes: &[[2,0,0],], wide: &[172097536,172163072,], narrow: &[32768,65535,32768,], far: &[] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        let value = near[0];
        if (0xa420000..0xa430000).contains(&value) {
            return 32767;
        }
        return 0;
    }
}

/// The elements of `fw`.
pub struct Wiring {
    /// `chain/hop :: ChainHop`
    chain_hop: ChainHop<5, 2, 1>,
    /// `chain/from_lan :: FromDevice`
    chain_from_lan: FromDevice,
    /// `chain/to_lan :: ToDevice`
    chain_to_lan: ToDevice,
    /// `chain/director_lan :: FlowDirector`
    chain_director_lan: FlowDirector,
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
    /// `CheckIPHeader@1 :: CheckIPHeader`
    check_ip_header_1: CheckIpHeader,
    /// `filter :: IPFilter`
    filter: IpFilter<FilterCode>,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            chain_hop: ChainHop::<5, 2, 1>::new(chain_hop::Map { services: &[chain_hop::Service { name: "lan", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "inspect", ports: &[1, 2, 3], mask: 14, takers: 3, stateful: true, balance: 0 }, chain_hop::Service { name: "wan", ports: &[4], mask: 16, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false }, chain_hop::Chain { name: "bulk", number: 2, sides: [0, 2], one_way: false }], by_number: &[255, 0, 1], entries: &[0, 32769, 32769, 32769, 32770], wishes: &[], function: [1, 1], remembers: true }, 279),
            chain_from_lan: FromDevice::new(0),
            chain_to_lan: ToDevice::new(0),
            chain_director_lan: FlowDirector::new(flow_director::Rules { chains: &[flow_director::Chain { name: "web", annotation: 1 }, flow_director::Chain { name: "bulk", annotation: 2 }], diagram: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, diagram6: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, annotations: &[1], default: 2 }, 279),
            chain_from_ids_0: FromDevice::new(1),
            chain_to_ids_0: ToDevice::new(1),
            chain_from_ids_1: FromDevice::new(2),
            chain_to_ids_1: ToDevice::new(2),
            chain_from_ids_2: FromDevice::new(3),
            chain_to_ids_2: ToDevice::new(3),
            chain_from_wan: FromDevice::new(4),
            chain_to_wan: ToDevice::new(4),
            check_ip_header_1: CheckIpHeader::new(14, true, &[], &[], "CheckIPHeader@1: IP header check failed", false, false),
            filter: IpFilter::new(2, FilterCode),
        }
    }

    #[inline]
    fn run_chain_from_lan<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_lan.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(1, &batch) }
        self.chain_director_lan_0(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_ids_0<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_0.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(4, &batch) }
        self.chain_hop_1(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_ids_1<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_1.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(6, &batch) }
        self.chain_hop_2(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_ids_2<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_ids_2.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(8, &batch) }
        self.chain_hop_3(io, batch);
        true
    }

    #[inline]
    fn run_chain_from_wan<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_wan.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(10, &batch) }
        self.chain_hop_4(io, batch);
        true
    }

    #[inline]
    fn chain_director_lan_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_lan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop = Batch::new();
        let mut for_chain_to_lan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(3, &packet) }
            match self.chain_director_lan.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_lan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop.is_empty() {
            self.chain_hop_0(io, for_chain_hop);
        }
        if !for_chain_to_lan.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_lan) }
            self.chain_to_lan.consume(io, for_chain_to_lan);
        }
    }

    #[inline]
    fn chain_hop_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_2<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 2, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_3<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 3, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_4<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 4, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }

    fn chain_hop_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }

    fn chain_director_lan_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_director_lan.ahead(io.now_ns(), &batch);
        let mut for_chain_hop = Batch::new();
        let mut for_chain_to_lan = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(3, &packet) }
            match self.chain_director_lan.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_hop.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_lan.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_hop.is_empty() {
            self.chain_hop_0(io, for_chain_hop);
        }
        if !for_chain_to_lan.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_lan) }
            self.chain_to_lan.consume(io, for_chain_to_lan);
        }
    }

    fn check_ip_header_1_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(12, packet) }
            if self.check_ip_header_1.route(io, 0, packet) != Some(0) {
                return false;
            }
            if M::TAPS { io.tap(13, packet) }
            if self.filter.route(io, 0, packet) != Some(0) {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.chain_hop_5(io, batch);
        }
    }

    #[inline]
    fn chain_hop_5<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_ids_0 = Batch::new();
        let mut for_chain_to_ids_1 = Batch::new();
        let mut for_chain_to_ids_2 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_check_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 5, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_ids_0.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_ids_1.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_ids_2.push(packet);
                }
                Some(4) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(5) => {
                    let _ = for_check_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_ids_0.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_ids_0) }
            self.chain_to_ids_0.consume(io, for_chain_to_ids_0);
        }
        if !for_chain_to_ids_1.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_ids_1) }
            self.chain_to_ids_1.consume(io, for_chain_to_ids_1);
        }
        if !for_chain_to_ids_2.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_ids_2) }
            self.chain_to_ids_2.consume(io, for_chain_to_ids_2);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(11, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_check_ip_header_1.is_empty() {
            self.check_ip_header_1_0(io, for_check_ip_header_1);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "ids_0", "ids_1", "ids_2", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("chain/hop", "ChainHop"),
        ("chain/from_lan", "FromDevice"),
        ("chain/to_lan", "ToDevice"),
        ("chain/director_lan", "FlowDirector"),
        ("chain/from_ids_0", "FromDevice"),
        ("chain/to_ids_0", "ToDevice"),
        ("chain/from_ids_1", "FromDevice"),
        ("chain/to_ids_1", "ToDevice"),
        ("chain/from_ids_2", "FromDevice"),
        ("chain/to_ids_2", "ToDevice"),
        ("chain/from_wan", "FromDevice"),
        ("chain/to_wan", "ToDevice"),
        ("CheckIPHeader@1", "CheckIPHeader"),
        ("filter", "IPFilter"),
    ];

    fn start(&mut self) {
        self.chain_hop.lend(CHAIN_HOP_MEMORY.take());
        self.chain_director_lan.lend(CHAIN_DIRECTOR_LAN_MEMORY.take());
    }

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_chain_from_lan(io);
        moved |= self.run_chain_from_ids_0(io);
        moved |= self.run_chain_from_ids_1(io);
        moved |= self.run_chain_from_ids_2(io);
        moved |= self.run_chain_from_wan(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.read_handler(handler, out),
            "chain/from_lan" => self.chain_from_lan.read_handler(handler, out),
            "chain/to_lan" => self.chain_to_lan.read_handler(handler, out),
            "chain/director_lan" => self.chain_director_lan.read_handler(handler, out),
            "chain/from_ids_0" => self.chain_from_ids_0.read_handler(handler, out),
            "chain/to_ids_0" => self.chain_to_ids_0.read_handler(handler, out),
            "chain/from_ids_1" => self.chain_from_ids_1.read_handler(handler, out),
            "chain/to_ids_1" => self.chain_to_ids_1.read_handler(handler, out),
            "chain/from_ids_2" => self.chain_from_ids_2.read_handler(handler, out),
            "chain/to_ids_2" => self.chain_to_ids_2.read_handler(handler, out),
            "chain/from_wan" => self.chain_from_wan.read_handler(handler, out),
            "chain/to_wan" => self.chain_to_wan.read_handler(handler, out),
            "CheckIPHeader@1" => self.check_ip_header_1.read_handler(handler, out),
            "filter" => self.filter.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.write_handler(handler, value),
            "chain/from_lan" => self.chain_from_lan.write_handler(handler, value),
            "chain/to_lan" => self.chain_to_lan.write_handler(handler, value),
            "chain/director_lan" => self.chain_director_lan.write_handler(handler, value),
            "chain/from_ids_0" => self.chain_from_ids_0.write_handler(handler, value),
            "chain/to_ids_0" => self.chain_to_ids_0.write_handler(handler, value),
            "chain/from_ids_1" => self.chain_from_ids_1.write_handler(handler, value),
            "chain/to_ids_1" => self.chain_to_ids_1.write_handler(handler, value),
            "chain/from_ids_2" => self.chain_from_ids_2.write_handler(handler, value),
            "chain/to_ids_2" => self.chain_to_ids_2.write_handler(handler, value),
            "chain/from_wan" => self.chain_from_wan.write_handler(handler, value),
            "chain/to_wan" => self.chain_to_wan.write_handler(handler, value),
            "CheckIPHeader@1" => self.check_ip_header_1.write_handler(handler, value),
            "filter" => self.filter.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
