// SPDX-License-Identifier: Apache-2.0
//! Frames through STT, whole and in segments.

use super::*;
use crate::elements::stt_encap::{Ports, SttEncap};
use crate::elements::{marked, marked6};
use crate::testing::{Collected, ListIo, packet, read};
use crate::tunnel::{DontFragment, Encapsulator, Ends, Underlay};
use crate::wire::stt::Segment;
use crate::wire::tcp::{Tcp, field};

const V4: Ends = Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]);
const V6: Ends = Ends::V6([0x20; 16], [0x21; 16]);
const PORTS: Ports = Ports { source: None, destination: 7471 };

fn encap(ends: Ends, mtu: u16, context: Option<u64>) -> SttEncap {
    let dont_fragment = DontFragment::Always(true);
    let underlay = Underlay { ends, protocol: 6, udp: None, ttl: 9, dscp: None, dont_fragment, identification: 0 };
    SttEncap::new(Encapsulator::new(underlay, mtu, false), context, PORTS, true, false)
}

fn decap<const N: usize>(context: Option<u64>) -> SttDecap<N> {
    SttDecap::new(Decapsulator::new(&[6], true, true), context, 1000)
}

/// A frame of `length` bytes of IPv4, with `tags` behind its addresses.
fn frame(tags: &[u8], length: usize) -> Packet {
    let payload: Vec<u8> = (0..length - 34 - tags.len()).map(|i| (i * 7 % 251) as u8).collect();
    let datagram = marked::datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &payload);
    packet(&[&[2; 12], tags, &[8, 0], datagram.data()].concat())
}

fn sent(encap: &mut SttEncap, frame: Packet) -> Vec<Packet> {
    let mut out = Collected::<1>::default();
    encap.push(&mut ListIo::new(0), 0, frame, &mut out);
    out.0.into_iter().map(|(_, packet)| packet).collect()
}

/// What comes out by outputs 0 and 1.
fn taken<const N: usize>(decap: &mut SttDecap<N>, segments: Vec<Packet>) -> [Vec<Packet>; 2] {
    let mut out = Collected::<2>::default();
    for segment in segments {
        decap.push(&mut ListIo::new(0), 0, segment, &mut out);
    }
    let (first, second): (Vec<_>, Vec<_>) = out.0.into_iter().partition(|(output, _)| *output == 0);
    [first, second].map(|packets| packets.into_iter().map(|(_, packet)| packet).collect())
}

/// A copy, annotations and all.
fn copy(of: &Packet) -> Packet {
    let mut copy = packet(&[]);
    of.copy_into(&mut copy);
    copy
}

#[test]
fn frames_of_any_length_come_out_as_they_went_in() {
    for ends in [V4, V6] {
        for length in [34, 60, 1400, 1442, 1443, 1600, 1792] {
            let (mut encap, mut decap) = (encap(ends, 1500, Some(7)), decap::<4>(Some(7)));
            let segments = sent(&mut encap, frame(&[], length));
            assert!(segments.iter().all(|segment| segment.len() <= 1500 && segment.tailroom() < 4096));
            let [out, refused] = taken(&mut decap, segments);
            assert_eq!((out.len(), refused.len(), decap.assemblies.len()), (1, 0, 0), "{length}");
            assert_eq!((out[0].data(), out[0].annotations().aggregate), (frame(&[], length).data(), 7));
        }
    }
}

#[test]
fn segments_come_in_any_order_and_twice() {
    let segments = sent(&mut encap(V4, 576, Some(7)), frame(&[], 1700));
    assert_eq!(segments.len(), 4);
    for order in [[0, 1, 2, 3, 3], [3, 2, 1, 1, 0], [2, 0, 2, 3, 1]] {
        let mut decap = decap::<4>(None);
        let [out, _] = taken(&mut decap, order.map(|index: usize| copy(&segments[index])).into());
        assert_eq!(out[0].data(), frame(&[], 1700).data(), "{order:?}");
    }
    let header = Tcp::new_checked(segments[1].transport()).unwrap();
    assert_eq!(header.sequence_number(), (1700 + 18) << 16 | 430, "equal parts");
    assert_eq!(header.source_port() & 0xc000, 0xc000);
}

#[test]
fn tags_travel_in_the_header_and_come_back() {
    let (one, eligible) = ([0x81, 0, 0xe0, 5].as_slice(), [0x81, 0, 0x10, 5].as_slice());
    let two = [one, &[0x81, 0, 0, 6]].concat();
    let provider = [0x88, 0xa8, 0, 9, 0x81, 0, 0, 6];
    for (tags, is_in_header) in [(one, true), (&two, true), (eligible, false), (&provider, false)] {
        let segments = sent(&mut encap(V4, 1500, Some(7)), frame(tags, 100));
        let (_, part) = Segment::read(segments[0].transport()).unwrap();
        let header = Stt::new_checked(part).unwrap();
        assert_eq!(header.tag(), is_in_header.then_some(0xe005), "{tags:x?}");
        let [out, _] = taken(&mut decap::<4>(Some(7)), segments);
        assert_eq!(out[0].data(), frame(tags, 100).data());
    }
}

#[test]
fn contexts_are_kept_apart() {
    let segments = |context| sent(&mut encap(V4, 1500, context), frame(&[], 60));
    let wide = 1 << 40 | 7;
    assert_eq!(taken(&mut decap::<4>(Some(7)), segments(Some(8)))[1].len(), 1);
    assert_eq!(taken(&mut decap::<4>(Some(wide)), segments(Some(wide)))[0].len(), 1);
    assert_eq!(taken(&mut decap::<4>(None), segments(Some(wide)))[1].len(), 1, "it does not fit the annotation");
    let mut annotated = frame(&[], 60);
    annotated.annotations_mut().aggregate = 9;
    let [out, _] = taken(&mut decap::<4>(None), sent(&mut encap(V4, 1500, None), annotated));
    assert_eq!(out[0].annotations().aggregate, 9);
}

/// A segment with the pieces of a frame, its checksum right.
fn segment(identification: u32, frame_length: u16, offset: u16, part: &[u8]) -> Packet {
    let segment = Segment { source_port: 1, identification, frame_length, offset };
    let mut bytes = [segment.header(7471).as_slice(), part].concat();
    let pseudo = Sum::new().with_field(6).with_field(bytes.len() as u16).with(&[1, 0, 0, 1, 2, 0, 0, 2]);
    let checksum = pseudo.with(&bytes).checksum();
    bytes[field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
    marked::datagram(6, [1, 0, 0, 1], [2, 0, 0, 2], &bytes)
}

#[test]
fn hostile_segments_are_counted() {
    let mut decap = decap::<2>(None);
    let [out, refused] = taken(&mut decap, vec![
        segment(1, 100, 0, &[0; 50]),
        segment(1, 100, 49, &[0; 51]), // overlaps by a byte
        segment(2, 65535, 0, &[0; 50]),
        segment(3, 100, 60, &[0; 50]), // behind its end
        segment(4, 100, 0, &[]),
        segment(5, 0, 0, &[0; 9]),
        segment(6, 10, 0, &[0; 10]), // no whole header
    ]);
    assert_eq!((out.len(), refused.len()), (0, 4));
    assert_eq!([read(&decap, "overlap"), read(&decap, "too_big"), read(&decap, "waiting")], ["1", "1", "0"]);
    let mut bad = segment(7, 60, 0, &[0; 60]);
    bad.data_mut()[50] ^= 1;
    assert_eq!(taken(&mut decap, vec![bad])[1].len(), 1, "checksum");
}

#[test]
fn memory_is_bounded_and_time_ends() {
    let mut decap = decap::<2>(None);
    let mut io = ListIo::new(0);
    let mut out = Collected::<2>::default();
    for identification in 0..5 {
        decap.push(&mut io, 0, segment(identification, 100, 0, &[0; 50]), &mut out);
    }
    assert_eq!([read(&decap, "waiting"), read(&decap, "incomplete")], ["2", "3"]);
    assert_eq!(decap.deadline_ns(), Some(1000));
    io.now_ns = 1000;
    decap.tick(&mut io, &mut out);
    assert_eq!([read(&decap, "waiting"), read(&decap, "incomplete")], ["0", "5"]);
    io.buffers = Some(0);
    decap.push(&mut io, 0, segment(9, 100, 0, &[0; 50]), &mut out);
    assert_eq!((read(&decap, "no_buffer").as_str(), decap.deadline_ns(), out.0.len()), ("1", None, 0));
}

#[test]
fn partial_checksums_are_completed() {
    let whole = marked6::datagram(17, 1, 2, &[0, 9, 0, 8, 0, 10, 0, 0, 5, 6]);
    let mut inner = [&[2; 12], [0x86, 0xdd].as_slice(), whole.data()].concat();
    let pseudo = Sum::new().with_pseudo_header_ipv6(1, 2, 17, 10);
    inner[60..62].copy_from_slice(&(!pseudo.checksum()).to_be_bytes());
    let mut header = crate::wire::stt::header(7, None, false);
    (header[1], header[2]) = (2, 54);
    let framed = |header: [u8; 18]| {
        let bytes = [header.as_slice(), &inner].concat();
        segment(1, bytes.len() as u16, 0, &bytes)
    };
    let [out, _] = taken(&mut decap::<1>(None), vec![framed(header)]);
    assert!(pseudo.with(&out[0].data()[54..]).is_intact());
    header[2] = 200;
    assert_eq!(taken(&mut decap::<1>(None), vec![framed(header)])[1].len(), 1, "it lies behind the frame");
}

#[test]
fn too_long_is_told_apart() {
    let mut small = encap(V4, 96, Some(1));
    assert!(sent(&mut small, frame(&[], 1856)).is_empty());
    assert_eq!(read(&small, "too_big"), "1");
    let mut poor = encap(V4, 576, Some(1));
    let mut out = Collected::<1>::default();
    poor.push(&mut ListIo { buffers: Some(1), ..ListIo::new(0) }, 0, frame(&[], 1700), &mut out);
    assert_eq!((out.0.len(), read(&poor, "no_buffer").as_str()), (0, "1"));
}

#[test]
fn a_mark_on_one_segment_marks_the_frame() {
    let mut inner = frame(&[], 1700);
    inner.set_network(14, 20);
    marked::header_mut(&mut inner).unwrap().replace_type_of_service(2);
    let mut segments = sent(&mut encap(V4, 1000, Some(7)), inner);
    marked::header_mut(&mut segments[0]).unwrap().replace_type_of_service(3);
    let [out, _] = taken(&mut decap::<1>(None), segments);
    assert_eq!(Inner::Ethernet.fields(out[0].data()).tos, 3);
}
