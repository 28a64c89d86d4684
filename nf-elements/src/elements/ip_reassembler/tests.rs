// SPDX-License-Identifier: Apache-2.0
//! Tests of `IPReassembler`.

use super::*;
use crate::elements::marked::datagram;
use crate::testing::{Collected, ListIo, packet, read};
use crate::wire::ipv4::Ipv4;

/// A fragment of this identification, with these bytes at `offset`.
fn fragment(identification: u16, offset: usize, payload: &[u8], more: bool) -> Packet {
    let mut packet = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], payload);
    let mut header = marked::header_mut(&mut packet).unwrap();
    header.set_identification(identification);
    header.set_flags_and_offset((offset / 8) as u16 | if more { 0x2000 } else { 0 });
    header.fill_header_checksum();
    packet
}

fn at(mut packet: Packet, seconds: u64) -> Packet {
    packet.annotations_mut().timestamp_ns = seconds * 1_000_000_000;
    packet
}

fn pushed<const N: usize>(element: &mut IpReassembler<N>, packets: Vec<Packet>) -> Vec<(usize, Packet)> {
    let mut out = Collected::<2>::default();
    for packet in packets {
        element.push(&mut ListIo::new(0), 0, packet, &mut out);
    }
    out.0
}

fn pattern(range: core::ops::Range<usize>) -> Vec<u8> {
    range.map(|i| (i * 7 % 251) as u8).collect()
}

fn checked(packet: &Packet) -> Vec<u8> {
    let header = Ipv4::new_checked(packet.network()).unwrap();
    assert!(header.is_header_intact() && !header.is_fragment());
    assert_eq!(header.payload(), packet.transport());
    header.payload().to_vec()
}

#[test]
fn fragments_in_any_order_become_the_packet() {
    let pieces = [(0, 24, true), (24, 48, true), (48, 1000, true), (1000, 1003, false)];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
    for order in orders {
        let mut element = IpReassembler::<4>::new(1 << 20, false);
        let packets = order.iter().map(|&index: &usize| {
            let (from, to, more) = pieces[index];
            let mut packet = fragment(7, from, &pattern(from..to), more);
            packet.annotations_mut().paint = if from == 0 { 5 } else { 6 };
            packet
        });
        let out = pushed(&mut element, packets.collect());
        assert_eq!((out.len(), out[0].0, out[0].1.annotations().paint), (1, 0, 5));
        assert_eq!(checked(&out[0].1), pattern(0..1003));
        assert_eq!((element.memory, element.datagrams.len()), (0, 0));
    }
}

#[test]
fn the_link_header_is_that_of_the_first() {
    let mut element = IpReassembler::<4>::new(1 << 20, false);
    let framed = |link: u8, inner: Packet| {
        let mut frame = packet(&[&[link; 14], inner.data()].concat());
        frame.set_network(14, 20);
        frame.annotations_mut().mac_offset = frame.headroom() as u16;
        frame
    };
    let packets = vec![
        framed(1, fragment(7, 8, &pattern(8..16), false)),
        framed(2, fragment(7, 0, &pattern(0..8), true)),
    ];
    let out = pushed(&mut element, packets);
    assert_eq!((&out[0].1.data()[..14], out[0].1.len()), ([2; 14].as_slice(), 14 + 20 + 16));
    assert_eq!(usize::from(out[0].1.annotations().mac_offset), out[0].1.headroom());
    assert_eq!(checked(&out[0].1), pattern(0..16));
}

#[test]
fn what_comes_last_counts_where_fragments_overlap() {
    let mut element = IpReassembler::<4>::new(1 << 20, false);
    let packets = vec![
        fragment(7, 0, &[1; 24], true),
        fragment(7, 8, &[2; 24], true),
        fragment(7, 16, &[3; 8], true),
        fragment(7, 32, &[4; 3], false),
    ];
    let out = pushed(&mut element, packets);
    let expected = [[1; 8].as_slice(), &[2; 8], &[3; 8], &[2; 8], &[4; 3]].concat();
    assert_eq!(checked(&out[0].1), expected);
}

#[test]
fn packets_pass_and_keys_differ() {
    let mut element = IpReassembler::<4>::new(1 << 20, false);
    let mut other = fragment(7, 8, &[2; 8], false);
    other.data_mut()[9] = 6;
    let out = pushed(&mut element, vec![
        fragment(0, 0, &[9; 9], false),
        fragment(7, 0, &[1; 8], true),
        fragment(8, 8, &[2; 8], false),
        other,
    ]);
    assert_eq!((out.len(), element.datagrams.len()), (1, 3));
    let dump = read(&element, "dump");
    assert!(dump.starts_with("frags seen total:    3\ngood reassemblies:   0\n"));
    assert!(dump.contains("cached chunk data:\n (1.0.0.1, 257, 2.0.0.2, 257) 7 (0,8)\n (1.0.0.1, 0, 2.0.0.2, 0) 8 (8,16)\n"));
}

#[test]
fn lies_are_counted() {
    let mut element = IpReassembler::<4>::new(1 << 20, false);
    let mut short = fragment(7, 0, &[1; 16], true);
    short.truncate(30);
    let out = pushed(&mut element, vec![
        fragment(7, 0, &[1; 9], true),
        fragment(7, 8, &[], false),
        short,
        fragment(7, 0xfff8, &[1; 8], false),
        fragment(7, MOST_BYTES / 8 * 8, &[1; 8], false),
        fragment(8, 8, &[1; 8], false),
        fragment(8, 16, &[1; 8], true),
        packet(&[0x45; 60]),
    ]);
    assert!(out.is_empty());
    assert_eq!(["bad_fragments", "too_big", "no_header"].map(|name| read(&element, name)), ["5", "1", "1"]);
}

#[test]
fn old_fragments_are_given_up() {
    for diverts in [false, true] {
        let mut element = IpReassembler::<4>::new(1 << 20, diverts);
        let out = pushed(&mut element, vec![
            at(fragment(1, 8, &[1; 8], false), 100),
            at(fragment(2, 8, &[2; 8], true), 120),
            at(fragment(3, 8, &[3; 8], true), 135),
        ]);
        assert_eq!((out.len(), out[0].0, element.datagrams.len()), (1, 1, 2));
        assert_eq!(checked(&out[0].1), [[0; 8], [1; 8]].concat());
        assert_eq!(read(&element, "failed"), if diverts { "0" } else { "1" });
    }
}

#[test]
fn memory_and_buffers_are_bounded() {
    let mut element = IpReassembler::<8>::new(1 << 20, false);
    pushed(&mut element, (0..100).map(|id| at(fragment(id, 8, &[1; 8], true), 100)).collect());
    assert!((6..=8).contains(&element.datagrams.len()));
    let mut element = IpReassembler::<100>::new(1000, false);
    pushed(&mut element, (0..100).map(|id| at(fragment(id, 8, &[1; 8], true), 100 + u64::from(id) / 10)).collect());
    assert!(element.memory <= 1000 + 56);
    assert_eq!(element.memory, element.datagrams.iter().map(Datagram::memory).sum());
    assert!(element.datagrams.iter().all(|datagram| datagram.seconds > 100), "the old ones went first");
    let (mut io, mut out) = (ListIo::new(0), Collected::<2>::default());
    io.buffers = Some(0);
    element.push(&mut io, 0, fragment(999, 8, &[1; 8], true), &mut out);
    assert_eq!(read(&element, "no_buffer"), "1");
}

#[test]
fn no_fragments_make_it_panic() {
    let (mut element, mut state) = (IpReassembler::<8>::new(4000, true), 1u32);
    for round in 0..20_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = (state >> 8) as usize % 200;
        let offset = (state >> 16) as usize % 260 * 8;
        let mut packet = fragment((state >> 28) as u16, offset, &pattern(0..length), state & 0x80 != 0);
        if state & 0x700 == 0 {
            packet.data_mut()[round % 20] ^= (state >> 13) as u8;
        }
        pushed(&mut element, vec![at(packet, round as u64 / 100)]);
        assert_eq!(element.memory, element.datagrams.iter().map(Datagram::memory).sum());
    }
}

#[cfg(feature = "host")]
#[test]
fn memory_becomes_part_of_the_type() {
    use crate::configure::{Surroundings, configure};
    let made = |arguments: &[&str]| configure::<IpReassembler>(arguments, &Surroundings::default()).unwrap();
    assert_eq!(made(&[]).expression, "IpReassembler::<128>::new(262144, false)");
    assert_eq!(made(&["HIMEM 1"]).rust_type, "IpReassembler<1>");
}

#[test]
fn a_fragment_whose_header_was_stripped_is_bad() {
    let mut element = IpReassembler::<4>::new(1 << 20, false);
    let mut stripped = fragment(1, 0, &pattern(0..24), true);
    assert!(stripped.pull_front(20));
    assert!(pushed(&mut element, vec![stripped]).is_empty());
    assert_eq!(read(&element, "bad_fragments"), "1");
}
