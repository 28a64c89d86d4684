// The wiring of VM `warnings`, emitted from warnings.nf.

use core::fmt;
use nf_elements::elements::*;
use nf_elements::{Action, BURST, Batch, Element, Graph, HandlerError, PacketIo, Route, Sink, Source, Verdict};

/// The elements of `warnings`.
pub struct Wiring {
    /// `FromDevice@1 :: FromDevice`
    from_device_1: FromDevice,
    /// `ARPResponder@2 :: ARPResponder`
    arp_responder_2: ArpResponder<18>,
    /// `SetAnnoByte@3 :: SetAnnoByte`
    set_anno_byte_3: SetAnnoByte,
    /// `ToHost@4 :: ToHost`
    to_host_4: ToHost,
}

impl Wiring {
    /// The elements as the chain file configures them.
    pub const fn new() -> Self {
        Wiring {
            from_device_1: FromDevice::new(0),
            arp_responder_2: ArpResponder::<18>::new(&[(0x0a000001, 32, [2, 0, 0, 0, 0, 2]), (0x0a000000, 8, [2, 0, 0, 0, 0, 2])], false),
            set_anno_byte_3: SetAnnoByte::new(16, 1),
            to_host_4: ToHost::new("", None),
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
        self.arp_responder_2_0(io, batch);
        true
    }

    #[inline]
    fn arp_responder_2_0<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        batch.retain(|packet| {
            if M::TAPS { io.tap(1, packet) }
            if self.arp_responder_2.route(io, 0, packet) != Some(0) {
                return false;
            }
            if M::TAPS { io.tap(2, packet) }
            if self.set_anno_byte_3.action(io, packet) == Verdict::Drop {
                return false;
            }
            true
        });
        if !batch.is_empty() {
            if M::TAPS { io.tap_all(3, &batch) }
            self.to_host_4.consume(io, batch);
        }
    }
}

impl Graph for Wiring {
    const PORTS: &'static [&'static str] = &["eth0"];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[
        ("FromDevice@1", "FromDevice"),
        ("ARPResponder@2", "ARPResponder"),
        ("SetAnnoByte@3", "SetAnnoByte"),
        ("ToHost@4", "ToHost"),
    ];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        let mut moved = false;
        moved |= self.run_from_device_1(io);
        moved
    }

    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.read_handler(handler, out),
            "ARPResponder@2" => self.arp_responder_2.read_handler(handler, out),
            "SetAnnoByte@3" => self.set_anno_byte_3.read_handler(handler, out),
            "ToHost@4" => self.to_host_4.read_handler(handler, out),
            _ => Err(HandlerError::NoElement),
        }
    }

    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        match element {
            "FromDevice@1" => self.from_device_1.write_handler(handler, value),
            "ARPResponder@2" => self.arp_responder_2.write_handler(handler, value),
            "SetAnnoByte@3" => self.set_anno_byte_3.write_handler(handler, value),
            "ToHost@4" => self.to_host_4.write_handler(handler, value),
            _ => Err(HandlerError::NoElement),
        }
    }
}
