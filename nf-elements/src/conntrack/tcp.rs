// SPDX-License-Identifier: Apache-2.0
//! A TCP connection as somebody between its ends sees it: states after RFC 9293 §3.3.2, and the windows that segments lie in as G. van Rooij,
//! "Real Stateful TCP Packet Filtering in IP Filter" (2000), derives them from what both ends said.

use crate::wire::tcp::{Tcp, flag};

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The one whose packet was the first.
    Original,
    /// The other one.
    Reply,
}

impl Direction {
    /// The other direction.
    #[inline(always)]
    pub fn back(self) -> Direction {
        if self == Direction::Original { Direction::Reply } else { Direction::Original }
    }
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing was seen.
    #[default]
    None,
    /// SYN, of one end or of both.
    SynSent,
    /// SYN and its acknowledgment, which is itself not acknowledged.
    SynReceived,
    /// Both ends know of each other.
    Established,
    /// One end has sent FIN, or both have.
    Closing,
    /// Both ends' FINs are acknowledged, or one has sent RST.
    Closed,
}

/// What a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Sequence number of its first byte.
    pub sequence: u32,
    /// The byte that its sender wants next, if ACK is set.
    pub acknowledgment: u32,
    /// The flags of RFC 9293 §3.1.
    pub flags: u8,
    /// The window, not scaled.
    pub window: u16,
    /// Bytes of data.
    pub length: u16,
    /// The shift that a SYN offers (RFC 7323 §2).
    pub scale: Option<u8>,
}

impl Segment {
    /// That of a header with `length` bytes of it and its data.
    #[inline]
    pub fn of(tcp: &Tcp<'_>, length: usize) -> Segment {
        let flags = tcp.flags();
        Segment {
            sequence: tcp.sequence_number(),
            acknowledgment: tcp.acknowledgment_number(),
            flags,
            window: tcp.window(),
            length: length.saturating_sub(tcp.header_length()) as u16,
            scale: if flags & flag::SYN == 0 { None } else { window_scale(tcp.options()) },
        }
    }

    #[inline(always)]
    fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    /// The sequence number behind it; SYN and FIN count as a byte each.
    #[inline(always)]
    pub fn end(&self) -> u32 {
        let flags = u32::from(self.has(flag::SYN)) + u32::from(self.has(flag::FIN));
        self.sequence.wrapping_add(self.length.into()).wrapping_add(flags)
    }
}

/// The window scale option, RFC 7323 §2.2: at most 14.
fn window_scale(mut options: &[u8]) -> Option<u8> {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const WINDOW_SCALE: u8 = 3;
    const MOST: u8 = 14;
    while let [kind, rest @ ..] = options {
        options = match *kind {
            END => return None,
            NO_OPERATION => rest,
            kind => {
                let length = usize::from(*rest.first()?);
                if kind == WINDOW_SCALE && length == 3 {
                    return options.get(2).map(|scale| (*scale).min(MOST));
                }
                options.get(length.max(2)..)?
            }
        };
    }
    None
}

/// What one end has said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
struct End {
    /// Behind the last byte that it sent.
    next: u32,
    /// Behind the last byte that it may send: what the other end's window allows.
    limit: u32,
    /// The largest window that it has offered, in bytes.
    window: u32,
    /// The highest byte that it has asked for.
    wants: u32,
    /// Its windows are to be shifted by so much.
    scale: u8,
    marks: u8,
}

/// Marks of an end: something of it was seen.
const SEEN: u8 = 1;
/// Its SYN offered to scale windows.
const SCALES: u8 = 2;
/// It has sent FIN.
const FINISHED: u8 = 4;
/// The other end has acknowledged that.
const RELEASED: u8 = 8;

/// A connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Connection {
    ends: [End; 2],
    /// How far it is.
    pub state: State,
}

/// What a segment is to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It begins one: whatever was known is over.
    Begins,
    /// It belongs to it, and the connection goes on with it.
    Fits,
    /// It may pass, for its receiver to answer, but says nothing that can be believed: RFC 5961 §3 and §4.
    Harmless,
    /// It does not belong to it.
    Invalid,
}

/// Less than half the numbers lie behind: a ≤ b as sequence numbers, RFC 9293 §3.4.
#[inline(always)]
fn reaches(a: u32, b: u32) -> bool {
    b.wrapping_sub(a) as i32 >= 0
}

/// Whether these flags can be together at all.
#[inline(always)]
fn makes_sense(flags: u8) -> bool {
    let kind = flags & (flag::SYN | flag::FIN | flag::RST);
    matches!(kind, flag::SYN | flag::RST) || flags & flag::ACK != 0 && matches!(kind, 0 | flag::FIN)
}

/// Whether a segment with these flags begins a connection of which nothing was seen; with `loose` it may do so in the middle.
#[inline(always)]
pub fn begins(flags: u8, loose: bool) -> bool {
    let is_first = flags & (flag::SYN | flag::ACK) == flag::SYN;
    makes_sense(flags) && (is_first || loose && flags & (flag::SYN | flag::RST) == 0)
}

impl Connection {
    /// Of which nothing was seen: all bytes zero.
    pub const NONE: Connection = Connection {
        ends: [End { next: 0, limit: 0, window: 0, wants: 0, scale: 0, marks: 0 }; 2],
        state: State::None,
    };

    /// That which `segment`, of the original direction, begins.
    #[inline(always)]
    pub fn begin(segment: &Segment) -> Connection {
        let mut connection = Connection::NONE;
        connection.open(Direction::Original, segment);
        connection.advance(Direction::Original, segment);
        connection
    }

    #[inline(always)]
    fn end(&self, direction: Direction) -> &End {
        &self.ends[direction as usize]
    }

    /// What `segment`, sent by `from`, is to this connection. With `loose` it may begin in the middle.
    #[inline]
    pub fn judge(&self, from: Direction, segment: &Segment, loose: bool) -> Judgement {
        if !makes_sense(segment.flags) {
            return Judgement::Invalid;
        }
        if segment.has(flag::SYN) {
            return self.judge_syn(from, segment);
        }
        match self.state {
            State::None if begins(segment.flags, loose) => Judgement::Begins,
            State::None => Judgement::Invalid,
            State::SynSent => self.judge_refusal(from, segment),
            _ if !self.is_within(from, segment) => Judgement::Invalid,
            State::SynReceived if segment.has(flag::ACK) && !segment.has(flag::RST) => {
                self.judge_handshake(from, segment)
            }
            _ if segment.has(flag::RST) => self.judge_reset(from, segment),
            _ => Judgement::Fits,
        }
    }

    /// SYN, and SYN with ACK.
    fn judge_syn(&self, from: Direction, segment: &Segment) -> Judgement {
        let (sender, other) = (self.end(from), self.end(from.back()));
        if segment.has(flag::ACK) {
            let answers = other.marks & SEEN != 0 && segment.acknowledgment == other.next;
            return match self.state {
                State::SynSent if answers => Judgement::Fits,
                State::SynReceived | State::Established if reaches(segment.end(), sender.next) => Judgement::Harmless,
                _ => Judgement::Invalid,
            };
        }
        match self.state {
            State::None | State::Closed => Judgement::Begins,
            // Both opened at once: RFC 9293 §3.5, figure 7.
            State::SynSent if sender.marks & SEEN == 0 => Judgement::Fits,
            // Sent again, or a new attempt of the same end.
            State::SynSent if segment.end() == sender.next => Judgement::Harmless,
            State::SynSent => Judgement::Begins,
            // A challenge is the answer: RFC 5961 §4.2.
            _ => Judgement::Harmless,
        }
    }

    /// What can follow a SYN that was not answered: that it is refused, or given up.
    fn judge_refusal(&self, from: Direction, segment: &Segment) -> Judgement {
        let (sender, other) = (self.end(from), self.end(from.back()));
        let refuses = segment.has(flag::ACK) && other.marks & SEEN != 0 && segment.acknowledgment == other.next;
        let gives_up = sender.marks & SEEN != 0 && segment.sequence == sender.next;
        match segment.has(flag::RST) && (refuses || gives_up) {
            true => Judgement::Fits,
            false => Judgement::Invalid,
        }
    }

    /// Whoever acknowledges the other end's SYN has seen it.
    fn judge_handshake(&self, from: Direction, segment: &Segment) -> Judgement {
        // Of the end that answered nothing can be acknowledged less than its SYN.
        let acknowledges = !reaches(segment.acknowledgment, self.end(from).wants);
        match from == Direction::Reply || acknowledges {
            true => Judgement::Fits,
            false => Judgement::Invalid,
        }
    }

    /// RST ends a connection only where the receiver will believe it; elsewhere the receiver asks back.
    fn judge_reset(&self, from: Direction, segment: &Segment) -> Judgement {
        let (sender, other) = (self.end(from), self.end(from.back()));
        match segment.sequence == sender.next || segment.sequence == other.wants {
            true => Judgement::Fits,
            false => Judgement::Harmless,
        }
    }

    /// Whether data and acknowledgment lie where they can: the four conditions of van Rooij §3.
    #[inline(always)]
    fn is_within(&self, from: Direction, segment: &Segment) -> bool {
        /// The least that an acknowledgment may lie behind, as if the window had been that large.
        const LEAST_BEHIND: u32 = 66_000;
        let (sender, other) = (self.end(from), self.end(from.back()));
        let (sender_known, other_known) = (sender.marks & SEEN != 0, other.marks & SEEN != 0);
        let data = !sender_known
            || reaches(segment.sequence, sender.limit)
                && (!other_known || reaches(sender.next.wrapping_sub(other.window), segment.end()));
        let acknowledgment = !segment.has(flag::ACK)
            || !other_known
            || reaches(segment.acknowledgment, other.next)
                && reaches(other.next.wrapping_sub(sender.window.max(LEAST_BEHIND)), segment.acknowledgment);
        data && acknowledgment
    }

    /// Goes on with `segment`, which [`Connection::judge`] found to begin it or to fit.
    #[inline]
    pub fn note(&mut self, from: Direction, segment: &Segment) {
        if segment.has(flag::SYN) || self.end(from).marks & SEEN == 0 {
            self.open(from, segment);
        } else {
            self.go_on(from, segment);
        }
        self.advance(from, segment);
    }

    /// The first segment of an end.
    #[inline]
    fn open(&mut self, from: Direction, segment: &Segment) {
        let is_syn = segment.has(flag::SYN);
        let window = u32::from(segment.window).max(1);
        let next = segment.end();
        let other = self.end(from.back());
        // Of an end that was not seen: as much as it can offer in a SYN.
        let allowed = if other.marks & SEEN != 0 { other.window } else { u16::MAX.into() };
        let end = End {
            next,
            limit: next.wrapping_add(allowed),
            window,
            wants: segment.acknowledgment,
            // Of a connection that was met in the middle nothing is known: the most that can be.
            scale: if is_syn { segment.scale.unwrap_or(0) } else { 14 },
            marks: SEEN | if segment.scale.is_some() { SCALES } else { 0 },
        };
        self.ends[from as usize] = end;
        let other = &mut self.ends[from.back() as usize];
        if other.marks & SEEN == 0 {
            return;
        }
        if segment.has(flag::ACK) {
            other.limit = segment.acknowledgment.wrapping_add(window);
        }
        if is_syn {
            // So that an acknowledgment of this SYN is seen to be new.
            other.wants = segment.sequence;
            if end.marks & other.marks & SCALES == 0 {
                self.ends.iter_mut().for_each(|end| end.scale = 0);
            }
        }
    }

    /// A segment of which only the beginning was seen goes on to `end`.
    pub fn extend(&mut self, from: Direction, end: u32) {
        let sender = &mut self.ends[from as usize];
        if !reaches(end, sender.next) && reaches(end, sender.limit) {
            sender.next = end;
        }
    }

    /// A further segment of an end.
    #[inline(always)]
    fn go_on(&mut self, from: Direction, segment: &Segment) {
        let sender = &mut self.ends[from as usize];
        if !reaches(segment.end(), sender.next) {
            sender.next = segment.end();
        }
        if !segment.has(flag::ACK) {
            return;
        }
        let window = u32::from(segment.window) << sender.scale;
        sender.window = sender.window.max(window);
        if !reaches(segment.acknowledgment, sender.wants) {
            sender.wants = segment.acknowledgment;
        }
        let limit = segment.acknowledgment.wrapping_add(window);
        let other = &mut self.ends[from.back() as usize];
        if !reaches(limit, other.limit) {
            other.limit = limit;
        }
    }

    /// How far the connection is after `segment`.
    #[inline(always)]
    fn advance(&mut self, from: Direction, segment: &Segment) {
        if segment.flags & (flag::SYN | flag::FIN | flag::RST) == 0 && self.state == State::Established {
            return;
        }
        self.state = match self.state {
            _ if segment.has(flag::RST) => State::Closed,
            State::None if segment.has(flag::SYN) => State::SynSent,
            State::None => State::Established,
            State::SynSent if segment.has(flag::ACK) => State::SynReceived,
            State::SynReceived if segment.has(flag::ACK) && !segment.has(flag::SYN) => State::Established,
            state => state,
        };
        if matches!(self.state, State::Established | State::Closing | State::SynReceived) {
            self.close(from, segment);
        }
    }

    /// Notes FINs and their acknowledgments.
    #[inline]
    fn close(&mut self, from: Direction, segment: &Segment) {
        if segment.has(flag::FIN) {
            self.ends[from as usize].marks |= FINISHED;
            self.state = State::Closing;
        }
        let other = &mut self.ends[from.back() as usize];
        if other.marks & FINISHED != 0 && segment.has(flag::ACK) && segment.acknowledgment == other.next {
            other.marks |= RELEASED;
        }
        if self.ends.iter().all(|end| end.marks & RELEASED != 0) {
            self.state = State::Closed;
        }
    }

    /// Whether `sequence`, which an ICMP error quotes of a segment of `from`, can be in flight: RFC 5927 §4.1.
    pub fn is_in_flight(&self, from: Direction, sequence: u32) -> bool {
        let (sender, other) = (self.end(from), self.end(from.back()));
        sender.marks & SEEN != 0
            && reaches(sequence, sender.next)
            && (other.marks & SEEN == 0 || reaches(other.wants.wrapping_sub(1), sequence))
    }
}

#[cfg(test)]
mod tests;
