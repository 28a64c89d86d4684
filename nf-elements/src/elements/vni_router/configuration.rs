// SPDX-License-Identifier: Apache-2.0
//! A VNIRouter's arguments.

use super::VniRouter;
use crate::configure::{Arguments, Configure, Instance, Surroundings};
use crate::overlay::{Host, Prefix, Vni, Vrf};
use crate::wire::ethernet::Address;

/// The table that is meant if none is named.
const MAIN: &str = "main";

impl Configure for VniRouter {
    fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
        let vtep = arguments.required_peer("VTEP", &["VTEP"]);
        let mac: Option<Address> = arguments.required("MAC");
        if mac.is_some_and(Address::is_group) {
            arguments.error_last("a group's address", "the address of one station");
        }
        let outside = Vrf::named(&arguments.keyword("OUTSIDE").unwrap_or(String::from(MAIN)));
        let mut interfaces = Vec::new();
        for (index, text) in arguments.rest() {
            match interface(&text.value) {
                Some(interface) => interfaces.push(interface),
                None => {
                    let wanted = "VNI ADDRESS/LENGTH [TABLE], as in 10 10.0.10.1/24, or VNI transit [TABLE]";
                    arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), Some(wanted.into()));
                }
            }
        }
        interfaces.sort_by_key(|(vni, ..)| *vni);
        if let Some(pair) = interfaces.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].3 != pair[1].3) {
            let message = format!("network {} belongs to two tables", pair[0].0.0);
            arguments.error(message, Some("one table for each network".into()));
        }
        let room = "nf_elements::overlay";
        let texts = interfaces.iter().map(|(Vni(vni), Host(address), Prefix { host, length }, Vrf(vrf))| {
            format!(
                "vni_router::Interface {{ vni: {room}::Vni({vni}), address: {room}::Host({address:#x}), \
                 prefix: {room}::Prefix {{ host: {room}::Host({:#x}), length: {length} }}, vrf: {room}::Vrf({vrf:#x}) }}",
                host.0
            )
        });
        let interfaces = texts.collect::<Vec<_>>().join(", ");
        let expression =
            format!("VniRouter::new({:?}, &[{interfaces}], {room}::Vrf({:#x}))", mac?.to_bytes(), outside.0);
        Some(Instance::new("VniRouter", expression).with_peers(vec![vtep?]).ticking().emitting(4))
    }
}

/// Reads an interface: network, address, prefix and table.
fn interface(text: &str) -> Option<(Vni, Host, Prefix, Vrf)> {
    let mut words = text.split_whitespace();
    let (vni, address) = (words.next()?.parse().ok()?, words.next()?);
    let vrf = Vrf::named(words.next().unwrap_or(MAIN));
    if words.next().is_some() {
        return None;
    }
    if address == "transit" {
        return Some((vni, Host(0), Prefix::of(Host(0), 0), vrf));
    }
    let host: Host = address.split_once('/')?.0.parse().ok()?;
    let is_one = !host.is_group() && !host.is_unspecified();
    is_one.then_some((vni, host, address.parse().ok()?, vrf))
}
