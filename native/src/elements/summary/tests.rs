// SPDX-License-Identifier: Apache-2.0

use super::*;
use nf_elements::testing::packet;

/// The line `text` of these fields as a packet, and that packet's fields `shown`.
fn through(fields: &str, text: &str, shown: &str) -> String {
    let mut line = Line::default();
    for (field, word) in Field::list(fields).unwrap().into_iter().zip(words(text)) {
        line.take(field, &word);
    }
    let mut made = packet(&[]);
    line.build(None, 6, true, &mut made);
    let (view, mut out) = (View::new(&made, true), String::new());
    for field in Field::list(shown).unwrap() {
        view.write(field, &mut out);
        out.push(' ');
    }
    out.trim_end().into()
}

#[test]
fn what_is_read_is_written() {
    for (fields, text) in [
        ("timestamp ip_src ip_dst", "5.250000 1.2.3.4 5.6.7.8"),
        ("sport dport ip_proto tcp_flags tcp_seq", "1 2 T SA 7"),
        ("sport dport proto udp_len payload", "53 99 U 11 \"abc\""),
        ("icmp_type icmp_code icmp_flowid icmp_seq proto", "8 0 258 3 I"),
        ("tcp_opt proto tcp_off", "mss1460;sackok;ts1:2;wscale7 T 40"),
        ("ip_frag ip_id ip_ttl ip_tos", "f 9 64 3"),
        ("ip_fragoff ip_len", "16+! 100"),
        ("link direction aggregate count", "0 > 5 1"),
        ("payload_len proto", "7 U"),
        ("ip_hl tcp_off ip_len", "32 28 100"),
        ("src dst ip_opt sport proto", "1.2.3.4 5.6.7.8 lsrr{1.2.3.5^9.9.9.9} 7 U"),
        ("payload", r#""a \"b\"\n\<00>\<FF>""#),
    ] {
        assert_eq!(through(fields, text, fields), text, "{fields}");
    }
}

#[test]
fn what_does_not_apply_is_a_dash() {
    assert_eq!(
        through("ip_src proto", "1.2.3.4 I", "sport tcp_seq udp_len icmp_type_name eth_src"),
        "- - - echo-reply -"
    );
    let nothing = packet(&[0x60, 1, 2, 3]);
    let mut out = String::new();
    View::new(&nothing, true).write(Field::IpSrc, &mut out);
    assert_eq!(out, "-");
}

#[test]
fn checksums_are_right() {
    for protocol in ["T", "U", "I"] {
        let text = format!("{protocol} 1.2.3.4 5.6.7.8 60 7");
        let mut line = Line::default();
        for (field, word) in Field::list("proto src dst len sport").unwrap().into_iter().zip(words(&text)) {
            assert!(line.take(field, &word), "{word}");
        }
        let mut made = packet(&[]);
        line.build(None, 6, true, &mut made);
        assert_eq!(made.len(), 60);
        let header = nf_elements::wire::ipv4::Ipv4::new_checked(made.data()).unwrap();
        assert!(header.is_header_intact(), "{protocol}");
    }
}

#[test]
fn names() {
    assert_eq!(Field::list("src \"tcp seq\" length"), Ok(vec![Field::IpSrc, Field::TcpSeq, Field::IpLen]));
    assert_eq!(Field::list("src what"), Err("what".into()));
    assert_eq!(words(r#"a "b c" d"#), ["a", "b c", "d"]);
}

#[test]
fn no_bytes_make_it_panic() {
    let frame: Vec<u8> = (0..120u8).map(|byte| byte.wrapping_mul(37)).collect();
    let fields: Vec<Field> =
        Field::list("src sport tcp_opt tcp_flags payload payload_len ip_len icmp_seq eth_src udp_len").unwrap();
    for first in 0..=255u8 {
        for length in [1, 5, 19, 20, 24, 40, 60, 120] {
            let mut bytes = frame[..length].to_vec();
            bytes[0] = first;
            if length > 9 {
                bytes[9] = 6;
            }
            let mut made = packet(&bytes);
            made.set_network(0, 20);
            let (view, mut out) = (View::new(&made, true), String::new());
            fields.iter().for_each(|field| view.write(*field, &mut out));
        }
    }
}

/// Numbers that are too great once overflowed (found by fuzzing).
#[test]
fn numbers_too_great_say_nothing() {
    for (field, text) in [
        ("ts_sec", "18446744074"),
        ("ts_sec", "18446744073709551615"),
        ("ts_usec", "18446744073709551615"),
        ("ts_usec1", "18446744073709551615"),
    ] {
        assert_eq!(through(field, text, "timestamp"), "0.000000", "{field} {text}");
    }
    assert_eq!(through("ts_sec ts_usec", "18446744073 18446744073709551", "timestamp"), "-0.709551");
    assert_eq!(through("payload_len", "18446744073709551615", "ip_len"), "65535");
}

#[test]
fn payloads_have_digests() {
    let shown = through("proto payload", "U \"hi there\\n\"", "payload_md5 payload_md5_hex");
    assert_eq!(shown, "sy@Uze03MHB84qQruJ_zma 12f6bb1941df66b8f138a446d4e8670c");
}
