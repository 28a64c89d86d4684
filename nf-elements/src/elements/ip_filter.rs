// SPDX-License-Identifier: Apache-2.0
//! # IPFilter
//! `IPFilter(ACTION PATTERN, …)` — filters IP packets by rules.
//!
//! **Ports:** one input, any number of outputs, push.
//!
//! **Expects:** the network and transport header annotations, as `CheckIPHeader` sets them.
//!
//! **Description:** each rule is an action and a pattern; the first rule whose pattern matches decides. ACTION is `allow`
//! (output 0), `deny` or `drop`, or the number of an output. A packet that no rule matches is dropped. A rule without a
//! pattern matches every packet. `IPClassifier` describes patterns.
//!
//! The rules are compiled at build time into a decision diagram over header fields, and that into code, or if it is large
//! into tables: a packet costs a few comparisons or binary searches however many rules there are.
//!
//! **Notes:** a packet without a whole IP header, which Click must not be given, is dropped, unless the first rule
//! matches every packet. Click sends `deny` to output 1 in old versions; here it always drops.
//!
//! **Handlers:** `rules` (read: how many), `program` (read: the decisions, a node a line), `count` (read), `denied`,
//! `no_match`, `no_header` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> IPFilter(allow tcp && dst port 80, deny all) -> Discard;`
//!
//! **See also:** `IPClassifier`, `Classifier`, `CheckIPHeader`.

use crate::filter::{DENIED, Decide, Diagram, IpWords, NO_MATCH};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct IpFilter<D = &'static Diagram> {
    rules: u32,
    decisions: D,
    count: u64,
    denied: u64,
    no_match: u64,
    no_header: u64,
}

impl<D: Decide> IpFilter<D> {
    /// Filters by `decisions`, which `rules` rules became.
    pub const fn new(rules: u32, decisions: D) -> Self {
        IpFilter { rules, decisions, count: 0, denied: 0, no_match: 0, no_header: 0 }
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

    #[inline]
    fn leaf(&mut self, leaf: u16) -> Option<usize> {
        match leaf {
            DENIED => self.denied += 1,
            NO_MATCH => self.no_match += 1,
            output => return Some(output.into()),
        }
        None
    }
}

impl<D: Decide> Element for IpFilter<D> {
    const SPEC: Spec = Spec {
        class: "IPFilter",
        category: Category::Classification,
        summary: "filters IP packets by rules",
        ports: "1/-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument {
            name: "RULE",
            kind: ArgumentKind::List,
            doc: "'allow', 'deny', 'drop' or an output's number, then a pattern",
        }],
        handlers: &[
            Handler { name: "rules", kind: HandlerKind::Read, doc: "number of rules" },
            Handler { name: "program", kind: HandlerKind::Read, doc: "the decisions that the rules became" },
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets that came in" },
            Handler { name: "denied", kind: HandlerKind::Drops, doc: "packets that a rule denied" },
            Handler { name: "no_match", kind: HandlerKind::Drops, doc: "packets that no rule matched" },
            Handler { name: "no_header", kind: HandlerKind::Drops, doc: "packets without an IP header" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "rules" => write!(out, "{}", self.rules)?,
            "program" => write!(out, "{}", self.decisions.diagram())?,
            "count" => write!(out, "{}", self.count)?,
            "denied" => write!(out, "{}", self.denied)?,
            "no_match" => write!(out, "{}", self.no_match)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpFilter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let texts = arguments.rest();
        let mut rules = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            match crate::filter::parse_rule(&text.value, surroundings.outputs) {
                Ok(rule) => rules.push(rule),
                Err(errors) => arguments.pattern_errors(*index, errors),
            }
        }
        if texts.is_empty() {
            arguments.error("no rule", Some("IPFilter(ACTION PATTERN, …), as in IPFilter(allow tcp, deny all)".into()));
        }
        if rules.len() < texts.len().max(1) {
            return None;
        }
        let tables = crate::filter::compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf())));
        Some(arguments.compiled(tables)?.instance("IpFilter", rules.len()))
    }
}

impl<D: Decide> Route for IpFilter<D> {
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
    use crate::filter::{compile_rules, parse_rule};
    use crate::testing::{ListIo, packet};

    const OUTPUTS: Surroundings = 
        Surroundings { name: "", inputs: 1, outputs: 2, ports: &[], hosts: &[], information: &[], stores: &[] };

    fn filter(rules: &[&str]) -> IpFilter {
        let rules: Vec<_> = rules.iter().map(|text| parse_rule(text, 2).unwrap()).collect();
        let tables = compile_rules(rules.iter().map(|rule| (&rule.pattern, rule.action.leaf()))).unwrap();
        IpFilter::new(rules.len() as u32, tables.leak())
    }

    /// A bare IP packet of that protocol.
    fn datagram(protocol: u8) -> Packet {
        let mut packet = packet(&[0x45, 0, 0, 20, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.annotations_mut().network_offset = packet.headroom() as u16;
        packet
    }

    fn read(filter: &IpFilter, name: &str) -> String {
        let mut value = String::new();
        filter.read_handler(name, &mut value).unwrap();
        value
    }

    #[test]
    fn each_packet_leaves_or_counts_once() {
        let (mut filter, mut io) = (filter(&["allow tcp", "1 udp", "deny icmp"]), ListIo::new(0));
        let ways = [6, 17, 1, 47].map(|protocol| filter.route(&mut io, 0, &mut datagram(protocol)));
        assert_eq!(ways, [Some(0), Some(1), None, None]);
        assert_eq!(filter.route(&mut io, 0, &mut packet(&[0x45; 40])), None);
        let counts = ["rules", "count", "denied", "no_match", "no_header"].map(|name| read(&filter, name));
        assert_eq!(counts, ["3", "5", "1", "1", "1"]);
        assert!(read(&filter, "program").contains("[denied]"));
    }

    #[test]
    fn a_rule_for_every_packet_needs_no_header() {
        let mut filter = filter(&["1 all", "allow tcp"]);
        assert_eq!(filter.route(&mut ListIo::new(0), 0, &mut packet(&[1, 2, 3])), Some(1));
        assert_eq!(read(&filter, "program"), "start [1]\n");
    }

    #[test]
    fn errors_have_their_places() {
        let errors = configure::<IpFilter>(&["allow tcp", "2 udp", "deny dst port x"], &OUTPUTS).unwrap_err();
        let places: Vec<_> = errors.into_iter().map(|error| error.place.unwrap()).collect();
        assert_eq!(places, [(1, 0..1), (2, 14..15)]);
        assert!(configure::<IpFilter>(&[], &OUTPUTS).unwrap_err()[0].wanted.is_some());
    }

    #[test]
    fn few_rules_become_code_and_the_others_tables() {
        let instance = configure::<IpFilter>(&["allow tcp", "deny all"], &OUTPUTS).unwrap();
        assert_eq!([instance.rust_type, instance.expression], ["IpFilter<{name}>", "IpFilter::new(2, {name})"]);
        let code = "\
        let near = words.near();
        let value = near[4];
        if (0x600..0x700).contains(&value) {
            return 0;
        }
        return 32767;
";
        assert!(instance.items.contains(code), "{}", instance.items);
        let instance = configure::<IpFilter>(&["deny all"], &OUTPUTS).unwrap();
        let wanted = "IpFilter::new(1, &nf_elements::filter::Diagram { root: 65535, transport: false, \
                      nodes: &[], wide: &[], narrow: &[], far: &[] })";
        assert_eq!([instance.rust_type, instance.expression, instance.items], ["IpFilter", wanted, ""]);
    }
}
