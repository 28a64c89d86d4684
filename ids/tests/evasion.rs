// SPDX-License-Identifier: Apache-2.0
//! Hiding from the engine: each way is tried, and what the engine does about it is what its documentation says.

mod capture;

use capture::Rig;
use ids::{Mode, Verdict};

mod wire;

use wire::{Conversation, Random, fragments, fragments6, tcp, udp};

const RULE: &str = "alert tcp any any -> any 80 (msg:\"x\"; content:\"attack\"; sid:1;)";
const DROP: &str = "drop tcp any any -> any 80 (msg:\"x\"; content:\"attack\"; sid:1;)";

/// The sids that a conversation raises, its end among them.
fn alerts(rules: &str, mode: Mode, packets: &[Vec<u8>]) -> Vec<u32> {
    let mut rig = Rig::of(rules, mode);
    let mut sids: Vec<u32> =
        packets.iter().zip(0..).flat_map(|(packet, now)| rig.packet(packet, now * 1000).1).collect();
    sids.extend(rig.finish());
    sids
}

#[test]
fn a_keyword_split_over_segments_is_found() {
    for mode in [Mode::Ids, Mode::Ips] {
        for size in 1..=6 {
            let mut talk = Conversation::open();
            b"some attack here".chunks(size).for_each(|part| talk.client(part));
            assert_eq!(alerts(RULE, mode, &talk.close()), [1], "{mode:?} {size}");
        }
    }
}

#[test]
fn segments_out_of_order_and_repeated_are_put_in_order() {
    for mode in [Mode::Ids, Mode::Ips] {
        let mut talk = Conversation::open();
        for (at, part) in [(8, &b"ck!"[..]), (4, b"atta"), (8, b"ck!"), (0, b"xxxx"), (4, b"atta")] {
            talk.client_at(at, part);
        }
        assert_eq!(alerts(RULE, mode, &talk.close()), [1], "{mode:?}");
    }
}

#[test]
fn of_overlapping_segments_the_first_byte_stays() {
    // First "attack", then something else in the same place, before the gap closes.
    let mut talk = Conversation::open();
    talk.client_at(1, b"attack");
    talk.client_at(1, b"silent");
    talk.client_at(0, b"x");
    assert_eq!(alerts(RULE, Mode::Ips, &talk.close()), [1]);
    let mut talk = Conversation::open();
    talk.client_at(1, b"silent");
    talk.client_at(1, b"attack");
    talk.client_at(0, b"x");
    assert_eq!(alerts(RULE, Mode::Ips, &talk.close()), []);
}

#[test]
fn the_urgent_pointer_hides_nothing() {
    let mut talk = Conversation::open();
    talk.client_with(b"atta", 0x38, 2);
    talk.client_with(b"ck", 0x38, 1);
    assert_eq!(alerts(RULE, Mode::Ids, &talk.close()), [1]);
}

#[test]
fn a_wrong_checksum_hides_nothing() {
    let mut talk = Conversation::open();
    talk.client(b"attack");
    let mut packets = talk.close();
    packets.iter_mut().for_each(|packet| packet[36] ^= 0xff);
    assert_eq!(alerts(RULE, Mode::Ids, &packets), [1]);
}

/// A reset that does not reach the server (its TTL is too small) does not end the inspection.
#[test]
fn a_reset_that_its_receiver_never_sees_hides_nothing() {
    let mut talk = Conversation::open();
    talk.client(b"att");
    talk.reset_with_ttl(1);
    talk.client(b"ack");
    assert_eq!(alerts(RULE, Mode::Ids, &talk.close()), [1]);
}

/// A segment whose TTL is too small carries other bytes for the same place: whichever came first is what is matched, so one of
/// both must come before the keyword's own; in line, such a packet is seen and judged like any other.
#[test]
fn a_small_ttl_changes_nothing() {
    let mut talk = Conversation::open();
    talk.client(b"attack");
    let mut packets = talk.close();
    packets.iter_mut().for_each(|packet| packet[8] = 1);
    assert_eq!(alerts(RULE, Mode::Ids, &packets), [1]);
}

#[test]
fn data_before_the_handshake_are_not_the_streams() {
    let mut packets = vec![tcp(0, 1000, 0, 2, b"attack"), tcp(1, 5000, 1001, 0x12, b""), tcp(0, 1001, 5001, 0x10, b"")];
    packets.push(tcp(0, 1001, 5001, 0x18, b"harmless"));
    packets.push(tcp(1, 5001, 1009, 0x10, b""));
    assert_eq!(alerts(RULE, Mode::Ids, &packets), [1], "a SYN's data are matched as a packet's");
    let rule = "alert tcp any any -> any 80 (content:\"ackharm\"; sid:1;)";
    assert_eq!(alerts(rule, Mode::Ids, &packets), [], "but they are not the stream's");
}

#[test]
fn in_line_the_segment_that_completes_the_keyword_is_dropped_and_all_that_follow() {
    let mut talk = Conversation::open();
    talk.client(b"atta");
    talk.client(b"ck");
    talk.client(b"more");
    let mut rig = Rig::of(DROP, Mode::Ips);
    let verdicts: Vec<Verdict> = talk.close().iter().map(|packet| rig.packet(packet, 0).0).collect();
    let dropped = verdicts.iter().position(|verdict| *verdict == Verdict::Drop).expect("one is dropped");
    assert_eq!(dropped, 5, "the handshake, \"atta\" with its acknowledgment, then \"ck\"");
    assert!(verdicts[dropped..].iter().all(|verdict| *verdict == Verdict::Drop));
}

#[test]
fn in_line_a_flow_from_the_middle_is_dropped() {
    let mut rig = Rig::of(RULE, Mode::Ips);
    assert_eq!(rig.packet(&tcp(0, 1, 1, 0x18, b"attack"), 0), (Verdict::Drop, vec![]));
    let mut rig = Rig::of(RULE, Mode::Ids);
    assert_eq!(rig.packet(&tcp(0, 1, 1, 0x18, b"attack"), 0), (Verdict::Pass, vec![1]));
}

#[test]
fn fragments_in_any_order_are_a_datagram() {
    let rule = "alert udp any any -> any 80 (content:\"attack\"; sid:1;)";
    let datagram = udp(b"0123456789 attack 0123456789 0123456789");
    for size in [8, 16, 24] {
        let mut parts = fragments(&datagram, size);
        assert!(parts.len() > 1);
        assert_eq!(alerts(rule, Mode::Ids, &parts), [1], "{size}");
        parts.reverse();
        assert_eq!(alerts(rule, Mode::Ids, &parts), [1], "{size} backwards");
        parts.remove(0);
        assert_eq!(alerts(rule, Mode::Ids, &parts), [], "{size}: one is missing");
        let parts = fragments6(&datagram, size);
        assert_eq!(alerts(rule, Mode::Ids, &parts), [1], "{size} in IPv6");
    }
}

#[test]
fn of_overlapping_fragments_the_first_byte_stays() {
    let rule = "alert udp any any -> any 80 (content:\"attack\"; sid:1;)";
    let hidden = fragments(&udp(b"01234567attack89harmless"), 16);
    let decoy = fragments(&udp(b"01234567harmlessharmless"), 16);
    let parts = [hidden[1].clone(), decoy[1].clone(), hidden[0].clone()];
    let mut rig = Rig::of(rule, Mode::Ids);
    let sids: Vec<u32> = parts.iter().flat_map(|part| rig.packet(part, 0).1).collect();
    assert_eq!(sids, [1]);
    assert_eq!(rig.counters().fragments.overlaps, 1);
    let parts = [decoy[1].clone(), hidden[1].clone(), hidden[0].clone()];
    assert_eq!(alerts(rule, Mode::Ids, &parts), []);
}

#[test]
fn more_data_than_a_window_holds_is_still_searched() {
    for mode in [Mode::Ids, Mode::Ips] {
        let mut talk = Conversation::open();
        talk.silent = true;
        (0..60).for_each(|_| talk.client(&[b'.'; 1000]));
        talk.client(b"attack");
        assert_eq!(alerts(RULE, mode, &talk.close()), [1], "{mode:?}: nothing of it was acknowledged");
    }
}

#[test]
fn a_body_is_searched_across_its_parts() {
    let rule = "alert http any any -> any any (http.response_body; content:\"attack\"; sid:1;)";
    for before in [0, 100, 16_380, 16_384, 40_000] {
        let mut talk = Conversation::open();
        talk.client(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut body = vec![b'.'; before];
        body.extend_from_slice(b"attack");
        talk.server(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes());
        body.chunks(1400).for_each(|part| talk.server(part));
        assert_eq!(alerts(rule, Mode::Ids, &talk.close()), [1], "{before}");
    }
}

#[test]
fn the_names_of_fields_are_a_buffer() {
    let mut talk = Conversation::open();
    talk.client(b"GET / HTTP/1.1\r\nHost: a\r\nX-One: b\r\nConnection: close\r\n\r\n");
    let rules = "alert http any any -> any any (http.header_names; content:\"|0d 0a|Host|0d 0a|X-One|0d 0a|Connection|0d 0a 0d 0a|\"; startswith; sid:1;)
        alert http any any -> any any (http.header_names; content:!\"Accept\"; http.connection; content:\"close\"; sid:2;)";
    assert_eq!(alerts(rules, Mode::Ids, &talk.close()), [1, 2]);
}

#[test]
fn a_pattern_that_matches_everywhere_takes_bounded_work() {
    let rules: String = (1..=50)
        .map(|sid| {
            let tail = "content:\"a\"; distance:0; ".repeat(12);
            format!("alert tcp any any -> any 80 (content:\"aaaa\"; {tail} content:\"b\"; distance:0; sid:{sid};)\n")
        })
        .collect();
    let mut talk = Conversation::open();
    (0..20).for_each(|_| talk.client(&[b'a'; 1400]));
    let packets = talk.close();
    let mut rig = Rig::of(&rules, Mode::Ids);
    let start = std::time::Instant::now();
    packets.iter().for_each(|packet| assert_eq!(rig.packet(packet, 0).1, []));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert!(rig.counters().work_given_up > 0);
}

#[test]
fn a_flood_of_syns_leaves_established_flows_alone() {
    let mut rig = Rig::of(RULE, Mode::Ids);
    let mut talk = Conversation::open();
    talk.client(b"atta");
    let begun = talk.packets.len();
    talk.client(b"ck");
    let packets = talk.close();
    packets[..begun].iter().for_each(|packet| assert_eq!(rig.packet(packet, 1), (Verdict::Pass, vec![])));
    let mut random = Random(1);
    for now in 0..100_000 {
        let mut syn = tcp(0, random.next(), 0, 2, b"");
        syn[12..16].copy_from_slice(&random.next().to_be_bytes());
        rig.packet(&syn, 2 + now);
    }
    assert!(rig.counters().evicted > 90_000);
    let sids: Vec<u32> = packets[begun..].iter().flat_map(|packet| rig.packet(packet, 200_000).1).collect();
    assert_eq!([sids, rig.finish()].concat(), [1]);
}

/// A million frames of noise, half of them damaged packets: no panic, and nothing grows.
#[test]
fn a_million_random_frames() {
    let rules = include_str!("everything.rules");
    assert_eq!(Rig::of(rules, Mode::Ids).report.left_out, []);
    let mut talk = Conversation::open();
    talk.client(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    talk.server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n");
    let mut seeds = talk.close();
    seeds.extend(fragments(&udp(b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01x\x02yz\0\0\x01\0\x01"), 16));
    for mode in [Mode::Ids, Mode::Ips] {
        let mut rig = Rig::of(rules, mode);
        let mut random = Random(7);
        for now in 0..500_000u64 {
            let mut packet = seeds[random.below(seeds.len())].clone();
            for _ in 0..random.below(4) {
                let place = random.below(packet.len());
                packet[place] = random.next() as u8;
            }
            if random.below(8) == 0 {
                packet.truncate(random.below(packet.len() + 1));
            }
            if random.below(16) == 0 {
                packet = (0..random.below(200)).map(|_| random.next() as u8).collect();
            }
            rig.packet(&packet, now * 100_000);
        }
        rig.finish();
        assert_eq!(rig.counters().packets, 500_000);
    }
}
