// SPDX-License-Identifier: Apache-2.0
//! Holding a packet until it is time: what `DelayUnqueue` and `DelayShaper` share.

use super::handler_value::nanoseconds;
use super::timestamp::Interval;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, Packet, PacketIo, Turn};
use core::fmt;

/// The arguments.
pub const ARGUMENTS: &[Argument] = &[Argument { name: "DELAY", kind: ArgumentKind::Required, doc: "how long" }];
/// The handlers.
pub const HANDLERS: &[Handler] = &[Handler { name: "delay", kind: HandlerKind::ReadWrite, doc: "DELAY" }];

/// A delay with the packet that waits. A packet that leaves has the time at which it was due as timestamp if `AS_DUE`, else the
/// time at which it leaves.
pub struct Delay<const AS_DUE: bool> {
    delay_ns: u64,
    /// The packet that waits, and until when.
    waiting: Option<(Packet, u64)>,
}

impl<const AS_DUE: bool> Delay<AS_DUE> {
    /// Delays packets by so long.
    pub const fn new(delay_ns: u64) -> Self {
        Delay { delay_ns, waiting: None }
    }

    /// Reads `delay`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "delay" => Ok(write!(out, "{}", Interval(self.delay_ns))?),
            _ => Err(HandlerError::Unknown),
        }
    }

    /// Writes `delay`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "delay" => self.delay_ns = nanoseconds(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// When the packet that waits is due.
    pub fn deadline_ns(&self) -> Option<u64> {
        self.waiting.as_ref().map(|(_, until_ns)| *until_ns)
    }

    /// See [`crate::Pull::turn`].
    #[inline]
    pub fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        let now_ns = io.now_ns();
        match answer {
            None if self.waiting.is_none() => return Turn::Pull(0),
            Some((_, Some(packet))) => {
                let stamped_ns = match packet.annotations().timestamp_ns {
                    0 => now_ns,
                    stamped_ns => stamped_ns,
                };
                self.waiting = Some((packet, stamped_ns.saturating_add(self.delay_ns)));
            }
            _ => {}
        }
        match self.waiting.take_if(|(_, until_ns)| *until_ns <= now_ns) {
            Some((mut packet, until_ns)) => {
                packet.annotations_mut().timestamp_ns = if AS_DUE { until_ns } else { now_ns };
                Turn::Give(packet)
            }
            None => Turn::Rest,
        }
    }
}
