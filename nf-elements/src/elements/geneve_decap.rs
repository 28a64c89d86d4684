// SPDX-License-Identifier: Apache-2.0
//! # GeneveDecap
//! `GeneveDecap([VNI, PROTOCOL, KNOWN, KEEP, CHECKSUM])` — takes frames out of Geneve packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** UDP datagrams to the tunnel's port with a marked IP header, IPv4 or IPv6.
//!
//! **Description:** strips everything in front of the inner packet, and what is behind the datagram, and sets the aggregate
//! annotation to the VNI. Options are stripped. Packets with critical options that are not KNOWN (up to eight, each CLASS/TYPE in hexadecimal, like `0102/83`,
//! separated by spaces), and control packets count as bad headers (RFC 8926 §3.4). `KEEP true` leaves the Geneve header with its options in
//! front of the inner packet, for a `Classifier`, or for a gateway that sends it on in another outer packet. PROTOCOL (`ethernet`, `ip` or an EtherType) takes only these; without it everything passes. For the
//! rest it does what `VXLANDecap` does.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected), `options` (read: how many options came), `seen` (read: the options of the last packet that had any, a line of
//! CLASS/TYPE and data for each).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(dst udp port 6081) -> GeneveDecap(42, PROTOCOL ethernet) -> ToDevice(lan);`
//!
//! **See also:** `GeneveEncap`, `VXLANDecap`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Payload, Refusal};
use crate::wire::geneve::{self, Geneve, HEADER_BYTES, MOST_OPTION_BYTES};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct GeneveDecap {
    outer: Decapsulator,
    vni: Option<u32>,
    payload: Option<Payload>,
    known: &'static [(u16, u8)],
    keep: bool,
    options: u64,
    /// The options of the last packet that had any.
    seen: heapless::Vec<u8, MOST_OPTION_BYTES>,
}

impl GeneveDecap {
    /// Takes `payload`, or everything, out of the network `vni`, or all networks.
    pub const fn new(outer: Decapsulator, vni: Option<u32>, payload: Option<Payload>) -> Self {
        let (known, keep): (&[(u16, u8)], _) = (&[], false);
        GeneveDecap { outer, vni, payload, known, keep, options: 0, seen: heapless::Vec::new() }
    }

    /// The same that knows these options, by class and type, and leaves the header in front if it is to `keep` it.
    pub const fn knowing(mut self, known: &'static [(u16, u8)], keep: bool) -> Self {
        (self.known, self.keep) = (known, keep);
        self
    }

    #[inline]
    fn take_out(&mut self, packet: &mut Packet) -> Result<(), Refusal> {
        let (opened, bytes) = self.outer.open_udp(packet)?;
        let header = Geneve::new_checked(bytes).map_err(|_| Refusal::Header)?;
        let payload = Payload::of(header.protocol_type());
        let (mut options, mut critical, mut unknown) = (0, 0, false);
        for option in header.options() {
            options += 1;
            critical += u32::from(option.is_critical());
            unknown |= option.is_critical() && !self.known.contains(&(option.class, option.kind));
        }
        // The C bit says that there is one.
        if unknown || header.is_critical() && critical == 0 || header.is_control() || self.payload.is_some_and(|wanted| wanted != payload) {
            return Err(Refusal::Header);
        }
        let (vni, length) = (header.vni(), header.length());
        if self.vni.is_some_and(|ours| ours != vni) {
            return Err(Refusal::Network);
        }
        self.options += options;
        if options > 0 {
            self.seen.clear();
            // At most as many as Opt Len can say.
            let _ = self.seen.extend_from_slice(bytes.get(HEADER_BYTES..length).unwrap_or(&[]));
        }
        packet.annotations_mut().aggregate = vni;
        self.outer.take_out(packet, opened, opened.at + length, payload.inner())?;
        // It still lies in the headroom.
        if self.keep && !packet.push_front(length) { Err(Refusal::Header) } else { Ok(()) }
    }
}

impl Element for GeneveDecap {
    const SPEC: Spec = Spec {
        class: "GeneveDecap",
        category: Category::Tunnel,
        summary: "takes frames out of Geneve packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "VNI", kind: ArgumentKind::Optional, doc: "the network, 24 bits; ANY by default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ethernet, ip or an EtherType; all by default" },
            Argument { name: "KNOWN", kind: ArgumentKind::Keyword, doc: "critical options that are taken, as CLASS/TYPE" },
            Argument { name: "KEEP", kind: ArgumentKind::Keyword, doc: "leave the Geneve header? false by default" },
            Decapsulator::CHECKSUM,
        ],
        handlers: &{
            let [a, b, c, d, e, f] = DECAPSULATOR_HANDLERS;
            [
                a,
                b,
                c,
                d,
                e,
                f,
                Handler { name: "options", kind: HandlerKind::Read, doc: "options that came" },
                Handler { name: "seen", kind: HandlerKind::Read, doc: "the last packet's options" },
            ]
        },
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "options" => Ok(write!(out, "{}", self.options)?),
            "seen" => {
                for option in geneve::options(&self.seen) {
                    write!(out, "{:04x}/{:02x} ", option.class, option.kind)?;
                    option.data.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
                    writeln!(out)?;
                }
                Ok(())
            }
            _ => self.outer.read_handler(name, out),
        }
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::GeneveDecap;
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use crate::tunnel::Network;
    use crate::tunnel::arguments::{decapsulator, payload};

    /// Classes and types of options.
    struct Known(Vec<(u16, u8)>);

    impl FromArgument for Known {
        const WANTED: &'static str = "up to eight options, each CLASS/TYPE in hexadecimal, like 0102/83";

        fn from_argument(text: &str) -> Option<Self> {
            let option = |word: &str| {
                let (class, kind) = word.split_once('/')?;
                Some((u16::from_str_radix(class, 16).ok()?, u8::from_str_radix(kind, 16).ok()?))
            };
            let options: Vec<_> = text.split_whitespace().map(option).collect::<Option<_>>()?;
            (options.len() <= 8).then_some(Known(options))
        }
    }

    impl Configure for GeneveDecap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let checksum = arguments.keyword("CHECKSUM").unwrap_or(false);
            let Network(vni) = arguments.optional("VNI", Network(None))?;
            let payload = payload(arguments.keyword("PROTOCOL"));
            let Known(known) = arguments.keyword("KNOWN").unwrap_or(Known(Vec::new()));
            let keep = arguments.keyword("KEEP").unwrap_or(false);
            let outer = decapsulator(around, &[17], checksum);
            let plain = format!("GeneveDecap::new({outer}, {vni:?}, {payload})");
            let expression = match known.is_empty() && !keep {
                true => plain,
                false => format!("{plain}.knowing(&{known:?}, {keep})"),
            };
            Some(Instance::new("GeneveDecap", expression))
        }
    }
}

impl Route for GeneveDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::GeneveEncap;
    use crate::testing::{ListIo, packet, read};
    use crate::tunnel::{DontFragment, Encapsulator, Ends, Network, Udp, Underlay};

    /// One that is critical and one that is not.
    const OPTIONS: [u8; 12] = [1, 2, 0x83, 1, 9, 9, 9, 9, 0, 1, 5, 0];

    fn wrapped() -> Packet {
        let udp = Some(Udp { source: None, destination: geneve::PORT, checksum: true });
        let (ends, dont_fragment) = (Ends::V4([1; 4], [2; 4]), DontFragment::Copied);
        let underlay = Underlay { ends, protocol: 17, udp, ttl: 9, dscp: None, dont_fragment, identification: 0 };
        let outer = Encapsulator::new(underlay, 1500, false);
        let mut packet = packet(&[2; 60]);
        let mut encap = GeneveEncap::new(outer, Network(Some(7)), Payload::Ethernet, &OPTIONS, true);
        assert_eq!(encap.route(&mut ListIo::new(0), 0, &mut packet), Some(0));
        packet
    }

    fn decap() -> GeneveDecap {
        GeneveDecap::new(Decapsulator::new(&[17], true, true), None, None)
    }

    #[test]
    fn critical_options_must_be_known() {
        let mut packet = wrapped();
        assert_eq!(decap().route(&mut ListIo::new(0), 0, &mut packet), Some(1));
        let mut knowing = decap().knowing(&[(0x0102, 0x83)], false);
        assert_eq!(knowing.route(&mut ListIo::new(0), 0, &mut packet), Some(0));
        assert_eq!((packet.data(), read(&knowing, "options").as_str()), ([2; 60].as_slice(), "2"));
        assert_eq!(read(&knowing, "seen"), "0102/83 09090909\n0001/05 \n");
    }

    #[test]
    fn the_header_can_be_kept() {
        let (mut packet, mut keeping) = (wrapped(), decap().knowing(&[(0x0102, 0x83)], true));
        assert_eq!(keeping.route(&mut ListIo::new(0), 0, &mut packet), Some(0));
        let header = Geneve::new_checked(packet.data()).unwrap();
        assert_eq!((header.vni(), header.length(), header.options().count()), (7, 20, 2));
        assert_eq!(packet.data()[20..], [2; 60]);
    }
}
