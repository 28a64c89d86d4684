// SPDX-License-Identifier: Apache-2.0
//! # IPInputCombo
//! `IPInputCombo(COLOR [, BADSRC, INTERFACES, GOODDST])` — does an IP router's work on its input.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** Ethernet frames of IP packets.
//!
//! **Description:** `Paint(COLOR) -> Strip(14) -> CheckIPHeader -> GetIPAddress(16)` in one element; the other arguments
//! are those of `CheckIPHeader`, and a BADSRC by position has 0.0.0.0 and 255.255.255.255 in it without being told. Bad
//! packets are dropped, with a message for the first.
//!
//! **Handlers:** `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> IPInputCombo(1, INTERFACES 192.0.2.1/24) -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `Paint`, `Strip`, `IPOutputCombo`.

use super::check_ip_header::CheckIpHeader;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::ethernet;
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct IpInputCombo {
    color: u8,
    check: CheckIpHeader,
    drops: u64,
}

impl IpInputCombo {
    /// Paints with `color`; bad are the packets that `CheckIPHeader` with these arguments finds so.
    pub const fn new(color: u8, bad_sources: &'static [u32], good_destinations: &'static [u32]) -> Self {
        let check = CheckIpHeader::new(0, true, bad_sources, good_destinations, "", false, false);
        IpInputCombo { color, check, drops: 0 }
    }
}

impl Element for IpInputCombo {
    const SPEC: Spec = Spec {
        class: "IPInputCombo",
        category: Category::Ip,
        summary: "does an IP router's work on its input",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "COLOR", kind: ArgumentKind::Required, doc: "the paint, 0 to 255" },
            Argument { name: "BADSRC", kind: ArgumentKind::Optional, doc: "addresses that are no source" },
            Argument { name: "INTERFACES", kind: ArgumentKind::Keyword, doc: "this router's ADDRESS/LENGTH, several" },
            Argument { name: "GOODDST", kind: ArgumentKind::Keyword, doc: "destinations exempt from BADSRC" },
        ],
        handlers: &[Handler { name: "drops", kind: HandlerKind::Drops, doc: "bad packets" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpInputCombo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mut addresses = super::check_ip_header::configuration::Addresses::take(arguments);
        let color: Option<u8> = arguments.required("COLOR");
        if let Some((index, text)) = arguments.rest().first() {
            addresses.take_old(arguments, *index, &text.value);
        }
        let expression = format!("IpInputCombo::new({}, {})", color?, addresses.expression());
        Some(crate::configure::Instance::new("IpInputCombo", expression))
    }
}

impl Action for IpInputCombo {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().paint = self.color;
        if packet.pull_front(ethernet::HEADER_BYTES) && self.check.is_good(packet) {
            return Verdict::Pass;
        }
        if self.drops == 0 {
            io.message(format_args!("IP checksum failed"));
        }
        self.drops += 1;
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::marked::datagram;
    use crate::testing::{ListIo, packet, read};

    fn frame() -> Packet {
        let ip = datagram(17, [192, 0, 2, 255], [192, 0, 2, 1], b"abc");
        packet(&[&[0; 14], ip.data(), &[0; 9]].concat())
    }

    #[test]
    fn paints_strips_checks_and_annotates() {
        let mut frame = frame();
        let mut combo = IpInputCombo::new(3, &[], &[]);
        assert_eq!(combo.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        assert_eq!((frame.len(), frame.transport(), frame.annotations().paint), (23, b"abc".as_slice(), 3));
        assert_eq!(frame.annotations().destination_ipv4(), [192, 0, 2, 1]);
    }

    #[test]
    fn bad_packets_are_dropped_and_the_first_told() {
        let (mut combo, mut io) = (IpInputCombo::new(3, &[0xc000_02ff], &[]), ListIo::new(0));
        for bad in [&mut frame(), &mut packet(&[0; 13]), &mut packet(&[0; 60])] {
            assert_eq!(combo.action(&mut io, bad), Verdict::Drop);
        }
        assert_eq!((read(&combo, "drops"), io.printed), ("3".into(), vec!["IP checksum failed".into()]));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| {
            configure::<IpInputCombo>(arguments, &Surroundings::default()).map(|made| made.expression)
        };
        assert_eq!(made(&["1"]).unwrap(), "IpInputCombo::new(1, &[], &[])");
        assert_eq!(made(&["1", "0.0.0.9"]).unwrap(), "IpInputCombo::new(1, &[9, 0, 4294967295], &[])");
        assert_eq!(made(&["1", "BADSRC 0.0.0.9", "GOODDST 0.0.0.8"]).unwrap(), "IpInputCombo::new(1, &[9], &[8])");
        assert!(made(&["1", "x"]).is_err() && made(&[]).is_err());
    }
}
