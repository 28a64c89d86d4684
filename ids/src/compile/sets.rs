// SPDX-License-Identifier: Apache-2.0
//! Sets of addresses and ports: lists, ranges, prefixes, negation, variables.
use std::collections::HashMap;
use std::format;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::string::{String, ToString};
use std::vec::Vec;

use super::Options;

/// A set of numbers as sorted inclusive ranges that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ranges(pub Vec<(u128, u128)>);

impl Ranges {
    fn one(low: u128, high: u128) -> Self {
        Self(std::vec![(low, high)])
    }

    fn union(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self.0.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::new();
        for (low, high) in self.0 {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    fn complement(&self, most: u128) -> Self {
        let mut from = Some(0);
        let mut gaps = Vec::new();
        for &(low, high) in &self.0 {
            if let Some(from) = from.filter(|from| *from < low) {
                gaps.push((from, low - 1));
            }
            from = high.checked_add(1).filter(|next| *next <= most);
        }
        gaps.extend(from.map(|from| (from, most)));
        Self(gaps)
    }

    fn without(&self, other: &Self, most: u128) -> Self {
        self.complement(most).union(other).complement(most)
    }
}

/// A set of addresses of both families, or of ports (which use the first part only).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set {
    /// IPv4 addresses, or ports.
    pub four: Ranges,
    /// IPv6 addresses.
    pub six: Ranges,
}

/// What a set is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Addresses.
    Addresses,
    /// Ports.
    Ports,
}

impl Kind {
    fn most(self) -> (u128, u128) {
        match self {
            Self::Addresses => (u128::from(u32::MAX), u128::MAX),
            Self::Ports => (u128::from(u16::MAX), 0),
        }
    }

    /// Everything.
    pub fn any(self) -> Set {
        let (four, six) = self.most();
        let six = if self == Self::Addresses { Ranges::one(0, six) } else { Ranges::default() };
        Set { four: Ranges::one(0, four), six }
    }

    fn combine(self, set: Set, other: &Set, join: fn(&Ranges, &Ranges, u128) -> Ranges) -> Set {
        let (four, six) = self.most();
        let six = if self == Self::Addresses { join(&set.six, &other.six, six) } else { Ranges::default() };
        Set { four: join(&set.four, &other.four, four), six }
    }
}

/// Variables of rules: their names without `$`, and what they stand for.
#[derive(Clone, Debug)]
pub struct Variables(HashMap<String, String>);

/// As Suricata's stock configuration has them.
const DEFAULTS: &[(&str, &str)] = &[
    ("HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"),
    ("EXTERNAL_NET", "!$HOME_NET"),
    ("HTTP_SERVERS", "$HOME_NET"),
    ("SMTP_SERVERS", "$HOME_NET"),
    ("SQL_SERVERS", "$HOME_NET"),
    ("DNS_SERVERS", "$HOME_NET"),
    ("TELNET_SERVERS", "$HOME_NET"),
    ("AIM_SERVERS", "$EXTERNAL_NET"),
    ("DC_SERVERS", "$HOME_NET"),
    ("DNP3_SERVER", "$HOME_NET"),
    ("DNP3_CLIENT", "$HOME_NET"),
    ("MODBUS_CLIENT", "$HOME_NET"),
    ("MODBUS_SERVER", "$HOME_NET"),
    ("ENIP_CLIENT", "$HOME_NET"),
    ("ENIP_SERVER", "$HOME_NET"),
    ("HTTP_PORTS", "80"),
    ("SHELLCODE_PORTS", "!80"),
    ("ORACLE_PORTS", "1521"),
    ("SSH_PORTS", "22"),
    ("DNP3_PORTS", "20000"),
    ("MODBUS_PORTS", "502"),
    ("FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"),
    ("FTP_PORTS", "21"),
    ("GENEVE_PORTS", "6081"),
    ("VXLAN_PORTS", "4789"),
    ("TEREDO_PORTS", "3544"),
    ("SIP_PORTS", "[5060,5061]"),
];

impl Variables {
    /// Those of the stock configuration, and `options`'.
    pub fn new(options: &Options) -> Self {
        let defaults = DEFAULTS.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string()));
        Self(defaults.chain(options.variables.iter().cloned()).collect())
    }

    /// The set that `text` writes.
    pub fn set(&self, text: &str, kind: Kind) -> Result<Set, String> {
        let set = self.element(text.trim(), kind, 0)?;
        if set == Set::default() { Err(format!("`{text}` is empty")) } else { Ok(set) }
    }

    /// Most variables and brackets inside each other.
    const DEPTH: usize = 16;

    fn element(&self, text: &str, kind: Kind, depth: usize) -> Result<Set, String> {
        if depth > Self::DEPTH {
            return Err(format!("`{text}` is nested too deeply"));
        }
        if elements(text)?.len() > 1 {
            return self.list(text, kind, depth + 1);
        }
        if let Some(rest) = text.strip_prefix('!') {
            let set = self.element(rest.trim(), kind, depth + 1)?;
            return Ok(kind.combine(kind.any(), &set, Ranges::without));
        }
        if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return self.list(list, kind, depth + 1);
        }
        if let Some(name) = text.strip_prefix('$') {
            let value = self.0.get(name).ok_or_else(|| format!("the variable `${name}` is not set"))?;
            return self.element(value.trim(), kind, depth + 1);
        }
        match kind {
            _ if text.eq_ignore_ascii_case("any") => Ok(kind.any()),
            Kind::Addresses => addresses(text),
            Kind::Ports => ports(text),
        }
    }

    fn list(&self, list: &str, kind: Kind, depth: usize) -> Result<Set, String> {
        let (mut with, mut without, mut only_negated) = (Set::default(), Set::default(), true);
        for element in elements(list)? {
            if let Some(negated) = element.strip_prefix('!') {
                let set = self.element(negated.trim(), kind, depth)?;
                without = kind.combine(without, &set, |one, other, _| one.clone().union(other));
            } else {
                let set = self.element(element, kind, depth)?;
                only_negated = false;
                with = kind.combine(with, &set, |one, other, _| one.clone().union(other));
            }
        }
        let with = if only_negated { kind.any() } else { with };
        Ok(kind.combine(with, &without, Ranges::without))
    }
}

/// The elements of a list, at its commas outside of inner brackets.
fn elements(list: &str) -> Result<Vec<&str>, String> {
    let (mut depth, mut start, mut found) = (0usize, 0, Vec::new());
    for (place, character) in list.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.checked_sub(1).ok_or_else(|| format!("`{list}` has a `]` too many"))?,
            ',' if depth == 0 => {
                found.push(list[start..place].trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(format!("`{list}` lacks a `]`"));
    }
    found.push(list[start..].trim());
    if found.iter().any(|element| element.is_empty()) {
        Err(format!("`[{list}]` has an empty element"))
    } else {
        Ok(found)
    }
}

fn ports(text: &str) -> Result<Set, String> {
    let number = |text: &str, open: u16| match text.trim() {
        "" => Ok(open),
        text => text.parse::<u16>().map_err(|_| format!("`{text}` is not a port")),
    };
    let (low, high) = match text.split_once(':') {
        Some((low, high)) => (number(low, 0)?, number(high, u16::MAX)?),
        None if text.is_empty() => return Err("a port is missing".into()),
        None => (number(text, 0)?, number(text, 0)?),
    };
    if low > high {
        return Err(format!("the range `{text}` is backwards"));
    }
    Ok(Set { four: Ranges::one(low.into(), high.into()), six: Ranges::default() })
}

fn addresses(text: &str) -> Result<Set, String> {
    let bad = || format!("`{text}` is not an address, a prefix or a range");
    if let Some((low, high)) = text.split_once('-') {
        return range(address(low).ok_or_else(bad)?, address(high).ok_or_else(bad)?).ok_or_else(bad);
    }
    let Some((prefix, length)) = text.split_once('/') else {
        let one = address(text).ok_or_else(bad)?;
        return range(one, one).ok_or_else(bad);
    };
    let (value, width) = address(prefix).ok_or_else(bad)?;
    let length = mask_length(length.trim(), width).ok_or_else(bad)?;
    let free = width - length;
    let hosts = if free == 128 { u128::MAX } else { (1u128 << free) - 1 };
    range((value & !hosts, width), (value | hosts, width)).ok_or_else(bad)
}

/// A prefix's length, which may be written as a netmask.
fn mask_length(text: &str, width: u32) -> Option<u32> {
    if let Ok(mask) = text.parse::<Ipv4Addr>() {
        let mask = u32::from(mask);
        return (width == 32 && mask.leading_ones() + mask.trailing_zeros() == 32).then(|| mask.leading_ones());
    }
    text.parse().ok().filter(|length| *length <= width)
}

/// An address as a number, and its width in bits.
fn address(text: &str) -> Option<(u128, u32)> {
    let text = text.trim();
    if let Ok(four) = text.parse::<Ipv4Addr>() {
        return Some((u32::from(four).into(), 32));
    }
    text.parse::<Ipv6Addr>().ok().map(|six| (u128::from(six), 128))
}

fn range((low, width): (u128, u32), (high, other): (u128, u32)) -> Option<Set> {
    if width != other || low > high {
        return None;
    }
    let ranges = Ranges::one(low, high);
    Some(if width == 32 {
        Set { four: ranges, six: Ranges::default() }
    } else {
        Set { four: Ranges::default(), six: ranges }
    })
}

/// The sets of a table, each once.
#[derive(Default)]
pub struct Pool {
    /// The section's bytes.
    pub bytes: Vec<u8>,
    known: HashMap<(bool, Set), u32>,
}

impl Pool {
    /// Where `set` stands; [`crate::table::NONE`] if it is everything.
    pub fn place(&mut self, set: &Set, kind: Kind) -> u32 {
        if *set == kind.any() {
            return crate::table::NONE;
        }
        let key = (kind == Kind::Ports, set.clone());
        if let Some(place) = self.known.get(&key) {
            return *place;
        }
        let place = u32::try_from(self.bytes.len()).expect("sets of less than 4 GiB");
        match kind {
            Kind::Ports => self.write_ports(&set.four),
            Kind::Addresses => self.write_addresses(set),
        }
        self.known.insert(key, place);
        place
    }

    fn word(&mut self, word: usize) {
        self.bytes.extend_from_slice(&u32::try_from(word).expect("fewer than 2³² ranges").to_le_bytes());
    }

    fn write_ports(&mut self, ports: &Ranges) {
        self.word(ports.0.len());
        for (low, high) in &ports.0 {
            self.word((*high as usize) << 16 | *low as usize);
        }
    }

    fn write_addresses(&mut self, set: &Set) {
        self.word(set.four.0.len());
        self.word(set.six.0.len());
        for (low, high) in &set.four.0 {
            for bound in [low, high] {
                self.bytes.extend_from_slice(&bound.to_be_bytes()[12..]);
            }
        }
        for (low, high) in &set.six.0 {
            for bound in [low, high] {
                self.bytes.extend_from_slice(&bound.to_be_bytes());
            }
        }
    }
}
