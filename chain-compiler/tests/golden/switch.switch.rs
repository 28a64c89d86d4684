// The wiring of VM `switch`, emitted from switch.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{BURST, Batch, Element, Graph, HandlerError, Outputs, Packet, PacketIo, Push, Sink, Source};

/// The elements of `switch`.
pub struct Wiring {
    /// `switch :: EtherSwitch`
    switch: EtherSwitch<1024>,
    /// `FromDevice@2 :: FromDevice`
    from_device_2: FromDevice,
    /// `ToDevice@3 :: ToDevice`
    to_device_3: ToDevice,
    /// `FromDevice@4 :: FromDevice`
    from_device_4: FromDevice,
    /// `ToDevice@5 :: ToDevice`
    to_device_5: ToDevice,
    /// `FromDevice@6 :: FromDevice`
    from_device_6: FromDevice,
    /// `ToDevice@7 :: ToDevice`
    to_device_7: ToDevice,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            switch: EtherSwitch::<1024>::new(300),
            from_device_2: FromDevice::new(0),
            to_device_3: ToDevice::new(0),
            from_device_4: FromDevice::new(1),
            to_device_5: ToDevice::new(1),
            from_device_6: FromDevice::new(2),
            to_device_7: ToDevice::new(2),
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
        self.switch_0(io, batch);
        true
    }

    #[inline]
    fn run_from_device_4<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_4.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(3, &batch) }
        self.switch_1(io, batch);
        true
    }

    #[inline]
    fn run_from_device_6<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut batch = Batch::new();
        self.from_device_6.produce(io, BURST, &mut batch);
        if batch.is_empty() {
            return false;
        }
        if M::TAPS { io.tap_all(5, &batch) }
        self.switch_2(io, batch);
        true
    }

    #[inline]
    fn switch_0<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut out = SwitchOutputs::new();
        for packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            self.switch.push(io, 0, packet, &mut out);
        }
        if !out.for_to_device_3.is_empty() {
            if M::TAPS { io.tap_all(2, &out.for_to_device_3) }
            self.to_device_3.consume(io, out.for_to_device_3);
        }
        if !out.for_to_device_5.is_empty() {
            if M::TAPS { io.tap_all(4, &out.for_to_device_5) }
            self.to_device_5.consume(io, out.for_to_device_5);
        }
        if !out.for_to_device_7.is_empty() {
            if M::TAPS { io.tap_all(6, &out.for_to_device_7) }
            self.to_device_7.consume(io, out.for_to_device_7);
        }
    }

    #[inline]
    fn switch_1<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut out = SwitchOutputs::new();
        for packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            self.switch.push(io, 1, packet, &mut out);
        }
        if !out.for_to_device_3.is_empty() {
            if M::TAPS { io.tap_all(2, &out.for_to_device_3) }
            self.to_device_3.consume(io, out.for_to_device_3);
        }
        if !out.for_to_device_5.is_empty() {
            if M::TAPS { io.tap_all(4, &out.for_to_device_5) }
            self.to_device_5.consume(io, out.for_to_device_5);
        }
        if !out.for_to_device_7.is_empty() {
            if M::TAPS { io.tap_all(6, &out.for_to_device_7) }
            self.to_device_7.consume(io, out.for_to_device_7);
        }
    }

    #[inline]
    fn switch_2<M: PacketIo>(&mut self, io: &mut M, batch: Batch) {
        let mut out = SwitchOutputs::new();
        for packet in batch {
            if M::TAPS { io.tap(0, &packet) }
            self.switch.push(io, 2, packet, &mut out);
        }
        if !out.for_to_device_3.is_empty() {
            if M::TAPS { io.tap_all(2, &out.for_to_device_3) }
            self.to_device_3.consume(io, out.for_to_device_3);
        }
        if !out.for_to_device_5.is_empty() {
            if M::TAPS { io.tap_all(4, &out.for_to_device_5) }
            self.to_device_5.consume(io, out.for_to_device_5);
        }
        if !out.for_to_device_7.is_empty() {
            if M::TAPS { io.tap_all(6, &out.for_to_device_7) }
            self.to_device_7.consume(io, out.for_to_device_7);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["left", "right", "third"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("switch", "EtherSwitch"),
        ("FromDevice@2", "FromDevice"),
        ("ToDevice@3", "ToDevice"),
        ("FromDevice@4", "FromDevice"),
        ("ToDevice@5", "ToDevice"),
        ("FromDevice@6", "FromDevice"),
        ("ToDevice@7", "ToDevice"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_2(io);
        moved |= self.run_from_device_4(io);
        moved |= self.run_from_device_6(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "switch" => self.switch.read_handler(handler, out),
            "FromDevice@2" => self.from_device_2.read_handler(handler, out),
            "ToDevice@3" => self.to_device_3.read_handler(handler, out),
            "FromDevice@4" => self.from_device_4.read_handler(handler, out),
            "ToDevice@5" => self.to_device_5.read_handler(handler, out),
            "FromDevice@6" => self.from_device_6.read_handler(handler, out),
            "ToDevice@7" => self.to_device_7.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "switch" => self.switch.write_handler(handler, value),
            "FromDevice@2" => self.from_device_2.write_handler(handler, value),
            "ToDevice@3" => self.to_device_3.write_handler(handler, value),
            "FromDevice@4" => self.from_device_4.write_handler(handler, value),
            "ToDevice@5" => self.to_device_5.write_handler(handler, value),
            "FromDevice@6" => self.from_device_6.write_handler(handler, value),
            "ToDevice@7" => self.to_device_7.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}

/// Where `switch` puts its packets.
struct SwitchOutputs {
    for_to_device_3: Batch,
    for_to_device_5: Batch,
    for_to_device_7: Batch,
}

impl SwitchOutputs {
    const fn new() -> Self {
        SwitchOutputs { for_to_device_3: Batch::new(), for_to_device_5: Batch::new(), for_to_device_7: Batch::new() }
    }
}

impl Outputs for SwitchOutputs {
    const COUNT: usize = 3;

    #[inline]
    fn room(&self, port: usize) -> usize {
        match port {
            0 => self.for_to_device_3.room(),
            1 => self.for_to_device_5.room(),
            2 => self.for_to_device_7.room(),
            _ => 0,
        }
    }

    #[inline]
    fn emit(&mut self, port: usize, packet: Packet) {
        let _ = match port {
            0 => self.for_to_device_3.push(packet),
            1 => self.for_to_device_5.push(packet),
            2 => self.for_to_device_7.push(packet),
            _ => Err(packet),
        };
    }
}
