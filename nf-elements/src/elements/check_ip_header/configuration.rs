// SPDX-License-Identifier: Apache-2.0
//! The arguments of `CheckIPHeader` and what shares them.

use super::{CheckIpHeader, Complaints};
use crate::configure::{Arguments, Configure, FromArgument, Instance, Ipv4Addresses, Ipv4Prefix, Surroundings};

/// Addresses with the length of their network's prefix, separated by white space.
struct Interfaces(Vec<Ipv4Prefix>);

impl FromArgument for Interfaces {
    const WANTED: &'static str = "addresses with prefix lengths separated by spaces, like 192.0.2.1/24";

    fn from_argument(text: &str) -> Option<Self> {
        let interface = |word: &str| word.contains('/').then(|| Ipv4Prefix::from_argument(word)).flatten();
        text.split_whitespace().map(interface).collect::<Option<_>>().map(Interfaces)
    }
}

/// Sources that are bad, and destinations to which they are not.
#[derive(Default)]
pub struct Addresses {
    bad: Vec<u32>,
    good: Vec<u32>,
}

impl Addresses {
    /// Takes INTERFACES, BADSRC and GOODDST.
    pub fn take(arguments: &mut Arguments) -> Self {
        let mut addresses = Addresses::default();
        if let Some(Interfaces(interfaces)) = arguments.keyword("INTERFACES") {
            addresses.bad.extend(interfaces.iter().map(|prefix| prefix.network() | !prefix.mask()).chain([0, u32::MAX]));
            addresses.good.extend(interfaces.iter().map(|prefix| prefix.address));
        }
        addresses.bad.extend(arguments.keyword("BADSRC").map_or(Vec::new(), |Ipv4Addresses(bad)| bad));
        addresses.good.extend(arguments.keyword("GOODDST").map_or(Vec::new(), |Ipv4Addresses(good)| good));
        addresses
    }

    /// Takes a BADSRC by position, in which the broadcast addresses are without being told.
    pub fn take_old(&mut self, arguments: &mut Arguments, index: usize, text: &str) {
        match Ipv4Addresses::from_argument(text) {
            Some(Ipv4Addresses(bad)) => self.bad.extend(bad.into_iter().chain([0, u32::MAX])),
            None => wrong::<Ipv4Addresses>(arguments, index, text),
        }
    }

    /// The two arguments of [`CheckIpHeader::new`], as Rust has them.
    pub fn expression(&self) -> String {
        format!("&{:?}, &{:?}", self.bad, self.good)
    }
}

fn wrong<T: FromArgument>(arguments: &mut Arguments, index: usize, text: &str) {
    arguments.error_at(index, 0..text.len(), format!("'{text}'"), Some(T::WANTED.into()));
}

/// The expression for a `CheckIpHeader` with these arguments.
pub fn expression(arguments: &mut Arguments, surroundings: &Surroundings, checksum: bool) -> Option<String> {
    let mut addresses = Addresses::take(arguments);
    let mut offset = arguments.keyword("OFFSET").unwrap_or(0u16);
    let checksum = arguments.keyword("CHECKSUM").unwrap_or(checksum);
    let complaints = Complaints::<6>::configure(
        arguments,
        surroundings,
        &format!("{}: IP header check failed", surroundings.name),
    );
    let by_position = arguments.rest();
    let number = by_position.last().and_then(|(_, text)| u16::from_argument(&text.value));
    match by_position.as_slice() {
        [] => {}
        [_] if number.is_some() => offset = number?,
        [(index, bad)] => addresses.take_old(arguments, *index, &bad.value),
        [(index, bad), (at, last)] => {
            addresses.take_old(arguments, *index, &bad.value);
            match number {
                Some(number) => offset = number,
                None => wrong::<u16>(arguments, *at, &last.value),
            }
        }
        [.., (index, text)] => {
            let usage = arguments.usage();
            arguments.error_at(*index, 0..text.value.len(), "one argument too many", Some(usage));
        }
    }
    Some(format!("CheckIpHeader::new({offset}, {checksum}, {}, {complaints})", addresses.expression()))
}

impl Configure for CheckIpHeader {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        Some(Instance::new("CheckIpHeader", expression(arguments, surroundings, true)?))
    }
}
