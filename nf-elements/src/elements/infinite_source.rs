// SPDX-License-Identifier: Apache-2.0
//! # InfiniteSource
//! `InfiniteSource([DATA, LIMIT, BURST, ACTIVE, LENGTH, STOP, END_CALL, TIMESTAMP])` — generates packets whenever
//! scheduled.
//!
//! **Ports:** no input, one output, push or pull.
//!
//! **Description:** makes packets of DATA (a text of 64 bytes, unless given), BURST of them (1 by default) in each
//! round, or one whenever it is pulled, until there were LIMIT (none if negative, the default); then, if STOP is true,
//! stops the machine. With LENGTH, DATA is cut or repeated to that length. The timestamp annotation is set, unless
//! TIMESTAMP is false.
//!
//! DATA is a string in Click's manner: `\<08 00>` stands for bytes in hexadecimal; in double quotes `\n`, `\t`, `\"`
//! and `\\` have C's meaning.
//!
//! It waits while a `Queue` that its packets end in is full, if no element between can send them elsewhere.
//!
//! **Notes:** a packet is at most 1856 bytes long, and a round makes at most 32. The handler `data` takes a text as it
//! is, and reads as one, with escapes if it is no UTF-8.
//!
//! **Handlers:** `count` (read), `reset` (write), `data`, `length`, `limit`, `burst`, `active` (read, write).
//!
//! **Example:** `InfiniteSource("\<ffffffffffff 020000000001 88b5>", -1, 32, LENGTH 60) -> ToDevice(wan);`
//!
//! **See also:** `RandomSource`, `RatedSource`, `TimedSource`.

use super::pacing::{self, Pacing};
use super::payload::{self, Payload};
use crate::spec::{Category, Shape};
use crate::{Batch, Call, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct InfiniteSource {
    payload: Payload,
    pacing: Pacing,
}

impl InfiniteSource {
    /// Makes packets of `data`.
    pub const fn new(data: &[u8], limit: i64, burst: usize, active: bool, stop: bool, timestamp: bool) -> Self {
        let pacing = Pacing::new(limit, burst, active, stop, timestamp);
        InfiniteSource { payload: Payload::new(data), pacing }
    }

    /// As `self`, with this LENGTH.
    pub const fn with_length(mut self, length: i32) -> Self {
        self.payload = self.payload.with_length(length);
        self
    }

    /// As `self`; makes this call behind the last packet.
    pub const fn calling(mut self, end_call: Call) -> Self {
        self.pacing = self.pacing.calling(end_call);
        self
    }
}

impl Element for InfiniteSource {
    const SPEC: Spec = Spec {
        class: "InfiniteSource",
        category: Category::SourceSink,
        summary: "generates packets whenever scheduled",
        ports: "0/1",
        processing: "/a",
        shape: Shape::Source,
        arguments: &[
            payload::DATA,
            pacing::LIMIT,
            pacing::BURST,
            pacing::ACTIVE,
            payload::LENGTH,
            pacing::STOP,
            pacing::END_CALL,
            pacing::TIMESTAMP,
        ],
        handlers: &[
            pacing::COUNT_HANDLER,
            pacing::RESET_HANDLER,
            payload::DATA_HANDLER,
            payload::LENGTH_HANDLER,
            pacing::LIMIT_HANDLER,
            pacing::BURST_HANDLER,
            pacing::ACTIVE_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "data" | "length" => self.payload.read_handler(name, out),
            _ => self.pacing.read_handler(name, out),
        }
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "data" | "length" => self.payload.write_handler(name, value),
            _ => self.pacing.write_handler(name, value),
        }
    }

    #[inline]
    fn due_call(&mut self) -> Option<Call> {
        self.pacing.due_call()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for InfiniteSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let data = Payload::configure_data(arguments);
        let length = Payload::configure_length(arguments, data.as_deref());
        let (pacing, end_call) = Pacing::configure(arguments)?;
        let mut expression = format!("InfiniteSource::new(b\"{}\", {pacing})", data?.escape_ascii());
        if let Some(length) = length {
            expression += &format!(".with_length({length})");
        }
        if let Some(call) = &end_call {
            expression += &format!(".calling({})", call.expression());
        }
        let instance = crate::configure::Instance::new("InfiniteSource", expression).waiting();
        Some(match end_call {
            Some(call) => instance.with_calls(vec![call]),
            None => instance,
        })
    }
}

impl Source for InfiniteSource {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let payload = &self.payload;
        self.pacing.produce(io, limit, batch, |packet| payload.fill(packet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    #[test]
    fn packets_hold_the_data() {
        let mut source = InfiniteSource::new(b"ab\xff", 3, 2, true, false, false);
        let (mut io, mut batch) = (ListIo::new(0), Batch::new());
        io.now_ns = 5;
        for _ in 0..3 {
            source.produce(&mut io, 32, &mut batch);
        }
        assert_eq!(batch.len(), 3);
        assert!(batch.iter().all(|packet| packet.data() == b"ab\xff" && packet.annotations().timestamp_ns == 0));
        let handlers = ["count", "data", "length", "limit"].map(|handler| read(&source, handler));
        assert_eq!(handlers, ["3", r"ab\xff", "-1", "3"]);
    }

    #[cfg(feature = "host")]
    mod host {
        use super::super::payload::DEFAULT_DATA;
        use super::*;
        use crate::configure::{ConfigError, Surroundings, configure};

        fn made(arguments: &[&str]) -> Result<String, Vec<ConfigError>> {
            configure::<InfiniteSource>(arguments, &Surroundings::default()).map(|made| made.expression)
        }

        #[test]
        fn arguments_become_an_expression() {
            let pacing = "-1, 1, true, false, true";
            let default = format!("InfiniteSource::new(b\"{}\", {pacing})", DEFAULT_DATA.escape_ascii());
            assert_eq!(made(&[]).unwrap(), default);
            let repeated = made(&[r#""\<08 0F>a""#, "LIMIT 5", "BURST 2", "LENGTH 5", "STOP true"]).unwrap();
            assert_eq!(repeated, r#"InfiniteSource::new(b"\x08\x0fa", 5, 2, true, true, true).with_length(5)"#);
            let calling = r#".calling(nf_elements::Call::new("c.reset"))"#;
            assert!(made(&["x", "END_CALL c.reset"]).unwrap().ends_with(calling));
        }

        #[test]
        fn what_cannot_be_is_refused() {
            assert!(made(&["LENGTH 1856"]).is_ok());
            let long = "x".repeat(1857);
            let wrongs: [&[_]; 5] =
                [&[r#""""#, "LENGTH 5"], &["LENGTH 1857"], &[&long], &["END_CALL a"], &["STOP true", "END_CALL stop"]];
            for wrong in wrongs {
                assert_eq!(made(wrong).unwrap_err().len(), 1, "{wrong:?}");
            }
        }
    }
}
