// SPDX-License-Identifier: Apache-2.0
//! Tests of `CheckIPHeader`.

use super::*;
use crate::testing::{ListIo, packet, read};

/// An Ethernet header, a UDP datagram of 192.0.2.255 to 192.0.2.1, two bytes of padding.
const FRAME: [u8; 44] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, // Ethernet
    0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0xf5, 0xd0, 192, 0, 2, 255, 192, 0, 2, 1, // IPv4
    0, 1, 0, 2, 0, 8, 0, 0, 0xee, 0xee, // UDP, padding
];

fn plain() -> CheckIpHeader {
    CheckIpHeader::new(14, true, &[], &[], "ch: bad", false, false)
}

fn routed(check: &mut CheckIpHeader, frame: &[u8]) -> Option<usize> {
    check.route(&mut ListIo::new(0), 0, &mut packet(frame))
}

#[test]
fn annotates_and_cuts_a_good_packet() {
    let mut frame = packet(&FRAME);
    assert_eq!(plain().route(&mut ListIo::new(0), 0, &mut frame), Some(0));
    assert_eq!(frame.data(), &FRAME[..42]);
    assert_eq!(frame.network(), &FRAME[14..42]);
    assert_eq!(frame.transport(), &FRAME[34..42]);
    assert_eq!(frame.annotations().destination_ipv4(), [192, 0, 2, 1]);
}

#[test]
fn each_bad_packet_counts_under_its_reason() {
    let mut check = plain();
    for (reason, at, value) in
        [("version", 14, 0x65), ("header_length", 14, 0x44), ("total_length", 17, 31), ("checksum", 30, 0)]
    {
        let mut frame = FRAME;
        frame[at] = value;
        assert_eq!(routed(&mut check, &frame), None, "{reason}");
        assert_eq!(read(&check, reason), "1");
    }
    for length in [0, 13, 14, 33] {
        assert_eq!(routed(&mut check, &FRAME[..length]), None);
    }
    assert_eq!(
        (read(&check, "short"), read(&check, "source"), read(&check, "drops")),
        ("4".into(), "0".into(), "8".into())
    );
    assert!(read(&check, "drop_details").starts_with("4\ttiny packet\n1\tbad IP version\n"));
}

#[test]
fn a_wrong_checksum_passes_if_nobody_asks() {
    let mut frame = FRAME;
    frame[24] ^= 1;
    assert_eq!(routed(&mut CheckIpHeader::new(14, false, &[], &[], "", false, false), &frame), Some(0));
}

#[test]
fn a_bad_source_passes_to_a_good_destination_only() {
    const BAD: &[u32] = &[0xc000_02ff];
    assert_eq!(routed(&mut CheckIpHeader::new(14, true, BAD, &[0xc000_0201], "", false, false), &FRAME), Some(0));
    let mut check = CheckIpHeader::new(14, true, BAD, &[0xc000_0202], "", false, false);
    assert_eq!(routed(&mut check, &FRAME), None);
    assert_eq!(read(&check, "source"), "1");
}

#[test]
fn bad_packets_that_leave_by_output_1_are_not_dropped() {
    let mut check = CheckIpHeader::new(14, true, &[], &[], "", false, true);
    assert_eq!(routed(&mut check, &[0; 60]), Some(1));
    assert_eq!((read(&check, "version"), read(&check, "drops")), ("0".into(), "1".into()));
}

#[test]
fn the_first_bad_packet_is_told_or_each() {
    for (verbose, messages) in [(false, 1), (true, 2)] {
        let mut io = ListIo::new(0);
        let mut check = CheckIpHeader::new(0, true, &[], &[], "ch: IP header check failed", verbose, false);
        for _ in 0..2 {
            assert_eq!(check.route(&mut io, 0, &mut packet(&[0; 60])), None);
        }
        assert_eq!(io.printed, vec!["ch: IP header check failed: bad IP version"; messages]);
    }
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let made = |arguments: &[&str], outputs| {
        configure::<CheckIpHeader>(arguments, &Surroundings { name: "ch", outputs, ..Default::default() })
            .map(|made| made.expression.replace(r#""ch: IP header check failed""#, "opening"))
    };
    assert_eq!(made(&[], 1).unwrap(), "CheckIpHeader::new(0, true, &[], &[], opening, false, false)");
    assert_eq!(made(&["14", "CHECKSUM false"], 2).unwrap(), "CheckIpHeader::new(14, false, &[], &[], opening, false, true)");
    assert_eq!(
        made(&["INTERFACES 0.0.1.2/24 0.0.3.4/32", "BADSRC 0.0.0.9"], 1).unwrap(),
        "CheckIpHeader::new(0, true, &[511, 772, 0, 4294967295, 9], &[258, 772], opening, false, false)"
    );
    let old = "CheckIpHeader::new(14, true, &[9, 0, 4294967295], &[], opening, true, false)";
    assert_eq!(made(&["0.0.0.9", "14", "VERBOSE true"], 1).unwrap(), old);
    assert_eq!(made(&["0.0.0.9", "VERBOSE true", "OFFSET 14"], 1).unwrap(), old);
    for wrong in ["BADSRC 1.2.3", "INTERFACES 1.2.3.4", "INTERFACES 1.2.3.4/33", "OFFSET -1", "VERBOSE x", "-1"] {
        assert_eq!(made(&[wrong], 1).unwrap_err().len(), 1, "{wrong}");
    }
}
