// SPDX-License-Identifier: Apache-2.0
//! The attributes of a route: those that it came with, as far as we use them, and those that it goes with.

use crate::config::{Mac, RouteTarget, Vni};
use rustbgpd_wire::{
    Afi, AsPath, AsPathSegment, ExtendedCommunity, MpReachNlri, MpUnreachNlri, Origin, PathAttribute, PmsiTunnel, Safi,
};
use rustbgpd_wire::{EvpnRoute, UpdateMessage};
use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr};

/// The family of all routes here.
pub const FAMILY: (Afi, Safi) = (Afi::L2Vpn, Safi::Evpn);
/// The tunnel type VXLAN (RFC 8365 §11).
const VXLAN: u16 = 8;
/// What a route has that says nothing of it (RFC 4271 §9.1.1), and what ours have.
const LOCAL_PREFERENCE: u32 = 100;

/// Which of two paths to the same is better: the greater (RFC 4271 §9.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preference {
    local: u32,
    as_path: Reverse<usize>,
    origin: Reverse<Origin>,
    discriminator: Reverse<u32>,
    external: bool,
    router: Reverse<Ipv4Addr>,
    neighbor: Reverse<IpAddr>,
}

/// From whom a path came.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The neighbour's address.
    pub address: IpAddr,
    /// Its BGP identifier.
    pub router_id: Ipv4Addr,
    /// Whether it is of another AS.
    pub external: bool,
}

/// A path, as it came.
#[derive(Clone, Debug)]
pub struct Path {
    /// The VTEP to send to.
    pub next_hop: IpAddr,
    /// Whom it is for.
    pub targets: Vec<RouteTarget>,
    /// Whether VXLAN is an encapsulation that it may be reached with.
    pub vxlan: bool,
    /// How often the host has moved, and whether it never does.
    pub mobility: Mobility,
    /// The address of the router that routes it.
    pub router_mac: Option<Mac>,
    /// How what goes to all is sent there.
    pub tunnel: Option<PmsiTunnel>,
    /// How good it is.
    pub preference: Preference,
    /// The ASes that it came through.
    pub as_path: Vec<u32>,
    /// Who brought it into the AS, if a reflector says so.
    pub originator: Option<Ipv4Addr>,
}

/// A host's moves (RFC 7432 §7.7): the greater wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mobility {
    /// It never moves.
    pub sticky: bool,
    /// How often it has.
    pub sequence: u32,
}

impl Path {
    /// From what an UPDATE said beside its routes.
    pub fn of(next_hop: IpAddr, attributes: &[PathAttribute], source: &Source) -> Path {
        let mut path = Path {
            next_hop,
            targets: Vec::new(),
            vxlan: true,
            mobility: Mobility::default(),
            router_mac: None,
            tunnel: None,
            preference: Preference {
                local: LOCAL_PREFERENCE,
                as_path: Reverse(0),
                origin: Reverse(Origin::Incomplete),
                discriminator: Reverse(0),
                external: source.external,
                router: Reverse(source.router_id),
                neighbor: Reverse(source.address),
            },
            as_path: Vec::new(),
            originator: None,
        };
        for attribute in attributes {
            path.take(attribute, source);
        }
        path
    }

    fn take(&mut self, attribute: &PathAttribute, source: &Source) {
        match attribute {
            PathAttribute::Origin(origin) => self.preference.origin = Reverse(*origin),
            PathAttribute::AsPath(as_path) => {
                self.preference.as_path = Reverse(as_path.len());
                self.as_path = as_path.asns().collect();
            }
            PathAttribute::LocalPref(local) if !source.external => self.preference.local = *local,
            PathAttribute::Med(discriminator) => self.preference.discriminator = Reverse(*discriminator),
            PathAttribute::OriginatorId(originator) => {
                self.originator = Some(*originator);
                self.preference.router = Reverse(*originator);
            }
            PathAttribute::PmsiTunnel(tunnel) | PathAttribute::PmsiTunnelPartial(tunnel) => {
                self.tunnel = Some(tunnel.clone());
            }
            other => self.take_communities(other.extended_communities().unwrap_or_default()),
        }
    }

    fn take_communities(&mut self, communities: &[ExtendedCommunity]) {
        let mut encapsulations = communities.iter().filter_map(|one| one.as_bgp_encapsulation()).peekable();
        // Without one it is what was configured (RFC 8365 §5.1.3), and nothing else can be here.
        if encapsulations.peek().is_some() {
            self.vxlan = encapsulations.any(|one| one == VXLAN);
        }
        for community in communities {
            self.targets.extend(RouteTarget::of(*community));
            if let Some((sticky, sequence)) = community.as_mac_mobility() {
                self.mobility = Mobility { sticky, sequence };
            }
            if let Some(mac) = community.as_router_mac() {
                self.router_mac = Some(Mac(mac));
            }
        }
    }
}

/// What a route of ours says beside its own fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Announcement {
    /// Whom it is for.
    pub targets: Vec<RouteTarget>,
    /// The moves of a host that has moved.
    pub mobility: Mobility,
    /// The address of the router.
    pub router_mac: Option<Mac>,
    /// The network whose traffic to all is wanted here.
    pub flooded: Option<Vni>,
}

/// An UPDATE with `routes`, which all say the same, for a neighbour that is `external` to the AS `autonomous_system`.
pub fn announce(
    routes: Vec<EvpnRoute>,
    said: &Announcement,
    vtep: IpAddr,
    autonomous_system: u32,
    external: bool,
) -> UpdateMessage {
    let mut segments = Vec::new();
    if external {
        segments.push(AsPathSegment::AsSequence(vec![autonomous_system]));
    }
    let mut attributes = vec![PathAttribute::Origin(Origin::Igp), PathAttribute::AsPath(AsPath { segments })];
    if !external {
        attributes.push(PathAttribute::LocalPref(LOCAL_PREFERENCE));
    }
    attributes.push(reach(routes, vtep));
    attributes.push(PathAttribute::ExtendedCommunities(communities(said)));
    if let Some(vni) = said.flooded {
        let tunnel = PmsiTunnel::for_evpn_ingress_replication(vni.number(), vtep);
        attributes.push(PathAttribute::PmsiTunnel(tunnel));
    }
    update(&attributes)
}

/// An UPDATE that takes `routes` back.
pub fn withdraw(routes: Vec<EvpnRoute>) -> UpdateMessage {
    let (afi, safi) = FAMILY;
    let unreach = MpUnreachNlri {
        afi,
        safi,
        withdrawn: Vec::new(),
        flowspec_withdrawn: Vec::new(),
        evpn_withdrawn: routes,
        bgpls_withdrawn: Vec::new(),
        vpn_withdrawn: Vec::new(),
        labeled_withdrawn: Vec::new(),
        rtc_withdrawn: Vec::new(),
    };
    update(&[PathAttribute::MpUnreachNlri(Box::new(unreach))])
}

fn communities(said: &Announcement) -> Vec<ExtendedCommunity> {
    let mut communities: Vec<_> = said.targets.iter().map(|target| target.community()).collect();
    communities.push(ExtendedCommunity::bgp_encapsulation(VXLAN));
    if said.mobility != Mobility::default() {
        communities.push(ExtendedCommunity::mac_mobility(said.mobility.sticky, said.mobility.sequence));
    }
    communities.extend(said.router_mac.map(|mac| ExtendedCommunity::router_mac(mac.0)));
    communities
}

fn reach(routes: Vec<EvpnRoute>, next_hop: IpAddr) -> PathAttribute {
    let (afi, safi) = FAMILY;
    PathAttribute::MpReachNlri(Box::new(MpReachNlri {
        afi,
        safi,
        next_hop,
        link_local_next_hop: None,
        announced: Vec::new(),
        flowspec_announced: Vec::new(),
        evpn_announced: routes,
        bgpls_announced: Vec::new(),
        vpn_announced: Vec::new(),
        labeled_announced: Vec::new(),
        rtc_announced: Vec::new(),
    }))
}

fn update(attributes: &[PathAttribute]) -> UpdateMessage {
    let mode = rustbgpd_wire::Ipv4UnicastMode::Body;
    UpdateMessage::build(&[], &[], attributes, true, false, mode)
}
