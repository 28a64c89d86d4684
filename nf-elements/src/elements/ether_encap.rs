// SPDX-License-Identifier: Apache-2.0
//! # EtherEncap
//! `EtherEncap(ETHERTYPE, SRC, DST)` — encapsulates packets in an Ethernet header.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** puts an Ethernet header with type ETHERTYPE and the addresses SRC and DST in front of each packet, and
//! notes where it begins.
//!
//! **Notes:** a packet without 14 bytes of room in front is dropped; Click would move it. For IP you mostly want
//! `ARPQuerier`.
//!
//! **Handlers:** `src`, `dst`, `ethertype`, `etht` (its old name) (read, write), `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2) -> ToDevice(wan);`
//!
//! **See also:** `ARPQuerier`, `EtherVLANEncap`, `EnsureEther`, `EtherRewrite`, `StoreEtherAddress`.

use super::ether_header::{self, EtherHeader};
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct EtherEncap {
    header: EtherHeader,
    no_headroom: u64,
}

impl EtherEncap {
    /// Encapsulates in a header of these values.
    pub const fn new(ethertype: u16, source: [u8; 6], destination: [u8; 6]) -> Self {
        EtherEncap { header: EtherHeader::new(ethertype, source, destination), no_headroom: 0 }
    }
}

impl Element for EtherEncap {
    const SPEC: Spec = Spec {
        class: "EtherEncap",
        category: Category::Ethernet,
        summary: "encapsulates packets in an Ethernet header",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[ether_header::ETHERTYPE, ether_header::SRC, ether_header::DST],
        handlers: &[
            ether_header::SRC_HANDLER,
            ether_header::DST_HANDLER,
            ether_header::ETHERTYPE_HANDLER,
            Handler { name: "etht", kind: HandlerKind::ReadWrite, doc: "ETHERTYPE" },
            ether_header::NO_HEADROOM_HANDLER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "etht" => self.header.read_handler("ethertype", out)?,
            "no_headroom" => write!(out, "{}", self.no_headroom)?,
            _ => self.header.read_handler(name, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.header.write_handler(if name == "etht" { "ethertype" } else { name }, value)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EtherEncap {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let header = EtherHeader::configure(arguments)?;
        Some(crate::configure::Instance::new("EtherEncap", format!("EtherEncap::new({header})")))
    }
}

impl Action for EtherEncap {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if self.header.prepend(packet) {
            Verdict::Pass
        } else {
            self.no_headroom += 1;
            Verdict::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn prepends_the_header() {
        let (mut encap, mut io) = (EtherEncap::new(0x0800, [1; 6], [2; 6]), ListIo::new(0));
        let mut inner = packet(&[0xaa]);
        assert_eq!(encap.action(&mut io, &mut inner), Verdict::Pass);
        assert_eq!(inner.data(), [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 8, 0, 0xaa]);
        assert_eq!(usize::from(inner.annotations().mac_offset), inner.headroom());
        while encap.action(&mut io, &mut inner) == Verdict::Pass {}
        assert_eq!(encap.no_headroom, 1);
    }

    #[test]
    fn handlers_change_the_header() {
        let mut encap = EtherEncap::new(0x0800, [1; 6], [2; 6]);
        encap.write_handler("ethertype", "0x0801").unwrap();
        encap.write_handler("src", "3:3:3:3:3:3").unwrap();
        let values = ["ethertype", "etht", "src", "dst"].map(|name| read(&encap, name));
        assert_eq!(values, ["2049", "2049", "03-03-03-03-03-03", "02-02-02-02-02-02"]);
        assert_eq!(encap.write_handler("dst", "2:2"), Err(HandlerError::BadValue));
    }
}
