// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::configure::{Surroundings, configure};
use crate::testing::{ListIo, packet, read};

const DROP: &str = "drop udp any any -> any 80 (msg:\"no\"; content:\"attack\"; sid:1;)";
const REJECT: &str = "reject tcp any any -> any 80 (msg:\"no\"; content:\"attack\"; sid:2;)";

/// The packets of each output.
#[derive(Default)]
struct Out([Vec<Packet>; 4]);

impl Outputs for Out {
    const COUNT: usize = 4;

    fn room(&self, _: usize) -> usize {
        8
    }

    fn emit(&mut self, port: usize, packet: Packet) {
        self.0[port].push(packet);
    }
}

fn ids(rules: &[&str], mode: &str, rate: u32) -> Ids {
    diverting(rules, mode, rate, &[])
}

fn diverting(rules: &[&str], mode: &str, rate: u32, divert: &[&str]) -> Ids {
    let files: Vec<(&str, &str)> = rules.iter().map(|rule| ("test", *rule)).collect();
    let divert = divert.iter().map(|name| (*name).to_owned()).collect();
    let compiled = ::ids::compile(&files, &::ids::Options { strict: true, divert, ..Default::default() }).unwrap();
    let mut ids = Ids::new(compiled.data.leak(), compiled.report.rules as u32, mode == "ips", rate);
    // On the heap in the end; this is small enough for a test's stack.
    ids.lend(Box::leak(vec![const { Memory::<8, 2, 1, 1, 1, 8>::EMPTY }].into_boxed_slice()));
    ids
}

/// From 10.0.0.1:4000 to 10.0.0.2:80.
fn datagram(protocol: u8, transport: &[u8], payload: &[u8]) -> Packet {
    let length = (20 + transport.len() + payload.len()) as u8;
    let ip = [0x45, 0, 0, length, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let mut packet = packet(&[&ip, transport, payload].concat());
    packet.annotations_mut().network_offset = packet.headroom() as u16;
    packet
}

fn udp(payload: &[u8]) -> Packet {
    datagram(17, &[0x0f, 0xa0, 0, 80, 0, 8 + payload.len() as u8, 0, 0], payload)
}

fn tcp(sequence: u8, acknowledgment: u8, flags: u8, payload: &[u8]) -> Packet {
    let header = [0x0f, 0xa0, 0, 80, 0, 0, 0, sequence, 0, 0, 0, acknowledgment, 0x50, flags, 1, 0, 0, 0, 0, 0];
    datagram(6, &header, payload)
}

#[test]
fn beside_the_traffic_everything_passes() {
    let (mut ids, mut io, mut out) = (ids(&[DROP], "ids", 1), ListIo::new(0), Out::default());
    for _ in 0..3 {
        ids.push(&mut io, 0, udp(b"attack"), &mut out);
    }
    assert_eq!(out.0.each_ref().map(Vec::len), [3, 0, 0, 0]);
    assert_eq!(["rules", "count", "alert_count", "unshown"].map(|name| read(&ids, name)), ["1", "3", "3", "2"]);
    assert_eq!(io.printed.len(), 1, "RATE is 1");
    assert!(io.printed[0].contains("\"signature_id\":1"), "{}", io.printed[0]);
    assert_eq!(read(&ids, "alerts").lines().count(), 3);
    ids.write_handler("clear", "").unwrap();
    assert_eq!(read(&ids, "alerts"), "");
}

#[test]
fn in_line_what_matches_is_dropped() {
    let (mut ids, mut io, mut out) = (ids(&[DROP], "ips", 9), ListIo::new(0), Out::default());
    ids.push(&mut io, 0, udp(b"harmless"), &mut out);
    ids.push(&mut io, 0, udp(b"attack"), &mut out);
    ids.push(&mut io, 0, packet(b"no header is marked"), &mut out);
    assert_eq!(out.0.each_ref().map(Vec::len), [1, 1, 0, 0]);
    assert_eq!(["dropped", "rejected", "no_header"].map(|name| read(&ids, name)), ["1", "0", "1"]);
}

#[test]
fn a_flow_in_which_a_diverting_rule_matches_goes_another_way_from_there_on() {
    const ALERT: &str = "alert udp any any -> any 80 (content:\"look\"; classtype:misc-activity; sid:3;)";
    const OTHER: &str = "alert udp any any -> any 80 (content:\"harmless\"; sid:4;)";
    for (mode, divert) in [("ids", "3"), ("ips", "misc-activity")] {
        let mut ids = diverting(&[DROP, ALERT, OTHER], mode, 9, &[divert]);
        let (mut io, mut out) = (ListIo::new(0), Out::default());
        for payload in [b"harmless", b"look at ", b"harmless"] {
            ids.push(&mut io, 0, udp(payload), &mut out);
        }
        let back = datagram(17, &[0, 80, 0x0f, 0xa0, 0, 16, 0, 0], b"answer..");
        let mut swapped = packet(back.data());
        swapped.data_mut()[12..20].copy_from_slice(&[10, 0, 0, 2, 10, 0, 0, 1]);
        swapped.annotations_mut().network_offset = swapped.headroom() as u16;
        ids.push(&mut io, 0, swapped, &mut out);
        assert_eq!((out.0.each_ref().map(Vec::len), read(&ids, "diverted").as_str()), ([1, 0, 0, 3], "3"), "{mode}");
        ids.push(&mut io, 0, udp(b"attack"), &mut out);
        let stopped = usize::from(mode == "ips");
        assert_eq!(out.0.each_ref().map(Vec::len), [1, stopped, 0, 4 - stopped], "a diverted flow is looked at, too");
    }
}

#[test]
fn alerts_are_fetched_by_number_and_none_twice() {
    let (mut ids, mut io, mut out) = (ids(&[DROP], "ids", 1), ListIo::new(0), Out::default());
    let mut raise = |ids: &mut Ids, count: usize| {
        (0..count).for_each(|_| ids.push(&mut io, 0, udp(b"attack"), &mut out));
    };
    let answer = |ids: &Ids, from: u64| {
        let text = read(ids, &format!("alerts {from}"));
        let (first, lines) = text.split_once('\n').unwrap();
        assert!(lines.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{lines}");
        (first.parse::<u64>().unwrap(), lines.lines().count() as u64)
    };
    assert_eq!(answer(&ids, 0), (0, 0));
    raise(&mut ids, 3);
    assert_eq!((answer(&ids, 0), answer(&ids, 2), answer(&ids, 3)), ((0, 3), (2, 1), (3, 0)));
    raise(&mut ids, 3 * LINES);
    let (mut next, mut fetched) = (3, 0);
    loop {
        let (first, count) = answer(&ids, next);
        (next, fetched) = (first + count, fetched + count);
        if count == 0 {
            break;
        }
    }
    assert_eq!((next, fetched), (3 + 3 * LINES as u64, LINES as u64), "the others were not kept");
    assert_eq!(answer(&ids, 1_000_000).0, next - LINES as u64, "whoever asks knew another life");
    assert_eq!(ids.read_handler("alerts x", &mut String::new()), Err(HandlerError::BadValue));
}

#[test]
fn a_rejected_segment_is_answered_with_a_reset() {
    let (mut ids, mut io, mut out) = (ids(&[REJECT], "ips", 9), ListIo::new(0), Out::default());
    ids.push(&mut io, 0, tcp(1, 0, 2, b"attack"), &mut out);
    assert_eq!(out.0.each_ref().map(Vec::len), [0, 1, 1, 0]);
    assert_eq!(read(&ids, "rejected"), "1");
    let reset = out.0[2][0].data();
    assert_eq!(reset[12..20], [10, 0, 0, 2, 10, 0, 0, 1]);
    assert_eq!(reset[20..24], [0, 80, 0x0f, 0xa0]);
    assert_eq!(reset[28..32], [0, 0, 0, 8], "the SYN and six bytes are acknowledged");
    assert_eq!(reset[33], 0x14);
    let sum = crate::wire::checksum::Sum::new().with(&reset[12..20]).with(&[0, 6, 0, 20]);
    assert!(sum.with(&reset[20..]).is_intact());
    assert!(crate::wire::checksum::Sum::new().with(&reset[..20]).is_intact());
}

#[test]
fn a_reset_has_the_mirrored_ethernet_header() {
    let (mut ids, mut io, mut out) = (ids(&[REJECT], "ips", 9), ListIo::new(0), Out::default());
    let segment = tcp(1, 9, 0x12, b"attack");
    let mut framed = packet(&[b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", segment.data()].concat());
    framed.annotations_mut().network_offset = framed.headroom() as u16 + 14;
    framed.annotations_mut().paint = 3;
    ids.push(&mut io, 0, framed, &mut out);
    // A SYN with ACK begins nothing: in line its flow is dropped unseen, and so it is not rejected.
    assert_eq!(out.0.each_ref().map(Vec::len), [0, 1, 0, 0]);
    let mut framed = packet(&[b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", tcp(1, 0, 2, b"attack").data()].concat());
    framed.data_mut()[14 + 15] = 9;
    framed.annotations_mut().network_offset = framed.headroom() as u16 + 14;
    framed.annotations_mut().paint = 3;
    ids.push(&mut io, 0, framed, &mut out);
    let reset = &out.0[2][0];
    assert_eq!(reset.data()[..14], *b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0");
    assert_eq!(reset.network().len(), 40);
    assert_eq!(reset.annotations().paint, 3);
}

#[test]
fn arguments_are_rules_or_files_of_them() {
    let around = Surroundings { inputs: 1, outputs: 1, ..Surroundings::default() };
    let instance = configure::<Ids>(&[DROP, "MODE ips", "FLOWS 64", "RATE 5"], &around).unwrap();
    assert_eq!(instance.expression, "Ids::new({data}, 1, true, 5)");
    assert_eq!(instance.memory.unwrap().rust_type, "ids::Memory<64, 512, 64, 8, 1, 1024>");
    let path = std::env::temp_dir().join(format!("sluice-ids-{}.rules", std::process::id()));
    std::fs::write(&path, format!("# two rules\n{DROP}\nalert smtp any any -> any any (sid:9;)\n{REJECT}\n")).unwrap();
    let name = path.to_str().unwrap();
    let instance = configure::<Ids>(&[name], &around).unwrap();
    assert_eq!(instance.expression, "Ids::new({data}, 2, false, 20)");
    let errors = configure::<Ids>(&[name, "STRICT true"], &around).unwrap_err();
    assert!(errors[0].message.contains(":3:7: rule 9 is left out"), "{}", errors[0].message);
    std::fs::remove_file(&path).unwrap();
    let errors = configure::<Ids>(&[name, "MODE both"], &around).unwrap_err();
    assert!(errors.iter().any(|error| error.message.starts_with("cannot read")), "{errors:?}");
    assert!(configure::<Ids>(&[], &around).unwrap_err()[0].wanted.is_some());
    let errors = configure::<Ids>(&[DROP, "DIVERT 1"], &around).unwrap_err();
    assert!(errors[0].message.contains("output 3"), "{errors:?}");
    let around = Surroundings { outputs: 4, ..around };
    let errors = configure::<Ids>(&[DROP, "DIVERT 1 77 misc-activity"], &around).unwrap_err();
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages, ["DIVERT 77", "DIVERT misc-activity"]);
}
