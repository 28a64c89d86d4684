// SPDX-License-Identifier: Apache-2.0
//! Routes as text: `ADDR/MASK [GATEWAY] OUTPUT`.

use super::{Hop, Key, Route};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// A route as written; for removal the hop may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<K> {
    /// The destination.
    pub route: Route<K>,
    /// The gateway, if there is one, else zero.
    pub gateway: K,
    /// The output.
    pub output: Option<u16>,
}

impl<K: Key> Written<K> {
    /// Where the route leads, if an output was given.
    pub fn hop(self) -> Option<Hop<K>> {
        self.output.map(|output| Hop { gateway: self.gateway, output })
    }
}

/// Addresses and prefixes as people write them.
pub trait Text: Key {
    /// Whether a route that is added replaces one of the same prefix, in Click's tables for such addresses.
    const REPLACES: bool;

    /// Reads an address.
    fn address(text: &str) -> Option<Self>;
    /// Reads a prefix; an address alone has all bits.
    fn prefix(text: &str) -> Option<Route<Self>>;
}

impl Text for u32 {
    const REPLACES: bool = false;

    fn address(text: &str) -> Option<u32> {
        text.parse().ok().map(Ipv4Addr::to_bits)
    }

    /// `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, or with the last bytes left out, `10/8`.
    fn prefix(text: &str) -> Option<Route<u32>> {
        let Some((address, length)) = text.split_once('/') else {
            return Some(Route::new(Self::address(text)?, 32));
        };
        let (mut bytes, mut count) = ([0; 4], 0);
        for part in address.split('.') {
            let plain = (1..=3).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
            *bytes.get_mut(count)? = part.parse().ok().filter(|_| plain)?;
            count += 1;
        }
        let length = if length.contains('.') {
            let mask = Self::address(length)?;
            (mask.leading_ones() == mask.count_ones()).then(|| mask.leading_ones() as u8)?
        } else {
            length.parse().ok().filter(|length| *length <= 32)?
        };
        Some(Route::new(u32::from_be_bytes(bytes), length))
    }
}

impl Text for u128 {
    const REPLACES: bool = true;

    fn address(text: &str) -> Option<u128> {
        text.parse().ok().map(Ipv6Addr::to_bits)
    }

    fn prefix(text: &str) -> Option<Route<u128>> {
        let (address, length) = text.split_once('/').unwrap_or((text, "128"));
        let length = match Self::address(length) {
            Some(mask) => (mask.leading_ones() == mask.count_ones()).then(|| mask.leading_ones() as u8)?,
            None => length.parse().ok().filter(|length| *length <= 128)?,
        };
        Some(Route::new(Self::address(address)?, length))
    }
}

/// Reads `ADDR/MASK [GATEWAY] OUTPUT`; `-` is no gateway.
pub fn read<K: Text>(text: &str) -> Option<Written<K>> {
    let mut words = text.split_ascii_whitespace();
    let route = K::prefix(words.next()?)?;
    let (mut gateway, mut word) = (K::ZERO, words.next());
    if word == Some("-") {
        word = words.next();
    } else if let Some(address) = word.and_then(K::address) {
        gateway = address;
        word = words.next();
    }
    let output = match word {
        Some(word) => Some(word.parse().ok().filter(|output| *output != u16::MAX)?),
        None => None,
    };
    words.next().is_none().then_some(Written { route, gateway, output })
}

/// Counts what passes through.
struct Counting<'a> {
    out: &'a mut dyn fmt::Write,
    count: usize,
}

impl fmt::Write for Counting<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.count += text.len();
        self.out.write_str(text)
    }
}

/// Shows a route for a person, in columns that tabs make, as Click does.
pub fn show<K: Key>(route: Route<K>, hop: Hop<K>, out: &mut dyn fmt::Write) -> fmt::Result {
    use fmt::Write;
    let mut line = Counting { out, count: 0 };
    route.prefix.show(&mut line)?;
    write!(line, "/{}\t", route.length)?;
    line.write_str(if line.count < 17 { "\t" } else { "" })?;
    line.count = 0;
    if hop.gateway == K::ZERO {
        line.write_str("-")?;
    } else {
        hop.gateway.show(&mut line)?;
    }
    line.write_str("\t")?;
    line.write_str(if line.count < 9 { "\t" } else { "" })?;
    write!(line, "{}", hop.output)
}
