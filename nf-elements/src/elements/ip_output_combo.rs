// SPDX-License-Identifier: Apache-2.0
//! # IPOutputCombo
//! `IPOutputCombo(COLOR, IPADDR, MTU)` — does an IP router's work on its output.
//!
//! **Ports:** one push input, five push outputs.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** `DropBroadcasts`, `PaintTee(COLOR)`, `IPGWOptions(IPADDR)`, `FixIPSrc(IPADDR)`, `DecIPTTL` and
//! `CheckLength(MTU)` in one element. Output 0 is for packets that go on; output 1 gets a copy of those with the paint
//! COLOR, which leave by where they came from (for a redirect); output 2 those with wrong options; output 3 those whose
//! time to live is over; output 4 those longer than MTU, for an `IPFragmenter`.
//!
//! **Notes:** the timestamp option gets the time since midnight UTC in a process; in a VM, that since its start.
//!
//! **Handlers:** `broadcasts`, `no_header`, `no_buffer` (drops).
//!
//! **Example:** `FromDevice(lan) -> Paint(1) -> Strip(14) -> CheckIPHeader -> out :: IPOutputCombo(2, 192.0.2.1, 1500);
//! out[0] -> Discard; out[1] -> Discard; out[2] -> Discard; out[3] -> Discard; out[4] -> Discard;`
//!
//! **Example:** `FromDevice(lan) -> IPInputCombo(1) -> o :: IPOutputCombo(2, 192.0.2.1, 1500) -> Unstrip(14) -> ToDevice(wan);
//! d :: Discard; o[1] -> d; o[2] -> d; o[3] -> d; o[4] -> d;`
//!
//! **See also:** `DecIPTTL`, `FixIPSrc`, `IPGWOptions`, `IPInputCombo`, `IPFragmenter`.

use super::marked;
use super::router_options::{Router, milliseconds_of_day};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Annotations, Element, HandlerError, Outputs, Packet, PacketIo, PacketType, Push, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpOutputCombo {
    color: u8,
    address: [u8; 4],
    mtu: usize,
    broadcasts: u64,
    no_header: u64,
    no_buffer: u64,
}

/// What is wrong with a packet: the output for such ones.
const BAD_OPTIONS: usize = 2;
const EXPIRED: usize = 3;
const TOO_LONG: usize = 4;

impl IpOutputCombo {
    /// For an interface of this `address` and `mtu`, whose packets come in with the paint `color`.
    pub const fn new(color: u8, address: [u8; 4], mtu: usize) -> Self {
        IpOutputCombo { color, address, mtu, broadcasts: 0, no_header: 0, no_buffer: 0 }
    }

    /// The output that a packet leaves by; none without a whole header.
    #[inline]
    fn treat<M: PacketIo>(&self, io: &M, packet: &mut Packet) -> Option<usize> {
        let length = marked::header_length(marked::header(packet)?);
        let mut changed = false;
        if length > 20 {
            let milliseconds = milliseconds_of_day(io.now_ns());
            let router = Router { address: self.address, all: &[self.address], milliseconds };
            match router.process(packet.network_mut().get_mut(..length)?) {
                Ok(ours) => changed = ours,
                Err(place) => {
                    let flags = &mut packet.annotations_mut().flags;
                    *flags = *flags & !Annotations::PARAMETER_PROBLEM | place;
                    return Some(BAD_OPTIONS);
                }
            }
        }
        let fix = packet.annotations().flags & Annotations::FIX_IP_SRC != 0;
        packet.annotations_mut().flags &= !Annotations::FIX_IP_SRC;
        let mut header = marked::header_mut(packet)?;
        if fix {
            header.set_source(u32::from_be_bytes(self.address));
        }
        if changed || fix {
            header.fill_header_checksum();
        }
        match header.time_to_live() {
            0 | 1 => return Some(EXPIRED),
            time_to_live => header.replace_time_to_live(time_to_live - 1),
        }
        Some(if packet.len() > self.mtu { TOO_LONG } else { 0 })
    }
}

impl Element for IpOutputCombo {
    const SPEC: Spec = Spec {
        class: "IPOutputCombo",
        category: Category::Ip,
        summary: "does an IP router's work on its output",
        ports: "1/5",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the paint of packets from this interface" },
            Argument { name: "IPADDR", kind: ArgumentKind::Required, doc: "the interface's address" },
            Argument { name: "MTU", kind: ArgumentKind::Required, doc: "most bytes of a packet" },
        ],
        handlers: &[
            Handler { name: "broadcasts", kind: HandlerKind::Drops, doc: "packets that were not for us alone" },
            marked::NO_HEADER,
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "copies without a free buffer" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "broadcasts" => write!(out, "{}", self.broadcasts)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpOutputCombo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let color: Option<u8> = arguments.required("COLOR");
        let address: Option<std::net::Ipv4Addr> = arguments.required("IPADDR");
        let mtu: Option<u32> = arguments.required("MTU");
        let expression = format!("IpOutputCombo::new({}, {:?}, {})", color?, address?.octets(), mtu?);
        Some(crate::configure::Instance::new("IpOutputCombo", expression))
    }
}

impl Push for IpOutputCombo {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, mut packet: Packet, out: &mut O) {
        if matches!(packet.annotations().packet_type, PacketType::Broadcast | PacketType::Multicast) {
            self.broadcasts += 1;
            return;
        }
        if packet.annotations().paint == self.color {
            match io.allocate() {
                Some(mut copy) => {
                    packet.copy_into(&mut copy);
                    out.emit(1, copy);
                }
                None => self.no_buffer += 1,
            }
        }
        match self.treat(io, &mut packet) {
            Some(port) => out.emit(port, packet),
            None => self.no_header += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked::datagram;
    use crate::testing::{Collected, ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    const ROUTER: [u8; 4] = [9, 9, 9, 9];

    fn pushed(combo: &mut IpOutputCombo, packet: Packet) -> Vec<(usize, Packet)> {
        let mut out = Collected::<5>::default();
        combo.push(&mut ListIo::new(0), 0, packet, &mut out);
        out.0
    }

    fn frame(paint: u8) -> Packet {
        let mut frame = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 80]);
        frame.annotations_mut().paint = paint;
        frame
    }

    #[test]
    fn good_packets_go_on_with_one_hop_less() {
        let mut combo = IpOutputCombo::new(1, ROUTER, 100);
        let mut fixed = frame(2);
        fixed.annotations_mut().flags = Annotations::FIX_IP_SRC;
        for (packet, source) in [(frame(2), 0x0100_0001), (fixed, 0x0909_0909)] {
            let out = pushed(&mut combo, packet);
            let header = Ipv4::new_checked(out[0].1.network()).unwrap();
            assert!(header.is_header_intact() && out.len() == 1 && out[0].0 == 0);
            assert_eq!((header.time_to_live(), header.source(), out[0].1.annotations().flags), (63, source, 0));
        }
    }

    #[test]
    fn each_fault_has_its_output() {
        let mut combo = IpOutputCombo::new(1, ROUTER, 99);
        let ports = |out: Vec<(usize, Packet)>| out.iter().map(|(port, _)| *port).collect::<Vec<_>>();
        assert_eq!(ports(pushed(&mut combo, frame(1))), [1, 4]);
        let mut dead = frame(2);
        marked::header_mut(&mut dead).unwrap().replace_time_to_live(1);
        assert_eq!(ports(pushed(&mut combo, dead)), [3]);
        let mut options = frame(2);
        options.data_mut()[0] = 0x46;
        let out = pushed(&mut combo, options);
        assert_eq!((out[0].0, out[0].1.annotations().flags), (2, 21));
        let mut broadcast = frame(2);
        broadcast.annotations_mut().packet_type = PacketType::Broadcast;
        assert!(pushed(&mut combo, broadcast).is_empty() && pushed(&mut combo, packet(&[0; 60])).is_empty());
        assert_eq!((read(&combo, "broadcasts"), read(&combo, "no_header")), ("1".into(), "1".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<IpOutputCombo>(arguments, &Surroundings::default());
        let expression = "IpOutputCombo::new(1, [9, 9, 9, 9], 1500)";
        assert_eq!(made(&["1", "9.9.9.9", "1500"]).unwrap().expression, expression);
        assert!(made(&["1", "9.9.9.9"]).is_err());
    }
}
