// SPDX-License-Identifier: Apache-2.0
//! Fragments behind the first, which have no ports: what became of the first becomes of them, unless they overlap.
//!
//! A datagram's fragments may come in any order, but the first one before all others. One that overlaps what came before makes its
//! datagram over: RFC 5722, which wants that of IPv6, has the reasons.

use super::view::{Ends, Fragment, Message, View};
use crate::flow_table::FlowKey;

/// Datagrams of which fragments are awaited.
const DATAGRAMS: usize = 64;
/// Runs of bytes that a datagram may consist of at a time.
const RUNS: usize = 8;
/// Ticks for which the rest of a datagram is awaited: RFC 8200 §4.5 has 60 s for those who reassemble.
const PATIENCE: u32 = 30;
/// An IP packet has fewer bytes.
const MOST_BYTES: u32 = 1 << 16;

/// A datagram of which the first fragment has passed.
#[derive(Clone, Copy)]
struct Datagram {
    ends: Ends,
    identification: u32,
    /// When its first fragment came.
    since: u32,
    /// What became of the first fragment.
    outcome: u16,
    /// Of TCP: its ends, and the sequence number of the datagram's first byte, as if its header were data.
    stream: Option<(Ends, u32)>,
    /// How many of `runs` there are: none if the place is free, more than there can be if the datagram is over.
    count: u8,
    runs: [(u32, u32); RUNS],
}

/// What a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It goes where the first one went, and of TCP it may be the last: then the segment's ends, and the sequence number behind it.
    Follows(u16, Option<(Ends, u32)>),
    /// The first one was not seen, or did not pass.
    Early,
    /// It overlaps another one, or could be no part of a packet.
    Bad,
}

/// See the module's documentation.
pub struct Fragments {
    datagrams: [Datagram; DATAGRAMS],
}

/// Whether a fragment alone makes sense.
pub fn is_sound(fragment: &Fragment) -> bool {
    let (first, end) = fragment.bytes;
    end < MOST_BYTES && first < end && (!fragment.more || (end - first).is_multiple_of(8))
}

impl Fragments {
    /// None.
    pub const NONE: Fragments = {
        let ends = Ends { key: FlowKey::EMPTY, upwards: false };
        let none =
            Datagram { ends, identification: 0, since: 0, outcome: 0, stream: None, count: 0, runs: [(0, 0); RUNS] };
        Fragments { datagrams: [none; DATAGRAMS] }
    };

    /// A first fragment has passed, and this became of it.
    pub fn begin(&mut self, view: &View, fragment: &Fragment, outcome: u16, now: u32) {
        let ends = view.ends.without_ports();
        // One that comes twice is an overlap.
        if let Some(known) = self.find(&ends, fragment.identification, now) {
            known.count = u8::MAX;
            return;
        }
        let age =
            |datagram: &&mut Datagram| if datagram.count == 0 { u32::MAX } else { now.wrapping_sub(datagram.since) };
        let oldest = self.datagrams.iter_mut().max_by_key(age);
        let mut runs = [(0, 0); RUNS];
        runs[0] = fragment.bytes;
        let stream = match &view.message {
            Message::Tcp(segment) => Some((view.ends, segment.end().wrapping_sub(fragment.bytes.1))),
            _ => None,
        };
        let identification = fragment.identification;
        *oldest.expect("there are places") =
            Datagram { ends, identification, since: now, outcome, stream, count: 1, runs };
    }

    /// What a later fragment is.
    pub fn follow(&mut self, ends: &Ends, fragment: &Fragment, now: u32) -> Part {
        let sound = is_sound(fragment);
        let Some(datagram) = self.find(ends, fragment.identification, now) else {
            return if sound { Part::Early } else { Part::Bad };
        };
        if !sound || !datagram.add(fragment.bytes) {
            datagram.count = u8::MAX;
            return Part::Bad;
        }
        let last = datagram.stream.filter(|_| !fragment.more);
        Part::Follows(datagram.outcome, last.map(|(ends, first)| (ends, first.wrapping_add(fragment.bytes.1))))
    }

    fn find(&mut self, ends: &Ends, identification: u32, now: u32) -> Option<&mut Datagram> {
        self.datagrams.iter_mut().find(|datagram| {
            datagram.count > 0
                && now.wrapping_sub(datagram.since) <= PATIENCE
                && datagram.identification == identification
                && datagram.ends == *ends
        })
    }
}

impl Datagram {
    /// Adds a run of bytes. False if it overlaps one, or there are too many.
    fn add(&mut self, run: (u32, u32)) -> bool {
        let Some(known) = self.runs.get_mut(..usize::from(self.count)) else { return false };
        if known.iter().any(|&(first, end)| run.0 < end && first < run.1) {
            return false;
        }
        if let Some(before) = known.iter_mut().find(|before| before.1 == run.0) {
            before.1 = run.1;
            return true;
        }
        match self.runs.get_mut(usize::from(self.count)) {
            Some(place) => {
                *place = run;
                self.count += 1;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(low: u32) -> Ends {
        let (key, upwards) = FlowKey::directed_v4(17, low, 0xffff_ffff, 0);
        Ends { key, upwards }
    }

    fn view(low: u32) -> View {
        View { ends: ends(low), message: Message::Datagram, fragment: None }
    }

    fn part(identification: u32, first: u32, end: u32, more: bool) -> Fragment {
        Fragment { identification, bytes: (first, end), more }
    }

    #[test]
    fn later_fragments_follow_the_first_in_any_order() {
        let mut fragments = Fragments::NONE;
        assert_eq!(fragments.follow(&ends(1), &part(7, 8, 16, true), 5), Part::Early);
        fragments.begin(&view(1), &part(7, 0, 8, true), 3, 5);
        for (first, end) in [(800, 808), (8, 16), (400, 408), (16, 24), (24, 400)] {
            assert_eq!(fragments.follow(&ends(1), &part(7, first, end, true), 6), Part::Follows(3, None), "{first}");
        }
        assert_eq!(fragments.follow(&ends(1), &part(7, 808, 811, false), 6), Part::Follows(3, None));
        assert_eq!(fragments.follow(&ends(1), &part(8, 8, 16, true), 6), Part::Early, "another datagram");
        assert_eq!(fragments.follow(&ends(2), &part(7, 8, 16, true), 6), Part::Early, "of another host");
        assert_eq!(fragments.follow(&ends(1), &part(7, 1600, 1608, true), 99), Part::Early, "much later");
    }

    #[test]
    fn an_overlap_ends_the_datagram() {
        for overlap in [(0, 8), (8, 16), (16, 32), (0, 4000), (8, 24)] {
            let mut fragments = Fragments::NONE;
            fragments.begin(&view(1), &part(7, 0, 16, true), 3, 5);
            assert_eq!(fragments.follow(&ends(1), &part(7, 16, 24, true), 5), Part::Follows(3, None));
            assert_eq!(fragments.follow(&ends(1), &part(7, overlap.0, overlap.1, true), 5), Part::Bad, "{overlap:?}");
            assert_eq!(fragments.follow(&ends(1), &part(7, 800, 808, false), 5), Part::Bad, "it is over");
        }
        let mut fragments = Fragments::NONE;
        fragments.begin(&view(1), &part(7, 0, 16, true), 3, 5);
        fragments.begin(&view(1), &part(7, 0, 16, true), 3, 5);
        assert_eq!(fragments.follow(&ends(1), &part(7, 16, 24, true), 5), Part::Bad, "two first ones");
    }

    #[test]
    fn what_can_be_no_part_of_a_packet_is_bad() {
        let mut fragments = Fragments::NONE;
        fragments.begin(&view(1), &part(7, 0, 16, true), 3, 5);
        for (first, end, more) in [(65_528, 65_536, false), (65_528, 70_000, false), (16, 23, true), (16, 16, false)] {
            assert_eq!(fragments.clone_for_test().follow(&ends(1), &part(7, first, end, more), 5), Part::Bad, "{end}");
        }
    }

    #[test]
    fn the_oldest_datagram_makes_room_and_runs_are_bounded() {
        let mut fragments = Fragments::NONE;
        for number in 0..=DATAGRAMS as u32 {
            fragments.begin(&view(1), &part(number, 0, 8, true), 3, 5 + number / 32);
        }
        let follow = |fragments: &mut Fragments, number| fragments.follow(&ends(1), &part(number, 8, 16, true), 7);
        assert_eq!(follow(&mut fragments, DATAGRAMS as u32), Part::Follows(3, None));
        let kept =
            (0..DATAGRAMS as u32).filter(|number| follow(&mut fragments, *number) == Part::Follows(3, None)).count();
        assert_eq!(kept, DATAGRAMS - 1);
        let last = DATAGRAMS as u32;
        let far = |run: u32| part(last, 1000 * 8 * run, 1000 * 8 * run + 8, true);
        for run in 1..RUNS as u32 {
            assert_eq!(fragments.follow(&ends(1), &far(run), 7), Part::Follows(3, None), "{run}");
        }
        assert_eq!(fragments.follow(&ends(1), &far(RUNS as u32 - 1 + 1), 7), Part::Bad);
    }

    impl Fragments {
        fn clone_for_test(&self) -> Fragments {
            Fragments { datagrams: self.datagrams }
        }
    }
}
