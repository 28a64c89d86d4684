// SPDX-License-Identifier: Apache-2.0
//! # Idle
//! `Idle` — neither makes nor pulls packets.
//!
//! **Ports:** any number of inputs and outputs, push or pull.
//!
//! **Description:** drops and counts the packets that are pushed into it, never pulls, and gives nothing to those who pull.
//! It stands where a port must be connected and nothing shall happen.
//!
//! **Handlers:** `pushed` (drops).
//!
//! **Example:** `FromDevice(lan) -> Queue -> Idle;`
//!
//! **See also:** `Discard`.

use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct Idle {
    pushed: u64,
}

impl Idle {
    /// The element.
    pub const fn new() -> Self {
        Idle { pushed: 0 }
    }
}

impl Element for Idle {
    const SPEC: Spec = Spec {
        class: "Idle",
        category: Category::SourceSink,
        summary: "neither makes nor pulls packets",
        ports: "-/-",
        processing: "a/a",
        shape: Shape::Sink,
        arguments: &[],
        handlers: &[Handler { name: "pushed", kind: HandlerKind::Drops, doc: "packets that were pushed into it" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "pushed" => write!(out, "{}", self.pushed)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Idle {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("Idle", "Idle::new()"))
    }
}

impl Sink for Idle {
    #[inline]
    fn consume<M: PacketIo>(&mut self, _: &mut M, batch: Batch) {
        self.pushed += batch.len() as u64;
    }

    #[inline]
    fn room<M: PacketIo>(&mut self, _: &mut M) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn drops_what_is_pushed_and_wants_nothing() {
        let (mut idle, mut io) = (Idle::new(), ListIo::new(0));
        idle.consume(&mut io, Batch::from(packet(&[1])));
        assert_eq!((read(&idle, "pushed"), idle.room(&mut io)), ("1".into(), 0));
    }
}
