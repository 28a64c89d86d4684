// The wiring of VM `fork`, emitted from fork.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict};

/// Code of `kind` alone.
struct KindCode;

impl nf_elements::filter::Decide for KindCode {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 1, transport: false, nodes: &[[603979780,0,0],[536870913,4,5],], wide: &[16777216,33554432,50331648,67108864,1,], narrow: &[32771,32768,32769,32770,32771,32771,0,], far: &[65535,0,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let value = words.far(65535);
        if value < 0x1 {
            return 3;
        }
        let value = words.far(0);
        if value < 0x3000000 {
            if value < 0x2000000 {
                if value < 0x1000000 {
                    return 3;
                }
                return 0;
            }
            return 1;
        }
        if value < 0x4000000 {
            return 2;
        }
        return 3;
    }
}

/// The elements of `fork`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `kind :: Classifier`
    kind: Classifier<KindCode>,
    /// `out :: ToDevice`
    out: ToDevice,
    /// `two :: Counter`
    two: Counter,
    /// `Strip@5 :: Strip`
    strip_5: Strip,
    /// `rest :: Discard`
    rest: Discard,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            kind: Classifier::new(4, KindCode),
            out: ToDevice::new(1),
            two: Counter::new(),
            strip_5: Strip::new(1),
            rest: Discard::new(),
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
        self.kind_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.two.due_call() {
            call.perform("two", io, self);
        }
    }

    #[inline]
    fn kind_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_out = Batch::new();
        let mut for_two = Batch::new();
        let mut for_rest = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            match self.kind.route(io, 0, &mut packet) {
                Some(0 | 2) => {
                    let _ = for_out.push(packet);
                }
                Some(1) => {
                    let _ = for_two.push(packet);
                }
                Some(3) => {
                    let _ = for_rest.push(packet);
                }
                _ => {}
            }
        }
        if !for_out.is_empty() {
            if M::TAPS { io.tap_all(2, &for_out) }
            self.out.consume(io, for_out);
        }
        if !for_two.is_empty() {
            self.two_0(io, for_two);
        }
        if !for_rest.is_empty() {
            if M::TAPS { io.tap_all(5, &for_rest) }
            self.rest.consume(io, for_rest);
        }
    }

    #[inline]
    fn two_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(3, packet) }
            if self.two.action(io, packet) == Verdict::Drop {
                return false;
            }
            if M::TAPS { io.tap(4, packet) }
            if self.strip_5.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(2, &batch) }
            self.out.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("kind", "Classifier"),
        ("out", "ToDevice"),
        ("two", "Counter"),
        ("Strip@5", "Strip"),
        ("rest", "Discard"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "kind" => self.kind.read_handler(handler, out),
            "out" => self.out.read_handler(handler, out),
            "two" => self.two.read_handler(handler, out),
            "Strip@5" => self.strip_5.read_handler(handler, out),
            "rest" => self.rest.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "kind" => self.kind.write_handler(handler, value),
            "out" => self.out.write_handler(handler, value),
            "two" => self.two.write_handler(handler, value),
            "Strip@5" => self.strip_5.write_handler(handler, value),
            "rest" => self.rest.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
