// SPDX-License-Identifier: Apache-2.0
//! Links to other hosts over UDP or TCP: where they lead, and what they have carried.
//!
//! Over UDP a frame travels as it is, as the only content of a datagram; which link it came by the datagram's source address tells. So do
//! the hosts of Palacios's VNET speak to each other. Over TCP it has its length in front, see [`stream`](super::stream).

use super::template::{self, Template};
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// The port that VNET's hosts listen at.
pub const PORT: u16 = 9000;
/// Most links of a host.
pub const MOST_LINKS: usize = 64;

/// A link's other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// What carries the frames.
    pub protocol: Protocol,
}

/// What carries a link's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A datagram each.
    Udp,
    /// A connection.
    Tcp(Opening),
}

/// Who opens a link's connection, RFC 9293 §3.9.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The end whose address is greater: so both ends say the same.
    Greater,
    /// This end.
    Active,
    /// The other end.
    Passive,
}

impl Opening {
    /// Whether the end at `local` connects to the one at `remote`.
    pub fn is_active(self, local: IpAddr, remote: IpAddr) -> bool {
        match self {
            Opening::Greater => local > remote,
            Opening::Active => true,
            Opening::Passive => false,
        }
    }
}

impl Protocol {
    const ALL: [(&str, Protocol); 4] = [
        ("udp", Protocol::Udp),
        ("tcp", Protocol::Tcp(Opening::Greater)),
        ("tcp-active", Protocol::Tcp(Opening::Active)),
        ("tcp-passive", Protocol::Tcp(Opening::Passive)),
    ];

    /// Whether it is a connection.
    #[inline]
    pub fn is_tcp(self) -> bool {
        self != Protocol::Udp
    }
}

/// What is wrong with a link's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The address is none.
    Address,
    /// The port is none, or 0.
    Port,
    /// The protocol is neither UDP nor TCP.
    Protocol,
    /// There is more.
    Rest,
}

impl fmt::Display for LinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            LinkError::Address => "the address is no IPv4 or IPv6 address",
            LinkError::Port => "the port is no number from 1 to 65535",
            LinkError::Protocol => "the protocol is not udp, tcp, tcp-active or tcp-passive",
            LinkError::Rest => "there is something behind the link",
        })
    }
}

/// `ADDRESS [PORT [PROTOCOL]]`, as in VNET's command `ADD`.
impl FromStr for Remote {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let mut words = text.split_whitespace();
        let address = words.next().and_then(|word| word.parse().ok()).ok_or(LinkError::Address)?;
        let port = words.next().map_or(Ok(PORT), |word| word.parse().map_err(|_| LinkError::Port))?;
        if port == 0 {
            return Err(LinkError::Port);
        }
        let word = words.next().unwrap_or("udp");
        let named = Protocol::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let (_, protocol) = *named.ok_or(LinkError::Protocol)?;
        if words.next().is_some() { Err(LinkError::Rest) } else { Ok(Remote { address, port, protocol }) }
    }
}

/// Frames one way, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Frames.
    pub frames: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Carried {
    /// One more, of so many bytes.
    #[inline]
    pub fn add(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }
}

/// A link.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Its other end.
    pub remote: Remote,
    /// What came by it.
    pub received: Carried,
    /// What left by it.
    pub sent: Carried,
    /// Its datagrams' headers, if they are the same for all.
    pub template: Option<Template>,
}

impl Link {
    const fn new(remote: Remote, source: Option<Source>) -> Link {
        let nothing = Carried { frames: 0, bytes: 0 };
        let template = match (source, remote) {
            (Some(source), Remote { address: IpAddr::V4(address), port, protocol: Protocol::Udp }) => {
                let ends = template::Ends {
                    source: (source.address, source.port),
                    destination: (address.octets(), port),
                    ttl: source.ttl,
                };
                Some(Template::new(ends))
            }
            _ => None,
        };
        Link { remote, received: nothing, sent: nothing, template }
    }
}

/// What is the same in all datagrams of a host, if that is all but their destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its address.
    pub address: [u8; 4],
    /// Its port.
    pub port: u16,
    /// Time to live.
    pub ttl: u8,
}

/// The links of a host. Their numbers stay as they are while others come and go.
pub struct Links {
    links: [Option<Link>; MOST_LINKS],
    /// Behind the last one.
    end: usize,
    /// The one that was last asked for by its address.
    last: usize,
    source: Option<Source>,
}

impl Links {
    /// With `remotes` at first, which are at most [`MOST_LINKS`].
    pub const fn new(remotes: &[Remote], source: Option<Source>) -> Links {
        assert!(remotes.len() <= MOST_LINKS, "there is room for them");
        let mut links = [None; MOST_LINKS];
        let mut index = 0;
        while index < remotes.len() {
            links[index] = Some(Link::new(remotes[index], source));
            index += 1;
        }
        Links { links, end: remotes.len(), last: 0, source }
    }

    /// Adds a link and says its number; none if there is no room, or one leads to that address already.
    pub fn add(&mut self, remote: Remote) -> Option<usize> {
        if self.from(remote.address).is_some() {
            return None;
        }
        let index = self.links.iter().position(Option::is_none)?;
        self.links[index] = Some(Link::new(remote, self.source));
        self.end = self.end.max(index + 1);
        Some(index)
    }

    /// Removes link `index`: false if there is none.
    pub fn remove(&mut self, index: usize) -> bool {
        let removed = self.links.get_mut(index).and_then(Option::take).is_some();
        self.end = self.links.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        removed
    }

    /// The link that leads to `address`.
    #[inline]
    pub fn from(&mut self, address: IpAddr) -> Option<usize> {
        let leads = |link: &Option<Link>| link.as_ref().is_some_and(|link| link.remote.address == address);
        if self.links.get(self.last).is_some_and(leads) {
            return Some(self.last);
        }
        self.last = self.links[..self.end].iter().position(leads)?;
        Some(self.last)
    }

    /// Link `index`, if there is one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&Link> {
        self.links.get(index)?.as_ref()
    }

    /// The same, to change.
    #[inline]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut Link> {
        self.links.get_mut(index)?.as_mut()
    }

    /// Writes a line for each: number, address, port, protocol, then frames and bytes received and sent, and the state of its
    /// connection, if it has one.
    pub fn write<S: fmt::Display>(&self, out: &mut dyn fmt::Write, state: impl Fn(usize) -> Option<S>) -> fmt::Result {
        for (index, link) in self.links.iter().enumerate() {
            let Some(Link { remote: Remote { address, port, protocol }, received, sent, .. }) = link else { continue };
            let name = Protocol::ALL.iter().find(|(_, other)| other == protocol).map_or("", |(name, _)| name);
            write!(out, "{index}: {address} {port} {name} {} {} ", received.frames, received.bytes)?;
            write!(out, "{} {}", sent.frames, sent.bytes)?;
            state(index).map_or(Ok(()), |state| write!(out, " {state}"))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(text: &str) -> Remote {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn text_is_vnets() {
        assert_eq!(remote("192.0.2.1 9000 udp"), remote(" 192.0.2.1"));
        assert_eq!(remote("2001:db8::1  7  UDP").port, 7);
        assert_eq!(remote("192.0.2.1 7 TCP-Active").protocol, Protocol::Tcp(Opening::Active));
        for (text, error) in [
            ("", LinkError::Address),
            ("192.0.2", LinkError::Address),
            ("192.0.2.1 0", LinkError::Port),
            ("192.0.2.1 65536", LinkError::Port),
            ("192.0.2.1 9000 sctp", LinkError::Protocol),
            ("192.0.2.1 9000 udp 1", LinkError::Rest),
        ] {
            assert_eq!(text.parse::<Remote>(), Err(error), "{text}");
        }
    }

    #[test]
    fn one_end_connects() {
        let (low, high) = (remote("192.0.2.9").address, remote("192.0.2.10").address);
        for (opening, from_low, from_high) in
            [(Opening::Greater, false, true), (Opening::Active, true, true), (Opening::Passive, false, false)]
        {
            assert_eq!(
                (opening.is_active(low, high), opening.is_active(high, low)),
                (from_low, from_high),
                "{opening:?}"
            );
        }
    }

    #[test]
    fn numbers_stay_while_links_come_and_go() {
        let mut links = Links::new(&[remote("192.0.2.1"), remote("192.0.2.2")], None);
        assert_eq!(links.add(remote("2001:db8::1 7 tcp")), Some(2));
        assert_eq!(links.add(remote("192.0.2.2 8")), None, "one link to an address");
        assert!(links.remove(1) && !links.remove(1) && !links.remove(MOST_LINKS));
        assert_eq!(
            (links.from(remote("2001:db8::1").address), links.from(remote("192.0.2.2").address)),
            (Some(2), None)
        );
        assert_eq!([2, 1, 99].map(|index| links.get(index).map(|link| link.remote.port)), [Some(7), None, None]);
        let link = links.get_mut(2).unwrap();
        link.received.add(100);
        link.sent.add(60);
        let written = |links: &Links| {
            let mut text = String::new();
            links.write(&mut text, |index| (index == 2).then_some("LISTEN")).unwrap();
            text
        };
        assert_eq!(written(&links), "0: 192.0.2.1 9000 udp 0 0 0 0\n2: 2001:db8::1 7 tcp 1 100 1 60 LISTEN\n");
        let to = |host| Remote { address: [10, 0, 0, host].into(), port: 1, protocol: Protocol::Udp };
        let added = (0..MOST_LINKS as u8).filter_map(|host| links.add(to(host)));
        assert_eq!(added.collect::<Vec<_>>(), [&[1], &(3..MOST_LINKS).collect::<Vec<_>>()[..]].concat());
        assert!((0..MOST_LINKS).all(|index| links.remove(index)) && written(&links).is_empty());
    }
}
