// SPDX-License-Identifier: Apache-2.0
//! # Counter
//! `Counter([COUNT_CALL, BYTE_COUNT_CALL])` — counts packets and bytes, measures their rates.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** passes every packet unchanged and counts it. The rates are exponentially weighted moving averages,
//! per second. `COUNT_CALL N stop` asks the machine to stop when the count reaches N, `BYTE_COUNT_CALL N stop` when the
//! byte count reaches or passes N; once, until the next reset.
//!
//! **Notes:** a rate is that of the last packet's time: it does not sink until the next packet comes. The calls know no
//! other handler than `stop`, and the machine stops after the packets that are on their way.
//!
//! **Handlers:** `count`, `byte_count`, `rate`, `bit_rate`, `byte_rate` (read), `reset`, `reset_counts` (write),
//! `count_call` (read, write), `byte_count_call` (write).
//!
//! **Example:** `FromDevice(lan) -> Counter -> Discard;`
//!
//! **See also:** `AverageCounter`.

use super::handler_value::number;
use super::rate::Rate;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct Counter {
    count: u64,
    byte_count: u64,
    rate: Rate<10>,
    byte_rate: Rate<4>,
    count_call: Trigger,
    byte_count_call: Trigger,
}

/// Stops the machine at a count.
struct Trigger {
    /// The count; `u64::MAX` is never.
    at: u64,
    triggered: bool,
}

impl Trigger {
    const fn new(at: u64) -> Self {
        Trigger { at, triggered: false }
    }

    #[inline]
    fn check<M: PacketIo>(&mut self, io: &mut M, count: u64) {
        if count >= self.at && !self.triggered {
            self.triggered = true;
            io.stop();
        }
    }
}

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Self {
        Counter::stopping_at(u64::MAX, u64::MAX)
    }

    /// A counter at zero that stops the machine at so many packets or bytes.
    pub const fn stopping_at(count: u64, byte_count: u64) -> Self {
        Counter {
            count: 0,
            byte_count: 0,
            rate: Rate::new(),
            byte_rate: Rate::new(),
            count_call: Trigger::new(count),
            byte_count_call: Trigger::new(byte_count),
        }
    }
}

impl Default for Counter {
    fn default() -> Self {
        Counter::new()
    }
}

/// Reads `N` or `N stop`.
fn call(text: &str) -> Result<u64, HandlerError> {
    let mut words = text.split_whitespace();
    let at = number(words.next().unwrap_or_default())?;
    match (words.next(), words.next()) {
        (None | Some("stop"), None) => Ok(at),
        _ => Err(HandlerError::BadValue),
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
            Argument { name: "COUNT_CALL", kind: ArgumentKind::Keyword, doc: "N stop: stop at N packets" },
            Argument { name: "BYTE_COUNT_CALL", kind: ArgumentKind::Keyword, doc: "N stop: stop at N bytes" },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets since the last reset" },
            Handler { name: "byte_count", kind: HandlerKind::Read, doc: "bytes since the last reset" },
            Handler { name: "rate", kind: HandlerKind::Read, doc: "packets per second, lately" },
            Handler { name: "bit_rate", kind: HandlerKind::Read, doc: "bits per second, lately" },
            Handler { name: "byte_rate", kind: HandlerKind::Read, doc: "bytes per second, lately" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "sets both counts to zero" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "the same" },
            Handler { name: "count_call", kind: HandlerKind::ReadWrite, doc: "COUNT_CALL; reads as its N" },
            Handler { name: "byte_count_call", kind: HandlerKind::Write, doc: "BYTE_COUNT_CALL" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "byte_count" => write!(out, "{}", self.byte_count)?,
            "rate" => self.rate.write(out)?,
            "bit_rate" => self.byte_rate.write_bits(out)?,
            "byte_rate" => self.byte_rate.write(out)?,
            "count_call" if self.count_call.at == u64::MAX => {}
            "count_call" => write!(out, "{}", self.count_call.at)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" | "reset_counts" => {
                (self.count, self.byte_count) = (0, 0);
                (self.count_call.triggered, self.byte_count_call.triggered) = (false, false);
            }
            "count_call" => self.count_call = Trigger::new(call(value)?),
            "byte_count_call" => self.byte_count_call = Trigger::new(call(value)?),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
mod host {
    use super::{Counter, call};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};

    struct StopAt(u64);

    impl FromArgument for StopAt {
        const WANTED: &'static str = "a count and the handler stop: 1000 stop";

        fn from_argument(text: &str) -> Option<Self> {
            let handler = text.split_whitespace().nth(1);
            call(text).ok().filter(|_| handler.is_some()).map(StopAt)
        }
    }

    impl Configure for Counter {
        fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
            let [count, bytes] = ["COUNT_CALL", "BYTE_COUNT_CALL"].map(|name| arguments.keyword::<StopAt>(name));
            let expression = if count.is_none() && bytes.is_none() {
                "Counter::new()".into()
            } else {
                let at = |call: Option<StopAt>| call.map_or("u64::MAX".into(), |call| call.0.to_string());
                format!("Counter::stopping_at({}, {})", at(count), at(bytes))
            };
            Some(Instance::new("Counter", expression))
        }
    }
}

impl Action for Counter {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        let (now_ns, bytes) = (io.now_ns(), packet.len() as u64);
        self.count += 1;
        self.byte_count += bytes;
        self.rate.update(now_ns, 1);
        self.byte_rate.update(now_ns, bytes);
        self.count_call.check(io, self.count);
        self.byte_count_call.check(io, self.byte_count);
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
    fn stops_the_machine_once() {
        let (mut counter, mut io) = (Counter::stopping_at(2, u64::MAX), ListIo::new(0));
        counter.action(&mut io, &mut packet(&[0; 10]));
        assert!(!io.stopped);
        counter.action(&mut io, &mut packet(&[0; 10]));
        assert!(core::mem::take(&mut io.stopped));
        counter.action(&mut io, &mut packet(&[0; 10]));
        assert!(!io.stopped);
        counter.write_handler("byte_count_call", "35 stop").unwrap();
        assert_eq!(counter.write_handler("count_call", "35 c.reset"), Err(HandlerError::BadValue));
        counter.action(&mut io, &mut packet(&[0; 10]));
        assert!(io.stopped && read(&counter, "count_call") == "2");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Counter>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "Counter::new()");
        assert_eq!(made(&["COUNT_CALL 5 stop"]).unwrap().expression, "Counter::stopping_at(5, u64::MAX)");
        assert!(made(&["COUNT_CALL 5"]).is_err() && made(&["COUNT_CALL 5 x.y"]).is_err());
    }
}
