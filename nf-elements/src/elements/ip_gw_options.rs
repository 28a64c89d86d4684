// SPDX-License-Identifier: Apache-2.0
//! # IPGWOptions
//! `IPGWOptions(MYADDR [, OTHERADDRS])` — processes the IP options that concern every router.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, on their way out: MYADDR is the address of the interface that they leave
//! by (RFC 1812 §5.2.4.1).
//!
//! **Description:** adds MYADDR to a record route option and the time, with MYADDR if it is wanted, to a timestamp
//! option, and sets the header's checksum. A timestamp for prespecified addresses is filled in for MYADDR and OTHERADDRS
//! (addresses separated by spaces). A packet whose options are wrong leaves by output 1, with the place of the fault in
//! its annotation, so that an `ICMPError` can tell a parameter problem; it is dropped if that is not connected.
//!
//! **Notes:** the time is that since midnight UTC in a process; in a VM, that since its start.
//!
//! **Handlers:** `drops` (read: packets with wrong options, wherever they went), `bad_options` (drops; 0 while output 1 is
//! connected), `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPGWOptions(192.0.2.1) -> ToDevice(wan);`
//!
//! **See also:** `IPOutputCombo`, `FixIPSrc`.

use super::marked;
use super::router_options::{Router, milliseconds_of_day};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Annotations, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpGwOptions {
    /// The first is MYADDR.
    addresses: &'static [[u8; 4]],
    diverts: bool,
    bad_options: u64,
    no_header: u64,
}

impl IpGwOptions {
    /// A router of these addresses, the first MYADDR; `diverts` if output 1 takes packets with wrong options.
    pub const fn new(addresses: &'static [[u8; 4]], diverts: bool) -> Self {
        IpGwOptions { addresses, diverts, bad_options: 0, no_header: 0 }
    }

    /// Processes options, which few packets have.
    #[cold]
    fn options<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet, length: usize) -> Option<usize> {
        let Some(header) = packet.network_mut().get_mut(..length) else {
            self.no_header += 1;
            return None;
        };
        let address = self.addresses.first().copied().unwrap_or_default();
        let router = Router { address, all: self.addresses, milliseconds: milliseconds_of_day(io.now_ns()) };
        match router.process(header) {
            Ok(ours) => {
                if ours && let Some(mut header) = marked::header_mut(packet) {
                    header.fill_header_checksum();
                }
                Some(0)
            }
            Err(place) => {
                let flags = &mut packet.annotations_mut().flags;
                *flags = *flags & !Annotations::PARAMETER_PROBLEM | place;
                self.bad_options += 1;
                self.diverts.then_some(1)
            }
        }
    }
}

impl Element for IpGwOptions {
    const SPEC: Spec = Spec {
        class: "IPGWOptions",
        category: Category::Ip,
        summary: "processes the IP options that concern every router",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "MYADDR", kind: ArgumentKind::Required, doc: "the address that packets leave by" },
            Argument { name: "OTHERADDRS", kind: ArgumentKind::Optional, doc: "the router's other addresses" },
        ],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "packets with wrong options, wherever they went" },
            Handler { name: "bad_options", kind: HandlerKind::Drops, doc: "packets with wrong options" },
            marked::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.bad_options)?,
            "bad_options" => write!(out, "{}", if self.diverts { 0 } else { self.bad_options })?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpGwOptions {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Ipv4Addresses;
        let mine: Option<std::net::Ipv4Addr> = arguments.required("MYADDR");
        let Ipv4Addresses(others) = arguments.optional("OTHERADDRS", Ipv4Addresses(Vec::new()))?;
        let all: Vec<_> = [mine?.to_bits()].into_iter().chain(others).map(u32::to_be_bytes).collect();
        let expression = format!("IpGwOptions::new(&{all:?}, {})", surroundings.outputs > 1);
        Some(crate::configure::Instance::new("IpGwOptions", expression))
    }
}

impl Route for IpGwOptions {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        match marked::header(packet).map(marked::header_length) {
            Some(0..=20) => Some(0),
            Some(length) => self.options(io, packet, length),
            None => {
                self.no_header += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    fn with_options(options: &[u8]) -> Packet {
        let length = 20 + options.len();
        let mut bytes = vec![0x40 | (length / 4) as u8, 0, 0, length as u8, 0, 0, 0, 0, 64, 17, 0, 0];
        bytes.extend([1, 1, 1, 1, 2, 2, 2, 2].iter().chain(options));
        let mut packet = packet(&bytes);
        packet.set_network(0, length);
        packet
    }

    #[test]
    fn options_are_filled_in_and_the_checksum_set() {
        let (mut options, mut io) = (IpGwOptions::new(&[[9, 8, 7, 6]], false), ListIo::new(0));
        io.now_ns = 5_000_000;
        let mut frame = with_options(&[7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 0]);
        assert_eq!(options.route(&mut io, 0, &mut frame), Some(0));
        let header = Ipv4::new_checked(frame.data()).unwrap();
        assert!(header.is_header_intact());
        assert_eq!(header.options(), [7, 7, 8, 9, 8, 7, 6, 68, 8, 9, 0, 0, 0, 0, 5, 0]);
        assert_eq!(options.route(&mut io, 0, &mut with_options(&[])), Some(0));
    }

    #[test]
    fn faults_are_annotated_and_counted() {
        let (mut drops, mut diverts) = (IpGwOptions::new(&[[1; 4]], false), IpGwOptions::new(&[[1; 4]], true));
        let mut frame = with_options(&[7, 9, 4, 0]);
        frame.annotations_mut().flags = 0xff;
        assert_eq!(diverts.route(&mut ListIo::new(0), 0, &mut frame), Some(1));
        assert_eq!(frame.annotations().flags, 0xc0 | 21);
        assert_eq!(drops.route(&mut ListIo::new(0), 0, &mut frame), None);
        let mut cut = with_options(&[7, 9, 4, 0]);
        cut.truncate(23);
        assert_eq!(drops.route(&mut ListIo::new(0), 0, &mut cut), None);
        assert_eq!(["drops", "bad_options", "no_header"].map(|name| read(&drops, name)), ["1", "1", "1"]);
        assert_eq!(["drops", "bad_options", "no_header"].map(|name| read(&diverts, name)), ["1", "0", "0"]);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<IpGwOptions>(arguments, &Surroundings::default());
        let expression = "IpGwOptions::new(&[[1, 0, 0, 1], [2, 0, 0, 2], [3, 0, 0, 3]], false)";
        assert_eq!(made(&["1.0.0.1", "2.0.0.2 3.0.0.3"]).unwrap().expression, expression);
        assert!(made(&[]).is_err());
    }
}
