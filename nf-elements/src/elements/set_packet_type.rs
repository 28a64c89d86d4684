// SPDX-License-Identifier: Apache-2.0
//! # SetPacketType
//! `SetPacketType(TYPE)` — sets packets' type annotation.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** says for whom each packet is: HOST, BROADCAST, MULTICAST or OTHERHOST. `DropBroadcasts` and `ICMPError`
//! look at that.
//!
//! **Notes:** Click's OUTGOING and LOOPBACK do not exist.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> SetPacketType(HOST) -> DropBroadcasts -> ToDevice(wan);`
//!
//! **See also:** `DropBroadcasts`, `HostEtherFilter`.

use crate::packet::PacketType;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// See the module's documentation.
pub struct SetPacketType(PacketType);

impl SetPacketType {
    /// Sets this type.
    pub const fn new(packet_type: PacketType) -> Self {
        SetPacketType(packet_type)
    }
}

impl Element for SetPacketType {
    const SPEC: Spec = Spec {
        class: "SetPacketType",
        category: Category::Basic,
        summary: "sets packets' type annotation",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[Argument {
            name: "TYPE",
            kind: ArgumentKind::Required,
            doc: "HOST, BROADCAST, MULTICAST or OTHERHOST",
        }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SetPacketType {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let text: String = arguments.required("TYPE")?;
        let packet_type = match text.to_uppercase().as_str() {
            "HOST" => PacketType::Host,
            "BROADCAST" => PacketType::Broadcast,
            "MULTICAST" => PacketType::Multicast,
            "OTHERHOST" => PacketType::OtherHost,
            _ => {
                arguments.error_last(format!("'{text}'"), "HOST, BROADCAST, MULTICAST or OTHERHOST");
                return None;
            }
        };
        let expression = format!("SetPacketType::new(nf_elements::PacketType::{packet_type:?})");
        Some(crate::configure::Instance::new("SetPacketType", expression))
    }
}

impl Action for SetPacketType {
    #[inline]
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        packet.annotations_mut().packet_type = self.0;
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet};

    #[test]
    fn sets_the_type() {
        let mut frame = packet(&[0; 60]);
        let verdict = SetPacketType::new(PacketType::Multicast).action(&mut ListIo::new(0), &mut frame);
        assert_eq!((verdict, frame.annotations().packet_type), (Verdict::Pass, PacketType::Multicast));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<SetPacketType>(arguments, &Surroundings::default());
        assert!(made(&["otherhost"]).unwrap().expression.ends_with("PacketType::OtherHost)"));
        assert!(made(&["LOOPBACK"]).is_err() && made(&[]).is_err());
    }
}
