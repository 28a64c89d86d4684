// SPDX-License-Identifier: Apache-2.0
//! Makes a whole test of the words that were written: what was left out comes from the value or from the test before.

use super::ast::{Bits, Direction, Operator, Prefix6, Primitive, Protocol, Subject};
use super::parser::Parser;
use super::primitive::{Context, Draft, ICMP_TYPE, Kind};
use super::value::Value;

const TCP: Protocol = Protocol::Number(6);
const UDP: Protocol = Protocol::Number(17);

impl Parser<'_> {
    /// The primitive that `draft` means; the context for the next.
    pub(super) fn resolve(&mut self, mut draft: Draft) -> Option<Primitive> {
        if draft.operator.is_some() && draft.value.is_none() {
            let span = self.peek().map_or(self.previous_span(), |token| token.span);
            self.error(span, "no value behind the operator", Some("a number, name, address or prefix"));
            return None;
        }
        let Some(kind) = self.inherit(&mut draft) else {
            let named = draft.context.protocol.filter(|_| draft.value.is_none());
            return self.bare_protocol(&draft, named);
        };
        let primitive = self.of_kind(&mut draft, kind)?;
        self.direction_makes_sense(&draft, kind)?;
        let kind = if matches!(kind, Kind::Net | Kind::Range) { Kind::Host } else { kind };
        self.previous = Context { kind: Some(kind), protocol: primitive.protocol, ..draft.context };
        Some(primitive)
    }

    /// The kind that was written, or follows from the value and the test before. None: only a protocol, or nothing.
    fn inherit(&self, draft: &mut Draft) -> Option<Kind> {
        if draft.context.kind.is_some() {
            return draft.context.kind;
        }
        let kind = match draft.value? {
            Value::Address(_) => Kind::Host,
            Value::Net(..) => Kind::Net,
            Value::Prefix6(prefix) if prefix.length == 128 => Kind::Host,
            Value::Prefix6(_) => Kind::Net,
            Value::AddressRange(..) => Kind::Range,
            Value::Port(_) => Kind::Port,
            Value::Protocol(_) => Kind::Protocol,
            Value::TcpFlag(_) => Kind::TcpFlags,
            Value::IcmpType(_) => Kind::Bits(ICMP_TYPE),
            Value::Integer(_) | Value::IntegerRange(..) => self.previous.kind.filter(|kind| takes_integers(*kind))?,
        };
        if matches!(kind, Kind::Host | Kind::Net | Kind::Range | Kind::Port) {
            draft.context.direction = draft.context.direction.or(self.previous.direction);
        }
        if matches!(kind, Kind::Port | Kind::Bits(_)) {
            draft.context.protocol = draft.context.protocol.or(self.previous.protocol);
        }
        Some(kind)
    }

    /// A test that is only the name of a protocol.
    fn bare_protocol(&mut self, draft: &Draft, protocol: Option<Protocol>) -> Option<Primitive> {
        let span = self.span_from(draft.first);
        let Some(protocol) = protocol else {
            if draft.value.is_none() && self.is_at_word() {
                self.unknown_word();
                return None;
            }
            let message = if draft.value.is_some() { "a number of nothing" } else { "only part of a test" };
            self.error(
                span,
                message,
                Some("a header field and its value, as in 'dst port 80', 'ip ttl 64', 'src host 10.0.0.1'"),
            );
            return None;
        };
        if draft.context.direction.is_some() || draft.mask.is_some() {
            self.error(span, "a protocol has no direction and no mask", Some("'tcp', or 'src tcp port 80'"));
            return None;
        }
        self.previous = Context { kind: Some(Kind::Protocol), ..draft.context };
        Some(test(Some(protocol), Subject::Nothing, (0, 0)))
    }

    fn of_kind(&mut self, draft: &mut Draft, kind: Kind) -> Option<Primitive> {
        match kind {
            Kind::Host | Kind::Net | Kind::Range => self.host(draft, kind),
            Kind::Port => self.port(draft),
            Kind::Protocol => self.protocol(draft),
            Kind::TcpFlags => self.tcp_flags(draft),
            Kind::Fragment => self.flagless(draft, Operator::NotEqual),
            Kind::Unfragmented => self.flagless(draft, Operator::Equal),
            Kind::CongestionExperienced => self.alone(draft, test(draft.context.protocol, Subject::Bits(ECN), (3, 3))),
            Kind::EcnCapable if draft.value.is_none() => {
                let any = Primitive { operator: Operator::NotEqual, ..test(None, Subject::Bits(ECN), (0, 0)) };
                self.alone(draft, any)
            }
            Kind::EcnCapable => self.number(draft, Subject::Bits(ECN), 3),
            Kind::Vlan if draft.value.is_none() => {
                let tagged = test(draft.context.protocol, Subject::Vlan, (0, 0xfff));
                self.alone(draft, tagged)
            }
            Kind::Vlan => self.number(draft, Subject::Vlan, 0xfff),
            Kind::Bits(bits) => self.number(draft, Subject::Bits(bits), u32::MAX >> (32 - bits.count)),
        }
    }

    fn host(&mut self, draft: &mut Draft, kind: Kind) -> Option<Primitive> {
        if let Some(Value::Prefix6(prefix)) = draft.value {
            return self.host6(draft, kind, prefix);
        }
        let (wanted, value, mask) = match (kind, draft.value) {
            (Kind::Host, Some(Value::Address(address))) => ("", (address, address), draft.mask),
            (Kind::Host | Kind::Range, Some(Value::AddressRange(first, last))) => ("", (first, last), draft.mask),
            (Kind::Net, Some(Value::Net(address, mask))) => ("", (address, address), Some(draft.mask.unwrap_or(mask))),
            (Kind::Net, _) => ("a prefix, as in 'net 10.0.0.0/8' or 'net 10.0.0.0 mask 255.0.0.0'", (0, 0), None),
            (Kind::Host, _) => ("an address, as in 'host 10.0.0.1' (for a prefix: 'net 10.0.0.0/8')", (0, 0), None),
            _ => ("a range of addresses, as in 'src range 10.0.0.1-10.0.0.9', or 'port 1024-2047'", (0, 0), None),
        };
        if !wanted.is_empty() {
            return self.wrong_value(draft, wanted);
        }
        if !matches!(draft.operator, None | Some(Operator::Equal | Operator::NotEqual)) {
            return self.wrong(
                draft,
                "addresses have no order here",
                "'==' or '!=', or a range: 'src range 10.0.0.1-10.0.0.9'",
            );
        }
        let direction = *draft.context.direction.get_or_insert(Direction::Either);
        let value = mask.map_or(value, |mask| (value.0 & mask, value.1 & mask));
        let subject = Subject::Host(direction);
        self.checked(draft, Primitive { mask, ..test(draft.context.protocol, subject, value) }, u32::MAX)
    }

    /// A test of an IPv6 address.
    fn host6(&mut self, draft: &mut Draft, kind: Kind, prefix: Prefix6) -> Option<Primitive> {
        if kind == Kind::Host && prefix.length < 128 {
            return self.wrong_value(draft, "an address, as in 'host 2001:db8::1' (for a prefix: 'net 2001:db8::/32')");
        }
        let operator = draft.operator.unwrap_or(Operator::Equal);
        if draft.mask.is_some() || kind == Kind::Range || !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return self.wrong(
                draft,
                "IPv6 addresses have prefixes only",
                "'==' or '!=', as in 'src net 2001:db8::/32'",
            );
        }
        let direction = *draft.context.direction.get_or_insert(Direction::Either);
        let subject = Subject::Host6(direction, prefix);
        Some(Primitive { operator, ..test(draft.context.protocol, subject, (0, 0)) })
    }

    fn port(&mut self, draft: &mut Draft) -> Option<Primitive> {
        let protocol = *draft.context.protocol.get_or_insert(Protocol::TcpOrUdp);
        if !matches!(protocol, TCP | UDP | Protocol::TcpOrUdp) {
            return self.wrong(draft, "this protocol has no ports", "'tcp port', 'udp port' or 'port' for both");
        }
        let direction = *draft.context.direction.get_or_insert(Direction::Either);
        self.number(draft, Subject::Port(direction), 0xffff)
    }

    fn protocol(&mut self, draft: &Draft) -> Option<Primitive> {
        let named = draft.context.protocol;
        match (named, draft.value) {
            (Some(protocol), None) => self.bare_protocol(draft, Some(protocol)),
            (None, Some(Value::Protocol(protocol @ (Protocol::TcpOrUdp | Protocol::Transport)))) => {
                self.alone(draft, test(Some(protocol), Subject::Nothing, (0, 0)))
            }
            (None, Some(Value::Protocol(_) | Value::Integer(_) | Value::IntegerRange(..))) => {
                self.number(draft, Subject::Protocol, 0xff)
            }
            (Some(_), Some(_)) => self.wrong(draft, "a second protocol", "one, as in 'ip proto 6'"),
            _ => self.wrong_value(draft, "a protocol's name or number, as in 'ip proto tcp'"),
        }
    }

    fn tcp_flags(&mut self, draft: &mut Draft) -> Option<Primitive> {
        let protocol = *draft.context.protocol.get_or_insert(TCP);
        let flags = match draft.value {
            Some(Value::TcpFlag(flag)) => flag,
            Some(Value::Integer(flags)) if (1..256).contains(&flags) => flags as u8,
            _ => {
                return self
                    .wrong_value(draft, "a TCP flag: fin, syn, rst, psh, ack, urg, ece or cwr, or their number");
            }
        };
        if protocol != TCP || draft.mask.is_some() || !matches!(draft.operator, None | Some(Operator::Equal)) {
            return self.wrong(
                draft,
                "TCP flags take no operator and no mask",
                "'tcp opt syn', 'not tcp opt syn', 'tcp[13] & 0x12 == 2'",
            );
        }
        let flags = u32::from(flags);
        Some(Primitive { mask: Some(flags), ..test(Some(TCP), Subject::TcpFlags, (flags, flags)) })
    }

    /// `frag` and `unfrag`.
    fn flagless(&mut self, draft: &Draft, operator: Operator) -> Option<Primitive> {
        self.alone(draft, Primitive { operator, ..test(draft.context.protocol, Subject::Fragment, (0, 0)) })
    }

    /// A test that takes no value.
    fn alone(&mut self, draft: &Draft, primitive: Primitive) -> Option<Primitive> {
        let extra = draft.operator.is_some() || draft.mask.is_some();
        if extra || (draft.value.is_some() && primitive.subject != Subject::Nothing) {
            return self.wrong(draft, "this test takes no value and no operator", "the test alone, as in 'ip frag'");
        }
        Some(Primitive { protocol: primitive.protocol.or(draft.context.protocol), ..primitive })
    }

    /// A comparison with a number of at most `max`.
    fn number(&mut self, draft: &Draft, subject: Subject, max: u32) -> Option<Primitive> {
        let value = match draft.value {
            Some(Value::Integer(number)) => (number, number),
            Some(Value::IntegerRange(first, last)) => (first, last),
            Some(Value::Port(port)) => (port.into(), port.into()),
            Some(Value::IcmpType(number)) => (number.into(), number.into()),
            Some(Value::Protocol(Protocol::Number(number))) => (number.into(), number.into()),
            _ => return self.wrong_value(draft, &format!("a value from 0 to {max}")),
        };
        self.checked(draft, Primitive { mask: draft.mask, ..test(draft.context.protocol, subject, value) }, max)
    }

    /// Adds the operator; checks that value and mask fit.
    fn checked(&mut self, draft: &Draft, primitive: Primitive, max: u32) -> Option<Primitive> {
        let operator = draft.operator.unwrap_or(Operator::Equal);
        let exact = matches!(operator, Operator::Equal | Operator::NotEqual);
        let (first, last) = primitive.value;
        let range = first != last;
        if range && (!exact || draft.mask.is_some()) {
            return self.wrong_value(draft, "one value; a range goes with '==' or '!=' and without a mask");
        }
        if first > last {
            return self.wrong_value(draft, "a range from the smaller to the greater value");
        }
        if exact && last > max || draft.mask.is_some_and(|mask| mask > max) {
            let what = if draft.mask.is_some() { "a value and a mask" } else { "a value" };
            return self.wrong_value(draft, &format!("{what} from 0 to {max}"));
        }
        if exact && primitive.mask.is_some_and(|mask| first & !mask != 0) {
            return self.wrong_value(draft, "a value without bits outside of the mask: no packet could match");
        }
        Some(Primitive { operator, ..primitive })
    }

    fn direction_makes_sense(&mut self, draft: &Draft, kind: Kind) -> Option<()> {
        let directed = matches!(kind, Kind::Host | Kind::Net | Kind::Range | Kind::Port);
        if draft.context.direction.is_some() && !directed {
            return self.wrong(
                draft,
                "this test has no direction",
                "'src' and 'dst' with 'host', 'net', 'range' or 'port' only",
            );
        }
        Some(())
    }

    /// Reports the whole test.
    fn wrong<T>(&mut self, draft: &Draft, message: &str, wanted: &str) -> Option<T> {
        let span = self.span_from(draft.first);
        self.error(span, message, Some(wanted));
        None
    }

    /// Reports the next word, which stands where the value should.
    fn unknown_value<T>(&mut self, wanted: &str) -> Option<T> {
        let token = self.peek()?;
        self.error(token.span, format!("no such value: '{}'", token.text), Some(wanted));
        None
    }

    /// Reports the value, or that there is none.
    fn wrong_value<T>(&mut self, draft: &Draft, wanted: &str) -> Option<T> {
        let (at, message) = match draft.value {
            Some(_) => (draft.value_at, "this value does not fit the test"),
            None if self.is_at_word() => return self.unknown_value(wanted),
            None => (draft.first, "a test without its value"),
        };
        let span = self.span_from(at);
        self.error(span, message, Some(wanted));
        None
    }
}

/// The two ECN bits, RFC 3168 §5.
const ECN: Bits = Bits { transport: false, first: 14, count: 2 };

fn takes_integers(kind: Kind) -> bool {
    matches!(kind, Kind::Bits(_) | Kind::Protocol | Kind::Port | Kind::Vlan)
}

fn test(protocol: Option<Protocol>, subject: Subject, value: (u32, u32)) -> Primitive {
    Primitive { protocol, subject, mask: None, operator: Operator::Equal, value }
}
