// The wiring of VM `compounds`, emitted from compounds.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, BURST, Batch, Element, Graph, HandlerError, Outputs, Packet, PacketIo, Push, Route, Sink, Source, Verdict,
};

/// Code of `sort` alone.
struct SortCode;

impl nf_elements::filter::Decide for SortCode {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 1, transport: false, nodes: &[[603979779,0,0],[536870913,3,4],], wide: &[16777216,33554432,50331648,1,], narrow: &[32770,32768,32769,32770,32770,0,], far: &[65535,0,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let value = words.far(65535);
        if value < 0x1 {
            return 2;
        }
        let value = words.far(0);
        if value < 0x2000000 {
            if value < 0x1000000 {
                return 2;
            }
            return 0;
        }
        if value < 0x3000000 {
            return 1;
        }
        return 2;
    }
}

/// The elements of `compounds`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `Foo@2/Paint@1 :: Paint`
    foo_2_paint_1: Paint,
    /// `f/Paint@1 :: Paint`
    f_paint_1: Paint,
    /// `Foo@4/Paint@1 :: Paint`
    foo_4_paint_1: Paint,
    /// `Foo@5/Paint@1 :: Paint`
    foo_5_paint_1: Paint,
    /// `Marker@6/Paint@1 :: Paint`
    marker_6_paint_1: Paint,
    /// `Marker@7/Paint@1 :: Paint`
    marker_7_paint_1: Paint,
    /// `@8/mark/inner :: Paint`
    element_8_mark_inner: Paint,
    /// `@8/mark/Paint@2 :: Paint`
    element_8_mark_paint_2: Paint,
    /// `@8/outer/Marker@1/inner :: Paint`
    element_8_outer_marker_1_inner: Paint,
    /// `@8/outer/Marker@1/Paint@2 :: Paint`
    element_8_outer_marker_1_paint_2: Paint,
    /// `sort :: Classifier`
    sort: Classifier<SortCode>,
    /// `Print@13 :: Print`
    print_13: Print,
    /// `Print@14 :: Print`
    print_14: Print,
    /// `ToDevice@15 :: ToDevice`
    to_device_15: ToDevice,
    /// `FromDevice@16 :: FromDevice`
    from_device_16: FromDevice,
    /// `t :: Tee`
    t: Tee<4>,
    /// `two :: Counter`
    two: Counter,
    /// `Pass@22 :: Counter`
    pass_22: Counter,
    /// `Strip@23 :: Strip`
    strip_23: Strip,
    /// `joined :: Counter`
    joined: Counter,
    /// `one :: Counter`
    one: Counter,
    /// `ToDevice@28 :: ToDevice`
    to_device_28: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            foo_2_paint_1: Paint::new(2),
            f_paint_1: Paint::new(1),
            foo_4_paint_1: Paint::new(4),
            foo_5_paint_1: Paint::new(2),
            marker_6_paint_1: Paint::new(2),
            marker_7_paint_1: Paint::new(1),
            element_8_mark_inner: Paint::new(7),
            element_8_mark_paint_2: Paint::new(8),
            element_8_outer_marker_1_inner: Paint::new(7),
            element_8_outer_marker_1_paint_2: Paint::new(9),
            sort: Classifier::new(3, SortCode),
            print_13: Print::new("say \\\"1\\\"", 24, true),
            print_14: Print::new("'$PREFIX'", 24, true),
            to_device_15: ToDevice::new(1),
            from_device_16: FromDevice::new(1),
            t: Tee::<4>::new(),
            two: Counter::new(),
            pass_22: Counter::new(),
            strip_23: Strip::new(1),
            joined: Counter::new(),
            one: Counter::new(),
            to_device_28: ToDevice::new(0),
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
        self.foo_2_paint_1_0(io, batch);
        true
    }

    #[inline]
    fn run_from_device_16<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_16.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(15, &batch) }
        self.t_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.two.due_call() {
            call.perform("two", io, self);
        }
        while let Some(call) = self.pass_22.due_call() {
            call.perform("Pass@22", io, self);
        }
        while let Some(call) = self.joined.due_call() {
            call.perform("joined", io, self);
        }
        while let Some(call) = self.one.due_call() {
            call.perform("one", io, self);
        }
    }

    #[inline]
    fn foo_2_paint_1_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut for_print_13 = Batch::new();
        let mut for_print_14 = Batch::new();
        let mut for_to_device_15 = Batch::new();
        for mut packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            if self.foo_2_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(2, &packet) }
            if self.f_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(3, &packet) }
            if self.foo_4_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(4, &packet) }
            if self.foo_5_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(5, &packet) }
            if self.marker_6_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(6, &packet) }
            if self.marker_7_paint_1.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(7, &packet) }
            if self.element_8_mark_inner.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(8, &packet) }
            if self.element_8_mark_paint_2.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(9, &packet) }
            if self.element_8_outer_marker_1_inner.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(10, &packet) }
            if self.element_8_outer_marker_1_paint_2.action(io, &mut packet) == Verdict::Drop {
                continue;
            }
            if M::TAPS { io.tap(11, &packet) }
            match self.sort.route(io, 0, &mut packet) {
                Some(0) => {
                    let _ = for_print_13.push(packet);
                }
                Some(1) => {
                    let _ = for_print_14.push(packet);
                }
                Some(2) => {
                    let _ = for_to_device_15.push(packet);
                }
                _ => {}
            }
        }
        if !for_print_13.is_empty() {
            self.print_13_0(io, for_print_13);
        }
        if !for_print_14.is_empty() {
            self.print_14_0(io, for_print_14);
        }
        if !for_to_device_15.is_empty() {
            if M::TAPS { io.tap_all(14, &for_to_device_15) }
            self.to_device_15.consume(io, for_to_device_15);
        }
    }

    #[inline]
    fn t_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut out = TOutputs::new();
        for packet in batch {
            if M::TAPS { io.tap(16, &packet) }
            self.t.push(io, 0, packet, &mut out);
        }
        if !out.for_one.is_empty() {
            self.one_0(io, out.for_one);
        }
        if !out.for_two.is_empty() {
            self.two_0(io, out.for_two);
        }
        if !out.for_pass_22.is_empty() {
            self.pass_22_0(io, out.for_pass_22);
        }
        if !out.for_strip_23.is_empty() {
            self.strip_23_0(io, out.for_strip_23);
        }
    }

    #[inline]
    fn print_13_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(12, packet) }
            if self.print_13.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(14, &batch) }
            self.to_device_15.consume(io, batch);
        }
    }

    #[inline]
    fn print_14_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(13, packet) }
            if self.print_14.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(14, &batch) }
            self.to_device_15.consume(io, batch);
        }
    }

    #[inline]
    fn one_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(21, packet) }
            if self.one.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.joined_0(io, batch);
        }
    }

    #[inline]
    fn two_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(17, packet) }
            if self.two.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.joined_0(io, batch);
        }
    }

    #[inline]
    fn pass_22_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(18, packet) }
            if self.pass_22.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.joined_0(io, batch);
        }
    }

    #[inline]
    fn strip_23_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(19, packet) }
            if self.strip_23.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            self.joined_0(io, batch);
        }
    }

    fn joined_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(20, packet) }
            if self.joined.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(22, &batch) }
            self.to_device_28.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("Foo@2/Paint@1", "Paint"),
        ("f/Paint@1", "Paint"),
        ("Foo@4/Paint@1", "Paint"),
        ("Foo@5/Paint@1", "Paint"),
        ("Marker@6/Paint@1", "Paint"),
        ("Marker@7/Paint@1", "Paint"),
        ("@8/mark/inner", "Paint"),
        ("@8/mark/Paint@2", "Paint"),
        ("@8/outer/Marker@1/inner", "Paint"),
        ("@8/outer/Marker@1/Paint@2", "Paint"),
        ("sort", "Classifier"),
        ("Print@13", "Print"),
        ("Print@14", "Print"),
        ("ToDevice@15", "ToDevice"),
        ("FromDevice@16", "FromDevice"),
        ("t", "Tee"),
        ("two", "Counter"),
        ("Pass@22", "Counter"),
        ("Strip@23", "Strip"),
        ("joined", "Counter"),
        ("one", "Counter"),
        ("ToDevice@28", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        self.calls(io);
        moved |= self.run_from_device_16(io);
        self.calls(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "Foo@2/Paint@1" => self.foo_2_paint_1.read_handler(handler, out),
            "f/Paint@1" => self.f_paint_1.read_handler(handler, out),
            "Foo@4/Paint@1" => self.foo_4_paint_1.read_handler(handler, out),
            "Foo@5/Paint@1" => self.foo_5_paint_1.read_handler(handler, out),
            "Marker@6/Paint@1" => self.marker_6_paint_1.read_handler(handler, out),
            "Marker@7/Paint@1" => self.marker_7_paint_1.read_handler(handler, out),
            "@8/mark/inner" => self.element_8_mark_inner.read_handler(handler, out),
            "@8/mark/Paint@2" => self.element_8_mark_paint_2.read_handler(handler, out),
            "@8/outer/Marker@1/inner" => self.element_8_outer_marker_1_inner.read_handler(handler, out),
            "@8/outer/Marker@1/Paint@2" => self.element_8_outer_marker_1_paint_2.read_handler(handler, out),
            "sort" => self.sort.read_handler(handler, out),
            "Print@13" => self.print_13.read_handler(handler, out),
            "Print@14" => self.print_14.read_handler(handler, out),
            "ToDevice@15" => self.to_device_15.read_handler(handler, out),
            "FromDevice@16" => self.from_device_16.read_handler(handler, out),
            "t" => self.t.read_handler(handler, out),
            "two" => self.two.read_handler(handler, out),
            "Pass@22" => self.pass_22.read_handler(handler, out),
            "Strip@23" => self.strip_23.read_handler(handler, out),
            "joined" => self.joined.read_handler(handler, out),
            "one" => self.one.read_handler(handler, out),
            "ToDevice@28" => self.to_device_28.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "Foo@2/Paint@1" => self.foo_2_paint_1.write_handler(handler, value),
            "f/Paint@1" => self.f_paint_1.write_handler(handler, value),
            "Foo@4/Paint@1" => self.foo_4_paint_1.write_handler(handler, value),
            "Foo@5/Paint@1" => self.foo_5_paint_1.write_handler(handler, value),
            "Marker@6/Paint@1" => self.marker_6_paint_1.write_handler(handler, value),
            "Marker@7/Paint@1" => self.marker_7_paint_1.write_handler(handler, value),
            "@8/mark/inner" => self.element_8_mark_inner.write_handler(handler, value),
            "@8/mark/Paint@2" => self.element_8_mark_paint_2.write_handler(handler, value),
            "@8/outer/Marker@1/inner" => self.element_8_outer_marker_1_inner.write_handler(handler, value),
            "@8/outer/Marker@1/Paint@2" => self.element_8_outer_marker_1_paint_2.write_handler(handler, value),
            "sort" => self.sort.write_handler(handler, value),
            "Print@13" => self.print_13.write_handler(handler, value),
            "Print@14" => self.print_14.write_handler(handler, value),
            "ToDevice@15" => self.to_device_15.write_handler(handler, value),
            "FromDevice@16" => self.from_device_16.write_handler(handler, value),
            "t" => self.t.write_handler(handler, value),
            "two" => self.two.write_handler(handler, value),
            "Pass@22" => self.pass_22.write_handler(handler, value),
            "Strip@23" => self.strip_23.write_handler(handler, value),
            "joined" => self.joined.write_handler(handler, value),
            "one" => self.one.write_handler(handler, value),
            "ToDevice@28" => self.to_device_28.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}

/// Where `t` puts its packets.
struct TOutputs {
    for_one: Batch,
    for_two: Batch,
    for_pass_22: Batch,
    for_strip_23: Batch,
}

impl TOutputs {
    const fn new() -> Self {
        TOutputs { for_one: Batch::new(), for_two: Batch::new(), for_pass_22: Batch::new(), for_strip_23: Batch::new() }
    }
}

impl Outputs for TOutputs {
    const COUNT: usize = 4;

    #[inline]
    fn room(&self, port: usize) -> usize {
        match port {
            0 => self.for_one.room(),
            1 => self.for_two.room(),
            2 => self.for_pass_22.room(),
            3 => self.for_strip_23.room(),
            _ => 0,
        }
    }

    #[inline]
    fn emit(&mut self, port: usize, packet: Packet) {
        let _ = match port {
            0 => self.for_one.push(packet),
            1 => self.for_two.push(packet),
            2 => self.for_pass_22.push(packet),
            3 => self.for_strip_23.push(packet),
            _ => Err(packet),
        };
    }
}
