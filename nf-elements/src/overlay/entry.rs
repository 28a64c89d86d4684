// SPDX-License-Identifier: Apache-2.0
//! What the tables' entries hold.

use super::key::Vni;
use super::table::{Key, Value};
use crate::wire::ethernet::Address;
use core::fmt;

/// Frames and bytes, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames that came in, and their bytes.
    pub came: [u64; 2],
    /// Frames that left, and their bytes.
    pub left: [u64; 2],
}

impl Traffic {
    /// None.
    pub const NONE: Traffic = Traffic { came: [0; 2], left: [0; 2] };

    /// A frame of so many bytes came in.
    #[inline]
    pub fn comes(&mut self, bytes: usize) {
        self.came[0] += 1;
        self.came[1] += bytes as u64;
    }

    /// A frame of so many bytes leaves.
    #[inline]
    pub fn leaves(&mut self, bytes: usize) {
        self.left[0] += 1;
        self.left[1] += bytes as u64;
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Traffic { came, left } = self;
        write!(out, "in {} frames {} bytes, out {} frames {} bytes", came[0], came[1], left[0], left[1])
    }
}

/// Where a frame comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The access of that number.
    Access(u32),
    /// The remote VTEP, or the group of some, of that number.
    Remote(u32),
    /// A remote VTEP that is not in the table.
    Stranger,
    /// The port whose frames say their network themselves.
    Trunk,
}

impl Place {
    /// Whether it is at the other end of a tunnel.
    #[inline]
    pub fn is_remote(self) -> bool {
        matches!(self, Place::Remote(_) | Place::Stranger)
    }
}

/// A network.
#[derive(Clone, Copy)]
pub struct Network {
    /// The first member, plus one.
    pub(super) members: u32,
    /// How many of these are remote.
    pub(super) remotes: u32,
    /// Stations in the table.
    pub(super) stations: u32,
    /// Most stations that are learned; 0 is any number.
    pub limit: u32,
    /// Frames whose source found no place because of the limit, or of the whole table's.
    pub not_learned: u64,
    /// What passed.
    pub traffic: Traffic,
}

impl Network {
    /// Stations in the table.
    pub fn stations(&self) -> u32 {
        self.stations
    }
}

impl Value for Network {
    const EMPTY: Self =
        Network { members: 0, remotes: 0, stations: 0, limit: 0, not_learned: 0, traffic: Traffic::NONE };
}

/// Where a station is.
#[derive(Clone, Copy)]
pub struct Mac {
    /// There.
    pub place: Place,
    /// When it sent something, in seconds.
    pub(crate) seen_s: u32,
    /// Whether somebody said so, and not its frames: it stays.
    pub fixed: bool,
    /// Until it is seen at a port.
    pub moves: bool,
}

impl Value for Mac {
    const EMPTY: Self = Mac { place: Place::Access(0), seen_s: 0, fixed: false, moves: false };
}

/// A part of a port that belongs to a network.
#[derive(Clone, Copy)]
pub struct Access {
    /// The network.
    pub vni: Vni,
}

impl Value for Access {
    const EMPTY: Self = Access { vni: Vni::EMPTY };
}

/// Another VTEP, or a group.
#[derive(Clone, Copy)]
pub struct Remote {
    /// Entries that say it.
    pub(super) references: u32,
    /// How many of these stay.
    pub(super) fixed: u32,
    /// What came from it and went to it.
    pub traffic: Traffic,
}

impl Value for Remote {
    const EMPTY: Self = Remote { references: 0, fixed: 0, traffic: Traffic::NONE };
}

/// Who has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The station.
    pub station: Address,
    /// When it said so last, in seconds.
    pub(crate) seen_s: u32,
    /// Whether somebody else said so: it stays.
    pub fixed: bool,
    /// Until a station at a port says that it has the address.
    pub moves: bool,
    /// Whether it is a router, RFC 4861 §4.4.
    pub router: bool,
}

impl Value for Neighbor {
    const EMPTY: Self =
        Neighbor { station: Address::from_bits(0), seen_s: 0, fixed: false, moves: false, router: false };
}

impl Neighbor {
    /// This station, as somebody says: for ever, and no router.
    pub const fn said(station: Address) -> Self {
        Neighbor { station, seen_s: 0, fixed: true, moves: false, router: false }
    }
}
