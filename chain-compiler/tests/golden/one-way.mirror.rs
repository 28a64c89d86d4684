// The wiring of VM `mirror`, emitted from one-way.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, Ahead, BURST, Batch, ConstStaticCell, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict,
};

/// The memory of `chain/hop`.
static CHAIN_HOP_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<2341, 8192>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<2341, 8192>::EMPTY }; 1]);

/// The memory of `chain/director_lan`.
static CHAIN_DIRECTOR_LAN_MEMORY: ConstStaticCell<[nf_elements::chains::Memory::<18725, 65536>; 1]> =
    ConstStaticCell::new([const { nf_elements::chains::Memory::<18725, 65536>::EMPTY }; 1]);

/// Code of `sort` alone.
struct SortCode;

impl nf_elements::filter::Decide for SortCode {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468230,8,14],], wide: &[], narrow: &[80,81,32771,32768,32771,0,32768,0,256,512,1540,1792,4352,4608,32771,32769,32771,1,32771,32770,32771,], far: &[] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        let value = near[4];
        if value < 0x700 {
            if value < 0x200 {
                if value < 0x100 {
                    return 3;
                }
                return 1;
            }
            if value < 0x604 {
                return 3;
            }
            let value = near[2];
            if value == 0x50 {
                return 0;
            }
            let value = near[3];
            if value == 0x50 {
                return 0;
            }
            return 3;
        }
        if (0x1100..0x1200).contains(&value) {
            return 2;
        }
        return 3;
    }
}

/// The elements of `mirror`.
pub struct Wiring {
    /// `chain/hop :: ChainHop`
    chain_hop: ChainHop<4, 3, 0>,
    /// `chain/from_lan :: FromDevice`
    chain_from_lan: FromDevice,
    /// `chain/to_lan :: ToDevice`
    chain_to_lan: ToDevice,
    /// `chain/director_lan :: FlowDirector`
    chain_director_lan: FlowDirector,
    /// `chain/from_wan :: FromDevice`
    chain_from_wan: FromDevice,
    /// `chain/to_wan :: ToDevice`
    chain_to_wan: ToDevice,
    /// `chain/from_scrubber :: FromDevice`
    chain_from_scrubber: FromDevice,
    /// `chain/to_scrubber :: ToDevice`
    chain_to_scrubber: ToDevice,
    /// `chain/from_lab :: FromDevice`
    chain_from_lab: FromDevice,
    /// `chain/to_lab :: ToDevice`
    chain_to_lab: ToDevice,
    /// `MarkIPHeader@1 :: MarkIPHeader`
    mark_ip_header_1: MarkIpHeader,
    /// `sort :: IPClassifier`
    sort: IpClassifier<SortCode>,
    /// `ToChain@3 :: ToChain`
    to_chain_3: ToChain,
    /// `ToService@4 :: ToService`
    to_service_4: ToService,
    /// `ToPort@5 :: ToPort`
    to_port_5: ToPort,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            chain_hop: ChainHop::<4, 3, 0>::new(chain_hop::Map { services: &[chain_hop::Service { name: "lan", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "wan", ports: &[1], mask: 2, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "scrubber", ports: &[2], mask: 4, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "lab", ports: &[3], mask: 8, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "straight", number: 1, sides: [0, 1], one_way: false }, chain_hop::Chain { name: "clean", number: 2, sides: [0, 2], one_way: false }, chain_hop::Chain { name: "study", number: 3, sides: [0, 3], one_way: true }], by_number: &[255, 0, 1, 2], entries: &[0, 32769, 32770, 0], wishes: &[chain_hop::Wish::Chain(3), chain_hop::Wish::Service([2, 0]), chain_hop::Wish::Port(0, [0, 32769])], function: [1, 1], remembers: true }, 279),
            chain_from_lan: FromDevice::new(0),
            chain_to_lan: ToDevice::new(0),
            chain_director_lan: FlowDirector::new(flow_director::Rules { chains: &[flow_director::Chain { name: "straight", annotation: 1 }, flow_director::Chain { name: "clean", annotation: 2 }, flow_director::Chain { name: "study", annotation: 3 }], diagram: &nf_elements::filter::Diagram { root: 65534, transport: false, nodes: &[], wide: &[], narrow: &[], far: &[] }, diagram6: &nf_elements::filter::Diagram { root: 65534, transport: false, nodes: &[], wide: &[], narrow: &[], far: &[] }, annotations: &[], default: 1 }, 279),
            chain_from_wan: FromDevice::new(1),
            chain_to_wan: ToDevice::new(1),
            chain_from_scrubber: FromDevice::new(2),
            chain_to_scrubber: ToDevice::new(2),
            chain_from_lab: FromDevice::new(3),
            chain_to_lab: ToDevice::new(3),
            mark_ip_header_1: MarkIpHeader::new(14),
            sort: IpClassifier::new(4, SortCode),
            to_chain_3: ToChain::new(),
            to_service_4: ToService::new(),
            to_port_5: ToPort::new(),
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
    fn run_chain_from_wan<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_wan.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(4, &batch) }
        self.chain_hop_1(io, batch);
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
    fn run_chain_from_lab<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_lab.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(8, &batch) }
        self.chain_hop_3(io, batch);
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
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_2<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 2, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_3<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 3, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    fn chain_hop_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
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

    fn mark_ip_header_1_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_to_chain_3 = Batch::new();
        let mut for_to_service_4 = Batch::new();
        let mut for_to_port_5 = Batch::new();
        let mut for_chain_hop_4 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(10, &packet) }
            if self.mark_ip_header_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(11, &packet) }
            match self.sort.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_to_chain_3.push(packet);
                }
                Some(1) => {
                    let _ = for_to_service_4.push(packet);
                }
                Some(2) => {
                    let _ = for_to_port_5.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_hop_4.push(packet);
                }
                _ => {}
            }
        }
        if !for_to_chain_3.is_empty() {
            self.to_chain_3_0(io, for_to_chain_3);
        }
        if !for_to_service_4.is_empty() {
            self.to_service_4_0(io, for_to_service_4);
        }
        if !for_to_port_5.is_empty() {
            self.to_port_5_0(io, for_to_port_5);
        }
        if !for_chain_hop_4.is_empty() {
            self.chain_hop_4(io, for_chain_hop_4);
        }
    }

    #[inline]
    fn to_chain_3_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(12, packet) }
            if self.to_chain_3.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.chain_hop_5(io, batch);
        }
    }

    #[inline]
    fn to_service_4_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(13, packet) }
            if self.to_service_4.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.chain_hop_6(io, batch);
        }
    }

    #[inline]
    fn to_port_5_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(14, packet) }
            if self.to_port_5.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.chain_hop_7(io, batch);
        }
    }

    #[inline]
    fn chain_hop_4<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 4, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_5<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 5, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_6<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 6, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }

    #[inline]
    fn chain_hop_7<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        self.chain_hop.ahead(io.now_ns(), &batch);
        let mut for_chain_director_lan_1 = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_chain_to_scrubber = Batch::new();
        let mut for_chain_to_lab = Batch::new();
        let mut for_mark_ip_header_1 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 7, &mut packet) {
                Some(0) => {
                    let _ = for_chain_director_lan_1.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_chain_to_scrubber.push(packet);
                }
                Some(3) => {
                    let _ = for_chain_to_lab.push(packet);
                }
                Some(4) => {
                    let _ = for_mark_ip_header_1.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_director_lan_1.is_empty() {
            self.chain_director_lan_1(io, for_chain_director_lan_1);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(5, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_chain_to_scrubber.is_empty() {
            if M::TAPS { io.tap_all(7, &for_chain_to_scrubber) }
            self.chain_to_scrubber.consume(io, for_chain_to_scrubber);
        }
        if !for_chain_to_lab.is_empty() {
            if M::TAPS { io.tap_all(9, &for_chain_to_lab) }
            self.chain_to_lab.consume(io, for_chain_to_lab);
        }
        if !for_mark_ip_header_1.is_empty() {
            self.mark_ip_header_1_0(io, for_mark_ip_header_1);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan", "scrubber", "lab"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("chain/hop", "ChainHop"),
        ("chain/from_lan", "FromDevice"),
        ("chain/to_lan", "ToDevice"),
        ("chain/director_lan", "FlowDirector"),
        ("chain/from_wan", "FromDevice"),
        ("chain/to_wan", "ToDevice"),
        ("chain/from_scrubber", "FromDevice"),
        ("chain/to_scrubber", "ToDevice"),
        ("chain/from_lab", "FromDevice"),
        ("chain/to_lab", "ToDevice"),
        ("MarkIPHeader@1", "MarkIPHeader"),
        ("sort", "IPClassifier"),
        ("ToChain@3", "ToChain"),
        ("ToService@4", "ToService"),
        ("ToPort@5", "ToPort"),
    ];

    fn start(&mut self) {
        self.chain_hop.lend(CHAIN_HOP_MEMORY.take());
        self.chain_director_lan.lend(CHAIN_DIRECTOR_LAN_MEMORY.take());
    }

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_chain_from_lan(io);
        moved |= self.run_chain_from_wan(io);
        moved |= self.run_chain_from_scrubber(io);
        moved |= self.run_chain_from_lab(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.read_handler(handler, out),
            "chain/from_lan" => self.chain_from_lan.read_handler(handler, out),
            "chain/to_lan" => self.chain_to_lan.read_handler(handler, out),
            "chain/director_lan" => self.chain_director_lan.read_handler(handler, out),
            "chain/from_wan" => self.chain_from_wan.read_handler(handler, out),
            "chain/to_wan" => self.chain_to_wan.read_handler(handler, out),
            "chain/from_scrubber" => self.chain_from_scrubber.read_handler(handler, out),
            "chain/to_scrubber" => self.chain_to_scrubber.read_handler(handler, out),
            "chain/from_lab" => self.chain_from_lab.read_handler(handler, out),
            "chain/to_lab" => self.chain_to_lab.read_handler(handler, out),
            "MarkIPHeader@1" => self.mark_ip_header_1.read_handler(handler, out),
            "sort" => self.sort.read_handler(handler, out),
            "ToChain@3" => self.to_chain_3.read_handler(handler, out),
            "ToService@4" => self.to_service_4.read_handler(handler, out),
            "ToPort@5" => self.to_port_5.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.write_handler(handler, value),
            "chain/from_lan" => self.chain_from_lan.write_handler(handler, value),
            "chain/to_lan" => self.chain_to_lan.write_handler(handler, value),
            "chain/director_lan" => self.chain_director_lan.write_handler(handler, value),
            "chain/from_wan" => self.chain_from_wan.write_handler(handler, value),
            "chain/to_wan" => self.chain_to_wan.write_handler(handler, value),
            "chain/from_scrubber" => self.chain_from_scrubber.write_handler(handler, value),
            "chain/to_scrubber" => self.chain_to_scrubber.write_handler(handler, value),
            "chain/from_lab" => self.chain_from_lab.write_handler(handler, value),
            "chain/to_lab" => self.chain_to_lab.write_handler(handler, value),
            "MarkIPHeader@1" => self.mark_ip_header_1.write_handler(handler, value),
            "sort" => self.sort.write_handler(handler, value),
            "ToChain@3" => self.to_chain_3.write_handler(handler, value),
            "ToService@4" => self.to_service_4.write_handler(handler, value),
            "ToPort@5" => self.to_port_5.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
