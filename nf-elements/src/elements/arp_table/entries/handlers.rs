// SPDX-License-Identifier: Apache-2.0
//! The table as handlers show and change it.

use super::Entries;
use crate::HandlerError;
use crate::wire::ethernet::Address;
use core::fmt;
use core::net::Ipv4Addr;

impl Entries {
    /// Writes a line for each entry: address, whether it is known, the Ethernet address, seconds since its last reply.
    pub fn write_table(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut link = self.oldest;
        while let Some(place) = self.places.get(usize::from(link).wrapping_sub(1)) {
            let entry = &place.entry;
            let known = u8::from(self.is_known(entry, self.latest_ns));
            let age_us = self.latest_ns.saturating_sub(entry.live_ns) / 1000;
            let (seconds, rest) = (age_us / 1_000_000, age_us % 1_000_000);
            let address = Ipv4Addr::from(entry.address);
            writeln!(out, "{address} {known} {} {seconds}.{rest:06}", entry.ethernet)?;
            link = entry.newer;
        }
        Ok(())
    }

    /// Does what the write handlers `insert` (`IP ETH`), `delete` (`IP`) and `clear` want.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let mut words = value.split_whitespace();
        let (address, ethernet) = (words.next(), words.next());
        let address = || address.and_then(|word| word.parse::<Ipv4Addr>().ok()).ok_or(HandlerError::BadValue);
        let ethernet = match (name, ethernet) {
            ("insert", Some(word)) => word.parse().map_err(|_| HandlerError::BadValue)?,
            ("delete", None) => Address::BROADCAST,
            ("clear", _) => {
                self.clear();
                return Ok(());
            }
            ("insert" | "delete", _) => return Err(HandlerError::BadValue),
            _ => return Err(HandlerError::Unknown),
        };
        let fits = words.next().is_none() && self.insert(address()?.into(), ethernet, self.latest_ns);
        if fits { Ok(()) } else { Err(HandlerError::BadValue) }
    }
}
