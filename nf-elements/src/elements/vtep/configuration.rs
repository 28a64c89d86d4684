// SPDX-License-Identifier: Apache-2.0
//! A VTEP's arguments.

use super::Vtep;
use crate::configure::{FromArgument, Arguments, Configure, Instance, Nanoseconds, Surroundings};
use crate::overlay::{Learns, Command, Host, MOST_PORTS, Vni};
use crate::tunnel::arguments::{Defaults, decapsulator, outer};
use crate::tunnel::{DontFragment, Ends};
use crate::wire::ethernet::Address;
use crate::wire::vxlan;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Room for so many stations: looking ahead is worth a batch of its own.
const MANY: usize = 65536;
/// Most entries of a table.
const MOST: usize = 1 << 24;
/// The tables' sizes: argument, default.
const SIZES: [(&str, usize); 6] = [
    ("CAPACITY", 16384),
    ("NETWORKS", 1024),
    ("NEIGHBORS", 4096),
    ("REMOTES", 256),
    ("MEMBERS", 4096),
    ("ROUTES", 1024),
];

impl Configure for Vtep {
    fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
        let ports = around.inputs.max(around.outputs);
        if around.inputs != around.outputs || ports > MOST_PORTS.into() {
            let message = format!("a VTEP with {} inputs and {} outputs", around.inputs, around.outputs);
            let wanted = format!("each port connected both ways, at most {}", MOST_PORTS - 1);
            arguments.error(message, Some(wanted));
        }
        let local: Option<IpAddr> = arguments.required("LOCAL");
        let defaults = Defaults { mtu: 1500, ..Defaults::over_udp(vxlan::PORT, DontFragment::Always(false)) };
        let outer = outer(arguments, local.map(ends), defaults, true);
        let sizes = sizes(arguments);
        let (trunk, gateway) = trunk(arguments, ports);
        let learns = arguments.keyword("LEARN").unwrap_or(Learns::All);
        let suppresses = arguments.keyword("SUPPRESS").unwrap_or(true);
        let Nanoseconds(timeout) = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(300_000_000_000));
        let timeout_s = u32::try_from(timeout.div_ceil(1_000_000_000)).unwrap_or(0);
        let commands = commands(arguments, local.is_none_or(|local| local.is_ipv4()), ports, sizes);
        let local = Host::from(local?);
        let settings = format!(
            "vtep::Settings {{ local: {OVERLAY}::Host({:#x}), commands: &{commands:?}, trunk: {trunk:?}, gateway: {gateway}, suppresses: {suppresses} }}",
            local.0
        );
        let networks =
            format!("{OVERLAY}::Networks::new({OVERLAY}::Settings {{ learns: {OVERLAY}::Learns::{learns:?}, timeout_s: {timeout_s} }})");
        let expression =
            format!("Vtep::new({settings}, {}, {}, {networks})", outer?, decapsulator(&undiverted(around), &[17], false));
        let sizes_text = sizes.map(|size| size.to_string()).join(", ");
        let memory = format!("{OVERLAY}::Memory<{sizes_text}>");
        let instance = Instance::new("Vtep", expression)
            .with_memory(&memory, format!("{OVERLAY}::Memory::<{sizes_text}>::EMPTY"), 1)
            .ticking()
            .emitting(4)
            .looking_ahead(sizes[0] >= MANY);
        Some(instance)
    }
}

impl FromArgument for Learns {
    const WANTED: &'static str = "true, false or 'ports'";

    fn from_argument(text: &str) -> Option<Self> {
        match text {
            "ports" => Some(Learns::Ports),
            text => bool::from_argument(text).map(|all| if all { Learns::All } else { Learns::Nothing }),
        }
    }
}

const OVERLAY: &str = "nf_elements::overlay";

/// Packets that are refused are dropped, whatever is connected.
fn undiverted<'a>(around: &Surroundings) -> Surroundings<'a> {
    Surroundings { inputs: around.inputs, outputs: 1, ..Surroundings::default() }
}

/// A tunnel from an address to nowhere yet.
fn ends(local: IpAddr) -> Ends {
    match local {
        IpAddr::V4(local) => Ends::V4(local.octets(), [0; 4]),
        IpAddr::V6(local) => Ends::V6(local.octets(), [0; 16]),
    }
}

fn sizes(arguments: &mut Arguments) -> [usize; SIZES.len()] {
    SIZES.map(|(name, default)| {
        let size = arguments.keyword(name).unwrap_or(default);
        if !(1..=MOST).contains(&size) {
            arguments.error_last(format!("{name} {size}"), format!("1 to {MOST}"));
        }
        size
    })
}

/// TRUNK, and the expression of GATEWAY.
fn trunk(arguments: &mut Arguments, ports: usize) -> (Option<u8>, String) {
    let trunk: Option<u8> = arguments.keyword("TRUNK");
    if trunk.is_some_and(|port| port == 0 || usize::from(port) >= ports) {
        arguments.error_last("no such port", format!("a port from 1 to {}", ports.saturating_sub(1)));
    }
    let gateway: Option<Address> = arguments.keyword("GATEWAY");
    if gateway.is_some_and(Address::is_group) {
        arguments.error_last("a group's address", "the address of one station");
    }
    if gateway.is_some() && trunk.is_none() {
        arguments.error_last("a GATEWAY, but no TRUNK that it is behind", "TRUNK PORT");
    }
    let expression = match gateway {
        Some(gateway) => format!("Some(nf_elements::wire::ethernet::Address::new({:?}))", gateway.to_bytes()),
        None => "None".into(),
    };
    (trunk, expression)
}

/// The commands, each with the handler that takes it, checked.
fn commands(arguments: &mut Arguments, is_v4: bool, ports: usize, sizes: [usize; SIZES.len()]) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String, Command)> = Vec::new();
    for (index, text) in arguments.rest() {
        let (word, rest) = text.value.split_once(char::is_whitespace).unwrap_or((&text.value, ""));
        let handler = format!("{word}_add");
        let command = Command::parse(&handler, rest);
        match command.map_or_else(|_| Err(usage(word).into()), |command| check(command, &commands, ports, is_v4)) {
            Ok(command) => commands.push((handler, rest.trim().into(), command)),
            Err(wanted) => {
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), Some(wanted));
            }
        }
    }
    check_sizes(arguments, &commands, sizes);
    commands.into_iter().map(|(handler, line, _)| (handler, line)).collect()
}

/// The command, if it goes with those before it; else what was wanted.
fn check(
    command: Command,
    before: &[(String, String, Command)],
    ports: usize,
    is_v4: bool,
) -> Result<Command, String> {
    match command {
        Command::AddAccess(_, key, _) if usize::from(key.port) >= ports => {
            Err(format!("a port from 1 to {}", ports.saturating_sub(1)))
        }
        Command::AddAccess(_, key, more) => {
            let own: Vec<_> = (0..=more).map(|step| key.after(step)).collect();
            let taken = before.iter().any(|(.., other)| match other {
                Command::AddAccess(_, key, more) => (0..=*more).any(|step| own.contains(&key.after(step))),
                _ => false,
            });
            if taken { Err("frames that belong to no other network".into()) } else { Ok(command) }
        }
        Command::AddFlood(_, host, _) | Command::AddStation(_, _, host, _) if host.to_v4().is_some() != is_v4 => {
            Err("an address of LOCAL's IP version".into())
        }
        command => Ok(command),
    }
}

fn usage(word: &str) -> &'static str {
    match word {
        "access" => "access VNI PORT [VLAN], as in access 42 1 or access 5001-5100 1 101-200",
        "flood" => "flood VNI VTEP, as in flood 42 198.51.100.1",
        "mac" => "mac VNI MAC VTEP, as in mac 42 02:00:00:00:00:01 198.51.100.1",
        "neighbor" => "neighbor VNI IP MAC, as in neighbor 42 10.0.0.1 02:00:00:00:00:01",
        "network" => "network VNI [LIMIT], as in network 42 1000",
        "route" => "route TABLE PREFIX GATEWAY, as in route main 0.0.0.0/0 203.0.113.1, or TABLE PREFIX VTEP MAC VNI",
        _ => "a command: access, flood, mac, neighbor, network or route",
    }
}

/// Reports tables that are too small for the commands.
fn check_sizes(arguments: &mut Arguments, commands: &[(String, String, Command)], sizes: [usize; SIZES.len()]) {
    let [mut stations, mut neighbors, mut members, mut routes] = [0; 4];
    let (mut networks, mut remotes) = (BTreeSet::new(), BTreeSet::new());
    for (.., command) in commands {
        match *command {
            Command::AddAccess(Vni(first), _, more) => {
                members += usize::from(more) + 1;
                networks.extend(first..=first + u32::from(more));
            }
            Command::AddFlood(Vni(first), host, more) => {
                members += usize::from(more) + 1;
                networks.extend(first..=first + u32::from(more));
                remotes.insert(host.0);
            }
            Command::AddStation(Vni(vni), _, host, _) => {
                stations += 1;
                networks.insert(vni);
                remotes.insert(host.0);
            }
            Command::AddNeighbor(Vni(vni), ..) => {
                neighbors += 1;
                networks.insert(vni);
            }
            Command::AddNetwork(Vni(vni), _) => drop(networks.insert(vni)),
            Command::AddRoute(..) => routes += 1,
            _ => {}
        }
    }
    let needed = [stations, networks.len(), neighbors, remotes.len(), members, routes];
    for ((name, _), (needed, size)) in SIZES.iter().zip(needed.into_iter().zip(sizes)) {
        if needed > size {
            arguments.error(format!("commands for {name} {needed}"), Some(format!("at most {name}, which is {size}")));
        }
    }
}
