// SPDX-License-Identifier: Apache-2.0
//! The tables together: networks, who is in them, and other VTEPs.

use super::entry::{Access, Mac, Neighbor, Network, Place, Remote};
use super::key::{AccessKey, Host, MacKey, NeighborKey, Vni};
use super::members::{Member, Members};
use super::routes::{Lengths, RouteKey, Via};
use super::sweep::Sweep;
use super::table::{Table, Value};
use super::{Vlan, table};

/// Memory for so many stations, networks, neighbours, other VTEPs, members of networks, and routes.
pub struct Memory<const M: usize, const N: usize, const A: usize, const R: usize, const P: usize, const L: usize> {
    stations: table::Memory<MacKey, Mac, M>,
    networks: table::Memory<Vni, Network, N>,
    neighbors: table::Memory<NeighborKey, Neighbor, A>,
    remotes: table::Memory<Host, Remote, R>,
    accesses: table::Memory<AccessKey, Access, P>,
    members: [Member; P],
    routes: table::Memory<RouteKey, Via, L>,
}

impl<const M: usize, const N: usize, const A: usize, const R: usize, const P: usize, const L: usize>
    Memory<M, N, A, R, P, L>
{
    /// Zeros.
    pub const EMPTY: Self = Memory {
        stations: table::Memory::EMPTY,
        networks: table::Memory::EMPTY,
        neighbors: table::Memory::EMPTY,
        remotes: table::Memory::EMPTY,
        accesses: table::Memory::EMPTY,
        members: [Member::EMPTY; P],
        routes: table::Memory::EMPTY,
    };
}

/// Why a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room.
    Full,
    /// There is no such entry.
    Missing,
    /// It belongs to another network.
    Taken,
}

/// Whose frames tell where stations are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learns {
    /// Nobody's.
    Nothing,
    /// Those of ports: a controller knows the stations of other VTEPs.
    Ports,
    /// Everybody's.
    All,
}

/// How stations are learned.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// From whom.
    pub learns: Learns,
    /// Seconds of silence after which what was learned is forgotten; 0 is never.
    pub timeout_s: u32,
}

/// What a VTEP knows.
pub struct Networks {
    /// How stations are learned.
    pub settings: Settings,
    pub(super) networks: Table<Vni, Network>,
    pub(super) accesses: Table<AccessKey, Access>,
    pub(super) remotes: Table<Host, Remote>,
    pub(super) stations: Table<MacKey, Mac>,
    pub(super) neighbors: Table<NeighborKey, Neighbor>,
    pub(super) members: Members,
    pub(super) routes: Table<RouteKey, Via>,
    pub(super) lengths: Lengths,
    pub(super) sweep: Sweep,
    /// Stations that were seen at another place than before.
    pub moved: u64,
    /// Frames whose source found no place.
    pub not_learned: u64,
}

impl Networks {
    /// Without memory it knows nothing.
    pub const fn new(settings: Settings) -> Self {
        Networks {
            settings,
            networks: Table::new(),
            accesses: Table::new(),
            remotes: Table::new(),
            stations: Table::new(),
            neighbors: Table::new(),
            members: Members::new(),
            routes: Table::new(),
            lengths: Lengths::new(),
            sweep: Sweep::new(),
            moved: 0,
            not_learned: 0,
        }
    }

    /// Keeps what it knows in `memory`.
    pub fn lend<const M: usize, const N: usize, const A: usize, const R: usize, const P: usize, const L: usize>(
        &mut self,
        memory: &'static mut Memory<M, N, A, R, P, L>,
    ) {
        self.stations.lend(&mut memory.stations);
        self.networks.lend(&mut memory.networks);
        self.neighbors.lend(&mut memory.neighbors);
        self.remotes.lend(&mut memory.remotes);
        self.accesses.lend(&mut memory.accesses);
        self.members.lend(&mut memory.members);
        self.routes.lend(&mut memory.routes);
    }

    /// Makes the tables' hashes depend on `entropy`, as far as they are empty.
    pub fn seed(&mut self, entropy: u64) {
        self.stations.seed(entropy);
        self.neighbors.seed(entropy);
        self.remotes.seed(entropy);
    }

    /// The networks.
    pub fn networks(&self) -> &Table<Vni, Network> {
        &self.networks
    }

    /// The ports' parts, each in a network.
    pub fn accesses(&self) -> &Table<AccessKey, Access> {
        &self.accesses
    }

    /// The other VTEPs.
    pub fn remotes(&self) -> &Table<Host, Remote> {
        &self.remotes
    }

    /// The stations.
    pub fn stations(&self) -> &Table<MacKey, Mac> {
        &self.stations
    }

    /// The neighbours.
    pub fn neighbors(&self) -> &Table<NeighborKey, Neighbor> {
        &self.neighbors
    }

    /// The routes.
    pub fn routes(&self) -> &Table<RouteKey, Via> {
        &self.routes
    }

    /// The number of the network `vni`.
    #[inline]
    pub fn find(&self, vni: Vni) -> Option<u32> {
        self.networks.find(&vni)
    }

    /// The number of the network `vni`, which is made if it is not there.
    pub fn network(&mut self, vni: Vni) -> Result<u32, Refused> {
        match self.find(vni) {
            Some(number) => Ok(number),
            None => self.networks.insert(vni, Network::EMPTY).ok_or(Refused::Full),
        }
    }

    /// The network of that number, to change.
    #[inline]
    pub fn network_mut(&mut self, number: u32) -> Option<&mut Network> {
        self.networks.get_mut(number)
    }

    /// The other VTEP of that number, to change.
    #[inline]
    pub fn remote_mut(&mut self, number: u32) -> Option<&mut Remote> {
        self.remotes.get_mut(number)
    }

    /// Ends a network, and all that is known about it.
    pub fn remove(&mut self, vni: Vni) -> Result<(), Refused> {
        let number = self.find(vni).ok_or(Refused::Missing)?;
        self.remove_stations(|key, _| key.vni() == vni);
        self.remove_neighbors(|key, _| key.vni == vni);
        let mut head = self.networks.get(number).map_or(0, |network| network.members);
        loop {
            let Some(place) = self.members.of(head).next() else { break };
            self.members.remove(&mut head, place);
            match place {
                Place::Remote(remote) => self.release(remote, true),
                Place::Access(access) => drop(self.accesses.remove(access)),
                Place::Stranger | Place::Trunk => {}
            }
        }
        self.networks.remove(number);
        Ok(())
    }

    /// The network that frames of `port` with `vlan` (0 is none) belong to, and the number of their access.
    #[inline]
    pub fn access(&self, port: u8, vlan: u16) -> Option<(Vni, u32)> {
        let exact = if vlan == 0 { Vlan::None } else { Vlan::Tagged(vlan) };
        let exact = self.accesses.find(&AccessKey { port, vlan: exact });
        let number = match exact {
            None if vlan != 0 => self.accesses.find(&AccessKey { port, vlan: Vlan::Any }),
            exact => exact,
        }?;
        Some((self.accesses.get(number)?.vni, number))
    }

    /// Puts a part of a port into the network `vni`.
    pub fn add_access(&mut self, vni: Vni, key: AccessKey) -> Result<(), Refused> {
        match self.accesses.look_up(&key) {
            Some(access) if access.vni == vni => return Ok(()),
            Some(_) => return Err(Refused::Taken),
            None => {}
        }
        let network = self.network(vni)?;
        let access = self.accesses.insert(key, Access { vni }).ok_or(Refused::Full)?;
        self.join(network, Place::Access(access))
    }

    /// Takes a part of a port out of its network, with the stations behind it.
    pub fn remove_access(&mut self, key: AccessKey) -> Result<(), Refused> {
        let number = self.accesses.find(&key).ok_or(Refused::Missing)?;
        let vni = self.accesses.get(number).map_or(Vni(0), |access| access.vni);
        self.leave(vni, Place::Access(number))?;
        self.remove_stations(|_, mac| mac.place == Place::Access(number));
        self.accesses.remove(number);
        Ok(())
    }

    /// What is for all of the network `vni` also goes to `to`: a VTEP, or a group of some.
    pub fn add_flood(&mut self, vni: Vni, to: Host) -> Result<(), Refused> {
        let network = self.network(vni)?;
        let remote = self.remote(to)?;
        if self.members_of(network).any(|place| place == Place::Remote(remote)) {
            return Ok(());
        }
        self.hold(remote, true);
        self.join(network, Place::Remote(remote)).inspect_err(|_| self.release(remote, true))
    }

    /// It does not any more.
    pub fn remove_flood(&mut self, vni: Vni, to: Host) -> Result<(), Refused> {
        let remote = self.remotes.find(&to).ok_or(Refused::Missing)?;
        self.leave(vni, Place::Remote(remote))?;
        self.release(remote, true);
        Ok(())
    }

    /// The places that are in a network.
    #[inline]
    pub fn members_of(&self, network: u32) -> impl Iterator<Item = Place> + '_ {
        self.members.of(self.networks.get(network).map_or(0, |network| network.members))
    }

    /// Whether any of them is remote.
    #[inline]
    pub fn has_remotes(&self, network: u32) -> bool {
        self.networks.get(network).is_some_and(|network| network.remotes > 0)
    }

    fn join(&mut self, network: u32, place: Place) -> Result<(), Refused> {
        let network = self.networks.get_mut(network).ok_or(Refused::Missing)?;
        if !self.members.add(&mut network.members, place) {
            return Err(Refused::Full);
        }
        network.remotes += u32::from(place.is_remote());
        Ok(())
    }

    fn leave(&mut self, vni: Vni, place: Place) -> Result<(), Refused> {
        let network = self.find(vni).and_then(|network| self.networks.get_mut(network)).ok_or(Refused::Missing)?;
        if !self.members.remove(&mut network.members, place) {
            return Err(Refused::Missing);
        }
        network.remotes -= u32::from(place.is_remote());
        Ok(())
    }

    /// The number of a VTEP that somebody names; if there is no room, one that was only learned makes some.
    pub(super) fn remote(&mut self, host: Host) -> Result<u32, Refused> {
        if let Some(number) = self.remotes.find(&host) {
            return Ok(number);
        }
        if let Some(number) = self.remotes.insert(host, Remote::EMPTY) {
            return Ok(number);
        }
        let learned = self.remotes.iter().find(|(_, _, remote)| remote.fixed == 0).map(|(number, ..)| number);
        let learned = learned.ok_or(Refused::Full)?;
        self.remove_stations(|_, mac| mac.place == Place::Remote(learned));
        self.remotes.insert(host, Remote::EMPTY).ok_or(Refused::Full)
    }

    /// The place that a frame from the VTEP `host` comes from.
    #[inline]
    pub fn origin(&mut self, host: Host) -> Place {
        let known = self.remotes.find(&host);
        known.or_else(|| self.remotes.insert(host, Remote::EMPTY)).map_or(Place::Stranger, Place::Remote)
    }

    /// A VTEP that no entry says is forgotten.
    #[inline]
    pub fn settle(&mut self, place: Place) {
        if let Place::Remote(number) = place
            && self.remotes.get(number).is_some_and(|remote| remote.references == 0)
        {
            self.remotes.remove(number);
        }
    }

    /// One more entry says that VTEP.
    pub(super) fn hold(&mut self, number: u32, fixed: bool) {
        if let Some(remote) = self.remotes.get_mut(number) {
            remote.references += 1;
            remote.fixed += u32::from(fixed);
        }
    }

    /// One entry less says that VTEP.
    pub(super) fn release(&mut self, number: u32, fixed: bool) {
        if let Some(remote) = self.remotes.get_mut(number) {
            remote.references -= 1;
            remote.fixed -= u32::from(fixed);
        }
        self.settle(Place::Remote(number));
    }
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
