// SPDX-License-Identifier: Apache-2.0
//! A pattern as it was written.

use crate::conntrack::State;

/// A pattern, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `true`, `any`, `all`, `-`; `false`, `none`.
    Constant(bool),
    /// A test of a header.
    Primitive(Primitive),
    /// `not P`
    Not(Box<Pattern>),
    /// `P and Q and …`
    All(Vec<Pattern>),
    /// `P or Q or …`
    Any(Vec<Pattern>),
    /// `C ? P : Q`
    Choice(Box<[Pattern; 3]>),
}

/// A test of a header: of a protocol (if one is named), and of a value in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primitive {
    /// The IP protocol that the packet must have, whatever the operator.
    pub protocol: Option<Protocol>,
    /// What is compared.
    pub subject: Subject,
    /// The bits of it that count; all if none.
    pub mask: Option<u32>,
    /// How.
    pub operator: Operator,
    /// With what: a value, or the first and last of a range.
    pub value: (u32, u32),
}

impl Primitive {
    /// `ip6`: the IP version is 6.
    pub const IP6: Primitive = Primitive {
        protocol: None,
        subject: Subject::Bits(Bits { transport: false, first: 0, count: 4 }),
        mask: None,
        operator: Operator::Equal,
        value: (6, 6),
    };

    /// `state NAME`
    pub const fn of_state(state: State) -> Primitive {
        let number = state as u32;
        Primitive {
            protocol: None,
            subject: Subject::State,
            mask: None,
            operator: Operator::Equal,
            value: (number, number),
        }
    }
}

/// Protocols that a primitive can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The IP protocol of that number.
    Number(u8),
    /// `tcpudp`: TCP or UDP.
    TcpOrUdp,
    /// `transp`: any that has a transport header.
    Transport,
}

/// What a primitive compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Nothing: the protocol decides.
    Nothing,
    /// An IP address.
    Host(Direction),
    /// An IPv6 address, with the prefix that it has; `mask` and `value` say nothing.
    Host6(Direction, Prefix6),
    /// A TCP or UDP port.
    Port(Direction),
    /// The IP protocol's number.
    Protocol,
    /// The flags that the mask selects, all of which must be set.
    TcpFlags,
    /// More-fragments flag and fragment offset.
    Fragment,
    /// The VLAN identifier of a tagged frame.
    Vlan,
    /// Bits of a header.
    Bits(Bits),
    /// What a connection tracker said about the packet: the number of a [`State`](crate::conntrack::State).
    State,
}

/// An IPv6 prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix6 {
    /// The address, with zeros behind the prefix.
    pub address: u128,
    /// Bits of the prefix, at most 128.
    pub length: u8,
}

/// Bits of a header, within one of its 32-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Whether the header is the transport header.
    pub transport: bool,
    /// Bits of the header in front.
    pub first: u16,
    /// How many bits.
    pub count: u8,
}

impl Bits {
    /// Bytes of the header that must be there.
    pub const fn bytes_needed(self) -> u16 {
        (self.first + self.count as u16).div_ceil(8)
    }
}

/// Source, destination, or a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `src`
    Source,
    /// `dst`
    Destination,
    /// `src or dst`, and the default
    Either,
    /// `src and dst`
    Both,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`, and the default: the value, or within the range
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    /// The operator that holds exactly where this one does not.
    pub const fn opposite(self) -> Self {
        match self {
            Operator::Equal => Operator::NotEqual,
            Operator::NotEqual => Operator::Equal,
            Operator::Less => Operator::GreaterOrEqual,
            Operator::LessOrEqual => Operator::Greater,
            Operator::Greater => Operator::LessOrEqual,
            Operator::GreaterOrEqual => Operator::Less,
        }
    }

    /// Whether it says what must not be. Of two directions, it then says that of the combination, as Click does:
    /// `port < 1024` is `not (src port >= 1024 or dst port >= 1024)`, both ports below.
    pub const fn is_negative(self) -> bool {
        matches!(self, Operator::NotEqual | Operator::Less | Operator::LessOrEqual)
    }
}
