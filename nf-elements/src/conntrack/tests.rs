// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::wire::tcp::flag::{ACK, FIN, RST, SYN};
use State::{Established, Invalid, Later, New, Related, Untracked};

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 7];
const CLIENT6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const SERVER6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/// Seconds are ticks here.
const TIMEOUTS: Timeouts = Timeouts {
    tcp_opening: 60,
    tcp_established: 7440,
    tcp_closing: 240,
    tcp_closed: 10,
    udp: 30,
    udp_stream: 120,
    icmp: 60,
    other: 600,
};

/// An IPv4 packet; `fragment` are its flags and offset.
fn ipv4(protocol: u8, ends: [[u8; 4]; 2], fragment: u16, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len() as u16).to_be_bytes();
    let fragment = fragment.to_be_bytes();
    let header = [0x45, 0, length[0], length[1], 0, 9, fragment[0], fragment[1], 64, protocol, 0, 0];
    [&header[..], ends.as_flattened(), payload].concat()
}

fn ipv6(next: u8, ends: [[u8; 16]; 2], payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0, length[0], length[1], next, 64][..], ends.as_flattened(), payload].concat()
}

fn tcp(ports: [u16; 2], flags: u8, sequence: u32, acknowledgment: u32, data: &[u8]) -> Vec<u8> {
    let numbers = [sequence.to_be_bytes(), acknowledgment.to_be_bytes()];
    let rest = [0x50, flags, 0x10, 0, 0, 0, 0, 0];
    [ports.map(u16::to_be_bytes).as_flattened(), numbers.as_flattened(), &rest, data].concat()
}

fn udp(ports: [u16; 2], data: &[u8]) -> Vec<u8> {
    let length = (8 + data.len() as u16).to_be_bytes();
    [ports.map(u16::to_be_bytes).as_flattened(), &length, &[0, 0], data].concat()
}

fn icmp(kind: u8, identifier: u16, data: &[u8]) -> Vec<u8> {
    let [high, low] = identifier.to_be_bytes();
    [&[kind, 0, 0, 0, high, low, 0, 1][..], data].concat()
}

fn there(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4(protocol, [CLIENT, SERVER], 0, payload)
}

fn back(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4(protocol, [SERVER, CLIENT], 0, payload)
}

fn tracker<const BUCKETS: usize, const FLOWS: usize>() -> Tracker {
    let mut tracker = Tracker::new(TIMEOUTS, false);
    tracker.lend(vec![Memory::<BUCKETS, FLOWS>::EMPTY].leak());
    tracker
}

impl Tracker {
    /// What a firewall does that lets all pass that belongs to something, and new things, too.
    fn passes(&mut self, packet: &[u8], now: u32) -> State {
        let state = self.sight(packet, now);
        if state == New {
            assert!(self.begin(packet, now));
        }
        if state != Invalid {
            self.passed(packet, 0, now);
        }
        state
    }
}

#[test]
fn a_tcp_connection_from_its_syn_to_its_end() {
    let mut tracker = tracker::<32, 64>();
    let (to, from) = ([1025, 80], [80, 1025]);
    assert_eq!(tracker.passes(&there(6, &tcp(to, SYN, 100, 0, &[])), 1), New);
    assert_eq!(tracker.passes(&there(6, &tcp(to, SYN, 100, 0, &[])), 2), New, "sent again");
    assert_eq!(tracker.passes(&back(6, &tcp(from, SYN | ACK, 900, 101, &[])), 3), Established);
    assert_eq!(tracker.passes(&there(6, &tcp(to, ACK, 101, 901, b"GET /")), 3), Established);
    assert_eq!(tracker.passes(&back(6, &tcp(from, ACK, 901, 106, b"200")), 4000), Established, "an hour later");
    assert_eq!(tracker.passes(&back(6, &tcp(from, ACK, 901, 107, &[])), 4000), Invalid, "what nobody sent");
    assert_eq!(tracker.passes(&back(6, &tcp(from, FIN | ACK, 904, 106, &[])), 4000), Established);
    assert_eq!(tracker.passes(&there(6, &tcp(to, FIN | ACK, 106, 905, &[])), 4000), Established);
    assert_eq!(tracker.passes(&back(6, &tcp(from, ACK, 905, 107, &[])), 4000), Established);
    assert_eq!(tracker.passes(&back(6, &tcp(from, ACK, 905, 107, &[])), 4011), Invalid, "it was over for ten seconds");
    assert_eq!(tracker.passes(&there(6, &tcp(to, SYN, 5000, 0, &[])), 4012), New);
    assert_eq!(tracker.table().size(), 1);
}

#[test]
fn nothing_is_remembered_of_what_did_not_pass() {
    let mut tracker = tracker::<32, 64>();
    let syn = there(6, &tcp([1025, 80], SYN, 100, 0, &[]));
    assert_eq!((tracker.sight(&syn, 1), tracker.sight(&syn, 1), tracker.table().size()), (New, New, 0));
    assert_eq!(tracker.sight(&back(6, &tcp([80, 1025], SYN | ACK, 900, 101, &[])), 1), Invalid);
    let datagram = there(17, &udp([53, 53], b"?"));
    assert_eq!(tracker.sight(&datagram, 1), New);
    assert_eq!(tracker.sight(&back(17, &udp([53, 53], b"!")), 1), New);
}

#[test]
fn datagrams_are_established_once_they_were_answered() {
    let mut tracker = tracker::<32, 64>();
    let question = there(17, &udp([5000, 53], b"?"));
    let answer = back(17, &udp([53, 5000], b"!"));
    assert_eq!([1, 2].map(|now| tracker.passes(&question, now)), [New, New]);
    assert_eq!(tracker.passes(&answer, 3), Established);
    assert_eq!(tracker.passes(&question, 100), Established);
    assert_eq!(tracker.passes(&answer, 221), New, "after two minutes it is another");
    assert_eq!(tracker.passes(&there(17, &udp([5001, 53], b"?")), 300), New);
    assert_eq!(tracker.passes(&back(17, &udp([53, 5001], b"?")), 331), New, "unanswered ones last half a minute");
}

#[test]
fn an_echo_belongs_to_its_question() {
    let mut tracker = tracker::<32, 64>();
    assert_eq!(tracker.passes(&back(1, &icmp(0, 7, b"abc")), 1), Invalid, "nobody asked");
    assert_eq!(tracker.passes(&there(1, &icmp(8, 7, b"abc")), 1), New);
    assert_eq!(tracker.passes(&there(1, &icmp(0, 7, b"abc")), 1), Invalid, "who asked does not answer");
    assert_eq!(tracker.passes(&back(1, &icmp(0, 8, b"abc")), 1), Invalid, "another identifier");
    assert_eq!(tracker.passes(&back(1, &icmp(0, 7, b"abc")), 1), Established);
    assert_eq!(tracker.passes(&there(1, &icmp(8, 7, b"abc")), 1), Established);
}

#[test]
fn errors_are_related_to_what_they_quote() {
    let mut tracker = tracker::<32, 64>();
    let syn = there(6, &tcp([1025, 80], SYN, 100, 0, &[]));
    let unreachable = |quoted: &[u8]| icmp(3, 0, &quoted[..28]);
    assert_eq!(tracker.passes(&back(1, &unreachable(&syn)), 1), Invalid, "it quotes what nobody sent");
    tracker.passes(&syn, 1);
    assert_eq!(tracker.passes(&back(1, &unreachable(&syn)), 1), Related);
    let router = ipv4(1, [[172, 16, 0, 1], CLIENT], 0, &unreachable(&syn));
    assert_eq!(tracker.passes(&router, 1), Related, "from a router on the way");
    let guessed = there(6, &tcp([1025, 80], SYN, 90_000, 0, &[]));
    assert_eq!(tracker.passes(&back(1, &unreachable(&guessed)), 1), Invalid, "a sequence number that was not sent");
    assert_eq!(tracker.passes(&there(1, &unreachable(&syn)), 1), Invalid, "not to who sent it");
    assert_eq!(tracker.table().size(), 1, "an error begins nothing");
}

#[test]
fn ipv6_is_tracked_and_its_neighbours_are_not() {
    let mut tracker = tracker::<32, 64>();
    let (to, from) = ([CLIENT6, SERVER6], [SERVER6, CLIENT6]);
    let syn = ipv6(6, to, &tcp([1025, 80], SYN, 100, 0, &[]));
    assert_eq!(tracker.passes(&syn, 1), New);
    assert_eq!(tracker.passes(&ipv6(6, from, &tcp([80, 1025], SYN | ACK, 5, 101, &[])), 1), Established);
    let behind = ipv6(0, to, &[&[6, 0, 1, 4, 0, 0, 0, 0][..], &tcp([1025, 80], ACK, 101, 6, b"x")].concat());
    assert_eq!(tracker.passes(&behind, 1), Established, "behind a hop-by-hop header");
    assert_eq!(tracker.passes(&ipv6(58, from, &icmp(1, 0, &behind)), 1), Related);
    let old = ipv6(6, to, &tcp([1025, 80], ACK, 90, 5, &[]));
    assert_eq!(tracker.passes(&ipv6(58, from, &icmp(2, 0, &old)), 1), Invalid, "never sent");
    for kind in [133, 134, 135, 136, 143] {
        assert_eq!(tracker.passes(&ipv6(58, to, &icmp(kind, 0, &[0; 16])), 1), Untracked, "{kind}");
    }
    assert_eq!(tracker.passes(&ipv6(58, to, &icmp(128, 1, b"ping")), 1), New);
    assert_eq!(tracker.passes(&ipv6(58, from, &icmp(129, 1, b"ping")), 1), Established);
}

#[test]
fn fragments_follow_the_first_one() {
    const MORE: u16 = 0x2000;
    let mut tracker = tracker::<32, 64>();
    let whole = udp([5000, 53], &[7; 40]);
    let parts = [(MORE, &whole[..16]), (MORE | 2, &whole[16..32]), (4, &whole[32..])];
    let [first, second, last] = parts.map(|(fragment, bytes)| ipv4(17, [CLIENT, SERVER], fragment, bytes));
    assert_eq!((tracker.sight(&second, 1), tracker.follow(&second, 1)), (Later, Part::Early));
    assert_eq!(tracker.sight(&first, 1), New);
    assert!(tracker.begin(&first, 1));
    tracker.passed(&first, 3, 1);
    assert_eq!((tracker.sight(&last, 1), tracker.follow(&last, 1)), (Later, Part::Follows(3, None)));
    assert_eq!(tracker.follow(&second, 1), Part::Follows(3, None));
    assert_eq!(tracker.follow(&second, 1), Part::Bad, "twice");
    let tiny = ipv4(6, [CLIENT, SERVER], MORE, &tcp([1, 2], SYN, 1, 0, &[])[..8]);
    assert_eq!(tracker.sight(&tiny, 1), Invalid, "flags in the second one: RFC 1858");
}

#[test]
fn fragments_of_ipv6_follow_behind_other_headers() {
    let ends = [CLIENT6, SERVER6];
    let datagram = udp([5000, 53], &[7; 8]);
    let part = |place: [u8; 2], bytes: &[u8]| [&[17, 0, place[0], place[1], 0, 0, 0, 9][..], bytes].concat();
    let (first, last) = (part([0, 1], &datagram[..8]), part([0, 8], &datagram[8..]));
    let behind = |payload: &[u8]| ipv6(0, ends, &[&[44, 0, 1, 4, 0, 0, 0, 0][..], payload].concat());
    for [first, last] in [[ipv6(44, ends, &first), ipv6(44, ends, &last)], [behind(&first), behind(&last)]] {
        let mut tracker = tracker::<32, 64>();
        assert_eq!((tracker.sight(&last, 1), tracker.follow(&last, 1)), (Later, Part::Early));
        assert_eq!(tracker.passes(&first, 1), New);
        assert_eq!((tracker.sight(&last, 1), tracker.follow(&last, 1)), (Later, Part::Follows(0, None)));
    }
}

#[test]
fn a_segment_in_fragments_counts_whole() {
    const MORE: u16 = 0x2000;
    let mut tracker = tracker::<32, 64>();
    tracker.passes(&there(6, &tcp([1025, 80], SYN, 100, 0, &[])), 1);
    tracker.passes(&back(6, &tcp([80, 1025], SYN | ACK, 900, 101, &[])), 1);
    let whole = tcp([1025, 80], ACK, 101, 901, &[7; 60]);
    assert_eq!(tracker.passes(&ipv4(6, [CLIENT, SERVER], MORE, &whole[..40]), 1), Established);
    let acknowledged = back(6, &tcp([80, 1025], ACK, 901, 161, &[]));
    assert_eq!(tracker.sight(&acknowledged, 1), Invalid);
    let last = ipv4(6, [CLIENT, SERVER], 5, &whole[40..]);
    assert!(matches!(tracker.follow(&last, 1), Part::Follows(0, Some(_))));
    assert_eq!(tracker.sight(&acknowledged, 1), Established);
}

#[test]
fn half_open_connections_never_push_out_established_ones() {
    let mut tracker = tracker::<8, 16>();
    let ports = |number: u16| ([1000 + number, 80], [80, 1000 + number]);
    for number in 0..8 {
        let (to, from) = ports(number);
        tracker.passes(&there(6, &tcp(to, SYN, 100, 0, &[])), 1);
        tracker.passes(&back(6, &tcp(from, SYN | ACK, 900, 101, &[])), 1);
        assert_eq!(tracker.passes(&there(6, &tcp(to, ACK, 101, 901, &[])), 1), Established);
    }
    for number in 100..5000 {
        let syn = there(6, &tcp(ports(number).0, SYN, 100, 0, &[]));
        assert_eq!(tracker.sight(&syn, 2), New);
        tracker.begin(&syn, 2);
    }
    for number in 0..8 {
        let (to, from) = ports(number);
        assert_eq!(tracker.passes(&there(6, &tcp(to, ACK, 101, 901, b"x")), 3), Established, "{number}");
        assert_eq!(tracker.passes(&back(6, &tcp(from, ACK, 901, 102, b"x")), 3), Established, "{number}");
    }
    assert!(tracker.table().size() <= 16);
}

#[test]
fn without_room_a_connection_does_not_begin() {
    let mut tracker = tracker::<0, 0>();
    let syn = there(6, &tcp([1, 2], SYN, 100, 0, &[]));
    assert_eq!((tracker.sight(&syn, 1), tracker.begin(&syn, 1), tracker.refused), (New, false, 1));
}

#[test]
fn what_is_read_in_one_piece_is_read_the_same() {
    let mut random = crate::testing::rule_sets::Random::new(7);
    let sound = [there(6, &tcp([9, 80], ACK, 5, 6, b"hello")), back(17, &udp([53, 9], b"data")), there(6, &[0; 19])];
    let mut plain = 0;
    for round in 0..200_000 {
        let mut packet = sound[round % sound.len()].clone();
        for _ in 0..random.between(0, 2) {
            let at = random.between(0, packet.len() as u32 - 1) as usize;
            packet[at] = random.between(0, 255) as u8;
        }
        let cut = random.between(0, 3) / 3 * random.between(0, 30);
        packet.truncate(packet.len() - cut as usize);
        if let Some(read) = Plain::of(&packet) {
            let view = View { ends: read.ends, message: read.message(), fragment: None };
            assert_eq!(Some(view), View::of(&packet), "{packet:?}");
            plain += 1;
        }
    }
    assert!(plain > 50_000, "{plain}");
}

/// A packet of one of few connections, in either direction: what two ends might send, and what they might not.
fn any_packet(random: &mut crate::testing::rule_sets::Random) -> Vec<u8> {
    let port = 1025 + random.between(0, 2) as u16;
    let (direction, ports) =
        [([CLIENT, SERVER], [port, 80]), ([SERVER, CLIENT], [80, port])][random.between(0, 1) as usize];
    let data = &b"datagram"[..random.between(0, 8) as usize];
    let flags =
        [SYN, SYN | ACK, ACK, ACK, ACK, ACK, FIN | ACK, RST, RST | ACK, SYN | FIN][random.between(0, 9) as usize];
    let [sequence, acknowledgment] = [(); 2].map(|()| random.between(98, 106));
    match random.between(0, 40) {
        // Nobody said where its header is.
        40 => Vec::new(),
        0..4 => ipv4(17, direction, 0, &udp(ports, data)),
        4..8 => ipv4(17, direction, 0x2000, &udp(ports, data)),
        8..12 => ipv4(1, direction, 0, &icmp(8 * random.between(0, 1) as u8, 7, data)),
        _ => ipv4(6, direction, 0, &tcp(ports, flags, sequence, acknowledgment, data)),
    }
}

#[test]
fn looking_ahead_changes_nothing() {
    let mut random = crate::testing::rule_sets::Random::new(11);
    let (mut with, mut without) = (tracker::<4, 8>(), tracker::<4, 8>());
    let mut states = [0; 7];
    for now in 0..20_000 {
        let packets: Vec<_> = (0..random.between(1, 32)).map(|_| any_packet(&mut random)).collect();
        let mut batch = crate::Batch::new();
        for bytes in &packets {
            let mut packet = crate::testing::packet(bytes);
            if !bytes.is_empty() {
                packet.set_network(0, 20);
            }
            assert!(batch.push(packet).is_ok());
        }
        with.look_ahead(&batch, now / 4);
        for packet in &packets {
            let state = with.passes(packet, now / 4);
            assert_eq!(state, without.passes(packet, now / 4), "{packet:?}");
            states[state as usize] += 1;
        }
    }
    for state in [New, Established, Invalid, Untracked] {
        assert!(states[state as usize] > 5_000, "{states:?}");
    }
}

#[test]
fn packets_that_lie_are_invalid() {
    let mut tracker = tracker::<8, 16>();
    let syn = there(6, &tcp([1025, 80], SYN, 100, 0, &[]));
    for length in 1..syn.len() {
        assert_eq!(tracker.sight(&syn[..length], 1), Invalid, "{length}");
    }
    let six = ipv6(6, [CLIENT6, SERVER6], &tcp([1025, 80], SYN, 100, 0, &[]));
    for packet in [&syn, &six] {
        crate::wire::mutation::for_each(packet, |bytes| {
            let state = tracker.passes(bytes, 1);
            if state == Later {
                tracker.follow(bytes, 1);
            }
        });
    }
    assert_eq!(tracker.sight(&there(6, &tcp([1, 2], RST, 1, 0, &[])), 1), Invalid);
}
