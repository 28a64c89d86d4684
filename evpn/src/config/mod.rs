// SPDX-License-Identifier: Apache-2.0
//! What a speaker is told: a TOML file. Each error has its place.

mod values;

pub use values::{Mac, Prefix, RouteTarget, Vni};

use rustbgpd_wire::RouteDistinguisher;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use toml::Spanned;

/// BGP's port (RFC 4271 §4.2).
pub const BGP_PORT: u16 = 179;

/// The longest pause between two tries, in seconds.
pub const MOST_BACK_OFF: u32 = 300;

/// The routes of a neighbour that there is room for, where nothing else is said.
const MAX_ROUTES: usize = 4_000_000;

/// Why a configuration cannot be: where, and what was wanted there.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct ConfigError {
    /// The file's name.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The character there, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

/// A speaker's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The AS it is in.
    pub autonomous_system: u32,
    /// Its BGP identifier.
    pub router_id: Ipv4Addr,
    /// The VTEP's address: where others send to, and the next hop of all routes.
    pub vtep: IpAddr,
    /// The element that has the tables.
    pub element: String,
    /// Where neighbours may connect.
    pub listen: Vec<SocketAddr>,
    /// How long may pass between two looks at what the VTEP has learned.
    pub poll_ms: u64,
    /// The neighbours.
    pub neighbors: Vec<Neighbor>,
    /// The networks.
    pub networks: Vec<Network>,
    /// The routing tables.
    pub tables: Vec<Table>,
}

/// A neighbour.
#[derive(Clone, Debug)]
pub struct Neighbor {
    /// Its address.
    pub address: IpAddr,
    /// Its port, when we connect.
    pub port: u16,
    /// Its AS.
    pub autonomous_system: u32,
    /// Where we connect from.
    pub local_address: Option<IpAddr>,
    /// It connects, and we never do.
    pub passive: bool,
    /// How long it may be silent, in seconds; 0 is for ever.
    pub hold_time: u16,
    /// How long after a failure it is tried again, in seconds; doubled with each, at most [`MOST_BACK_OFF`].
    pub connect_retry: u32,
    /// So many routes are too many: the session ends.
    pub max_routes: usize,
}

/// What goes with the routes of a network or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The network identifier.
    pub vni: Vni,
    /// What keeps its routes apart from those of others.
    pub rd: RouteDistinguisher,
    /// The targets that its routes carry.
    pub export: Vec<RouteTarget>,
    /// The targets that it takes routes of; none is those that are derived for its VNI, of whatever AS.
    pub import: Option<Vec<RouteTarget>>,
}

impl Instance {
    /// Whether a route with these targets is for it.
    pub fn imports(&self, targets: &[RouteTarget]) -> bool {
        match &self.import {
            Some(import) => targets.iter().any(|target| import.contains(target)),
            None => targets.iter().any(|target| target.is_derived_for(self.vni)),
        }
    }
}

/// A network: one broadcast domain.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its routes.
    pub instance: Instance,
}

/// A routing table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its routes.
    pub instance: Instance,
    /// The address inside of what is sent to the VTEP for it (RFC 9135 §4.1).
    pub router_mac: Mac,
    /// What is behind the VTEP.
    pub prefixes: Vec<Prefix>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    r#as: Spanned<u32>,
    router_id: Spanned<Ipv4Addr>,
    vtep: Spanned<IpAddr>,
    #[serde(default = "default_element")]
    element: String,
    listen: Option<Vec<SocketAddr>>,
    #[serde(default = "default_poll")]
    poll_ms: Spanned<u64>,
    #[serde(default, rename = "neighbor")]
    neighbors: Vec<NeighborPart>,
    #[serde(default, rename = "vni")]
    networks: Vec<NetworkPart>,
    #[serde(default, rename = "vrf")]
    tables: Vec<TablePart>,
}

fn default_element() -> String {
    "vtep".into()
}

fn default_poll() -> Spanned<u64> {
    Spanned::new(0..0, 1000)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NeighborPart {
    address: Spanned<IpAddr>,
    r#as: Spanned<u32>,
    port: Option<u16>,
    local_address: Option<Spanned<IpAddr>>,
    #[serde(default)]
    passive: bool,
    hold_time: Option<Spanned<u16>>,
    connect_retry: Option<Spanned<u32>>,
    max_routes: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NetworkPart {
    id: Spanned<Vni>,
    rd: Option<Spanned<String>>,
    import: Option<Vec<RouteTarget>>,
    export: Option<Vec<RouteTarget>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TablePart {
    name: Spanned<String>,
    vni: Spanned<Vni>,
    router_mac: Mac,
    #[serde(default)]
    prefixes: Vec<Prefix>,
    rd: Option<Spanned<String>>,
    import: Option<Vec<RouteTarget>>,
    export: Option<Vec<RouteTarget>>,
}

/// What is wrong, and where.
type Wrong = (Range<usize>, String);

fn wrong<T>(at: Range<usize>, what: impl Into<String>) -> Result<T, Wrong> {
    Err((at, what.into()))
}

impl Config {
    /// Reads `text`, which is the content of `file`.
    pub fn parse(file: &str, text: &str) -> Result<Config, ConfigError> {
        let found = toml::from_str::<File>(text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or_default().to_string();
            (error.span().unwrap_or_default(), message)
        });
        found.and_then(Config::check).map_err(|(at, what)| {
            let before = &text[..at.start.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            ConfigError { file: file.into(), line, column, what }
        })
    }

    fn check(file: File) -> Result<Config, Wrong> {
        let autonomous_system = autonomous_system(&file.r#as)?;
        let router_id = *file.router_id.get_ref();
        if router_id.is_unspecified() || router_id.is_multicast() || router_id.is_broadcast() {
            return wrong(
                file.router_id.span(),
                format!("{router_id} is no BGP identifier: wanted an address of ours"),
            );
        }
        let vtep = unicast(&file.vtep)?;
        if !(10..=60_000).contains(file.poll_ms.get_ref()) {
            return wrong(file.poll_ms.span(), "poll-ms: wanted 10 to 60000 milliseconds");
        }
        let mut instances = Instances { autonomous_system, router_id, vnis: BTreeSet::new(), rds: BTreeSet::new() };
        let networks = file.networks.into_iter().map(|part| {
            let instance = instances.check(part.id, part.rd, part.import, part.export)?;
            Ok(Network { instance })
        });
        let networks = networks.collect::<Result<_, Wrong>>()?;
        let mut names = BTreeSet::new();
        let tables = file.tables.into_iter().map(|part| {
            let name = word(part.name)?;
            if !names.insert(name.0.clone()) {
                return wrong(name.1, format!("two tables are called '{}'", name.0));
            }
            let instance = instances.check(part.vni, part.rd, part.import, part.export)?;
            Ok(Table { name: name.0, instance, router_mac: part.router_mac, prefixes: part.prefixes })
        });
        let tables = tables.collect::<Result<_, Wrong>>()?;
        let neighbors = neighbors(file.neighbors)?;
        let listen = file.listen.unwrap_or_else(|| default_listen(&neighbors));
        let (element, poll_ms) = (file.element, file.poll_ms.into_inner());
        Ok(Config { autonomous_system, router_id, vtep, element, listen, poll_ms, neighbors, networks, tables })
    }
}

/// All addresses of this host that a neighbour could connect to.
fn default_listen(neighbors: &[Neighbor]) -> Vec<SocketAddr> {
    let any: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let wanted = any.into_iter().filter(|any| neighbors.iter().any(|one| one.address.is_ipv4() == any.is_ipv4()));
    wanted.map(|any| SocketAddr::new(any, BGP_PORT)).collect()
}

fn autonomous_system(number: &Spanned<u32>) -> Result<u32, Wrong> {
    match *number.get_ref() {
        // RFC 7607, RFC 6793 §9, RFC 7300.
        number_ @ (0 | 23456 | 65535 | u32::MAX) => wrong(number.span(), format!("{number_} is a reserved AS number")),
        number => Ok(number),
    }
}

fn unicast(address: &Spanned<IpAddr>) -> Result<IpAddr, Wrong> {
    match *address.get_ref() {
        one if one.is_unspecified() || one.is_multicast() => {
            wrong(address.span(), format!("{one} is no address of one host"))
        }
        one => Ok(one),
    }
}

fn word(name: Spanned<String>) -> Result<(String, Range<usize>), Wrong> {
    let (at, name) = (name.span(), name.into_inner());
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if is_word { Ok((name, at)) } else { wrong(at, "a table's name is letters, digits and _ - .") }
}

fn neighbors(parts: Vec<NeighborPart>) -> Result<Vec<Neighbor>, Wrong> {
    let mut addresses = BTreeSet::new();
    let neighbors = parts.into_iter().map(|part| {
        let address = unicast(&part.address)?;
        if !addresses.insert(address) {
            return wrong(part.address.span(), format!("two neighbours have the address {address}"));
        }
        if let Some(local) = &part.local_address
            && unicast(local)?.is_ipv4() != address.is_ipv4()
        {
            return wrong(local.span(), format!("it is not of the same family as {address}"));
        }
        let hold_time = part.hold_time.as_ref().map_or(90, |time| *time.get_ref());
        if let (1 | 2, Some(time)) = (hold_time, &part.hold_time) {
            return wrong(time.span(), "hold-time: wanted 0 or at least 3 seconds (RFC 4271 §4.2)");
        }
        let connect_retry = part.connect_retry.as_ref().map_or(1, |time| *time.get_ref());
        if let (0 | 301.., Some(time)) = (connect_retry, &part.connect_retry) {
            return wrong(time.span(), "connect-retry: wanted 1 to 300 seconds");
        }
        Ok(Neighbor {
            address,
            port: part.port.unwrap_or(BGP_PORT),
            autonomous_system: autonomous_system(&part.r#as)?,
            local_address: part.local_address.map(Spanned::into_inner),
            passive: part.passive,
            hold_time,
            connect_retry,
            max_routes: part.max_routes.unwrap_or(MAX_ROUTES),
        })
    });
    neighbors.collect()
}

/// What must be unique among all networks and tables.
struct Instances {
    autonomous_system: u32,
    router_id: Ipv4Addr,
    vnis: BTreeSet<Vni>,
    rds: BTreeSet<RouteDistinguisher>,
}

impl Instances {
    fn check(
        &mut self,
        vni: Spanned<Vni>,
        rd: Option<Spanned<String>>,
        import: Option<Vec<RouteTarget>>,
        export: Option<Vec<RouteTarget>>,
    ) -> Result<Instance, Wrong> {
        let (at, vni) = (vni.span(), vni.into_inner());
        if !self.vnis.insert(vni) {
            return wrong(at, format!("VNI {vni} is there twice"));
        }
        let (at, rd) = match rd {
            Some(rd) => (rd.span(), rd.get_ref().parse().map_err(|error| (rd.span(), format!("rd: {error}")))?),
            None => (at, self.derived_rd()),
        };
        if !self.rds.insert(rd) {
            return wrong(at, format!("the route distinguisher {rd} is there twice"));
        }
        let derived = || vec![RouteTarget::derived(self.autonomous_system, vni)];
        Ok(Instance { vni, rd, export: export.unwrap_or_else(derived), import })
    }

    /// `ROUTER-ID:n` for the n-th (RFC 7432 §7.9).
    fn derived_rd(&self) -> RouteDistinguisher {
        let [a, b, c, d] = self.router_id.octets();
        let number = u16::try_from(self.vnis.len()).unwrap_or(u16::MAX);
        let [high, low] = number.to_be_bytes();
        RouteDistinguisher([0, 1, a, b, c, d, high, low])
    }
}

#[cfg(test)]
mod tests;
