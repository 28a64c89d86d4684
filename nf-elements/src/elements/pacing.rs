// SPDX-License-Identifier: Apache-2.0
//! How many packets a source makes, and when it ends: LIMIT, BURST, ACTIVE, STOP and TIMESTAMP, which Click's sources
//! share.

use super::handler_value::{boolean, number};
use crate::packet::{DATA_BYTES, HEADROOM_BYTES};
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{Batch, Call, HandlerError, Packet, PacketIo};
use core::fmt;

/// The longest packet that a fresh buffer holds.
pub const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES;

/// The argument LIMIT.
pub const LIMIT: Argument =
    Argument { name: "LIMIT", kind: ArgumentKind::Optional, doc: "packets made; without end if negative, the default" };
/// The argument BURST.
pub const BURST: Argument =
    Argument { name: "BURST", kind: ArgumentKind::Optional, doc: "most packets at once; 1 by default" };
/// The argument ACTIVE.
pub const ACTIVE: Argument =
    Argument { name: "ACTIVE", kind: ArgumentKind::Optional, doc: "make packets? true by default" };
/// The argument STOP.
pub const STOP: Argument = Argument {
    name: "STOP",
    kind: ArgumentKind::Keyword,
    doc: "power the VM off after LIMIT packets? false by default",
};
/// The argument TIMESTAMP.
pub const TIMESTAMP: Argument =
    Argument { name: "TIMESTAMP", kind: ArgumentKind::Keyword, doc: "set the timestamp annotation? true by default" };

/// The argument END_CALL.
pub const END_CALL: Argument =
    Argument { name: "END_CALL", kind: ArgumentKind::Keyword, doc: "HANDLER [VALUE]: called after LIMIT packets" };

/// The handler `count`.
pub const COUNT_HANDLER: Handler = Handler { name: "count", kind: HandlerKind::Read, doc: "packets made" };
/// The handler `reset`.
pub const RESET_HANDLER: Handler =
    Handler { name: "reset", kind: HandlerKind::Write, doc: "sets the count to zero, so LIMIT packets more are made" };
/// The handler `limit`.
pub const LIMIT_HANDLER: Handler = Handler { name: "limit", kind: HandlerKind::ReadWrite, doc: "LIMIT" };
/// The handler `burst`.
pub const BURST_HANDLER: Handler = Handler { name: "burst", kind: HandlerKind::ReadWrite, doc: "BURST" };
/// The handler `active`.
pub const ACTIVE_HANDLER: Handler = Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" };

/// How many packets a source makes, and how many it has made.
pub struct Pacing {
    limit: i64,
    burst: usize,
    active: bool,
    stop: bool,
    timestamp: bool,
    count: u64,
    /// It has asked for the end: once, as a `DriverManager` counts such requests.
    asked: bool,
    end_call: Call,
}

impl Pacing {
    /// The arguments of these names; a negative `limit` is none.
    pub const fn new(limit: i64, burst: usize, active: bool, stop: bool, timestamp: bool) -> Self {
        Pacing { limit, burst, active, stop, timestamp, count: 0, asked: false, end_call: Call::NONE }
    }

    /// Adds to `batch` the packets that are due, at most `most`; `fill` gives each fresh one its data. When the VM has
    /// no free buffer the rest waits for another round.
    #[inline]
    pub fn produce<M: PacketIo>(
        &mut self,
        io: &mut M,
        most: usize,
        batch: &mut Batch,
        mut fill: impl FnMut(&mut Packet),
    ) {
        let (before, due) = (batch.len(), self.due(io));
        let timestamp_ns = if self.timestamp { io.now_ns() } else { 0 };
        io.allocate_all(due.min(most), batch, |packet| {
            packet.annotations_mut().timestamp_ns = timestamp_ns;
            fill(packet);
        });
        self.count += (batch.len() - before) as u64;
    }

    /// How many packets are due now; at the limit, asks for the machine's end if STOP is set.
    #[inline]
    fn due<M: PacketIo>(&mut self, io: &mut M) -> usize {
        if !self.active {
            return 0;
        }
        let Ok(limit) = u64::try_from(self.limit) else { return self.burst };
        let left = limit.saturating_sub(self.count);
        if left == 0 && self.stop && !core::mem::replace(&mut self.asked, true) {
            self.end(io);
        }
        left.min(self.burst as u64) as usize
    }

    #[cold]
    fn end<M: PacketIo>(&mut self, io: &mut M) {
        if self.end_call.text().is_empty() {
            io.stop();
        } else {
            self.end_call.make_due();
        }
    }

    /// As `self`; makes this call at its end instead of stopping the machine.
    pub const fn calling(mut self, end_call: Call) -> Self {
        (self.stop, self.end_call) = (true, end_call);
        self
    }

    /// See [`crate::Element::due_call`].
    #[inline]
    pub fn due_call(&mut self) -> Option<Call> {
        self.end_call.take_due()
    }

    /// ACTIVE.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether packets are due, if nothing but the limit and ACTIVE were to be asked.
    pub fn more(&self) -> bool {
        self.active && !u64::try_from(self.limit).is_ok_and(|limit| self.count >= limit)
    }

    /// Reads `count`, `limit`, `burst` or `active`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "limit" => write!(out, "{}", self.limit)?,
            "burst" => write!(out, "{}", self.burst)?,
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `reset`, `limit`, `burst` or `active`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "reset" => self.count = 0,
            "limit" => self.limit = number(value)?,
            "burst" => match number(value)? {
                0 => return Err(HandlerError::BadValue),
                burst => self.burst = burst,
            },
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        self.asked &= name == "burst";
        Ok(())
    }

    /// Reads the arguments, those by position from LIMIT on: the arguments of [`Pacing::new`], as Rust has them, and
    /// END_CALL.
    #[cfg(feature = "host")]
    pub fn configure(
        arguments: &mut crate::configure::Arguments,
    ) -> Option<(String, Option<crate::configure::CallText>)> {
        let limit = arguments.optional("LIMIT", -1i64);
        let burst = arguments.optional("BURST", 1u32);
        if burst == Some(0) {
            arguments.error_last("'0' packets at once", "at least 1");
        }
        let active = arguments.optional("ACTIVE", true);
        let stop = arguments.keyword("STOP").unwrap_or(false);
        let end = arguments.keyword_call("END_CALL");
        if stop && end.is_some() {
            arguments.error_last("both STOP and END_CALL", "one of them");
        }
        let timestamp = arguments.keyword("TIMESTAMP").unwrap_or(true);
        Some((format!("{}, {}, {}, {stop}, {timestamp}", limit?, burst?, active?), end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;

    fn produced(pacing: &mut Pacing, io: &mut ListIo, most: usize) -> usize {
        let mut batch = Batch::new();
        pacing.produce(io, most, &mut batch, |_| {});
        batch.len()
    }

    #[test]
    fn makes_bursts_up_to_the_limit_then_asks_for_the_end() {
        let (mut pacing, mut io) = (Pacing::new(7, 5, true, true, true), ListIo::new(0));
        assert_eq!([5, 2].map(|_| produced(&mut pacing, &mut io, 32)), [5, 2]);
        assert!(!io.stopped, "the packets are still on their way");
        assert_eq!((produced(&mut pacing, &mut io, 32), io.stopped), (0, true));
        io.stopped = false;
        assert_eq!((produced(&mut pacing, &mut io, 32), io.stopped), (0, false));
        pacing.write_handler("active", "true").unwrap();
        assert_eq!((produced(&mut pacing, &mut io, 32), io.stopped), (0, true));
    }

    #[test]
    fn makes_no_more_than_there_is_room_and_memory_for() {
        let (mut pacing, mut io) = (Pacing::new(-1, 100, true, true, true), ListIo::new(0));
        assert_eq!(produced(&mut pacing, &mut io, 100), crate::BURST);
        assert_eq!(produced(&mut pacing, &mut io, 3), 3);
        io.buffers = Some(2);
        assert_eq!((produced(&mut pacing, &mut io, 3), pacing.count), (2, 37));
    }

    #[test]
    fn handlers_steer_it() {
        let (mut pacing, mut io) = (Pacing::new(1, 1, false, false, true), ListIo::new(0));
        assert_eq!(produced(&mut pacing, &mut io, 9), 0);
        for (name, value) in [("active", "true"), ("limit", "10"), ("burst", "8")] {
            pacing.write_handler(name, value).unwrap();
        }
        assert_eq!([8, 2, 0].map(|_| produced(&mut pacing, &mut io, 9)), [8, 2, 0]);
        pacing.write_handler("reset", "").unwrap();
        assert_eq!(produced(&mut pacing, &mut io, 9), 8);
        assert_eq!(pacing.write_handler("burst", "0"), Err(HandlerError::BadValue));
        assert!(!io.stopped);
    }
}
