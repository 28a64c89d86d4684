// SPDX-License-Identifier: Apache-2.0
//! Reads one test: qualifiers, a mask, an operator, a value. Most of it may be left out; see [`super::resolve`].

use super::ast::{Bits, Direction, Operator, Pattern, Protocol};
use super::names;
use super::parser::Parser;
use super::value::{Value, integer};

/// What a test is about, as its words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Host,
    Net,
    Port,
    Protocol,
    TcpFlags,
    Fragment,
    Unfragmented,
    EcnCapable,
    CongestionExperienced,
    Vlan,
    /// `range` alone: of addresses.
    Range,
    Bits(Bits),
}

/// What the test before said, for tests that leave it out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    pub kind: Option<Kind>,
    pub direction: Option<Direction>,
    pub protocol: Option<Protocol>,
}

/// A test as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub context: Context,
    pub negated: bool,
    pub mask: Option<u32>,
    pub operator: Option<Operator>,
    pub value: Option<Value>,
    /// Number of its first token, and of its value's first.
    pub first: usize,
    pub value_at: usize,
}

const ICMP: Protocol = Protocol::Number(1);
const TCP: Protocol = Protocol::Number(6);
/// The ICMP type, RFC 792.
pub(super) const ICMP_TYPE: Bits = Bits { transport: true, first: 0, count: 8 };

const fn ip_bits(first: u16, count: u8) -> Kind {
    Kind::Bits(Bits { transport: false, first, count })
}

/// What a word says a test is about, and the protocol that this implies.
fn kind(word: &str) -> Option<(Kind, Option<Protocol>)> {
    let kind = match word {
        "host" => Kind::Host,
        "net" => Kind::Net,
        "port" => Kind::Port,
        "proto" => Kind::Protocol,
        "opt" => Kind::TcpFlags,
        "frag" => Kind::Fragment,
        "unfrag" => Kind::Unfragmented,
        "ect" => Kind::EcnCapable,
        "ce" => Kind::CongestionExperienced,
        "vlan" => Kind::Vlan,
        "range" => Kind::Range,
        "vers" => ip_bits(0, 4),
        "hl" => ip_bits(4, 4),
        "tos" => ip_bits(8, 8),
        "dscp" => ip_bits(8, 6),
        "ecn" => ip_bits(14, 2),
        "len" => ip_bits(16, 16),
        "id" => ip_bits(32, 16),
        "ttl" => ip_bits(64, 8),
        "type" => return Some((Kind::Bits(ICMP_TYPE), Some(ICMP))),
        "win" => return Some((Kind::Bits(Bits { transport: true, first: 112, count: 16 }), Some(TCP))),
        _ => return None,
    };
    Some((kind, None))
}

impl Parser<'_> {
    /// Reads a test.
    pub(super) fn primitive(&mut self) -> Option<Pattern> {
        let errors = self.errors.len();
        let mut draft = Draft { first: self.at, ..Draft::default() };
        while self.qualifier(&mut draft) {}
        if self.at > draft.first {
            self.previous = Context::default();
            if self.word() == "[" && draft.context.kind.is_none() {
                draft.context.kind = self.brackets(draft.context.protocol.is_some());
            }
        }
        self.mask(&mut draft);
        draft.operator = self.operator();
        draft.value_at = self.at;
        if self.errors.len() == errors {
            draft.value = self.value(&draft);
        }
        if self.at == draft.first && self.errors.len() == errors {
            self.unknown_word();
        }
        if self.errors.len() > errors {
            return None;
        }
        let negated = draft.negated;
        let pattern = Pattern::Primitive(self.resolve(draft)?);
        Some(if negated { Pattern::Not(Box::new(pattern)) } else { pattern })
    }

    /// Reports the next word and takes it.
    pub(super) fn unknown_word(&mut self) {
        let Some(token) = self.peek() else { return };
        let wanted =
            "a test such as 'src host 10.0.0.1', 'dst net 10.0.0.0/8', 'tcp port 80', 'icmp type echo', 'ip ttl < 2'";
        self.error(token.span, format!("no such test: '{}'", token.text), Some(wanted));
        self.at += 1;
    }

    /// Takes a qualifier, if the next word is one.
    fn qualifier(&mut self, draft: &mut Draft) -> bool {
        let (word, first) = (self.word(), self.at);
        self.at += 1;
        if let Some((kind, protocol)) = kind(word) {
            self.set_kind(draft, kind);
            if let Some(protocol) = protocol {
                self.set_protocol(draft, protocol);
            }
        } else if let Some(protocol) = names::protocol(word) {
            self.set_protocol(draft, protocol);
        } else if let Some(direction) = self.direction(word) {
            if draft.context.direction.replace(direction).is_some() {
                let span = self.span_from(first);
                self.error(span, "a second direction in one test", Some("one of them, or 'src or dst', 'src and dst'"));
            }
        } else if matches!(word, "not" | "!") {
            draft.negated = !draft.negated;
        } else if word != "ip" {
            self.at = first;
            return false;
        }
        true
    }

    fn set_kind(&mut self, draft: &mut Draft, kind: Kind) {
        let context = &mut draft.context;
        match context.kind {
            // `port range 1-9`, `host range …`, `ip ttl range …`: the value says it.
            Some(_) if kind == Kind::Range => {}
            Some(_) => {
                let span = self.previous_span();
                self.error(
                    span,
                    "a second header field in one test",
                    Some("a value for the first, or 'and' between two tests"),
                );
            }
            None => context.kind = Some(kind),
        }
    }

    fn set_protocol(&mut self, draft: &mut Draft, protocol: Protocol) {
        let before = draft.context.protocol.replace(protocol);
        if before.is_some_and(|before| before != protocol) {
            let span = self.previous_span();
            self.error(
                span,
                "a second transport protocol in one test",
                Some("one protocol, or 'or' between two tests"),
            );
        }
    }

    /// The direction that begins with `word`, which was taken.
    fn direction(&mut self, word: &str) -> Option<Direction> {
        let direction = match (word, self.word(), self.word_after(1)) {
            ("src", "and" | "&&", "dst" | "dest") => Direction::Both,
            ("src", "or" | "||", "dst" | "dest") => Direction::Either,
            ("src", ..) => return Some(Direction::Source),
            ("dst" | "dest", ..) => return Some(Direction::Destination),
            _ => return None,
        };
        self.at += 2;
        Some(direction)
    }

    /// Reads `[POS]`, `[POS:LEN]` or `[POS,LAST]`.
    fn brackets(&mut self, transport: bool) -> Option<Kind> {
        let first = self.at;
        let mut text = String::new();
        while !self.word().is_empty() && self.word() != "]" {
            text += self.word();
            self.at += 1;
        }
        let closed = self.accept(&["]"]);
        let span = self.span_from(first);
        let place = byte_range(text.trim_start_matches('[')).filter(|_| closed);
        let Some((position, length)) = place else {
            self.error(span, "no field of a header", Some("[POSITION] or [POSITION:LENGTH] in bytes"));
            return None;
        };
        let limit = if transport { 252 } else { 8192 };
        if length == 0 || length > 4 || position / 4 != (position + length - 1) / 4 || position + length > limit {
            let message = format!("{length} bytes at position {position}");
            let wanted = format!("1 to 4 bytes within one aligned group of four, below byte {limit}");
            self.error(span, message, Some(&wanted));
            return None;
        }
        Some(Kind::Bits(Bits { transport, first: 8 * position as u16, count: 8 * length as u8 }))
    }

    fn mask(&mut self, draft: &mut Draft) {
        if !self.accept(&["&"]) {
            return;
        }
        let word = self.word();
        draft.mask = integer(word).or_else(|| super::value::address(word)).filter(|&mask| mask != 0);
        let span = self.peek().map_or(self.previous_span(), |token| token.span);
        match draft.mask {
            Some(_) => self.at += 1,
            None => {
                self.error(span, "no bit mask behind '&'", Some("a number that is not 0, as in 'tcp[13] & 0x12 == 2'"))
            }
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        let operator = match self.word() {
            "=" | "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(operator)
    }
}

/// Position and length in bytes: `POS`, `POS:LEN` or `POS,LAST`.
fn byte_range(text: &str) -> Option<(u32, u32)> {
    let small = |text: &str| integer(text).filter(|&value| value < 1 << 16);
    if let Some((position, length)) = text.split_once(':') {
        Some((small(position)?, small(length)?))
    } else if let Some((position, last)) = text.split_once(',') {
        Some((small(position)?, (small(last)? + 1).checked_sub(small(position)?)?))
    } else {
        Some((small(text)?, 1))
    }
}
