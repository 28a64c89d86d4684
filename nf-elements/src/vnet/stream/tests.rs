// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{Collected, ListIo};
use std::collections::VecDeque;

const LOW: &str = "192.0.2.1";
const HIGH: &str = "192.0.2.2";
const MILLISECOND_NS: u64 = 1_000_000;

fn ends(local: &str, remote: &str, is_active: bool) -> Ends {
    let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
    Ends { local, port: 9000, remote, remote_port: 9000, is_active, ttl: 64, mtu: 1500 }
}

/// One end, with what it has heard of the wire and what it has taken out of its stream.
struct End {
    stream: &'static mut Stream,
    io: ListIo,
    frames: Vec<Vec<u8>>,
}

impl End {
    fn new(ends: Ends) -> End {
        let stream = Stream::new(Box::leak(Box::new(Place::EMPTY))).unwrap();
        stream.begin(0, ends);
        End { stream, io: ListIo::new(0), frames: Vec::new() }
    }

    /// Hears these segments, then does what is due: what it says.
    fn turn(&mut self, now_ns: u64, segments: &[Vec<u8>]) -> Vec<Vec<u8>> {
        self.io.now_ns = now_ns;
        let mut out = Collected::<2>::default();
        segments.iter().for_each(|segment| self.stream.hear(&mut self.io, &mut out, segment));
        if self.stream.due_ns() <= now_ns {
            self.stream.run(&mut self.io, &mut out, |_| {});
        }
        let (said, frames): (Vec<_>, Vec<_>) = out.0.into_iter().partition(|(port, _)| *port == 0);
        self.frames.extend(frames.iter().map(|(_, packet)| packet.data().to_vec()));
        said.iter().map(|(_, packet)| packet.data().to_vec()).collect()
    }
}

/// What the wire does with the segments that are on it, of which one end's come first in turn with the other's.
type Fate = fn(&mut u32, &mut Vec<Vec<u8>>);

fn nothing(_: &mut u32, _: &mut Vec<Vec<u8>>) {}

/// Two ends with a wire between.
struct Pair {
    ends: [End; 2],
    now_ns: u64,
    chance: u32,
    /// The instants at which either acted.
    turns: u64,
}

impl Pair {
    fn new(low: Ends, high: Ends) -> Pair {
        Pair { ends: [End::new(low), End::new(high)], now_ns: 0, chance: 1, turns: 0 }
    }

    fn connected() -> Pair {
        let mut pair = Pair::new(ends(LOW, HIGH, false), ends(HIGH, LOW, true));
        pair.run(50, nothing);
        assert_eq!(pair.states(), [State::Established; 2]);
        pair
    }

    fn states(&self) -> [State; 2] {
        [self.ends[0].stream.state(), self.ends[1].stream.state()]
    }

    /// Lets so many milliseconds pass.
    fn run(&mut self, milliseconds: u64, fate: Fate) {
        let mut on_wire = [Vec::new(), Vec::new()];
        for _ in 0..milliseconds {
            self.now_ns += MILLISECOND_NS;
            for side in [0, 1] {
                let mut arriving = core::mem::take(&mut on_wire[side]);
                fate(&mut self.chance, &mut arriving);
                self.turns += u64::from(!arriving.is_empty() || self.ends[side].stream.due_ns() <= self.now_ns);
                let said = self.ends[side].turn(self.now_ns, &arriving);
                on_wire[1 - side].extend(said);
            }
        }
    }
}

/// The next number of a generator that is the same in each run.
fn next(chance: &mut u32) -> u32 {
    *chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *chance >> 16
}

fn frame(number: usize) -> Vec<u8> {
    (0..14 + number * 37 % 1500).map(|at| (at * 7 + number) as u8).collect()
}

#[test]
fn frames_cross_both_ways_in_order_in_both_versions() {
    for (low, high) in [(LOW, HIGH), ("2001:db8::1", "2001:db8::2")] {
        let mut pair = Pair::new(ends(low, high, true), ends(high, low, false));
        pair.run(300, nothing);
        for number in 0..100 {
            pair.ends.iter_mut().for_each(|end| assert_eq!(end.stream.send(&frame(number)), Ok(())));
            pair.run(3, nothing);
        }
        let wanted: Vec<_> = (0..100).map(frame).collect();
        assert!(pair.ends.iter().all(|end| end.frames == wanted), "{:?}", pair.states());
    }
}

#[test]
fn what_the_wire_loses_doubles_and_disorders_comes_once_and_in_order() {
    let mut pair = Pair::connected();
    let rough: Fate = |chance, segments| {
        segments.retain(|_| !next(chance).is_multiple_of(8));
        if !segments.is_empty() {
            let (one, other) = (next(chance) as usize % segments.len(), next(chance) as usize % segments.len());
            segments.swap(one, other);
            let twice = segments[one].clone();
            segments.push(twice);
        }
    };
    let mut waiting: VecDeque<usize> = (0..300).collect();
    for _ in 0..2000 {
        while let Some(number) = waiting.front()
            && pair.ends[0].stream.send(&frame(*number)).is_ok()
        {
            waiting.pop_front();
        }
        pair.run(10, rough);
    }
    let wanted: Vec<_> = (0..300).map(frame).collect();
    assert_eq!(pair.ends[1].frames.len(), wanted.len());
    assert!(pair.ends[1].frames == wanted);
}

#[test]
fn a_frame_that_finds_no_room_or_no_connection_is_refused() {
    let mut pair = Pair::new(ends(LOW, HIGH, false), ends(HIGH, LOW, true));
    assert_eq!(pair.ends[0].stream.send(&frame(1)), Err(Refused::NotConnected));
    pair.run(50, nothing);
    let sent = (0..1000).take_while(|_| pair.ends[0].stream.send(&[7; 1000]).is_ok()).count();
    assert_eq!(sent, BUFFER_BYTES / 1002);
    assert_eq!(pair.ends[0].stream.send(&[7; 1000]), Err(Refused::Full));
    pair.run(500, nothing);
    assert_eq!((pair.ends[1].frames.len(), pair.ends[0].stream.send(&[7; 1000])), (sent, Ok(())));
}

#[test]
fn a_reset_connection_is_opened_again() {
    let mut pair = Pair::connected();
    for broken in [0, 1] {
        pair.ends[broken].stream.socket_mut().abort();
        pair.ends[broken].stream.due_ns = 0;
        pair.run(500, nothing);
        assert_eq!(pair.states(), [State::Established; 2], "end {broken}");
        pair.ends[1 - broken].frames.clear();
        assert_eq!(pair.ends[broken].stream.send(&frame(1)), Ok(()));
        pair.run(20, nothing);
        assert_eq!(pair.ends[1 - broken].frames, [frame(1)]);
    }
}

#[test]
fn an_end_that_begins_anew_is_let_in() {
    for anew in [0, 1] {
        let mut pair = Pair::connected();
        let ends = pair.ends[anew].stream.ends.unwrap();
        pair.ends[anew] = End::new(ends);
        // The one that waits hears of it at once, the one that connects when it asks.
        pair.run(if anew == 1 { 2_000 } else { 6_000 }, nothing);
        assert_eq!(pair.states(), [State::Established; 2], "end {anew}");
        assert_eq!(pair.ends[0].stream.second_connections() > 0, anew == 1);
    }
}

#[test]
fn a_silent_end_is_given_up_and_come_back_to() {
    let mut pair = Pair::connected();
    pair.run(4_000, |_, segments| segments.clear());
    assert_eq!(pair.states(), [State::Established; 2], "that is not long");
    pair.run(30_000, |_, segments| segments.clear());
    assert!(!pair.states().contains(&State::Established));
    pair.run(30_000, nothing);
    assert_eq!(pair.states(), [State::Established; 2]);
}

#[test]
fn attempts_become_rare_and_silence_costs_little() {
    let mut pair = Pair::new(ends(LOW, HIGH, false), ends(HIGH, LOW, true));
    pair.ends[0].stream.end();
    pair.run(60_000, nothing);
    assert!(pair.turns < 200, "{} turns", pair.turns);
    let mut pair = Pair::connected();
    pair.turns = 0;
    pair.run(60_000, nothing);
    assert!((10..100).contains(&pair.turns), "{} turns", pair.turns);
}

#[test]
fn lengths_that_are_no_frames_are_passed_over() {
    let mut pair = Pair::connected();
    for length in [0, 13, MOST_BYTES + 1, 60_000] {
        let socket = pair.ends[0].stream.socket_mut();
        socket.send_slice(&(length as u16).to_be_bytes()).unwrap();
        socket.send_slice(&vec![9; length]).unwrap();
        pair.ends[0].stream.due_ns = 0;
        pair.run(200, nothing);
        assert_eq!(pair.ends[0].stream.send(&frame(2)), Ok(()));
        pair.run(50, nothing);
    }
    assert_eq!((pair.ends[1].frames.len(), pair.ends[1].stream.bad_frames()), (4, 4));
    assert!(pair.ends[1].frames.iter().all(|got| *got == frame(2)));
}

#[test]
fn without_buffers_nothing_is_lost() {
    let mut pair = Pair::connected();
    pair.ends[1].io.buffers = Some(3);
    (0..20).for_each(|number| assert_eq!(pair.ends[0].stream.send(&frame(number)), Ok(())));
    pair.run(100, nothing);
    assert!(pair.ends[1].frames.len() < 20 && pair.ends[1].stream.no_buffer() > 0);
    pair.ends[1].io.buffers = None;
    pair.run(3000, nothing);
    assert_eq!(pair.ends[1].frames, (0..20).map(frame).collect::<Vec<_>>());
}

#[test]
fn a_link_that_is_gone_resets_its_connection() {
    let mut pair = Pair::connected();
    pair.ends[0].stream.end();
    pair.run(20, nothing);
    assert_eq!(pair.states()[0], State::Closed);
    assert_ne!(pair.states()[1], State::Established);
    assert_eq!(pair.ends[0].stream.due_ns(), u64::MAX);
}

#[test]
fn no_segment_panics() {
    let mut chance = 7;
    for _ in 0..200 {
        let mut pair = Pair::connected();
        assert_eq!(pair.ends[0].stream.send(&frame(40)), Ok(()));
        for _ in 0..20 {
            pair.now_ns += MILLISECOND_NS;
            for side in [0, 1] {
                let now_ns = pair.now_ns;
                let mut said = pair.ends[side].turn(now_ns, &[]);
                said.iter_mut().for_each(|segment| spoil(segment, &mut chance));
                let answers = pair.ends[1 - side].turn(now_ns, &said);
                pair.ends[side].turn(now_ns, &answers);
            }
        }
    }
}

/// Changes fields of a TCP segment in IPv4 behind its ports, and makes the checksum right again.
fn spoil(segment: &mut [u8], chance: &mut u32) {
    for _ in 0..1 + next(chance) % 3 {
        let at = 24 + next(chance) as usize % (segment.len() - 24);
        segment[at] =
            if next(chance).is_multiple_of(2) { next(chance) as u8 } else { segment[at] ^ 1 << (next(chance) % 8) };
    }
    segment[36..38].fill(0);
    let length = (segment.len() - 20) as u16;
    let sum = crate::wire::checksum::Sum::new().with(&segment[12..20]).with_field(6).with_field(length);
    let checksum = sum.with(&segment[20..]).checksum();
    segment[36..38].copy_from_slice(&checksum.to_be_bytes());
}
