// The wiring of VM `ids`, emitted from directed.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict};

/// The elements of `ids`.
pub struct Wiring {
    /// `chain/hop :: ChainHop`
    chain_hop: ChainHop<2, 1, 0>,
    /// `chain/from_fw :: FromDevice`
    chain_from_fw: FromDevice,
    /// `chain/to_fw :: ToDevice`
    chain_to_fw: ToDevice,
    /// `chain/from_wan :: FromDevice`
    chain_from_wan: FromDevice,
    /// `chain/to_wan :: ToDevice`
    chain_to_wan: ToDevice,
    /// `up :: Counter`
    up: Counter,
    /// `down :: Counter`
    down: Counter,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            chain_hop: ChainHop::<2, 1, 0>::new(chain_hop::Map { services: &[chain_hop::Service { name: "fw", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "wan", ports: &[1], mask: 2, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false }], by_number: &[255, 0], entries: &[1, 32769], wishes: &[], function: [2, 2], remembers: false }, 279),
            chain_from_fw: FromDevice::new(0),
            chain_to_fw: ToDevice::new(0),
            chain_from_wan: FromDevice::new(1),
            chain_to_wan: ToDevice::new(1),
            up: Counter::new(),
            down: Counter::new(),
        }
    }

    #[inline]
    fn run_chain_from_fw<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.chain_from_fw.produce(io, BURST, &mut batch);
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
        self.chain_hop_1(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.up.due_call() {
            call.perform("up", io, self);
        }
        while let Some(call) = self.down.due_call() {
            call.perform("down", io, self);
        }
    }

    #[inline]
    fn chain_hop_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_fw = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_up = Batch::new();
        let mut for_down = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_up.push(packet);
                }
                Some(3) => {
                    let _ = for_down.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_up.is_empty() {
            self.up_0(io, for_up);
        }
        if !for_down.is_empty() {
            self.down_0(io, for_down);
        }
    }

    #[inline]
    fn chain_hop_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_fw = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_up = Batch::new();
        let mut for_down = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 1, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_up.push(packet);
                }
                Some(3) => {
                    let _ = for_down.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_up.is_empty() {
            self.up_0(io, for_up);
        }
        if !for_down.is_empty() {
            self.down_0(io, for_down);
        }
    }

    fn up_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_fw = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_up = Batch::new();
        let mut for_down = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(5, &packet) }
            if self.up.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 2, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_up.push(packet);
                }
                Some(3) => {
                    let _ = for_down.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_up.is_empty() {
            self.up_0(io, for_up);
        }
        if !for_down.is_empty() {
            self.down_0(io, for_down);
        }
    }

    fn down_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_chain_to_fw = Batch::new();
        let mut for_chain_to_wan = Batch::new();
        let mut for_up = Batch::new();
        let mut for_down = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(6, &packet) }
            if self.down.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(0, &packet) }
            match self.chain_hop.route(io, 3, &mut packet) {
                Some(0) => {
                    let _ = for_chain_to_fw.push(packet);
                }
                Some(1) => {
                    let _ = for_chain_to_wan.push(packet);
                }
                Some(2) => {
                    let _ = for_up.push(packet);
                }
                Some(3) => {
                    let _ = for_down.push(packet);
                }
                _ => {}
            }
        }
        if !for_chain_to_fw.is_empty() {
            if M::TAPS { io.tap_all(2, &for_chain_to_fw) }
            self.chain_to_fw.consume(io, for_chain_to_fw);
        }
        if !for_chain_to_wan.is_empty() {
            if M::TAPS { io.tap_all(4, &for_chain_to_wan) }
            self.chain_to_wan.consume(io, for_chain_to_wan);
        }
        if !for_up.is_empty() {
            self.up_0(io, for_up);
        }
        if !for_down.is_empty() {
            self.down_0(io, for_down);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["fw", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("chain/hop", "ChainHop"),
        ("chain/from_fw", "FromDevice"),
        ("chain/to_fw", "ToDevice"),
        ("chain/from_wan", "FromDevice"),
        ("chain/to_wan", "ToDevice"),
        ("up", "Counter"),
        ("down", "Counter"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_chain_from_fw(io);
        self.calls(io);
        moved |= self.run_chain_from_wan(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.read_handler(handler, out),
            "chain/from_fw" => self.chain_from_fw.read_handler(handler, out),
            "chain/to_fw" => self.chain_to_fw.read_handler(handler, out),
            "chain/from_wan" => self.chain_from_wan.read_handler(handler, out),
            "chain/to_wan" => self.chain_to_wan.read_handler(handler, out),
            "up" => self.up.read_handler(handler, out),
            "down" => self.down.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "chain/hop" => self.chain_hop.write_handler(handler, value),
            "chain/from_fw" => self.chain_from_fw.write_handler(handler, value),
            "chain/to_fw" => self.chain_to_fw.write_handler(handler, value),
            "chain/from_wan" => self.chain_from_wan.write_handler(handler, value),
            "chain/to_wan" => self.chain_to_wan.write_handler(handler, value),
            "up" => self.up.write_handler(handler, value),
            "down" => self.down.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
