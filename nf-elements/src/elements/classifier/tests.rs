// SPDX-License-Identifier: Apache-2.0
//! Tests of Classifier.

use super::*;
use crate::configure::{Surroundings, configure};
use crate::filter::{clauses_match, compile_clauses, parse_clauses};
use crate::testing::{ListIo, packet};

const OUTPUTS: Surroundings = 
    Surroundings { name: "", inputs: 1, outputs: 3, ports: &[], hosts: &[], information: &[], stores: &[] };

fn classifier(patterns: &[&str]) -> Classifier {
    let parsed: Vec<_> = patterns.iter().map(|text| parse_clauses(text).unwrap()).collect();
    Classifier::new(patterns.len() as u32, compile_clauses(&parsed).unwrap().leak())
}

fn ways(patterns: &[&str], frames: &[&[u8]]) -> Vec<Option<usize>> {
    let mut classifier = classifier(patterns);
    frames.iter().map(|frame| classifier.route(&mut ListIo::new(0), 0, &mut packet(frame))).collect()
}

/// An Ethernet frame of that type with this payload.
fn frame(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[0; 12], &ether_type.to_be_bytes()[..], payload].concat()
}

#[test]
fn sorts_arp_ip_and_the_rest() {
    let patterns = ["12/0806 20/0001", "12/0806 20/0002", "12/0800"];
    let frames = [
        frame(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1]),
        frame(0x0806, &[0, 1, 8, 0, 6, 4, 0, 2]),
        frame(0x0806, &[0, 1, 8, 0, 6, 4, 0, 3]),
        frame(0x0800, &[0x45]),
        frame(0x86dd, &[0x60]),
    ];
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    assert_eq!(ways(&patterns, &frames), [Some(0), Some(1), None, Some(2), None]);
}

#[test]
fn masks_wildcards_and_negations() {
    let frames: [&[u8]; 4] = [&[0x12, 0x34], &[0x1f, 0x34], &[0x22, 0x35], &[0x12]];
    assert_eq!(ways(&["0/1?34"], &frames), [Some(0), Some(0), None, None]);
    assert_eq!(ways(&["0/12%0f"], &frames), [Some(0), None, Some(0), Some(0)]);
    assert_eq!(ways(&["!1/34"], &frames), [None, None, Some(0), Some(0)]);
    assert_eq!(ways(&["1/34 !0/1f", "-"], &frames), [Some(0), Some(1), Some(1), Some(1)]);
    assert_eq!(ways(&["0/????"], &frames), [Some(0), Some(0), Some(0), None]);
}

#[test]
fn counts_what_matches_nothing() {
    let mut classifier = classifier(&["0/ff"]);
    assert_eq!(classifier.route(&mut ListIo::new(0), 0, &mut packet(&[])), None);
    let mut value = String::new();
    for name in ["patterns", "count", "no_match"] {
        classifier.read_handler(name, &mut value).unwrap();
    }
    assert_eq!(value, "111");
}

#[test]
fn errors_have_their_places() {
    let errors = configure::<Classifier>(&["12/0800 x", "12/080", "14/45%f 9999/00"], &OUTPUTS).unwrap_err();
    let places: Vec<_> = errors.into_iter().map(|error| error.place.unwrap()).collect();
    assert_eq!(places, [(0, 8..9), (1, 0..6), (2, 0..7), (2, 8..15)]);
    for wrong in ["", "/00", "1/", "1/0g", "1/00%?0", "1/é0", "-1/00", "!!1/00"] {
        assert!(parse_clauses(wrong).is_err(), "{wrong}");
    }
    assert!(configure::<Classifier>(&["-", "-", "-", "-"], &OUTPUTS).is_err());
    assert!(configure::<Classifier>(&["-", "-"], &OUTPUTS).is_err());
}

#[test]
fn the_diagram_decides_as_the_clauses() {
    let mut state = 9u32;
    let mut random = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % limit
    };
    for _ in 0..300 {
        let mut patterns = Vec::new();
        for _ in 0..1 + random(6) {
            let mut pattern = String::new();
            for _ in 0..1 + random(3) {
                let (not, offset) = (["", "", "!"][random(3) as usize], random(10));
                let value = ["01", "0?", "0100", "0001000100", "??01"][random(5) as usize];
                let mask = if random(3) == 0 { format!("%{}", &"015a0fff01"[..value.len()]) } else { String::new() };
                pattern += &format!("{not}{offset}/{value}{mask} ");
            }
            patterns.push(parse_clauses(&pattern).unwrap());
        }
        let mut classifier = Classifier::new(0, compile_clauses(&patterns).unwrap().leak());
        for _ in 0..100 {
            let data: Vec<u8> = (0..random(16)).map(|_| random(3) as u8).collect();
            let wanted = patterns.iter().position(|pattern| clauses_match(pattern, &data));
            assert_eq!(classifier.route(&mut ListIo::new(0), 0, &mut packet(&data)), wanted, "{patterns:?} {data:?}");
        }
    }
}
