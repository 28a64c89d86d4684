// SPDX-License-Identifier: Apache-2.0
//! This host's side of the links.

use crate::tunnel::{DontFragment, Ends, Udp, Underlay};
use crate::vnet::links::Source;
use crate::vnet::{Protocol, Remote, stream};
use core::net::IpAddr;

/// What this host's packets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// This host's address.
    pub source: IpAddr,
    /// The port that it listens at.
    pub port: u16,
    /// The source port of UDP; none: chosen by the inner flow's hash.
    pub source_port: Option<u16>,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// DSCP; none: the inner packet's.
    pub dscp: Option<u8>,
    /// The longest packet in bytes.
    pub mtu: u16,
    /// Whether there is a UDP checksum.
    pub checksum: bool,
    /// Identification of the next IPv4 packet.
    pub identification: u16,
}

impl Outer {
    /// The headers of the next packet to `remote`; none if that has an address of the other version.
    #[inline]
    pub(super) fn underlay(&self, remote: Remote) -> Option<Underlay> {
        let ends = match (self.source, remote.address) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Ends::V4(source.octets(), destination.octets()),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Ends::V6(source.octets(), destination.octets()),
            _ => return None,
        };
        let udp = Udp { source: self.source_port, destination: remote.port, checksum: self.checksum };
        let (ttl, dscp, identification) = (self.ttl, self.dscp, self.identification);
        let dont_fragment = DontFragment::Always(false);
        Some(Underlay { ends, protocol: 0, udp: Some(udp), ttl, dscp, dont_fragment, identification })
    }

    /// What is the same in all datagrams to one host, if nothing but length and identification differs.
    pub(super) const fn links(&self) -> Option<Source> {
        match (self.source, self.source_port) {
            (IpAddr::V4(address), Some(port)) if !self.checksum => {
                Some(Source { address: address.octets(), port, ttl: self.ttl })
            }
            _ => None,
        }
    }

    /// The type of service of a packet around one with `inner`, RFC 6040 §4.1.
    #[inline]
    pub(super) fn type_of_service(&self, inner: u8) -> u8 {
        self.dscp.map_or(inner & !3, |dscp| dscp << 2) | inner & 3
    }

    /// The ends of a connection to `remote`; none if that is no TCP link.
    pub(super) fn connection(&self, remote: Remote) -> Option<stream::Ends> {
        let Protocol::Tcp(opening) = remote.protocol else { return None };
        let (local, port, ttl, mtu) = (self.source, self.port, self.ttl, self.mtu);
        let is_active = opening.is_active(local, remote.address);
        Some(stream::Ends { local, port, remote: remote.address, remote_port: remote.port, is_active, ttl, mtu })
    }
}
