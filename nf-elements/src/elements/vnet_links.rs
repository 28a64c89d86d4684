// SPDX-License-Identifier: Apache-2.0
//! # VnetLinks
//! `VnetLinks(SRC, LINK … [, PORT, SPORT, TTL, DSCP, MTU, CHECKSUM, STREAMS])` — carries a VnetRouter's frames to other hosts over UDP or TCP, as VNET/P does.
//!
//! **Ports:** two push inputs, two or three push outputs. Input 0 takes frames, output 0 gives the IP packets that carry them; input 1
//! takes such packets, output 1 gives the frames; output 2 takes frames that are too long.
//!
//! **Expects:** on input 0 Ethernet frames painted with their link's number, on input 1 packets with a marked IP header.
//!
//! **Description:** each LINK is `ADDRESS [PORT [PROTOCOL]]` of another host, port 9000 and `udp` by default; the first one is link 0. All addresses
//! are IPv4 or all IPv6, and there is one link to each. The destination annotation of what leaves by output 0 is set for an `ARPQuerier` or
//! `IP6NDSolicitor`.
//!
//! *UDP:* a frame is the content of a datagram, nothing before or behind it, from SRC to the link's ADDRESS and PORT. What comes from that address to SRC and
//! the element's PORT, 9000 by default, is a frame of that link, and painted with its number.
//! The source port is SPORT, PORT by default; with 0 the inner flow's hash chooses one, so that routers balance flows. DSCP is a number, or the inner
//! packet's with `copy`, the default; ECN fields follow RFC 6040. There is no UDP checksum but with `CHECKSUM true`, which also refuses wrong ones
//! that come. DF is never set: an `IPFragmenter` behind output 0, best only for what a `CheckLength` finds too long, and an `IPReassembler` before
//! input 1, best only for fragments, carry frames of any length. Frames whose
//! packet would be longer than MTU (65535 by default) leave by output 2, where an `ICMPError` may tell their sender, or are dropped if that is not connected.
//!
//! *TCP:* a link is a connection, in which each frame has its length in front, in two bytes (RFC 4571). With `tcp` the end with the greater address
//! connects, from a dynamic port to the other's PORT, where that one waits; with `tcp-active` this end does, with `tcp-passive` the other. A
//! connection that breaks is opened again, after 0.1 s at first and after at most 8 s. One that is silent is asked every 5 s, and given up
//! after 15 s. 64 KiB wait for being sent: nobody waits for a connection, and frames that find no room, or no connection, are dropped. STREAMS is
//! how many links may be connections, by default as many as are written with LINK; each takes 128 KiB. Segments make packets of at most 1500
//! bytes, or MTU, if that is less, but of 1280 where there is so much to say.
//!
//! `control` takes VNET's commands, one per line: `ADD ADDRESS [PORT [PROTOCOL]]`, `DEL NUMBER`. Reading it lists the links: number, address, port,
//! protocol, then frames and bytes received, frames and bytes sent, and the state of a connection. There are at most 64; their numbers stay as they are while
//! others come and go.
//!
//! **Notes:** Palacios has the word for links over TCP, and no code; the framing is of the IETF. The connections' sequence numbers keep nobody out who sees them:
//! like UDP links, they trust their network. DSCP does not apply to them.
//!
//! **Handlers:** `control` (read, write), `links` (read: as `control`), `src` (read), `mtu` (read, write; connections take it when they are opened), `no_link`, `too_big`, `no_headroom`, `not_ours`, `fragment`,
//! `checksum`, `header`, `network` (from a host that no link leads to), `congestion`, and of connections `not_connected`, `full`, `framing`,
//! `second`, `segments` (drops).
//!
//! **Example:** `v :: VnetRouter(1, any any link 0 interface any, any any interface 0 link any, LINKS 8); l :: VnetLinks(192.0.2.1, 192.0.2.2);
//! FromDevice(lan) -> v -> ToDevice(lan); v[1] -> l -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);
//! FromDevice(wan) -> CheckIPHeader(14) -> IPReassembler -> [1]l[1] -> [1]v;`
//!
//! **See also:** `VnetRouter`, `VXLANEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Inner, Opened, Refusal};
use crate::vnet::stream::{Place, Stream};
use crate::vnet::{Link, Links, MOST_LINKS, Remote, template};
use crate::wire::{ethernet, ipv4, ipv6, udp};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod outer;
mod streams;

pub use outer::Outer;
use streams::Streams;

/// Protocol numbers.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// See the module's documentation.
pub struct VnetLinks<const STREAMS: usize = 0> {
    links: Links,
    outer: Outer,
    decapsulator: Decapsulator,
    streams: Streams<STREAMS>,
    /// Finds the segments of these.
    segments: Decapsulator,
    /// Whether output 2 takes what is too long.
    diverts: bool,
    no_link: u64,
    too_big: u64,
    no_headroom: u64,
}

impl<const STREAMS: usize> VnetLinks<STREAMS> {
    /// Leads from the host that `outer` tells of to `remotes`.
    pub const fn new(outer: Outer, remotes: &[Remote], diverts: bool) -> Self {
        VnetLinks {
            links: Links::new(remotes, outer.links()),
            decapsulator: Decapsulator::new(&[UDP], outer.checksum, false),
            outer,
            streams: Streams::new(),
            segments: Decapsulator::new(&[TCP], false, false),
            diverts,
            no_link: 0,
            too_big: 0,
            no_headroom: 0,
        }
    }

    /// Uses `memory` for its connections, of which there are as many as it has entries.
    pub fn lend(&mut self, memory: &'static mut [Place]) {
        self.streams.lend(memory);
        for link in 0..MOST_LINKS {
            let ends = self.links.get(link).and_then(|link| self.outer.connection(link.remote));
            // The compiler has seen to it that there is room for each.
            let _ = ends.is_none_or(|ends| self.streams.begin(link, ends));
        }
    }

    /// Puts a frame into a packet to the host that it is painted for, or into the stream there: the output that it leaves by.
    #[inline]
    fn put_in(&mut self, packet: &mut Packet) -> Option<usize> {
        let (number, bytes) = (packet.annotations().paint.into(), packet.len());
        let Some(link) = self.links.get_mut(number) else {
            self.no_link += 1;
            return None;
        };
        let Some(template) = &link.template else { return self.put_in_otherwise(packet, number) };
        if bytes + template::HEADER_BYTES > usize::from(self.outer.mtu) {
            self.too_big += u64::from(!self.diverts);
            return self.diverts.then_some(2);
        }
        let tos = self.outer.type_of_service(inner_type_of_service(packet));
        if !template.put(packet, tos, self.outer.identification) {
            self.no_headroom += 1;
            return None;
        }
        self.outer.identification = self.outer.identification.wrapping_add(1);
        link.sent.add(bytes);
        Some(0)
    }

    /// The same for a link over TCP or IPv6, with checksums or with ports that differ.
    #[inline(never)]
    fn put_in_otherwise(&mut self, packet: &mut Packet, number: usize) -> Option<usize> {
        let (link, bytes) = (self.links.get_mut(number)?, packet.len());
        if STREAMS > 0 && link.remote.protocol.is_tcp() {
            if self.streams.send(number, packet.data()) {
                link.sent.add(bytes);
            }
            return None;
        }
        let Some(mut underlay) = self.outer.underlay(link.remote) else {
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
        link.sent.add(bytes);
        Some(0)
    }

    /// Takes the frame out of a packet from one of the hosts.
    #[inline]
    fn take_out(&mut self, packet: &mut Packet) -> Result<(), Refusal> {
        let (opened, _) = self.decapsulator.open_udp(packet)?;
        if destination_port(packet, opened) != Some(self.outer.port) {
            return Err(Refusal::NotOurs);
        }
        let number = self.link_of(packet, false)?;
        let bytes = opened.end - opened.at;
        if bytes < ethernet::HEADER_BYTES {
            return Err(Refusal::Header);
        }
        self.decapsulator.take_out(packet, opened, opened.at, Inner::Ethernet)?;
        if let Some(link) = self.links.get_mut(number) {
            link.received.add(bytes);
        }
        packet.annotations_mut().paint = number as u8;
        Ok(())
    }

    /// The link that a packet for this host comes by, which is a connection if `is_tcp`.
    #[inline]
    fn link_of(&mut self, packet: &Packet, is_tcp: bool) -> Result<usize, Refusal> {
        let (source, destination) = addresses(packet.network()).ok_or(Refusal::NotOurs)?;
        if destination != self.outer.source {
            return Err(Refusal::NotOurs);
        }
        let number = self.links.from(source).ok_or(Refusal::Network)?;
        let is_its = |link: &Link| link.remote.protocol.is_tcp() == is_tcp;
        if self.links.get(number).is_some_and(is_its) { Ok(number) } else { Err(Refusal::Network) }
    }

    /// Hands a segment to its connection.
    fn hear<M: PacketIo, O: Outputs>(&mut self, io: &mut M, packet: &Packet, out: &mut O) -> Result<(), Refusal> {
        self.segments.open(packet)?;
        let link = self.link_of(packet, true)?;
        let stream = self.streams.get_mut(link).ok_or(Refusal::Network)?;
        stream.hear(io, out, packet.network());
        Ok(())
    }

    fn add(&mut self, remote: Remote) -> bool {
        let ends = self.outer.connection(remote);
        if self.outer.underlay(remote).is_none() || ends.is_some() && !self.streams.has_room() {
            return false;
        }
        let Some(link) = self.links.add(remote) else { return false };
        ends.is_none_or(|ends| self.streams.begin(link, ends))
    }

    fn remove(&mut self, link: usize) -> bool {
        self.streams.end(link);
        self.links.remove(link)
    }

    fn command(&mut self, line: &str) -> Result<(), HandlerError> {
        let done = match line.trim().split_once(char::is_whitespace) {
            Some((command, link)) if command.eq_ignore_ascii_case("add") => {
                link.parse().is_ok_and(|remote| self.add(remote))
            }
            Some((command, number)) if command.eq_ignore_ascii_case("del") => {
                number.trim().parse().is_ok_and(|number| self.remove(number))
            }
            _ => false,
        };
        if done { Ok(()) } else { Err(HandlerError::BadValue) }
    }
}

/// Whether a packet's marked IP header says that a TCP segment follows.
#[inline]
fn is_segment(packet: &Packet) -> bool {
    let ip = packet.network();
    let is_v4 = ip.first().is_some_and(|first| first >> 4 == 4);
    ip.get(if is_v4 { ipv4::field::PROTOCOL } else { ipv6::field::NEXT_HEADER }) == Some(&TCP)
}

/// The type of service of the IP packet in a frame; 0 without one.
#[inline]
fn inner_type_of_service(packet: &Packet) -> u8 {
    match packet.data().first_chunk() {
        Some(&[_, _, _, _, _, _, _, _, _, _, _, _, 8, 0, first, tos]) if first >> 4 == 4 => tos,
        _ => Inner::Ethernet.fields(packet.data()).tos,
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

impl<const STREAMS: usize> Element for VnetLinks<STREAMS> {
    const SPEC: Spec = Spec {
        class: "VnetLinks",
        category: Category::Tunnel,
        summary: "carries frames to other hosts over UDP or TCP, as VNET/P does",
        ports: "2/2-3",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "this host's address, IPv4 or IPv6" },
            Argument { name: "LINK", kind: ArgumentKind::List, doc: "ADDRESS [PORT [PROTOCOL]] of another host" },
            keyword("PORT", "the port that this host listens at; 9000 by default"),
            keyword("SPORT", "the source port; PORT by default; 0: the inner flow's hash chooses one"),
            keyword("TTL", "time to live or hop limit; 64 by default"),
            keyword("DSCP", "0 to 63, or copy, the default"),
            keyword("MTU", "the longest packet in bytes; 65535 by default"),
            keyword("CHECKSUM", "UDP checksums? false by default"),
            keyword("STREAMS", "how many links may be TCP's; as many as are written by default"),
        ],
        handlers: &HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "control" | "links" => self.links.write(out, |link| self.streams.get(link).map(Stream::state))?,
            "src" => write!(out, "{}", self.outer.source)?,
            "mtu" => write!(out, "{}", self.outer.mtu)?,
            "no_link" => write!(out, "{}", self.no_link)?,
            "too_big" => write!(out, "{}", self.too_big)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            "not_connected" => write!(out, "{}", self.streams.not_connected)?,
            "full" => write!(out, "{}", self.streams.full)?,
            "framing" => write!(out, "{}", self.streams.sum(Stream::bad_frames))?,
            "second" => write!(out, "{}", self.streams.sum(Stream::second_connections))?,
            "segments" => write!(out, "{}", self.streams.sum(Stream::no_buffer))?,
            _ => return self.decapsulator.read_handler(name, out),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.streams.deadline_ns()
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

const HANDLERS: [Handler; 18] = {
    const fn handler(name: &'static str, kind: HandlerKind, doc: &'static str) -> Handler {
        Handler { name, kind, doc }
    }
    let [not_ours, fragment, checksum, header, _, congestion] = DECAPSULATOR_HANDLERS;
    [
        handler("control", HandlerKind::ReadWrite, "ADD ADDRESS [PORT [PROTOCOL]], DEL NUMBER; the links"),
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
        handler("not_connected", HandlerKind::Drops, "frames for links whose connection does not stand"),
        handler("full", HandlerKind::Drops, "frames for links with 64 KiB waiting"),
        handler("framing", HandlerKind::Drops, "lengths in streams that are no frame's"),
        handler("second", HandlerKind::Drops, "requests for a connection while another one stands"),
        handler("segments", HandlerKind::Drops, "segments without a buffer, or room, for an answer"),
    ]
};

#[cfg(feature = "host")]
mod configuration;

impl<const STREAMS: usize> Push for VnetLinks<STREAMS> {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, mut packet: Packet, out: &mut O) {
        let port = if input == 0 {
            self.put_in(&mut packet)
        } else if STREAMS > 0 && is_segment(&packet) {
            let heard = self.hear(io, &packet, out);
            let _ = self.decapsulator.exit(heard);
            None
        } else {
            let result = self.take_out(&mut packet);
            self.decapsulator.exit(result).map(|_| 1)
        };
        if let Some(port) = port {
            out.emit(port, packet);
        }
    }

    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        let links = &mut self.links;
        self.streams.run(io, out, |link, packet| {
            if let Some(link) = links.get_mut(link) {
                link.received.add(packet.len());
            }
        });
    }
}

#[cfg(test)]
mod tests;
