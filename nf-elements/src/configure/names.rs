// SPDX-License-Identifier: Apache-2.0
//! Names that a configuration gives to addresses and ports: `AddressInfo(NAME ADDRESS …)`, `PortInfo(NAME PORT)`.
//!
//! A name is visible in the compound that its element stands in, and in those inside of that. `NAME:ip`, `NAME:eth` and
//! their like say which of a name's addresses is meant; a name alone means what the argument needs.

use super::{FromArgument, Ipv4Prefix, Ipv6Prefix};
use crate::wire::ethernet::Address;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// What a name stands for; one name may have several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Ipv4(u32),
    Ipv4Net(Ipv4Prefix),
    Ipv6(u128),
    Ipv6Net(Ipv6Prefix),
    Ethernet(Address),
    Port(u16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// The path of the compound around it, with a `/` at its end; empty outside of all compounds.
    scope: String,
    name: String,
    value: Value,
}

/// Names with their values, the innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameTable {
    entries: Vec<Entry>,
}

/// What a name alone may mean where nothing says which of its values is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Its IPv4 address.
    Ipv4,
    /// Its IPv4 prefix.
    Ipv4Net,
    /// Its Ethernet address.
    Ethernet,
    /// Its IPv6 address.
    Ipv6,
    /// Its IPv6 prefix.
    Ipv6Net,
    /// Its IPv4 address and its Ethernet address, with a space between.
    Ipv4AndEthernet,
    /// Its port.
    Port,
}

impl Meaning {
    /// All of them, the likely ones first.
    pub const ALL: [Meaning; 7] = [
        Meaning::Ipv4,
        Meaning::Ethernet,
        Meaning::Ipv4AndEthernet,
        Meaning::Ipv4Net,
        Meaning::Port,
        Meaning::Ipv6,
        Meaning::Ipv6Net,
    ];
}

/// Something wrong in an argument: its bytes, what was found, what was wanted.
pub type NameError = (Range<usize>, String, String);

impl NameTable {
    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads an argument of `AddressInfo` that stands in `scope`: `NAME ADDRESS …`.
    pub fn add_addresses(&mut self, scope: &str, argument: &str) -> Result<(), NameError> {
        let mut words = words(argument);
        let Some((_, name)) = words.next() else { return Ok(()) };
        let mut any = false;
        for (at, word) in words {
            let values = addresses(word).or_else(|| {
                // An address may be given by another name.
                let inner = self.seen_from(scope);
                let values = Meaning::ALL.iter().filter_map(|meaning| inner.value_text(word, *meaning));
                let values: Vec<_> = values.filter_map(|text| addresses(&text)).flatten().collect();
                (!values.is_empty()).then_some(values)
            });
            let Some(values) = values else {
                let wanted = "an IPv4, IPv6 or Ethernet address, or an address with its prefix length";
                return Err((at..at + word.len(), format!("'{word}'"), wanted.into()));
            };
            any = true;
            values.into_iter().for_each(|value| self.add(scope, name, value));
        }
        let wanted = "NAME ADDRESS …, as in gateway 192.0.2.1 02:00:5e:10:00:01";
        if any { Ok(()) } else { Err((0..argument.len(), format!("'{argument}'"), wanted.into())) }
    }

    /// Reads an argument of `PortInfo` that stands in `scope`: `NAME PORT[/PROTOCOL] [NAME …]`.
    pub fn add_ports(&mut self, scope: &str, argument: &str) -> Result<(), NameError> {
        let mut names = Vec::new();
        let mut port = None;
        for (index, (at, word)) in words(argument).take_while(|(_, word)| !word.starts_with('#')).enumerate() {
            if index != 1 {
                names.push(word);
                continue;
            }
            let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
            let number = u16::from_argument(number).filter(|_| matches!(protocol, "tcp" | "udp"));
            let wanted = "a port from 0 to 65535, alone or with /tcp or /udp";
            port = Some(number.ok_or((at..at + word.len(), format!("'{word}'"), wanted.to_string()))?);
        }
        let wanted = "NAME PORT, as in web 8080";
        match port {
            Some(port) => names.into_iter().for_each(|name| self.add(scope, name, Value::Port(port))),
            None if names.is_empty() => {}
            None => return Err((0..argument.len(), format!("'{argument}'"), wanted.into())),
        }
        Ok(())
    }

    fn add(&mut self, scope: &str, name: &str, value: Value) {
        self.entries.push(Entry { scope: scope.into(), name: name.into(), value });
    }

    /// The names that an element in `scope` sees, those of the nearest compound first.
    pub fn seen_from(&self, scope: &str) -> NameTable {
        let mut entries: Vec<_> =
            self.entries.iter().filter(|entry| scope.starts_with(&entry.scope)).cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.scope.len()));
        NameTable { entries }
    }

    /// Whether it knows the name.
    pub fn knows(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The value that `NAME:SUFFIX` stands for, as it would be written.
    pub fn suffixed(&self, text: &str) -> Option<String> {
        let (name, suffix) = text.rsplit_once(':')?;
        let net = || self.find(name, |value| if let Value::Ipv4Net(net) = value { Some(net) } else { None });
        let address = match suffix {
            "ip" | "ip4" => return self.value_text(name, Meaning::Ipv4),
            "net" | "ipnet" | "ip4net" => return self.value_text(name, Meaning::Ipv4Net),
            "ip6" => return self.value_text(name, Meaning::Ipv6),
            "ip6net" => return self.value_text(name, Meaning::Ipv6Net),
            "eth" | "ether" | "ethernet" => return self.value_text(name, Meaning::Ethernet),
            "bcast" => net()?.network() | !net()?.mask(),
            // A device's gateway is known by the whole name.
            "gw" => self.ipv4(text).map(u32::from).or_else(|| Some(net()?.network() | 1))?,
            _ => return None,
        };
        Some(Ipv4Addr::from(address).to_string())
    }

    /// The value of a name, as it would be written.
    pub fn value_text(&self, name: &str, meaning: Meaning) -> Option<String> {
        Some(match meaning {
            Meaning::Ipv4 => self.ipv4(name)?.to_string(),
            Meaning::Ipv6 => self.ipv6(name)?.to_string(),
            Meaning::Ethernet => self.ethernet(name)?.to_string(),
            Meaning::Port => self.port(name)?.to_string(),
            Meaning::Ipv4AndEthernet => format!("{} {}", self.ipv4(name)?, self.ethernet(name)?),
            Meaning::Ipv4Net => {
                let net = self.find(name, |value| if let Value::Ipv4Net(net) = value { Some(net) } else { None })?;
                format!("{}/{}", Ipv4Addr::from(net.network()), net.length)
            }
            Meaning::Ipv6Net => {
                let net = self.find(name, |value| if let Value::Ipv6Net(net) = value { Some(net) } else { None })?;
                format!("{}/{}", Ipv6Addr::from(net.address), net.length)
            }
        })
    }

    /// The IPv4 address of a name.
    pub fn ipv4(&self, name: &str) -> Option<Ipv4Addr> {
        self.find(name, |value| if let Value::Ipv4(address) = value { Some(address.into()) } else { None })
    }

    /// The IPv6 address of a name.
    pub fn ipv6(&self, name: &str) -> Option<Ipv6Addr> {
        self.find(name, |value| if let Value::Ipv6(address) = value { Some(address.into()) } else { None })
    }

    /// The Ethernet address of a name.
    pub fn ethernet(&self, name: &str) -> Option<Address> {
        self.find(name, |value| if let Value::Ethernet(address) = value { Some(address) } else { None })
    }

    /// The port of a name.
    pub fn port(&self, name: &str) -> Option<u16> {
        self.find(name, |value| if let Value::Port(port) = value { Some(port) } else { None })
    }

    fn find<T>(&self, name: &str, pick: impl Fn(Value) -> Option<T>) -> Option<T> {
        self.entries.iter().filter(|entry| entry.name == name).find_map(|entry| pick(entry.value))
    }
}

/// The words of an argument with their places.
fn words(argument: &str) -> impl Iterator<Item = (usize, &str)> {
    argument.split_whitespace().map(|word| (word.as_ptr() as usize - argument.as_ptr() as usize, word))
}

/// What an address that is written out says; one with a prefix length is an address and a prefix.
fn addresses(word: &str) -> Option<Vec<Value>> {
    if let Some(address) = Address::from_argument(word) {
        return Some(vec![Value::Ethernet(address)]);
    }
    if let Some(net) = Ipv4Prefix::from_argument(word) {
        let address = Value::Ipv4(net.address);
        return Some(if word.contains('/') { vec![address, Value::Ipv4Net(net)] } else { vec![address] });
    }
    let net = Ipv6Prefix::from_argument(word)?;
    let address = Value::Ipv6(net.address);
    Some(if word.contains('/') { vec![address, Value::Ipv6Net(net)] } else { vec![address] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> NameTable {
        let mut table = NameTable::default();
        table.add_addresses("", "me 10.0.0.1/24 02:00:00:00:00:01 2001:db8::1/64").unwrap();
        table.add_addresses("inner/", "me 10.9.9.9").unwrap();
        table.add_addresses("", "other me:eth 18.26.4.15").unwrap_err();
        table.add_ports("", "web 8080/tcp http-alt # as in /etc/services").unwrap();
        table
    }

    #[test]
    fn suffixes_say_which_address_is_meant() {
        let table = table();
        let value = |text: &str| table.suffixed(text).unwrap_or_default();
        assert_eq!((value("me:ip"), value("me:ipnet")), ("10.0.0.1".into(), "10.0.0.0/24".into()));
        assert_eq!((value("me:bcast"), value("me:gw")), ("10.0.0.255".into(), "10.0.0.1".into()));
        assert_eq!((value("me:ip6"), value("me:ip6net")), ("2001:db8::1".into(), "2001:db8::1/64".into()));
        assert_eq!((value("me:eth"), value("me:x")), ("02-00-00-00-00-01".into(), "".into()));
        assert_eq!((table.port("web"), table.port("http-alt"), table.port("me")), (Some(8080), Some(8080), None));
    }

    #[test]
    fn inner_names_hide_outer_ones() {
        let (outer, inner) = (table().seen_from("other/"), table().seen_from("inner/deep/"));
        assert_eq!((outer.ipv4("me"), inner.ipv4("me")), (Some([10, 0, 0, 1].into()), Some([10, 9, 9, 9].into())));
        assert_eq!(inner.ethernet("me"), outer.ethernet("me"));
    }

    #[test]
    fn what_is_no_address_has_a_place() {
        let mut table = NameTable::default();
        assert_eq!(table.add_addresses("", "a  10.0.0.1 10.0.0").unwrap_err().0, 12..18);
        assert_eq!(table.add_addresses("", "a").unwrap_err().0, 0..1);
        assert_eq!(table.add_ports("", "a 70000").unwrap_err().0, 2..7);
        assert_eq!(table.add_ports("", "a 7/sctp").unwrap_err().0, 2..8);
    }
}
