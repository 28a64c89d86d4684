// SPDX-License-Identifier: Apache-2.0
//! Where stations are, and which of them has an address: learned within limits, or said.

use super::entry::{Mac, Neighbor, Place};
use super::key::{Host, MacKey, NeighborKey, Vni};
use super::networks::{Learns, Networks, Refused};
use super::table::Value;
use crate::wire::ethernet::Address;

impl Networks {
    /// Where a station is, if that is known and not too old.
    #[inline]
    pub fn locate(&self, vni: Vni, station: Address, now_s: u32) -> Option<Place> {
        let mac = self.stations.look_up(&MacKey::new(vni, station))?;
        self.is_fresh(mac.fixed, mac.seen_s, now_s).then_some(mac.place)
    }

    /// A frame of `station` came from `place`. What somebody said stays; what was learned moves.
    #[inline]
    pub fn learn(&mut self, network: u32, vni: Vni, station: Address, place: Place, now_s: u32) {
        if !self.learns_from(place) {
            return;
        }
        let key = MacKey::new(vni, station);
        let Some(number) = self.stations.find(&key) else { return self.learn_new(network, key, place, now_s) };
        let Some(mac) = self.stations.get_mut(number) else { return };
        if mac.fixed && (!mac.moves || place.is_remote()) || place == Place::Stranger {
            return;
        }
        // Written only if it changes: a line of the cache that is only read is cheaper.
        if mac.seen_s != now_s {
            mac.seen_s = now_s;
        }
        if mac.place != place {
            let before = core::mem::replace(mac, Mac { place, seen_s: now_s, fixed: false, moves: false });
            self.moved += 1;
            if let Place::Remote(remote) = place {
                self.hold(remote, false);
            }
            self.forget_place(before);
        }
    }

    /// Whether what comes from `place` is learned.
    #[inline]
    fn learns_from(&self, place: Place) -> bool {
        match self.settings.learns {
            Learns::All => true,
            Learns::Ports => !place.is_remote(),
            Learns::Nothing => false,
        }
    }

    #[cold]
    fn learn_new(&mut self, network: u32, key: MacKey, place: Place, now_s: u32) {
        let limit = self.networks.get(network).map_or(0, |network| network.limit);
        let may = place != Place::Stranger
            && self.networks.get(network).is_some_and(|network| limit == 0 || network.stations < limit);
        if !may || self.stations.insert(key, Mac { place, seen_s: now_s, ..Mac::EMPTY }).is_none() {
            self.not_learned += 1;
            if let Some(network) = self.networks.get_mut(network) {
                network.not_learned += 1;
            }
            return;
        }
        if let Some(network) = self.networks.get_mut(network) {
            network.stations += 1;
        }
        if let Place::Remote(remote) = place {
            self.hold(remote, false);
        }
    }

    /// Says where a station is; if it `moves`, until it is seen at a port. If there is no room, one that was learned makes some.
    pub fn add_station(&mut self, vni: Vni, station: Address, place: Place, moves: bool) -> Result<(), Refused> {
        let network = self.network(vni)?;
        let key = MacKey::new(vni, station);
        let mac = Mac { place, seen_s: 0, fixed: true, moves };
        if let Some(number) = self.stations.find(&key) {
            let before = self.stations.get(number).copied().ok_or(Refused::Missing)?;
            if let Place::Remote(remote) = place {
                self.hold(remote, true);
            }
            if let Some(slot) = self.stations.get_mut(number) {
                *slot = mac;
            }
            self.forget_place(before);
            return Ok(());
        }
        if self.stations.len() >= self.stations.capacity() {
            let learned = self.stations.iter().find(|(_, _, mac)| !mac.fixed).map(|(number, ..)| number);
            self.remove_station_number(learned.ok_or(Refused::Full)?);
        }
        self.stations.insert(key, mac).ok_or(Refused::Full)?;
        if let Some(network) = self.networks.get_mut(network) {
            network.stations += 1;
        }
        if let Place::Remote(remote) = place {
            self.hold(remote, true);
        }
        Ok(())
    }

    /// Says that a station is behind another VTEP.
    pub fn add_remote_station(&mut self, vni: Vni, station: Address, vtep: Host, moves: bool) -> Result<(), Refused> {
        let remote = self.remote(vtep)?;
        let result = self.add_station(vni, station, Place::Remote(remote), moves);
        self.settle(Place::Remote(remote));
        result
    }

    /// Forgets what was said of a station, but not what was learned since.
    pub fn remove_station(&mut self, vni: Vni, station: Address) -> Result<(), Refused> {
        let number = self.stations.find(&MacKey::new(vni, station)).ok_or(Refused::Missing)?;
        if self.stations.get(number).is_some_and(|mac| mac.fixed) {
            self.remove_station_number(number);
        }
        Ok(())
    }

    /// Forgets the stations for which `goes` says so.
    pub fn remove_stations(&mut self, goes: impl Fn(&MacKey, &Mac) -> bool) {
        for number in 0..self.stations.used() as u32 {
            if self.stations.entry(number).is_some_and(|(key, mac)| goes(key, mac)) {
                self.remove_station_number(number);
            }
        }
    }

    pub(super) fn remove_station_number(&mut self, number: u32) {
        let Some((key, _)) = self.stations.entry(number) else { return };
        let vni = key.vni();
        let Some(mac) = self.stations.remove(number) else { return };
        if let Some(network) = self.find(vni).and_then(|network| self.networks.get_mut(network)) {
            network.stations -= 1;
        }
        self.forget_place(mac);
    }

    fn forget_place(&mut self, mac: Mac) {
        if let Place::Remote(remote) = mac.place {
            self.release(remote, mac.fixed);
        }
    }

    #[inline]
    pub(super) fn is_fresh(&self, fixed: bool, seen_s: u32, now_s: u32) -> bool {
        let timeout_s = self.settings.timeout_s;
        fixed || timeout_s == 0 || now_s.saturating_sub(seen_s) < timeout_s
    }

    /// Who has an address, if that is known and not too old.
    #[inline]
    pub fn neighbor(&self, vni: Vni, host: Host, now_s: u32) -> Option<&Neighbor> {
        let neighbor = self.neighbors.look_up(&NeighborKey { vni, host })?;
        self.is_fresh(neighbor.fixed, neighbor.seen_s, now_s).then_some(neighbor)
    }

    /// `station`, which is at `place`, said that it has an address. What somebody else said stays.
    pub fn learn_neighbor(
        &mut self,
        NeighborKey { vni, host }: NeighborKey,
        station: Address,
        router: bool,
        place: Place,
        now_s: u32,
    ) {
        if !self.learns_from(place) || host.is_unspecified() || host.is_group() || station.is_group() {
            return;
        }
        let key = NeighborKey { vni, host };
        let learned = Neighbor { station, seen_s: now_s, fixed: false, moves: false, router };
        match self.neighbors.find(&key).and_then(|number| self.neighbors.get_mut(number)) {
            Some(known) if !known.fixed || known.moves && !place.is_remote() => *known = learned,
            Some(_) => {}
            // Without room it is not known, and so is asked for.
            None => drop(self.neighbors.insert(key, learned)),
        }
    }

    /// Says who has an address. If there is no room, one that was learned makes some.
    pub fn add_neighbor(&mut self, vni: Vni, host: Host, said: Neighbor) -> Result<(), Refused> {
        self.network(vni)?;
        let key = NeighborKey { vni, host };
        if let Some(known) = self.neighbors.find(&key).and_then(|number| self.neighbors.get_mut(number)) {
            *known = said;
            return Ok(());
        }
        if self.neighbors.len() >= self.neighbors.capacity() {
            let learned = self.neighbors.iter().find(|(_, _, neighbor)| !neighbor.fixed).map(|(number, ..)| number);
            self.neighbors.remove(learned.ok_or(Refused::Full)?);
        }
        self.neighbors.insert(key, said).map(drop).ok_or(Refused::Full)
    }

    /// Forgets who was said to have an address, but not what was learned since.
    pub fn remove_neighbor(&mut self, vni: Vni, host: Host) -> Result<(), Refused> {
        let number = self.neighbors.find(&NeighborKey { vni, host }).ok_or(Refused::Missing)?;
        if self.neighbors.get(number).is_some_and(|known| known.fixed) {
            self.neighbors.remove(number);
        }
        Ok(())
    }

    /// Forgets the neighbours for which `goes` says so.
    pub fn remove_neighbors(&mut self, goes: impl Fn(&NeighborKey, &Neighbor) -> bool) {
        for number in 0..self.neighbors.used() as u32 {
            if self.neighbors.entry(number).is_some_and(|(key, neighbor)| goes(key, neighbor)) {
                self.neighbors.remove(number);
            }
        }
    }

    /// Forgets all that was learned.
    pub fn clear(&mut self) {
        self.remove_stations(|_, mac| !mac.fixed);
        self.remove_neighbors(|_, neighbor| !neighbor.fixed);
    }

    /// Reads what looking up these stations will need.
    #[inline]
    pub fn preload(&self, stations: impl Iterator<Item = MacKey>) {
        self.stations.preload(stations);
    }
}
