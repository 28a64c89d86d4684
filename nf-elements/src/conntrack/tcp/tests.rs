// SPDX-License-Identifier: Apache-2.0
use super::*;
use Direction::{Original, Reply};
use Judgement::{Begins, Fits, Harmless, Invalid};

const SYN: u8 = flag::SYN;
const ACK: u8 = flag::ACK;
const FIN: u8 = flag::FIN;
const RST: u8 = flag::RST;

/// The initial sequence numbers: the second one wraps soon.
const CLIENT: u32 = 1000;
const SERVER: u32 = u32::MAX - 500;

/// A segment whose numbers count from the initial ones, as packet analysers show them.
fn segment(from: Direction, flags: u8, sequence: u32, acknowledgment: u32, length: u16) -> Segment {
    let (own, other) = if from == Original { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let scale = (flags & SYN != 0).then_some(2);
    Segment {
        sequence: own.wrapping_add(sequence),
        acknowledgment: if flags & ACK == 0 { 0 } else { other.wrapping_add(acknowledgment) },
        flags,
        window: 1000,
        length,
        scale,
    }
}

/// A connection that is told what fits.
#[derive(Clone, Default)]
struct Seen(Connection);

impl Seen {
    fn sees(&mut self, from: Direction, flags: u8, sequence: u32, acknowledgment: u32, length: u16) -> Judgement {
        self.takes(from, &segment(from, flags, sequence, acknowledgment, length))
    }

    fn takes(&mut self, from: Direction, segment: &Segment) -> Judgement {
        let judgement = self.0.judge(from, segment, false);
        match judgement {
            Begins => {
                self.0 = Connection::NONE;
                self.0.note(from, segment);
            }
            Fits => self.0.note(from, segment),
            Harmless | Invalid => {}
        }
        judgement
    }
}

fn established() -> Seen {
    let mut seen = Seen::default();
    assert_eq!(seen.sees(Original, SYN, 0, 0, 0), Begins);
    assert_eq!(seen.sees(Reply, SYN | ACK, 0, 1, 0), Fits);
    assert_eq!(seen.0.state, State::SynReceived);
    assert_eq!(seen.sees(Original, ACK, 1, 1, 0), Fits);
    assert_eq!(seen.0.state, State::Established);
    seen
}

#[test]
fn a_connection_opens_carries_data_and_closes() {
    let mut seen = established();
    for round in 0..10 {
        assert_eq!(seen.sees(Original, ACK, 1 + 300 * round, 1 + 700 * round, 300), Fits, "{round}");
        assert_eq!(seen.sees(Reply, ACK, 1 + 700 * round, 301 + 300 * round, 700), Fits, "{round}");
    }
    assert_eq!(seen.sees(Original, FIN | ACK, 3001, 7001, 0), Fits);
    assert_eq!(seen.0.state, State::Closing);
    assert_eq!(seen.sees(Reply, ACK, 7001, 3002, 500), Fits, "the other end still sends");
    assert_eq!(seen.sees(Reply, FIN | ACK, 7501, 3002, 0), Fits);
    assert_eq!(seen.0.state, State::Closing);
    assert_eq!(seen.sees(Original, ACK, 3002, 7502, 0), Fits);
    assert_eq!(seen.0.state, State::Closed);
    assert_eq!(seen.sees(Original, SYN, 90_000, 0, 0), Begins, "the same ports again");
}

#[test]
fn without_a_syn_nothing_begins_unless_it_may() {
    for flags in [ACK, FIN | ACK, RST, RST | ACK, SYN | ACK] {
        let segment = segment(Original, flags, 5, 5, 0);
        assert_eq!(Connection::NONE.judge(Original, &segment, false), Invalid, "{flags}");
    }
    let data = segment(Original, ACK, 5, 5, 100);
    assert_eq!(Connection::NONE.judge(Original, &data, true), Begins);
    let mut loose = Connection::NONE;
    loose.note(Original, &data);
    assert_eq!(loose.state, State::Established);
    let again = segment(Original, ACK, 5, 5, 50);
    assert_eq!(loose.judge(Original, &again, true), Fits, "sent again before the other end was seen");
    assert_eq!(loose.judge(Reply, &segment(Reply, ACK, 5, 105, 0), true), Fits);
    assert_eq!(loose.judge(Reply, &segment(Reply, ACK, 5, 106, 0), true), Invalid, "what nobody sent");
}

#[test]
fn flags_that_make_no_sense_are_invalid_in_every_state() {
    let mut connection = Seen::default();
    for _ in 0..2 {
        for flags in [0, FIN, SYN | FIN, SYN | RST, RST | FIN, SYN | FIN | ACK, 0xff, flag::URG | flag::PSH] {
            assert_eq!(connection.sees(Original, flags, 1, 1, 0), Invalid, "{flags:#x}");
        }
        connection = established();
    }
}

#[test]
fn the_handshake_is_for_those_who_saw_it() {
    let mut seen = Seen::default();
    seen.sees(Original, SYN, 0, 0, 0);
    assert_eq!(seen.sees(Reply, SYN | ACK, 0, 2, 0), Invalid, "another number acknowledged");
    assert_eq!(seen.sees(Original, ACK, 1, 1, 0), Invalid, "before the answer");
    assert_eq!(seen.sees(Original, SYN, 0, 0, 0), Harmless, "sent again");
    assert_eq!(seen.sees(Original, SYN, 7, 0, 0), Begins, "a new attempt");
    seen.sees(Original, SYN, 0, 0, 0);
    assert_eq!(seen.sees(Reply, SYN | ACK, 0, 1, 0), Fits);
    for wrong in [0, 2, 100_000] {
        assert_eq!(seen.sees(Original, ACK, 1, wrong, 0), Invalid, "{wrong}");
    }
    assert_eq!(seen.sees(Reply, SYN | ACK, 0, 1, 0), Harmless, "sent again");
    assert_eq!(seen.sees(Original, ACK, 1, 1, 0), Fits);
}

#[test]
fn both_ends_may_open_at_once() {
    let mut seen = Seen::default();
    assert_eq!(seen.sees(Original, SYN, 0, 0, 0), Begins);
    assert_eq!(seen.sees(Reply, SYN, 0, 0, 0), Fits);
    assert_eq!(seen.sees(Original, SYN | ACK, 0, 1, 0), Fits);
    assert_eq!(seen.sees(Reply, SYN | ACK, 0, 1, 0), Harmless);
    assert_eq!(seen.sees(Reply, ACK, 1, 1, 0), Fits);
    assert_eq!(seen.0.state, State::Established);
}

#[test]
fn segments_outside_the_windows_are_invalid() {
    // Windows are 1000 shifted by 2, but 1000 in a SYN.
    let mut seen = established();
    assert_eq!(seen.sees(Reply, ACK, 1, 1, 0), Fits);
    for (from, sequence, acknowledgment, length, judgement) in [
        (Original, 4001, 1, 100, Fits),
        (Original, 4002, 1, 100, Invalid),
        (Original, 1u32.wrapping_sub(100_000), 1, 100, Invalid),
        (Original, 1, 2, 0, Invalid),
        (Original, 1, 1u32.wrapping_sub(66_000), 0, Fits),
        (Original, 1, 1u32.wrapping_sub(66_001), 0, Invalid),
        (Reply, 4002, 1, 1, Invalid),
        (Reply, 1, 2, 1, Invalid),
    ] {
        let found = seen.clone().sees(from, ACK, sequence, acknowledgment, length);
        assert_eq!(found, judgement, "{from:?} {sequence} {acknowledgment}");
    }
}

#[test]
fn without_the_option_at_both_ends_windows_are_not_scaled() {
    let mut seen = Seen::default();
    seen.sees(Original, SYN, 0, 0, 0);
    seen.takes(Reply, &Segment { scale: None, ..segment(Reply, SYN | ACK, 0, 1, 0) });
    seen.sees(Original, ACK, 1, 1, 0);
    seen.sees(Reply, ACK, 1, 1, 0);
    assert_eq!(seen.clone().sees(Original, ACK, 1001, 1, 1), Fits);
    assert_eq!(seen.sees(Original, ACK, 1002, 1, 1), Invalid);
}

#[test]
fn a_reset_ends_a_connection_only_where_it_is_believed() {
    let mut seen = established();
    assert_eq!(seen.sees(Reply, RST, 100, 0, 0), Harmless, "in the window, but not what is awaited");
    assert_eq!(seen.0.state, State::Established);
    assert_eq!(seen.sees(Reply, RST, 50_000, 0, 0), Invalid);
    assert_eq!(seen.sees(Reply, RST, 1, 0, 0), Fits);
    assert_eq!(seen.0.state, State::Closed);
    let mut refused = Seen::default();
    refused.sees(Original, SYN, 0, 0, 0);
    assert_eq!(refused.sees(Reply, RST, 0, 0, 0), Invalid, "it acknowledges nothing");
    assert_eq!(refused.takes(Reply, &Segment { sequence: 0, ..segment(Reply, RST | ACK, 0, 1, 0) }), Fits);
    assert_eq!(refused.0.state, State::Closed);
}

#[test]
fn a_syn_into_an_open_connection_changes_nothing() {
    let mut seen = established();
    let before = seen.0;
    assert_eq!(seen.sees(Original, SYN, 5, 0, 0), Harmless);
    assert_eq!(seen.sees(Reply, SYN, 100_000, 0, 0), Harmless);
    assert_eq!(seen.0, before);
}

#[test]
fn what_errors_quote_must_be_in_flight() {
    let mut seen = established();
    seen.sees(Original, ACK, 1, 1, 500);
    for (sequence, fits) in [(1, true), (501, true), (502, false), (0, true), (0u32.wrapping_sub(2), false)] {
        assert_eq!(seen.0.is_in_flight(Original, CLIENT.wrapping_add(sequence)), fits, "{sequence}");
    }
}

#[test]
fn the_scale_is_found_among_options_that_may_lie() {
    assert_eq!(window_scale(&[2, 4, 5, 180, 1, 3, 3, 7]), Some(7));
    assert_eq!(window_scale(&[3, 3, 200]), Some(14));
    for none in [&[][..], &[3], &[3, 3], &[3, 0, 0, 0], &[0, 3, 3, 7], &[2, 200, 3, 3, 7], &[1; 40]] {
        assert_eq!(window_scale(none), None, "{none:?}");
    }
}

#[test]
fn what_begins_a_connection_is_told_by_its_flags() {
    let mut count = [0; 2];
    for flags in 0..=u8::MAX {
        for loose in [false, true] {
            let judged = Connection::NONE.judge(Original, &segment(Original, flags, 0, 0, 0), loose);
            assert_eq!(begins(flags, loose), judged == Begins, "{flags:#x} {loose}");
            count[usize::from(loose)] += u32::from(judged == Begins);
        }
    }
    // Four flags say nothing about it. In the middle ACK, and FIN with ACK, begin one, too.
    assert_eq!(count, [16, 16 + 2 * 16]);
}
