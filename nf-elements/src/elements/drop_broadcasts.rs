// SPDX-License-Identifier: Apache-2.0
//! # DropBroadcasts
//! `DropBroadcasts` — drops link-level broadcast and multicast packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** the packet type annotation, as `FromDevice` and `HostEtherFilter` set it.
//!
//! **Description:** packets that came as a link-level broadcast or multicast leave by output 1, or are dropped if that is
//! not connected: an IP router must not forward them (RFC 1812 §5.3.4). A message says so the first time.
//!
//! **Handlers:** `drops` (read: such packets, wherever they went), `broadcasts` (drops; 0 while output 1 is connected).
//!
//! **Example:** `FromDevice(lan) -> HostEtherFilter(02:00:00:00:00:01) -> DropBroadcasts -> Discard;`
//!
//! **See also:** `HostEtherFilter`.

use crate::packet::PacketType;
use crate::spec::{Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct DropBroadcasts {
    diverts: bool,
    drops: u64,
}

impl DropBroadcasts {
    /// `diverts` if output 1 takes the broadcasts.
    pub const fn new(diverts: bool) -> Self {
        DropBroadcasts { diverts, drops: 0 }
    }
}

impl Element for DropBroadcasts {
    const SPEC: Spec = Spec {
        class: "DropBroadcasts",
        category: Category::Ethernet,
        summary: "drops link-level broadcast and multicast packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Read, doc: "broadcasts, dropped or sent to output 1" },
            Handler { name: "broadcasts", kind: HandlerKind::Drops, doc: "broadcasts dropped" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops)?,
            "broadcasts" => write!(out, "{}", if self.diverts { 0 } else { self.drops })?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DropBroadcasts {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let diverts = surroundings.outputs > 1;
        Some(crate::configure::Instance::new("DropBroadcasts", format!("DropBroadcasts::new({diverts})")))
    }
}

impl Route for DropBroadcasts {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, packet: &mut Packet) -> Option<usize> {
        if !matches!(packet.annotations().packet_type, PacketType::Broadcast | PacketType::Multicast) {
            return Some(0);
        }
        if self.drops == 0 {
            io.message(format_args!("DropBroadcasts: dropped a packet"));
        }
        self.drops += 1;
        self.diverts.then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn drops_or_diverts_broadcasts() {
        let (mut drops, mut diverts, mut io) = (DropBroadcasts::new(false), DropBroadcasts::new(true), ListIo::new(0));
        let types = [PacketType::Host, PacketType::Broadcast, PacketType::Multicast, PacketType::OtherHost];
        for (packet_type, dropped, diverted) in
            types.into_iter().zip([Some(0), None, None, Some(0)]).zip([0, 1, 1, 0]).map(|((a, b), c)| (a, b, c))
        {
            let mut frame = packet(&[]);
            frame.annotations_mut().packet_type = packet_type;
            assert_eq!(drops.route(&mut io, 0, &mut frame), dropped);
            assert_eq!(diverts.route(&mut io, 0, &mut frame), Some(diverted));
        }
        assert_eq!((read(&drops, "drops"), read(&drops, "broadcasts")), ("2".into(), "2".into()));
        assert_eq!((read(&diverts, "drops"), read(&diverts, "broadcasts")), ("2".into(), "0".into()));
        assert_eq!(io.printed, ["DropBroadcasts: dropped a packet"; 2]);
    }
}
