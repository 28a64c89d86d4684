// SPDX-License-Identifier: Apache-2.0
//! What a VTEP says of itself and is told.

use super::Vtep;
use crate::overlay::{Host, Place, RouteKey, Via, Vni, command};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Encapsulator};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// Lines after which a part of `learned` ends, and most addresses of a station: with these it fits a message of the control channel.
const MOST_LEARNED: usize = 44;
const MOST_ADDRESSES: usize = 16;

/// What happened to frames.
pub struct Counts {
    pub suppressed: u64,
    pub told: u64,
    pub fragmented: u64,
    pub no_access: u64,
    pub too_short: u64,
    pub reserved: u64,
    pub same_place: u64,
    pub split_horizon: u64,
    pub vlan: u64,
    pub too_big: u64,
    pub no_buffer: u64,
    pub no_room: u64,
    pub nobody: u64,
}

impl Counts {
    pub const fn new() -> Self {
        Counts {
            suppressed: 0,
            told: 0,
            fragmented: 0,
            no_access: 0,
            too_short: 0,
            reserved: 0,
            same_place: 0,
            split_horizon: 0,
            vlan: 0,
            too_big: 0,
            no_buffer: 0,
            no_room: 0,
            nobody: 0,
        }
    }

    fn read(&self, name: &str) -> Option<u64> {
        Some(match name {
            "suppressed" => self.suppressed,
            "told" => self.told,
            "fragmented" => self.fragmented,
            "no_access" => self.no_access,
            "too_short" => self.too_short,
            "reserved" => self.reserved,
            "same_place" => self.same_place,
            "split_horizon" => self.split_horizon,
            "vlan" => self.vlan,
            "too_big" => self.too_big,
            "no_buffer" => self.no_buffer,
            "no_room" => self.no_room,
            "nobody" => self.nobody,
            _ => return None,
        })
    }
}

const fn read(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Read, doc }
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

const fn write(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Write, doc }
}

const fn keyword(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

const HANDLERS: [Handler; 47] = {
    let [not_ours, fragment, checksum, header, network, congestion] = DECAPSULATOR_HANDLERS;
    [
        write("access_add", "VNI PORT [VLAN|any]: puts a part of a port into a network"),
        write("access_del", "PORT [VLAN|any]: takes it out"),
        write("flood_add", "VNI VTEP: sends what is for all there, too"),
        write("flood_del", "VNI VTEP: does not any more"),
        write("mac_add", "VNI MAC VTEP: says where a station is"),
        write("mac_del", "VNI MAC: forgets it"),
        write("neighbor_add", "VNI IP MAC [router]: says who has an address"),
        write("neighbor_del", "VNI IP: forgets it"),
        write("route_add", "TABLE PREFIX GATEWAY, or TABLE PREFIX VTEP MAC VNI: adds a route for a VNIRouter"),
        write("route_del", "TABLE PREFIX [GATEWAY]: removes it"),
        write("network_add", "VNI [LIMIT]: makes a network, or changes its limit"),
        write("network_del", "VNI: ends a network"),
        write("clear", "forgets all that was learned"),
        Handler { name: "timeout", kind: HandlerKind::ReadWrite, doc: "TIMEOUT" },
        Handler { name: "mtu", kind: HandlerKind::ReadWrite, doc: "MTU" },
        read("networks", "networks with their stations and what passed"),
        read("macs", "stations with where they are"),
        read("neighbors", "addresses with their stations"),
        read("floods", "where what is for all of a network goes"),
        read("accesses", "networks with their parts of ports"),
        read("routes", "routes with the hashes of their tables"),
        read("learned", "stations found at ports with their addresses, in parts"),
        read("remotes", "other VTEPs with what passed"),
        read("ports", "ports with what passed"),
        read("count", "stations known"),
        read("moved", "stations seen at another place than before"),
        read("not_learned", "frames whose source found no place"),
        read("suppressed", "questions that were answered here"),
        read("told", "frames too big, of which the sender was told"),
        read("fragmented", "frames too big that became fragments"),
        not_ours,
        fragment,
        checksum,
        header,
        network,
        congestion,
        drops("no_access", "frames of a port that belong to no network"),
        drops("too_short", "frames without an Ethernet header"),
        drops("reserved", "frames to 01-80-C2-00-00-0x"),
        drops("same_place", "frames to where they came from"),
        drops("split_horizon", "frames of a tunnel to a tunnel"),
        drops("vlan", "frames with a tag where none may be, or without one"),
        drops("too_big", "frames too big of which nobody can be told"),
        drops("no_headroom", "frames without room in front"),
        drops("no_buffer", "copies and fragments without a free buffer"),
        drops("no_room", "frames that waited too long, or for which there was no room"),
        drops("nobody", "frames for all where nobody else is, and to VTEPs of another IP version"),
    ]
};

impl Element for Vtep {
    const SPEC: Spec = Spec {
        class: "VTEP",
        category: Category::Tunnel,
        summary: "switches frames between ports and VXLAN tunnels",
        ports: "2-/2-",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "LOCAL", kind: ArgumentKind::Required, doc: "its own address, IPv4 or IPv6" },
            Argument {
                name: "COMMAND",
                kind: ArgumentKind::List,
                doc: "access, flood, mac, neighbor, network or route, and what is written to that handler",
            },
            keyword("TRUNK", "the port in all networks, whose frames are annotated with theirs"),
            keyword("GATEWAY", "the station behind TRUNK"),
            keyword("LEARN", "learn stations and neighbours? true by default; ports: only at ports"),
            keyword("TIMEOUT", "seconds that they are kept; 300 by default"),
            keyword("SUPPRESS", "answer for known addresses? true by default"),
            keyword("CAPACITY", "most stations; 16384 by default"),
            keyword("NETWORKS", "most networks; 1024 by default"),
            keyword("NEIGHBORS", "most neighbours; 4096 by default"),
            keyword("REMOTES", "most other VTEPs and groups; 256 by default"),
            keyword("MEMBERS", "most accesses, and most floods; 4096 by default"),
            keyword("ROUTES", "most routes; 1024 by default"),
            Encapsulator::TTL,
            Encapsulator::DSCP,
            Encapsulator::DF,
            keyword("MTU", "the longest outer packet in bytes; 1500 by default"),
            Encapsulator::SPORT,
            Encapsulator::DPORT,
            Encapsulator::CHECKSUM,
        ],
        handlers: &HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (name, parameter) = name.split_once(' ').map_or((name, None), |(name, rest)| (name, Some(rest.trim())));
        match name {
            "timeout" => write!(out, "{}", self.networks.settings.timeout_s)?,
            "count" => write!(out, "{}", self.networks.stations().len())?,
            "moved" => write!(out, "{}", self.networks.moved)?,
            "not_learned" => write!(out, "{}", self.networks.not_learned)?,
            "mtu" | "no_headroom" => self.outer.read_handler(name, out)?,
            "ports" => self.write_ports(out)?,
            "routes" => self.write_routes(out)?,
            "learned" => {
                let first = parameter.map_or(Ok(0), |first| first.parse().map_err(|_| HandlerError::BadValue))?;
                self.write_learned(first, out)?;
            }
            "remotes" => self.write_remotes(parameter, out)?,
            "networks" | "macs" | "neighbors" | "floods" | "accesses" => {
                let wanted = parameter.map(|vni| vni.parse::<Vni>().map_err(|()| HandlerError::BadValue)).transpose()?;
                let is_wanted = |vni: Vni| wanted.is_none_or(|wanted| wanted == vni);
                self.write_table(name, is_wanted, out)?;
            }
            _ => match self.counts.read(name) {
                Some(count) => write!(out, "{count}")?,
                None => self.inner.read_handler(name, out)?,
            },
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "timeout" => self.networks.settings.timeout_s = super::super::handler_value::number(value)?,
            "mtu" => self.outer.write_handler(name, value)?,
            "clear" => self.networks.clear(),
            _ => command::write(&mut self.networks, name, value)?,
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        if self.floods.is_empty() { self.networks.sweep_ns() } else { Some(0) }
    }
}

impl Vtep {
    /// Takes the memory of its tables, and does what is said from the start.
    pub fn lend<const M: usize, const N: usize, const A: usize, const R: usize, const P: usize, const L: usize>(
        &mut self,
        memory: &'static mut [crate::overlay::Memory<M, N, A, R, P, L>],
    ) {
        let Some(memory) = memory.first_mut() else { return };
        self.networks.lend(memory);
        for (handler, value) in self.settings.commands {
            // The parser has done the same, and found room.
            let _ = command::write(&mut self.networks, handler, value);
        }
    }

    fn write_ports(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (port, traffic) in self.ports.iter().enumerate() {
            if *traffic != Default::default() {
                writeln!(out, "{port} {traffic}")?;
            }
        }
        Ok(())
    }

    /// Stations found at ports, and the addresses that they are known to have, from the entry of that number on: what a message holds, and the
    /// number to go on from.
    fn write_learned(&self, first: u32, out: &mut dyn fmt::Write) -> fmt::Result {
        let networks = &self.networks;
        let from_first = networks.stations().iter().filter(|(number, ..)| *number >= first);
        let found = from_first.filter(|(_, _, mac)| !mac.fixed && !mac.place.is_remote());
        let mut lines = 0;
        for (number, key, _) in found {
            if lines >= MOST_LEARNED {
                return writeln!(out, "more {number}");
            }
            let (vni, station) = (key.vni(), key.address());
            let known = networks.neighbors().iter().filter(|(.., known)| known.station == station && !known.fixed);
            let mut own = known.filter(|(_, neighbor, _)| neighbor.vni == vni).map(|(_, neighbor, _)| neighbor.host);
            match own.next() {
                Some(host) => writeln!(out, "{} {station} {host}", vni.0)?,
                None => writeln!(out, "{} {station}", vni.0)?,
            }
            lines += 1;
            for host in own.take(MOST_ADDRESSES - 1) {
                writeln!(out, "{} {station} {host}", vni.0)?;
                lines += 1;
            }
        }
        Ok(())
    }

    fn write_routes(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for (_, RouteKey { vrf, prefix }, via) in self.networks.routes().iter() {
            write!(out, "{:016x} {prefix} ", vrf.0)?;
            match via {
                Via::Network(vni) => writeln!(out, "network {}", vni.0)?,
                Via::Vtep(vtep, mac, vni) => writeln!(out, "{vtep} {mac} {}", vni.0)?,
                Via::Gateways(all, count) => {
                    all.iter().take((*count).into()).try_for_each(|gateway| write!(out, "{gateway} "))?;
                    out.write_str("\n")?;
                }
            }
        }
        Ok(())
    }

    fn write_remotes(&self, wanted: Option<&str>, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let wanted = wanted.map(|host| host.parse::<Host>().map_err(|()| HandlerError::BadValue)).transpose()?;
        for (_, host, remote) in self.networks.remotes().iter() {
            if wanted.is_none_or(|wanted| wanted == *host) {
                writeln!(out, "{host} {}", remote.traffic)?;
            }
        }
        if wanted.is_none() && self.strangers != Default::default() {
            writeln!(out, "others {}", self.strangers)?;
        }
        Ok(())
    }

    fn write_table(&self, name: &str, is_wanted: impl Fn(Vni) -> bool, out: &mut dyn fmt::Write) -> fmt::Result {
        let networks = &self.networks;
        match name {
            "networks" => {
                for (_, vni, network) in networks.networks().iter().filter(|(_, vni, _)| is_wanted(**vni)) {
                    let (stations, not_learned) = (network.stations(), network.not_learned);
                    writeln!(out, "{} stations {stations}, not learned {not_learned}, {}", vni.0, network.traffic)?;
                }
            }
            "macs" => {
                for (_, key, mac) in networks.stations().iter().filter(|(_, key, _)| is_wanted(key.vni())) {
                    write!(out, "{} {} ", key.vni().0, key.address())?;
                    self.write_place(mac.place, out)?;
                    out.write_str(if mac.fixed { " fixed\n" } else { "\n" })?;
                }
            }
            "neighbors" => {
                for (_, key, known) in networks.neighbors().iter().filter(|(_, key, _)| is_wanted(key.vni)) {
                    write!(out, "{} {} {}", key.vni.0, key.host, known.station)?;
                    out.write_str(if known.router { " router" } else { "" })?;
                    out.write_str(if known.fixed { " fixed\n" } else { "\n" })?;
                }
            }
            _ => {
                for (number, vni, _) in networks.networks().iter().filter(|(_, vni, _)| is_wanted(**vni)) {
                    let members = networks.members_of(number);
                    for place in members.filter(|place| place.is_remote() == (name == "floods")) {
                        write!(out, "{} ", vni.0)?;
                        self.write_place(place, out)?;
                        out.write_str("\n")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn write_place(&self, place: Place, out: &mut dyn fmt::Write) -> fmt::Result {
        match place {
            Place::Access(number) => match self.networks.accesses().entry(number) {
                Some((key, _)) => write!(out, "port {} {}", key.port, key.vlan),
                None => Ok(()),
            },
            Place::Remote(number) => match self.networks.remotes().entry(number) {
                Some((host, _)) => write!(out, "{host}"),
                None => Ok(()),
            },
            Place::Trunk => out.write_str("trunk"),
            Place::Stranger => Ok(()),
        }
    }
}
