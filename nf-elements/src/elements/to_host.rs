// SPDX-License-Identifier: Apache-2.0
//! # ToHost
//! `ToHost([DEVNAME, SNIFFERS, TYPE, QUIET, ALLOW_NONEXISTENT, UP_CALL, DOWN_CALL])` — hands packets to the host.
//!
//! **Ports:** one push input, no output.
//!
//! **Expects:** Ethernet frames.
//!
//! **Description:** gives packets to the host that the `FromHost` with the same DEVNAME makes; without DEVNAME to that of the
//! only `FromHost`. In a VM this is an IP host of the VM's own, which answers ARP requests and pings.
//!
//! **Notes:** configurations made for Click's kernel module have a `ToHost` and no `FromHost`. They compile, with a warning,
//! and what is for the router itself is lost. The arguments but DEVNAME are taken and have no effect.
//!
//! **Handlers:** `dev_name` (read), `count` (read), `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> ToHost(own); FromHost(own, 192.0.2.2/24) -> ToDevice(lan);`
//!
//! **See also:** `FromHost`, `Discard`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Sink, Spec};
use core::fmt;

/// See the module's documentation.
pub struct ToHost {
    device: &'static str,
    port: Option<usize>,
    count: u64,
    drops: u64,
}

impl ToHost {
    /// Gives to the host `device`, at port number `port`, if it is there.
    pub const fn new(device: &'static str, port: Option<usize>) -> Self {
        ToHost { device, port, count: 0, drops: 0 }
    }
}

const fn ignored(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc: "without effect" }
}

impl Element for ToHost {
    const SPEC: Spec = Spec {
        class: "ToHost",
        category: Category::Device,
        summary: "hands packets to the host",
        ports: "1/0",
        processing: "h/",
        shape: Shape::Sink,
        arguments: &[
            Argument { name: "DEVNAME", kind: ArgumentKind::Optional, doc: "that of a FromHost" },
            ignored("SNIFFERS"),
            ignored("TYPE"),
            ignored("QUIET"),
            ignored("ALLOW_NONEXISTENT"),
            ignored("UP_CALL"),
            ignored("DOWN_CALL"),
        ],
        handlers: &[
            Handler { name: "dev_name", kind: HandlerKind::Read, doc: "DEVNAME" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that the host took" },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets that no host took" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dev_name" => out.write_str(self.device)?,
            "count" => write!(out, "{}", self.count)?,
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
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let device = arguments.optional("DEVNAME", String::new())?;
        for name in ["SNIFFERS", "QUIET", "ALLOW_NONEXISTENT"] {
            let _: Option<bool> = arguments.keyword(name);
        }
        for name in ["TYPE", "UP_CALL", "DOWN_CALL"] {
            let _: Option<String> = arguments.keyword(name);
        }
        let host = match surroundings.hosts {
            [only] if device.is_empty() => Some((0, only)),
            hosts => hosts.iter().enumerate().find(|(_, host)| **host == device),
        };
        if host.is_none() {
            let wanted = Some(format!("FromHost({}, ADDRESS/PREFIX)", if device.is_empty() { "NAME" } else { &device }));
            arguments.warn("ToHost drops its packets: there is no host behind it", wanted);
        }
        let port = host.map(|(index, _)| surroundings.ports.len() + index);
        let name = host.map_or(&device, |(_, name)| name);
        Some(crate::configure::Instance::new("ToHost", format!("ToHost::new({name:?}, {port:?})")))
    }
}

impl Sink for ToHost {
    #[inline]
    fn consume<M: PacketIo>(&mut self, io: &mut M, mut batch: Batch) {
        let offered = batch.len();
        if let Some(port) = self.port {
            io.transmit(port, &mut batch);
        }
        self.count += (offered - batch.len()) as u64;
        self.drops += batch.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn counts_what_the_host_takes_and_what_not() {
        for (port, count, drops) in [(None, "0", "2"), (Some(0), "1", "1")] {
            let (mut host, mut io, mut batch) = (ToHost::new("fake0", port), ListIo::new(1), Batch::new());
            io.transmit_limit = Some(1);
            (0..2).for_each(|_| assert!(batch.push(packet(&[0; 60])).is_ok()));
            host.consume(&mut io, batch);
            assert_eq!((read(&host, "count"), read(&host, "drops")), (count.into(), drops.into()));
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn its_host_is_that_of_its_name_or_the_only_one() {
        use crate::configure::{Surroundings, configure};
        let (one, two) = (["a".to_string()], ["a".to_string(), "b".to_string()]);
        let expression = |arguments: &[&str], hosts| {
            let ports = &["lan".to_string()];
            configure::<ToHost>(arguments, &Surroundings { ports, hosts, ..Default::default() }).unwrap().expression
        };
        assert_eq!(expression(&[], &one), "ToHost::new(\"a\", Some(1))");
        assert_eq!(expression(&["b"], &two), "ToHost::new(\"b\", Some(2))");
        assert_eq!(expression(&[], &two), "ToHost::new(\"\", None)");
        assert_eq!(expression(&["c"], &one), "ToHost::new(\"c\", None)");
    }
}
