// SPDX-License-Identifier: Apache-2.0
//! What sources that replay a trace share: when the next packet is due, where it begins and ends, how its end is told.

use nf_elements::spec::{Argument, ArgumentKind};
use nf_elements::{Call, PacketIo};

/// Which packets of a trace are emitted, by their timestamps in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// All.
    None,
    /// A time.
    At(u64),
    /// A time behind the first packet's.
    After(u64),
    /// A time behind that of the first packet that is emitted (for ends only).
    Interval(u64),
}

/// A trace's state: begun or not, active or not, due when.
pub struct Trace {
    timing: bool,
    stop: bool,
    active: bool,
    start: Bound,
    end: Bound,
    /// What to add to a timestamp to get the time to send at.
    offset_ns: Option<u64>,
    started: bool,
    stopped: bool,
    end_call: Call,
}

impl Trace {
    /// The arguments of these names.
    pub const fn new(timing: bool, stop: bool, active: bool, start: Bound, end: Bound) -> Trace {
        Trace {
            timing,
            stop,
            active,
            start,
            end,
            offset_ns: None,
            started: false,
            stopped: false,
            end_call: Call::NONE,
        }
    }

    /// As `self`; makes this call at the end instead of stopping the machine.
    pub const fn calling(mut self, end_call: Call) -> Self {
        (self.stop, self.end_call) = (true, end_call);
        self
    }

    /// See [`nf_elements::Element::due_call`].
    pub fn due_call(&mut self) -> Option<Call> {
        self.end_call.take_due()
    }

    /// Whether it emits packets.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Makes it active or not.
    pub fn activate(&mut self, active: bool) {
        self.active = active;
    }

    /// Whether a packet of that time comes before the start.
    pub fn is_before(&mut self, timestamp_ns: u64) -> bool {
        if let Bound::After(after) = self.start {
            self.start = Bound::At(timestamp_ns.saturating_add(after));
        }
        if let Bound::After(after) = self.end {
            self.end = Bound::At(timestamp_ns.saturating_add(after));
        }
        let before = !self.started && matches!(self.start, Bound::At(start) if timestamp_ns < start);
        if let (false, Bound::Interval(interval)) = (before, self.end) {
            self.end = Bound::At(timestamp_ns.saturating_add(interval));
        }
        self.started |= !before;
        before
    }

    /// Whether a packet of that time is the first behind the end. It is told once; who makes the source active again gets
    /// the rest.
    pub fn ends(&mut self, timestamp_ns: u64) -> bool {
        let ends = matches!(self.end, Bound::At(end) if timestamp_ns >= end);
        if ends {
            self.end = Bound::None;
            self.active = false;
        }
        ends
    }

    /// When a packet of that time is due.
    pub fn due_ns(&mut self, timestamp_ns: u64, now_ns: u64) -> u64 {
        if !self.timing {
            return now_ns;
        }
        let offset = *self.offset_ns.get_or_insert(now_ns.wrapping_sub(timestamp_ns));
        timestamp_ns.wrapping_add(offset)
    }

    /// The end: asks the machine to stop or makes the call, once, if it shall.
    pub fn finish<M: PacketIo>(&mut self, io: &mut M) {
        if !self.stop || core::mem::replace(&mut self.stopped, true) {
            return;
        }
        if self.end_call.text().is_empty() {
            io.stop();
        } else {
            self.end_call.make_due();
        }
    }
}

/// The argument FILENAME of a source.
pub const FILENAME: Argument =
    Argument { name: "FILENAME", kind: ArgumentKind::Required, doc: "the file; - is standard input" };
/// The argument TIMING.
pub const TIMING: Argument = Argument {
    name: "TIMING",
    kind: ArgumentKind::Keyword,
    doc: "keep the packets' distances in time? false by default",
};
/// The argument STOP.
pub const STOP: Argument =
    Argument { name: "STOP", kind: ArgumentKind::Keyword, doc: "stop the machine at the end? false by default" };
/// The argument END_CALL.
pub const END_CALL: Argument =
    Argument { name: "END_CALL", kind: ArgumentKind::Keyword, doc: "HANDLER [VALUE]: called at the end" };
/// The argument ACTIVE.
pub const ACTIVE: Argument =
    Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "emit packets? true by default" };
/// The argument SAMPLE.
pub const SAMPLE: Argument =
    Argument { name: "SAMPLE", kind: ArgumentKind::Keyword, doc: "the probability of each packet; 1 by default" };
