// SPDX-License-Identifier: Apache-2.0
//! # IPClassifier
//! `IPClassifier(PATTERN, …)` — sorts IP packets by what their headers hold.
//!
//! **Ports:** one input, an output per pattern, push.
//!
//! **Expects:** the network and transport header annotations, as `CheckIPHeader` sets them.
//!
//! **Description:** a packet leaves by the output of the first pattern that it matches; one that matches none is dropped.
//! A pattern combines tests by `and`/`&&` (which may be left out), `or`/`||`, `not`/`!`, `C ? P : Q` and parentheses:
//!
//! - `[src | dst | src or dst | src and dst] host ADDRESS`, `… net ADDRESS/LENGTH`, `… net ADDRESS mask MASK`,
//!   `… range ADDRESS-ADDRESS`. Without a direction: `src or dst`.
//! - `[DIRECTION] [tcp | udp] port PORT`, PORT a number, a name or a range `A-B`. Without a protocol: TCP or UDP.
//! - `ip proto PROTOCOL`, or the protocol's name alone: `tcp`, `udp`, `icmp`, …
//! - `ip vers|hl|tos|dscp|ecn|len|id|ttl NUMBER`, `ip ect`, `ip ce`, `ip frag`, `ip unfrag`.
//! - `tcp opt FLAG` (or the flag alone: `syn`), `tcp win NUMBER`, `icmp type NAME` or NUMBER.
//! - `ip[POSITION:LENGTH] NUMBER`, `transp[…]`, `tcp[…]`, `udp[…]`, `icmp[…]`: up to four bytes of a header.
//! - `vlan`, `vlan NUMBER`: the frame has a VLAN tag (with that identifier) in front of the IP header.
//! - `true`, `any`, `all`, `false`, `none`; `-` as a whole pattern.
//!
//! A number may stand behind `==`, `!=`, `<`, `<=`, `>` or `>=`, and behind `& MASK`; or be a range `A-B`. What repeats may be
//! left out: `src port 80 or 443`, `src host 10.0.0.1 or 10.0.0.2`.
//!
//! Tests of the transport header match first fragments only, and only where the packet holds the bytes, whatever the
//! operator: `tcp port != 80` matches TCP packets, `not tcp port 80` others as well.
//!
//! **Notes:** ranges, `vlan`, `ip len`, `ip ecn` and the words `any`, `all` and `none` inside a pattern are not Click's. A
//! leading 0 makes no octal number. Click warns of patterns that no packet can reach; this element does not. A
//! port test needs the first four bytes of the header. `vlan` reads the bytes before the IP header, which `Strip` leaves.
//!
//! **Handlers:** `patterns` (read: how many), `program` (read), `count` (read), `no_match`, `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> c :: IPClassifier(tcp, -) -> Discard; c[1] -> Discard;`
//!
//! **See also:** `IPFilter`, `Classifier`, `CheckIPHeader`.

use crate::filter::{Decide, Diagram, IpWords, NO_MATCH};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpClassifier<D = &'static Diagram> {
    patterns: u32,
    decisions: D,
    count: u64,
    no_match: u64,
    no_header: u64,
}

impl<D: Decide> IpClassifier<D> {
    /// Sorts by `decisions`, which `patterns` patterns became.
    pub const fn new(patterns: u32, decisions: D) -> Self {
        IpClassifier { patterns, decisions, count: 0, no_match: 0, no_header: 0 }
    }

    #[inline]
    fn leaf(&mut self, leaf: u16) -> Option<usize> {
        if leaf == NO_MATCH {
            self.no_match += 1;
            return None;
        }
        Some(leaf.into())
    }

    #[cold]
    fn without_header(&mut self) -> Option<usize> {
        match self.decisions.diagram().constant() {
            Some(leaf) => self.leaf(leaf),
            None => {
                self.no_header += 1;
                None
            }
        }
    }
}

impl<D: Decide> Element for IpClassifier<D> {
    const SPEC: Spec = Spec {
        class: "IPClassifier",
        category: Category::Classification,
        summary: "sorts IP packets by what their headers hold",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument { name: "PATTERN", kind: ArgumentKind::List, doc: "which packets leave by this output" }],
        handlers: &[
            Handler { name: "patterns", kind: HandlerKind::Read, doc: "number of patterns" },
            Handler { name: "program", kind: HandlerKind::Read, doc: "the decisions that the patterns became" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that came in" },
            Handler { name: "no_match", kind: HandlerKind::Drops, doc: "packets that no pattern matched" },
            Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without an IP header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "patterns" => write!(out, "{}", self.patterns)?,
            "program" => write!(out, "{}", self.decisions.diagram())?,
            "count" => write!(out, "{}", self.count)?,
            "no_match" => write!(out, "{}", self.no_match)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpClassifier {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let texts = arguments.one_per_output(surroundings.outputs)?;
        let mut patterns = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            match crate::filter::parse_pattern(&text.value) {
                Ok(pattern) => patterns.push(pattern),
                Err(errors) => arguments.pattern_errors(*index, errors),
            }
        }
        if patterns.len() < texts.len() {
            return None;
        }
        let numbered = patterns.iter().enumerate().map(|(output, pattern)| (pattern, output as u16));
        Some(arguments.compiled(crate::filter::compile_rules(numbered))?.instance("IpClassifier", patterns.len()))
    }
}

impl<D: Decide> Route for IpClassifier<D> {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        self.count += 1;
        match IpWords::new(packet, self.decisions.diagram().transport) {
            Some(words) => {
                let leaf = self.decisions.leaf(&words);
                self.leaf(leaf)
            }
            None => self.without_header(),
        }
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};
    use crate::filter::{compile_rules, parse_pattern};
    use crate::testing::{ListIo, packet};

    #[test]
    fn the_first_matching_pattern_decides() {
        let patterns = ["10.0.0.0/24 and tcp", "src 10.0.0.1"].map(|text| parse_pattern(text).unwrap());
        let tables = compile_rules(patterns.iter().zip(0..)).unwrap();
        let (mut classifier, mut io) = (IpClassifier::new(2, tables.leak()), ListIo::new(0));
        let mut ways = Vec::new();
        for (protocol, host) in [(6, 1), (17, 1), (17, 2)] {
            let mut packet = packet(&[0x45, 0, 0, 20, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, host, 10, 0, 1, 2]);
            packet.annotations_mut().network_offset = packet.headroom() as u16;
            ways.push(classifier.route(&mut io, 0, &mut packet));
        }
        assert_eq!(ways, [Some(0), Some(1), None]);
        assert_eq!((classifier.count, classifier.no_match, classifier.no_header), (3, 1, 0));
    }

    #[test]
    fn needs_one_pattern_per_output() {
        let outputs = Surroundings { name: "", inputs: 1, outputs: 2, ports: &[], hosts: &[], information: &[], stores: &[] };
        assert!(configure::<IpClassifier>(&["tcp", "-"], &outputs).is_ok());
        assert_eq!(configure::<IpClassifier>(&["tcp", "udp", "-"], &outputs).unwrap_err()[0].place, Some((2, 0..1)));
        assert_eq!(configure::<IpClassifier>(&["tcp"], &outputs).unwrap_err()[0].place, None);
    }
}
