// SPDX-License-Identifier: Apache-2.0
//! # TimedSource
//! `TimedSource([INTERVAL, DATA, LIMIT, ACTIVE, STOP, HEADROOM])` — generates a packet from time to time.
//!
//! **Ports:** no input, one push output.
//!
//! **Description:** makes a packet of DATA (a text of 64 bytes, unless given) every INTERVAL (0.5 seconds by default);
//! the first one when INTERVAL has passed. After LIMIT packets (none if negative, the default) it makes no more, and an
//! INTERVAL later stops the machine if STOP is true. The timestamp annotation is set.
//!
//! **Notes:** a packet is at most 1856 bytes long. HEADROOM, the bytes free in front of a packet, is at most 128, which
//! is the default.
//!
//! **Handlers:** `count` (read), `reset` (write), `data`, `interval`, `limit`, `active`, `headroom` (read, write).
//!
//! **Example:** `TimedSource(INTERVAL 0.333) -> Discard;`
//!
//! **See also:** `InfiniteSource`, `RatedSource`.

use super::handler_value::{nanoseconds, number};
use super::pacing::{self, Pacing};
use super::payload::{self, Payload};
use super::timestamp::Interval;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HEADROOM_BYTES, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct TimedSource {
    interval_ns: u64,
    payload: Payload,
    pacing: Pacing,
    headroom: usize,
    timer: Timer,
}

/// When the next packet is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// An INTERVAL after the first round.
    Unset,
    /// Now.
    Due,
    /// At a time in nanoseconds.
    At(u64),
    /// Never.
    Idle,
}

impl TimedSource {
    /// Makes packets of `data`.
    pub const fn new(interval_ns: u64, data: &[u8], limit: i64, active: bool, stop: bool, headroom: usize) -> Self {
        TimedSource {
            interval_ns,
            payload: Payload::new(data),
            pacing: Pacing::new(limit, 1, active, stop, true),
            headroom,
            timer: if active { Timer::Unset } else { Timer::Idle },
        }
    }

    /// Makes a packet at once, if none is going to be made.
    fn wake(&mut self) {
        if self.timer == Timer::Idle && self.pacing.is_active() {
            self.timer = Timer::Due;
        }
    }
}

impl Element for TimedSource {
    const SPEC: Spec = Spec {
        class: "TimedSource",
        category: Category::SourceSink,
        summary: "generates a packet from time to time",
        ports: "0/1",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "INTERVAL", kind: ArgumentKind::Optional, doc: "time between packets; 0.5s by default" },
            payload::DATA,
            Argument { name: "LIMIT", kind: ArgumentKind::Keyword, doc: "packets made; without end by default" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "make packets? true by default" },
            pacing::STOP,
            Argument { name: "HEADROOM", kind: ArgumentKind::Keyword, doc: "bytes free in front, at most 128" },
        ],
        handlers: &[
            pacing::COUNT_HANDLER,
            pacing::RESET_HANDLER,
            payload::DATA_HANDLER,
            Handler { name: "interval", kind: HandlerKind::ReadWrite, doc: "INTERVAL" },
            pacing::LIMIT_HANDLER,
            pacing::ACTIVE_HANDLER,
            Handler { name: "headroom", kind: HandlerKind::ReadWrite, doc: "HEADROOM" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "data" => self.payload.read_handler(name, out)?,
            "interval" => write!(out, "{}", Interval(self.interval_ns))?,
            "headroom" => write!(out, "{}", self.headroom)?,
            "count" | "limit" | "active" => self.pacing.read_handler(name, out)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "data" => self.payload.write_handler(name, value)?,
            "interval" => match nanoseconds(value)? {
                0 => return Err(HandlerError::BadValue),
                interval_ns => self.interval_ns = interval_ns,
            },
            "headroom" => match number(value)? {
                headroom @ 0..=HEADROOM_BYTES => self.headroom = headroom,
                _ => return Err(HandlerError::BadValue),
            },
            "limit" => self.pacing.write_handler(name, value)?,
            "active" | "reset" => {
                self.pacing.write_handler(name, value)?;
                self.wake();
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        match self.timer {
            Timer::At(at_ns) => Some(at_ns),
            Timer::Due => Some(0),
            Timer::Unset | Timer::Idle => None,
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for TimedSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Nanoseconds;
        let interval = arguments.optional("INTERVAL", Nanoseconds(500_000_000));
        if interval == Some(Nanoseconds(0)) {
            arguments.error_last("no time between packets", "at least 1ns");
        }
        let data = Payload::configure_data(arguments);
        let limit = arguments.keyword("LIMIT").unwrap_or(-1i64);
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let stop = arguments.keyword("STOP").unwrap_or(false);
        let headroom = arguments.keyword("HEADROOM").unwrap_or(HEADROOM_BYTES);
        if headroom > HEADROOM_BYTES {
            arguments.error_last("more headroom than a fresh buffer has", format!("at most {HEADROOM_BYTES}"));
        }
        let (interval, data) = (interval?.0, data?.escape_ascii().to_string());
        let expression = format!("TimedSource::new({interval}, b\"{data}\", {limit}, {active}, {stop}, {headroom})");
        Some(crate::configure::Instance::new("TimedSource", expression))
    }
}

impl Source for TimedSource {
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let now_ns = io.now_ns();
        for _ in 0..limit {
            let at_ns = match self.timer {
                Timer::At(at_ns) if at_ns <= now_ns => at_ns,
                Timer::Due => now_ns,
                Timer::Unset => return self.timer = Timer::At(now_ns.saturating_add(self.interval_ns)),
                Timer::At(_) | Timer::Idle => return,
            };
            let (before, payload, headroom) = (batch.len(), &self.payload, self.headroom);
            self.pacing.produce(io, 1, batch, |packet| {
                // A fresh packet has HEADROOM_BYTES, which the parser and the handler compare with.
                if packet.push_front(HEADROOM_BYTES.saturating_sub(headroom)) {
                    packet.truncate(0);
                }
                payload.fill(packet);
            });
            if batch.len() > before {
                self.timer = Timer::At(at_ns.saturating_add(self.interval_ns));
            } else if self.pacing.more() {
                return;
            } else {
                self.timer = Timer::Idle;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    fn made(source: &mut TimedSource, io: &mut ListIo) -> usize {
        let mut batch = Batch::new();
        source.produce(io, 32, &mut batch);
        batch.len()
    }

    #[test]
    fn makes_packets_at_their_times_then_stops() {
        let (mut source, mut io) = (TimedSource::new(100, b"x", 2, true, true, 128), ListIo::new(0));
        assert_eq!((made(&mut source, &mut io), source.deadline_ns()), (0, Some(100)));
        for at in [100, 200] {
            io.now_ns = at - 1;
            assert_eq!(made(&mut source, &mut io), 0);
            io.now_ns = at;
            assert_eq!((made(&mut source, &mut io), source.deadline_ns()), (1, Some(at + 100)));
        }
        assert!(!io.stopped);
        io.now_ns = 300;
        assert_eq!((made(&mut source, &mut io), source.deadline_ns(), io.stopped), (0, None, true));
        source.write_handler("reset", "").unwrap();
        assert_eq!((source.deadline_ns(), made(&mut source, &mut io)), (Some(0), 1));
        assert_eq!(source.deadline_ns(), Some(400));
    }

    #[test]
    fn handlers_steer_it() {
        let (mut source, mut io) = (TimedSource::new(100, b"x", -1, false, false, 128), ListIo::new(0));
        assert_eq!((made(&mut source, &mut io), source.deadline_ns()), (0, None));
        for (name, value) in [("interval", "20ms"), ("data", "abc"), ("headroom", "30"), ("active", "yes")] {
            source.write_handler(name, value).unwrap();
        }
        let mut batch = Batch::new();
        source.produce(&mut io, 32, &mut batch);
        let packet = batch.iter().next().unwrap();
        assert_eq!((packet.data(), packet.headroom()), (b"abc".as_slice(), 30));
        assert_eq!((read(&source, "interval"), source.deadline_ns()), ("20ms".into(), Some(20_000_000)));
        assert_eq!(source.write_handler("headroom", "129"), Err(HandlerError::BadValue));
        io.buffers = Some(0);
        io.now_ns = 20_000_000;
        assert_eq!((made(&mut source, &mut io), source.deadline_ns()), (0, Some(20_000_000)));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<TimedSource>(arguments, &Surroundings::default());
        let expression = "TimedSource::new(333000000, b\"x\", 3, true, true, 128)";
        assert_eq!(made(&["0.333", "x", "LIMIT 3", "STOP true"]).unwrap().expression, expression);
        assert!(made(&["0"]).is_err() && made(&["HEADROOM 129"]).is_err());
    }
}
