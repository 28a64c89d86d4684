// SPDX-License-Identifier: Apache-2.0
//! Two speakers with a perfect wire between, each with a VTEP that remembers what it was told.

use super::*;
use crate::table::tests::Recorded;
use std::collections::VecDeque;

struct End {
    speaker: Speaker,
    vtep: Recorded,
}

struct Pair {
    ends: [End; 2],
    now: Instant,
    connections: ConnectionId,
}

fn end(last: u8, asn: u32, other: u8, other_asn: u32, now: Instant) -> End {
    let text = format!(
        "as = {asn}\nrouter-id = '10.9.0.{last}'\nvtep = '10.9.0.{last}'\n
         [[neighbor]]\naddress = '10.9.0.{other}'\nas = {other_asn}\nmax-routes = 100\n[[vni]]\nid = 100\n[[vni]]\nid = 20{last}\n
         [[vrf]]\nname = 'red'\nvni = 4000\nrouter-mac = '02:00:00:00:40:0{last}'\nprefixes = ['10.{last}.0.0/16', 'fd0{last}::/64']\n"
    );
    let speaker = Speaker::new(Config::parse("test", &text).unwrap(), now);
    End { speaker, vtep: Recorded::default() }
}

impl Pair {
    fn new(asn: u32, other: u32) -> Pair {
        let now = Instant::now();
        let mut pair = Pair { ends: [end(1, asn, 2, other, now), end(2, other, 1, asn, now)], now, connections: 0 };
        pair.flow();
        pair
    }

    /// Lets everything flow until nothing does, then both look at their VTEPs, and again.
    fn flow(&mut self) {
        for _ in 0..3 {
            self.pass();
            for End { speaker, vtep } in &mut self.ends {
                speaker.look(vtep, self.now);
            }
        }
    }

    fn pass(&mut self) {
        let now = self.now;
        self.ends.iter_mut().for_each(|end| end.speaker.tick(now));
        let mut flying = VecDeque::new();
        loop {
            for end in 0..2 {
                flying.extend(self.ends[end].speaker.take_requests().into_iter().map(|request| (end, request)));
            }
            let Some((end, request)) = flying.pop_front() else { return };
            let other = 1 - end;
            match request {
                // The second one only answers.
                Request::Dial(_) if end == 1 => {}
                Request::Dial(_) => {
                    self.connections += 1;
                    let id = self.connections;
                    self.ends[0].speaker.with(0, now, |session, now| session.connected(id, true, now));
                    self.ends[1].speaker.with(0, now, |session, now| session.connected(id, false, now));
                }
                Request::Send(id, bytes) => {
                    self.ends[other].speaker.with(0, now, |session, now| session.received(id, &bytes, now));
                }
                Request::Close(id) => {
                    self.ends[other].speaker.with(0, now, |session, now| session.closed(id, "closed", now));
                }
            }
        }
    }

    fn entries(&self, end: usize) -> Vec<String> {
        self.ends[end].vtep.entries.iter().map(|(key, target)| format!("{key} {target}")).collect()
    }

    fn entry(&self, end: usize, key: &str) -> Option<&str> {
        self.ends[end].vtep.entries.get(key).map(String::as_str)
    }
}

const HOST: &str = "100 02:00:00:00:00:05 10.0.0.5 fd00::5\n";
const MAC: &str = "mac 100 02:00:00:00:00:05";

#[test]
fn networks_hosts_and_prefixes_get_from_one_vtep_to_the_other() {
    for (asn, other) in [(65001, 65001), (65001, 65002), (4_200_000_001, 4_200_000_002)] {
        let mut pair = Pair::new(asn, other);
        pair.ends[1].vtep.learned = format!("{HOST}202 02:00:00:00:00:06\n300 02:00:00:00:00:07\n");
        pair.flow();
        assert_eq!(
            pair.entries(0),
            [
                "flood 100 10.9.0.2 ",
                "mac 100 02:00:00:00:00:05 10.9.0.2 moves",
                "neighbor 100 10.0.0.5 02:00:00:00:00:05 moves",
                "neighbor 100 fd00::5 02:00:00:00:00:05 moves",
                "route red 10.2.0.0/16 10.9.0.2 02:00:00:00:40:02 4000",
                "route red fd02::/64 10.9.0.2 02:00:00:00:40:02 4000",
            ]
        );
        pair.ends[1].vtep.learned.clear();
        pair.flow();
        assert_eq!((pair.entry(0, MAC), pair.entries(0).len()), (None, 3));
    }
}

#[test]
fn a_host_moves_to_and_fro_and_its_vtep_keeps_its_own_entry() {
    let mut pair = Pair::new(65001, 65002);
    pair.ends[1].vtep.learned = HOST.into();
    pair.flow();
    assert_eq!(pair.entry(0, MAC), Some("10.9.0.2 moves"));
    for _ in 0..2 {
        // It sends a frame at the first VTEP, whose own entry takes the place of the one that it was told.
        pair.ends[0].vtep.learned = HOST.into();
        pair.ends[0].vtep.entries.insert(MAC.into(), "its own".into());
        pair.flow();
        assert_eq!((pair.entry(0, MAC), pair.entry(1, MAC)), (Some("its own"), Some("10.9.0.1 moves")));
        pair.ends[1].vtep.learned.clear();
        pair.flow();
        assert_eq!((pair.entry(0, MAC), pair.entry(1, MAC)), (Some("its own"), Some("10.9.0.1 moves")));
        pair.ends[1].vtep.learned = HOST.into();
        pair.ends[1].vtep.entries.insert(MAC.into(), "its own".into());
        pair.flow();
        assert_eq!((pair.entry(0, MAC), pair.entry(1, MAC)), (Some("10.9.0.2 moves"), Some("its own")));
        pair.ends[0].vtep.learned.clear();
        pair.flow();
    }
    let host = *pair.ends[1].speaker.hosts().iter().next().unwrap().0;
    assert_eq!(pair.ends[1].speaker.hosts().get(host).unwrap().sequence, 4);
}

#[test]
fn routes_go_with_the_session_and_come_back_with_it() {
    let mut pair = Pair::new(65001, 65002);
    pair.ends[1].vtep.learned = HOST.into();
    pair.flow();
    assert_eq!(pair.entries(0).len(), 6);
    let End { speaker, vtep } = &mut pair.ends[1];
    speaker.stop(vtep, pair.now);
    pair.flow();
    assert_eq!((pair.entries(0).len(), pair.entries(1).len()), (0, 0));
    pair.now += Duration::from_secs(2);
    pair.ends[1] = end(2, 65002, 1, 65001, pair.now);
    pair.flow();
    assert_eq!((pair.entries(0).len(), pair.entries(1).len()), (3, 3));
}

#[test]
fn a_vtep_that_was_started_again_is_told_all() {
    let mut pair = Pair::new(65001, 65001);
    let entries = pair.entries(0);
    assert_eq!(entries.len(), 3);
    pair.ends[0].vtep.is_gone = true;
    pair.flow();
    let news = pair.ends[0].speaker.take_news();
    assert_eq!(news.iter().filter(|one| one.contains("the VTEP")).count(), 1, "{news:?}");
    pair.ends[0].vtep = Recorded { uptime_ns: 0, ..Recorded::default() };
    pair.flow();
    assert_eq!(pair.entries(0), entries);
}

/// What FRR 8.4.4 sent after the session of two networks and a prefix had begun: all types, then a host taken back.
const FRR: &[u8] = include_bytes!("frr-8.4.4.bin");

/// The speaker that FRR talked to.
fn for_frr(now: Instant) -> End {
    let text = "as = 65001\nrouter-id = '10.9.0.1'\nvtep = '10.9.0.1'\n[[neighbor]]\naddress = '10.9.1.2'\nas = 65002\n\
                [[vni]]\nid = 100\n[[vrf]]\nname = 'red'\nvni = 4000\nrouter-mac = '02:00:00:00:40:01'\n";
    let mut speaker = Speaker::new(Config::parse("test", text).unwrap(), now);
    speaker.tick(now);
    speaker.with(0, now, |session, now| session.connected(1, true, now));
    End { speaker, vtep: Recorded::default() }
}

#[test]
fn what_frr_says_is_understood() {
    let now = Instant::now();
    let End { mut speaker, mut vtep } = for_frr(now);
    speaker.with(0, now, |session, now| session.received(1, FRR, now));
    assert_eq!((speaker.session(0).state(), speaker.session(0).hold_time()), (SessionState::Established, Some(9)));
    speaker.look(&mut vtep, now);
    let entries: Vec<_> = vtep.entries.iter().map(|(key, target)| format!("{key} {target}")).collect();
    assert_eq!(
        entries,
        [
            "flood 100 10.9.0.2 ",
            "mac 100 02:00:00:00:02:02 10.9.0.2 moves",
            "mac 100 a2:45:f8:aa:03:63 10.9.0.2 moves",
            "route red 10.2.0.0/16 10.9.0.2 02:00:00:00:40:02 4000",
        ]
    );
}

#[test]
fn whatever_frr_could_say_is_survived() {
    let now = Instant::now();
    let mut random = 0x5eed_u64;
    for _ in 0..5000 {
        let mut bytes = FRR.to_vec();
        for _ in 0..3 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 56) as u8;
        }
        let End { mut speaker, mut vtep } = for_frr(now);
        speaker.with(0, now, |session, now| session.received(1, &bytes, now));
        speaker.look(&mut vtep, now);
        speaker.with(0, now, |session, now| session.closed(1, "closed", now));
        speaker.look(&mut vtep, now);
        assert!(vtep.entries.is_empty(), "{:?}", vtep.entries);
    }
}

#[test]
fn a_neighbour_that_tells_too_much_is_left() {
    let mut pair = Pair::new(65001, 65001);
    pair.ends[1].vtep.learned = (0..200).map(|n| format!("100 02:00:00:00:00:{n:02x}\n")).collect();
    pair.flow();
    assert_eq!(pair.entries(0).len(), 0);
    let said = pair.ends[1].speaker.session(0).error().unwrap();
    assert!(said.contains("(6/1)"), "{said}");
}

#[test]
fn a_refresh_tells_all_again_and_changes_nothing() {
    let mut pair = Pair::new(65001, 65001);
    let before = pair.entries(0);
    let now = pair.now;
    pair.ends[1].speaker.again(0);
    pair.ends[1].speaker.with(0, now, |_, _| {});
    let sent = pair.ends[1].speaker.take_requests();
    assert!(sent.len() >= 4, "{sent:?}");
    for request in sent {
        let Request::Send(id, bytes) = request else { panic!("{request:?}") };
        pair.ends[0].speaker.with(0, now, |session, now| session.received(id, &bytes, now));
    }
    pair.flow();
    assert_eq!(pair.entries(0), before);
}
