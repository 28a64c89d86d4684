// SPDX-License-Identifier: Apache-2.0
//! # ICMPRewriter
//! `ICMPRewriter(MAPS [, DST_ANNO, REPLY_ANNO])` — rewrites ICMP errors as the packets that they quote.
//!
//! **Ports:** one push input, one or more push outputs.
//!
//! **Expects:** ICMP packets whose network header is marked.
//!
//! **Description:** an ICMP error quotes the packet that it is about; if that was rewritten, the one who sent it would not
//! know it. MAPS are the names of rewriters (`IPRewriter` and its kin, at most eight, with spaces between): the first that has the
//! quoted packet's flow says what that was, and the quote becomes so again, its checksums too, as far as the quote goes. If the
//! error is for whom the quoted packet seems to come from, it goes to who sent it. It leaves by output 0. For a rewriter
//! named `NAME:OFFSET` it leaves by OFFSET plus the output that an answer would have.
//!
//! Other packets are dropped, unless there is a second output and no OFFSET: then they leave by output 1.
//!
//! **Notes:** output 1 is for other packets as Click's documentation has it; Click drops them. Packets that are no ICMP are
//! dropped, as in Click. A quote about flows of `IPAddrRewriter` and `IPAddrPairRewriter` keeps its ports, and the address that
//! those do not rewrite; Click sets them to 0. Of the errors, the quote in them and the address that they go to change, never
//! that which they come from. As in Click, an error's checksum is not checked: `CheckICMPHeader` does.
//!
//! **Handlers:** `unmapped`, `not_icmp` (drops).
//!
//! **Example:** `nat :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> [0]nat[0] -> Discard;
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> c :: IPClassifier(icmp, -);
//! c[0] -> ICMPRewriter(nat) -> Discard; c[1] -> [1]nat[1] -> Discard;`
//!
//! **See also:** `IPRewriter`, `ICMPPingRewriter`.

use crate::flows::{ICMP, Maps, Quote, View, arguments};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Delta;
use crate::{Element, HandlerError, Packet, PacketIo, RouteWith, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IcmpRewriter<const N: usize = 1> {
    /// What is added to an output, by rewriter.
    offsets: [Option<u8>; N],
    outputs: usize,
    sets_destination: bool,
    keeps_annotation: bool,
    unmapped: u64,
    not_icmp: u64,
}

impl<const N: usize> IcmpRewriter<N> {
    /// Asks rewriters with these offsets. DST_ANNO and REPLY_ANNO say which annotations it sets.
    pub const fn new(
        offsets: [Option<u8>; N],
        outputs: usize,
        sets_destination: bool,
        keeps_annotation: bool,
    ) -> Self {
        IcmpRewriter { offsets, outputs, sets_destination, keeps_annotation, unmapped: 0, not_icmp: 0 }
    }

    /// Rewrites an error; the output, if a rewriter knows it.
    fn rewrite<P: Maps>(&self, maps: &P, packet: &mut Packet) -> Option<usize> {
        let mut view = View::new(packet.network_mut())?;
        if !view.is_first() {
            return None;
        }
        let quote = Quote::read(view.message())?;
        let (number, mapped) = maps.mapped(quote.protocol, &quote.answer)?;
        let output = self.offsets.get(number).copied().flatten().map_or(0, |offset| {
            usize::from(offset) + usize::from(mapped.output)
        });
        if output >= self.outputs {
            return None;
        }
        quote.rewrite(view.message(), &mapped.id);
        let destination = (view.destination() == quote.answer.destination).then_some(mapped.id.destination);
        if let Some(destination) = destination {
            view.change_checksum(Delta::NONE.replacing(quote.answer.destination, destination));
            view.set_destination(destination);
        }
        let annotations = packet.annotations_mut();
        if let Some(destination) = destination.filter(|_| self.sets_destination) {
            annotations.set_destination_ipv4(destination.to_be_bytes());
        }
        if let Some(annotation) = mapped.reply_annotation.filter(|_| self.keeps_annotation) {
            annotations.paint = annotation;
        }
        Some(output)
    }
}

impl<const N: usize> Element for IcmpRewriter<N> {
    const SPEC: Spec = Spec {
        class: "ICMPRewriter",
        category: Category::Rewriting,
        summary: "rewrites ICMP errors as the packets that they quote",
        ports: "1/1-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "MAPS", kind: ArgumentKind::Required, doc: "rewriters' names, with spaces between" },
            arguments::DST_ANNO,
            arguments::REPLY_ANNO,
        ],
        handlers: &[
            Handler { name: "unmapped", kind: HandlerKind::Drops, doc: "packets about which no rewriter knows" },
            Handler { name: "not_icmp", kind: HandlerKind::Drops, doc: "packets of another protocol" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "unmapped" => write!(out, "{}", self.unmapped)?,
            "not_icmp" => write!(out, "{}", self.not_icmp)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IcmpRewriter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Peer};
        const CLASSES: &[&str] = &[
            "IPRewriter",
            "TCPRewriter",
            "UDPRewriter",
            "IPAddrRewriter",
            "IPAddrPairRewriter",
            "ICMPPingRewriter",
        ];
        let destination = arguments.keyword("DST_ANNO").unwrap_or(true);
        let reply = crate::flows::reading::reply_annotation(arguments);
        let maps: String = arguments.required("MAPS")?;
        let (mut offsets, mut peers) = (Vec::new(), Vec::new());
        for word in maps.split_ascii_whitespace() {
            let (name, offset) = word.split_once(':').map_or((word, None), |(name, offset)| (name, Some(offset)));
            offsets.push(offset.map(str::parse::<u8>).transpose().ok());
            peers.push(Peer { argument: 0, name: name.into(), classes: CLASSES });
        }
        let offsets: Option<Vec<_>> = offsets.into_iter().collect();
        let Some(offsets) = offsets.filter(|offsets| (1..=8).contains(&offsets.len())) else {
            arguments.error_last(format!("'{maps}'"), "one to eight rewriters' names, each with an output's number: nat:1");
            return None;
        };
        let count = offsets.len();
        let expression =
            format!("IcmpRewriter::<{count}>::new({offsets:?}, {}, {destination}, {reply})", surroundings.outputs);
        Some(Instance::new(format!("IcmpRewriter<{count}>"), expression).with_peers(peers))
    }
}

impl<P: Maps, const N: usize> RouteWith<P> for IcmpRewriter<N> {
    fn route_with<M: PacketIo>(&mut self, _: &mut M, peers: P, _input: usize, packet: &mut Packet) -> Option<usize> {
        if packet.network().get(9) != Some(&ICMP) {
            self.not_icmp += 1;
            return None;
        }
        if let Some(output) = self.rewrite(&peers, packet) {
            return Some(output);
        }
        if self.outputs > 1 && self.offsets == [None; N] {
            return Some(1);
        }
        self.unmapped += 1;
        None
    }
}

#[cfg(test)]
mod tests;
