// SPDX-License-Identifier: Apache-2.0
//! Tells what packets are to the connections that are known.

use super::Memory;
use super::ahead::{Seen, Sights};
use super::fragments::{self, Fragments, Part};
use super::known::{Kind, Known, Timeouts, kind};
use super::tcp::{self, Direction, Judgement, Segment};
use super::view::{Ends, Message, Plain, View};
use crate::Batch;
use crate::flow_table::{Entry, FlowTable, Place};

/// What a packet is to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It would begin one, or belongs to one that nobody has answered.
    New = 1,
    /// It belongs to one that both ends know of.
    Established = 2,
    /// It is an ICMP error about a packet of a known one.
    Related = 3,
    /// It fits to nothing.
    Invalid = 4,
    /// It is not IP, or of a protocol of the link itself.
    Untracked = 5,
    /// It is a fragment, of which the first one says what it is.
    Later = 6,
}

impl State {
    /// All of them that patterns can name.
    pub const NAMED: [(&str, State); 5] = [
        ("new", State::New),
        ("established", State::Established),
        ("related", State::Related),
        ("invalid", State::Invalid),
        ("untracked", State::Untracked),
    ];

    /// The state of that name.
    pub fn of_name(name: &str) -> Option<State> {
        State::NAMED.iter().find(|(known, _)| *known == name).map(|(_, state)| *state)
    }
}

/// The connections that are known.
pub struct Tracker {
    table: FlowTable<Known>,
    sights: Sights,
    fragments: Fragments,
    loose: bool,
    /// Connections that there was no room for.
    pub refused: u64,
}

impl Tracker {
    /// A tracker that knows none. With `loose` it takes up TCP connections in their middle.
    pub const fn new(timeouts: Timeouts, loose: bool) -> Tracker {
        Tracker { table: FlowTable::new(timeouts), sights: Sights::NONE, fragments: Fragments::NONE, loose, refused: 0 }
    }

    /// Keeps connections in `memory`, whose bytes are zero.
    pub fn lend<const BUCKETS: usize, const FLOWS: usize>(&mut self, memory: &'static mut [Memory<BUCKETS, FLOWS>]) {
        self.table.lend(memory);
    }

    /// The connections.
    pub fn table(&self) -> &FlowTable<Known> {
        &self.table
    }

    /// Forgets all connections.
    pub fn clear(&mut self) {
        self.table.clear();
    }

    /// Looks at the packets that come next: most are known then.
    pub fn look_ahead(&mut self, batch: &Batch, now: u32) {
        self.sights.look(&mut self.table, batch, now);
    }

    /// What `packet`, from its IP header on, is; empty if it has none. A connection that it belongs to goes on; none begins.
    #[inline]
    pub fn sight(&mut self, packet: &[u8], now: u32) -> State {
        let at = self.sights.next();
        match self.sights.known(at) {
            Some(state) => state,
            None => self.sight_one(packet, at, now),
        }
    }

    /// The same of a packet of which not enough is known; perhaps it was seen as number `at`.
    #[inline(never)]
    fn sight_one(&mut self, packet: &[u8], at: usize, now: u32) -> State {
        let mut seen = self.sights.seen(at).copied().unwrap_or(Seen::NONE);
        if !seen.is_some() {
            seen.look(&self.table, packet);
        }
        if !seen.is_some() {
            return self.sight_any(packet, now);
        }
        match self.table.find(&seen.key, seen.sought.hash(), now) {
            Some(place) => self.sight_known(place, seen.upwards, &seen.message(|| packet), now),
            None => self.sight_unknown(seen.flags),
        }
    }

    /// A packet that is not plain.
    #[inline(never)]
    fn sight_any(&mut self, packet: &[u8], now: u32) -> State {
        if packet.is_empty() {
            return State::Untracked;
        }
        let Some(view) = View::of(packet) else { return State::Invalid };
        if view.fragment.is_some_and(|fragment| !fragments::is_sound(&fragment)) {
            return State::Invalid;
        }
        match &view.message {
            Message::Local => State::Untracked,
            Message::Later => State::Later,
            Message::Error { about, sequence } => self.sight_error(about, *sequence, now),
            // Questions of ICMP and first fragments.
            message => match (self.table.find(&view.ends.key, view.ends.key.hash(), now), message) {
                (Some(place), _) => self.sight_known(place, view.ends.upwards, message, now),
                (None, Message::Answer) => State::Invalid,
                (None, _) => self.sight_unknown(segment(message).map(|segment| segment.flags)),
            },
        }
    }

    /// A packet with the ends of a connection that is there.
    fn sight_known(&mut self, place: Place, upwards: bool, message: &Message, now: u32) -> State {
        let known = self.table.memo_mut(place);
        let direction = known.direction(upwards);
        let judgement = match message {
            Message::Tcp(segment) => known.tcp.judge(direction, segment, self.loose),
            Message::Answer if direction == Direction::Original => Judgement::Invalid,
            _ => Judgement::Fits,
        };
        if judgement == Judgement::Fits {
            known.note(direction, segment(message));
        }
        let state = match judgement {
            Judgement::Begins => State::New,
            Judgement::Invalid => State::Invalid,
            _ if known.replied => State::Established,
            _ => State::New,
        };
        if judgement == Judgement::Fits {
            self.table.touch(place, now);
        }
        state
    }

    /// A packet of no connection that is there, with these flags if it is of TCP.
    fn sight_unknown(&self, flags: Option<u8>) -> State {
        match flags.is_none_or(|flags| tcp::begins(flags, self.loose)) {
            true => State::New,
            false => State::Invalid,
        }
    }

    /// An ICMP error about a packet with these ends.
    fn sight_error(&self, about: &Ends, sequence: Option<u32>, now: u32) -> State {
        let Some(place) = self.table.find(&about.key, about.key.hash(), now) else { return State::Invalid };
        let known = self.table.memo(place);
        let direction = known.direction(about.upwards);
        let is_believed = match (known.kind, sequence) {
            (Kind::Tcp, Some(sequence)) => known.tcp.is_in_flight(direction, sequence),
            (Kind::Tcp, None) => false,
            _ => direction == Direction::Original || known.replied,
        };
        if is_believed { State::Related } else { State::Invalid }
    }

    /// A packet that [`Tracker::sight`] found to be new may pass: its connection begins, if it is not there. False if there is no
    /// room for it.
    pub fn begin(&mut self, packet: &[u8], now: u32) -> bool {
        let said = match Plain::of(packet) {
            Some(plain) => Some((plain.ends, plain.message())),
            None => View::of(packet).map(|view| (view.ends, view.message)),
        };
        let Some((Ends { key, upwards }, message)) = said else { return false };
        let known = Known::begin(kind(&message, key.protocol()), upwards, segment(&message));
        match self.table.enter(&key, key.hash(), now, known) {
            Some(Entry::Known(place)) if self.is_over(place, upwards, &message) => {
                self.table.touch(place, now);
                *self.table.memo_mut(place) = known;
            }
            Some(_) => {}
            None => {
                self.refused += 1;
                return false;
            }
        }
        true
    }

    /// Whether a packet begins the connection there anew.
    fn is_over(&self, place: Place, upwards: bool, message: &Message) -> bool {
        let known = self.table.memo(place);
        segment(message)
            .is_some_and(|segment| known.tcp.judge(known.direction(upwards), segment, self.loose) == Judgement::Begins)
    }

    /// A packet may pass, and leaves by `output`: if it is the first fragment of a datagram the others may follow.
    #[inline]
    pub fn passed(&mut self, packet: &[u8], output: u16, now: u32) {
        /// Hop-by-Hop Options, Routing, Fragment, Authentication, Destination Options: RFC 8200 §4.1.
        const EXTENSIONS: [u8; 5] = [0, 43, 44, 51, 60];
        let may_be_first = match packet {
            // The flag More Fragments, RFC 791 §3.1.
            [first, _, _, _, _, _, flags, ..] if first >> 4 == 4 => flags & 0x20 != 0,
            [_, _, _, _, _, _, next, ..] => EXTENSIONS.contains(next),
            _ => false,
        };
        if may_be_first {
            self.passed_first(packet, output, now);
        }
    }

    #[inline(never)]
    fn passed_first(&mut self, packet: &[u8], output: u16, now: u32) {
        let Some(view) = View::of(packet) else { return };
        if let Some(fragment) = &view.fragment {
            self.fragments.begin(&view, fragment, output, now);
        }
    }

    /// The output of a later fragment, or what is wrong with it.
    pub fn follow(&mut self, packet: &[u8], now: u32) -> Part {
        let Some(View { ends, fragment: Some(fragment), .. }) = View::of(packet) else { return Part::Bad };
        let part = self.fragments.follow(&ends, &fragment, now);
        if let Part::Follows(_, Some((ends, end))) = part
            && let Some(place) = self.table.find(&ends.key, ends.key.hash(), now)
        {
            let known = self.table.memo_mut(place);
            known.tcp.extend(known.direction(ends.upwards), end);
        }
        part
    }
}

/// The segment that a message is.
#[inline(always)]
fn segment(message: &Message) -> Option<&Segment> {
    match message {
        Message::Tcp(segment) => Some(segment),
        _ => None,
    }
}
