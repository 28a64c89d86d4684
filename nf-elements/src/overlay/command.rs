// SPDX-License-Identifier: Apache-2.0
//! The control channel's commands: what the write handlers of a VTEP take, one command per line.

use super::entry::Neighbor;
use super::key::{AccessKey, Host, Vlan, Vni};
use super::networks::{Networks, Refused};
use super::routes::{MOST_GATEWAYS, RouteKey, Via, Vrf};
use crate::HandlerError;
use crate::wire::ethernet::Address;
use core::str::{FromStr, SplitAsciiWhitespace};

/// Most ports of a VTEP, the tunnels' included.
pub const MOST_PORTS: u8 = 32;

impl From<Refused> for HandlerError {
    fn from(_: Refused) -> Self {
        HandlerError::BadValue
    }
}

/// What somebody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// There is this network, of at most so many learned stations; 0 is any number.
    AddNetwork(Vni, u32),
    /// There is not.
    RemoveNetwork(Vni),
    /// This part of a port, and so many after it, belong to this network and those after it.
    AddAccess(Vni, AccessKey, u16),
    /// It belongs to none.
    RemoveAccess(AccessKey),
    /// What is for all of this network, and of so many after it, goes to this VTEP or group, too.
    AddFlood(Vni, Host, u16),
    /// It does not.
    RemoveFlood(Vni, Host),
    /// A station of this network is behind this VTEP; whether that ends when it is seen at a port.
    AddStation(Vni, Address, Host, bool),
    /// It is not known where it is.
    RemoveStation(Vni, Address),
    /// An address of this network is this station's.
    AddNeighbor(Vni, Host, Neighbor),
    /// It is not known whose it is.
    RemoveNeighbor(Vni, Host),
    /// A route, or one gateway more of it.
    AddRoute(RouteKey, Via),
    /// There is none, or not by this gateway.
    RemoveRoute(RouteKey, Option<Host>),
}

/// Does what the write handler `name` does with each line of `value`. Lines before one that is wrong have been done.
pub fn write(networks: &mut Networks, name: &str, value: &str) -> Result<(), HandlerError> {
    let (first, rest) = value.trim().split_once('\n').unwrap_or((value, ""));
    Command::parse(name, first)?.execute(networks)?;
    rest.lines().try_for_each(|line| Command::parse(name, line)?.execute(networks))
}

impl Command {
    /// Reads what is given to the write handler `name`.
    pub fn parse(name: &str, line: &str) -> Result<Self, HandlerError> {
        let words = &mut line.split_ascii_whitespace();
        let command = match name {
            "network_add" => Command::AddNetwork(word(words)?, words.next().map_or(Ok(0), parse)?),
            "network_del" => Command::RemoveNetwork(word(words)?),
            "access_add" => accesses(words)?,
            "access_del" => Command::RemoveAccess(access(words)?.0),
            "flood_add" => {
                let (first, more) = range(words.next().ok_or(BAD)?)?;
                Command::AddFlood(first, word(words)?, more)
            }
            "flood_del" => Command::RemoveFlood(word(words)?, word(words)?),
            "mac_add" => {
                Command::AddStation(word(words)?, station(words)?, unicast(words)?, flags(words, ["moves"])?[0])
            }
            "mac_del" => Command::RemoveStation(word(words)?, station(words)?),
            "neighbor_add" => Command::AddNeighbor(word(words)?, unicast(words)?, neighbor(words)?),
            "neighbor_del" => Command::RemoveNeighbor(word(words)?, word(words)?),
            "route_add" => Command::AddRoute(route(words)?, via(words)?),
            "route_del" => Command::RemoveRoute(route(words)?, words.next().map(parse).transpose()?),
            _ => return Err(HandlerError::Unknown),
        };
        // A word too many is a mistake, too.
        words.next().map_or(Ok(command), |_| Err(BAD))
    }

    /// Changes the tables.
    pub fn execute(self, networks: &mut Networks) -> Result<(), HandlerError> {
        match self {
            Command::AddNetwork(vni, limit) => {
                let number = networks.network(vni)?;
                if let Some(network) = networks.network_mut(number) {
                    network.limit = limit;
                }
            }
            Command::RemoveNetwork(vni) => networks.remove(vni)?,
            Command::AddAccess(vni, key, more) => {
                (0..=more).try_for_each(|step| networks.add_access(Vni(vni.0 + u32::from(step)), key.after(step)))?;
            }
            Command::RemoveAccess(key) => networks.remove_access(key)?,
            Command::AddFlood(vni, to, more) => {
                (0..=more).try_for_each(|step| networks.add_flood(Vni(vni.0 + u32::from(step)), to))?;
            }
            Command::RemoveFlood(vni, to) => networks.remove_flood(vni, to)?,
            Command::AddStation(vni, station, vtep, moves) => networks.add_remote_station(vni, station, vtep, moves)?,
            Command::RemoveStation(vni, station) => networks.remove_station(vni, station)?,
            Command::AddNeighbor(vni, host, said) => networks.add_neighbor(vni, host, said)?,
            Command::RemoveNeighbor(vni, host) => networks.remove_neighbor(vni, host)?,
            Command::AddRoute(key, via) => networks.add_route(key, via)?,
            Command::RemoveRoute(key, gateway) => networks.remove_route(key, gateway)?,
        }
        Ok(())
    }
}

const BAD: HandlerError = HandlerError::BadValue;

fn parse<T: FromStr>(word: &str) -> Result<T, HandlerError> {
    word.parse().map_err(|_| BAD)
}

fn word<T: FromStr>(words: &mut SplitAsciiWhitespace) -> Result<T, HandlerError> {
    parse(words.next().ok_or(BAD)?)
}

/// An address of one station.
fn station(words: &mut SplitAsciiWhitespace) -> Result<Address, HandlerError> {
    word(words).and_then(|address: Address| if address.is_group() { Err(BAD) } else { Ok(address) })
}

/// An address of one host.
fn unicast(words: &mut SplitAsciiWhitespace) -> Result<Host, HandlerError> {
    word(words).and_then(|host: Host| if host.is_group() || host.is_unspecified() { Err(BAD) } else { Ok(host) })
}

/// A station, and what is said of it.
fn neighbor(words: &mut SplitAsciiWhitespace) -> Result<Neighbor, HandlerError> {
    let said = Neighbor::said(station(words)?);
    let [router, moves] = flags(words, ["router", "moves"])?;
    Ok(Neighbor { router, moves, ..said })
}

/// Which of these words the rest of the line has; another one is a mistake.
fn flags<const N: usize>(words: &mut SplitAsciiWhitespace, names: [&str; N]) -> Result<[bool; N], HandlerError> {
    let mut has = [false; N];
    for word in words {
        has[names.iter().position(|name| *name == word).ok_or(BAD)?] = true;
    }
    Ok(has)
}

/// A number or a range of numbers: the first, and how many after it.
fn range<T: FromStr + Copy + Into<u32>>(word: &str) -> Result<(T, u16), HandlerError> {
    let Some((first, last)) = word.split_once('-') else { return Ok((parse(word)?, 0)) };
    let (first, last): (T, T) = (parse(first)?, parse(last)?);
    let more = last.into().checked_sub(first.into()).and_then(|more| more.try_into().ok());
    Ok((first, more.ok_or(BAD)?))
}

/// A port, and which of its frames, and how many VLANs after: `2`, `2 100`, `2 100-199`, `2 any`.
fn access(words: &mut SplitAsciiWhitespace) -> Result<(AccessKey, u16), HandlerError> {
    let port = word(words).ok().filter(|port| (1..MOST_PORTS).contains(port)).ok_or(BAD)?;
    let (vlan, more) = match words.next() {
        None => (Vlan::None, 0),
        Some("any") => (Vlan::Any, 0),
        Some(vlans) => {
            let (first, more) = range::<u16>(vlans)?;
            let last = first.checked_add(more).filter(|last| first > 0 && *last < 4095);
            (Vlan::Tagged(first), last.map(|_| more).ok_or(BAD)?)
        }
    };
    Ok((AccessKey { port, vlan }, more))
}

/// A routing table's name, and a destination.
fn route(words: &mut SplitAsciiWhitespace) -> Result<RouteKey, HandlerError> {
    Ok(RouteKey { vrf: Vrf::named(words.next().ok_or(BAD)?), prefix: word(words)? })
}

/// A gateway; or a VTEP, and the Ethernet address and network of the router behind it.
fn via(words: &mut SplitAsciiWhitespace) -> Result<Via, HandlerError> {
    let host = unicast(words)?;
    match words.next() {
        None => {
            let mut gateways = [Host(0); MOST_GATEWAYS];
            gateways[0] = host;
            Ok(Via::Gateways(gateways, 1))
        }
        Some(mac) => Ok(Via::Vtep(host, parse(mac)?, word(words)?)),
    }
}

/// Networks and the parts of a port that belong to them: as many of either.
fn accesses(words: &mut SplitAsciiWhitespace) -> Result<Command, HandlerError> {
    let (first, more) = range::<Vni>(words.next().ok_or(BAD)?)?;
    let (key, vlans) = access(words)?;
    if more == vlans { Ok(Command::AddAccess(first, key, more)) } else { Err(BAD) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::{Memory, Place, Settings};

    fn networks() -> Networks {
        let mut networks = Networks::new(Settings { learns: crate::overlay::Learns::All, timeout_s: 300 });
        networks.lend::<8, 6, 4, 4, 8, 4>(Box::leak(Box::new(Memory::EMPTY)));
        networks
    }

    #[test]
    fn commands_change_the_tables() {
        let mut networks = networks();
        let mut all = |lines: &[(&str, &str)]| {
            lines.iter().for_each(|(name, value)| write(&mut networks, name, value).expect(value));
            (
                networks.networks().len(),
                networks.stations().len(),
                networks.neighbors().len(),
                networks.accesses().len(),
            )
        };
        let add = [
            ("network_add", "7 100"),
            ("access_add", "7 1\n8 1 20\n8 2 any"),
            ("flood_add", "7 192.0.2.2"),
            ("mac_add", "7 02:00:00:00:00:01 192.0.2.2 moves\n7 02-00-00-00-00-02 192.0.2.3"),
            ("neighbor_add", "7 10.0.0.1 02:00:00:00:00:01\n7 fe80::1 02:00:00:00:00:01 moves router"),
        ];
        assert_eq!(all(&add), (2, 2, 2, 3));
        let remove = [
            ("access_del", "1 20"),
            ("access_add", "100-103 3 7-10"),
            ("network_del", "101"),
            ("network_del", "102"),
            ("network_del", "100"),
            ("network_del", "103"),
            ("mac_del", "7 02:00:00:00:00:02"),
            ("neighbor_del", "7 10.0.0.1"),
            ("flood_del", "7 192.0.2.2"),
        ];
        assert_eq!(all(&remove), (2, 1, 1, 2));
        assert_eq!(all(&[("network_del", "7")]), (1, 0, 0, 1));
    }

    #[test]
    fn routes_come_and_go() {
        let mut networks = networks();
        let lines = "red 10.1.0.0/16 10.9.0.2 02:00:00:00:40:02 4000\nred 0.0.0.0/0 192.0.2.1\nred 0.0.0.0/0 192.0.2.2";
        write(&mut networks, "route_add", lines).unwrap();
        assert_eq!(networks.routes().len(), 2);
        write(&mut networks, "route_del", "red 0.0.0.0/0 192.0.2.1\nred 10.1.0.0/16\nred 0.0.0.0/0").unwrap();
        assert!(networks.routes().is_empty());
    }

    #[test]
    fn wrong_commands_change_nothing() {
        let mut networks = networks();
        for (name, value) in [
            ("network_add", "16777216"),
            ("network_add", "1 x"),
            ("network_del", "1"),
            ("access_add", "1"),
            ("access_add", "1 0"),
            ("access_add", "1 32"),
            ("access_add", "1 1 0"),
            ("access_add", "1 1 4095"),
            ("access_add", "1-2 1 7"),
            ("access_add", "1-2 1 7-9"),
            ("access_add", "2-1 1 7-6"),
            ("access_add", "1-2 1 4094-4095"),
            ("access_add", "16777215-16777216 1 1-2"),
            ("access_del", "1"),
            ("flood_add", "1"),
            ("flood_del", "1 192.0.2.1"),
            ("mac_add", "1 03:00:00:00:00:01 192.0.2.1"),
            ("mac_add", "1 02:00:00:00:00:01 239.0.0.1"),
            ("mac_add", "1 02:00:00:00:00:01"),
            ("mac_del", "1 02:00:00:00:00:01"),
            ("neighbor_add", "1 10.0.0.1 02:00:00:00:00:01 host"),
            ("neighbor_add", "1 0.0.0.0 02:00:00:00:00:01"),
            ("neighbor_del", "1 10.0.0.1"),
            ("flood_add", "1-70000 192.0.2.1"),
            ("route_add", "red 10.0.0.0/33 192.0.2.1"),
            ("route_add", "red 10.0.0.0/8"),
            ("route_add", "red 10.0.0.0/8 192.0.2.1 02:00:00:00:00:01"),
            ("route_del", "red 10.0.0.0/8"),
        ] {
            assert_eq!(write(&mut networks, name, value), Err(HandlerError::BadValue), "{name} {value}");
        }
        assert!(networks.networks().is_empty());
        assert_eq!(write(&mut networks, "x", "1"), Err(HandlerError::Unknown));
        assert_eq!(write(&mut networks, "network_add", "1\n2 3 4"), Err(BAD), "a word too many");
        assert_eq!(networks.networks().len(), 1, "the line before it was done");
    }

    #[test]
    fn a_station_moves_when_it_is_said_again() {
        let mut networks = networks();
        write(&mut networks, "mac_add", "7 02:00:00:00:00:01 192.0.2.2\n7 02:00:00:00:00:01 192.0.2.3").unwrap();
        assert_eq!((networks.remotes().len(), networks.stations().len()), (1, 1));
        let at = networks.locate(Vni(7), Address::new([2, 0, 0, 0, 0, 1]), 0);
        let there = networks.remotes().find(&"192.0.2.3".parse().unwrap()).map(Place::Remote);
        assert_eq!(at, there);
    }
}
