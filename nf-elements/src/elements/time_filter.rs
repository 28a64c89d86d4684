// SPDX-License-Identifier: Apache-2.0
//! # TimeFilter
//! `TimeFilter([START, END, START_AFTER, END_AFTER, INTERVAL, STOP, END_CALL])` — passes packets of a span of time.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** packets whose timestamps are at least START and less than END leave by output 0, others by output 1; if
//! that is not connected they are dropped. START_AFTER and END_AFTER count from the first packet's timestamp, INTERVAL from
//! the start. Without a start or an end there is none. At the first packet behind the end the machine stops, if STOP is
//! true or END_CALL is `stop`.
//!
//! **Notes:** START_DELAY and END_DELAY do not exist. As in Click, the write
//! handler `end` takes an interval, `interval` cannot be written, and a start or an end of zero is as none.
//!
//! **Handlers:** `start`, `end` (read, write), `interval` (read), `extend_interval` (write: adds to the end), `outside`
//! (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> TimeFilter(END_AFTER 60s) -> ToDevice(wan);`
//!
//! **See also:** `TimeRange`, `SetTimestamp`.

use super::handler_value::nanoseconds;
use super::timestamp::Timestamp;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Call, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// A time, and what it counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The clock's zero.
    At(u64),
    /// The first packet.
    After(u64),
    /// The start: ends only.
    Interval(u64),
}

/// See the module's documentation.
pub struct TimeFilter {
    first: Edge,
    last: Edge,
    /// What the edges mean, once a packet has come.
    first_ns: u64,
    last_ns: u64,
    ready: bool,
    diverts: bool,
    end_call: Call,
    ended: bool,
    outside: u64,
}

impl TimeFilter {
    /// Passes what lies between two edges; `diverts` if output 1 takes the others.
    pub const fn new(first: Option<Edge>, last: Option<Edge>, diverts: bool) -> Self {
        let first = match first {
            Some(edge) => edge,
            None => Edge::At(0),
        };
        let last = match last {
            Some(edge) => edge,
            None => Edge::At(u64::MAX),
        };
        let (Edge::At(first_ns) | Edge::After(first_ns) | Edge::Interval(first_ns)) = first;
        let (Edge::At(last_ns) | Edge::After(last_ns) | Edge::Interval(last_ns)) = last;
        TimeFilter { first, last, first_ns, last_ns, ready: false, diverts, end_call: Call::NONE, ended: false, outside: 0 }
    }

    /// As `self`; makes this call behind the end.
    pub const fn calling(mut self, end_call: Call) -> Self {
        self.end_call = end_call;
        self
    }

    fn first_packet(&mut self, time_ns: u64) {
        self.ready = true;
        if matches!(self.first, Edge::After(_)) {
            self.first_ns = self.first_ns.saturating_add(time_ns);
        }
        match self.last {
            Edge::At(_) => {}
            Edge::After(_) => self.last_ns = self.last_ns.saturating_add(time_ns),
            Edge::Interval(_) => self.last_ns = self.last_ns.saturating_add(self.first_ns),
        }
    }
}

impl Element for TimeFilter {
    const SPEC: Spec = Spec {
        class: "TimeFilter",
        category: Category::Classification,
        summary: "passes packets of a span of time",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "START", kind: ArgumentKind::Optional, doc: "the earliest timestamp" },
            Argument { name: "END", kind: ArgumentKind::Optional, doc: "the first timestamp that does not pass" },
            Argument { name: "START_AFTER", kind: ArgumentKind::Keyword, doc: "START, from the first packet on" },
            Argument { name: "END_AFTER", kind: ArgumentKind::Keyword, doc: "END, from the first packet on" },
            Argument { name: "INTERVAL", kind: ArgumentKind::Keyword, doc: "END, from the start on" },
            Argument { name: "STOP", kind: ArgumentKind::Keyword, doc: "stop behind the end? false by default" },
            Argument { name: "END_CALL", kind: ArgumentKind::Keyword, doc: "HANDLER [VALUE]: called behind the end" },
        ],
        handlers: &[
            Handler { name: "start", kind: HandlerKind::ReadWrite, doc: "the start" },
            Handler { name: "end", kind: HandlerKind::ReadWrite, doc: "the end; written as an interval" },
            Handler { name: "interval", kind: HandlerKind::Read, doc: "the time between them" },
            Handler { name: "extend_interval", kind: HandlerKind::Write, doc: "adds a time to the end" },
            Handler { name: "outside", kind: HandlerKind::Drops, doc: "packets of other times" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "start" => write!(out, "{}", Timestamp(self.first_ns))?,
            "end" => write!(out, "{}", Timestamp(self.last_ns))?,
            "interval" => write!(out, "{}", Timestamp(self.last_ns.saturating_sub(self.first_ns)))?,
            "outside" => write!(out, "{}", self.outside)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "start" => {
                let time_ns = nanoseconds(value)?;
                if !self.ready {
                    self.first_packet(time_ns);
                }
                self.first_ns = time_ns;
            }
            "end" => (self.last_ns, self.ended) = (self.first_ns.saturating_add(nanoseconds(value)?), false),
            "extend_interval" => {
                (self.last_ns, self.ended) = (self.last_ns.saturating_add(nanoseconds(value)?), false);
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    #[inline]
    fn due_call(&mut self) -> Option<Call> {
        self.end_call.take_due()
    }
}

#[cfg(feature = "host")]
mod host {
    use super::TimeFilter;
    use crate::configure::{Arguments, Configure, Instance, Nanoseconds, Surroundings};

    /// The one of several times that is not zero.
    fn edge(arguments: &mut Arguments, times: &[(&str, u64)]) -> String {
        let mut given = times.iter().filter(|(_, time_ns)| *time_ns > 0);
        let edge = given.next().map_or("None".into(), |(kind, time_ns)| format!("Some(time_filter::Edge::{kind}({time_ns}))"));
        if given.next().is_some() {
            arguments.error("two times for one end of the span", Some("at most one".into()));
        }
        edge
    }

    impl Configure for TimeFilter {
        fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
            let start = arguments.optional("START", Nanoseconds(0))?.0;
            let end = arguments.optional("END", Nanoseconds(0))?.0;
            let [start_after, end_after, interval] = ["START_AFTER", "END_AFTER", "INTERVAL"]
                .map(|name| arguments.keyword(name).unwrap_or(Nanoseconds(0)).0);
            let stop = arguments.keyword("STOP").unwrap_or(false);
            let call = arguments.keyword_call("END_CALL");
            if stop && call.is_some() {
                arguments.error_last("both STOP and END_CALL", "one of them");
            }
            let first = edge(arguments, &[("At", start), ("After", start_after)]);
            let last = edge(arguments, &[("At", end), ("After", end_after), ("Interval", interval)]);
            let calling = match &call {
                Some(call) => format!(".calling({})", call.expression()),
                None if stop => ".calling(nf_elements::Call::new(\"stop\"))".into(),
                None => String::new(),
            };
            let expression = format!("TimeFilter::new({first}, {last}, {}){calling}", surroundings.outputs > 1);
            let instance = Instance::new("TimeFilter", expression);
            Some(if stop || call.is_some() { instance.with_calls(call.into_iter().collect()) } else { instance })
        }
    }
}

impl Route for TimeFilter {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        let time_ns = packet.annotations().timestamp_ns;
        if !self.ready {
            self.first_packet(time_ns);
        }
        if time_ns >= self.first_ns && time_ns < self.last_ns {
            return Some(0);
        }
        if time_ns >= self.first_ns && !self.ended {
            self.ended = true;
            self.end_call.make_due();
        }
        if self.diverts {
            return Some(1);
        }
        self.outside += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn passed(filter: &mut TimeFilter, io: &mut ListIo, times: &[u64]) -> Vec<u64> {
        let mut passed = Vec::new();
        for time_ns in times {
            let mut frame = packet(&[1]);
            frame.annotations_mut().timestamp_ns = *time_ns;
            if filter.route(io, 0, &mut frame) == Some(0) {
                passed.push(*time_ns);
            }
        }
        passed
    }

    #[test]
    fn passes_what_lies_between() {
        let (mut io, times) = (ListIo::new(0), [10, 11, 12, 13, 14, 15]);
        for (first, last, there) in [
            (None, None, &times[..]),
            (Some(Edge::At(11)), Some(Edge::At(13)), &[11, 12]),
            (Some(Edge::After(2)), Some(Edge::After(3)), &[12]),
            (Some(Edge::After(2)), Some(Edge::Interval(2)), &[12, 13]),
        ] {
            let mut filter = TimeFilter::new(first, last, false);
            assert_eq!(passed(&mut filter, &mut io, &times), there);
            assert_eq!(read(&filter, "outside"), (times.len() - there.len()).to_string());
        }
        assert_eq!(TimeFilter::new(Some(Edge::At(5)), None, true).route(&mut io, 0, &mut packet(&[1])), Some(1));
    }

    #[test]
    fn calls_behind_the_end_and_again_when_that_was_moved() {
        let (mut filter, mut io) = (TimeFilter::new(None, Some(Edge::At(12)), false).calling(Call::new("stop")), ListIo::new(0));
        assert_eq!((passed(&mut filter, &mut io, &[11]), filter.due_call().is_some()), (vec![11], false));
        assert_eq!((passed(&mut filter, &mut io, &[12]), filter.due_call().is_some()), (vec![], true));
        assert_eq!((passed(&mut filter, &mut io, &[12]), filter.due_call().is_some()), (vec![], false));
        filter.write_handler("extend_interval", "1ns").unwrap();
        assert_eq!((passed(&mut filter, &mut io, &[12, 13]), filter.due_call().is_some()), (vec![12], true));
        filter.write_handler("start", "1").unwrap();
        filter.write_handler("end", "2").unwrap();
        assert_eq!(["start", "end", "interval"].map(|name| read(&filter, name)), ["1.000000", "3.000000", "2.000000"]);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<TimeFilter>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "TimeFilter::new(None, None, false)");
        assert_eq!(
            made(&["0", "1us", "END_CALL c.reset"]).unwrap().expression,
            "TimeFilter::new(None, Some(time_filter::Edge::At(1000)), false).calling(nf_elements::Call::new(\"c.reset\"))"
        );
        for wrong in [["START 1", "START_AFTER 1"], ["END 1", "INTERVAL 1"], ["STOP true", "END_CALL stop"]] {
            assert_eq!(made(&wrong).unwrap_err().len(), 1);
        }
    }
}
