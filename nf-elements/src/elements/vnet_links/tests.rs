// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{Collected, ListIo, packet, read};
use crate::vnet::PORT;

const LEFT: &str = "192.0.2.1";
const RIGHT: &str = "192.0.2.2";

fn host(source: &str, remotes: &[&str]) -> VnetLinks {
    let outer = Outer {
        source: source.parse().unwrap(),
        port: PORT,
        source_port: Some(PORT),
        ttl: 64,
        dscp: None,
        mtu: 1500,
        checksum: true,
        identification: 7,
    };
    let remotes: Vec<Remote> = remotes.iter().map(|text| text.parse().unwrap()).collect();
    VnetLinks::new(outer, &remotes, false)
}

/// A frame with `length` bytes of what is no IP.
fn frame(length: usize) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5][..], &vec![0x5a; length]].concat()
}

fn painted(frame: &[u8], paint: u8) -> Packet {
    let mut packet = packet(frame);
    packet.annotations_mut().paint = paint;
    packet
}

/// The output that a packet leaves by, changed as it is then.
fn route(host: &mut VnetLinks, input: usize, packet: &mut Packet) -> Option<usize> {
    let (mut io, mut out) = (ListIo::new(0), Collected::<3>::default());
    let pushed = core::mem::replace(packet, crate::testing::packet(&[]));
    host.push(&mut io, input, pushed, &mut out);
    let (port, left) = out.0.pop()?;
    *packet = left;
    Some(port)
}

#[test]
fn a_frame_is_the_content_of_a_datagram() {
    let mut left = host(LEFT, &["192.0.2.9", "192.0.2.2 9001"]);
    left.outer.checksum = false;
    let mut packet = painted(&frame(1), 1);
    assert_eq!(route(&mut left, 0, &mut packet), Some(0));
    let wanted: &[u8] = &[
        0x45, 0, 0, 43, 0, 7, 0, 0, 64, 17, 0xf6, 0xb7, 192, 0, 2, 1, 192, 0, 2, 2, // IPv4, RFC 791 §3.1
        0x23, 0x28, 0x23, 0x29, 0, 23, 0, 0, // UDP from 9000 to 9001
    ];
    assert_eq!(packet.data(), [wanted, &frame(1)].concat());
    assert_eq!(packet.annotations().destination_ipv4(), [192, 0, 2, 2]);
}

#[test]
fn what_one_host_puts_in_the_other_takes_out() {
    for (left, right) in [(LEFT, RIGHT), ("2001:db8::1", "2001:db8::2")] {
        let (mut one, mut other) = (host(left, &[right]), host(right, &["9.9.9.9", left]));
        for length in [0, 46, 1400] {
            let mut packet = painted(&frame(length), 0);
            assert_eq!(route(&mut one, 0, &mut packet), Some(0));
            assert_eq!(route(&mut other, 1, &mut packet), Some(1));
            assert_eq!((packet.data(), packet.annotations().paint), (&frame(length)[..], 1));
        }
        let carried = "3 1488";
        assert_eq!(read(&one, "links"), format!("0: {right} 9000 udp 0 0 {carried}\n"));
        assert_eq!(read(&other, "control").lines().nth(1), Some(&*format!("1: {left} 9000 udp {carried} 0 0")));
    }
}

#[test]
fn what_comes_from_no_link_or_is_no_frame_is_counted() {
    let (mut left, mut right) = (host(LEFT, &[RIGHT]), host(RIGHT, &[LEFT]));
    let mut sent = |change: fn(&mut [u8]), bytes: &[u8]| {
        let mut packet = painted(bytes, 0);
        assert_eq!(route(&mut left, 0, &mut packet), Some(0));
        change(packet.data_mut());
        route(&mut right, 1, &mut packet)
    };
    let checksum = |bytes: &mut [u8]| bytes[27] ^= 1;
    let port = |bytes: &mut [u8]| (bytes[23], bytes[26], bytes[27]) = (1, 0, 0);
    let stranger = |bytes: &mut [u8]| (bytes[15], bytes[26], bytes[27]) = (9, 0, 0);
    let other = |bytes: &mut [u8]| (bytes[19], bytes[26], bytes[27]) = (9, 0, 0);
    let fragment = |bytes: &mut [u8]| bytes[6] = 0x20;
    assert!([checksum, port, stranger, other, fragment].iter().all(|change| sent(*change, &frame(9)).is_none()));
    assert_eq!(sent(|_| {}, &[0; 13]), None);
    let counts = ["checksum", "not_ours", "network", "fragment", "header", "congestion"].map(|name| read(&right, name));
    assert_eq!(counts, ["1", "2", "1", "1", "1", "0"]);
    assert_eq!(route(&mut right, 1, &mut packet(&[])), None);
    assert_eq!(read(&right, "links"), "0: 192.0.2.1 9000 udp 0 0 0 0\n");
}

#[test]
fn links_come_and_go() {
    let mut left = host(LEFT, &[]);
    assert_eq!(route(&mut left, 0, &mut painted(&frame(9), 0)), None);
    left.write_handler("control", "ADD 192.0.2.8 9000 udp\nadd 192.0.2.2").unwrap();
    assert_eq!(route(&mut left, 0, &mut painted(&frame(9), 1)), Some(0));
    for bad in ["", "ADD", "ADD 192.0.2.2", "ADD 2001:db8::1", "ADD 192.0.2.3 9000 tcp", "ADD 192.0.2.3 9000 sctp", "DEL", "DEL 2", "DEL x", "LIST 1"] {
        assert_eq!(left.write_handler("control", bad), Err(HandlerError::BadValue), "{bad}");
    }
    left.write_handler("control", "DEL 1").unwrap();
    assert_eq!(route(&mut left, 0, &mut painted(&frame(9), 1)), None);
    assert_eq!((read(&left, "no_link"), read(&left, "links")), ("2".into(), "0: 192.0.2.8 9000 udp 0 0 0 0\n".into()));
}

#[test]
fn what_is_too_long_is_left_to_others() {
    let mut left = host(LEFT, &[RIGHT]);
    assert_eq!(route(&mut left, 0, &mut painted(&frame(1458), 0)), Some(0));
    assert_eq!(route(&mut left, 0, &mut painted(&frame(1459), 0)), None);
    left.diverts = true;
    let mut long = painted(&frame(1459), 0);
    let output = route(&mut left, 0, &mut long);
    assert_eq!((output, long.data()), (Some(2), &frame(1459)[..]));
    left.write_handler("mtu", "1501").unwrap();
    assert_eq!((route(&mut left, 0, &mut long), read(&left, "too_big")), (Some(0), "1".into()));
}

/// A host with a machine of its own, whose links may be connections.
struct Host {
    links: VnetLinks<2>,
    io: ListIo,
}

impl Host {
    fn new(source: &str, remotes: &[&str]) -> Host {
        let remotes: Vec<Remote> = remotes.iter().map(|text| text.parse().unwrap()).collect();
        let mut links = VnetLinks::new(host(source, &[]).outer, &remotes, false);
        links.lend(vec![Place::EMPTY, Place::EMPTY].leak());
        Host { links, io: ListIo::new(0) }
    }

    /// Pushes these into an input, then ticks: what leaves.
    fn turn(&mut self, input: usize, packets: Vec<Packet>) -> Vec<(usize, Packet)> {
        let mut out = Collected::<3>::default();
        self.io.now_ns += 1_000_000;
        packets.into_iter().for_each(|packet| self.links.push(&mut self.io, input, packet, &mut out));
        self.links.tick(&mut self.io, &mut out);
        out.0
    }
}

/// Lets so many milliseconds pass between two hosts: the frames that come out of the other one, with their paint.
fn pass(one: &mut Host, other: &mut Host, milliseconds: u32) -> Vec<(u8, Vec<u8>)> {
    let (mut to_other, mut frames) = (Vec::new(), Vec::new());
    for _ in 0..milliseconds {
        let (packets, out): (Vec<_>, Vec<_>) = other.turn(1, to_other).into_iter().partition(|(port, _)| *port == 0);
        frames.extend(out.iter().map(|(_, packet)| (packet.annotations().paint, packet.data().to_vec())));
        to_other = one.turn(1, packets.into_iter().map(|(_, packet)| packet).collect()).into_iter().map(|(_, packet)| packet).collect();
    }
    frames
}

#[test]
fn frames_go_over_connections_that_come_and_go() {
    for (left, right) in [(LEFT, RIGHT), ("2001:db8::1", "2001:db8::2")] {
        let (mut one, mut other) = (Host::new(left, &[&format!("{right} 9000 tcp")]), Host::new(right, &[]));
        other.links.write_handler("control", &format!("ADD {left} 9000 tcp")).unwrap();
        assert!(one.turn(0, vec![painted(&frame(1), 0)]).is_empty());
        assert_eq!(read(&one.links, "not_connected"), "1");
        assert!(pass(&mut one, &mut other, 300).is_empty());
        let said = one.turn(0, vec![painted(&frame(1), 0), painted(&frame(1400), 0)]);
        let frames: Vec<_> = other.turn(1, said.into_iter().map(|(_, packet)| packet).collect());
        let frames: Vec<_> = frames.iter().filter(|(port, _)| *port == 1).map(|(_, packet)| packet.data()).collect();
        assert_eq!(frames, [&frame(1)[..], &frame(1400)]);
        assert_eq!(read(&one.links, "links"), format!("0: {right} 9000 tcp 0 0 2 1429 ESTABLISHED\n"));

        // Datagrams are not for a connection's link, nor segments for another's.
        let mut datagram = painted(&frame(9), 0);
        assert_eq!(route(&mut host(left, &[right]), 0, &mut datagram), Some(0));
        other.turn(1, vec![datagram]);
        assert_eq!(read(&other.links, "network"), "1");

        one.links.write_handler("control", "DEL 0").unwrap();
        pass(&mut one, &mut other, 300);
        assert_eq!(read(&one.links, "links"), "");
        assert!(!read(&other.links, "links").contains("ESTABLISHED"));
        one.links.write_handler("control", &format!("ADD {right} 9000 tcp")).unwrap();
        pass(&mut one, &mut other, 10_000);
        assert!(read(&other.links, "links").ends_with(" 2 1429 0 0 ESTABLISHED\n"), "{}", read(&other.links, "links"));
    }
}

#[test]
fn there_are_no_more_connections_than_places() {
    let mut left = Host::new(LEFT, &["192.0.2.2 9000 tcp"]);
    left.links.write_handler("control", "ADD 192.0.2.3 9000 tcp-active").unwrap();
    assert_eq!(left.links.write_handler("control", "ADD 192.0.2.4 9000 tcp"), Err(HandlerError::BadValue));
    assert_eq!(left.links.deadline_ns(), Some(0));
    left.links.write_handler("control", "ADD 192.0.2.4\nDEL 0\nADD 192.0.2.5 9000 tcp-passive").unwrap();
    left.turn(0, vec![]);
    let states = ["0: 192.0.2.5 9000 tcp-passive 0 0 0 0 LISTEN", "1: 192.0.2.3 9000 tcp-active 0 0 0 0 SYN-SENT"];
    assert_eq!(read(&left.links, "links"), format!("{}\n{}\n2: 192.0.2.4 9000 udp 0 0 0 0\n", states[0], states[1]));
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let around = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    let made = configure::<VnetLinks>(&["192.0.2.1", "192.0.2.2 7", "SPORT 0", "MTU 1500"], &around).unwrap();
    let end = "port: 9000, source_port: None, ttl: 64, dscp: None, mtu: 1500, checksum: false, identification: 0 }, \
               &[nf_elements::vnet::Remote { address: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0xc0000202)), port: 7, \
               protocol: nf_elements::vnet::Protocol::Udp }], false)";
    assert!(made.expression.ends_with(end), "{}", made.expression);
    let made = configure::<VnetLinks>(&["192.0.2.1", "192.0.2.2 7 tcp-active", "STREAMS 3"], &around).unwrap();
    assert_eq!((made.rust_type.as_str(), made.memory.unwrap().count), ("VnetLinks<3>", 3));
    assert!(made.ticks && made.expression.contains("Tcp(nf_elements::vnet::Opening::Active)"), "{}", made.expression);
    for wrong in [
        vec!["192.0.2.1", "192.0.2"],
        vec!["192.0.2.1", "2001:db8::1"],
        vec!["192.0.2.1", "192.0.2.2", "192.0.2.2 7"],
        vec!["192.0.2.1", "192.0.2.2 9000 sctp"],
        vec!["192.0.2.1", "192.0.2.2 9000 tcp", "STREAMS 0"],
        vec!["192.0.2.1", "STREAMS 65"],
        vec!["lan"],
    ] {
        assert_eq!(configure::<VnetLinks>(&wrong, &around).unwrap_err().len(), 1, "{wrong:?}");
    }
}
