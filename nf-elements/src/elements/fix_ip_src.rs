// SPDX-License-Identifier: Apache-2.0
//! # FixIPSrc
//! `FixIPSrc(IPADDR)` — sets the IP source if an annotation asks for it.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** a packet whose fix-IP-source annotation is set gets the source IPADDR and a right checksum, and the
//! annotation is cleared. `ICMPError` sets it, because its packets must come from the address of the interface that they
//! leave by (RFC 1812 §4.3.2.4). Other packets, and those without a marked IP header, pass unchanged.
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> FixIPSrc(192.0.2.1) -> ToDevice(wan);`
//!
//! **See also:** `IPOutputCombo`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Annotations, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct FixIpSrc {
    address: u32,
}

impl FixIpSrc {
    /// Sets `address`, its first byte uppermost.
    pub const fn new(address: u32) -> Self {
        FixIpSrc { address }
    }

    #[cold]
    fn fix(&self, packet: &mut Packet) {
        let Some(mut header) = marked::header_mut(packet) else { return };
        header.set_source(self.address);
        header.fill_header_checksum();
        packet.annotations_mut().flags &= !Annotations::FIX_IP_SRC;
    }
}

impl Element for FixIpSrc {
    const SPEC: Spec = Spec {
        class: "FixIPSrc",
        category: Category::Ip,
        summary: "sets the IP source if an annotation asks for it",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument { name: "IPADDR", kind: ArgumentKind::Required, doc: "the router's own address" }],
        handlers: &[],
    };

    fn read_handler(&self, _name: &str, _out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FixIpSrc {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: std::net::Ipv4Addr = arguments.required("IPADDR")?;
        Some(crate::configure::Instance::new("FixIpSrc", format!("FixIpSrc::new({:#010x})", address.to_bits())))
    }
}

impl Action for FixIpSrc {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if packet.annotations().flags & Annotations::FIX_IP_SRC != 0 {
            self.fix(packet);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn fixes_only_what_asks_for_it_and_only_once() {
        let (mut fix, mut io) = (FixIpSrc::new(0x0909_0909), ListIo::new(0));
        let mut frame = marked::datagram(1, [1, 2, 3, 4], [5, 6, 7, 8], &[]);
        for (flags, source) in [(0, 0x0102_0304), (0x85, 0x0909_0909)] {
            frame.annotations_mut().flags = flags;
            assert_eq!(fix.action(&mut io, &mut frame), Verdict::Pass);
            let header = Ipv4::new_checked(frame.data()).unwrap();
            assert!(header.is_header_intact() && header.source() == source);
            assert_eq!(frame.annotations().flags, flags & 0x7f);
        }
    }
}
