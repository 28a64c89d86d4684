// SPDX-License-Identifier: Apache-2.0
//! What a VNIRouter says of itself.

use super::VniRouter;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// What happened to packets.
pub struct Counts {
    pub forwarded: u64,
    pub asked: u64,
    pub answered: u64,
    pub not_ours: u64,
    pub bad_header: u64,
    pub to_us: u64,
    pub expired: u64,
    pub no_route: u64,
    pub no_host: u64,
    pub no_headroom: u64,
    pub no_room: u64,
    pub no_buffer: u64,
}

impl Counts {
    pub const fn new() -> Self {
        Counts {
            forwarded: 0,
            asked: 0,
            answered: 0,
            not_ours: 0,
            bad_header: 0,
            to_us: 0,
            expired: 0,
            no_route: 0,
            no_host: 0,
            no_headroom: 0,
            no_room: 0,
            no_buffer: 0,
        }
    }
}

const fn read(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Read, doc }
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

impl Element for VniRouter {
    const SPEC: Spec = Spec {
        class: "VNIRouter",
        category: Category::Tunnel,
        summary: "routes between the networks of a VTEP and to the outside",
        ports: "2/2",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "VTEP", kind: ArgumentKind::Required, doc: "the VTEP, whose tables it uses" },
            Argument { name: "MAC", kind: ArgumentKind::Required, doc: "its Ethernet address in all networks" },
            Argument {
                name: "INTERFACE",
                kind: ArgumentKind::List,
                doc: "VNI ADDRESS/LENGTH [TABLE], or VNI transit [TABLE]",
            },
            Argument { name: "OUTSIDE", kind: ArgumentKind::Keyword, doc: "the table of port 1; main by default" },
        ],
        handlers: &[
            read("forwarded", "packets routed"),
            read("asked", "questions for neighbours"),
            read("answered", "questions and pings answered"),
            drops("not_ours", "frames and packets that are not for a router"),
            drops("bad_header", "packets with a bad IP header"),
            drops("to_us", "packets to the router itself that are no pings"),
            drops("expired", "packets whose TTL or hop limit ended"),
            drops("no_route", "packets without a route"),
            drops("no_host", "packets to hosts that do not answer"),
            drops("no_headroom", "packets without room in front"),
            drops("no_room", "packets for which there was no room"),
            drops("no_buffer", "questions without a free buffer"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let counts = &self.counts;
        let value = match name {
            "forwarded" => counts.forwarded,
            "asked" => counts.asked,
            "answered" => counts.answered,
            "not_ours" => counts.not_ours,
            "bad_header" => counts.bad_header,
            "to_us" => counts.to_us,
            "expired" => counts.expired,
            "no_route" => counts.no_route,
            "no_host" => counts.no_host,
            "no_headroom" => counts.no_headroom,
            "no_room" => counts.no_room,
            "no_buffer" => counts.no_buffer,
            _ => return Err(HandlerError::Unknown),
        };
        Ok(write!(out, "{value}")?)
    }

    fn deadline_ns(&self) -> Option<u64> {
        if self.started { self.waiting.due_ns() } else { Some(0) }
    }
}
