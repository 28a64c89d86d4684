// SPDX-License-Identifier: Apache-2.0
//! Tests of `IPPrint`.

use super::*;
use crate::elements::marked::datagram;
use crate::testing::{ListIo, packet, read};

const PLAIN: Fields = Fields { timestamp: false, ..Fields::DEFAULT };

fn shown_as(fields: Fields, packet: &mut Packet) -> String {
    let mut io = ListIo::new(0);
    assert_eq!(IpPrint::new(fields, true, None, true).action(&mut io, packet), Verdict::Pass);
    io.printed.pop().unwrap_or_default()
}

fn shown(protocol: u8, payload: &[u8]) -> String {
    shown_as(PLAIN, &mut datagram(protocol, [1, 0, 0, 1], [1, 0, 0, 2], payload))
}

/// A segment of ports 10 and 20 with these flags.
fn segment(flags: u8, length: usize) -> Vec<u8> {
    let mut tcp = vec![0, 10, 0, 20, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0, 0x50, flags, 0x10, 0];
    tcp.resize(length, b'x');
    tcp
}

#[test]
fn tcp() {
    assert_eq!(shown(6, &segment(0x10, 23)), "1.0.0.1.10 > 1.0.0.2.20: . 4294967295:2(3,43,43) ack 256 win 4096");
    assert_eq!(shown(6, &segment(0x03, 20)), "1.0.0.1.10 > 1.0.0.2.20: SF 4294967295:1(2,40,40) win 4096");
    assert_eq!(shown(6, &segment(0x0c, 20)), "1.0.0.1.10 > 1.0.0.2.20: RP 4294967295:4294967295(0,40,40) win 4096");
    assert_eq!(shown(6, &segment(0, 14)), "1.0.0.1.10 > 1.0.0.2.20: . 4294967295:4294967289(-6,34,34)truncated-tcp");
    assert_eq!(shown(6, &segment(0, 13)), "1.0.0.1.10 > 1.0.0.2.20: truncated-tcp");
    assert_eq!(shown(6, &segment(0, 3)), "1.0.0.1 > 1.0.0.2: truncated-tcp");
}

#[test]
fn udp_and_others() {
    assert_eq!(shown(17, &[0, 10, 0, 20, 0, 99, 0, 0]), "1.0.0.1.10 > 1.0.0.2.20: udp 99");
    assert_eq!(shown(17, &[0, 10, 0, 20, 0, 99, 0]), "1.0.0.1.10 > 1.0.0.2.20: truncated-udp");
    assert_eq!(shown(17, &[0, 10, 0]), "1.0.0.1 > 1.0.0.2: truncated-udp");
    assert_eq!(shown(89, &[]), "1.0.0.1 > 1.0.0.2: ip-proto-89");
    let mut short = packet(&[0x45; 19]);
    short.set_network(0, 20);
    assert_eq!(shown_as(PLAIN, &mut short), "truncated-ip");
    assert_eq!(shown_as(PLAIN, &mut packet(&[0x45; 60])), "", "nothing is marked");
}

#[test]
fn icmp() {
    let pair = "1.0.0.1 > 1.0.0.2: ";
    let text = |message: &[u8]| shown(1, message).strip_prefix(pair).unwrap().to_string();
    assert_eq!(text(&[8, 0, 0, 0, 1, 2, 3, 4]), "icmp echo (258, 772)");
    assert_eq!(text(&[0, 0, 0, 0, 1, 2, 3]), "icmp echo-reply truncated-icmp");
    assert_eq!(text(&[8]), "truncated-icmp");
    assert_eq!(text(&[11, 1]), "icmp timeexceeded reassembly");
    assert_eq!(text(&[5, 9]), "icmp redirect code 9");
    assert_eq!((text(&[13, 0]), text(&[40, 0])), ("icmp timestamp".into(), "icmp type 40".into()));
    let quote = |code: u8, protocol: u8, length: usize| {
        let mut message = vec![3, code, 0, 0, 0, 0, 5, 0xdc, 0x45, 0, 0, 0, 0, 0, 0, 0, 9, protocol, 0, 0];
        message.extend([9, 9, 9, 9, 8, 8, 8, 8, 0, 1, 0, 53]);
        message.truncate(length);
        text(&message)
    };
    assert_eq!(quote(1, 17, 32), "icmp 8.8.8.8 unreachable host");
    assert_eq!(quote(2, 47, 32), "icmp 8.8.8.8 unreachable protocol gre");
    assert_eq!(quote(3, 17, 32), "icmp 8.8.8.8 unreachable port udp/53");
    assert_eq!(quote(3, 99, 31), "icmp 8.8.8.8 unreachable port protocol 99truncated-icmp");
    assert_eq!(quote(4, 17, 32), "icmp 8.8.8.8 unreachable needfrag (mtu 1500)");
    assert_eq!(quote(77, 17, 27), "icmp unreachable code 77 truncated-icmp");
    let mut io = ListIo::new(0);
    let mut echo = datagram(1, [1, 0, 0, 1], [1, 0, 0, 2], &[8, 0, 0, 0, 1, 2, 3, 4]);
    IpPrint::new(PLAIN, false, None, true).action(&mut io, &mut echo);
    assert_eq!(io.printed, ["1.0.0.1 > 1.0.0.2: icmp echo (513, 1027)"]);
}

#[test]
fn fragments() {
    let mut fragment = datagram(17, [1, 0, 0, 1], [1, 0, 0, 2], &[0, 10, 0, 20, 0, 99, 0, 0]);
    fragment.data_mut()[4..8].copy_from_slice(&[0, 7, 0x20, 0]);
    assert_eq!(shown_as(PLAIN, &mut fragment), "1.0.0.1.10 > 1.0.0.2.20: udp 99 (frag 7:8@0+)");
    fragment.data_mut()[6..8].copy_from_slice(&[0, 3]);
    assert_eq!(shown_as(PLAIN, &mut fragment), "1.0.0.1 > 1.0.0.2: udp (frag 7:8@24)");
}

#[test]
fn annotations_and_fields() {
    let all = Fields { label: "in", aggregate: true, paint: true, id: true, ttl: true, tos: true, ..Fields::DEFAULT };
    let mut frame = datagram(89, [1, 0, 0, 1], [1, 0, 0, 2], &[]);
    frame.annotations_mut().timestamp_ns = 3_000_020_000;
    frame.annotations_mut().aggregate = 7;
    let rest = "id 0 ttl 64 tos 0 length 20 1.0.0.1 > 1.0.0.2: ip-proto-89";
    assert_eq!(shown_as(Fields { length: true, ..all }, &mut frame), format!("in: 3.000020: #7.0: {rest}"));
    frame.annotations_mut().timestamp_ns = 1;
    let paint = Fields { paint: true, ..Fields::DEFAULT };
    assert_eq!(shown_as(paint, &mut frame), "0.000000001: paint 0: 1.0.0.1 > 1.0.0.2: ip-proto-89");
}

#[test]
fn contents_and_payload() {
    let mut udp = vec![0, 10, 0, 20, 0, 99, 0, 0];
    udp.extend(b"Random bullshit in a packet, at least 64 bytes long. \n");
    let mut frame = datagram(17, [1, 0, 0, 1], [1, 0, 0, 2], &udp);
    let ascii = Fields { contents: Some(Contents::Ascii), payload: true, ..PLAIN };
    let text = "1.0.0.1.10 > 1.0.0.2.20: udp 99\n  Random b ullshit  in a pac ket, at  least 64  bytes l\n  ong. .";
    assert_eq!(shown_as(ascii, &mut frame), text);
    let hex = Fields { contents: Some(Contents::Hex), most_bytes: 26, ..PLAIN };
    let text =
        "1.0.0.1.10 > 1.0.0.2.20: udp 99\n  45000052 00000000 401176a7 01000001 01000002 000a0014\n  0063";
    assert_eq!(shown_as(hex, &mut frame).replace(&format!("{:02x}{:02x}", frame.data()[10], frame.data()[11]), "76a7"), text);
}

#[test]
fn a_file_takes_the_lines_and_the_handler_silences_it() {
    let (mut io, mut print) = (ListIo::new(0), IpPrint::new(PLAIN, true, Some("out"), true));
    let mut frame = datagram(89, [1, 0, 0, 1], [1, 0, 0, 2], &[]);
    for active in ["true", "true", "false"] {
        print.write_handler("active", active).unwrap();
        print.action(&mut io, &mut frame);
    }
    assert_eq!(read(&print, "active"), "false");
    assert_eq!(io.files["out"], "1.0.0.1 > 1.0.0.2: ip-proto-89\n".repeat(2));
    assert!(io.printed.is_empty());
}

#[test]
fn no_packet_makes_it_panic() {
    let udp = [0x45, 0, 0, 60, 0, 0, 0, 0, 64, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let all = Fields { contents: Some(Contents::Hex), payload: true, most_bytes: 9, ..PLAIN };
    let mut state = 7u32;
    for round in 0..20_000 {
        let mut bytes = udp.to_vec();
        bytes.resize(20 + round % 50, 3);
        for _ in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = state as usize >> 8;
            let length = bytes.len();
            bytes[at % length] = (state >> 24) as u8;
        }
        bytes[9] = [1, 6, 17][round % 3];
        let mut frame = packet(&bytes);
        frame.set_network(0, usize::from(bytes[0] & 15) * 4);
        let _ = shown_as(all, &mut frame);
    }
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let made = |arguments: &[&str]| configure::<IpPrint>(arguments, &Surroundings::default()).map(|made| made.expression);
    assert_eq!(made(&[]).unwrap(), "IpPrint::new(ip_print::Fields { ..ip_print::Fields::DEFAULT }, true, None, true)");
    let some = "IpPrint::new(ip_print::Fields { label: \"a b\", contents: Some(ip_print::Contents::Ascii), payload: true, \
                most_bytes: 9, ttl: true, timestamp: false, ..ip_print::Fields::DEFAULT }, false, Some(\"f\"), false)";
    let arguments = ["\"a b\"", "PAYLOAD ascii", "NBYTES 9", "TTL yes", "TIMESTAMP false", "SWAP false"];
    assert_eq!(made(&[&arguments[..], &["OUTFILE f", "ACTIVE 0"]].concat()).unwrap(), some);
    for wrong in [["CONTENTS x", "ID 1"], ["CONTENTS HEX", "PAYLOAD HEX"], ["a", "b"]] {
        assert_eq!(made(&wrong).unwrap_err().len(), 1, "{wrong:?}");
    }
}
