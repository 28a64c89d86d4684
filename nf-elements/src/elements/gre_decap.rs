// SPDX-License-Identifier: Apache-2.0
//! # GREDecap
//! `GREDecap([KEY, PROTOCOL])` — takes packets out of GRE packets.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** packets with a marked IP header, IPv4 or IPv6, of protocol 47.
//!
//! **Description:** strips everything in front of the inner packet, and what is behind the outer one, and sets the aggregate
//! annotation to the key (0 without one). KEY takes only packets with that key, `KEY none` those without one; PROTOCOL (`ip`, `ethernet` or an
//! EtherType) only these; by default everything passes. A checksum is checked if there is one; sequence numbers are not (RFC 2890 §2.2
//! lets a receiver deliver out of order). For the rest it does what `VXLANDecap` does.
//!
//! **Notes:** headers with RFC 1701's source routes, and version 1 (PPTP), count as bad headers.
//!
//! **Handlers:** `not_ours`, `fragment`, `checksum`, `header`, `network`, `congestion` (drops; 0 while output 1 is
//! connected).
//!
//! **Example:** `FromDevice(wan) -> CheckIPHeader(14) -> GREDecap(KEY 7, PROTOCOL ip) -> CheckIPHeader -> Discard;`
//!
//! **See also:** `GREEncap`, `NVGREDecap`, `IPTunnelDecap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{DECAPSULATOR_HANDLERS, Decapsulator, Payload, Refusal};
use crate::wire::gre::{self, Gre};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Which keys are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// All, and none.
    Any,
    /// No key.
    None,
    /// This one.
    Is(u32),
}

/// See the module's documentation.
pub struct GreDecap {
    outer: Decapsulator,
    key: Key,
    payload: Option<Payload>,
}

impl GreDecap {
    /// Takes `payload`, or everything, out of packets with such a key.
    pub const fn new(outer: Decapsulator, key: Key, payload: Option<Payload>) -> Self {
        GreDecap { outer, key, payload }
    }

    #[inline]
    fn take_out(&self, packet: &mut Packet) -> Result<(), Refusal> {
        let opened = self.outer.open(packet)?;
        let header = Gre::read(packet.data().get(opened.at..opened.end).unwrap_or(&[]));
        let header = header.map_err(|error| match error {
            gre::Error::Checksum => Refusal::Checksum,
            _ => Refusal::Header,
        })?;
        let payload = Payload::of(header.protocol_type);
        if self.payload.is_some_and(|wanted| wanted != payload) {
            return Err(Refusal::Header);
        }
        let is_ours = match self.key {
            Key::Any => true,
            Key::None => header.key.is_none(),
            Key::Is(key) => header.key == Some(key),
        };
        if !is_ours {
            return Err(Refusal::Network);
        }
        packet.annotations_mut().aggregate = header.key.unwrap_or(0);
        self.outer.take_out(packet, opened, opened.at + header.length, payload.inner())
    }
}

impl Element for GreDecap {
    const SPEC: Spec = Spec {
        class: "GREDecap",
        category: Category::Tunnel,
        summary: "takes packets out of GRE packets",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "KEY", kind: ArgumentKind::Optional, doc: "a key of 32 bits, none, or ANY, the default" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ip, ethernet or an EtherType; all by default" },
        ],
        handlers: &DECAPSULATOR_HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{GreDecap, Key};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use crate::tunnel::arguments::{decapsulator, payload};
    use crate::wire::gre;

    impl FromArgument for Key {
        const WANTED: &'static str = "a key of 32 bits, none or ANY";

        fn from_argument(text: &str) -> Option<Self> {
            match text {
                "ANY" => Some(Key::Any),
                "none" => Some(Key::None),
                _ => u32::from_argument(text).map(Key::Is),
            }
        }
    }

    impl Configure for GreDecap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let key = arguments.optional("KEY", Key::Any)?;
            let payload = payload(arguments.keyword("PROTOCOL"));
            let outer = decapsulator(around, &[gre::PROTOCOL], false);
            Some(Instance::new("GreDecap", format!("GreDecap::new({outer}, gre_decap::Key::{key:?}, {payload})")))
        }
    }
}

impl Route for GreDecap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let result = self.take_out(packet);
        self.outer.exit(result)
    }
}
