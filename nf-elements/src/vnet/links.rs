// SPDX-License-Identifier: Apache-2.0
//! Links to other hosts over UDP: where they lead, and what they have carried.
//!
//! A frame travels as it is, as the only content of a datagram; which link it came by the datagram's source address tells. So do the
//! hosts of Palacios's VNET speak to each other.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// The UDP port that VNET's hosts listen at.
pub const PORT: u16 = 9000;
/// Most links of a host.
pub const MOST_LINKS: usize = 64;

/// A link's other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its address.
    pub address: IpAddr,
    /// Its UDP port.
    pub port: u16,
}

/// What is wrong with a link's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The address is none.
    Address,
    /// The port is none, or 0.
    Port,
    /// The protocol is not UDP.
    Protocol,
    /// There is more.
    Rest,
}

impl fmt::Display for LinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            LinkError::Address => "the address is no IPv4 or IPv6 address",
            LinkError::Port => "the port is no number from 1 to 65535",
            LinkError::Protocol => "the protocol is not udp",
            LinkError::Rest => "there is something behind the link",
        })
    }
}

/// `ADDRESS [PORT [udp]]`, as in VNET's command `ADD`.
impl FromStr for Remote {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let mut words = text.split_whitespace();
        let address = words.next().and_then(|word| word.parse().ok()).ok_or(LinkError::Address)?;
        let port = words.next().map_or(Ok(PORT), |word| word.parse().map_err(|_| LinkError::Port))?;
        if port == 0 {
            return Err(LinkError::Port);
        }
        if !words.next().unwrap_or("udp").eq_ignore_ascii_case("udp") {
            return Err(LinkError::Protocol);
        }
        if words.next().is_some() { Err(LinkError::Rest) } else { Ok(Remote { address, port }) }
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
    #[inline]
    fn add(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u64;
    }
}

/// A link.
#[derive(Clone, Copy, Debug)]
struct Link {
    remote: Remote,
    received: Carried,
    sent: Carried,
}

/// The links of a host. Their numbers stay as they are while others come and go.
pub struct Links {
    links: [Option<Link>; MOST_LINKS],
    /// Behind the last one.
    end: usize,
}

impl Links {
    /// With `remotes` at first, which are at most [`MOST_LINKS`].
    pub const fn new(remotes: &[Remote]) -> Links {
        assert!(remotes.len() <= MOST_LINKS, "there is room for them");
        let nothing = Carried { frames: 0, bytes: 0 };
        let mut links = [None; MOST_LINKS];
        let mut index = 0;
        while index < remotes.len() {
            links[index] = Some(Link { remote: remotes[index], received: nothing, sent: nothing });
            index += 1;
        }
        Links { links, end: remotes.len() }
    }

    /// Adds a link and says its number; none if there is no room, or one leads to that address already.
    pub fn add(&mut self, remote: Remote) -> Option<usize> {
        if self.from(remote.address).is_some() {
            return None;
        }
        let index = self.links.iter().position(Option::is_none)?;
        self.links[index] = Some(Link { remote, received: Carried::default(), sent: Carried::default() });
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
    pub fn from(&self, address: IpAddr) -> Option<usize> {
        let mut links = self.links[..self.end].iter();
        links.position(|link| link.is_some_and(|link| link.remote.address == address))
    }

    /// Counts a frame that came by link `index`.
    #[inline]
    pub fn received(&mut self, index: usize, bytes: usize) {
        if let Some(Some(link)) = self.links.get_mut(index) {
            link.received.add(bytes);
        }
    }

    /// Counts a frame that left by link `index`.
    #[inline]
    pub fn sent(&mut self, index: usize, bytes: usize) {
        if let Some(Some(link)) = self.links.get_mut(index) {
            link.sent.add(bytes);
        }
    }

    /// Where link `index` leads, if there is one.
    #[inline]
    pub fn remote(&self, index: usize) -> Option<Remote> {
        self.links.get(index)?.map(|link| link.remote)
    }
}

/// A line for each: number, address, port, protocol, then frames and bytes received and sent.
impl fmt::Display for Links {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, link) in self.links.iter().enumerate() {
            let Some(Link { remote: Remote { address, port }, received, sent }) = link else { continue };
            write!(out, "{index}: {address} {port} udp {} {} ", received.frames, received.bytes)?;
            writeln!(out, "{} {}", sent.frames, sent.bytes)?;
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
        for (text, error) in [
            ("", LinkError::Address),
            ("192.0.2", LinkError::Address),
            ("192.0.2.1 0", LinkError::Port),
            ("192.0.2.1 65536", LinkError::Port),
            ("192.0.2.1 9000 tcp", LinkError::Protocol),
            ("192.0.2.1 9000 udp 1", LinkError::Rest),
        ] {
            assert_eq!(text.parse::<Remote>(), Err(error), "{text}");
        }
    }

    #[test]
    fn numbers_stay_while_links_come_and_go() {
        let mut links = Links::new(&[remote("192.0.2.1"), remote("192.0.2.2")]);
        assert_eq!(links.add(remote("2001:db8::1 7")), Some(2));
        assert_eq!(links.add(remote("192.0.2.2 8")), None, "one link to an address");
        assert!(links.remove(1) && !links.remove(1) && !links.remove(MOST_LINKS));
        assert_eq!(
            (links.from(remote("2001:db8::1").address), links.from(remote("192.0.2.2").address)),
            (Some(2), None)
        );
        assert_eq!([2, 1, 99].map(|index| links.remote(index).map(|to| to.port)), [Some(7), None, None]);
        (0..9).for_each(|index| links.received(3 * index + 2, 100));
        (0..9).for_each(|index| links.sent(3 * index + 2, 60));
        assert_eq!(links.to_string(), "0: 192.0.2.1 9000 udp 0 0 0 0\n2: 2001:db8::1 7 udp 1 100 1 60\n");
        let added =
            (0..MOST_LINKS as u8).filter_map(|host| links.add(Remote { address: [10, 0, 0, host].into(), port: 1 }));
        assert_eq!(added.collect::<Vec<_>>(), [&[1], &(3..MOST_LINKS).collect::<Vec<_>>()[..]].concat());
        assert!((0..MOST_LINKS).all(|index| links.remove(index)) && links.to_string().is_empty());
    }
}
