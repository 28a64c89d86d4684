// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::export;
use crate::local::Host;
use crate::path::{Announcement, Mobility, Source, announce};
use crate::table::Target;
use std::net::IpAddr;

fn config(last: u8, autonomous_system: u32) -> Config {
    let text = format!(
        "as = {autonomous_system}\nrouter-id = '10.9.0.{last}'\nvtep = '10.9.0.{last}'\n[[vni]]\nid = 100\n
         [[vrf]]\nname = 'red'\nvni = 4000\nrouter-mac = '02:00:00:00:40:0{last}'\nprefixes = ['10.{last}.0.0/16']\n"
    );
    Config::parse("test", &text).unwrap()
}

fn address(last: u8) -> IpAddr {
    [10, 9, 0, last].into()
}

/// The route and the path that the neighbour `last` has, once it was on the wire.
fn travelled(last: u8, external: bool, route: EvpnRoute, said: &Announcement) -> (EvpnRoute, Path) {
    let asn = if external { 65002 } else { 65001 };
    let update = announce(vec![route], said, address(last), asn, external);
    let parsed = update.parse(true, false, &[]).unwrap();
    let reach = parsed.attributes.iter().find_map(|attribute| match attribute {
        rustbgpd_wire::PathAttribute::MpReachNlri(reach) => Some(reach.clone()),
        _ => None,
    });
    let reach = reach.unwrap();
    let source = Source { address: address(last), router_id: [10, 9, 0, last].into(), external };
    (reach.evpn_announced[0].clone(), Path::of(reach.next_hop, &parsed.attributes, &source))
}

/// All routes of the neighbour `last`, with a host.
fn routes(last: u8, external: bool, sequence: u32) -> Vec<(EvpnRoute, Path)> {
    let config = config(last, if external { 65002 } else { 65001 });
    let mut all = export::fixed(&config);
    let host = Host { sequence, addresses: ["10.0.0.5".parse().unwrap()].into() };
    all.extend(export::host(&config, (100.try_into().unwrap(), "2:0:0:0:0:5".parse().unwrap()), &host));
    all.into_values().map(|(route, said)| travelled(last, external, route, &said)).collect()
}

fn entries(rib: &mut Rib) -> Vec<String> {
    let changed = rib.take_changed();
    let text = |key: &Key| match rib.best(key) {
        Some(best) => key.add(&best.target),
        None => key.delete(),
    };
    changed.iter().map(text).map(|write| format!("{} {}", write.handler, write.value)).collect()
}

#[test]
fn all_kinds_of_routes_make_entries_and_go_with_their_neighbour() {
    for external in [false, true] {
        let (us, mut rib) = (config(1, 65001), Rib::default());
        for (route, path) in routes(2, external, 0) {
            rib.announce(&us, 0, &route, &path);
        }
        assert_eq!(
            entries(&mut rib),
            [
                "flood_add 100 10.9.0.2",
                "mac_add 100 02:00:00:00:00:05 10.9.0.2 moves",
                "neighbor_add 100 10.0.0.5 02:00:00:00:00:05 moves",
                "route_add red 10.2.0.0/16 10.9.0.2 02:00:00:00:40:02 4000"
            ]
        );
        assert_eq!(rib.counts(0), (4, 4));
        rib.forget(0);
        assert_eq!(
            entries(&mut rib),
            [
                "flood_del 100 10.9.0.2",
                "mac_del 100 02:00:00:00:00:05",
                "neighbor_del 100 10.0.0.5",
                "route_del red 10.2.0.0/16"
            ]
        );
        assert_eq!((rib.keys().count(), rib.counts(0)), (0, (0, 0)));
    }
}

#[test]
fn the_host_that_moved_last_counts_and_the_lower_vtep_among_equals() {
    let (us, mut rib) = (config(1, 65001), Rib::default());
    let key = Key::Mac(100.try_into().unwrap(), "2:0:0:0:0:5".parse().unwrap());
    let mut tell = |last: u8, sequence| {
        for (route, path) in routes(last, false, sequence) {
            rib.announce(&us, last.into(), &route, &path);
        }
        rib.best(&key).unwrap().target
    };
    assert_eq!(tell(3, 0), Target::Vtep(address(3)));
    assert_eq!(tell(2, 0), Target::Vtep(address(2)));
    assert_eq!(tell(3, 1), Target::Vtep(address(3)));
    assert_eq!(tell(2, 2), Target::Vtep(address(2)));
}

#[test]
fn a_refresh_ends_what_it_does_not_mention() {
    let (us, mut rib) = (config(1, 65001), Rib::default());
    let routes = routes(2, false, 0);
    for (route, path) in &routes {
        rib.announce(&us, 0, route, path);
    }
    rib.begin_refresh(0);
    rib.announce(&us, 0, &routes[0].0, &routes[0].1);
    rib.end_refresh(0);
    assert_eq!(rib.counts(0).0, 1);
}

#[test]
fn what_is_not_for_us_makes_no_entries() {
    let us = config(1, 65001);
    let unusable: [fn(&mut Path); 6] = [
        |path| path.next_hop = address(1),
        |path| path.originator = Some([10, 9, 0, 1].into()),
        |path| path.as_path = vec![65002, 65001],
        |path| path.vxlan = false,
        |path| path.targets = vec!["65001:101".to_string().try_into().unwrap()],
        |path| path.targets.clear(),
    ];
    for spoil in unusable {
        for (route, mut path) in routes(2, true, 0) {
            spoil(&mut path);
            let mut rib = Rib::default();
            rib.announce(&us, 0, &route, &path);
            assert_eq!((rib.take_changed().len(), rib.counts(0)), (0, (1, 0)), "{route:?} {path:?}");
        }
    }
}

#[test]
fn sticky_beats_any_move() {
    let key = Mobility { sticky: true, sequence: 0 };
    assert!(key > Mobility { sticky: false, sequence: 9 });
}
