// SPDX-License-Identifier: Apache-2.0
//! Two sessions with a perfect wire between, and one with somebody who misbehaves.

use super::*;
use crate::path;
use std::collections::VecDeque;

fn session(last: u8, asn: u32, other: u8, other_asn: u32, more: &str, now: Instant) -> Session {
    let text = format!(
        "as = {asn}\nrouter-id = '10.9.0.{last}'\nvtep = '10.9.0.{last}'\n
         [[neighbor]]\naddress = '10.9.0.{other}'\nas = {other_asn}\n{more}\n"
    );
    let config = Config::parse("test", &text).unwrap();
    Session::new(&config, &config.neighbors[0], now)
}

/// What of both is not about bytes.
struct Wire {
    ends: [Session; 2],
    /// Bytes under way, or the end of a connection.
    flying: VecDeque<(usize, ConnectionId, Option<Bytes>)>,
    dialled: [bool; 2],
    happened: [Vec<Output>; 2],
}

impl Wire {
    fn new(ends: [Session; 2]) -> Wire {
        Wire { ends, flying: VecDeque::new(), dialled: [false; 2], happened: [Vec::new(), Vec::new()] }
    }

    /// Lets bytes flow until none do.
    fn flow(&mut self, now: Instant) {
        loop {
            for end in 0..2 {
                for output in self.ends[end].take_outputs() {
                    match output {
                        Output::Dial => self.dialled[end] = true,
                        Output::Send(id, bytes) => self.flying.push_back((1 - end, id, Some(bytes))),
                        Output::Close(id) => self.flying.push_back((1 - end, id, None)),
                        other => self.happened[end].push(other),
                    }
                }
            }
            match self.flying.pop_front() {
                Some((end, id, Some(bytes))) => self.ends[end].received(id, &bytes, now),
                Some((end, id, None)) => self.ends[end].closed(id, "it was closed", now),
                None => return,
            }
        }
    }

    fn connect(&mut self, id: ConnectionId, by: usize, now: Instant) {
        self.ends[by].connected(id, true, now);
        self.ends[1 - by].connected(id, false, now);
    }

    fn start(&mut self, now: Instant) {
        self.ends.iter_mut().for_each(|end| end.tick(now));
        self.flow(now);
    }

    fn states(&self) -> [SessionState; 2] {
        [self.ends[0].state(), self.ends[1].state()]
    }
}

const UP: [SessionState; 2] = [SessionState::Established; 2];

#[test]
fn two_sessions_come_up_whoever_connects_and_whatever_the_as() {
    let now = Instant::now();
    for (asn, other) in [(65001, 65001), (65001, 65002), (4_200_000_001, 65002)] {
        for by in 0..2 {
            let mut wire =
                Wire::new([session(1, asn, 2, other, "", now), session(2, other, 1, asn, "hold-time = 30", now)]);
            wire.start(now);
            assert_eq!(wire.dialled, [true; 2]);
            wire.connect(7, by, now);
            wire.flow(now);
            assert_eq!(wire.states(), UP);
            assert_eq!(wire.ends[0].hold_time(), Some(30));
            assert!(
                matches!(wire.happened, [ref a, ref b] if matches!((&a[..], &b[..]), ([Output::Up], [Output::Up])))
            );
        }
    }
}

#[test]
fn of_two_connections_that_of_the_greater_identifier_stays() {
    let now = Instant::now();
    let mut wire = Wire::new([session(1, 65001, 2, 65001, "", now), session(2, 65001, 1, 65001, "", now)]);
    wire.start(now);
    // Both have connected before either knows of the other's.
    wire.ends[0].connected(1, true, now);
    wire.ends[1].connected(2, true, now);
    wire.ends[0].connected(2, false, now);
    wire.ends[1].connected(1, false, now);
    wire.flow(now);
    assert_eq!(wire.states(), UP);
    assert!(wire.ends.iter().all(|end| end.line.as_ref().is_some_and(|line| line.id == 2)));
    assert!(wire.ends.iter().all(|end| end.rival.is_none()));
}

#[test]
fn a_neighbour_that_is_another_one_is_refused_and_tried_again_later_each_time() {
    let mut now = Instant::now();
    let mut wire =
        Wire::new([session(1, 65001, 2, 65002, "", now), session(2, 65003, 1, 65001, "passive = true", now)]);
    for seconds in [1, 2, 4] {
        wire.start(now);
        assert_eq!(wire.dialled, [true, false]);
        wire.connect(seconds, 0, now);
        wire.flow(now);
        assert_eq!(wire.ends[0].state(), SessionState::Idle);
        let said = wire.ends[0].error().unwrap();
        assert!(said.contains("(2/2)"), "{said}");
        let pause = wire.ends[0].deadline().unwrap() - now;
        assert_eq!(pause, Duration::from_secs(seconds));
        now += pause;
    }
}

fn up(now: Instant) -> Wire {
    let mut wire = Wire::new([session(1, 65001, 2, 65001, "hold-time = 9", now), session(2, 65001, 1, 65001, "", now)]);
    wire.start(now);
    wire.connect(1, 0, now);
    wire.flow(now);
    assert_eq!(wire.states(), UP);
    wire.happened = [Vec::new(), Vec::new()];
    wire
}

#[test]
fn silence_ends_a_session_and_keepalives_prevent_that() {
    let mut now = Instant::now();
    let mut wire = up(now);
    for _ in 0..10 {
        now += Duration::from_secs(3);
        wire.start(now);
    }
    assert_eq!(wire.states(), UP);
    now += Duration::from_secs(9);
    wire.ends[0].tick(now);
    assert_eq!(wire.ends[0].state(), SessionState::Idle);
    assert!(wire.ends[0].error().unwrap().contains("(4/0)"), "{:?}", wire.ends[0].error());
    assert!(wire.ends[0].take_outputs().iter().any(|output| matches!(output, Output::Down)));
}

#[test]
fn a_session_that_is_stopped_says_so_and_stays_down() {
    let now = Instant::now();
    let mut wire = up(now);
    wire.ends[1].stop(now);
    wire.flow(now);
    assert_eq!(wire.states(), [SessionState::Idle; 2]);
    assert!(wire.ends[0].error().unwrap().contains("(6/2)"), "{:?}", wire.ends[0].error());
    assert_eq!(wire.ends[1].deadline(), None);
    assert!(matches!(wire.happened[0][..], [Output::Down]));
}

/// An UPDATE, whose bytes `spoil` may change.
fn update(spoil: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let config = "as = 65001\nrouter-id = '10.9.0.2'\nvtep = '10.9.0.2'\n[[vni]]\nid = 100";
    let config = Config::parse("test", config).unwrap();
    let (route, said) = crate::export::fixed(&config).into_values().next().unwrap();
    let update = path::announce(vec![route], &said, config.vtep, 65001, false);
    let mut bytes = encode_message(&Message::Update(update)).unwrap().to_vec();
    spoil(&mut bytes);
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[16..18].copy_from_slice(&length.to_be_bytes());
    bytes.into()
}

#[test]
fn routes_come_through_in_whatever_pieces() {
    let now = Instant::now();
    let mut wire = up(now);
    for byte in update(|_| {}) {
        wire.ends[0].received(1, &[byte], now);
    }
    wire.flow(now);
    let [Output::Routes(routes)] = &wire.happened[0][..] else { panic!("{:?}", wire.happened[0]) };
    assert_eq!((routes.announced.len(), routes.withdrawn.len()), (1, 0));
    assert_eq!(routes.path.as_ref().unwrap().next_hop.to_string(), "10.9.0.2");
}

#[test]
fn a_wrong_attribute_takes_routes_back_and_wrong_framing_ends_the_session() {
    let now = Instant::now();
    let mut wire = up(now);
    let (afi, safi) = FAMILY;
    wire.ends[1].send(&Message::RouteRefresh(RouteRefreshMessage::new(afi, safi)));
    // ORIGIN, the first attribute, has three values (RFC 7606 §7.1).
    let wrong = update(|bytes| bytes[26] = 9);
    wire.ends[0].received(1, &wrong, now);
    wire.flow(now);
    let [Output::Routes(routes), Output::Again] = &wire.happened[0][..] else { panic!("{:?}", wire.happened[0]) };
    assert_eq!((routes.announced.len(), routes.withdrawn.len(), routes.wrong), (0, 1, Some(1)));
    assert_eq!(wire.states(), UP);
    // The attributes are longer than the message.
    wire.ends[0].received(1, &update(|bytes| bytes[21..23].copy_from_slice(&[0xff, 0xff])), now);
    wire.flow(now);
    assert_eq!(wire.ends[0].state(), SessionState::Idle);
    assert!(wire.ends[1].error().unwrap().contains("(3/1)"), "{:?}", wire.ends[1].error());
}

#[test]
fn noise_is_answered_with_a_notification() {
    let now = Instant::now();
    let mut wire = up(now);
    wire.ends[0].received(1, &[0; 64], now);
    wire.flow(now);
    assert_eq!(wire.ends[0].state(), SessionState::Idle);
    assert!(wire.ends[1].error().unwrap().contains("(1/1)"), "{:?}", wire.ends[1].error());
}
