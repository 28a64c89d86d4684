// SPDX-License-Identifier: Apache-2.0
//! # RandomSource
//! `RandomSource(LENGTH [, LIMIT, BURST, ACTIVE, STOP, END_CALL, TIMESTAMP])` — generates random packets whenever
//! scheduled.
//!
//! **Ports:** no input, one output, push or pull.
//!
//! **Description:** makes packets of LENGTH random bytes, BURST of them (1 by default) in each round, or one whenever it
//! is pulled, until there were LIMIT (none if negative, the default); then, if STOP is true, stops the machine. The
//! timestamp annotation is set, unless TIMESTAMP is false.
//!
//! It waits while a `Queue` that its packets end in is full, if no element between can send them elsewhere.
//!
//! **Notes:** LENGTH is at most 1856, and a round makes at most 32 packets. The bytes are the same at each start of the
//! machine.
//!
//! **Handlers:** `count` (read), `reset` (write), `length`, `limit`, `burst`, `active` (read, write).
//!
//! **Example:** `RandomSource(64, -1, 32) -> Discard;`
//!
//! **See also:** `InfiniteSource`.

use super::pacing::{self, MOST_BYTES, Pacing};
use super::random::Random;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Call, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct RandomSource {
    length: usize,
    pacing: Pacing,
    random: Random,
}

impl RandomSource {
    /// Makes packets of `length` bytes.
    pub const fn new(length: usize, limit: i64, burst: usize, active: bool, stop: bool, timestamp: bool) -> Self {
        let pacing = Pacing::new(limit, burst, active, stop, timestamp);
        RandomSource { length, pacing, random: Random::new() }
    }

    /// As `self`; makes this call behind the last packet.
    pub const fn calling(mut self, end_call: Call) -> Self {
        self.pacing = self.pacing.calling(end_call);
        self
    }
}

impl Element for RandomSource {
    const SPEC: Spec = Spec {
        class: "RandomSource",
        category: Category::SourceSink,
        summary: "generates random packets whenever scheduled",
        ports: "0/1",
        processing: "/a",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "LENGTH", kind: ArgumentKind::Required, doc: "bytes of a packet, at most 1856" },
            pacing::LIMIT,
            pacing::BURST,
            pacing::ACTIVE,
            pacing::STOP,
            pacing::END_CALL,
            pacing::TIMESTAMP,
        ],
        handlers: &[
            pacing::COUNT_HANDLER,
            pacing::RESET_HANDLER,
            Handler { name: "length", kind: HandlerKind::ReadWrite, doc: "LENGTH" },
            pacing::LIMIT_HANDLER,
            pacing::BURST_HANDLER,
            pacing::ACTIVE_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "length" => write!(out, "{}", self.length)?,
            _ => self.pacing.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "length" => match value.trim().parse() {
                Ok(length) if length <= MOST_BYTES => self.length = length,
                _ => return Err(HandlerError::BadValue),
            },
            _ => self.pacing.write_handler(name, value)?,
        }
        Ok(())
    }

    #[inline]
    fn due_call(&mut self) -> Option<Call> {
        self.pacing.due_call()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RandomSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let length: Option<usize> = arguments.required("LENGTH");
        if length.is_some_and(|length| length > MOST_BYTES) {
            arguments.error_last("a packet that no buffer holds", format!("at most {MOST_BYTES} bytes"));
        }
        let (pacing, end_call) = Pacing::configure(arguments)?;
        let mut expression = format!("RandomSource::new({}, {pacing})", length?);
        if let Some(call) = &end_call {
            expression += &format!(".calling({})", call.expression());
        }
        let instance = crate::configure::Instance::new("RandomSource", expression).waiting();
        Some(match end_call {
            Some(call) => instance.with_calls(vec![call]),
            None => instance,
        })
    }
}

impl Source for RandomSource {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let (random, length) = (&mut self.random, self.length);
        self.pacing.produce(io, limit, batch, |packet| random.fill(packet, length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    fn source(length: usize) -> RandomSource {
        RandomSource::new(length, -1, 2, true, false, true)
    }

    #[test]
    fn packets_have_the_length_and_differ() {
        for length in [0, 1, 64, 65, MOST_BYTES] {
            let (mut source, mut io, mut batch) = (source(length), ListIo::new(0), Batch::new());
            io.now_ns = 5;
            source.produce(&mut io, 32, &mut batch);
            let packets: Vec<_> = batch.into_iter().collect();
            assert!(packets.len() == 2 && packets.iter().all(|packet| packet.len() == length));
            assert!(length == 0 || packets[0].data() != packets[1].data());
            assert_eq!(packets[0].annotations().timestamp_ns, 5);
        }
    }

    #[test]
    fn the_length_can_change_within_a_buffer() {
        let mut source = source(64);
        source.write_handler("length", "1500").unwrap();
        assert_eq!(source.write_handler("length", "1857"), Err(HandlerError::BadValue));
        assert_eq!((read(&source, "length"), read(&source, "burst")), ("1500".into(), "2".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<RandomSource>(arguments, &Surroundings::default());
        let expression = "RandomSource::new(64, 1000, 32, true, true, true)";
        assert_eq!(made(&["64", "1000", "32", "STOP true"]).unwrap().expression, expression);
        for wrong in [[].as_slice(), &["1857"], &["64", "BURST 0"], &["64", "-1", "1", "true", "9"]] {
            assert_eq!(made(wrong).unwrap_err().len(), 1, "{wrong:?}");
        }
    }
}
