// SPDX-License-Identifier: Apache-2.0
//! TCP's handshake and end, as far as the engine must know them to tell what a receiver would accept (RFC 9293 §3.5, §3.10.7).

use super::flow::{Flow, State};
use crate::packet::{Packet, Tcp, flag};

/// What a segment means for its flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// Its payload belongs to the stream, from this sequence number on.
    pub payload_at: Option<u32>,
    /// It ends the flow: both sides have closed, and know it of each other.
    pub closes: bool,
}

/// Whether `one` is at or behind `other`.
#[must_use]
pub fn at_or_after(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() >= 0
}

/// A receiver's window that no scaling exceeds (RFC 7323 §2.3), beyond which a sequence number is foreign to the stream.
const LARGEST_WINDOW: u32 = 1 << 30;

/// Follows one segment, from end `from` of the flow.
pub fn follow(flow: &mut Flow, from: usize, packet: &Packet<'_>, tcp: &Tcp) -> Meaning {
    let length = u32::try_from(packet.payload.len()).unwrap_or(0);
    if tcp.flags & flag::RST != 0 {
        return reset(flow, from, tcp);
    }
    if tcp.flags & flag::SYN != 0 {
        return synchronize(flow, from, packet, tcp);
    }
    if !flow.followed || !flow.streams[from].known || !flow.streams[1 - from].known {
        return Meaning::default();
    }
    if tcp.flags & flag::ACK != 0 {
        acknowledge(flow, from, tcp.acknowledgment);
    }
    if tcp.flags & flag::FIN != 0 {
        let side = &mut flow.streams[from];
        (side.fin, side.fin_at) = (true, tcp.sequence.wrapping_add(length).wrapping_add(1));
        flow.state = State::Closing;
    }
    let side = &flow.streams[from];
    let foreign = !at_or_after(tcp.sequence.wrapping_add(length), side.acked.wrapping_sub(LARGEST_WINDOW));
    let open = flow.state != State::New || flow.fast_open;
    let takes = length > 0 && open && !foreign && side_takes_more(flow, from, tcp.sequence);
    let payload_at = takes.then_some(tcp.sequence);
    if payload_at.is_some() && flow.state == State::Reset {
        flow.state = State::Established;
    }
    Meaning { payload_at, closes: is_over(flow) }
}

/// What lies behind a side's FIN is not its stream's.
fn side_takes_more(flow: &Flow, from: usize, sequence: u32) -> bool {
    let side = &flow.streams[from];
    !side.fin || !at_or_after(sequence, side.fin_at)
}

/// SYN and SYN with ACK. Data of a SYN count only with Fast Open's option (RFC 7413 §4.1): other receivers drop them.
fn synchronize(flow: &mut Flow, from: usize, packet: &Packet<'_>, tcp: &Tcp) -> Meaning {
    let first = tcp.sequence.wrapping_add(1);
    flow.fast_open |= has_option(packet, FAST_OPEN);
    if from == 0 && tcp.flags & flag::ACK == 0 {
        flow.followed = true;
    }
    if !flow.followed || flow.state != State::New {
        return Meaning::default();
    }
    let side = &mut flow.streams[from];
    if side.window == 0 {
        // Of several, the last one counts: the handshake's third segment shows which was meant.
        (side.known, side.next, side.acked) = (true, first, first);
    }
    let client = &mut flow.streams[0];
    if from == 1 && tcp.flags & flag::ACK != 0 && client.window == 0 {
        (client.next, client.acked) = (tcp.acknowledgment, tcp.acknowledgment);
    } else if from == 1 && tcp.flags & flag::ACK != 0 {
        acknowledge(flow, from, tcp.acknowledgment);
    }
    Meaning { payload_at: (!packet.payload.is_empty() && flow.fast_open).then_some(first), closes: false }
}

/// The option of Fast Open (RFC 7413 §4.1.1), and the one for experiments, under which it began (RFC 6994).
const FAST_OPEN: [u8; 2] = [34, 254];

fn has_option(packet: &Packet<'_>, kinds: [u8; 2]) -> bool {
    let mut rest = packet.transport.get(20..).unwrap_or(&[]);
    while let Some((kind, after)) = rest.split_first() {
        if kinds.contains(kind) {
            return true;
        }
        let length = match kind {
            0 => return false,
            1 => 1,
            _ => usize::from(*after.first().unwrap_or(&0)).max(2),
        };
        rest = rest.get(length..).unwrap_or(&[]);
    }
    false
}

/// Notes that end `from` has received the other side's bytes up to `number`; the handshake's last one establishes the flow.
fn acknowledge(flow: &mut Flow, from: usize, number: u32) {
    let both_known = flow.streams[0].known && flow.streams[1].known;
    let other = &mut flow.streams[1 - from];
    if !other.known || !at_or_after(number, other.acked) || number.wrapping_sub(other.acked) > LARGEST_WINDOW {
        return;
    }
    other.acked = number;
    if both_known && from == 0 && flow.state == State::New {
        flow.state = State::Established;
    }
}

/// A reset may be forged, or never arrive (its TTL may be too small): the flow is kept for a while, and goes on if more data comes.
/// Its acknowledgment counts as any other does.
fn reset(flow: &mut Flow, from: usize, tcp: &Tcp) -> Meaning {
    if flow.streams[from].known && tcp.flags & flag::ACK != 0 {
        acknowledge(flow, from, tcp.acknowledgment);
    }
    if flow.state != State::New {
        flow.state = State::Reset;
    }
    Meaning::default()
}

/// Both sides have said FIN, and both FINs are acknowledged.
fn is_over(flow: &Flow) -> bool {
    flow.streams.iter().all(|side| side.fin && at_or_after(side.acked, side.fin_at))
}
