// SPDX-License-Identifier: Apache-2.0
//! How it is: what a running speaker tells of itself.

use crate::config::{Mac, Vni};
use crate::export;
use crate::speaker::Speaker;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

/// A speaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its AS.
    pub autonomous_system: u32,
    /// Its BGP identifier.
    pub router_id: Ipv4Addr,
    /// The VTEP's address.
    pub vtep: IpAddr,
    /// Why the VTEP cannot be reached; none if it can.
    pub gone: Option<String>,
    /// The neighbours.
    pub neighbors: Vec<Neighbor>,
    /// The hosts at the VTEP's ports.
    pub hosts: Vec<Host>,
    /// Hosts that are in several places at once, which nobody follows any more.
    pub duplicates: Vec<Duplicate>,
    /// The routes that neighbours are told.
    pub announced: Vec<String>,
    /// What the VTEP was told, as the writes to its handlers.
    pub installed: Vec<String>,
    /// What it did not take, and why.
    pub refused: Vec<String>,
}

/// A neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbor {
    /// Its address.
    pub address: IpAddr,
    /// Its AS.
    pub autonomous_system: u32,
    /// The session's state (RFC 4271 §8.2.2).
    pub state: String,
    /// Since how many seconds.
    pub since_s: u64,
    /// The hold time that was agreed on, in seconds.
    pub hold_time: Option<u16>,
    /// Routes that it told.
    pub received: usize,
    /// Of them those that make entries.
    pub imported: usize,
    /// Routes that it was told.
    pub announced: usize,
    /// Why the last session ended.
    pub error: Option<String>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its network.
    pub vni: Vni,
    /// Its Ethernet address.
    pub mac: Mac,
    /// Its other addresses.
    pub addresses: Vec<IpAddr>,
    /// How often it has moved.
    pub sequence: u32,
}

/// A host in several places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Its network.
    pub vni: Vni,
    /// Its Ethernet address.
    pub mac: Mac,
}

impl State {
    /// Of a speaker, now.
    pub fn of(speaker: &mut Speaker, now: Instant) -> State {
        let duplicates = speaker.duplicates(now).into_iter().map(|(vni, mac)| Duplicate { vni, mac }).collect();
        let config = speaker.config();
        let neighbors = (0..config.neighbors.len()).map(|neighbor| Neighbor::of(speaker, neighbor, now)).collect();
        let hosts = speaker.hosts().iter().map(|(&(vni, mac), host)| {
            let addresses = host.addresses.iter().copied().collect();
            Host { vni, mac, addresses, sequence: host.sequence }
        });
        let program = speaker.program();
        let installed = program.installed().iter().map(|(key, target)| key.add(target));
        State {
            autonomous_system: config.autonomous_system,
            router_id: config.router_id,
            vtep: config.vtep,
            gone: program.gone().map(Into::into),
            neighbors,
            hosts: hosts.collect(),
            duplicates,
            announced: speaker.exports().map(export::name).collect(),
            installed: installed.map(|write| format!("{} {}", write.handler, write.value)).collect(),
            refused: program.refused().values().cloned().collect(),
        }
    }
}

impl Neighbor {
    fn of(speaker: &Speaker, number: usize, now: Instant) -> Neighbor {
        let (neighbor, session) = (&speaker.config().neighbors[number], speaker.session(number));
        let (received, imported) = speaker.rib().counts(number);
        Neighbor {
            address: neighbor.address,
            autonomous_system: neighbor.autonomous_system,
            state: session.state().as_str().into(),
            since_s: now.saturating_duration_since(session.since()).as_secs(),
            hold_time: session.hold_time(),
            received,
            imported,
            announced: speaker.told(number),
            error: session.error().map(Into::into),
        }
    }
}
