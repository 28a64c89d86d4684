// The wiring of VM `tee`, emitted from tee.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{
    Action, BURST, Batch, Element, Graph, HandlerError, Outputs, Packet, PacketIo, Push, Sink, Source, Verdict,
};

/// The elements of `tee`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `tee :: Tee`
    tee: Tee<3>,
    /// `ToDevice@3 :: ToDevice`
    to_device_3: ToDevice,
    /// `both :: Counter`
    both: Counter,
    /// `ToDevice@5 :: ToDevice`
    to_device_5: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            tee: Tee::<3>::new(),
            to_device_3: ToDevice::new(1),
            both: Counter::new(),
            to_device_5: ToDevice::new(2),
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
        self.tee_0(io, batch);
        true
    }

    #[inline]
    fn calls<M: PacketIo>(&mut self, io: &mut M) {
        while let Some(call) = self.both.due_call() {
            call.perform("both", io, self);
        }
    }

    #[inline]
    fn tee_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut out = TeeOutputs::new();
        for packet in batch {
            if M::TAPS { io.tap(1, &packet) }
            if out.for_both.room() < 2 {
                self.both_0(io, core::mem::take(&mut out.for_both));
            }
            self.tee.push(io, 0, packet, &mut out);
        }
        if !out.for_to_device_3.is_empty() {
            if M::TAPS { io.tap_all(2, &out.for_to_device_3) }
            self.to_device_3.consume(io, out.for_to_device_3);
        }
        if !out.for_both.is_empty() {
            self.both_0(io, out.for_both);
        }
    }

    fn both_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(3, packet) }
            if self.both.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(4, &batch) }
            self.to_device_5.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["lan", "wan", "copies"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("tee", "Tee"),
        ("ToDevice@3", "ToDevice"),
        ("both", "Counter"),
        ("ToDevice@5", "ToDevice"),
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
            "tee" => self.tee.read_handler(handler, out),
            "ToDevice@3" => self.to_device_3.read_handler(handler, out),
            "both" => self.both.read_handler(handler, out),
            "ToDevice@5" => self.to_device_5.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "tee" => self.tee.write_handler(handler, value),
            "ToDevice@3" => self.to_device_3.write_handler(handler, value),
            "both" => self.both.write_handler(handler, value),
            "ToDevice@5" => self.to_device_5.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}

/// Where `tee` puts its packets.
struct TeeOutputs {
    for_to_device_3: Batch,
    for_both: Batch,
}

impl TeeOutputs {
    const fn new() -> Self {
        TeeOutputs { for_to_device_3: Batch::new(), for_both: Batch::new() }
    }
}

impl Outputs for TeeOutputs {
    const COUNT: usize = 3;

    #[inline]
    fn room(&self, port: usize) -> usize {
        match port {
            0 => self.for_to_device_3.room(),
            1 | 2 => self.for_both.room(),
            _ => 0,
        }
    }

    #[inline]
    fn emit(&mut self, port: usize, packet: Packet) {
        let _ = match port {
            0 => self.for_to_device_3.push(packet),
            1 | 2 => self.for_both.push(packet),
            _ => Err(packet),
        };
    }
}
