// SPDX-License-Identifier: Apache-2.0
//! Looking ahead: a batch's packets are read first, then the table's lines that they need are asked for together, and then each is told what
//! it is to its connection, in their order.
//!
//! This ends with the first packet that is more than data of a known connection: what follows may depend on what the firewall
//! does with it. Packets of connections that are not known are left out, and so are those behind them of the same: nobody knows
//! these either. Only where a connection gives way to a new one can it make a difference: its packets of the same batch still belong to it.

use super::known::Known;
use super::tcp::{Direction, Judgement};
use super::tracker::State;
use super::view::{Ends, Message, Plain, View};
use crate::flow_table::{FlowKey, FlowTable, Sought};
use crate::{BURST, Batch, Packet};

/// A whole packet of TCP, UDP or a protocol of which only the addresses matter.
#[derive(Clone, Copy)]
pub struct Seen {
    /// Its connection.
    pub key: FlowKey,
    /// Where that is.
    pub sought: Sought,
    /// Whether it goes from the key's lower end to the higher.
    pub upwards: bool,
    /// Of TCP the segment's flags.
    pub flags: Option<u8>,
}

impl Seen {
    /// Nothing.
    pub const NONE: Seen = Seen { key: FlowKey::EMPTY, sought: Sought::NONE, upwards: false, flags: None };

    /// Becomes that of a packet, from its IP header on.
    #[inline(always)]
    pub fn look(&mut self, table: &FlowTable<Known>, packet: &[u8]) {
        match Plain::of(packet) {
            Some(plain) => {
                let Ends { key, upwards } = plain.ends;
                *self = Seen { key, sought: table.seek(&key), upwards, flags: plain.flags() };
            }
            None => self.look_at_any(table, packet),
        }
    }

    #[inline(never)]
    fn look_at_any(&mut self, table: &FlowTable<Known>, packet: &[u8]) {
        *self = match View::of(packet) {
            Some(View { ends: Ends { key, upwards }, message, fragment: None }) => match message {
                Message::Tcp(segment) => Seen { key, sought: table.seek(&key), upwards, flags: Some(segment.flags) },
                Message::Datagram => Seen { key, sought: table.seek(&key), upwards, flags: None },
                _ => Seen::NONE,
            },
            _ => Seen::NONE,
        };
    }

    /// Whether it is anything.
    #[inline(always)]
    pub fn is_some(&self) -> bool {
        self.key != FlowKey::EMPTY
    }

    /// What the packet says.
    #[inline(always)]
    pub fn message<'a>(&self, packet: impl FnOnce() -> &'a [u8]) -> Message {
        if self.flags.is_some() { said(packet()) } else { Message::Datagram }
    }
}

/// What a packet says that was understood once.
#[inline(always)]
fn said(packet: &[u8]) -> Message {
    let any = || View::of(packet).map_or(Message::Datagram, |view| view.message);
    Plain::of(packet).map_or_else(any, |plain| plain.message())
}

/// What the next packets are.
pub struct Sights {
    seen: [Seen; BURST],
    /// None where the packet's turn will tell.
    states: [Option<State>; BURST],
    /// The next packet's; [`BURST`] if there is none.
    next: usize,
}

impl Sights {
    /// Nothing is known.
    pub const NONE: Sights = Sights { seen: [Seen::NONE; BURST], states: [None; BURST], next: BURST };

    /// Looks at the packets of `batch`, which come next. Connections that they belong to go on.
    pub fn look(&mut self, table: &mut FlowTable<Known>, batch: &Batch, now: u32) {
        self.next = BURST - batch.len();
        let (seen, states) = (&mut self.seen[self.next..], &mut self.states[self.next..]);
        for (packet, seen) in batch.iter().zip(&mut *seen) {
            seen.look(table, packet.network());
        }
        table.seek_all(seen, |seen| &mut seen.sought);
        states.fill(None);
        for ((state, seen), packet) in states.iter_mut().zip(seen).zip(batch.iter()) {
            match sight(table, seen, packet, now) {
                Ok(known) => *state = known,
                Err(Stop) => break,
            }
        }
    }

    /// The number of the packet that is here now; [`BURST`] if nobody has looked at it.
    #[inline(always)]
    pub fn next(&mut self) -> usize {
        let at = self.next;
        self.next = (at + 1).min(BURST);
        at
    }

    /// What packet `at` is, if that is known.
    #[inline(always)]
    pub fn known(&self, at: usize) -> Option<State> {
        *self.states.get(at)?
    }

    /// Packet `at`, if it was seen.
    pub fn seen(&self, at: usize) -> Option<&Seen> {
        self.seen.get(at).filter(|seen| seen.is_some())
    }
}

/// What follows may depend on what is done with a packet.
struct Stop;

/// What a packet is, if its connection is known.
#[inline(always)]
fn sight(table: &mut FlowTable<Known>, seen: &Seen, packet: &Packet, now: u32) -> Result<Option<State>, Stop> {
    let Some(place) = table.found(&seen.sought, &seen.key, now) else {
        return if seen.is_some() { Ok(None) } else { Err(Stop) };
    };
    let known = table.memo_mut(place);
    let direction = known.direction(seen.upwards);
    if let Message::Tcp(segment) = seen.message(|| packet.network()) {
        if known.tcp.judge(direction, &segment, false) != Judgement::Fits {
            return Err(Stop);
        }
        known.tcp.note(direction, &segment);
    }
    known.replied |= direction == Direction::Reply;
    let state = if known.replied { State::Established } else { State::New };
    table.touch(place, now);
    Ok(Some(state))
}
