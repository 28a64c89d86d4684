// SPDX-License-Identifier: Apache-2.0
//! # FromHost
//! `FromHost(DEVNAME [, PREFIX, DST, GATEWAY, TYPE, ETHER, MTU, HEADROOM, CAPACITY, CLEAR_ANNO, BURST])` — reads packets
//! from the host.
//!
//! **Ports:** no input, one or two push outputs.
//!
//! **Description:** never gives a packet.
//!
//! **Notes:** a VM has no host of its own yet, so there is nobody whose packets Click would read from Linux. Configurations
//! made for Click compile and forward. All arguments but DEVNAME are taken and have no effect.
//!
//! **Handlers:** `dev_name`, `length`, `capacity`, `drops` (read: a queue that is always empty).
//!
//! **Example:** `FromHost(fake0, 192.0.2.1/24) -> Discard;`
//!
//! **See also:** `ToHost`, `Idle`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct FromHost {
    device: &'static str,
    capacity: u32,
}

impl FromHost {
    /// The host's end of `device`.
    pub const fn new(device: &'static str, capacity: u32) -> Self {
        FromHost { device, capacity }
    }
}

const fn ignored(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc: "without effect" }
}

impl Element for FromHost {
    const SPEC: Spec = Spec {
        class: "FromHost",
        category: Category::Device,
        summary: "reads packets from the host; here there are none",
        ports: "0/1-2",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "DEVNAME", kind: ArgumentKind::Required, doc: "the host's device, a name only" },
            Argument { name: "PREFIX", kind: ArgumentKind::Optional, doc: "without effect" },
            ignored("DST"),
            ignored("GATEWAY"),
            ignored("TYPE"),
            ignored("ETHER"),
            ignored("MTU"),
            ignored("HEADROOM"),
            ignored("CAPACITY"),
            ignored("CLEAR_ANNO"),
            ignored("BURST"),
        ],
        handlers: &[
            Handler { name: "dev_name", kind: HandlerKind::Read, doc: "DEVNAME" },
            Handler { name: "length", kind: HandlerKind::Read, doc: "packets that wait: 0" },
            Handler { name: "capacity", kind: HandlerKind::Read, doc: "CAPACITY" },
            Handler { name: "drops", kind: HandlerKind::Read, doc: "packets that found no place: 0" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dev_name" => out.write_str(self.device)?,
            "length" | "drops" => out.write_str("0")?,
            "capacity" => write!(out, "{}", self.capacity)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FromHost {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Ipv4Prefix;
        let device: Option<String> = arguments.required("DEVNAME");
        let _ = arguments.optional("PREFIX", Ipv4Prefix { address: 0, length: 0 });
        let capacity: u32 = arguments.keyword("CAPACITY").unwrap_or(100);
        for name in ["DST", "GATEWAY", "TYPE", "ETHER", "MTU", "HEADROOM", "CLEAR_ANNO", "BURST"] {
            let _: Option<String> = arguments.keyword(name);
        }
        arguments.warn("FromHost gives no packets: there is no host behind it", Some("FromDevice".into()));
        Some(crate::configure::Instance::new("FromHost", format!("FromHost::new({:?}, {capacity})", device?)))
    }
}

impl Source for FromHost {
    #[inline]
    fn produce<M: PacketIo>(&mut self, _: &mut M, _limit: usize, _: &mut Batch) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    #[test]
    fn gives_nothing() {
        let (mut host, mut batch) = (FromHost::new("fake0", 100), Batch::new());
        host.produce(&mut ListIo::new(0), 32, &mut batch);
        assert_eq!((batch.len(), read(&host, "dev_name"), host.deadline_ns()), (0, "fake0".into(), None));
    }
}
