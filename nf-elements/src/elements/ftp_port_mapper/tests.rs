// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::Route;
use crate::elements::TcpRewriter;
use crate::flows::{AGES, Block, Specification, Timing};
use crate::testing::{ListIo, packet};
use crate::wire::ipv4_edit::Ipv4Mut;

const TIMING: Timing = Timing { timeouts_ms: [300_000; AGES], guarantees_ms: [5000; AGES], reap_ms: 0 };

fn rewriter() -> TcpRewriter<1> {
    let pattern = Specification::parse("pattern 1.0.0.1 1024-65535# - - 0 0", 1, |_| None).unwrap();
    let mut nat = Rewriter::new([pattern], 1, 100, TIMING, true, true);
    nat.lend(vec![Block::EMPTY; 25].leak());
    nat
}

/// A segment, its checksums right.
fn segment(id: &FlowId, sequence: u32, acknowledgment: u32, options: &[u8], data: &[u8]) -> Packet {
    let mut segment = [
        &id.source_port.to_be_bytes()[..],
        &id.destination_port.to_be_bytes(),
        &sequence.to_be_bytes(),
        &acknowledgment.to_be_bytes(),
        &[((20 + options.len()) << 2) as u8, 0x10, 0, 9, 0, 0, 0, 0],
        options,
        data,
    ]
    .concat();
    let length = segment.len() as u16;
    let sum = Sum::new().with_pseudo_header(id.source, id.destination, TCP, length).with(&segment).checksum();
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    let mut bytes = [&[0; 20][..], &segment].concat();
    let mut header = Ipv4Mut::new(&mut bytes).unwrap();
    header.set_header_length(20);
    header.set_total_length(20 + length);
    header.set_protocol(TCP);
    header.set_source(id.source);
    header.set_destination(id.destination);
    header.fill_header_checksum();
    let mut packet = packet(&bytes);
    packet.set_network(0, 20);
    packet
}

/// Passes a segment through both: sequence and acknowledgment number, options and data as they come out.
fn pass(nat: &mut TcpRewriter<1>, mut packet: Packet) -> (u32, u32, Vec<u8>, String) {
    let (mut ftp, mut io) = (FtpPortMapper::new(0), ListIo::new(0));
    assert_eq!(ftp.action_with(&mut io, (&mut *nat,), &mut packet), Verdict::Pass);
    assert_eq!(nat.route(&mut io, 0, &mut packet), Some(0));
    let header = ipv4::Ipv4::new_checked(packet.network()).unwrap();
    assert!(header.is_header_intact() && usize::from(header.total_length()) == packet.len());
    let segment = tcp::Tcp::new_checked(header.payload()).unwrap();
    assert!(segment.is_intact(header.source(), header.destination()));
    let data = String::from_utf8(segment.payload().to_vec()).unwrap();
    (segment.sequence_number(), segment.acknowledgment_number(), segment.options().to_vec(), data)
}

fn sack(edges: &[u32]) -> Vec<u8> {
    let length = 2 + 4 * edges.len() as u8;
    let edges = edges.iter().flat_map(|edge| edge.to_be_bytes());
    [1, 1, 5, length].into_iter().chain(edges).collect()
}

#[test]
fn a_command_names_the_flow_and_the_numbers_follow() {
    let mut nat = rewriter();
    let client = FlowId::parse("200.200.200.200 30 2.0.0.2 21").unwrap();
    let server = FlowId::parse("2.0.0.2 21 1.0.0.1 1024").unwrap();
    let mut sent = |sequence, data: &str| {
        let (sequence, _, _, data) = pass(&mut nat, segment(&client, sequence, 0, &[], data.as_bytes()));
        (sequence, data)
    };
    assert_eq!(sent(0, "x"), (0, "x".into()));
    assert_eq!(sent(1, "PORT 200,200,200,200,200,200\n"), (1, "PORT 1,0,0,1,4,1\n".into()));
    assert_eq!(sent(30, "fubar\n"), (18, "fubar\n".into()));
    assert_eq!(sent(0, "x"), (0, "x".into()));
    let mut answered = |acknowledgment, edges: &[u32]| {
        let options = if edges.is_empty() { Vec::new() } else { sack(edges) };
        let (_, acknowledgment, options, _) = pass(&mut nat, segment(&server, 0, acknowledgment, &options, b""));
        (acknowledgment, options)
    };
    assert_eq!([0, 1, 18].map(|number| answered(number, &[]).0), [0, 1, 30]);
    assert_eq!(answered(0, &[1, 10, 1, 18, 18, 20]), (0, sack(&[1, 10, 1, 30, 30, 32])));
    let mut sent = |sequence, data: &str| {
        let (sequence, _, _, data) = pass(&mut nat, segment(&client, sequence, 0, &[], data.as_bytes()));
        (sequence, data)
    };
    assert_eq!(sent(36, "port  200,200,200,200,200,201\r\n"), (24, "port  1,0,0,1,4,2\r\n".into()));
    assert_eq!(sent(67, "fobar\n").0, 43);
    assert_eq!((sent(30, "fubar\n").0, sent(0, "x").0), (18, 0));
    assert_eq!(sent(1_100_000_000, "far").0, 1_100_000_000 - 24);
    assert_eq!(sent(0, "x").0, 0u32.wrapping_sub(24));
    let table = crate::testing::read(&nat, "table");
    assert!(table.contains("(1.0.0.1, 1024, 2.0.0.2, 21) seq -24 [*0 0]"), "{table}");
    assert!(table.contains("(200.200.200.200, 51400, 2.0.0.2, 20) => (1.0.0.1, 1025, 2.0.0.2, 20) [*0 0]"), "{table}");
}

#[test]
fn what_is_no_command_goes_on_as_it_is() {
    let mut nat = rewriter();
    let client = FlowId::parse("200.200.200.200 30 2.0.0.2 21").unwrap();
    for data in [
        "PORT 200,200,200,200,200,200\n",
        "PORT 1,2,3,4,5,256\n",
        "PORT 1,2,3,4,5\n",
        "PORT 1,2,3,4,5,6,7\n",
        "PORT 1,2,3,4,5,6",
        "PORT x\n",
        "PORT \n",
        "PORT",
        " PORT 1,2,3,4,5,6\n",
    ] {
        // The first is one, but in a connection that the rewriter does not know yet.
        assert_eq!(pass(&mut nat, segment(&client, 1, 0, &[], data.as_bytes())).3, data);
    }
    assert_eq!(pass(&mut nat, segment(&client, 1, 0, &[], b"PORT 1,2,3,4,,6\n")).3, "PORT 1,0,0,1,4,1\n");
}

#[test]
fn only_so_many_connections_and_no_panic() {
    let mut nat = rewriter();
    let mut changed = 0;
    for port in 0..40 {
        let id = FlowId { source: 7, source_port: port, destination: 8, destination_port: 21 };
        pass(&mut nat, segment(&id, 1, 0, &[], b"x"));
        let (.., data) = pass(&mut nat, segment(&id, 2, 0, &[], b"PORT 1,2,3,4,5,6\n"));
        changed += u32::from(data != "PORT 1,2,3,4,5,6\n");
    }
    assert_eq!(changed, 32);
    let id = FlowId { source: 7, source_port: 0, destination: 8, destination_port: 21 };
    let good = segment(&id, 1, 0, &sack(&[1, 2]), b"PORT 1,2,3,4,5,6\n").data().to_vec();
    let (mut ftp, mut io) = (FtpPortMapper::new(0), ListIo::new(0));
    crate::wire::mutation::for_each(&good, |bytes| {
        let mut packet = packet(bytes);
        packet.set_network(0, 20);
        ftp.action_with(&mut io, (&mut nat,), &mut packet);
        nat.route(&mut io, 0, &mut packet);
    });
}
