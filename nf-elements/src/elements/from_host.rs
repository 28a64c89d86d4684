// SPDX-License-Identifier: Apache-2.0
//! # FromHost
//! `FromHost(DEVNAME [, PREFIX, DST, GATEWAY, TYPE, ETHER, MTU, HEADROOM, CAPACITY, CLEAR_ANNO, BURST])` — makes a host, and
//! reads packets from it.
//!
//! **Ports:** no input, one push output.
//!
//! **Description:** in a VM it makes an IP host of the VM's own, behind an Ethernet device DEVNAME. PREFIX (or DST) is the
//! host's address with its network, as in `192.0.2.1/24`; GATEWAY is where it sends what is for other networks, ETHER its
//! Ethernet address, that of the VM's first port if it is not given. What `ToHost` hands it, it treats: it answers ARP
//! requests for its address and ICMP echo requests. What it sends comes out here, as Ethernet frames.
//!
//! In a process the host is Linux, behind a TAP: `sluice click --tap DEVNAME=TAP`. Its address is set there (`ip address
//! add`). Without a TAP there is no host, and nothing comes.
//!
//! **Notes:** a VM has at most four hosts, each with a queue of 64 packets. It has no services but those named, and no
//! IPv6. MTU is 1500, and TYPE is ETHER. The arguments that are not named above are taken and have no effect.
//!
//! **Handlers:** `dev_name`, `count` (read).
//!
//! **Example:** `FromDevice(lan) -> ToHost(h); FromHost(h, 192.0.2.2/24) -> ToDevice(lan);`
//!
//! **See also:** `ToHost`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct FromHost {
    device: &'static str,
    port: usize,
    count: u64,
}

impl FromHost {
    /// Reads from the host `device`, at port number `port`.
    pub const fn new(device: &'static str, port: usize) -> Self {
        FromHost { device, port, count: 0 }
    }
}

const fn ignored(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc: "without effect" }
}

impl Element for FromHost {
    const SPEC: Spec = Spec {
        class: "FromHost",
        category: Category::Device,
        summary: "makes a host of the machine's own, and reads packets from it",
        ports: "0/1",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "DEVNAME", kind: ArgumentKind::Required, doc: "the name of the host's device" },
            Argument { name: "PREFIX", kind: ArgumentKind::Optional, doc: "the host's address and prefix length" },
            Argument { name: "DST", kind: ArgumentKind::Keyword, doc: "the same" },
            Argument { name: "GATEWAY", kind: ArgumentKind::Keyword, doc: "where it sends what is for other networks" },
            Argument { name: "ETHER", kind: ArgumentKind::Keyword, doc: "its Ethernet address; that of the first port" },
            Argument { name: "TYPE", kind: ArgumentKind::Keyword, doc: "ETHER" },
            ignored("MTU"),
            ignored("HEADROOM"),
            ignored("CAPACITY"),
            ignored("CLEAR_ANNO"),
            ignored("BURST"),
        ],
        handlers: &[
            Handler { name: "dev_name", kind: HandlerKind::Read, doc: "DEVNAME" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets read" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "dev_name" => out.write_str(self.device)?,
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FromHost {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Ipv4Prefix;
        use crate::wire::ethernet::Address;
        let device: Option<String> = arguments.required("DEVNAME");
        if surroundings.hosts.iter().filter(|host| Some(*host) == device.as_ref()).count() > 1 {
            arguments.error_last(format!("'{}' a second time", device.as_deref().unwrap_or_default()), "another name");
        }
        let none = Ipv4Prefix { address: 0, length: 0 };
        let prefix = arguments.optional("PREFIX", none);
        let prefix = arguments.keyword::<Ipv4Prefix>("DST").or(prefix).filter(|prefix| *prefix != none);
        let address = prefix.map(|prefix| (prefix.address.to_be_bytes(), prefix.length));
        let gateway = arguments.keyword::<core::net::Ipv4Addr>("GATEWAY").map(|gateway| gateway.octets());
        let ethernet = arguments.keyword::<Address>("ETHER").map(Address::to_bytes);
        if arguments.keyword::<String>("TYPE").is_some_and(|text| text != "ETHER") {
            arguments.error_last("a host that is not on an Ethernet", "ETHER");
        }
        arguments.accept(&["MTU", "HEADROOM", "CAPACITY", "CLEAR_ANNO", "BURST"]);
        if address.is_none() {
            arguments.warn("the host has no address, and answers nobody", Some("a PREFIX, as in 192.0.2.1/24".into()));
        }
        let device = device?;
        let index = surroundings.hosts.iter().position(|host| *host == device).unwrap_or(0);
        let expression = format!("FromHost::new({device:?}, {})", surroundings.ports.len() + index);
        let host = format!(
            "nf_elements::OwnHost {{ name: {device:?}, address: {address:?}, gateway: {gateway:?}, ethernet: {ethernet:?} }}"
        );
        Some(crate::configure::Instance::new("FromHost", expression).with_host(device, host))
    }
}

impl Source for FromHost {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, _limit: usize, batch: &mut Batch) {
        let before = batch.len();
        io.receive(self.port, batch);
        self.count += (batch.len() - before) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};

    #[test]
    fn reads_from_its_port() {
        let (mut host, mut io, mut batch) = (FromHost::new("fake0", 1), ListIo::new(2), Batch::new());
        io.arriving[1].extend([vec![1; 60], vec![2; 60]]);
        host.produce(&mut io, 32, &mut batch);
        assert_eq!((batch.len(), read(&host, "count"), read(&host, "dev_name")), (2, "2".into(), "fake0".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn its_host_has_what_the_arguments_say() {
        use crate::configure::{Surroundings, configure};
        let hosts = &["h".to_string(), "fake0".to_string()];
        let made = |arguments: &[&str]| configure::<FromHost>(arguments, &Surroundings { hosts, ..Default::default() });
        let instance = made(&["fake0", "192.0.2.1/24", "GATEWAY 192.0.2.9", "ETHER 2:0:0:0:0:1", "MTU 1500"]).unwrap();
        assert_eq!(instance.expression, "FromHost::new(\"fake0\", 1)");
        let (name, host) = instance.host.unwrap();
        assert_eq!(name, "fake0");
        assert_eq!(
            host,
            "nf_elements::OwnHost { name: \"fake0\", address: Some(([192, 0, 2, 1], 24)), gateway: Some([192, 0, 2, 9]), \
             ethernet: Some([2, 0, 0, 0, 0, 1]) }"
        );
        assert!(made(&["h", "DST 10.0.0.1/8"]).unwrap().host.unwrap().1.contains("([10, 0, 0, 1], 8)"));
        assert!(made(&["h", "10.0.0.1/8", "TYPE IP"]).is_err() && made(&[]).is_err());
    }
}
