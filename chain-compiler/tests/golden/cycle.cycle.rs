// The wiring of VM `cycle`, emitted from cycle.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict};

/// Code of `found` alone.
struct FoundCode;

impl nf_elements::filter::Decide for FoundCode {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 1, transport: false, nodes: &[[603979777,0,0],[536870913,1,2],], wide: &[4278190080,1,], narrow: &[32769,32768,32769,0,], far: &[65535,0,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let value = words.far(65535);
        if value < 0x1 {
            return 1;
        }
        let value = words.far(0);
        if value < 0xff000000 {
            return 1;
        }
        return 0;
    }
}

/// The elements of `cycle`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `strip :: Strip`
    strip: Strip,
    /// `found :: Classifier`
    found: Classifier<FoundCode>,
    /// `ToDevice@4 :: ToDevice`
    to_device_4: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            strip: Strip::new(1),
            found: Classifier::new(2, FoundCode),
            to_device_4: ToDevice::new(1),
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
        self.strip_0(io, batch);
        true
    }

    fn strip_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_to_device_4 = Batch::new();
        let mut for_strip = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            if self.strip.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(2, &packet) }
            match self.found.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_to_device_4.push(packet);
                }
                Some(1) => {
                    let _ = for_strip.push(packet);
                }
                _ => {}
            }
        }
        if !for_to_device_4.is_empty() {
            if M::TAPS { io.tap_all(3, &for_to_device_4) }
            self.to_device_4.consume(io, for_to_device_4);
        }
        if !for_strip.is_empty() {
            self.strip_0(io, for_strip);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("strip", "Strip"),
        ("found", "Classifier"),
        ("ToDevice@4", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "strip" => self.strip.read_handler(handler, out),
            "found" => self.found.read_handler(handler, out),
            "ToDevice@4" => self.to_device_4.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "strip" => self.strip.write_handler(handler, value),
            "found" => self.found.write_handler(handler, value),
            "ToDevice@4" => self.to_device_4.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
