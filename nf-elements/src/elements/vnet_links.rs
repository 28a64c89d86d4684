// SPDX-License-Identifier: Apache-2.0
//! # VnetLinks
//! `VnetLinks(SRC, LINK … [, PORT, SPORT, TTL, DSCP, MTU, CHECKSUM])` — carries a VnetRouter's frames to other hosts in UDP, as VNET/P does.
//!
//! **Ports:** two push inputs, two or three push outputs. Input 0 takes frames, output 0 gives the IP packets that carry them; input 1
//! takes such packets, output 1 gives the frames; output 2 takes frames that are too long.
//!
//! **Expects:** on input 0 Ethernet frames painted with their link's number, on input 1 packets with a marked IP header.
//!
//! **Description:** each LINK is `ADDRESS [PORT [udp]]` of another host, port 9000 by default; the first one is link 0. A frame is the content
//! of a UDP datagram, nothing before or behind it, from SRC to the link's ADDRESS; all addresses are IPv4 or all IPv6. The destination annotation
//! is set for an `ARPQuerier` or `IP6NDSolicitor`. What comes from a link's address to SRC and PORT, 9000 by default, is a frame of that link, and painted
//! with its number.
//!
//! The source port is SPORT, PORT by default; with 0 the inner flow's hash chooses one, so that routers balance flows. DSCP is a number, or the inner
//! packet's with `copy`, the default; ECN fields follow RFC 6040. There is no UDP checksum but with `CHECKSUM true`, which also refuses wrong ones
//! that come. DF is never set: an `IPFragmenter` behind output 0, best only for what a `CheckLength` finds too long, and an `IPReassembler` before
//! input 1, best only for fragments, carry frames of any length. Frames whose
//! packet would be longer than MTU (65535 by default) leave by output 2, where an `ICMPError` may tell their sender, or are dropped if that is not connected.
//!
//! `control` takes VNET's commands, one per line: `ADD ADDRESS [PORT [udp]]`, `DEL NUMBER`. Reading it lists the links: number, address, port,
//! protocol, then frames and bytes received, frames and bytes sent. There are at most 64, one to an address; their numbers stay as they are while
//! others come and go.
//!
//! **Notes:** links are UDP's; as in Palacios, there are none over TCP.
//!
//! **Handlers:** `control` (read, write), `links` (read: as `control`), `src` (read), `mtu` (read, write), `no_link`, `too_big`, `no_headroom`, `not_ours`, `fragment`,
//! `checksum`, `header`, `network` (from a host that no link leads to), `congestion` (drops).
//!
//! **Example:** `v :: VnetRouter(1, any any link 0 interface any, any any interface 0 link any, LINKS 8); l :: VnetLinks(192.0.2.1, 192.0.2.2);
//! FromDevice(lan) -> v -> ToDevice(lan); v[1] -> l -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);
//! FromDevice(wan) -> CheckIPHeader(14) -> IPReassembler -> [1]l[1] -> [1]v;`
//!
//! **See also:** `VnetRouter`, `VXLANEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, DontFragment, Ends, Inner, Opened, Refusal, Udp, Underlay};
use crate::vnet::{Links, Remote};
use crate::wire::{ethernet, udp};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// See the module's documentation.
pub struct VnetLinks {
    links: Links,
    outer: Outer,
    decapsulator: Decapsulator,
    /// Whether output 2 takes what is too long.
    diverts: bool,
    no_link: u64,
    too_big: u64,
    no_headroom: u64,
}

/// What this host's packets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// This host's address.
    pub source: IpAddr,
    /// The UDP port that it listens at.
    pub port: u16,
    /// The source port; none: chosen by the inner flow's hash.
    pub source_port: Option<u16>,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// DSCP; none: the inner packet's.
    pub dscp: Option<u8>,
    /// The longest packet in bytes.
    pub mtu: u16,
    /// Whether there is a UDP checksum.
    pub checksum: bool,
    /// Identification of the next IPv4 packet.
    pub identification: u16,
}

impl Outer {
    /// The headers of the next packet to `remote`; none if that has an address of the other version.
    #[inline]
    fn underlay(&self, remote: Remote) -> Option<Underlay> {
        let ends = match (self.source, remote.address) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Ends::V4(source.octets(), destination.octets()),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Ends::V6(source.octets(), destination.octets()),
            _ => return None,
        };
        let udp = Udp { source: self.source_port, destination: remote.port, checksum: self.checksum };
        let (ttl, dscp, identification) = (self.ttl, self.dscp, self.identification);
        let dont_fragment = DontFragment::Always(false);
        Some(Underlay { ends, protocol: 0, udp: Some(udp), ttl, dscp, dont_fragment, identification })
    }
}

impl VnetLinks {
    /// Leads from the host that `outer` tells of to `remotes`.
    pub const fn new(outer: Outer, remotes: &[Remote], diverts: bool) -> Self {
        let decapsulator = Decapsulator::new(&[17], outer.checksum, false);
        VnetLinks { links: Links::new(remotes), outer, decapsulator, diverts, no_link: 0, too_big: 0, no_headroom: 0 }
    }

    /// Puts a frame into a packet to the host that it is painted for.
    #[inline]
    fn put_in(&mut self, packet: &mut Packet) -> Option<usize> {
        let (link, bytes) = (packet.annotations().paint.into(), packet.len());
        let Some(mut underlay) = self.links.remote(link).and_then(|remote| self.outer.underlay(remote)) else {
            self.no_link += 1;
            return None;
        };
        let more = underlay.header_bytes();
        if bytes + more > usize::from(self.outer.mtu) {
            self.too_big += u64::from(!self.diverts);
            return self.diverts.then_some(2);
        }
        let (fields, flow_hash) = Inner::Ethernet.look(packet, &underlay);
        if !packet.push_front(more) {
            self.no_headroom += 1;
            return None;
        }
        underlay.write(packet, fields, flow_hash, &[]);
        self.outer.identification = underlay.identification;
        self.links.sent(link, bytes);
        Some(0)
    }

    /// Takes the frame out of a packet from one of the hosts.
    #[inline]
    fn take_out(&mut self, packet: &mut Packet) -> Result<(), Refusal> {
        let (opened, _) = self.decapsulator.open_udp(packet)?;
        let (source, destination) = addresses(packet.network()).ok_or(Refusal::NotOurs)?;
        if destination != self.outer.source || destination_port(packet, opened) != Some(self.outer.port) {
            return Err(Refusal::NotOurs);
        }
        let link = self.links.from(source).ok_or(Refusal::Network)?;
        let bytes = opened.end - opened.at;
        if bytes < ethernet::HEADER_BYTES {
            return Err(Refusal::Header);
        }
        self.decapsulator.take_out(packet, opened, opened.at, Inner::Ethernet)?;
        self.links.received(link, bytes);
        packet.annotations_mut().paint = link as u8;
        Ok(())
    }

    fn command(&mut self, line: &str) -> Result<(), HandlerError> {
        let done = match line.trim().split_once(char::is_whitespace) {
            Some((command, link)) if command.eq_ignore_ascii_case("add") => link
                .parse()
                .ok()
                .filter(|remote| self.outer.underlay(*remote).is_some())
                .is_some_and(|remote| self.links.add(remote).is_some()),
            Some((command, number)) if command.eq_ignore_ascii_case("del") => {
                number.trim().parse().is_ok_and(|number| self.links.remove(number))
            }
            _ => false,
        };
        if done { Ok(()) } else { Err(HandlerError::BadValue) }
    }
}

/// Source and destination of the IP header at the front of `ip`.
#[inline]
fn addresses(ip: &[u8]) -> Option<(IpAddr, IpAddr)> {
    if ip.first()? >> 4 == 4 {
        let address = |at: usize| Some(Ipv4Addr::from(*ip.get(at..)?.first_chunk::<4>()?));
        return Some((address(12)?.into(), address(16)?.into()));
    }
    let address = |at: usize| Some(Ipv6Addr::from(*ip.get(at..)?.first_chunk::<16>()?));
    Some((address(8)?.into(), address(24)?.into()))
}

/// The destination port of the UDP header in front of what was opened.
#[inline]
fn destination_port(packet: &Packet, opened: Opened) -> Option<u16> {
    let header = packet.data().get(opened.at.checked_sub(udp::HEADER_BYTES)?..opened.at)?;
    header.get(udp::field::DESTINATION_PORT)?.first_chunk().copied().map(u16::from_be_bytes)
}

const fn keyword(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

impl Element for VnetLinks {
    const SPEC: Spec = Spec {
        class: "VnetLinks",
        category: Category::Tunnel,
        summary: "carries frames to other hosts in UDP, as VNET/P does",
        ports: "2/2-3",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "this host's address, IPv4 or IPv6" },
            Argument { name: "LINK", kind: ArgumentKind::List, doc: "ADDRESS [PORT [udp]] of another host" },
            keyword("PORT", "the UDP port that this host listens at; 9000 by default"),
            keyword("SPORT", "the source port; PORT by default; 0: the inner flow's hash chooses one"),
            keyword("TTL", "time to live or hop limit; 64 by default"),
            keyword("DSCP", "0 to 63, or copy, the default"),
            keyword("MTU", "the longest packet in bytes; 65535 by default"),
            keyword("CHECKSUM", "UDP checksums? false by default"),
        ],
        handlers: &HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "control" | "links" => write!(out, "{}", self.links)?,
            "src" => write!(out, "{}", self.outer.source)?,
            "mtu" => write!(out, "{}", self.outer.mtu)?,
            "no_link" => write!(out, "{}", self.no_link)?,
            "too_big" => write!(out, "{}", self.too_big)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => return self.decapsulator.read_handler(name, out),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "control" => value.trim().split('\n').try_fold((), |(), line| self.command(line)),
            "mtu" => {
                self.outer.mtu = value.trim().parse().map_err(|_| HandlerError::BadValue)?;
                Ok(())
            }
            _ => Err(HandlerError::Unknown),
        }
    }
}

const HANDLERS: [Handler; 13] = {
    const fn handler(name: &'static str, kind: HandlerKind, doc: &'static str) -> Handler {
        Handler { name, kind, doc }
    }
    let [not_ours, fragment, checksum, header, _, congestion] = DECAPSULATOR_HANDLERS;
    [
        handler("control", HandlerKind::ReadWrite, "ADD ADDRESS [PORT [udp]], DEL NUMBER; the links"),
        handler("links", HandlerKind::Read, "the links with what they have carried"),
        handler("src", HandlerKind::Read, "SRC"),
        handler("mtu", HandlerKind::ReadWrite, "MTU"),
        handler("no_link", HandlerKind::Drops, "frames painted with the number of no link"),
        handler("too_big", HandlerKind::Drops, "frames longer than MTU allows; 0 while output 2 is connected"),
        handler("no_headroom", HandlerKind::Drops, "frames without room in front"),
        not_ours,
        fragment,
        checksum,
        header,
        handler("network", HandlerKind::Drops, "packets from hosts that no link leads to"),
        congestion,
    ]
};

#[cfg(feature = "host")]
mod configuration;

impl Route for VnetLinks {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        if input == 0 {
            return self.put_in(packet);
        }
        let result = self.take_out(packet);
        self.decapsulator.exit(result).map(|_| 1)
    }
}

#[cfg(test)]
mod tests;
