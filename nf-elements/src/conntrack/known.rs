// SPDX-License-Identifier: Apache-2.0
//! What is remembered about a connection, and how long.

use super::tcp::{self, Direction, Segment};
use super::view::Message;
use crate::flow_table::Memo;

/// How long connections are remembered without a packet, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP, until both ends know of each other.
    pub tcp_opening: u32,
    /// TCP in which data may flow: at least two hours and four minutes, RFC 5382 §5.
    pub tcp_established: u32,
    /// TCP of which an end has sent FIN.
    pub tcp_closing: u32,
    /// TCP that is over.
    pub tcp_closed: u32,
    /// UDP that was not answered.
    pub udp: u32,
    /// UDP that was answered: RFC 4787 §4.3.
    pub udp_stream: u32,
    /// ICMP questions: RFC 5508 §3.2.
    pub icmp: u32,
    /// All other protocols.
    pub other: u32,
}

impl Timeouts {
    /// Nothing is remembered beyond a tick.
    pub const NONE: Timeouts = Timeouts {
        tcp_opening: 0,
        tcp_established: 0,
        tcp_closing: 0,
        tcp_closed: 0,
        udp: 0,
        udp_stream: 0,
        icmp: 0,
        other: 0,
    };
}

/// What kind of connection it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Of a protocol of which only addresses are known, and perhaps ports.
    #[default]
    Other,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// A question of ICMP and its answers.
    Icmp,
}

/// A connection. All bytes zero: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Known {
    /// Of TCP.
    pub tcp: tcp::Connection,
    /// Its kind.
    pub kind: Kind,
    /// Whether its first packet went from the key's lower end to the higher.
    pub upwards: bool,
    /// Whether a packet went the other way.
    pub replied: bool,
}

impl Known {
    /// A connection that begins with a packet; `segment`, of TCP, if it is one.
    #[inline(always)]
    pub fn begin(kind: Kind, upwards: bool, segment: Option<&Segment>) -> Known {
        let tcp = segment.map_or(tcp::Connection::NONE, tcp::Connection::begin);
        Known { tcp, kind, upwards, replied: false }
    }

    /// Which way a packet goes.
    #[inline(always)]
    pub fn direction(&self, upwards: bool) -> Direction {
        if self.upwards == upwards { Direction::Original } else { Direction::Reply }
    }

    /// Goes on with a packet that belongs to it; `segment`, of TCP, if it says something.
    #[inline(always)]
    pub fn note(&mut self, direction: Direction, segment: Option<&Segment>) {
        self.replied |= direction == Direction::Reply;
        if let Some(segment) = segment {
            self.tcp.note(direction, segment);
        }
    }

    /// Its state in a word, as people know it.
    pub fn word(&self) -> &'static str {
        match (self.kind, self.tcp.state) {
            (Kind::Tcp, tcp::State::None) => "none",
            (Kind::Tcp, tcp::State::SynSent) => "syn-sent",
            (Kind::Tcp, tcp::State::SynReceived) => "syn-received",
            (Kind::Tcp, tcp::State::Established) => "established",
            (Kind::Tcp, tcp::State::Closing) => "closing",
            (Kind::Tcp, tcp::State::Closed) => "closed",
            _ if self.replied => "replied",
            _ => "unreplied",
        }
    }

    /// Whether one end alone can have made it: by a flood of packets, say.
    #[inline(always)]
    pub fn is_half_open(&self) -> bool {
        match self.kind {
            Kind::Tcp => matches!(self.tcp.state, tcp::State::None | tcp::State::SynSent | tcp::State::SynReceived),
            _ => !self.replied,
        }
    }
}

impl Memo for Known {
    const NONE: Known = Known { tcp: tcp::Connection::NONE, kind: Kind::Other, upwards: false, replied: false };
    type Timeouts = Timeouts;

    #[inline(always)]
    fn is_over(&self, quiet: u32, timeouts: &Timeouts) -> bool {
        let timeout = match (self.kind, self.tcp.state) {
            (Kind::Tcp, tcp::State::Established) => timeouts.tcp_established,
            (Kind::Tcp, tcp::State::Closing) => timeouts.tcp_closing,
            (Kind::Tcp, tcp::State::Closed) => timeouts.tcp_closed,
            (Kind::Tcp, _) => timeouts.tcp_opening,
            (Kind::Udp, _) if self.replied => timeouts.udp_stream,
            (Kind::Udp, _) => timeouts.udp,
            (Kind::Icmp, _) => timeouts.icmp,
            (Kind::Other, _) => timeouts.other,
        };
        quiet > timeout
    }

    #[inline(always)]
    fn yields(&self) -> bool {
        self.is_half_open() || self.kind == Kind::Tcp && self.tcp.state == tcp::State::Closed
    }

    #[inline(always)]
    fn word(&self) -> u32 {
        self.replied.into()
    }
}

/// The kind of connection that such a packet belongs to.
pub(super) fn kind(message: &Message, protocol: u8) -> Kind {
    const UDP: [u8; 2] = [17, 136];
    match message {
        Message::Tcp(_) => Kind::Tcp,
        Message::Datagram if UDP.contains(&protocol) => Kind::Udp,
        Message::Query | Message::Answer => Kind::Icmp,
        _ => Kind::Other,
    }
}
