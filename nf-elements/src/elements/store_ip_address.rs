// SPDX-License-Identifier: Apache-2.0
//! # StoreIPAddress
//! `StoreIPAddress(OFFSET)`, `StoreIPAddress(ADDR, OFFSET)` — stores an IP address in the packet.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** for OFFSET `src` or `dst`, a marked IP header.
//!
//! **Description:** writes ADDR, or without it the destination annotation, to the four bytes at OFFSET; an annotation of
//! 0.0.0.0 is not written. OFFSET `src` or `dst` stands for that address of the marked IP header, with which its
//! checksum is changed, and those of TCP and of UDP (if it has one) in a packet that is no later fragment. A packet that
//! ends before OFFSET and four bytes leaves by output 1, or is dropped if it is not connected.
//!
//! **Notes:** as in Click, `src` and `dst` take an annotation of 0.0.0.0 too. A number as OFFSET touches no checksum.
//!
//! **Handlers:** `out_of_range` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> StoreIPAddress(192.0.2.1, src) -> ToDevice(wan);`
//!
//! **See also:** `SetIPAddress`, `GetIPAddress`, `SetIPChecksum`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::adjust;
use crate::wire::{tcp, udp};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Where the address goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This many bytes from the packet's front.
    Data(usize),
    /// The marked header's source.
    Source,
    /// The marked header's destination.
    Destination,
}

/// See the module's documentation.
pub struct StoreIpAddress {
    address: Option<[u8; 4]>,
    place: Place,
    diverts: bool,
    out_of_range: u64,
}

impl StoreIpAddress {
    /// Stores `address`, or the annotation, at `offset` of the packet; `diverts` if output 1 takes those too short.
    pub const fn at(offset: usize, address: Option<[u8; 4]>, diverts: bool) -> Self {
        StoreIpAddress { address, place: Place::Data(offset), diverts, out_of_range: 0 }
    }

    /// Stores it as the header's source.
    pub const fn source(address: Option<[u8; 4]>, diverts: bool) -> Self {
        StoreIpAddress { address, place: Place::Source, diverts, out_of_range: 0 }
    }

    /// Stores it as the header's destination.
    pub const fn destination(address: Option<[u8; 4]>, diverts: bool) -> Self {
        StoreIpAddress { address, place: Place::Destination, diverts, out_of_range: 0 }
    }

    /// Whether there was room for it.
    #[inline]
    fn store(&self, packet: &mut Packet) -> Option<()> {
        let address = self.address.unwrap_or(packet.annotations().destination_ipv4());
        match self.place {
            Place::Data(offset) => {
                let place = packet.data_mut().get_mut(offset..)?.first_chunk_mut()?;
                if self.address.is_some() || address != [0; 4] {
                    *place = address;
                }
            }
            place => store_in_header(packet, place, u32::from_be_bytes(address))?,
        }
        Some(())
    }
}

/// Changes an address of the marked header, and the checksums that cover it.
fn store_in_header(packet: &mut Packet, place: Place, new: u32) -> Option<()> {
    let fixed = marked::header(packet)?;
    let annotations = packet.annotations();
    if usize::from(annotations.transport_offset.saturating_sub(annotations.network_offset)) < fixed.len() {
        return None;
    }
    let first = marked::flags_and_offset(fixed) & 0x1fff == 0;
    let protocol = fixed[9];
    let mut header = marked::header_mut(packet)?;
    let old = if place == Place::Source { header.source() } else { header.destination() };
    match place {
        Place::Source => header.replace_source(new),
        _ => header.replace_destination(new),
    }
    match protocol {
        6 if first && packet.transport().len() >= tcp::HEADER_BYTES => {
            adjust_at(packet, tcp::field::CHECKSUM.start, old, new);
        }
        17 if first
            && packet.transport().len() >= udp::HEADER_BYTES
            && packet.transport()[udp::field::CHECKSUM] != [0, 0] =>
        {
            adjust_at(packet, udp::field::CHECKSUM.start, old, new);
        }
        _ => {}
    }
    Some(())
}

/// Adjusts the checksum at `at` of the transport header. One that becomes zero is written as its other form: UDP's zero
/// says that there is none.
fn adjust_at(packet: &mut Packet, at: usize, old: u32, new: u32) {
    if let Some(place) = packet.transport_mut().get_mut(at..).and_then(|place| place.first_chunk_mut::<2>()) {
        let checksum = adjust(u16::from_be_bytes(*place), old, new);
        *place = if checksum == 0 { [0xff; 2] } else { checksum.to_be_bytes() };
    }
}

impl Element for StoreIpAddress {
    const SPEC: Spec = Spec {
        class: "StoreIPAddress",
        category: Category::Ip,
        summary: "stores an IP address in the packet",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "ADDR", kind: ArgumentKind::Optional, doc: "the address; the annotation by default" },
            Argument { name: "OFFSET", kind: ArgumentKind::Optional, doc: "where it goes: a number, src or dst" },
        ],
        handlers: &[Handler { name: "out_of_range", kind: HandlerKind::Drops, doc: "packets that end before OFFSET" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "out_of_range" => write!(out, "{}", self.out_of_range)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StoreIpAddress {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        // One argument alone is OFFSET, so which it is cannot be told by taking it.
        let address: Option<std::net::Ipv4Addr> = match arguments.count() {
            0 | 1 => None,
            _ => Some(arguments.required("ADDR")?),
        };
        let address = address.map(|address| address.octets());
        let offset: String = arguments.required("OFFSET")?;
        let rest = format!("{address:?}, {}", surroundings.outputs > 1);
        let expression = match (offset.to_ascii_lowercase().as_str(), offset.parse::<u16>()) {
            ("src", _) => format!("StoreIpAddress::source({rest})"),
            ("dst", _) => format!("StoreIpAddress::destination({rest})"),
            (_, Ok(offset)) => format!("StoreIpAddress::at({offset}, {rest})"),
            _ => {
                arguments.error_last(format!("'{offset}'"), "a number of bytes, src or dst");
                return None;
            }
        };
        Some(crate::configure::Instance::new("StoreIpAddress", expression))
    }
}

impl Route for StoreIpAddress {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if self.store(packet).is_some() {
            return Some(0);
        }
        if self.diverts {
            return Some(1);
        }
        self.out_of_range += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    /// UDP of 192.0.2.1 to 192.0.2.2, from the tests of wire/udp.rs.
    const PACKET: [u8; 31] = [
        0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0xf6, 0xca, 192, 0, 2, 1, 192, 0, 2, 2, //
        0x30, 0x39, 0, 53, 0, 11, 0x87, 0x03, b'a', b'b', b'c',
    ];

    #[test]
    fn stores_in_the_data_without_checksums() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&[9; 6]));
        let mut annotated = StoreIpAddress::at(2, None, false);
        assert_eq!(annotated.route(&mut io, 0, &mut frame), Some(0));
        assert_eq!(frame.data(), [9; 6], "no annotation");
        frame.annotations_mut().set_destination_ipv4([1, 2, 3, 4]);
        annotated.route(&mut io, 0, &mut frame);
        assert_eq!(frame.data(), [9, 9, 1, 2, 3, 4]);
        StoreIpAddress::at(0, Some([0; 4]), false).route(&mut io, 0, &mut frame);
        assert_eq!(frame.data(), [0, 0, 0, 0, 3, 4]);
        let mut far = StoreIpAddress::at(3, Some([0; 4]), false);
        assert_eq!((far.route(&mut io, 0, &mut frame), read(&far, "out_of_range")), (None, "1".into()));
        assert_eq!(StoreIpAddress::source(None, true).route(&mut io, 0, &mut frame), Some(1), "nothing is marked");
    }

    #[test]
    fn stores_in_the_header_with_checksums() {
        let (mut io, mut frame) = (ListIo::new(0), packet(&PACKET));
        frame.set_network(0, 20);
        StoreIpAddress::source(Some([10, 9, 8, 7]), false).route(&mut io, 0, &mut frame);
        StoreIpAddress::destination(Some([255; 4]), false).route(&mut io, 0, &mut frame);
        let header = Ipv4::new_checked(frame.network()).unwrap();
        assert_eq!((header.source(), header.destination()), (0x0a09_0807, u32::MAX));
        assert!(header.is_header_intact());
        assert!(udp::Udp::new_checked(frame.transport()).unwrap().is_intact(header.source(), header.destination()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<StoreIpAddress>(arguments, &Surroundings::default());
        assert_eq!(made(&["16"]).unwrap().expression, "StoreIpAddress::at(16, None, false)");
        let expression = "StoreIpAddress::destination(Some([1, 2, 3, 4]), false)";
        assert_eq!(made(&["1.2.3.4", "dst"]).unwrap().expression, expression);
        for wrong in [[].as_slice(), &["x"], &["1.2.3.4", "-1"], &["1.2.3", "4"]] {
            assert!(made(wrong).is_err(), "{wrong:?}");
        }
    }
}
