// SPDX-License-Identifier: Apache-2.0
//! Putting packets into a tunnel: what all elements that do so share.

use super::inner::{Fields, Inner};
use super::underlay::{Ends, Underlay};
use crate::elements::path_mtu::{Known, PathMtu};
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Puts packets into a tunnel.
pub struct Encapsulator {
    underlay: Underlay,
    /// The longest outer packet in bytes.
    mtu: u16,
    /// What is known of the path to the other end, and which change of the table that was.
    path: Known,
    changes: Option<u32>,
    /// Whether output 1 takes what is too long.
    diverts: bool,
    too_big: u64,
    no_headroom: u64,
}

impl Encapsulator {
    /// The arguments that each element has.
    pub const SRC: Argument =
        Argument { name: "SRC", kind: ArgumentKind::Required, doc: "this end's address, IPv4 or IPv6" };
    /// See [`Self::SRC`].
    pub const DST: Argument =
        Argument { name: "DST", kind: ArgumentKind::Required, doc: "the other end's address, of the same version" };
    /// See [`Self::SRC`].
    pub const TTL: Argument =
        Argument { name: "TTL", kind: ArgumentKind::Keyword, doc: "time to live or hop limit; 64 by default" };
    /// See [`Self::SRC`].
    pub const DSCP: Argument =
        Argument { name: "DSCP", kind: ArgumentKind::Keyword, doc: "0 to 63, or copy, the default" };
    /// See [`Self::SRC`].
    pub const DF: Argument =
        Argument { name: "DF", kind: ArgumentKind::Keyword, doc: "don't fragment? true, false or copy" };
    /// See [`Self::SRC`].
    pub const MTU: Argument = Argument {
        name: "MTU",
        kind: ArgumentKind::Keyword,
        doc: "the longest outer packet in bytes; 65535 by default",
    };
    /// See [`Self::SRC`].
    pub const PATHS: Argument =
        Argument { name: "PATHS", kind: ArgumentKind::Keyword, doc: "the PathMTU whose paths' MTUs are heeded, too" };
    /// The arguments that elements over UDP have.
    pub const SPORT: Argument = Argument {
        name: "SPORT",
        kind: ArgumentKind::Keyword,
        doc: "the source port; by default the inner flow's hash chooses one",
    };
    /// See [`Self::SPORT`].
    pub const DPORT: Argument =
        Argument { name: "DPORT", kind: ArgumentKind::Keyword, doc: "the destination port; the tunnel's by default" };
    /// See [`Self::SPORT`].
    pub const CHECKSUM: Argument =
        Argument { name: "CHECKSUM", kind: ArgumentKind::Keyword, doc: "a UDP checksum? over IPv6 by default" };

    /// The handlers that each element has.
    pub const HANDLERS: [Handler; 5] = [
        Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" },
        Handler { name: "dst", kind: HandlerKind::ReadWrite, doc: "DST" },
        Handler { name: "mtu", kind: HandlerKind::ReadWrite, doc: "MTU" },
        Handler {
            name: "too_big",
            kind: HandlerKind::Drops,
            doc: "packets longer than MTU allows; 0 while output 1 is connected",
        },
        Handler { name: "no_headroom", kind: HandlerKind::Drops, doc: "packets without room in front" },
    ];

    /// Puts packets behind the headers of `underlay`, up to `mtu` bytes with them.
    pub const fn new(underlay: Underlay, mtu: u16, diverts: bool) -> Self {
        let path = Known { mtu: u16::MAX, until_ns: u64::MAX };
        Encapsulator { underlay, mtu, path, changes: None, diverts, too_big: 0, no_headroom: 0 }
    }

    /// Puts `packet`, which is `inner`, behind the tunnel's own `header` and the outer ones. The output that it leaves by: 0, or 1 if
    /// it is too long; none if it is to be dropped, which is counted.
    #[inline]
    pub fn wrap(&mut self, packet: &mut Packet, inner: Inner, header: &[u8]) -> Option<usize> {
        let room = self.room(header.len());
        if packet.len() > room {
            return self.refuse(packet, room);
        }
        let (fields, flow_hash) = inner.look(packet, &self.underlay);
        self.put(packet, fields, flow_hash, header).then_some(0)
    }

    /// The longest packet that fits behind the outer headers and `header_bytes` more.
    #[inline]
    pub fn room(&self, header_bytes: usize) -> usize {
        usize::from(self.mtu.min(self.path.mtu)).saturating_sub(self.underlay.header_bytes() + header_bytes)
    }

    /// The output of a packet that is longer than `room`; it is counted if it has none. Its extra length says how much longer.
    #[cold]
    pub fn refuse(&mut self, packet: &mut Packet, room: usize) -> Option<usize> {
        packet.set_extra_length(packet.len().saturating_sub(room) as u16);
        self.too_big += u64::from(!self.diverts);
        self.diverts.then_some(1)
    }

    /// Heeds what `paths` know of the path to the other end.
    #[inline]
    pub fn follow(&mut self, paths: &PathMtu, now_ns: u64) {
        if self.changes != Some(paths.changes()) || now_ns >= self.path.until_ns {
            self.path = paths.to(self.underlay.ends.destination(), now_ns);
            self.changes = Some(paths.changes());
        }
    }

    /// Puts `packet` behind `header` and the outer ones, whatever its length; `fields` and `flow_hash` are the inner packet's. False
    /// without room in front, which is counted.
    #[inline]
    pub fn put(&mut self, packet: &mut Packet, fields: Fields, flow_hash: u32, header: &[u8]) -> bool {
        if !packet.push_front(self.underlay.header_bytes() + header.len()) {
            self.no_headroom += 1;
            return false;
        }
        self.underlay.write(packet, fields, flow_hash, header);
        true
    }

    /// Puts `header` in front of `packet`. False without room, which is counted.
    #[inline]
    pub fn prepend(&mut self, packet: &mut Packet, header: &[u8]) -> bool {
        let has_room = packet.push_front(header.len());
        if has_room {
            packet.data_mut()[..header.len()].copy_from_slice(header);
        }
        self.no_headroom += u64::from(!has_room);
        has_room
    }

    /// The checksum of what is behind the outer IP header of `packet`, pseudo header included.
    #[inline]
    pub fn checksum(&self, packet: &Packet) -> u16 {
        let bytes = packet.transport();
        self.underlay.pseudo_header(self.underlay.protocol, bytes.len() as u16).with(bytes).checksum()
    }

    /// Sets the ends of the next packet, which must be of the same version as before.
    #[inline]
    pub fn set_ends(&mut self, ends: Ends) {
        self.underlay.ends = ends;
    }

    /// Sets the IP protocol of the next packet, where it is not UDP.
    #[inline]
    pub fn set_protocol(&mut self, protocol: u8) {
        self.underlay.protocol = protocol;
    }

    /// Reads one of the handlers.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match (name, self.underlay.ends) {
            ("src", Ends::V4(source, _)) => write!(out, "{}", Ipv4Addr::from(source))?,
            ("src", Ends::V6(source, _)) => write!(out, "{}", Ipv6Addr::from(source))?,
            ("dst", Ends::V4(_, destination)) => write!(out, "{}", Ipv4Addr::from(destination))?,
            ("dst", Ends::V6(_, destination)) => write!(out, "{}", Ipv6Addr::from(destination))?,
            ("mtu", _) => write!(out, "{}", self.mtu)?,
            ("too_big", _) => write!(out, "{}", self.too_big)?,
            ("no_headroom", _) => write!(out, "{}", self.no_headroom)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes one of the handlers; an address must be of the version that the other one is of.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let value = value.trim();
        self.changes = None;
        let bad = |_| HandlerError::BadValue;
        match (name, &mut self.underlay.ends) {
            ("src", Ends::V4(source, _)) => *source = value.parse::<Ipv4Addr>().map_err(bad)?.octets(),
            ("src", Ends::V6(source, _)) => *source = value.parse::<Ipv6Addr>().map_err(bad)?.octets(),
            ("dst", Ends::V4(_, destination)) => *destination = value.parse::<Ipv4Addr>().map_err(bad)?.octets(),
            ("dst", Ends::V6(_, destination)) => *destination = value.parse::<Ipv6Addr>().map_err(bad)?.octets(),
            ("mtu", _) => self.mtu = value.parse().map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "encapsulator_tests.rs"]
mod tests;
