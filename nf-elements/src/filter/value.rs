// SPDX-License-Identifier: Apache-2.0
//! Reads the value of a test: a number, a name, an address, a prefix, or a range.

use super::ast::{Prefix6, Protocol};
use super::names;
use super::parser::Parser;
use super::primitive::{Draft, ICMP_TYPE, Kind};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A value as its words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Integer(u32),
    IntegerRange(u32, u32),
    Address(u32),
    AddressRange(u32, u32),
    /// Address and mask.
    Net(u32, u32),
    /// An IPv6 address or prefix.
    Prefix6(Prefix6),
    Protocol(Protocol),
    Port(u16),
    TcpFlag(u8),
    IcmpType(u8),
}

impl Parser<'_> {
    /// Takes a value for `draft`, if the next word is one.
    pub(super) fn value(&mut self, draft: &Draft) -> Option<Value> {
        let word = self.word();
        let value = self.named(draft, word).or_else(|| plain(word))?;
        self.at += 1;
        if let (Value::Address(address), "mask") = (value, self.word())
            && let Some(mask) = self::address(self.word_after(1))
        {
            self.at += 2;
            return Some(Value::Net(address & mask, mask));
        }
        Some(value)
    }

    fn next_span(&self) -> std::ops::Range<usize> {
        self.peek().map_or(0..0, |token| token.span)
    }

    /// The number of that name. A name that says nothing here, or two things, is an error.
    fn named(&mut self, draft: &Draft, word: &str) -> Option<Value> {
        let all = meanings(word);
        if all.is_empty() {
            return None;
        }
        let mut fitting = all.iter().filter(|(value, _)| fits(draft, *value));
        if let (Some((value, _)), None) = (fitting.next(), fitting.next()) {
            return Some(*value);
        }
        let ambiguous = all.iter().any(|(value, _)| fits(draft, *value));
        let how = if ambiguous { "a name that can mean two things" } else { "a name that means nothing here" };
        let tries: Vec<_> = all.iter().map(|(_, qualifiers)| format!("'{qualifiers} {word}'")).collect();
        self.error(self.next_span(), format!("{how}: '{word}'"), Some(&tries.join(" or ")));
        None
    }
}

/// What a name can mean, each with the qualifiers that say so.
fn meanings(word: &str) -> Vec<(Value, &'static str)> {
    let mut meanings = Vec::new();
    meanings.extend(names::protocol(word).map(|protocol| (Value::Protocol(protocol), "proto")));
    meanings.extend(names::port(word).map(|port| (Value::Port(port), "port")));
    meanings.extend(names::tcp_flag(word).map(|flag| (Value::TcpFlag(flag), "tcp opt")));
    meanings.extend(names::icmp_type(word).map(|number| (Value::IcmpType(number), "icmp type")));
    meanings
}

/// Whether the qualifiers allow a value of that sort.
fn fits(draft: &Draft, value: Value) -> bool {
    let (wanted, protocols): (Kind, &[u8]) = match value {
        Value::Protocol(_) => return draft.context.kind.is_none_or(|kind| kind == Kind::Protocol),
        Value::Port(_) => (Kind::Port, &[6, 17]),
        Value::TcpFlag(_) => (Kind::TcpFlags, &[6]),
        _ => (Kind::Bits(ICMP_TYPE), &[1]),
    };
    let protocol_fits = match draft.context.protocol {
        None => true,
        Some(Protocol::Number(number)) => protocols.contains(&number),
        Some(Protocol::TcpOrUdp) => protocols.contains(&6),
        Some(Protocol::Transport) => false,
    };
    protocol_fits && draft.context.kind.is_none_or(|kind| kind == wanted)
}

/// A value that is not a name.
fn plain(word: &str) -> Option<Value> {
    if let Some(number) = integer(word) {
        return Some(Value::Integer(number));
    }
    if let Some(address) = address(word) {
        return Some(Value::Address(address));
    }
    if let Some((first, last)) = word.split_once('-') {
        return match (integer(first), integer(last), address(first), address(last)) {
            (Some(first), Some(last), ..) => Some(Value::IntegerRange(first, last)),
            (_, _, Some(first), Some(last)) => Some(Value::AddressRange(first, last)),
            _ => None,
        };
    }
    if word.contains(':') { prefix6(word).map(Value::Prefix6) } else { prefix(word) }
}

/// An IPv6 address, or `ADDRESS/LENGTH`.
fn prefix6(word: &str) -> Option<Prefix6> {
    let (address, length) = word.split_once('/').unwrap_or((word, "128"));
    let address = address.parse().ok().map(Ipv6Addr::to_bits)?;
    let length = integer(length).filter(|length| *length <= 128)? as u8;
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    Some(Prefix6 { address: address & mask, length })
}

/// A whole number: decimal, or hexadecimal behind 0x. Click reads a leading 0 as octal; here it is no number.
pub(super) fn integer(word: &str) -> Option<u32> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    let clean = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let octal = radix == 10 && digits.len() > 1 && digits.starts_with('0');
    if clean && !octal { u32::from_str_radix(digits, radix).ok() } else { None }
}

/// An IPv4 address.
pub(super) fn address(word: &str) -> Option<u32> {
    word.parse().ok().map(Ipv4Addr::to_bits)
}

/// A prefix: `ADDRESS/LENGTH` (zeros at the address's end may be left out: `10/8`) or `ADDRESS/MASK`.
fn prefix(word: &str) -> Option<Value> {
    let (start, length) = word.split_once('/')?;
    let mut full = start.to_string();
    for _ in start.matches('.').count()..3 {
        full += ".0";
    }
    let mask = match integer(length) {
        Some(length) if length <= 32 => u32::MAX.checked_shl(32 - length).unwrap_or(0),
        Some(_) => return None,
        None => address(length)?,
    };
    Some(Value::Net(address(&full)? & mask, mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_addresses_prefixes_and_ranges() {
        assert_eq!(plain("80"), Some(Value::Integer(80)));
        assert_eq!(plain("0x1F"), Some(Value::Integer(31)));
        assert_eq!(plain("1-9"), Some(Value::IntegerRange(1, 9)));
        assert_eq!(plain("10.0.0.1"), Some(Value::Address(0x0a00_0001)));
        assert_eq!(plain("10.0.0.1-10.0.0.9"), Some(Value::AddressRange(0x0a00_0001, 0x0a00_0009)));
        assert_eq!(plain("10.1.2.3/16"), Some(Value::Net(0x0a01_0000, 0xffff_0000)));
        assert_eq!(plain("10/8"), Some(Value::Net(0x0a00_0000, 0xff00_0000)));
        assert_eq!(plain("0.0.0.0/0"), Some(Value::Net(0, 0)));
        assert_eq!(plain("1.2.3.4/255.0.255.0"), Some(Value::Net(0x0100_0300, 0xff00_ff00)));
        for wrong in ["", "-", "010", "+1", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "4294967296", "1-", "0x"] {
            assert_eq!(plain(wrong), None, "{wrong}");
        }
    }
}
