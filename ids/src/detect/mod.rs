// SPDX-License-Identifier: Apache-2.0
//! From bytes to matches: candidates by the group's automata, then each candidate's tests in full.

mod groups;
mod header;
mod lists;
mod matcher;
mod numbers;
mod threshold;
mod yardstick;

pub use groups::PACKET_PAYLOAD;
pub use threshold::Track;
pub use yardstick::search;

use crate::alert::{Alert, End};
use crate::code::Op;
use crate::packet::Packet;
use crate::rule::{Action, AppProtocol, BUFFERS, Buffer, Stage, condition};
use crate::table::{RuleView, RuleWord, Rules, Section, has_address, has_port};
use groups::Group;
use header::{conditions_hold, packet_tests, protocol_bit, set_bit};
use lists::lists;
use matcher::Matcher;
use threshold::{Limit, Outcome, Tracks};

/// Words of a flow's flowbits.
pub const FLOWBIT_WORDS: usize = 4;
/// Units of work for one rule ([`Matcher::budget`]).
const RULE_BUDGET: u32 = 20_000;
/// Units of work for one packet or message.
const TOTAL_BUDGET: u32 = 400_000;

/// The packet, or message, that rules are matched against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Source and destination: 4 or 16 bytes each.
    pub addresses: [&'a [u8]; 2],
    /// Source and destination ports.
    pub ports: [u16; 2],
    /// IANA's number of the transport.
    pub protocol: u8,
    /// The packet at hand; `None` when a flow's end brought this about.
    pub packet: Option<&'a Packet<'a>>,
    /// From the flow's client.
    pub to_server: bool,
    /// It belongs to a flow.
    pub in_flow: bool,
    /// That is established.
    pub established: bool,
    /// The first packet of its direction.
    pub first: bool,
    /// It was put together from fragments.
    pub from_fragments: bool,
    /// What the flow speaks.
    pub app: AppProtocol,
    /// The packet's number.
    pub number: Option<u64>,
    /// When it came.
    pub now_ns: u64,
    /// Identifies the flow, for thresholds.
    pub flow: u32,
    /// Drops are carried out.
    pub in_line: bool,
}

/// The payload as packet rules see it.
#[derive(Clone, Copy, Default)]
pub struct Payload<'a> {
    /// The packet's own.
    pub packet: &'a [u8],
    /// The packet's payload is in the stream, so that rules about the stream need not look at it here.
    pub in_stream: bool,
    /// Instead of the packet: the part of the stream that is due, and how much of it was looked at before.
    pub stream: Option<(&'a [u8], usize)>,
}

/// The buffers that are there.
#[derive(Clone, Copy)]
pub struct Buffers<'a> {
    slices: [Option<&'a [u8]>; BUFFERS],
    /// How much of the body was looked at before.
    pub seen: usize,
}

impl<'a> Buffers<'a> {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self { slices: [None; BUFFERS], seen: 0 }
    }

    /// Sets one.
    pub fn set(&mut self, buffer: Buffer, bytes: Option<&'a [u8]>) {
        self.slices[buffer as usize] = bytes;
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, buffer: Buffer) -> Option<&'a [u8]> {
        self.slices[buffer as usize]
    }
}

/// What the matches of one packet or message say should become of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Drop it.
    pub drop: bool,
    /// And answer.
    pub reject: bool,
    /// Let it pass uninspected.
    pub pass: bool,
    /// The same for all that follows in the flow.
    pub whole_flow: bool,
    /// Divert it, and all that follows in the flow.
    pub divert: bool,
}

impl Findings {
    /// Adds what another message of the same packet said.
    pub fn join(&mut self, other: Self) {
        self.drop |= other.drop;
        self.reject |= other.reject;
        self.pass |= other.pass;
        self.whole_flow |= other.whole_flow;
        self.divert |= other.divert;
    }
}

/// Where alerts go.
pub type Sink<'s> = &'s mut dyn FnMut(&Alert<'_>);

/// The rules and what they remember.
pub struct Detector<'m> {
    /// The rules.
    pub rules: Rules<'m>,
    /// One bit for each rule: the candidates at hand.
    marks: &'m mut [u64],
    tracks: Tracks<'m>,
    /// Rules that were given up because their work went over the budget.
    pub given_up: u64,
}

/// How a candidate matched.
enum Match {
    No,
    Packet,
    Stream,
}

impl<'m> Detector<'m> {
    /// Words of marks that `rules` need.
    #[must_use]
    pub const fn marks(rules: usize) -> usize {
        rules.div_ceil(64)
    }

    /// With memory for marks ([`Self::marks`] words) and tracks.
    pub fn new(rules: Rules<'m>, marks: &'m mut [u64], tracks: &'m mut [Track]) -> Self {
        Self { rules, marks, tracks: Tracks(tracks), given_up: 0 }
    }

    fn mark(marks: &mut [u64], rule: u32) {
        if let Some(word) = marks.get_mut(rule as usize / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    fn mark_always(&mut self, group: &Group<'_>) {
        group.always().for_each(|rule| Self::mark(self.marks, rule));
    }

    fn mark_found(&mut self, automaton: u32, bytes: &[u8]) {
        let automata = self.rules.section(Section::Automata);
        let marks = &mut *self.marks;
        crate::automaton::scan(automata, automaton, bytes, |outputs| {
            crate::automaton::outputs(automata, outputs).for_each(|rule| Self::mark(marks, rule));
        });
    }

    /// Matches a packet, or the part of a stream that is due: then only rules about streams are looked at.
    pub fn packet(
        &mut self,
        subject: &Subject<'_>,
        payload: &Payload<'_>,
        buffers: &Buffers<'_>,
        bits: &mut [u64; FLOWBIT_WORDS],
        sink: Sink<'_>,
    ) -> Findings {
        let port = subject.ports[usize::from(subject.to_server)];
        let Some(group) = Group::of_packet(self.rules, subject.protocol, subject.to_server, port) else {
            return Findings::default();
        };
        self.mark_always(&group);
        for (of, automaton) in group.automata() {
            match (of == PACKET_PAYLOAD, payload.stream) {
                (true, None) => self.mark_found(automaton, payload.packet),
                (false, None) if !payload.in_stream => self.mark_found(automaton, payload.packet),
                (false, Some((stream, _))) => self.mark_found(automaton, stream),
                _ => {}
            }
        }
        self.run(subject, payload, buffers, bits, sink)
    }

    /// Matches a message of the application.
    pub fn message(
        &mut self,
        stage: Stage,
        subject: &Subject<'_>,
        payload: &Payload<'_>,
        buffers: &Buffers<'_>,
        bits: &mut [u64; FLOWBIT_WORDS],
        sink: Sink<'_>,
    ) -> Findings {
        let Some(group) = Group::of_stage(self.rules, stage) else { return Findings::default() };
        self.mark_always(&group);
        for (of, automaton) in group.automata() {
            if let Some(bytes) = buffers.get(Buffer::from_byte(of)) {
                self.mark_found(automaton, bytes);
            }
        }
        self.run(subject, payload, buffers, bits, sink)
    }

    /// Tests the marked candidates in their order, and takes their marks away.
    fn run(
        &mut self,
        subject: &Subject<'_>,
        payload: &Payload<'_>,
        buffers: &Buffers<'_>,
        bits: &mut [u64; FLOWBIT_WORDS],
        sink: Sink<'_>,
    ) -> Findings {
        let (mut findings, mut budget) = (Findings::default(), TOTAL_BUDGET);
        for word in 0..self.marks.len() {
            let mut marked = core::mem::take(&mut self.marks[word]);
            while marked != 0 && !findings.pass {
                let rule = self.rules.rule(word as u32 * 64 + marked.trailing_zeros());
                marked &= marked - 1;
                let matched = self.check(&rule, subject, payload, buffers, bits, &mut budget);
                if !matches!(matched, Match::No) {
                    self.act(&rule, subject, &matched, bits, &mut findings, sink);
                }
            }
        }
        findings
    }

    fn check(
        &mut self,
        rule: &RuleView<'m>,
        subject: &Subject<'_>,
        payload: &Payload<'_>,
        buffers: &Buffers<'_>,
        bits: &[u64; FLOWBIT_WORDS],
        budget: &mut u32,
    ) -> Match {
        let only_stream = payload.stream.is_some() && rule.stage() == Stage::Packet;
        if only_stream && rule.word(RuleWord::Conditions) & condition::STREAM == 0 {
            return Match::No;
        }
        if !self.fits(rule, subject) || !packet_tests(rule, subject, bits) {
            return Match::No;
        }
        let given = RULE_BUDGET.min(*budget);
        let mut matcher = Matcher::new(self.rules.section(Section::Expressions), given);
        let matched = lists(rule, subject, payload, buffers, &mut matcher);
        *budget -= given - matcher.budget;
        self.given_up += u64::from(matcher.budget == 0);
        matched
    }

    /// Whether the rule is about such packets at all.
    fn fits(&self, rule: &RuleView<'_>, subject: &Subject<'_>) -> bool {
        let conditions = rule.word(RuleWord::Conditions);
        if rule.protocols() & protocol_bit(subject.protocol) == 0 || !conditions_hold(conditions, subject) {
            return false;
        }
        let app = rule.app();
        if app != AppProtocol::Unknown && app != subject.app {
            return false;
        }
        let sets = self.rules.section(Section::Sets);
        has_port(sets, rule.word(RuleWord::SourcePorts), subject.ports[0])
            && has_port(sets, rule.word(RuleWord::DestinationPorts), subject.ports[1])
            && has_address(sets, rule.word(RuleWord::Source), subject.addresses[0])
            && has_address(sets, rule.word(RuleWord::Destination), subject.addresses[1])
    }

    /// Carries out a match: flowbits, threshold, alert, verdict.
    fn act(
        &mut self,
        rule: &RuleView<'m>,
        subject: &Subject<'_>,
        matched: &Match,
        bits: &mut [u64; FLOWBIT_WORDS],
        findings: &mut Findings,
        sink: Sink<'_>,
    ) {
        let mut outcome = Outcome::Alert;
        for op in rule.after() {
            match op {
                Op::Mark { what, bit, .. } => set_bit(bits, bit, what),
                Op::Threshold { kind, track, count, seconds } => {
                    let limit = Limit { kind, count, span_ns: u64::from(seconds) * 1_000_000_000 };
                    outcome = self.tracks.count(track_key(rule, subject, track), limit, subject.now_ns);
                }
                _ => {}
            }
        }
        if outcome == Outcome::No {
            return;
        }
        let action = rule.action();
        let conditions = rule.word(RuleWord::Conditions);
        let flow = conditions & condition::WHOLE_FLOW != 0 || matches!(matched, Match::Stream);
        match action {
            Action::Pass => findings.pass = true,
            Action::Drop | Action::Reject => {
                findings.drop = true;
                findings.reject |= action == Action::Reject;
            }
            Action::Alert => {}
        }
        findings.whole_flow |= flow && action != Action::Alert;
        findings.divert |= conditions & condition::DIVERT != 0;
        if action != Action::Pass && outcome == Outcome::Alert && conditions & condition::NO_ALERT == 0 {
            sink(&alert(rule, subject, action));
        }
    }
}

/// What a threshold counts by.
fn track_key(rule: &RuleView<'_>, subject: &Subject<'_>, track: u8) -> u64 {
    let hash = |mut hash: u64, bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash ^ hash >> 29
    };
    let seed = hash(0xcbf2_9ce4_8422_2325, &rule.index.to_le_bytes());
    match track {
        0 => hash(seed, subject.addresses[0]),
        1 => hash(seed ^ 1, subject.addresses[1]),
        3 => hash(hash(seed, subject.addresses[0]), subject.addresses[1]),
        4 => hash(seed, &subject.flow.to_le_bytes()),
        _ => seed,
    }
}

fn alert<'r>(rule: &RuleView<'r>, subject: &Subject<'_>, action: Action) -> Alert<'r> {
    let end = |index: usize| {
        let mut end = End { address: [0; 16], port: subject.ports[index] };
        let given = subject.addresses[index];
        end.address[..given.len().min(16)].copy_from_slice(&given[..given.len().min(16)]);
        end
    };
    Alert {
        sid: rule.word(RuleWord::Sid),
        gid: rule.word(RuleWord::Gid),
        revision: rule.word(RuleWord::Revision),
        action,
        blocked: subject.in_line && matches!(action, Action::Drop | Action::Reject),
        priority: rule.word(RuleWord::Priority),
        message: rule.message(),
        class: rule.class(),
        six: subject.addresses[0].len() == 16,
        protocol: subject.protocol,
        source: end(0),
        destination: end(1),
        app: subject.app,
        to_server: subject.to_server,
        packet: subject.number,
        time_ns: subject.now_ns,
    }
}
