// SPDX-License-Identifier: Apache-2.0
//! What the translators between IPv4 and IPv6 have in common: why they drop packets, and checksums.

use crate::spec::{Handler, HandlerKind};
use crate::wire::checksum::Sum;
use crate::{HandlerError, Verdict};
use core::fmt;

/// Why a packet is not translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is none, or is cut off.
    Bad,
    /// It is a fragment.
    Fragment,
    /// It is of another protocol, or another ICMP message.
    OtherProtocol,
    /// There is no room for a longer header in front.
    NoRoom,
}

/// The handlers that count by reason, in the order of [`Reason`].
pub const HANDLERS: [Handler; 4] = [
    Handler { name: "bad", kind: HandlerKind::Drops, doc: "packets that are none, cut off, or have wrong addresses" },
    Handler { name: "fragments", kind: HandlerKind::Drops, doc: "fragments" },
    Handler { name: "other_protocol", kind: HandlerKind::Drops, doc: "packets of other protocols, ICMP messages" },
    Handler { name: "no_room", kind: HandlerKind::Drops, doc: "packets without room for the header in front" },
];

/// Dropped packets by reason.
pub struct Drops([u64; HANDLERS.len()]);

impl Drops {
    /// None yet.
    pub const fn new() -> Self {
        Drops([0; HANDLERS.len()])
    }

    /// Counts a packet that was not translated.
    pub fn verdict(&mut self, translated: Result<(), Reason>) -> Verdict {
        match translated {
            Ok(()) => Verdict::Pass,
            Err(reason) => {
                self.0[reason as usize] += 1;
                Verdict::Drop
            }
        }
    }

    /// Reads the counter `name`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let index = HANDLERS.iter().position(|handler| handler.name == name).ok_or(HandlerError::Unknown)?;
        write!(out, "{}", self.0[index])?;
        Ok(())
    }
}

/// The place of the checksum in a segment of TCP (6) or a datagram of UDP (17), if its header is there.
pub fn checksum_field(payload: &mut [u8], protocol: u8) -> Option<&mut [u8; 2]> {
    let (at, least) = if protocol == 6 { (16, 20) } else { (6, 8) };
    if payload.len() < least { None } else { payload.get_mut(at..)?.first_chunk_mut() }
}

/// Sums a segment or datagram behind the pseudo header `start`, and sets its checksum; one of zero is sent as ones, which
/// UDP demands (RFC 768) and means the same.
fn fill_checksum(payload: &mut [u8], protocol: u8, start: Sum) -> Result<(), Reason> {
    *checksum_field(payload, protocol).ok_or(Reason::Bad)? = [0; 2];
    let checksum = match start.with(payload).checksum() {
        0 => 0xffff,
        checksum => checksum,
    };
    *checksum_field(payload, protocol).ok_or(Reason::Bad)? = u16::to_be_bytes(checksum);
    Ok(())
}

/// Sets the checksum of a segment or datagram between IPv6 addresses.
pub fn fill_checksum6(payload: &mut [u8], protocol: u8, source: u128, destination: u128) -> Result<(), Reason> {
    let start = Sum::new().with_pseudo_header_ipv6(source, destination, protocol, payload.len() as u32);
    fill_checksum(payload, protocol, start)
}

/// Sets the checksum of a segment or datagram between IPv4 addresses.
pub fn fill_checksum4(payload: &mut [u8], protocol: u8, source: u32, destination: u32) -> Result<(), Reason> {
    let start = Sum::new().with_pseudo_header(source, destination, protocol, payload.len() as u16);
    fill_checksum(payload, protocol, start)
}
