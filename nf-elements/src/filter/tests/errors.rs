// SPDX-License-Identifier: Apache-2.0
//! What is wrong with a pattern, and where.

use super::Random;
use crate::filter::{parse_pattern, parse_rule};

/// The words that the errors of `text` point to.
fn places(text: &str) -> Vec<&str> {
    let errors = parse_rule(text, 2).expect_err(text);
    assert!(errors.iter().all(|error| !error.message.is_empty() && error.wanted.is_some()), "{errors:?}");
    errors.into_iter().map(|error| &text[error.span]).collect()
}

#[test]
fn errors_point_to_the_words() {
    assert_eq!(places("permit tcp"), ["permit"]);
    assert_eq!(places("2 tcp"), ["2"]);
    assert_eq!(places("allow tpc and dst port 80"), ["tpc"]);
    assert_eq!(places("allow dst port 70000"), ["70000"]);
    assert_eq!(places("allow dst port and tcp"), ["dst port"]);
    assert_eq!(places("allow dst port x and tcp"), ["x"]);
    assert_eq!(places("allow src hst 10.0.0.1"), ["hst"]);
    assert_eq!(places("allow src net 10.0.0.1"), ["10.0.0.1"]);
    assert_eq!(places("allow src host 10.0.0.0/8 or tcp"), ["10.0.0.0/8"]);
    assert_eq!(places("allow 80"), ["80"]);
    assert_eq!(places("allow echo"), ["echo"]);
    assert_eq!(places("allow tcp port echo-reply"), ["echo-reply"]);
    assert_eq!(places("allow (tcp or udp"), ["("]);
    assert_eq!(places("allow tcp)"), [")"]);
    assert_eq!(places("allow tcp and"), ["and"]);
    assert_eq!(places("allow tcp or or udp"), ["or"]);
    assert_eq!(places("allow not"), ["not"]);
    assert_eq!(places("allow tcp ? udp"), ["?"]);
    assert_eq!(places("allow tcp udp"), ["udp"]);
    assert_eq!(places("allow host port 5"), ["port"]);
    assert_eq!(places("allow src dst host 10.0.0.1"), ["dst"]);
    assert_eq!(places("allow src ip ttl 5"), ["src ip ttl 5"]);
    assert_eq!(places("allow ip[5:5] 1"), ["[5:5]"]);
    assert_eq!(places("allow ip[2:4] 1"), ["[2:4]"]);
    assert_eq!(places("allow ip[x] 1"), ["[x]"]);
    assert_eq!(places("allow port 9-5"), ["9-5"]);
    assert_eq!(places("allow port > 5-9"), ["5-9"]);
    assert_eq!(places("allow tcp[13] & 2 == 1"), ["1"]);
    assert_eq!(places("allow tcp[13] & 0 == 1"), ["0"]);
    assert_eq!(places("allow host > 10.0.0.1"), ["host > 10.0.0.1"]);
    assert_eq!(places("allow ip ttl >"), [">"]);
    assert_eq!(places("allow icmp port 5"), ["icmp port 5"]);
    assert_eq!(places("allow tcp opt 300"), ["300"]);
    assert_eq!(places("allow ip frag 3"), ["ip frag 3"]);
    assert_eq!(places(""), [""]);
}

#[test]
fn several_errors_in_one_run() {
    assert_eq!(places("permit foo and dst port x or bar baz and (tcp or qux)"), ["permit", "foo", "x", "bar", "qux"]);
}

#[test]
fn deep_nesting_is_an_error() {
    for text in ["(".repeat(10_000), "not ".repeat(10_000) + "tcp", "tcp ? ".repeat(10_000)] {
        assert!(!parse_pattern(&text).unwrap_err().is_empty());
    }
}

#[test]
fn no_text_panics() {
    let seeds = [
        "allow tcp && src port www && dst port > 1023 && ack",
        "deny src net 10.0.0.0/8 or 192.168.0.0 mask 255.255.0.0 and not (icmp type echo ? frag : ip[6:2] & 0x3fff == 0)",
        "1 src and dst host 10.0.0.1 or vlan 5 or port 80-90, é\"[:,]",
    ];
    let words =
        ["and", "or", "(", ")", "[", "]", ":", "&", "0x", "src", "port", "range", "1-2", "?", "not", "é", "10/8", "!="];
    let mut random = Random(17);
    for round in 0..20_000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..random.below(6) {
            let at = random.below(text.len());
            match random.below(4) {
                0 => text.truncate(at),
                1 => drop(text.remove(at)),
                2 => text.insert(at, char::from(32 + random.below(95) as u8)),
                _ => drop(text.splice(at..at, words[random.below(words.len())].chars())),
            }
            if text.is_empty() {
                text.push(' ');
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = parse_rule(&text, 3) {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| text.get(error.span.clone()).is_some()), "{text}: {errors:?}");
        }
    }
}
