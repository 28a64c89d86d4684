// SPDX-License-Identifier: Apache-2.0
//! The routes that we announce.

use crate::config::{Config, Instance, Network, Prefix, Table};
use crate::local::{Host, HostKey};
use crate::path::{Announcement, Mobility};
use rustbgpd_wire::{
    EthernetSegmentIdentifier, EthernetTagId, EvpnImet, EvpnIpPrefixRoute, EvpnIpPrefixValue, EvpnMacIp, EvpnRoute,
    EvpnRouteKey, Ipv4Prefix, Ipv6Prefix, MacAddress, MplsLabel,
};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Routes of ours, and what they say beside their own fields.
pub type Exports = BTreeMap<EvpnRouteKey, (EvpnRoute, Announcement)>;

/// A network has one tag: none (VLAN-based, RFC 7432 §6.1, RFC 8365 §5.1.2).
const TAG: EthernetTagId = EthernetTagId(0);
const ESI: EthernetSegmentIdentifier = EthernetSegmentIdentifier::ZERO;

fn label(instance: &Instance) -> MplsLabel {
    MplsLabel::new(instance.vni.number())
}

fn said(instance: &Instance) -> Announcement {
    Announcement { targets: instance.export.clone(), ..Announcement::default() }
}

/// Those that do not change: type 3 for each network, type 5 for each prefix.
pub fn fixed(config: &Config) -> Exports {
    let flooded = config.networks.iter().map(|network| flooded(config, network));
    let prefixes = config.tables.iter().flat_map(|table| table.prefixes.iter().map(|prefix| routed(table, *prefix)));
    flooded.chain(prefixes).map(|(route, said)| (route.key(), (route, said))).collect()
}

/// Those of a host: type 2 without an address, and one for each address that it has (RFC 7432 §10).
pub fn host(config: &Config, (vni, mac): HostKey, host: &Host) -> Exports {
    let Some(network) = config.networks.iter().find(|network| network.instance.vni == vni) else {
        return Exports::new();
    };
    let instance = &network.instance;
    let mobility = Mobility { sticky: false, sequence: host.sequence };
    let addresses = std::iter::once(None).chain(host.addresses.iter().copied().map(Some));
    let routes = addresses.map(|ip| {
        let (rd, mac) = (instance.rd, MacAddress(mac.0));
        let route = EvpnMacIp { rd, esi: ESI, ethernet_tag: TAG, mac, ip, label1: label(instance), label2: None };
        let route = EvpnRoute::MacIp(route);
        (route.key(), (route, Announcement { mobility, ..said(instance) }))
    });
    routes.collect()
}

/// The keys among `exports` that a host has.
pub fn keys_of(config: &Config, (vni, mac): HostKey, exports: &Exports) -> Vec<EvpnRouteKey> {
    let Some(network) = config.networks.iter().find(|network| network.instance.vni == vni) else {
        return Vec::new();
    };
    let (its_rd, its_mac) = (network.instance.rd, MacAddress(mac.0));
    let first = EvpnRouteKey::MacIp { rd: its_rd, ethernet_tag: TAG, mac: its_mac, ip: None };
    let is_its = |key: &&EvpnRouteKey| match key {
        EvpnRouteKey::MacIp { rd, mac, .. } => (*rd, *mac) == (its_rd, its_mac),
        _ => false,
    };
    exports.range(first..).map(|(key, _)| key).take_while(is_its).copied().collect()
}

/// A route's name: its route distinguisher, its type, and what tells it from others.
pub fn name(key: &EvpnRouteKey) -> String {
    match key {
        EvpnRouteKey::MacIp { rd, ethernet_tag, mac, ip: None } => format!("{rd} [2]:[{ethernet_tag}]:[{mac}]"),
        EvpnRouteKey::MacIp { rd, ethernet_tag, mac, ip: Some(ip) } => {
            format!("{rd} [2]:[{ethernet_tag}]:[{mac}]:[{ip}]")
        }
        EvpnRouteKey::Imet { rd, ethernet_tag, originator_ip } => {
            format!("{rd} [3]:[{ethernet_tag}]:[{originator_ip}]")
        }
        EvpnRouteKey::IpPrefix { rd, ethernet_tag, prefix } => format!("{rd} [5]:[{ethernet_tag}]:[{prefix}]"),
        other => format!("{other:?}"),
    }
}

fn flooded(config: &Config, network: &Network) -> (EvpnRoute, Announcement) {
    let instance = &network.instance;
    let route = EvpnImet { rd: instance.rd, ethernet_tag: TAG, originator_ip: config.vtep };
    (EvpnRoute::Imet(route), Announcement { flooded: Some(instance.vni), ..said(instance) })
}

fn routed(table: &Table, prefix: Prefix) -> (EvpnRoute, Announcement) {
    let (prefix, gateway) = match prefix.address() {
        IpAddr::V4(address) => {
            (EvpnIpPrefixValue::V4(Ipv4Prefix::new(address, prefix.length())), Ipv4Addr::UNSPECIFIED.into())
        }
        IpAddr::V6(address) => {
            (EvpnIpPrefixValue::V6(Ipv6Prefix::new(address, prefix.length())), Ipv6Addr::UNSPECIFIED.into())
        }
    };
    let (instance, router_mac) = (&table.instance, Some(table.router_mac));
    let route =
        EvpnIpPrefixRoute { rd: instance.rd, esi: ESI, ethernet_tag: TAG, prefix, gateway, label: label(instance) };
    (EvpnRoute::IpPrefix(route), Announcement { router_mac, ..said(instance) })
}
