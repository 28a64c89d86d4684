// SPDX-License-Identifier: Apache-2.0
//! Tests of what a VTEP knows.

use super::*;
use crate::wire::ethernet::Address;

const ONE: Vni = Vni(1);
const TWO: Vni = Vni(2);
const FAR: Host = Host::v4(0xc000_0202);
const FARTHER: Host = Host::v4(0xc000_0203);
const SECOND: u64 = 1_000_000_000;

fn networks() -> Networks {
    let mut networks = Networks::new(Settings { learns: Learns::All, timeout_s: 300 });
    networks.lend::<4, 2, 2, 2, 4, 1>(Box::leak(Box::new(Memory::EMPTY)));
    networks
}

fn station(number: u64) -> Address {
    Address::from_bits(number << 8 | 2)
}

fn address(host: u32) -> NeighborKey {
    NeighborKey { vni: ONE, host: Host::v4(host) }
}

fn access(port: u8, vlan: Vlan) -> AccessKey {
    AccessKey { port, vlan }
}

#[test]
fn ports_belong_to_networks_by_their_tags() {
    let mut networks = networks();
    networks.add_access(ONE, access(1, Vlan::None)).unwrap();
    networks.add_access(TWO, access(1, Vlan::Tagged(7))).unwrap();
    networks.add_access(ONE, access(2, Vlan::Any)).unwrap();
    let vni = |networks: &Networks, port, vlan| networks.access(port, vlan).map(|(vni, _)| vni);
    assert_eq!(
        [(1, 0), (1, 7), (1, 8), (2, 8), (2, 0)].map(|(port, vlan)| vni(&networks, port, vlan)),
        [Some(ONE), Some(TWO), None, Some(ONE), None]
    );
    assert_eq!(networks.add_access(TWO, access(1, Vlan::None)), Err(Refused::Taken));
    assert_eq!(networks.add_access(ONE, access(1, Vlan::None)), Ok(()), "it is there");
    let one = networks.find(ONE).unwrap();
    assert_eq!(networks.members_of(one).count(), 2);
    networks.remove_access(access(2, Vlan::Any)).unwrap();
    assert_eq!((networks.members_of(one).count(), vni(&networks, 2, 8)), (1, None));
    assert_eq!(networks.network(Vni(3)), Err(Refused::Full), "two networks are all");
}

#[test]
fn learning_has_a_limit_and_moves() {
    let mut networks = networks();
    let one = networks.network(ONE).unwrap();
    networks.network_mut(one).unwrap().limit = 2;
    networks.learn(one, ONE, station(1), Place::Access(0), 1);
    networks.learn(one, ONE, station(2), Place::Access(0), 1);
    networks.learn(one, ONE, station(3), Place::Access(0), 1);
    assert_eq!((networks.locate(ONE, station(3), 1), networks.not_learned), (None, 1));
    networks.learn(one, ONE, station(1), Place::Access(9), 2);
    assert_eq!((networks.locate(ONE, station(1), 2), networks.moved), (Some(Place::Access(9)), 1));
    assert_eq!((networks.locate(TWO, station(1), 2), networks.locate(ONE, station(1), 302)), (None, None));
    assert_eq!(networks.networks.get(one).unwrap().not_learned, 1);
}

#[test]
fn what_was_said_stays_and_makes_room() {
    let mut networks = networks();
    let one = networks.network(ONE).unwrap();
    (1..=4).for_each(|number| networks.learn(one, ONE, station(number), Place::Access(0), 1));
    networks.learn(one, ONE, station(5), Place::Access(0), 1);
    assert_eq!(networks.not_learned, 1, "full");
    (11..=14).for_each(|number| networks.add_remote_station(ONE, station(number), FAR, false).unwrap());
    assert_eq!(networks.add_remote_station(ONE, station(15), FAR, false), Err(Refused::Full));
    networks.learn(one, ONE, station(11), Place::Access(0), 1);
    assert!(matches!(networks.locate(ONE, station(11), 9999), Some(Place::Remote(_))));
    assert_eq!((networks.remotes.len(), networks.networks.get(one).unwrap().stations), (1, 4));
    (11..=14).for_each(|number| networks.remove_station(ONE, station(number)).unwrap());
    assert_eq!((networks.remotes.len(), networks.remove_station(ONE, station(11))), (0, Err(Refused::Missing)));
}

#[test]
fn other_vteps_live_as_long_as_somebody_says_them() {
    let mut networks = networks();
    let one = networks.network(ONE).unwrap();
    networks.add_flood(ONE, FAR).unwrap();
    let learned = networks.origin(FARTHER);
    networks.learn(one, ONE, station(1), learned, 1);
    networks.settle(learned);
    assert_eq!((networks.remotes.len(), networks.origin(Host::v4(7))), (2, Place::Stranger));
    networks.learn(one, ONE, station(2), Place::Stranger, 1);
    assert_eq!(networks.not_learned, 1);
    networks.add_flood(TWO, Host::v4(7)).unwrap();
    assert_eq!(networks.locate(ONE, station(1), 1), None, "the learned one made room");
    assert_eq!(networks.add_flood(TWO, FARTHER), Err(Refused::Full));
    networks.remove_flood(ONE, FAR).unwrap();
    assert_eq!((networks.remotes.len(), networks.has_remotes(one)), (1, false));
    networks.remove(TWO).unwrap();
    assert_eq!((networks.remotes.len(), networks.find(TWO)), (0, None));
    let fleeting = networks.origin(FAR);
    networks.settle(fleeting);
    assert!(networks.remotes.is_empty(), "who says nothing is not kept");
}

#[test]
fn the_silent_are_swept() {
    let mut networks = networks();
    let one = networks.network(ONE).unwrap();
    assert_eq!(networks.sweep_ns(), None);
    let far = networks.origin(FAR);
    networks.learn(one, ONE, station(1), far, 0);
    networks.learn(one, ONE, station(2), Place::Access(0), 290);
    networks.add_station(ONE, station(3), Place::Access(0), false).unwrap();
    networks.learn_neighbor(address(1), station(1), false, Place::Access(0), 0);
    networks.add_neighbor(ONE, Host::v4(2), Neighbor::said(station(1))).unwrap();
    networks.sweep(300 * SECOND, 300);
    assert_eq!((networks.stations.len(), networks.neighbors.len(), networks.remotes.len()), (2, 1, 0));
    assert_eq!(networks.networks.get(one).unwrap().stations, 2);
    assert_eq!(networks.sweep_ns(), Some(308 * SECOND));
    networks.clear();
    assert_eq!((networks.stations.len(), networks.neighbors.len()), (1, 1));
}

#[test]
fn neighbors_are_learned_unless_somebody_said() {
    let mut networks = networks();
    networks.network(ONE).unwrap();
    let of = |networks: &Networks, host| networks.neighbor(ONE, Host::v4(host), 0).map(|known| known.station);
    networks.learn_neighbor(address(1), station(1), false, Place::Access(0), 0);
    networks.learn_neighbor(address(2), station(1), false, Place::Access(0), 0);
    networks.learn_neighbor(address(3), station(1), false, Place::Access(0), 0);
    assert_eq!((of(&networks, 2), of(&networks, 3)), (Some(station(1)), None));
    networks.add_neighbor(ONE, Host::v4(3), Neighbor::said(station(3))).unwrap();
    networks.learn_neighbor(address(3), station(4), false, Place::Access(0), 0);
    assert_eq!(of(&networks, 3), Some(station(3)));
    networks.remove_neighbor(ONE, Host::v4(3)).unwrap();
    assert_eq!(of(&networks, 3), None);
    for nobody in [0, 0xe000_0001] {
        networks.learn_neighbor(address(nobody), station(1), false, Place::Access(0), 0);
        assert_eq!(of(&networks, nobody), None);
    }
}

#[test]
fn what_moves_yields_to_what_is_seen_at_a_port() {
    let mut networks = networks();
    let one = networks.network(ONE).unwrap();
    networks.add_remote_station(ONE, station(1), FAR, true).unwrap();
    networks.add_neighbor(ONE, Host::v4(1), Neighbor { moves: true, ..Neighbor::said(station(1)) }).unwrap();
    let elsewhere = networks.origin(FARTHER);
    networks.learn(one, ONE, station(1), elsewhere, 1);
    networks.settle(elsewhere);
    networks.learn_neighbor(address(1), station(2), false, elsewhere, 1);
    assert!(matches!(networks.locate(ONE, station(1), 9999), Some(Place::Remote(_))));
    assert_eq!(networks.neighbor(ONE, Host::v4(1), 1).map(|known| known.station), Some(station(1)));
    networks.learn(one, ONE, station(1), Place::Access(0), 1);
    networks.learn_neighbor(address(1), station(2), false, Place::Access(0), 1);
    assert_eq!((networks.locate(ONE, station(1), 1), networks.remotes.len()), (Some(Place::Access(0)), 0));
    assert_eq!(networks.neighbor(ONE, Host::v4(1), 1).map(|known| known.station), Some(station(2)));
    networks.remove_station(ONE, station(1)).unwrap();
    networks.remove_neighbor(ONE, Host::v4(1)).unwrap();
    assert_eq!((networks.stations.len(), networks.neighbors.len()), (1, 1), "what was learned stays");
}

#[test]
fn entries_are_small() {
    assert_eq!(size_of::<table::Slot<MacKey, Mac>>(), 32);
}

#[test]
fn ports_alone_are_learned_from_where_a_controller_knows_the_rest() {
    let mut networks = networks();
    networks.settings.learns = Learns::Ports;
    let one = networks.network(ONE).unwrap();
    let far = networks.origin(FAR);
    for (number, place) in [(1, far), (2, Place::Access(0))] {
        networks.learn(one, ONE, station(number.into()), place, 0);
        let key = NeighborKey { vni: ONE, host: Host::v4(number) };
        networks.learn_neighbor(key, station(number.into()), false, place, 0);
    }
    assert_eq!((networks.stations.len(), networks.neighbors.len()), (1, 1));
}
