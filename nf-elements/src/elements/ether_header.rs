// SPDX-License-Identifier: Apache-2.0
//! The Ethernet header that encapsulating elements write: ETHERTYPE, SRC and DST, as arguments and as handlers.

use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::wire::ethernet::{Address, HEADER_BYTES, field};
use crate::{HandlerError, Packet};
use core::fmt;

/// The argument ETHERTYPE.
pub const ETHERTYPE: Argument =
    Argument { name: "ETHERTYPE", kind: ArgumentKind::Required, doc: "the payload's type, like 0x0800" };
/// The argument SRC.
pub const SRC: Argument = Argument { name: "SRC", kind: ArgumentKind::Required, doc: "source Ethernet address" };
/// The argument DST.
pub const DST: Argument = Argument { name: "DST", kind: ArgumentKind::Required, doc: "destination Ethernet address" };

/// The handler `src`.
pub const SRC_HANDLER: Handler = Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" };
/// The handler `dst`.
pub const DST_HANDLER: Handler = Handler { name: "dst", kind: HandlerKind::ReadWrite, doc: "DST" };
/// The handler `ethertype`.
pub const ETHERTYPE_HANDLER: Handler = Handler { name: "ethertype", kind: HandlerKind::ReadWrite, doc: "ETHERTYPE" };
/// The counter `no_headroom`.
pub const NO_HEADROOM_HANDLER: Handler =
    Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room for the header in front" };

/// An Ethernet header to write.
#[derive(Clone, Copy)]
pub struct EtherHeader {
    bytes: [u8; HEADER_BYTES],
}

impl EtherHeader {
    /// A header of these values.
    pub const fn new(ethertype: u16, source: [u8; 6], destination: [u8; 6]) -> Self {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (destination, source);
        let [m, n] = ethertype.to_be_bytes();
        EtherHeader { bytes: [a, b, c, d, e, f, g, h, i, j, k, l, m, n] }
    }

    /// The header as it is written.
    #[inline]
    pub fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.bytes
    }

    /// Writes the header in front of `packet`; false (and no change) without the headroom.
    #[inline]
    #[must_use]
    pub fn prepend(&self, packet: &mut Packet) -> bool {
        if !packet.push_front(HEADER_BYTES) {
            return false;
        }
        if let Some(header) = packet.data_mut().first_chunk_mut() {
            *header = self.bytes;
        }
        note_mac_header(packet);
        true
    }

    fn address(&self, range: core::ops::Range<usize>) -> Address {
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&self.bytes[range]);
        Address::new(bytes)
    }

    /// Reads `src`, `dst` or `ethertype`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "src" => write!(out, "{}", self.address(field::SOURCE))?,
            "dst" => write!(out, "{}", self.address(field::DESTINATION))?,
            "ethertype" => write!(out, "{}", u16::from_be_bytes([self.bytes[12], self.bytes[13]]))?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `src`, `dst` or `ethertype`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let address = || value.trim().parse::<Address>().map_err(|_| HandlerError::BadValue);
        match name {
            "src" => self.bytes[field::SOURCE].copy_from_slice(&address()?.to_bytes()),
            "dst" => self.bytes[field::DESTINATION].copy_from_slice(&address()?.to_bytes()),
            "ethertype" => self.bytes[field::TYPE].copy_from_slice(&number(value)?.to_be_bytes()),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Reads the arguments ETHERTYPE, SRC and DST: those of [`EtherHeader::new`], as Rust has them.
    #[cfg(feature = "host")]
    pub fn configure(arguments: &mut crate::configure::Arguments) -> Option<String> {
        let ethertype: Option<u16> = arguments.required("ETHERTYPE");
        let addresses = Self::configure_addresses(arguments);
        Some(format!("{:#06x}, {}", ethertype?, addresses?))
    }

    /// Reads the arguments SRC and DST: their bytes, as Rust has them.
    #[cfg(feature = "host")]
    pub fn configure_addresses(arguments: &mut crate::configure::Arguments) -> Option<String> {
        let source: Option<Address> = arguments.required("SRC");
        let destination: Option<Address> = arguments.required("DST");
        Some(format!("{:?}, {:?}", source?.to_bytes(), destination?.to_bytes()))
    }
}

/// Notes that the frame's header begins where the packet does.
#[inline]
pub fn note_mac_header(packet: &mut Packet) {
    packet.annotations_mut().mac_offset = packet.headroom() as u16;
}

/// A 16-bit number as handlers take it: decimal, or hexadecimal behind `0x`.
pub fn number(text: &str) -> Result<u16, HandlerError> {
    let text = text.trim();
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| HandlerError::BadValue)
}
