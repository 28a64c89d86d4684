// SPDX-License-Identifier: Apache-2.0
//! # AggregateCounter
//! `AggregateCounter([BYTES, IP_BYTES, EXTRA_LENGTH, AGGREGATE_STOP, AGGREGATE_FREEZE, AGGREGATE_CALL, COUNT_STOP,
//! COUNT_FREEZE, COUNT_CALL, BANNER])` — counts packets by their aggregate annotation.
//!
//! **Ports:** one or two inputs, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** counts packets, or with BYTES true their bytes, for each value of the aggregate annotation. IP_BYTES
//! true leaves out what is in front of the IP header, EXTRA_LENGTH false what the packets once were longer. A frozen
//! counter counts only values that it has; the second input is always frozen. Packets that were not counted leave by
//! output 1, if it is connected.
//!
//! When a packet with a value more than AGGREGATE_FREEZE comes, or when COUNT_FREEZE packets or bytes were counted, it
//! freezes; AGGREGATE_STOP and COUNT_STOP make it inactive and stop the machine; AGGREGATE_CALL and COUNT_CALL, `N HANDLER
//! [VALUE]`, call a write handler.
//!
//! **Notes:** the values are bounded by memory of 65535 nodes: at least 32767 values are counted, others are not. Elements
//! write no files: `text_file` and `ip_file` are read in place of Click's `write_text_file` and `write_ip_file`, such as by
//! `Script(print >FILE c.text_file)`. Click's MULTIPACKET does not exist. Calls
//! are made when the burst is through that caused them. `stop` stops the machine when the next packet comes.
//!
//! **Handlers:** `text_file`, `ip_file` (read: values and counts, the values as numbers or addresses), `nagg`, `count`,
//! `banner` (read), `freeze`, `active`, `aggregate_call`, `count_call` (read, write), `stop`, `clear`, `counts_pdf` (write:
//! the counts become the values, and what is counted is how often each was there).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> AggregateIP(ip dst) -> AggregateCounter -> Discard;`
//!
//! **See also:** `AggregateIP`, `AggregateIPFlows`.

mod tree;

use super::handler_value::boolean;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Call, CountCall, Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;
use core::net::Ipv4Addr;
pub use tree::Node;
use tree::Tree;

/// Nodes that the compiler lends.
#[cfg(feature = "host")]
const NODES: usize = 65535;

/// What is counted, and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// BYTES.
    pub bytes: bool,
    /// IP_BYTES.
    pub ip_bytes: bool,
    /// EXTRA_LENGTH.
    pub extra_length: bool,
    /// AGGREGATE_FREEZE or AGGREGATE_STOP.
    pub aggregates: u32,
    /// Whether it is AGGREGATE_STOP.
    pub aggregates_stop: bool,
    /// COUNT_FREEZE or COUNT_STOP.
    pub count: u64,
    /// Whether it is COUNT_STOP.
    pub count_stops: bool,
}

impl Limits {
    /// Packets, without end.
    pub const NONE: Limits = Limits {
        bytes: false,
        ip_bytes: false,
        extra_length: true,
        aggregates: u32::MAX,
        aggregates_stop: false,
        count: u64::MAX,
        count_stops: false,
    };
}

/// See the module's documentation.
pub struct AggregateCounter {
    tree: Tree,
    limits: Limits,
    banner: &'static str,
    diverts: bool,
    frozen: bool,
    active: bool,
    stopping: bool,
    aggregates: u32,
    count: u64,
    aggregate_call: CountCall,
    count_call: CountCall,
}

impl AggregateCounter {
    /// Counts within `limits`; `diverts` if output 1 takes what was not counted.
    pub const fn new(limits: Limits, banner: &'static str, diverts: bool) -> Self {
        let (frozen, active, stopping, aggregates, count) = (false, true, false, 0, 0);
        let (aggregate_call, count_call) = (CountCall::NONE, CountCall::NONE);
        let tree = Tree::new();
        AggregateCounter {
            tree, limits, banner, diverts, frozen, active, stopping, aggregates, count, aggregate_call, count_call,
        }
    }

    /// As `self`; makes these calls at so many values and at this count.
    pub const fn calling(mut self, aggregate_call: CountCall, count_call: CountCall) -> Self {
        (self.aggregate_call, self.count_call) = (aggregate_call, count_call);
        self
    }

    /// Counts in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Node]) {
        self.tree.lend(memory);
    }

    /// What the packet adds.
    #[inline]
    fn amount(&self, packet: &Packet) -> u32 {
        if !self.limits.bytes {
            return 1;
        }
        let network = packet.network().len();
        let bytes = if self.limits.ip_bytes && network > 0 { network } else { packet.len() };
        bytes as u32 + if self.limits.extra_length { u32::from(packet.extra_length()) } else { 0 }
    }

    /// Whether the packet was counted.
    #[inline]
    fn update(&mut self, packet: &Packet, frozen: bool) -> bool {
        if !self.active {
            return false;
        }
        let amount = self.amount(packet);
        let Some(count) = self.tree.find(packet.annotations().aggregate, !frozen) else { return false };
        if amount > 0 && *count == 0 {
            if self.aggregates >= self.limits.aggregates {
                self.limits.aggregates = u32::MAX;
                self.end(self.limits.aggregates_stop);
                return self.update(packet, frozen || self.frozen);
            }
            self.aggregate_call.reach(u64::from(self.aggregates));
            self.aggregates += 1;
        }
        *count = count.wrapping_add(amount);
        self.count += u64::from(amount);
        self.count_call.reach(self.count);
        if self.count >= self.limits.count {
            self.limits.count = u64::MAX;
            self.end(self.limits.count_stops);
        }
        true
    }

    #[cold]
    fn end(&mut self, stop: bool) {
        if stop {
            (self.active, self.stopping) = (false, true);
        } else {
            self.frozen = true;
        }
    }

    /// Writes the file that has `kind` in its head, with values as `show` shows them.
    fn write_file<T: fmt::Display>(
        &self,
        out: &mut dyn fmt::Write,
        kind: &str,
        show: impl Fn(u32) -> T,
    ) -> fmt::Result {
        let end = if self.banner.is_empty() || self.banner.ends_with('\n') { "" } else { "\n" };
        write!(out, "!IPAggregate 1.0\n{}{end}!num_nonzero {}\n{kind}", self.banner, self.aggregates)?;
        self.tree.for_each(|number, count| writeln!(out, "{} {count}", show(number)))
    }
}

impl Element for AggregateCounter {
    const SPEC: Spec = Spec {
        class: "AggregateCounter",
        category: Category::Measurement,
        summary: "counts packets by their aggregate annotation",
        ports: "1-2/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "BYTES", kind: ArgumentKind::Keyword, doc: "count bytes? false by default" },
            Argument { name: "IP_BYTES", kind: ArgumentKind::Keyword, doc: "from the IP header on? false by default" },
            Argument { name: "EXTRA_LENGTH", kind: ArgumentKind::Keyword, doc: "lost bytes too? true by default" },
            Argument { name: "AGGREGATE_STOP", kind: ArgumentKind::Keyword, doc: "stop at more values than this" },
            Argument { name: "AGGREGATE_FREEZE", kind: ArgumentKind::Keyword, doc: "freeze at more values than this" },
            Argument { name: "AGGREGATE_CALL", kind: ArgumentKind::Keyword, doc: "N HANDLER [VALUE]: at more values than N" },
            Argument { name: "COUNT_STOP", kind: ArgumentKind::Keyword, doc: "stop at this count" },
            Argument { name: "COUNT_FREEZE", kind: ArgumentKind::Keyword, doc: "freeze at this count" },
            Argument { name: "COUNT_CALL", kind: ArgumentKind::Keyword, doc: "N HANDLER [VALUE]: at the count N" },
            Argument { name: "BANNER", kind: ArgumentKind::Keyword, doc: "a text in the files' head" },
        ],
        handlers: &[
            Handler { name: "text_file", kind: HandlerKind::Read, doc: "values and their counts" },
            Handler { name: "ip_file", kind: HandlerKind::Read, doc: "values as addresses, and their counts" },
            Handler { name: "nagg", kind: HandlerKind::Read, doc: "how many values there are" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "all that was counted" },
            Handler { name: "banner", kind: HandlerKind::Read, doc: "BANNER" },
            Handler { name: "freeze", kind: HandlerKind::ReadWrite, doc: "count no new values?" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "count at all?" },
            Handler { name: "aggregate_call", kind: HandlerKind::ReadWrite, doc: "AGGREGATE_CALL" },
            Handler { name: "count_call", kind: HandlerKind::ReadWrite, doc: "COUNT_CALL" },
            Handler { name: "stop", kind: HandlerKind::Write, doc: "makes it inactive and stops the machine" },
            Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets everything" },
            Handler { name: "counts_pdf", kind: HandlerKind::Write, doc: "counts the counts" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "text_file" => self.write_file(out, "", |value| value)?,
            "ip_file" => self.write_file(out, "!ip\n", Ipv4Addr::from_bits)?,
            "nagg" => write!(out, "{}", self.aggregates)?,
            "count" => write!(out, "{}", self.count)?,
            "banner" => out.write_str(self.banner)?,
            "freeze" => write!(out, "{}", self.frozen)?,
            "active" => write!(out, "{}", self.active)?,
            "aggregate_call" => self.aggregate_call.write(out)?,
            "count_call" => self.count_call.write(out)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "freeze" => self.frozen = boolean(value)?,
            "active" => self.active = boolean(value)?,
            "aggregate_call" => self.aggregate_call.set(value)?,
            "count_call" => self.count_call.set(value)?,
            "stop" => self.end(true),
            "clear" => {
                self.tree.clear();
                (self.aggregates, self.count) = (0, 0);
            }
            "counts_pdf" => (self.aggregates, self.count) = self.tree.count_counts(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    #[inline]
    fn due_call(&mut self) -> Option<Call> {
        self.aggregate_call.take_due().or_else(|| self.count_call.take_due())
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{AggregateCounter, Limits, NODES};
    use crate::configure::{Arguments, CallText, Configure, FromArgument, Instance, Surroundings, count_call};

    /// Takes the limit `WHAT_FREEZE` or `WHAT_STOP`: its value, and whether it is the latter.
    fn limit<T: FromArgument>(arguments: &mut Arguments, what: &str) -> Option<(T, bool)> {
        let freeze: Option<T> = arguments.keyword(&format!("{what}_FREEZE"));
        let stop: Option<T> = arguments.keyword(&format!("{what}_STOP"));
        if freeze.is_some() && stop.is_some() {
            arguments.error_last(format!("both {what}_FREEZE and {what}_STOP"), "one of them");
        }
        freeze.map(|limit| (limit, false)).or(stop.map(|limit| (limit, true)))
    }

    /// Takes the argument `WHAT_CALL`, which excludes the limits.
    fn call(arguments: &mut Arguments, what: &str, limited: bool) -> Option<(u64, CallText)> {
        let call = arguments.keyword_count_call(&format!("{what}_CALL"))?;
        if limited {
            arguments.error_last(format!("{what}_CALL besides {what}_FREEZE or {what}_STOP"), "one of them");
        }
        Some(call)
    }

    impl Configure for AggregateCounter {
        fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
            let none = Limits::NONE;
            let (aggregates, count) = (limit(arguments, "AGGREGATE"), limit(arguments, "COUNT"));
            let calls = [("AGGREGATE", aggregates.is_some()), ("COUNT", count.is_some())];
            let calls = calls.map(|(what, limited)| call(arguments, what, limited));
            let (aggregates, aggregates_stop) = aggregates.unwrap_or((none.aggregates, false));
            let (count, count_stops) = count.unwrap_or((none.count, false));
            let limits = Limits {
                bytes: arguments.keyword("BYTES").unwrap_or(none.bytes),
                ip_bytes: arguments.keyword("IP_BYTES").unwrap_or(none.ip_bytes),
                extra_length: arguments.keyword("EXTRA_LENGTH").unwrap_or(none.extra_length),
                aggregates,
                aggregates_stop,
                count,
                count_stops,
            };
            let limits = match limits {
                Limits::NONE => "aggregate_counter::Limits::NONE".into(),
                limits => format!("aggregate_counter::{limits:?}"),
            };
            let banner: String = arguments.keyword("BANNER").unwrap_or_default();
            let mut expression = format!("AggregateCounter::new({limits}, {banner:?}, {})", surroundings.outputs > 1);
            if calls.iter().any(Option::is_some) {
                let [aggregates, count] = calls.each_ref().map(|call| count_call(call.as_ref()));
                expression += &format!(".calling({aggregates}, {count})");
            }
            let node = "aggregate_counter::Node";
            let instance = Instance::new("AggregateCounter", expression).with_memory(node, format!("{node}::EMPTY"), NODES);
            Some(instance.with_calls(calls.into_iter().flatten().map(|(_, call)| call).collect()))
        }
    }
}

impl Route for AggregateCounter {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        let counted = self.update(packet, self.frozen || input == 1);
        if self.stopping {
            self.stopping = false;
            io.stop();
        }
        Some(usize::from(self.diverts && !counted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked::datagram;
    use crate::testing::{ListIo, packet, read};

    fn counter(limits: Limits) -> AggregateCounter {
        let mut counter = AggregateCounter::new(limits, "", true);
        counter.lend(vec![Node::EMPTY; 99].leak());
        counter
    }

    fn routed(counter: &mut AggregateCounter, io: &mut ListIo, input: usize, aggregate: u32) -> Option<usize> {
        let mut packet = packet(&[0; 60]);
        packet.annotations_mut().aggregate = aggregate;
        counter.route(io, input, &mut packet)
    }

    #[test]
    fn counts_by_value() {
        let (mut counter, mut io) = (counter(Limits::NONE), ListIo::new(0));
        for value in [1, 1, 0, 0, 0, 2, 3, 2] {
            assert_eq!(routed(&mut counter, &mut io, 0, value), Some(0));
        }
        assert_eq!([2, 4].map(|value| routed(&mut counter, &mut io, 1, value)), [Some(0), Some(1)]);
        assert_eq!(read(&counter, "text_file"), "!IPAggregate 1.0\n!num_nonzero 4\n0 3\n1 2\n2 3\n3 1\n");
        assert!(read(&counter, "ip_file").ends_with("!ip\n0.0.0.0 3\n0.0.0.1 2\n0.0.0.2 3\n0.0.0.3 1\n"));
        counter.write_handler("counts_pdf", "").unwrap();
        assert_eq!(read(&counter, "text_file"), "!IPAggregate 1.0\n!num_nonzero 3\n1 1\n2 1\n3 2\n");
        counter.write_handler("clear", "").unwrap();
        assert_eq!((read(&counter, "nagg"), read(&counter, "count")), ("0".into(), "0".into()));
    }

    #[test]
    fn counts_bytes() {
        let mut framed = packet(&[&[0; 14], datagram(17, [1; 4], [2; 4], &[0; 20]).data()].concat());
        framed.set_network(14, 20);
        framed.set_extra_length(100);
        for (ip_bytes, extra_length, count) in [(false, true, "154"), (true, true, "140"), (true, false, "40")] {
            let mut counter = counter(Limits { bytes: true, ip_bytes, extra_length, ..Limits::NONE });
            counter.route(&mut ListIo::new(0), 0, &mut framed);
            assert_eq!(read(&counter, "count"), count);
        }
    }

    #[test]
    fn limits_freeze_or_stop() {
        let (mut freezes, mut io) = (counter(Limits { aggregates: 2, ..Limits::NONE }), ListIo::new(0));
        let outputs = [1, 2, 3, 1].map(|value| routed(&mut freezes, &mut io, 0, value).unwrap());
        assert_eq!((outputs, read(&freezes, "freeze"), io.stopped), ([0, 0, 1, 0], "true".into(), false));
        let mut stops = counter(Limits { count: 2, count_stops: true, ..Limits::NONE });
        let outputs = [1, 2, 3].map(|value| routed(&mut stops, &mut io, 0, value).unwrap());
        assert_eq!((outputs, read(&stops, "active"), io.stopped), ([0, 0, 1], "false".into(), true));
    }

    #[test]
    fn calls_are_due_at_their_counts() {
        let call = |at, text| CountCall::new(at, Call::new(text));
        let (mut calls, mut io) = (counter(Limits::NONE).calling(call(2, "a.b"), call(5, "c.d")), ListIo::new(0));
        let due = [1, 2, 3, 1, 1, 4].map(|value| {
            assert_eq!(routed(&mut calls, &mut io, 0, value), Some(0));
            calls.due_call().map_or(String::new(), |call| call.text().to_string())
        });
        assert_eq!(due, ["", "", "a.b", "", "c.d", ""]);
        calls.write_handler("count_call", "9 x.y").unwrap();
        assert_eq!((read(&calls, "count_call"), read(&calls, "aggregate_call")), ("9 x.y".into(), "2 a.b".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<AggregateCounter>(arguments, &Surroundings::default());
        let instance = made(&[]).unwrap();
        assert_eq!(instance.expression, "AggregateCounter::new(aggregate_counter::Limits::NONE, \"\", false)");
        assert_eq!(instance.memory.unwrap().rust_type, "aggregate_counter::Node");
        assert!(made(&["BYTES true", "COUNT_STOP 9"]).unwrap().expression.contains("count: 9, count_stops: true }"));
        assert_eq!(made(&["AGGREGATE_CALL 3 c.clear"]).unwrap().calls.len(), 1);
        assert_eq!(made(&["COUNT_STOP 9", "COUNT_FREEZE 9"]).unwrap_err().len(), 1);
        assert_eq!(made(&["COUNT_STOP 9", "COUNT_CALL 9 stop"]).unwrap_err().len(), 1);
    }
}
