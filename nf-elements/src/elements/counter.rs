// SPDX-License-Identifier: Apache-2.0
//! # Counter
//! `Counter([COUNT_CALL, BYTE_COUNT_CALL])` — counts packets and bytes, measures their rates.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** passes every packet unchanged and counts it. The rates are exponentially weighted moving averages,
//! per second. COUNT_CALL, `N HANDLER [VALUE]`, calls a write handler when the count reaches N, BYTE_COUNT_CALL when the byte
//! count reaches or passes N; once, until the next reset. The handler `stop`, without an element, stops the machine.
//!
//! **Notes:** a rate is that of the last packet's time: it does not sink until the next packet comes. A call is made when
//! the burst is through whose packet reached N. The calls given to the handlers have at most 64 bytes.
//!
//! **Handlers:** `count`, `byte_count`, `rate`, `bit_rate`, `byte_rate` (read), `reset`, `reset_counts` (write),
//! `count_call` (read, write), `byte_count_call` (write).
//!
//! **Example:** `FromDevice(lan) -> Counter -> Discard;`
//!
//! **See also:** `AverageCounter`.

use super::rate::Rate;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Call, CountCall, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Counter {
    count: u64,
    byte_count: u64,
    rate: Rate<10>,
    byte_rate: Rate<4>,
    /// The counts that the rates know of.
    known: u64,
    known_bytes: u64,
    count_call: CountCall,
    byte_count_call: CountCall,
}

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Self {
        Counter::calling(CountCall::NONE, CountCall::NONE)
    }

    /// A counter at zero that calls handlers at so many packets or bytes.
    pub const fn calling(count_call: CountCall, byte_count_call: CountCall) -> Self {
        Counter {
            count: 0,
            byte_count: 0,
            rate: Rate::new(),
            byte_rate: Rate::new(),
            known: 0,
            known_bytes: 0,
            count_call,
            byte_count_call,
        }
    }

    /// Tells the rates what they have not seen: they need it at the end of an epoch only, so packets cost a comparison.
    fn tell_rates(&mut self) {
        self.rate.add(self.count - self.known);
        self.byte_rate.add(self.byte_count - self.known_bytes);
        (self.known, self.known_bytes) = (self.count, self.byte_count);
    }

    #[cold]
    #[inline(never)]
    fn end_epoch(&mut self, now_ns: u64) {
        self.tell_rates();
        self.rate.update(now_ns, 0);
        self.byte_rate.update(now_ns, 0);
    }
}

impl Default for Counter {
    fn default() -> Self {
        Counter::new()
    }
}

impl Element for Counter {
    const SPEC: Spec = Spec {
        class: "Counter",
        category: Category::Basic,
        summary: "counts packets and bytes, measures their rates",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "COUNT_CALL", kind: ArgumentKind::Keyword, doc: "N HANDLER [VALUE]: called at N packets" },
            Argument { name: "BYTE_COUNT_CALL", kind: ArgumentKind::Keyword, doc: "N HANDLER [VALUE]: called at N bytes" },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets since the last reset" },
            Handler { name: "byte_count", kind: HandlerKind::Read, doc: "bytes since the last reset" },
            Handler { name: "rate", kind: HandlerKind::Read, doc: "packets per second, lately" },
            Handler { name: "bit_rate", kind: HandlerKind::Read, doc: "bits per second, lately" },
            Handler { name: "byte_rate", kind: HandlerKind::Read, doc: "bytes per second, lately" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "sets both counts to zero" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "the same" },
            Handler { name: "count_call", kind: HandlerKind::ReadWrite, doc: "COUNT_CALL" },
            Handler { name: "byte_count_call", kind: HandlerKind::ReadWrite, doc: "BYTE_COUNT_CALL" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "byte_count" => write!(out, "{}", self.byte_count)?,
            "rate" => self.rate.write(out)?,
            "bit_rate" => self.byte_rate.write_bits(out)?,
            "byte_rate" => self.byte_rate.write(out)?,
            "count_call" => self.count_call.write(out)?,
            "byte_count_call" => self.byte_count_call.write(out)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" | "reset_counts" => {
                self.tell_rates();
                (self.count, self.byte_count, self.known, self.known_bytes) = (0, 0, 0, 0);
                self.count_call.reset();
                self.byte_count_call.reset();
            }
            "count_call" => self.count_call.set(value)?,
            "byte_count_call" => self.byte_count_call.set(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    #[inline]
    fn due_call(&mut self) -> Option<Call> {
        self.count_call.take_due().or_else(|| self.byte_count_call.take_due())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Counter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, count_call};
        let calls = ["COUNT_CALL", "BYTE_COUNT_CALL"].map(|name| arguments.keyword_count_call(name));
        let expression = if calls.iter().all(Option::is_none) {
            "Counter::new()".into()
        } else {
            let [count, bytes] = calls.each_ref().map(|call| count_call(call.as_ref()));
            format!("Counter::calling({count}, {bytes})")
        };
        let calls = calls.into_iter().flatten().map(|(_, call)| call).collect();
        Some(Instance::new("Counter", expression).with_calls(calls))
    }
}

impl Action for Counter {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if self.rate.is_due(io.now_ns()) {
            self.end_epoch(io.now_ns());
        }
        self.count += 1;
        self.byte_count += packet.len() as u64;
        self.count_call.reach(self.count);
        self.byte_count_call.reach(self.byte_count);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn counts_and_resets() {
        let (mut counter, mut io) = (Counter::new(), ListIo::new(0));
        for length in [60, 1500] {
            assert_eq!(counter.action(&mut io, &mut packet(&vec![0; length])), Verdict::Pass);
        }
        assert_eq!((read(&counter, "count"), read(&counter, "byte_count")), ("2".into(), "1560".into()));
        counter.write_handler("reset", "").unwrap();
        assert_eq!((read(&counter, "count"), read(&counter, "count_call")), ("0".into(), String::new()));
        assert_eq!(counter.write_handler("count", "1"), Err(HandlerError::Unknown));
    }

    #[test]
    fn measures_rates() {
        let (mut counter, mut io) = (Counter::new(), ListIo::new(0));
        for ms in 0..400 {
            io.now_ns = ms * 1_000_000;
            counter.action(&mut io, &mut packet(&[0; 100]));
        }
        let rates = ["rate", "byte_rate", "bit_rate"].map(|name| read(&counter, name).parse::<f64>().unwrap());
        assert!((990.0..1010.0).contains(&rates[0]), "{rates:?}");
        assert!((99_000.0..101_000.0).contains(&rates[1]) && rates[2] == rates[1] * 8.0, "{rates:?}");
    }

    #[test]
    fn calls_are_due_once() {
        let mut counter = Counter::calling(CountCall::new(2, Call::new("stop")), CountCall::NONE);
        let mut io = ListIo::new(0);
        let mut due = |counter: &mut Counter| {
            counter.action(&mut io, &mut packet(&[0; 10]));
            counter.due_call().map(|call| call.text().to_string())
        };
        assert_eq!([(); 3].map(|()| due(&mut counter)), [None, Some("stop".into()), None]);
        counter.write_handler("byte_count_call", "35 c.reset").unwrap();
        assert_eq!(due(&mut counter), Some("c.reset".into()));
        assert_eq!(counter.write_handler("count_call", "x"), Err(HandlerError::BadValue));
        assert_eq!((read(&counter, "count_call"), read(&counter, "byte_count_call")), ("2 stop".into(), "35 c.reset".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Counter>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "Counter::new()");
        let calling = made(&["COUNT_CALL 5 stop", "BYTE_COUNT_CALL 9 x.y 1"]).unwrap();
        let (count, bytes) = ("CountCall::new(5, nf_elements::Call::new(\"stop\"))", "CountCall::new(9, nf_elements::Call::new(\"x.y 1\"))");
        assert_eq!(calling.expression, format!("Counter::calling(nf_elements::{count}, nf_elements::{bytes})"));
        assert_eq!((calling.calling, calling.calls.len()), (true, 2));
        assert!(made(&["COUNT_CALL 5"]).is_err() && made(&["COUNT_CALL 5 x"]).is_err());
    }
}
