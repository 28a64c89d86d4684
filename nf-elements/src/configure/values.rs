// SPDX-License-Identifier: Apache-2.0
//! The values that arguments have beyond numbers and words: addresses, prefixes, times, rates, strings of bytes.

use super::{FromArgument, Meaning, NameTable};
use crate::filter::ast::Protocol;
use crate::filter::names;
use crate::wire::ethernet::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl FromArgument for Ipv4Addr {
    const WANTED: &'static str = "an IPv4 address like 192.0.2.1";

    fn from_argument(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.ipv4(name)
    }
}

impl FromArgument for Ipv6Addr {
    const WANTED: &'static str = "an IPv6 address like 2001:db8::1";

    fn from_argument(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.ipv6(name)
    }
}

impl FromArgument for IpAddr {
    const WANTED: &'static str = "an IPv4 or IPv6 address like 192.0.2.1 or 2001:db8::1";

    fn from_argument(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.ipv4(name).map(IpAddr::V4).or_else(|| names.ipv6(name).map(IpAddr::V6))
    }
}

/// A MAC address, its bytes separated by `:` or `-`.
impl FromArgument for Address {
    const WANTED: &'static str = "an Ethernet address like 02:00:5e:10:00:01";

    fn from_argument(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.ethernet(name)
    }
}

/// An IPv4 prefix: `ADDRESS/LENGTH` or `ADDRESS/MASK`; an address alone has all 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Prefix {
    /// The address as written, host bits included.
    pub address: u32,
    /// Bits of the network, 0 to 32.
    pub length: u8,
}

impl Ipv4Prefix {
    /// The network mask.
    pub fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0)
    }

    /// The address without its host bits.
    pub fn network(self) -> u32 {
        self.address & self.mask()
    }
}

impl FromArgument for Ipv4Prefix {
    const WANTED: &'static str = "an IPv4 prefix like 192.0.2.0/24";

    fn from_argument(text: &str) -> Option<Self> {
        let Some((address, length)) = text.split_once('/') else {
            return Some(Ipv4Prefix { address: text.parse::<Ipv4Addr>().ok()?.into(), length: 32 });
        };
        // Click takes addresses whose last bytes are left out: 18.26/16.
        let missing = 3usize.checked_sub(address.matches('.').count())?;
        let address = format!("{address}{}", ".0".repeat(missing)).parse::<Ipv4Addr>().ok()?.into();
        let length = match length.parse::<Ipv4Addr>() {
            Ok(mask) => {
                let mask = u32::from(mask);
                (mask.leading_ones() == mask.count_ones()).then(|| mask.leading_ones() as u8)?
            }
            Err(_) => length.parse().ok().filter(|length| *length <= 32)?,
        };
        Some(Ipv4Prefix { address, length })
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        let net = names.value_text(name, Meaning::Ipv4).or_else(|| names.value_text(name, Meaning::Ipv4Net));
        Self::from_argument(&net?)
    }
}

/// IPv4 addresses separated by white space, their first bytes uppermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipv4Addresses(pub Vec<u32>);

impl FromArgument for Ipv4Addresses {
    const WANTED: &'static str = "IPv4 addresses separated by spaces";

    fn from_argument(text: &str) -> Option<Self> {
        let addresses = text.split_whitespace().map(|word| word.parse().ok().map(Ipv4Addr::to_bits));
        addresses.collect::<Option<_>>().map(Ipv4Addresses)
    }
}

/// An IP protocol by number or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpProtocol(pub u8);

impl FromArgument for IpProtocol {
    const WANTED: &'static str = "an IP protocol: a number to 255, or a name like udp";

    fn from_argument(text: &str) -> Option<Self> {
        match names::protocol(text) {
            Some(Protocol::Number(number)) => Some(IpProtocol(number)),
            _ => u8::from_argument(text).map(IpProtocol),
        }
    }
}

/// A TCP or UDP port by number or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port(pub u16);

impl FromArgument for Port {
    const WANTED: &'static str = "a port: a number to 65535, or a name like ssh";

    fn from_argument(text: &str) -> Option<Self> {
        names::port(text).or_else(|| u16::from_argument(text)).map(Port)
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.port(name).map(Port)
    }
}

/// A destination: an IPv4 address, or `DST_ANNO` for that of each packet's annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination(pub Option<[u8; 4]>);

impl FromArgument for Destination {
    const WANTED: &'static str = "an IPv4 address or DST_ANNO";

    fn from_argument(text: &str) -> Option<Self> {
        if text == "DST_ANNO" {
            return Some(Destination(None));
        }
        Ipv4Addr::from_argument(text).map(|address| Destination(Some(address.octets())))
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        names.ipv4(name).map(|address| Destination(Some(address.octets())))
    }
}

/// IPv6 addresses with spaces between; an empty text is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipv6Addresses(pub Vec<u128>);

impl FromArgument for Ipv6Addresses {
    const WANTED: &'static str = "IPv6 addresses with spaces between, like 2001:db8::1 2001:db8::2";

    fn from_argument(text: &str) -> Option<Self> {
        let addresses = text.split_whitespace().map(|word| word.parse().ok().map(Ipv6Addr::to_bits));
        addresses.collect::<Option<_>>().map(Ipv6Addresses)
    }
}

/// An IPv6 prefix: `ADDRESS/LENGTH`; an address alone has all 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Prefix {
    /// The address as written, host bits included.
    pub address: u128,
    /// Bits of the network, 0 to 128.
    pub length: u8,
}

impl FromArgument for Ipv6Prefix {
    const WANTED: &'static str = "an IPv6 prefix like 2001:db8::/32";

    fn from_argument(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').unwrap_or((text, "128"));
        let address = address.parse::<Ipv6Addr>().ok()?.into();
        Some(Ipv6Prefix { address, length: length.parse().ok().filter(|length| *length <= 128)? })
    }

    fn named(names: &NameTable, name: &str) -> Option<Self> {
        let net = names.value_text(name, Meaning::Ipv6).or_else(|| names.value_text(name, Meaning::Ipv6Net));
        Self::from_argument(&net?)
    }
}

/// A time as Click writes it: seconds, or with a unit (`s`, `ms`, `us`, `ns`, `min`, `h`, `d`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nanoseconds(pub u64);

impl FromArgument for Nanoseconds {
    const WANTED: &'static str = "a time like 5, 0.5s or 20ms";

    fn from_argument(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text);
        let scale = match unit {
            "" | "s" | "sec" => 1e9,
            "ms" | "msec" => 1e6,
            "us" | "usec" => 1e3,
            "ns" | "nsec" => 1.0,
            "m" | "min" => 60e9,
            "h" | "hr" => 3600e9,
            "d" | "day" => 86_400e9,
            _ => return None,
        };
        let value = number.parse::<f64>().ok()? * scale;
        (value.is_finite() && (0.0..1.8e19).contains(&value)).then(|| Nanoseconds(value.round() as u64))
    }
}

/// A rate of data as Click writes it: bytes per second, or with a unit of bits (`bps`, `kbps`, `Mbps`, `Gbps`) or of bytes
/// (`Bps`, `kBps`, `MBps`, `GBps`, or without `ps`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BytesPerSecond(pub u64);

impl FromArgument for BytesPerSecond {
    const WANTED: &'static str = "a rate like 1000000, 8Mbps or 1MBps";

    fn from_argument(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text);
        let unit = unit.trim_end_matches("ps").trim_end_matches("/s");
        let (unit, bytes) = match unit.strip_suffix('b') {
            Some(rest) => (rest, 0.125),
            None => (unit.strip_suffix("baud").unwrap_or(unit.strip_suffix('B').unwrap_or(unit)), 1.0),
        };
        let scale = match unit {
            "" => 1.0,
            "k" | "K" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            _ => return None,
        };
        let value = number.parse::<f64>().ok()? * scale * bytes;
        (value.is_finite() && (0.0..1.8e19).contains(&value)).then(|| BytesPerSecond(value.round() as u64))
    }
}

/// A number and the unit behind it, with or without a space between.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    (text[..end].trim(), text[end..].trim())
}

/// A fraction from 0 to 1, or a percentage, in units of 2⁻³².
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction(pub u64);

impl FromArgument for Fraction {
    const WANTED: &'static str = "a fraction from 0 to 1, like 0.02";

    fn from_argument(text: &str) -> Option<Self> {
        let (text, scale) = text.strip_suffix('%').map_or((text, 1.0), |text| (text, 100.0));
        let value = text.parse::<f64>().ok()? / scale;
        (0.0..=1.0).contains(&value).then(|| Fraction((value * 4_294_967_296.0).round() as u64))
    }
}

/// A string as bytes: Click's quotation marks and escapes, `\\<…>` for hexadecimal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl FromArgument for Bytes {
    const WANTED: &'static str = r#"a string like "text\n" or \<0800 45>"#;

    fn from_argument(text: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        if let Some(raw) = text.strip_prefix('\'') {
            bytes.extend(raw.strip_suffix('\'')?.bytes());
            return Some(Bytes(bytes));
        }
        let quoted = text.strip_prefix('"');
        let mut rest = match quoted {
            Some(quoted) => quoted.strip_suffix('"')?,
            None => text,
        };
        while let Some(at) = rest.find('\\') {
            bytes.extend(rest[..at].bytes());
            rest = escape(&rest[at + 1..], quoted.is_some(), &mut bytes)?;
        }
        bytes.extend(rest.bytes());
        (!text.is_empty()).then_some(Bytes(bytes))
    }
}

/// Reads what follows a backslash; the text behind it.
fn escape<'a>(text: &'a str, quoted: bool, bytes: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(hexadecimal) = text.strip_prefix('<') {
        let (digits, rest) = hexadecimal.split_once('>')?;
        let digits: Vec<u32> =
            digits.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        bytes.extend(pairs.iter().map(|[high, low]| (high << 4 | low) as u8));
        return Some(rest);
    }
    if !quoted {
        bytes.push(b'\\');
        return Some(text);
    }
    let byte = match text.as_bytes().first()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => 0,
        b @ (b'\\' | b'"' | b'\'' | b'$') => *b,
        _ => return None,
    };
    bytes.push(byte);
    Some(&text[1..])
}

/// A one-byte user annotation: its name or its offset in Click's 48 bytes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotationByte(pub u8);

impl FromArgument for AnnotationByte {
    const WANTED: &'static str = "an annotation that any byte fits: PAINT, 18, 24, or one from 0 to 16 or 20 to 23";

    fn from_argument(text: &str) -> Option<Self> {
        let offset = if text == "PAINT" { 16 } else { u8::from_argument(text)? };
        crate::Packet::has_annotation_byte(offset).then_some(AnnotationByte(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: FromArgument>(text: &str) -> Option<T> {
        T::from_argument(text)
    }

    #[test]
    fn strings_are_clicks() {
        let bytes = |text| Bytes::from_argument(text).map(|Bytes(bytes)| bytes);
        assert_eq!(bytes(r"\<0800>").unwrap(), [8, 0]);
        assert_eq!(bytes(r#""a\n\t\\\"\<4 1>""#).unwrap(), b"a\n\t\\\"A");
        assert_eq!((bytes(r"a\n").unwrap(), bytes(r"'a\n'").unwrap()), (br"a\n".to_vec(), br"a\n".to_vec()));
        for wrong in ["", r"\<080>", r"\<0g>", r"\<08", r#""a"#, "'", r#""\q""#, r#""\"#, r#""\é""#] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_and_prefixes() {
        assert_eq!(read::<Address>("2:0:5e:10:0:1"), read::<Address>("02-00-5E-10-00-01"));
        assert!(
            ["2:0:5e:10:0", "2:0:5e:10:0:1:2", "2:0:5e:10:0:+1", ""].map(read::<Address>).iter().all(Option::is_none)
        );
        let prefix = |text| read::<Ipv4Prefix>(text).map(|prefix| (prefix.network(), prefix.length));
        assert_eq!(prefix("18.26/16"), Some((0x121a_0000, 16)));
        assert_eq!(prefix("10.0.0.1/255.0.0.0"), Some((0x0a00_0000, 8)));
        assert_eq!((prefix("0.0.0.0/0"), prefix("1.2.3.4")), (Some((0, 0)), Some((0x0102_0304, 32))));
        assert_eq!((prefix("1.2.3.4/33"), prefix("1.2.3.4/255.0.255.0"), prefix("1.2.3.4.5/8")), (None, None, None));
        assert_eq!(read::<Ipv6Prefix>("2001:db8::/32").unwrap().length, 32);
        assert_eq!(read::<Ipv6Prefix>("2001:db8::/129"), None);
    }

    #[test]
    fn names_of_numbers() {
        assert_eq!(["udp", "17", "0x11"].map(read::<IpProtocol>), [Some(IpProtocol(17)); 3]);
        assert_eq!(["tcpudp", "256", ""].map(read::<IpProtocol>), [None; 3]);
        assert_eq!(["ssh", "22"].map(read::<Port>), [Some(Port(22)); 2]);
        assert_eq!(["shh", "65536"].map(read::<Port>), [None; 2]);
        assert_eq!(read::<Destination>("DST_ANNO"), Some(Destination(None)));
        assert_eq!(read::<Ipv4Addresses>("1.2.3.4  0.0.0.1"), Some(Ipv4Addresses(vec![0x0102_0304, 1])));
    }

    #[test]
    fn annotations_have_names_and_offsets() {
        let offset = |text| read::<AnnotationByte>(text).map(|annotation| annotation.0);
        assert_eq!(["PAINT", "18", "17", "48", "paint"].map(offset), [Some(16), Some(18), None, None, None]);
    }

    #[test]
    fn times_rates_and_fractions() {
        let time = |text| read::<Nanoseconds>(text).map(|time| time.0);
        assert_eq!(
            ["5", "0.5s", "20ms", "3 us", "1min"].map(time),
            [5e9, 5e8, 2e7, 3e3, 6e10].map(|ns| Some(ns as u64))
        );
        assert_eq!(["", "s", "-1", "1x"].map(time), [None; 4]);
        let rate = |text| read::<BytesPerSecond>(text).map(|rate| rate.0);
        assert_eq!(
            ["8", "8Mbps", "1MBps", "64 kbps", "2kB/s"].map(rate),
            [8, 1_000_000, 1_000_000, 8000, 2000].map(Some)
        );
        assert_eq!(["Mbps", "-1", "1x"].map(rate), [None; 3]);
        assert_eq!(
            ["0.5", "50%", "1", "1.01"].map(read::<Fraction>),
            [Some(Fraction(1 << 31)), Some(Fraction(1 << 31)), Some(Fraction(1 << 32)), None]
        );
    }
}
