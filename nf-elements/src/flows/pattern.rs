// SPDX-License-Identifier: Apache-2.0
//! Patterns: what a flow's addresses and ports become, `SADDR SPORT DADDR DPORT`.

use super::{FlowId, Ipv4};
use core::fmt;
use core::net::Ipv4Addr;

/// Most addresses or ports tried for one flow. In a longer range those behind are tried for the next.
const TRIES: u32 = 4096;

/// What a flow's addresses and ports become; 0 leaves them as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The source address, or the first of a range.
    pub source: u32,
    /// The source port, or the first of a range.
    pub source_port: u16,
    /// The destination address.
    pub destination: u32,
    /// The destination port.
    pub destination_port: u16,
    /// How many more addresses the range has, or ports if there are `ports`.
    pub variation: u32,
    /// Whether the pattern says something about ports.
    pub ports: bool,
    /// Whether the range is used in order, instead of by chance.
    pub sequential: bool,
    /// Whether the packet's own port is tried first.
    pub same_first: bool,
    /// The next of the range, if it is used in order.
    pub next: u32,
}

/// What is wrong with a pattern or an input's specification; the words are Click's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// Too few or too many words.
    Syntax,
    /// No pattern has that name.
    NoPattern,
    /// The source address is none.
    SourceAddress,
    /// The source port is none.
    SourcePort,
    /// The destination address is none.
    DestinationAddress,
    /// The destination port is none.
    DestinationPort,
    /// The output for the flow is no number.
    ForwardPort,
    /// The output for answers is no number.
    ReplyPort,
    /// There is no such output.
    OutputRange,
    /// The specification's first word is none that begins one.
    Specification,
}

impl fmt::Display for PatternError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            PatternError::Syntax => "syntax error",
            PatternError::NoPattern => "no such pattern",
            PatternError::SourceAddress => "bad source address",
            PatternError::SourcePort => "bad source port",
            PatternError::DestinationAddress => "bad destination address",
            PatternError::DestinationPort => "bad destination port",
            PatternError::ForwardPort => "bad forward port",
            PatternError::ReplyPort => "bad reply port",
            PatternError::OutputRange => "output port out of range",
            PatternError::Specification => "unknown specification",
        })
    }
}

impl Pattern {
    /// Changes nothing.
    pub const NONE: Pattern = Pattern {
        source: 0,
        source_port: 0,
        destination: 0,
        destination_port: 0,
        variation: 0,
        ports: false,
        sequential: false,
        same_first: true,
        next: 0,
    };

    /// Reads `SADDR DADDR`, `SADDR DADDR SPORT` or `SADDR SPORT DADDR DPORT`.
    pub fn parse(words: &[&str]) -> Result<Self, PatternError> {
        let (source, source_port, destination, destination_port) = match *words {
            [source, destination] => (source, None, destination, None),
            [source, destination, source_port] => (source, Some(source_port), destination, None),
            [source, source_port, destination, port] => (source, Some(source_port), destination, Some(port)),
            _ => return Err(PatternError::Syntax),
        };
        let mut pattern = Pattern { ports: source_port.is_some(), ..Pattern::NONE };
        pattern.read_source(source).ok_or(PatternError::SourceAddress)?;
        if let Some(port) = source_port {
            pattern.read_source_port(port).ok_or(PatternError::SourcePort)?;
        }
        if destination != "-" {
            pattern.destination = address(destination).ok_or(PatternError::DestinationAddress)?;
        }
        if let Some(port) = destination_port.filter(|port| *port != "-") {
            pattern.destination_port = self::port(port).ok_or(PatternError::DestinationPort)?;
        }
        Ok(pattern)
    }

    /// Reads `-`, an address, a range or a prefix. With ports there is no range of addresses.
    fn read_source(&mut self, text: &str) -> Option<()> {
        if text == "-" {
            return Some(());
        }
        if let Some(address) = address(text) {
            self.source = address;
            return Some(());
        }
        let text = self.read_order(text);
        if let Some((low, high)) = text.split_once('-') {
            self.source = address(low)?;
            self.variation = address(high)?.checked_sub(self.source)?;
        } else {
            let (base, length) = text.split_once('/').unwrap_or((text, "32"));
            let (base, length) = (address(base).filter(|base| *base != 0)?, length.parse::<u32>().ok()?);
            let host = u32::MAX.checked_shr(length).unwrap_or(0);
            // The first and last address of a network are no hosts'; in one of two both are (RFC 3021).
            (self.source, self.variation) = match length {
                1..=30 => (base & !host | 1, host - 2),
                31 => (base & !host, 1),
                32 => (base, 0),
                _ => return None,
            };
        }
        (!self.ports).then_some(())
    }

    /// Reads `-`, a port or a range.
    fn read_source_port(&mut self, text: &str) -> Option<()> {
        if text == "-" {
            return Some(());
        }
        if let Some(port) = port(text) {
            self.source_port = port;
            return Some(());
        }
        let (low, high) = self.read_order(text).split_once('-')?;
        self.source_port = low.parse().ok()?;
        self.variation = high.parse::<u16>().ok()?.checked_sub(self.source_port)?.into();
        Some(())
    }

    /// Reads a range's end: `#` has it used in order, `?` by chance.
    fn read_order<'a>(&mut self, text: &'a str) -> &'a str {
        if let Some(text) = text.strip_suffix('#') {
            (self.sequential, self.same_first) = (true, false);
            return text;
        }
        match text.strip_suffix('?') {
            Some(text) => {
                self.same_first = false;
                text
            }
            None => text,
        }
    }

    /// What `id` becomes: not what is `taken`. None if nothing is left.
    pub fn rewrite(&mut self, id: &FlowId, random: &mut u64, taken: impl Fn(&FlowId) -> bool) -> Option<FlowId> {
        let mut new = FlowId {
            source: if self.source == 0 { id.source } else { self.source },
            destination: if self.destination == 0 { id.destination } else { self.destination },
            source_port: if self.source_port == 0 { id.source_port } else { self.source_port },
            destination_port: if self.destination_port == 0 { id.destination_port } else { self.destination_port },
        };
        if self.variation == 0 {
            return Some(new);
        }
        let own = u32::from(id.source_port).checked_sub(self.source_port.into());
        if self.same_first
            && self.ports
            && let Some(own) = own.filter(|own| *own <= self.variation)
        {
            new.source_port = id.source_port;
            if !taken(&new) {
                self.next = own + 1;
                return Some(new);
            }
        }
        let mut value = match self.sequential {
            true if self.next > self.variation => 0,
            true => self.next,
            false => below(random, u64::from(self.variation) + 1),
        };
        for _ in 0..=self.variation.min(TRIES) {
            if self.ports {
                new.source_port = self.source_port.wrapping_add(value as u16);
            } else {
                new.source = self.source.wrapping_add(value);
            }
            if !taken(&new) {
                self.next = value + 1;
                return Some(new);
            }
            value = if value == self.variation { 0 } else { value + 1 };
        }
        self.next = value;
        None
    }
}

/// A number below `limit` that nobody guesses who does not know `random`.
fn below(random: &mut u64, limit: u64) -> u32 {
    // xorshift64*, which never is 0 if it was not.
    let mut state = if *random == 0 { 0x9e37_79b9_7f4a_7c15 } else { *random };
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    *random = state;
    (((state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) * limit) >> 32) as u32
}

fn address(text: &str) -> Option<u32> {
    text.parse::<Ipv4Addr>().ok().map(u32::from)
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// As Click shows it: a range that is used in order, or by chance, is not told apart.
impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            0 => out.write_str("-")?,
            source => write!(out, "{}", Ipv4(source))?,
        }
        if !self.ports && self.variation > 0 {
            write!(out, "-{}", Ipv4(self.source.wrapping_add(self.variation)))?;
        }
        match self.source_port {
            _ if !self.ports => {}
            port if self.variation > 0 => write!(out, " {port}-{}", u32::from(port) + self.variation)?,
            0 => out.write_str(" -")?,
            port => write!(out, " {port}")?,
        }
        match self.destination {
            0 => out.write_str(" -")?,
            destination => write!(out, " {}", Ipv4(destination))?,
        }
        match self.destination_port {
            _ if !self.ports => Ok(()),
            0 => out.write_str(" -"),
            port => write!(out, " {port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Pattern, PatternError> {
        Pattern::parse(&text.split_ascii_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn patterns_are_read_and_shown_as_in_click() {
        for (text, shown) in [
            ("1.0.0.1 1 - -", "1.0.0.1 1 - -"),
            ("1.0.0.1 1-65535 - -", "1.0.0.1 1-65535 - -"),
            ("1.0.0.1 1-65535# - 80", "1.0.0.1 1-65535 - 80"),
            ("1.0.0.1 - - -", "1.0.0.1 - - -"),
            ("2.0.0.2 - 0-65535", "2.0.0.2 0-65535 - -"),
            ("1.0.0.1 -", "1.0.0.1 -"),
            ("- 9.9.9.9", "- 9.9.9.9"),
            ("1.0.0.1-1.0.255.255 -", "1.0.0.1-1.0.255.255 -"),
            ("1.0.0.1/24 -", "1.0.0.1-1.0.0.254 -"),
            ("1.0.0.9/8# -", "1.0.0.1-1.255.255.254 -"),
            ("1.0.0.9/31? -", "1.0.0.8-1.0.0.9 -"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("1.0.0.1", PatternError::Syntax),
            ("1.0.0.1 1 - - -", PatternError::Syntax),
            ("1.0.0.x -", PatternError::SourceAddress),
            ("1.255.0.0-1.0.255.255 -", PatternError::SourceAddress),
            ("1.0.0.1-1.0.0.9 1 - -", PatternError::SourceAddress),
            ("1.0.0.0/33 -", PatternError::SourceAddress),
            ("1.0.0.1 1x - -", PatternError::SourcePort),
            ("1.0.0.0 456-19 - -", PatternError::SourcePort),
            ("1.0.0.0 456-65536 - -", PatternError::SourcePort),
            ("1.0.0.0 0 - -", PatternError::SourcePort),
            ("1.0.0.0 9# - -", PatternError::SourcePort),
            ("1.0.0.0 1 x -", PatternError::DestinationAddress),
            ("1.0.0.0 1 - x", PatternError::DestinationPort),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }

    #[test]
    fn ranges_are_used_in_order_or_by_chance_but_never_twice() {
        let id = FlowId { source: 1, destination: 2, source_port: 1025, destination_port: 80 };
        for (range, first) in [("1024-1027#", Some(1024)), ("1024-1027", Some(1025)), ("1024-1027?", None)] {
            let mut pattern = read(&format!("1.0.0.1 {range} - -")).unwrap();
            let (mut ports, mut random) = (Vec::new(), 1);
            while let Some(new) = pattern.rewrite(&id, &mut random, |new| ports.contains(&new.source_port)) {
                assert!((1024..=1027).contains(&new.source_port) && new.destination == 2);
                ports.push(new.source_port);
            }
            assert_eq!(ports.len(), 4, "{range}");
            assert!(first.is_none_or(|first| ports[0] == first), "{range}");
        }
    }

    #[test]
    fn a_long_range_that_is_used_up_is_not_searched_to_its_end() {
        let mut pattern = read("1.0.0.0/8# -").unwrap();
        let tried = core::cell::Cell::new(0);
        let taken = |_: &FlowId| {
            tried.set(tried.get() + 1);
            true
        };
        assert_eq!(pattern.rewrite(&FlowId::NONE, &mut 1, taken), None);
        assert_eq!((tried.get(), pattern.next), (4097, 4097));
    }
}
