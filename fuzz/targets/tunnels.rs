// SPDX-License-Identifier: Apache-2.0
//! Tunnels: what means nothing into every decapsulator; and what was put into a tunnel comes out of it as it was.
//!
//! The input's first byte chooses the tunnel, the others are the packet.
#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;
use nf_elements::elements::mpls_udp_encap::Labelled;
use nf_elements::elements::vxlan_encap::Carried;
use nf_elements::elements::{
    GeneveDecap, GeneveEncap, GreDecap, GreEncap, IpTunnelDecap, IpTunnelEncap, MplsUdpDecap, MplsUdpEncap, NvgreDecap,
    NvgreEncap, PacketTooBig, PathMtu, SttDecap, SttEncap, VxlanDecap, VxlanEncap, gre_decap, path_mtu, stt_encap,
};
use nf_elements::testing::{Collected, ListIo, packet};
use nf_elements::tunnel::{
    Decapsulator, DontFragment, Encapsulator, Ends, Inner, Network, Payload, Udp, Underlay,
};
use nf_elements::{Action, DATA_BYTES, HEADROOM_BYTES, Packet, Push, Route};

/// The longest inner packet: the outer headers must find room, and the whole a buffer.
const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES;
const V4: Ends = Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]);
const V6: Ends = Ends::V6([0x20; 16], [0x21; 16]);

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let rest = &rest[..rest.len().min(MOST_BYTES)];
    meaningless(choice, rest);
    let ends = if choice & 0x80 == 0 { V4 } else { V6 };
    identity(choice & 0x7f, ends, rest);
    through_stt(ends, 500 + usize::from(choice & 0x7f) * 9, rest);
    shorter(choice, rest);
    shared::give_back();
});

fn decapsulator(protocols: &'static [u8]) -> Decapsulator {
    Decapsulator::new(protocols, true, false)
}

/// An outer header is claimed at a place in the bytes, whatever they are.
fn meaningless(choice: u8, bytes: &[u8]) {
    let at = usize::from(choice & 15) * 2;
    let claimed = || {
        let mut packet = packet(bytes);
        packet.set_network(at, 20);
        packet
    };
    let io = &mut ListIo::new(0);
    let unchecked = Decapsulator::new(&[17], false, true);
    let _ = VxlanDecap::new(unchecked, None, Carried::Plain).route(io, 0, &mut claimed());
    for carried in [Carried::Ethernet, Carried::Ip, Carried::Nsh] {
        let _ = VxlanDecap::new(decapsulator(&[17]), None, carried).route(io, 0, &mut claimed());
    }
    let _ = GeneveDecap::new(decapsulator(&[17]), None, None).route(io, 0, &mut claimed());
    let _ = GreDecap::new(decapsulator(&[47]), gre_decap::Key::Any, None).route(io, 0, &mut claimed());
    let _ = NvgreDecap::new(decapsulator(&[47]), None).route(io, 0, &mut claimed());
    let _ = IpTunnelDecap::new(decapsulator(&[4, 41])).route(io, 0, &mut claimed());
    for labelled in [Labelled::Ip, Labelled::Ethernet] {
        let _ = MplsUdpDecap::new(decapsulator(&[17]), None, labelled).route(io, 0, &mut claimed());
    }
    let mut out = Collected::<2>::default();
    SttDecap::<2>::new(Decapsulator::new(&[6], choice & 16 != 0, true), None, 1).push(io, 0, claimed(), &mut out);
    let mut paths = PathMtu::new(1);
    paths.lend(shared::lent(|| path_mtu::Path::EMPTY, 1));
    let _ = paths.action(io, &mut claimed());
}

fn encapsulator(ends: Ends, protocol: u8, udp: bool, mtu: u16) -> Encapsulator {
    let udp = udp.then_some(Udp { source: None, destination: 1, checksum: true });
    let dont_fragment = DontFragment::Copied;
    Encapsulator::new(Underlay { ends, protocol, udp, ttl: 9, dscp: None, dont_fragment, identification: 0 }, mtu, false)
}

/// Puts `bytes` into a tunnel and takes them out again. What the tunnel does not take, for it is too long, is nothing.
fn identity(tunnel: u8, ends: Ends, bytes: &[u8]) {
    let udp = || encapsulator(ends, 17, true, u16::MAX);
    let ip = |protocol| encapsulator(ends, protocol, false, u16::MAX);
    let network = Network(Some(0x12_3456));
    let is_ip = matches!(bytes.first().map(|first| first >> 4), Some(4 | 6));
    match tunnel % 8 {
        0 => same(VxlanEncap::new(udp(), network, Carried::Plain), VxlanDecap::new(decapsulator(&[17]), network.0, Carried::Plain), bytes),
        1 => same(VxlanEncap::new(udp(), network, Carried::Ethernet), VxlanDecap::new(decapsulator(&[17]), network.0, Carried::Ethernet), bytes),
        2 => same(GeneveEncap::new(udp(), network, Payload::Ethernet, &[1, 2, 3, 0], false), GeneveDecap::new(decapsulator(&[17]), network.0, Some(Payload::Ethernet)), bytes),
        3 => same(GreEncap::new(ip(47), Payload::Ethernet, Some(7), true, true), GreDecap::new(decapsulator(&[47]), gre_decap::Key::Is(7), Some(Payload::Ethernet)), bytes),
        4 => same(NvgreEncap::new(ip(47), network.0, None), NvgreDecap::new(decapsulator(&[47]), network.0), bytes),
        5 => same(MplsUdpEncap::new(udp(), &[16, 17], false, Labelled::Ethernet, None, None), MplsUdpDecap::new(decapsulator(&[17]), Some(17), Labelled::Ethernet), bytes),
        6 if is_ip => same(IpTunnelEncap::new(ip(4)), IpTunnelDecap::new(decapsulator(&[4, 41])), bytes),
        7 if is_ip => same(GreEncap::new(ip(47), Payload::Ip, None, false, false), GreDecap::new(decapsulator(&[47]), gre_decap::Key::None, Some(Payload::Ip)), bytes),
        _ => {}
    }
}

fn same(mut into: impl Route, mut out: impl Route, bytes: &[u8]) {
    let (io, mut packet) = (&mut ListIo::new(0), packet(bytes));
    if into.route(io, 0, &mut packet) == Some(0) {
        assert_eq!(out.route(io, 0, &mut packet), Some(0));
        assert_eq!(packet.data(), bytes);
    }
}

/// The same in segments, which come last first.
fn through_stt(ends: Ends, mtu: usize, bytes: &[u8]) {
    let (io, mut segments) = (&mut ListIo::new(0), Collected::<2>::default());
    let ports = stt_encap::Ports { source: None, destination: 7471 };
    SttEncap::new(encapsulator(ends, 6, false, mtu as u16), Some(7), ports, true, false).push(io, 0, packet(bytes), &mut segments);
    let mut decap = SttDecap::<2>::new(decapsulator(&[6]), Some(7), 1);
    let mut whole = Collected::<2>::default();
    for (_, segment) in segments.0.into_iter().rev() {
        assert!(segment.len() <= mtu);
        decap.push(io, 0, segment, &mut whole);
    }
    assert_eq!(whole.0.iter().map(|(_, packet)| packet.data()).collect::<Vec<_>>(), [bytes]);
}

/// What is too long becomes fragments that are not, or an error, or nothing.
fn shorter(choice: u8, bytes: &[u8]) {
    let inner = if choice & 1 == 0 { Inner::Ethernet } else { Inner::Ip };
    let (mut out, mut packet): (_, Packet) = (Collected::<3>::default(), packet(bytes));
    let excess = (usize::from(choice) * 8).min(bytes.len());
    packet.set_extra_length(excess as u16);
    PacketTooBig::new(inner, choice & 2 == 0, 0, 0, choice & 4 == 0).push(&mut ListIo::new(0), 0, packet, &mut out);
    for (output, packet) in out.0 {
        assert!(output != 0 || packet.len() <= bytes.len() - excess);
    }
}
