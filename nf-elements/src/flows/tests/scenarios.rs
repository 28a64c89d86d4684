// SPDX-License-Identifier: Apache-2.0
//! What Click's own tests of its rewriters show, played again.

use super::*;
use crate::elements::{IpAddrPairRewriter, IpAddrRewriter, IpRewriter, TcpRewriter, UdpRewriter};
use crate::testing::read;
use crate::{Element, HandlerError};

#[test]
fn answers_come_back_and_ports_are_used_again_for_other_destinations() {
    let mut nat: IpRewriter<2> = rewriter(["pattern 1.0.0.1 1024-1026# - - 0 1", "drop"], 100, TIMES, 5);
    play(
        &mut nat,
        "0 0 T 18.26.4.44 1 10.0.0.4 1   0 1.0.0.1 1024 10.0.0.4 1
         0 0 T 18.26.4.44 2 10.0.0.8 2   0 1.0.0.1 1025 10.0.0.8 2
         0 0 T 18.26.4.44 3 10.0.0.4 3   0 1.0.0.1 1026 10.0.0.4 3
         0 0 T 18.26.4.44 4 10.0.0.8 2   0 1.0.0.1 1024 10.0.0.8 2
         0 0 T 18.26.4.44 5 10.0.0.8 2   0 1.0.0.1 1026 10.0.0.8 2
         0 0 T 18.26.4.44 6 10.0.0.8 2   -
         0 0 T 18.26.4.44 1 10.0.0.4 1   0 1.0.0.1 1024 10.0.0.4 1
         0 1 T 10.0.0.4 1 1.0.0.1 1024   1 10.0.0.4 1 18.26.4.44 1
         0 1 T 10.0.0.8 2 1.0.0.1 1024   1 10.0.0.8 2 18.26.4.44 4
         0 1 T 10.0.0.8 2 1.0.0.1 1026   1 10.0.0.8 2 18.26.4.44 5
         0 1 T 10.0.0.8 3 1.0.0.1 1026   -
         0 0 U 18.26.4.44 1 10.0.0.4 1   0 1.0.0.1 1024 10.0.0.4 1",
    );
    let values = ["size", "table_size", "mapping_failures", "dropped", "not_rewritable"].map(|name| read(&nat, name));
    assert_eq!(values, ["6", "6", "1", "1", "0"]);
    assert_eq!(read(&nat, "patterns"), "1.0.0.1 1024-1026 - - [6]\n<drop>\n");
    assert_eq!(read(&nat, "tcp_lookup 10.0.0.8 2 1.0.0.1 1024"), "10.0.0.8 2 18.26.4.44 4");
    assert_eq!(read(&nat, "tcp_lookup 10.0.0.8 2 1.0.0.1 1023"), "");
}

#[test]
fn a_full_table_keeps_guarantees_and_gives_up_what_ends_first() {
    let mut nat: IpRewriter<2> = rewriter(["pattern 2.0.0.1 1024-65535# - - 0 1", "drop"], 3, TIMES, 5);
    play(
        &mut nat,
        ".1 0 T 1.0.0.1 11 2.0.0.2 21   0 2.0.0.1 1024 2.0.0.2 21
         .2 0 T 1.0.0.2 12 2.0.0.2 22   0 2.0.0.1 1025 2.0.0.2 22
         .3 0 T 1.0.0.3 13 2.0.0.2 23   0 2.0.0.1 1026 2.0.0.2 23
         .4 0 T 1.0.0.4 14 2.0.0.2 24   -
         1.1 1 T 2.0.0.2 21 2.0.0.1 1024   1 2.0.0.2 21 1.0.0.1 11
         1.2 1 T 2.0.0.2 22 2.0.0.1 1025   1 2.0.0.2 22 1.0.0.2 12
         1.3 1 T 2.0.0.2 23 2.0.0.1 1026   1 2.0.0.2 23 1.0.0.3 13
         7.0 0 U 1.0.0.10 20 2.0.0.2 30   0 2.0.0.1 1028 2.0.0.2 30
         7.1 1 T 2.0.0.2 21 2.0.0.1 1024   -
         7.2 1 T 2.0.0.2 22 2.0.0.1 1025   1 2.0.0.2 22 1.0.0.2 12
         8.0 1 U 2.0.0.2 30 2.0.0.1 1028   1 2.0.0.2 30 1.0.0.10 20
         14.0 0 T 1.0.0.11 21 2.0.0.2 31   0 2.0.0.1 1029 2.0.0.2 31
         14.1 1 U 2.0.0.2 30 2.0.0.1 1028   -
         14.2 0 T 1.0.0.11 21 2.0.0.2 31   0 2.0.0.1 1029 2.0.0.2 31
         20.0 0 U 1.0.0.12 22 2.0.0.2 32   0 2.0.0.1 1030 2.0.0.2 32
         20.1 1 T 2.0.0.2 31 2.0.0.1 1029   -
         20.2 1 U 2.0.0.2 32 2.0.0.1 1030   1 2.0.0.2 32 1.0.0.12 22",
    );
    assert_eq!(["size", "mapping_failures"].map(|name| read(&nat, name)), ["3", "1"]);
}

#[test]
fn without_a_guarantee_a_flow_with_less_time_left_is_not_let_in() {
    let mut nat: TcpRewriter<2> = rewriter(["pattern 2.0.0.1 1024-65535# - - 0 1", "drop"], 2, TIMES, 0);
    play(
        &mut nat,
        "1 0 T. 1.0.0.1 10 2.0.0.2 20   0 2.0.0.1 1024 2.0.0.2 20
         2 0 T. 1.0.0.2 11 2.0.0.2 21   0 2.0.0.1 1025 2.0.0.2 21
         3 0 T. 1.0.0.3 12 2.0.0.2 22   0 2.0.0.1 1026 2.0.0.2 22
         4 1 T. 2.0.0.2 20 2.0.0.1 1024   -
         5 1 T 2.0.0.2 21 2.0.0.1 1025   1 2.0.0.2 21 1.0.0.2 11
         6 0 T 1.0.0.2 11 2.0.0.2 21   0 2.0.0.1 1025 2.0.0.2 21
         7 1 T 2.0.0.2 22 2.0.0.1 1026   1 2.0.0.2 22 1.0.0.3 12
         8 0 T 1.0.0.3 12 2.0.0.2 22   0 2.0.0.1 1026 2.0.0.2 22
         9 0 T. 1.0.0.4 13 2.0.0.2 23   -",
    );
    assert_eq!(read(&nat, "mapping_failures"), "1");
}

#[test]
fn streams_last_longer() {
    let times = [4, 5, 4, 4, 4];
    let mut nat: UdpRewriter<2> = rewriter(["pattern 1.0.0.2 1024-65534# - - 0 1", "drop"], 3, times, 1);
    play(
        &mut nat,
        ".1 0 T 53.1.1.1 1 2.115.2.2 2   0 1.0.0.2 1024 2.115.2.2 2
         .2 1 T 2.115.2.2 2 1.0.0.2 1024   1 2.115.2.2 2 53.1.1.1 1
         .3 0 T 53.1.1.2 1 2.115.2.2 2   0 1.0.0.2 1025 2.115.2.2 2
         .4 0 T 53.1.1.3 1 2.115.2.2 2   0 1.0.0.2 1026 2.115.2.2 2
         .5 0 T 53.1.1.4 1 2.115.2.2 2   -
         .6 1 T 2.115.2.2 2 1.0.0.2 1024   1 2.115.2.2 2 53.1.1.1 1
         .7 1 T 2.115.2.2 2 1.0.0.2 1025   1 2.115.2.2 2 53.1.1.2 1
         .8 1 T 2.115.2.2 2 1.0.0.2 1026   1 2.115.2.2 2 53.1.1.3 1
         .9 1 T 2.115.2.2 2 1.0.0.2 1027   -
         3.65 0 T 53.1.1.5 1 2.115.2.2 2   0 1.0.0.2 1028 2.115.2.2 2
         3.66 0 T 53.1.1.3 1 2.115.2.2 2   0 1.0.0.2 1026 2.115.2.2 2
         4.1 1 T 2.115.2.2 2 1.0.0.2 1024   1 2.115.2.2 2 53.1.1.1 1
         4.2 1 T 2.115.2.2 2 1.0.0.2 1025   -
         4.3 1 T 2.115.2.2 2 1.0.0.2 1026   1 2.115.2.2 2 53.1.1.3 1
         4.5 1 T 2.115.2.2 2 1.0.0.2 1028   1 2.115.2.2 2 53.1.1.5 1
         5.5 0 T 53.1.1.6 1 2.115.2.2 2   0 1.0.0.2 1029 2.115.2.2 2
         5.6 1 T 2.115.2.2 2 1.0.0.2 1024   1 2.115.2.2 2 53.1.1.1 1
         5.8 1 T 2.115.2.2 2 1.0.0.2 1026   1 2.115.2.2 2 53.1.1.3 1
         5.91 1 T 2.115.2.2 2 1.0.0.2 1028   -
         5.92 1 T 2.115.2.2 2 1.0.0.2 1029   1 2.115.2.2 2 53.1.1.6 1",
    );
}

#[test]
fn flows_that_answer_themselves_or_each_other() {
    let mut nat: UdpRewriter<2> = rewriter(["pattern 1.0.0.2 1024-65534# - - 0 1", "drop"], 3, [4, 5, 4, 4, 4], 1);
    play(
        &mut nat,
        "1 0 T 1.0.0.2 1024 1.0.0.2 1024   0 1.0.0.2 1024 1.0.0.2 1024
         2 0 T 1.0.0.2 1 1.0.0.2 1024   0 1.0.0.2 1025 1.0.0.2 1024
         3 0 T 1.0.0.2 2 2.0.0.2 1024   0 1.0.0.2 1026 2.0.0.2 1024
         4 0 T 1.0.0.2 3 2.0.0.2 1024   0 1.0.0.2 1027 2.0.0.2 1024
         5 0 T 1.0.0.2 4 2.0.0.2 1024   0 1.0.0.2 1028 2.0.0.2 1024
         6 0 T 1.0.0.2 5 1.0.0.2 1024   0 1.0.0.2 1029 1.0.0.2 1024",
    );
    let mut nat: IpRewriter<2> = rewriter(["pattern 2.0.0.1 1024-65535# - - 0 1", "drop"], 10, TIMES, 0);
    play(
        &mut nat,
        "1 0 T 1.0.0.1 11 2.0.0.2 21   0 2.0.0.1 1024 2.0.0.2 21
         2 0 T 2.0.0.1 1025 2.0.0.1 1025   0 2.0.0.1 1025 2.0.0.1 1025
         2 1 T 2.0.0.1 1025 2.0.0.1 1025   1 2.0.0.1 1025 2.0.0.1 1025",
    );
    assert_eq!(["size", "mapping_failures"].map(|name| read(&nat, name)), ["2", "0"]);
}

#[test]
fn capacity_and_patterns_can_be_written() {
    let specifications = ["pattern 1.0.0.2 1024-65534# - - 0 1", "pattern 1.0.0.3 1024-65534# - - 0 1", "drop"];
    let mut nat: IpRewriter<3> = rewriter(specifications, 10, TIMES, 5);
    play(
        &mut nat,
        "1 0 T 53.1.1.1 1 2.115.2.2 2   0 1.0.0.2 1024 2.115.2.2 2
         2 1 T 53.1.1.2 1 2.115.2.2 2   0 1.0.0.3 1024 2.115.2.2 2
         3 1 T 53.1.1.3 1 2.115.2.2 2   0 1.0.0.3 1025 2.115.2.2 2",
    );
    nat.write_handler("pattern0", "pattern 1.0.0.4 1024-65534# - - 0 1").unwrap();
    assert_eq!(read(&nat, "patterns"), "1.0.0.4 1024-65534 - -\n1.0.0.3 1024-65534 - - [2]\n<drop>\n");
    play(
        &mut nat,
        "4 2 T 2.115.2.2 2 1.0.0.2 1024   -
         5 0 T 53.1.1.1 1 2.115.2.2 2   0 1.0.0.4 1024 2.115.2.2 2
         7 2 T 2.115.2.2 2 1.0.0.3 1024   1 2.115.2.2 2 53.1.1.2 1",
    );
    let table = read(&nat, "tcp_table");
    let mut lines: Vec<_> = table.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "(2.115.2.2, 2, 1.0.0.3, 1024) => (2.115.2.2, 2, 53.1.1.2, 1) [0 *1] i1 exp86400",
            "(2.115.2.2, 2, 1.0.0.3, 1025) => (2.115.2.2, 2, 53.1.1.3, 1) [0 *1] i1 exp296",
            "(2.115.2.2, 2, 1.0.0.4, 1024) => (2.115.2.2, 2, 53.1.1.1, 1) [0 *1] i0 exp298",
            "(53.1.1.1, 1, 2.115.2.2, 2) => (1.0.0.4, 1024, 2.115.2.2, 2) [*0 1] i0 exp298",
            "(53.1.1.2, 1, 2.115.2.2, 2) => (1.0.0.3, 1024, 2.115.2.2, 2) [*0 1] i1 exp86400",
            "(53.1.1.3, 1, 2.115.2.2, 2) => (1.0.0.3, 1025, 2.115.2.2, 2) [*0 1] i1 exp296",
        ]
    );
    assert_eq!(read(&nat, "tcp_table 1").lines().last(), Some("... 2 more"));
    assert_eq!(read(&nat, "udp_table"), "");
    nat.write_handler("capacity", "2").unwrap();
    assert_eq!((read(&nat, "size"), read(&nat, "capacity")), ("2".into(), "2".into()));
    play(&mut nat, "8 2 T 2.115.2.2 2 1.0.0.3 1025   -");
    nat.write_handler("clear", "").unwrap();
    assert_eq!((read(&nat, "size"), read(&nat, "table_size")), ("0".into(), "0".into()));
    for (name, value) in [("pattern0", "pattern x 0 1"), ("pattern1", "keep 0 3"), ("capacity", "x")] {
        assert_eq!(nat.write_handler(name, value), Err(HandlerError::BadValue), "{name} {value}");
    }
    assert_eq!(nat.write_handler("pattern3", "drop"), Err(HandlerError::Unknown));
}

#[test]
fn addresses_and_pairs_of_them() {
    let mut nat: IpAddrRewriter<1> = rewriter(["pattern 3.0.0.1-3.0.0.255# - 0 0"], 10, TIMES, 5);
    play(
        &mut nat,
        "0 0 T 1.0.0.1 1 9.9.9.9 2   0 3.0.0.1 1 9.9.9.9 2
         0 0 U 1.0.0.2 1 9.9.9.8 2   0 3.0.0.2 1 9.9.9.8 2
         0 0 T 1.0.0.1 1 9.9.9.7 2   0 3.0.0.1 1 9.9.9.7 2
         0 0 T 9.9.9.6 2 3.0.0.1 1   0 9.9.9.6 2 1.0.0.1 1",
    );
    let mut nat: IpAddrPairRewriter<1> = rewriter(["pattern 3.0.0.1-3.0.0.255# - 0 0"], 10, TIMES, 5);
    play(
        &mut nat,
        "0 0 T 1.0.0.1 1 9.9.9.9 2   0 3.0.0.1 1 9.9.9.9 2
         0 0 U 1.0.0.2 1 9.9.9.8 2   0 3.0.0.2 1 9.9.9.8 2
         0 0 T 1.0.0.1 1 9.9.9.9 2   0 3.0.0.1 1 9.9.9.9 2
         0 0 T 1.0.0.1 1 9.9.9.7 2   0 3.0.0.3 1 9.9.9.7 2
         0 0 T 9.9.9.6 2 3.0.0.1 1   0 3.0.0.4 2 3.0.0.1 1
         0 0 T 9.9.9.7 2 3.0.0.3 1   0 9.9.9.7 2 1.0.0.1 1",
    );
    let table = read(&nat, "table 1");
    assert!(table.starts_with("(1.0.0.1, 9.9.9.9) => (3.0.0.1, 9.9.9.9) [*0 0] i0 exp"), "{table}");
}

#[test]
fn flows_end_when_nobody_uses_them() {
    let mut nat: UdpRewriter<1> = rewriter(["keep 0 1"], 100, TIMES, 5);
    for second in 0..100 {
        play(&mut nat, &format!("{second} 0 U 1.0.0.1 {second} 2.0.0.2 2   0 1.0.0.1 {second} 2.0.0.2 2"));
    }
    play(&mut nat, "800 0 U 1.0.0.1 7 2.0.0.2 2   0 1.0.0.1 7 2.0.0.2 2");
    assert_eq!(read(&nat, "size"), "100");
    for (second, size) in [(900, "68"), (901, "36"), (902, "4"), (903, "1"), (1300, "1")] {
        play(&mut nat, &format!("{second} 0 U 1.0.0.1 7 2.0.0.2 2   0 1.0.0.1 7 2.0.0.2 2"));
        assert_eq!(read(&nat, "size"), size, "at {second}");
    }
    play(&mut nat, "1301 0 U 1.0.0.1 8 2.0.0.2 2   0 1.0.0.1 8 2.0.0.2 2");
    play(&mut nat, "1802 0 U 1.0.0.1 9 2.0.0.2 2   0 1.0.0.1 9 2.0.0.2 2");
    assert_eq!(read(&nat, "size"), "3");
    play(&mut nat, "1803 0 U 1.0.0.1 9 2.0.0.2 2   0 1.0.0.1 9 2.0.0.2 2");
    assert_eq!(read(&nat, "size"), "1");
}

#[test]
fn annotations_are_set_if_they_shall() {
    let mut nat: IpRewriter<2> = rewriter(["pattern 1.0.0.1 1024-65535# - - 0 1", "drop"], 10, TIMES, 5);
    let id = FlowId::parse("18.26.4.44 30 10.0.0.4 40").unwrap();
    let (mut there, mut io) = (datagram(UDP, &id, b""), ListIo::new(0));
    there.annotations_mut().paint = 7;
    assert_eq!(nat.route(&mut io, 0, &mut there), Some(0));
    assert_eq!((there.annotations().paint, there.annotations().destination_ipv4()), (7, [10, 0, 0, 4]));
    let mut back = datagram(UDP, &id_of(&there).reversed(), b"");
    assert_eq!(nat.route(&mut io, 1, &mut back), Some(1));
    assert_eq!((back.annotations().paint, back.annotations().destination_ipv4()), (7, [18, 26, 4, 44]));
}
