// SPDX-License-Identifier: Apache-2.0
use super::*;

const ETHERNET: [u8; 14] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [192, 0, 2, 7];

fn ipv4(protocol: u8, fragment: [u8; 2], ends: [[u8; 4]; 2], payload: &[u8]) -> Vec<u8> {
    let header = [0x45, 0, 0, 0, 0, 0, fragment[0], fragment[1], 64, protocol, 0, 0];
    [&header, ends.as_flattened(), payload].concat()
}

fn frame(ethertype: u16, packet: &[u8]) -> Vec<u8> {
    [&ETHERNET[..12], &ethertype.to_be_bytes(), packet].concat()
}

fn tcp(ends: [[u8; 4]; 2], ports: [u16; 2]) -> Vec<u8> {
    ipv4(6, [0, 0], ends, &ports.map(u16::to_be_bytes).concat())
}

#[test]
fn both_directions_have_one_name_and_one_hash() {
    let to = FlowKey::of(&frame(0x800, &tcp([CLIENT, SERVER], [1025, 80])));
    let back = FlowKey::of(&frame(0x800, &tcp([SERVER, CLIENT], [80, 1025])));
    assert_eq!((to, to.hash()), (back, back.hash()));
    assert_eq!(to.to_string(), "10.0.0.1 1025 192.0.2.7 80 6");
    assert_eq!(FlowKey::new(6, (SERVER.into(), 80), (CLIENT.into(), 1025)), Some(to));
    for other in [tcp([CLIENT, SERVER], [80, 1025]), tcp([CLIENT, SERVER], [1025, 81])] {
        let other = FlowKey::of(&frame(0x800, &other));
        assert!(other != to && other.hash() != to.hash(), "{other}");
    }
    // The same addresses at both ends: the ports say which is lower.
    let own = [[1025, 80], [80, 1025]].map(|ports| FlowKey::of(&frame(0x800, &tcp([CLIENT, CLIENT], ports))));
    assert_eq!(own[0], own[1]);
}

#[test]
fn options_and_tags_do_not_matter() {
    let plain = tcp([CLIENT, SERVER], [1025, 80]);
    let mut options = plain.clone();
    options[0] = 0x46;
    options.splice(20..20, [1; 4]);
    let tagged = [&[0, 7, 8, 0], plain.as_slice()].concat();
    let twice = [&[0, 7, 0x81, 0, 0, 9, 8, 0], plain.as_slice()].concat();
    let key = FlowKey::of(&frame(0x800, &plain));
    for other in [frame(0x800, &options), frame(0x8100, &tagged), frame(0x88a8, &twice)] {
        assert_eq!(FlowKey::of(&other), key);
    }
}

#[test]
fn all_fragments_of_a_datagram_go_one_way() {
    let keys = [[0x20, 0], [0, 9], [0x20, 9]].map(|fragment| {
        let packet = ipv4(17, fragment, [CLIENT, SERVER], &[fragment[1], 2, 3, 4]);
        FlowKey::of(&frame(0x800, &packet))
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(keys[0].to_string(), "10.0.0.1 0 192.0.2.7 0 17");
    // Do not fragment is no fragment.
    let whole = ipv4(17, [0x40, 0], [CLIENT, SERVER], &[0, 1, 0, 2]);
    assert_eq!(FlowKey::of(&frame(0x800, &whole)).to_string(), "10.0.0.1 1 192.0.2.7 2 17");
}

#[test]
fn an_error_goes_where_the_packet_went_that_it_quotes() {
    let flow = FlowKey::of(&frame(0x800, &tcp([CLIENT, SERVER], [1025, 80])));
    let quoted = [&[11, 0, 0, 0, 0, 0, 0, 0], tcp([CLIENT, SERVER], [1025, 80]).as_slice()].concat();
    let router = [172, 16, 0, 1];
    let error = ipv4(1, [0, 0], [router, CLIENT], &quoted);
    assert_eq!(FlowKey::of(&frame(0x800, &error)), flow);
    // An error that quotes an error, or too little, goes by its own addresses; so does an echo.
    let nested = ipv4(1, [0, 0], [router, CLIENT], &[&quoted[..8], &error].concat());
    assert_eq!(FlowKey::of(&frame(0x800, &nested)).to_string(), "10.0.0.1 0 172.16.0.1 0 1");
    let short = ipv4(1, [0, 0], [CLIENT, router], &quoted[..20]);
    assert_eq!(FlowKey::of(&frame(0x800, &short)).to_string(), "10.0.0.1 0 172.16.0.1 0 1");
}

#[test]
fn ipv6_with_extension_headers() {
    let packet = |next: u8, ends: [u8; 2], payload: &[u8]| {
        let mut header = [0; 40];
        (header[0], header[6], header[8], header[24]) = (0x60, next, 0x20, 0x20);
        (header[23], header[39]) = (ends[0], ends[1]);
        frame(0x86dd, &[&header, payload].concat())
    };
    let to = FlowKey::of(&packet(17, [1, 2], &[0, 5, 0, 6]));
    assert_eq!(to.to_string(), "2000::1 5 2000::2 6 17");
    assert_eq!(FlowKey::of(&packet(17, [2, 1], &[0, 6, 0, 5])), to);
    let options = [60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0, 0, 5, 0, 6];
    assert_eq!(FlowKey::of(&packet(0, [1, 2], &options)), to);
    let fragment = FlowKey::of(&packet(44, [1, 2], &[17, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 6]));
    assert_eq!(fragment.to_string(), "2000::1 0 2000::2 0 17");
    // Packet too big, RFC 4443 §3.2.
    let quoted = &packet(17, [1, 2], &[0, 5, 0, 6])[14..];
    assert_eq!(FlowKey::of(&packet(58, [9, 1], &[&[2, 0, 0, 0, 0, 0, 5, 0], quoted].concat())), to);
}

#[test]
fn without_ip_the_ethernet_addresses_name_it() {
    let arp = FlowKey::of(&frame(0x806, &[0; 28]));
    assert_eq!(arp.to_string(), "02-00-00-00-00-01 02-00-00-00-00-02 0x0806");
    let mut back = frame(0x806, &[1; 28]);
    back[..12].rotate_left(6);
    assert_eq!(FlowKey::of(&back), arp);
}

#[test]
fn whatever_is_cut_off_has_a_name() {
    let whole = frame(0x8100, &[&[0, 7, 8, 0], tcp([CLIENT, SERVER], [1, 2]).as_slice()].concat());
    for length in 0..whole.len() {
        let key = FlowKey::of(&whole[..length]);
        assert_eq!(key, FlowKey::of(&whole[..length]));
        assert_ne!(flow_hash(key.hash()), 0);
    }
}

#[test]
fn hashes_of_many_flows_are_spread() {
    let mut counts = [0; 64];
    for number in 0..65536u32 {
        let [a, b, c, d] = number.to_be_bytes();
        let packet = tcp([[10, a, b, c], SERVER], [1024 + u16::from(d), 80]);
        counts[(flow_hash(FlowKey::of(&frame(0x800, &packet)).hash()) >> 26) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (850..1200).contains(count)), "{counts:?}");
}
