// SPDX-License-Identifier: Apache-2.0
//! # ToHost
//! `ToHost([DEVNAME, SNIFFERS, TYPE, QUIET, ALLOW_NONEXISTENT, UP_CALL, DOWN_CALL])` — hands packets to the host.
//!
//! **Ports:** one push input, no output.
//!
//! **Description:** counts and drops all packets.
//!
//! **Notes:** a VM has no host of its own yet, so nobody receives what Click would give to Linux. Configurations made for
//! Click's kernel module compile and forward; what is for the router itself is lost here. All arguments are taken and have
//! no effect.
//!
//! **Handlers:** `dev_name` (read), `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> ToHost;`
//!
//! **See also:** `FromHost`, `Discard`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
pub struct ToHost {
    device: &'static str,
    drops: u64,
}

impl ToHost {
    /// The host's end of `device`.
    pub const fn new(device: &'static str) -> Self {
        ToHost { device, drops: 0 }
    }
}

const fn ignored(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc: "without effect" }
}

impl Element for ToHost {
    const SPEC: Spec = Spec {
        class: "ToHost",
        category: Category::Device,
        summary: "hands packets to the host; here they end",
        ports: "1/0",
        processing: "h/",
        shape: Shape::Sink,
        arguments: &[
            Argument { name: "DEVNAME", kind: ArgumentKind::Optional, doc: "the host's device, a name only" },
            ignored("SNIFFERS"),
            ignored("TYPE"),
            ignored("QUIET"),
            ignored("ALLOW_NONEXISTENT"),
            ignored("UP_CALL"),
            ignored("DOWN_CALL"),
        ],
        handlers: &[
            Handler { name: "dev_name", kind: HandlerKind::Read, doc: "DEVNAME" },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets for the host" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dev_name" => out.write_str(self.device)?,
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ToHost {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let device = arguments.optional("DEVNAME", String::new())?;
        for name in ["SNIFFERS", "QUIET", "ALLOW_NONEXISTENT"] {
            let _: Option<bool> = arguments.keyword(name);
        }
        for name in ["TYPE", "UP_CALL", "DOWN_CALL"] {
            let _: Option<String> = arguments.keyword(name);
        }
        arguments.warn("ToHost drops its packets: there is no host behind it", Some("ToDevice, or Discard".into()));
        Some(crate::configure::Instance::new("ToHost", format!("ToHost::new({device:?})")))
    }
}

impl Sink for ToHost {
    #[inline]
    fn consume<M: PacketIo>(&mut self, _: &mut M, batch: Batch) {
        self.drops += batch.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn counts_what_is_for_the_host() {
        let (mut host, mut batch) = (ToHost::new("fake0"), Batch::new());
        assert!(batch.push(packet(&[0; 60])).is_ok());
        host.consume(&mut ListIo::new(0), batch);
        assert_eq!((read(&host, "dev_name"), read(&host, "drops")), ("fake0".into(), "1".into()));
    }
}
