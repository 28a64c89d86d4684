// SPDX-License-Identifier: Apache-2.0
//! # RatedSource
//! `RatedSource([DATA, RATE, LIMIT, ACTIVE, LENGTH, STOP, BANDWIDTH])` — generates packets at a rate.
//!
//! **Ports:** no input, one output, push or pull.
//!
//! **Description:** makes packets of DATA (a text of 64 bytes, unless given), cut or repeated to LENGTH, at RATE packets
//! per second (10 by default), or at as many as BANDWIDTH takes. It ends after LIMIT packets (never, if negative, the
//! default), and then stops the machine if STOP is true. After a pause it catches up on at most RATE/100 packets, or on 2
//! if that is more. The timestamp annotation is set.
//!
//! **Notes:** a packet is at most 1856 bytes long. A round makes as many packets as are due, at most 32, where Click makes
//! one. As in Click, BANDWIDTH with a LENGTH lets it catch up on two packets for each byte of LENGTH.
//!
//! **Handlers:** `count` (read), `reset` (write), `data`, `length`, `rate`, `limit`, `active` (read, write).
//!
//! **Example:** `RatedSource(\<0800>, 10, 1000) -> Discard;`
//!
//! **See also:** `InfiniteSource`, `TimedSource`.

use super::handler_value::number;
use super::pacing::{self, Pacing};
use super::payload::{self, Payload};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{BURST, Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// What a packet costs: with RATE, credit grows by as much in a second as RATE packets cost.
const PACKET: u64 = 1_000_000_000;

/// See the module's documentation.
pub struct RatedSource {
    payload: Payload,
    pacing: Pacing,
    rate: u32,
    /// Most packets that it catches up on.
    burst: u32,
    /// What can be made now, in units of 1/[`PACKET`].
    credit: u64,
    /// When the credit was last counted; none before the first round.
    counted_ns: Option<u64>,
}

impl RatedSource {
    /// Makes packets of `data`.
    pub const fn new(data: &[u8], rate: u32, burst: u32, limit: i64, active: bool, stop: bool) -> Self {
        let pacing = Pacing::new(limit, BURST, active, stop, true);
        RatedSource { payload: Payload::new(data), pacing, rate, burst, credit: PACKET, counted_ns: None }
    }

    /// As `self`, with this LENGTH.
    pub const fn with_length(mut self, length: i32) -> Self {
        self.payload = self.payload.with_length(length);
        self
    }

    /// Adds the credit that time has brought.
    #[inline]
    fn refill(&mut self, now_ns: u64) {
        let passed_ns = now_ns.saturating_sub(self.counted_ns.unwrap_or(now_ns));
        let brought = passed_ns.saturating_mul(u64::from(self.rate));
        self.credit = self.credit.saturating_add(brought).min(u64::from(self.burst) * PACKET);
        self.counted_ns = Some(now_ns);
    }
}

/// How many packets a source of that rate catches up on.
const fn burst_of(rate: u32) -> u32 {
    if rate < 200 { 2 } else { rate / 100 }
}

impl Element for RatedSource {
    const SPEC: Spec = Spec {
        class: "RatedSource",
        category: Category::SourceSink,
        summary: "generates packets at a rate",
        ports: "0/1",
        processing: "/a",
        shape: Shape::Source,
        arguments: &[
            payload::DATA,
            Argument { name: "RATE", kind: ArgumentKind::Optional, doc: "packets per second; 10 by default" },
            pacing::LIMIT,
            pacing::ACTIVE,
            payload::LENGTH,
            pacing::STOP,
            Argument { name: "BANDWIDTH", kind: ArgumentKind::Keyword, doc: "bytes per second, instead of RATE" },
        ],
        handlers: &[
            pacing::COUNT_HANDLER,
            pacing::RESET_HANDLER,
            payload::DATA_HANDLER,
            payload::LENGTH_HANDLER,
            Handler { name: "rate", kind: HandlerKind::ReadWrite, doc: "RATE" },
            pacing::LIMIT_HANDLER,
            pacing::ACTIVE_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "data" | "length" => self.payload.read_handler(name, out)?,
            "rate" => write!(out, "{}", self.rate)?,
            "count" | "limit" | "active" => self.pacing.read_handler(name, out)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "data" | "length" => self.payload.write_handler(name, value)?,
            "rate" => {
                self.rate = number(value)?;
                self.burst = burst_of(self.rate);
            }
            "limit" => self.pacing.write_handler(name, value)?,
            "active" | "reset" => {
                self.pacing.write_handler(name, value)?;
                self.credit = PACKET;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        let missing = PACKET.saturating_sub(self.credit);
        let wait_ns = missing.div_ceil(u64::from(self.rate).max(1));
        let waits = self.pacing.more() && self.rate > 0;
        self.counted_ns.filter(|_| waits).map(|counted_ns| counted_ns.saturating_add(wait_ns))
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RatedSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let data = Payload::configure_data(arguments);
        let rate = arguments.optional("RATE", 10u32);
        let limit = arguments.optional("LIMIT", -1i64);
        let active = arguments.optional("ACTIVE", true);
        let length = Payload::configure_length(arguments, data.as_deref());
        let stop = arguments.keyword("STOP").unwrap_or(false);
        let bandwidth: Option<crate::configure::BytesPerSecond> = arguments.keyword("BANDWIDTH");
        let (data, mut rate) = (data?, rate?);
        let mut burst = burst_of(rate);
        if let Some(bandwidth) = bandwidth {
            let bytes = length.unwrap_or(data.len()).max(1) as u64;
            rate = u32::try_from(bandwidth.0 / bytes).unwrap_or(u32::MAX);
            burst = burst_of(rate).max(2 * length.unwrap_or(0) as u32);
        }
        let data = data.escape_ascii();
        let mut expression =
            format!("RatedSource::new(b\"{data}\", {rate}, {burst}, {}, {}, {stop})", limit?, active?);
        if let Some(length) = length {
            expression += &format!(".with_length({length})");
        }
        Some(crate::configure::Instance::new("RatedSource", expression))
    }
}

impl Source for RatedSource {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        self.refill(io.now_ns());
        let (mut due, mut credit) = (0, self.credit);
        while credit >= PACKET && due < limit {
            (due, credit) = (due + 1, credit - PACKET);
        }
        let (before, payload) = (batch.len(), &self.payload);
        self.pacing.produce(io, due, batch, |packet| payload.fill(packet));
        self.credit -= (batch.len() - before) as u64 * PACKET;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    fn made(source: &mut RatedSource, io: &mut ListIo) -> usize {
        let mut batch = Batch::new();
        source.produce(io, BURST, &mut batch);
        batch.len()
    }

    #[test]
    fn keeps_the_rate() {
        let (mut source, mut io) = (RatedSource::new(b"x", 10, 2, 21, true, true), ListIo::new(0));
        assert_eq!((source.deadline_ns(), made(&mut source, &mut io)), (None, 1));
        let mut count = 1;
        while let Some(at) = source.deadline_ns() {
            assert_eq!(at, io.now_ns + 100_000_000);
            io.now_ns = at - 1;
            assert_eq!(made(&mut source, &mut io), 0);
            io.now_ns = at;
            count += made(&mut source, &mut io);
        }
        assert_eq!((count, io.now_ns, io.stopped), (21, 2_000_000_000, false));
        assert_eq!((made(&mut source, &mut io), io.stopped), (0, true));
    }

    #[test]
    fn catches_up_on_a_bounded_number() {
        let (mut source, mut io) = (RatedSource::new(b"x", 1000, 10, -1, true, false), ListIo::new(0));
        assert_eq!(made(&mut source, &mut io), 1);
        io.now_ns = u64::MAX / 2;
        assert_eq!([10, 0].map(|_| made(&mut source, &mut io)), [10, 0]);
        source.write_handler("rate", "0").unwrap();
        io.now_ns = u64::MAX;
        assert_eq!((made(&mut source, &mut io), source.deadline_ns()), (0, None));
        source.write_handler("reset", "").unwrap();
        assert_eq!((made(&mut source, &mut io), read(&source, "count")), (1, "1".into()));
        assert_eq!(source.write_handler("burst", "3"), Err(HandlerError::Unknown));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<RatedSource>(arguments, &Surroundings::default());
        assert_eq!(made(&["x", "500", "3"]).unwrap().expression, "RatedSource::new(b\"x\", 500, 5, 3, true, false)");
        let bandwidth = made(&["x", "BANDWIDTH 1000Bps", "LENGTH 10", "STOP true"]).unwrap().expression;
        assert_eq!(bandwidth, "RatedSource::new(b\"x\", 100, 20, -1, true, true).with_length(10)");
        assert!(made(&["x", "-1"]).is_err());
    }
}
