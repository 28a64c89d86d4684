// SPDX-License-Identifier: Apache-2.0
//! # Suppressor
//! `Suppressor` — passes packets of some inputs only.
//!
//! **Ports:** up to 16 inputs, as many outputs, push or pull.
//!
//! **Description:** a packet that comes in by input *i* leaves by output *i*, unless that port is suppressed: then it is
//! dropped, or nothing is pulled from it. The handler `activeI` says whether port I passes packets, as all do at first.
//!
//! **Notes:** Click's has no bound on its ports. A suppressed port that is pulled drops packets here, up to 32 a round.
//!
//! **Handlers:** `active0` to `active15` (read, write), `reset` (write: no port is suppressed), `suppressed` (drops).
//!
//! **Example:** `s :: Suppressor; FromDevice(lan) -> s -> ToDevice(wan); FromDevice(wan) -> [1]s[1] -> ToDevice(lan);`
//!
//! **See also:** `Switch`.

use super::handler_value::{boolean, number};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Most ports.
const MOST: usize = 16;

/// See the module's documentation.
#[derive(Default)]
pub struct Suppressor {
    /// A bit for each port.
    ports: u16,
    suppressed: u64,
}

impl Suppressor {
    /// Passes all packets.
    pub const fn new() -> Self {
        Suppressor { ports: 0, suppressed: 0 }
    }

    /// Says whether `port` is suppressed, as `EtherSpanTree` does.
    pub fn set(&mut self, port: usize, suppressed: bool) {
        let bit = if port < MOST { 1 << port } else { 0 };
        self.ports = if suppressed { self.ports | bit } else { self.ports & !bit };
    }
}

/// The port of `activeI`.
fn port(name: &str) -> Option<usize> {
    number(name.strip_prefix("active")?).ok().filter(|port| *port < MOST)
}

const fn active(name: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::ReadWrite, doc: "does that port pass packets?" }
}

impl Element for Suppressor {
    const SPEC: Spec = Spec {
        class: "Suppressor",
        category: Category::Classification,
        summary: "passes packets of some inputs only",
        ports: "1-16/1-16",
        processing: "a/a",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[
            active("active0"),
            active("active1"),
            active("active2"),
            active("active3"),
            active("active4"),
            active("active5"),
            active("active6"),
            active("active7"),
            active("active8"),
            active("active9"),
            active("active10"),
            active("active11"),
            active("active12"),
            active("active13"),
            active("active14"),
            active("active15"),
            Handler { name: "reset", kind: HandlerKind::Write, doc: "all ports pass packets" },
            Handler { name: "suppressed", kind: HandlerKind::Drops, doc: "packets at suppressed ports" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match (name, port(name)) {
            ("suppressed", _) => write!(out, "{}", self.suppressed)?,
            (_, Some(port)) => write!(out, "{}", self.ports >> port & 1 == 0)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match (name, port(name)) {
            ("reset", _) => self.ports = 0,
            (_, Some(port)) if boolean(value)? => self.ports &= !(1 << port),
            (_, Some(port)) => self.ports |= 1 << port,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Suppressor {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        if surroundings.inputs != surroundings.outputs {
            let found = format!("{} inputs and {} outputs", surroundings.inputs, surroundings.outputs);
            arguments.error(found, Some("an output for each input".into()));
        }
        Some(crate::configure::Instance::new("Suppressor", "Suppressor::new()"))
    }
}

impl Route for Suppressor {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, input: usize, _: &mut Packet) -> Option<usize> {
        if self.ports >> (input % MOST) & 1 == 0 {
            return Some(input);
        }
        self.suppressed += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn suppresses_what_it_is_told_to() {
        let (mut suppressor, mut io) = (Suppressor::new(), ListIo::new(0));
        suppressor.write_handler("active1", "false").unwrap();
        let routes = [0, 1, 2].map(|input| suppressor.route(&mut io, input, &mut packet(&[1])));
        assert_eq!(routes, [Some(0), None, Some(2)]);
        assert_eq!(["active0", "active1", "suppressed"].map(|name| read(&suppressor, name)), ["true", "false", "1"]);
        suppressor.write_handler("reset", "").unwrap();
        assert_eq!(suppressor.route(&mut io, 1, &mut packet(&[1])), Some(1));
        assert_eq!(suppressor.write_handler("active16", "false"), Err(HandlerError::Unknown));
    }
}
