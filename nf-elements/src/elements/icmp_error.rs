// SPDX-License-Identifier: Apache-2.0
//! # ICMPError
//! `ICMPError(SRC, TYPE [, CODE, BADADDRS, MTU, PMTU, SET_FIX_ANNO])` — generates ICMP error packets.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header that somebody refused: output 1 of `DecIPTTL`, of `IPFragmenter`, of a
//! routing table's end.
//!
//! **Description:** turns each packet into the ICMP error about it, from SRC to the packet's source: an IP header, the ICMP header
//! of TYPE and CODE, and as much of the packet as makes at most MTU bytes (576 by default, RFC 1812 §4.3.2.3). The destination annotation becomes the packet's
//! source, the timestamp now, and unless SET_FIX_ANNO is false, `FixIPSrc` is asked to put the right address of the router
//! into it. All other annotations are cleared.
//!
//! TYPE is `unreachable` (3), `sourcequench` (4), `redirect` (5), `timeexceeded` (11) or `parameterproblem` (12); CODE a
//! number or a name of Click's (`net`, `host`, `protocol`, `port`, `needfrag`, …; `transit`, `reassembly`; `erroratptr`,
//! `missingopt`, `length`), 0 by default. A redirect has the destination annotation as gateway; `parameterproblem`
//! `erroratptr` the parameter problem annotation as pointer; `unreachable` `needfrag` PMTU as the next hop's MTU (RFC 1191 §4).
//! A source route comes back reversed (RFC 1812 §4.3.2.6), unless the problem is in it.
//!
//! No error answers (RFC 1812 §4.3.2.7) an ICMP error; a packet to a broadcast or group, of IP or of the link; one from an address that is no
//! host's (0/8, 127/8, groups, class E, broadcast); a fragment but the first. BADADDRS are more addresses that are no host's. And
//! no redirect answers a packet with a source route (§5.2.7.2).
//!
//! **Notes:** the error takes the packet's buffer. The identification counts per element. USE_FIX_ANNO, as Click's manual
//! calls SET_FIX_ANNO, is understood too.
//!
//! **Handlers:** `src`, `mtu`, `pmtu` (read, write), `no_header`, `icmp_error`, `broadcast`, `bad_source`, `fragment`,
//! `source_route`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> CheckIPHeader(14) -> dt :: DecIPTTL -> ToDevice(wan);
//! dt[1] -> ICMPError(192.0.2.1, timeexceeded) -> Discard;`
//!
//! **See also:** `DecIPTTL`, `FixIPSrc`, `ICMPPingResponder`.

pub(super) mod names;
mod source_route;

use super::marked;
use crate::packet::PacketType;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmp::{HEADER_BYTES, field};
use crate::wire::ipv4;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::{Action, Annotations, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::Ipv4Addr;
use source_route::SourceRoute;

const PROTOCOL_ICMP: u8 = 1;
const UNREACHABLE: u8 = 3;
const REDIRECT: u8 = 5;
const PARAMETER_PROBLEM: u8 = 12;
/// Destination Unreachable: fragmentation needed, and DF set.
const NEED_FRAGMENT: u8 = 4;
/// Parameter Problem: where the pointer says.
const ERROR_AT_POINTER: u8 = 0;
const TIME_TO_LIVE: u8 = 200;

/// Why there is no error, in the order of the handlers.
#[derive(Clone, Copy)]
enum Reason {
    NoHeader,
    IcmpError,
    Broadcast,
    BadSource,
    Fragment,
    SourceRoute,
    NoHeadroom,
}

const REASONS: [&str; 7] =
    ["no_header", "icmp_error", "broadcast", "bad_source", "fragment", "source_route", "no_headroom"];

/// See the module's documentation.
pub struct IcmpError {
    source: u32,
    message_type: u8,
    code: u8,
    bad: &'static [u32],
    mtu: usize,
    pmtu: u16,
    fix: bool,
    identification: u16,
    drops: [u64; REASONS.len()],
}

impl IcmpError {
    /// Errors of this type and code from `source`; `bad` are addresses that are no host's. Addresses have their first byte
    /// uppermost. `fix` asks for `FixIPSrc`.
    pub const fn new(
        source: u32,
        message_type: u8,
        code: u8,
        bad: &'static [u32],
        mtu: usize,
        pmtu: u16,
        fix: bool,
    ) -> Self {
        IcmpError { source, message_type, code, bad, mtu, pmtu, fix, identification: 1, drops: [0; REASONS.len()] }
    }

    /// Whether one host has this address.
    fn is_unicast(&self, address: u32) -> bool {
        address != u32::MAX && address >> 28 != 0xe && !self.bad.contains(&address)
    }

    /// Whether an error may go there, RFC 1812 §5.3.7.
    fn is_source(&self, address: u32) -> bool {
        let net = address >> 24;
        self.is_unicast(address) && net != 0 && net != 127 && net & 0xf0 != 0xf0
    }

    /// The source route to send back, if the packet may be answered at all.
    fn check(&self, packet: &Packet) -> Result<Option<SourceRoute>, Reason> {
        let header = marked::header(packet).ok_or(Reason::NoHeader)?;
        let options = packet.network().get(ipv4::HEADER_BYTES..marked::header_length(header)).ok_or(Reason::NoHeader)?;
        if header[ipv4::field::PROTOCOL] == PROTOCOL_ICMP && packet.transport().first().is_none_or(|kind| is_error(*kind)) {
            return Err(Reason::IcmpError);
        }
        let link = packet.annotations().packet_type;
        if !self.is_unicast(u32::from_be_bytes(marked::destination(header)))
            || matches!(link, PacketType::Broadcast | PacketType::Multicast)
        {
            return Err(Reason::Broadcast);
        }
        if !self.is_source(u32::from_be_bytes(marked::source(header))) {
            return Err(Reason::BadSource);
        }
        if marked::flags_and_offset(header) & 0x1fff != 0 {
            return Err(Reason::Fragment);
        }
        let route = SourceRoute::find(options);
        match route {
            Some(_) if self.message_type == REDIRECT => Err(Reason::SourceRoute),
            Some(route) if self.has_pointer() && route.contains(pointer(packet.annotations())) => Ok(None),
            _ => Ok(route),
        }
    }

    fn has_pointer(&self) -> bool {
        (self.message_type, self.code) == (PARAMETER_PROBLEM, ERROR_AT_POINTER)
    }

    /// The second half of the ICMP header.
    fn particulars(&self, annotations: &Annotations) -> [u8; 4] {
        let [high, low] = self.pmtu.to_be_bytes();
        match (self.message_type, self.code) {
            (PARAMETER_PROBLEM, ERROR_AT_POINTER) => [pointer(annotations), 0, 0, 0],
            (REDIRECT, _) => annotations.destination_ipv4(),
            (UNREACHABLE, NEED_FRAGMENT) => [0, 0, high, low],
            _ => [0; 4],
        }
    }

    /// Makes `packet` the error about itself.
    fn transform(&mut self, packet: &mut Packet, now_ns: u64) -> Result<(), Reason> {
        let route = self.check(packet)?;
        let (header_bytes, old) =
            (ipv4::HEADER_BYTES + route.as_ref().map_or(0, SourceRoute::length), *packet.annotations());
        let destination = marked::header(packet).map_or([0; 4], marked::source);
        let front = header_bytes + HEADER_BYTES;
        if !begin_at(packet, usize::from(old.network_offset)) {
            return Err(Reason::NoHeader);
        }
        packet.truncate(self.mtu.saturating_sub(front));
        if !packet.push_front(front) {
            return Err(Reason::NoHeadroom);
        }
        let length = packet.len();
        let (ip, icmp) = packet.data_mut().split_at_mut(header_bytes);
        icmp[field::TYPE] = self.message_type;
        icmp[field::CODE] = self.code;
        icmp[field::CHECKSUM].fill(0);
        icmp[4..HEADER_BYTES].copy_from_slice(&self.particulars(&old));
        let sum = Sum::new().with(icmp).checksum();
        icmp[field::CHECKSUM].copy_from_slice(&sum.to_be_bytes());
        if let Some(route) = &route {
            route.write_reversed(&mut ip[ipv4::HEADER_BYTES..]);
        }
        self.write_ip(ip, length as u16, destination);
        let flags = if self.fix { Annotations::FIX_IP_SRC } else { 0 };
        let mut annotations = Annotations { timestamp_ns: now_ns, flags, ..Annotations::NONE };
        annotations.set_destination_ipv4(destination);
        *packet.annotations_mut() = annotations;
        packet.set_network(0, header_bytes);
        Ok(())
    }

    /// Makes `packet` the error about itself, from who it was sent to; false if it deserves none.
    pub fn answer(&mut self, packet: &mut Packet, now_ns: u64) -> bool {
        self.source = marked::header(packet).map_or(0, |header| u32::from_be_bytes(marked::destination(header)));
        self.transform(packet, now_ns).is_ok()
    }

    /// Writes the IP header, whose options are there.
    fn write_ip(&mut self, bytes: &mut [u8], length: u16, destination: [u8; 4]) {
        let header_bytes = bytes.len();
        let Some(mut header) = Ipv4Mut::new(bytes) else { return };
        header.set_header_length(header_bytes);
        header.set_type_of_service(0);
        header.set_total_length(length);
        header.set_identification(self.identification);
        header.set_flags_and_offset(0);
        header.set_time_to_live(TIME_TO_LIVE);
        header.set_protocol(PROTOCOL_ICMP);
        header.set_source(self.source);
        header.set_destination(u32::from_be_bytes(destination));
        header.fill_header_checksum();
        self.identification = self.identification.wrapping_add(1);
    }
}

/// Whether an ICMP message of this type is an error.
const fn is_error(message_type: u8) -> bool {
    matches!(message_type, 3 | 4 | 5 | 11 | 12)
}

/// The parameter problem annotation.
fn pointer(annotations: &Annotations) -> u8 {
    annotations.flags & Annotations::PARAMETER_PROBLEM
}

/// Lets the packet begin at `offset` of its buffer; false if it ends before.
fn begin_at(packet: &mut Packet, offset: usize) -> bool {
    match offset.checked_sub(packet.headroom()) {
        Some(behind) => packet.pull_front(behind),
        None => packet.push_front(packet.headroom() - offset),
    }
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

impl Element for IcmpError {
    const SPEC: Spec = Spec {
        class: "ICMPError",
        category: Category::Icmp,
        summary: "generates ICMP error packets",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the errors' source address" },
            Argument { name: "TYPE", kind: ArgumentKind::Required, doc: "their type, a number or a name" },
            Argument { name: "CODE", kind: ArgumentKind::Optional, doc: "their code, a number or a name; 0 by default" },
            Argument { name: "BADADDRS", kind: ArgumentKind::Optional, doc: "addresses that are no host's" },
            Argument { name: "MTU", kind: ArgumentKind::Keyword, doc: "most bytes of an error; 576 by default" },
            Argument { name: "PMTU", kind: ArgumentKind::Keyword, doc: "the next hop's MTU, for needfrag" },
            Argument { name: "SET_FIX_ANNO", kind: ArgumentKind::Keyword, doc: "ask for FixIPSrc? true by default" },
            Argument { name: "USE_FIX_ANNO", kind: ArgumentKind::Keyword, doc: "SET_FIX_ANNO" },
        ],
        handlers: &[
            Handler { name: "src", kind: HandlerKind::ReadWrite, doc: "SRC" },
            Handler { name: "mtu", kind: HandlerKind::ReadWrite, doc: "MTU" },
            Handler { name: "pmtu", kind: HandlerKind::ReadWrite, doc: "PMTU" },
            drops("no_header", "packets without a whole IP header"),
            drops("icmp_error", "ICMP errors"),
            drops("broadcast", "packets to all or to a group"),
            drops("bad_source", "packets from an address that is no host's"),
            drops("fragment", "fragments but the first"),
            drops("source_route", "packets with a source route, not redirected"),
            drops("no_headroom", "packets without room for the headers in front"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "src" => write!(out, "{}", Ipv4Addr::from(self.source))?,
            "mtu" => write!(out, "{}", self.mtu)?,
            "pmtu" => write!(out, "{}", self.pmtu)?,
            _ => {
                let reason = REASONS.iter().position(|reason| *reason == name).ok_or(HandlerError::Unknown)?;
                write!(out, "{}", self.drops[reason])?;
            }
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        use super::handler_value::number;
        match name {
            "src" => self.source = number::<Ipv4Addr>(value)?.into(),
            "mtu" => self.mtu = number(value)?,
            "pmtu" => self.pmtu = number(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IcmpError {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let source: Option<Ipv4Addr> = arguments.required("SRC");
        let message_type = names::configure_type(arguments);
        let code = message_type.and_then(|message_type| names::configure_code(arguments, message_type));
        let bad = names::configure_addresses(arguments);
        let mtu: u32 = arguments.keyword("MTU").unwrap_or(576);
        let pmtu: u16 = arguments.keyword("PMTU").unwrap_or(0);
        let fix: bool = arguments.keyword("SET_FIX_ANNO").or(arguments.keyword("USE_FIX_ANNO")).unwrap_or(true);
        let (source, message_type, code, bad) = (u32::from(source?), message_type?, code?, bad?);
        let expression = format!("IcmpError::new({source:#010x}, {message_type}, {code}, &{bad:?}, {mtu}, {pmtu}, {fix})");
        Some(crate::configure::Instance::new("IcmpError", expression))
    }
}

impl Action for IcmpError {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        match self.transform(packet, io.now_ns()) {
            Ok(()) => Verdict::Pass,
            Err(reason) => {
                self.drops[reason as usize] += 1;
                Verdict::Drop
            }
        }
    }
}

#[cfg(test)]
mod tests;
