// SPDX-License-Identifier: Apache-2.0
//! # MarkIPCE
//! `MarkIPCE([FORCE])` — says in IP headers that there was congestion.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** sets the ECN field to congestion experienced (3, RFC 3168), and changes the header's checksum with it.
//! A packet whose ECN field is 0 is not of a transport that would understand that, and is dropped, unless FORCE is true.
//!
//! **Handlers:** `drops` (drops: packets that cannot be marked), `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> MarkIPCE(FORCE true) -> ToDevice(wan);`
//!
//! **See also:** `SetIPECN`.

use super::marked;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Congestion experienced, RFC 3168 §5.
const CE: u8 = 3;

/// See the module's documentation.
pub struct MarkIpCe {
    force: bool,
    drops: u64,
    no_header: u64,
}

impl MarkIpCe {
    /// Marks packets with an ECN field of 0 too, if `force`.
    pub const fn new(force: bool) -> Self {
        MarkIpCe { force, drops: 0, no_header: 0 }
    }
}

impl Element for MarkIpCe {
    const SPEC: Spec = Spec {
        class: "MarkIPCE",
        category: Category::Ip,
        summary: "says in IP headers that there was congestion",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "FORCE",
            kind: ArgumentKind::Optional,
            doc: "packets without ECN too? false by default",
        }],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets without ECN" },
            marked::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for MarkIpCe {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let force = arguments.optional("FORCE", false)?;
        Some(crate::configure::Instance::new("MarkIpCe", format!("MarkIpCe::new({force})")))
    }
}

impl Action for MarkIpCe {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        let Some(mut header) = marked::header_mut(packet) else {
            self.no_header += 1;
            return Verdict::Drop;
        };
        let tos = header.type_of_service();
        if tos & CE == 0 && !self.force {
            self.drops += 1;
            return Verdict::Drop;
        }
        header.replace_type_of_service(tos | CE);
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};
    use crate::wire::ipv4::Ipv4;

    #[test]
    fn marks_what_can_be_marked() {
        for (force, tos, marked) in [(false, 0xb9, Some(0xbb)), (false, 0xb8, None), (true, 0xb8, Some(0xbb))] {
            let mut mark = MarkIpCe::new(force);
            let mut frame = marked::datagram(17, [1, 2, 3, 4], [5, 6, 7, 8], &[]);
            marked::header_mut(&mut frame).unwrap().replace_type_of_service(tos);
            let passed = mark.action(&mut ListIo::new(0), &mut frame) == Verdict::Pass;
            assert_eq!((passed, read(&mark, "drops")), (marked.is_some(), u8::from(marked.is_none()).to_string()));
            let header = Ipv4::new_checked(frame.data()).unwrap();
            assert!(header.is_header_intact());
            assert_eq!(header.dscp() << 2 | header.ecn(), marked.unwrap_or(tos));
        }
        let mut mark = MarkIpCe::new(true);
        assert_eq!(mark.action(&mut ListIo::new(0), &mut packet(&[0; 60])), Verdict::Drop);
        assert_eq!(read(&mark, "no_header"), "1");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<MarkIpCe>(arguments, &Surroundings::default()).unwrap().expression;
        assert_eq!([made(&[]), made(&["FORCE true"])], ["MarkIpCe::new(false)", "MarkIpCe::new(true)"]);
    }
}
