// SPDX-License-Identifier: Apache-2.0
//! What a route means to the tables here.

use crate::config::{Config, Mac, Network, Prefix, Table, Vni};
use crate::path::{Mobility, Path, Preference};
use crate::table::{Key, Target};
use rustbgpd_wire::{
    EvpnImet, EvpnIpPrefixRoute, EvpnIpPrefixValue, EvpnMacIp, EvpnRoute, PmsiTunnelIdentifier, PmsiTunnelType,
};
use std::cmp::Reverse;
use std::net::IpAddr;

/// An entry that could be: of several for the same key the greatest is taken. Moves count first, of as many the VTEP with the
/// lowest address (RFC 7432 §15), then what BGP says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The moves of the host.
    pub mobility: Mobility,
    /// The VTEP that announced it.
    pub vtep: Reverse<IpAddr>,
    /// How good the path is.
    pub preference: Preference,
    /// The entry.
    pub target: Target,
}

/// The entries that a route would make. Those that go in circles make none (RFC 4271 §9.1.2, RFC 4456 §8), as do those that
/// cannot be reached by VXLAN.
pub fn import(config: &Config, route: &EvpnRoute, path: &Path) -> Vec<(Key, Candidate)> {
    let ours = path.next_hop == config.vtep
        || path.originator == Some(config.router_id)
        || path.as_path.contains(&config.autonomous_system);
    if ours || !path.vxlan {
        return Vec::new();
    }
    let entries = match route {
        EvpnRoute::MacIp(route) => host(config, route, path),
        EvpnRoute::Imet(route) => flooded(config, route, path),
        EvpnRoute::IpPrefix(route) => prefix(config, route, path),
        // Ethernet segments with several homes are not ours to have.
        _ => Vec::new(),
    };
    let (mobility, vtep, preference) = (path.mobility, Reverse(path.next_hop), path.preference);
    entries.into_iter().map(|(key, target)| (key, Candidate { mobility, vtep, preference, target })).collect()
}

/// The networks that take it and are called by `label`: VNIs are the same everywhere (RFC 8365 §5.1.2).
fn networks<'a>(config: &'a Config, path: &'a Path, label: u32) -> impl Iterator<Item = &'a Network> {
    let takes =
        move |network: &&Network| network.instance.vni.number() == label && network.instance.imports(&path.targets);
    config.networks.iter().filter(takes)
}

fn tables<'a>(config: &'a Config, path: &'a Path) -> impl Iterator<Item = &'a Table> {
    config.tables.iter().filter(|table| table.instance.imports(&path.targets))
}

/// Type 2 (RFC 7432 §7.2): a host, perhaps its address, and perhaps a route to that (RFC 9135 §5.1).
fn host(config: &Config, route: &EvpnMacIp, path: &Path) -> Vec<(Key, Target)> {
    let mac = Mac(route.mac.0);
    if mac.0[0] & 1 != 0 || mac.0 == [0; 6] {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for network in networks(config, path, route.label1.as_vni()) {
        let vni = network.instance.vni;
        entries.push((Key::Mac(vni, mac), Target::Vtep(path.next_hop)));
        entries.extend(route.ip.map(|address| (Key::Neighbor(vni, address), Target::Mac(mac))));
    }
    if let (Some(address), Some(label)) = (route.ip, route.label2) {
        entries.extend(routes(config, path, Prefix::host(address), label.as_vni()));
    }
    entries
}

/// Type 3 (RFC 7432 §7.3): a VTEP that wants a copy of what goes to all (ingress replication, RFC 6514 §5, RFC 8365 §9).
fn flooded(config: &Config, _: &EvpnImet, path: &Path) -> Vec<(Key, Target)> {
    let Some(tunnel) = &path.tunnel else { return Vec::new() };
    let vtep = match tunnel.tunnel_identifier {
        PmsiTunnelIdentifier::Ipv4(address) => IpAddr::V4(address),
        PmsiTunnelIdentifier::Ipv6(address) => IpAddr::V6(address),
        _ => return Vec::new(),
    };
    if tunnel.tunnel_type != PmsiTunnelType::IngressReplication || vtep == config.vtep {
        return Vec::new();
    }
    let networks = networks(config, path, tunnel.mpls_label);
    networks.map(|network| (Key::Flood(network.instance.vni, vtep), Target::Vtep(vtep))).collect()
}

/// Type 5 (RFC 9136 §3.1), where the route itself says all (§4.4.1): those with a gateway need another one to be of use.
fn prefix(config: &Config, route: &EvpnIpPrefixRoute, path: &Path) -> Vec<(Key, Target)> {
    if !route.gateway.is_unspecified() || !route.esi.is_zero() {
        return Vec::new();
    }
    let (address, length) = match route.prefix {
        EvpnIpPrefixValue::V4(prefix) => (IpAddr::V4(prefix.addr), prefix.len),
        EvpnIpPrefixValue::V6(prefix) => (IpAddr::V6(prefix.addr), prefix.len),
    };
    let prefix = Prefix::new(address, length);
    prefix.map_or_else(Vec::new, |prefix| routes(config, path, prefix, route.label.as_vni()))
}

fn routes(config: &Config, path: &Path, prefix: Prefix, label: u32) -> Vec<(Key, Target)> {
    let (Some(mac), Ok(vni)) = (path.router_mac, Vni::try_from(label)) else { return Vec::new() };
    let target = Target::Router { vtep: path.next_hop, mac, vni };
    tables(config, path).map(|table| (Key::Route(table.name.clone(), prefix), target)).collect()
}
