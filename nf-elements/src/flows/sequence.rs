// SPDX-License-Identifier: Apache-2.0
//! Sequence numbers of connections whose data became longer or shorter on the way.

use super::{Flow, FlowId, Rewriter, View};
use crate::elements::tcp_rewriter::Tcp;
use crate::wire::checksum::adjust;
use crate::wire::tcp::field;

/// Connections whose sequence numbers change, at a time.
const CONNECTIONS: usize = 32;
/// Places in each direction of a connection where the difference changed; of more, the oldest is forgotten.
const PLACES: usize = 8;
/// How far behind a place lies that no packet is in front of any more.
const FAR: u32 = 1 << 30;
/// The only options that many segments have: two of padding and a timestamp (RFC 7323, appendix A).
const TIMESTAMP: [u8; 4] = [1, 1, 8, 10];

impl<const N: usize> Rewriter<Tcp, N> {
    /// From `number` on, the data of the connection `id` is `difference` bytes later. False if that cannot be kept.
    pub fn change_sequence(&mut self, id: &FlowId, number: u32, difference: i32) -> bool {
        let Some(entry) = self.table.find(0, id) else { return false };
        let mut flow = *self.table.flow(entry.flow());
        let lives = |id: &FlowId, extra: u8| {
            let entry = self.table.find(0, id);
            entry.is_some_and(|entry| self.table.flow(entry.flow()).extra == extra)
        };
        let sequences = &mut self.kind.sequences;
        let changed = sequences.change(&mut flow, entry.direction(), number, difference, lives);
        self.table.flow_mut(entry.flow()).extra = flow.extra;
        changed
    }
}

/// One direction: how much later its data is, and from where on.
#[derive(Clone, Copy)]
struct Direction {
    /// In front of all places.
    before: i32,
    /// From that sequence number on, so much.
    places: [(u32, i32); PLACES],
    count: usize,
}

impl Direction {
    const NONE: Direction = Direction { before: 0, places: [(0, 0); PLACES], count: 0 };

    fn places(&self) -> &[(u32, i32)] {
        self.places.get(..self.count).unwrap_or(&[])
    }

    /// Whether all is as it was.
    fn is_plain(&self) -> bool {
        self.count == 0 && self.before == 0
    }

    /// How much later the data is now.
    fn now(&self) -> i32 {
        self.places().last().map_or(self.before, |(_, later)| *later)
    }

    /// The rewritten sequence number of `number`.
    fn sent(&self, number: u32) -> u32 {
        let place = self.places().iter().rev().find(|(from, _)| is_at_least(number, *from));
        number.wrapping_add_signed(place.map_or(self.before, |(_, later)| *later))
    }

    /// The sequence number that became `number`.
    fn acknowledged(&self, number: u32) -> u32 {
        let original = |later: i32| number.wrapping_sub(later.cast_unsigned());
        let place = self.places().iter().rev().find(|(from, later)| is_at_least(original(*later), *from));
        original(place.map_or(self.before, |(_, later)| *later))
    }

    /// Forgets the places that no packet is in front of, now that `number` is sent.
    fn forget(&mut self, number: u32) {
        while let Some((from, later)) = self.places().first().copied()
            && (self.count == PLACES || is_at_least(number, from.wrapping_add(FAR)))
        {
            self.before = later;
            self.places.rotate_left(1);
            self.count -= 1;
        }
    }

    /// From `number` on data is `difference` later still. A place that is known already changes.
    fn change(&mut self, number: u32, difference: i32) -> bool {
        if let Some((from, _)) = self.places().last().copied() {
            if from == number {
                self.count -= 1;
            } else if !is_at_least(number, from) {
                return false;
            }
        }
        self.forget(number);
        let later = self.now().wrapping_add(difference);
        if let Some(place) = self.places.get_mut(self.count) {
            *place = (number, later);
            self.count += 1;
        }
        true
    }
}

/// The connections of a rewriter whose sequence numbers change.
pub struct Sequences([Option<(FlowId, [Direction; 2])>; CONNECTIONS]);

impl Sequences {
    /// None.
    pub const NONE: Sequences = Sequences([None; CONNECTIONS]);

    fn of(&self, flow: &Flow) -> Option<&[Direction; 2]> {
        let place = self.0.get(usize::from(flow.extra).checked_sub(1)?)?;
        place.as_ref().filter(|(id, _)| *id == flow.ids[0]).map(|(_, directions)| directions)
    }

    /// How much later the data in `direction` is now.
    pub fn later(&self, flow: &Flow, direction: usize) -> i32 {
        self.of(flow).map_or(0, |directions| directions[direction & 1].now())
    }

    /// From `number` on, data of `flow` in `direction` is `difference` bytes later. `lives` says of a flow's name whether it
    /// still has its place here. False if there is no place.
    pub fn change(
        &mut self,
        flow: &mut Flow,
        direction: usize,
        number: u32,
        difference: i32,
        lives: impl Fn(&FlowId, u8) -> bool,
    ) -> bool {
        if self.of(flow).is_none() {
            let free = |(at, place): (usize, &Option<(FlowId, _)>)| {
                let at = at as u8 + 1;
                place.as_ref().is_none_or(|(id, _)| !lives(id, at)).then_some(at)
            };
            let Some(at) = self.0.iter().enumerate().find_map(free) else { return false };
            self.0[usize::from(at) - 1] = Some((flow.ids[0], [Direction::NONE; 2]));
            flow.extra = at;
        }
        let place = self.0.get_mut(usize::from(flow.extra) - 1).and_then(Option::as_mut);
        place.is_some_and(|(_, directions)| directions[direction & 1].change(number, difference))
    }

    /// Changes the numbers of a segment, its checksum with them.
    #[cold]
    pub fn rewrite(&mut self, flow: &Flow, direction: usize, view: &mut View<'_>) {
        let Some((header, _)) = view.tcp() else { return };
        let Some(bytes) = view.transport.get_mut(..header).filter(|bytes| bytes.len() >= 20) else { return };
        if self.of(flow).is_none() {
            return;
        }
        let place = self.0.get_mut(usize::from(flow.extra).wrapping_sub(1)).and_then(Option::as_mut);
        let Some((_, directions)) = place else { return };
        let (own, other) = (direction & 1, (direction & 1) ^ 1);
        let number = read(bytes, field::SEQUENCE_NUMBER.start);
        if directions[own].places().last().is_some_and(|(from, _)| is_at_least(number, from.wrapping_add(FAR))) {
            directions[own] = Direction { before: directions[own].now(), ..Direction::NONE };
        }
        if !directions[own].is_plain() {
            change(bytes, field::SEQUENCE_NUMBER.start, |number| directions[own].sent(number));
        }
        if !directions[other].is_plain() {
            change(bytes, field::ACKNOWLEDGMENT_NUMBER.start, |number| directions[other].acknowledged(number));
            if bytes.get(20..24) != Some(&TIMESTAMP) || bytes.len() > 32 {
                change_blocks(bytes, &directions[other]);
            }
        }
    }
}

/// Changes the blocks of the option SACK, RFC 2018.
fn change_blocks(header: &mut [u8], direction: &Direction) {
    let mut at = 20;
    while let Some(kind) = header.get(at) {
        let length = match (*kind, header.get(at + 1)) {
            (0, _) => return,
            (1, _) => 1,
            (_, Some(length @ 2..)) if at + usize::from(*length) <= header.len() => usize::from(*length),
            _ => return,
        };
        if *kind == 5 {
            for edge in (at + 2..at + length).step_by(4).filter(|edge| edge + 4 <= at + length) {
                change(header, edge, |number| direction.acknowledged(number));
            }
        }
        at += length;
    }
}

fn read(header: &[u8], at: usize) -> u32 {
    header.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Changes a number of a TCP header, its checksum with it.
fn change(header: &mut [u8], at: usize, new: impl Fn(u32) -> u32) {
    let old = read(header, at);
    let new = new(old);
    let Some(bytes) = header.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) else { return };
    *bytes = new.to_be_bytes();
    // At an odd offset the bytes of each half lie the other way round in the sum.
    let swap = |number: u32| if at.is_multiple_of(2) { number } else { number.rotate_left(8) };
    let Some(sum) = header.get_mut(field::CHECKSUM) else { return };
    let checksum = adjust(u16::from_be_bytes([sum[0], sum[1]]), swap(old), swap(new));
    sum.copy_from_slice(&checksum.to_be_bytes());
}

/// Whether a sequence number is not before another, RFC 9293 §3.4.
fn is_at_least(number: u32, other: u32) -> bool {
    number.wrapping_sub(other).cast_signed() >= 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        let mut direction = Direction::NONE;
        assert!(direction.change(30, -12) && direction.change(65, -12) && !direction.change(64, 1));
        let there = [(0, 0), (29, 29), (30, 18), (36, 24), (64, 52), (65, 41), (71, 47)];
        for (number, sent) in there {
            assert_eq!(direction.sent(number), sent);
        }
        for (sent, number) in [(0, 0), (18, 30), (24, 36), (41, 65), (45, 69), (47, 71)] {
            assert_eq!(direction.acknowledged(sent), number);
        }
        assert!(direction.change(65, 3), "the same command once more, otherwise answered");
        assert_eq!(direction.sent(65), 65 - 12 + 3);
    }

    #[test]
    fn places_are_bounded() {
        let mut direction = Direction::NONE;
        for place in 1..100 {
            assert!(direction.change(place * 10, 1));
        }
        assert_eq!((direction.count, direction.now(), direction.sent(990)), (PLACES, 99, 1089));
        assert_eq!(direction.sent(0), 91, "the oldest are forgotten");
        assert!(direction.change(FAR + 2000, 1));
        assert_eq!((direction.count, direction.before), (1, 99));
    }

    #[test]
    fn odd_offsets_keep_the_checksum() {
        use crate::wire::checksum::Sum;
        let mut header: Vec<u8> = (0..32u8).map(|byte| byte.wrapping_mul(37)).collect();
        header[12] = 0x80;
        header[20..32].copy_from_slice(&[1, 5, 10, 0, 0, 1, 0, 0, 0, 1, 99, 1]);
        header[16..18].fill(0);
        let checksum = Sum::new().with(&header).checksum();
        header[16..18].copy_from_slice(&checksum.to_be_bytes());
        let mut direction = Direction::NONE;
        direction.change(1, -70_000);
        change_blocks(&mut header, &direction);
        assert!(Sum::new().with(&header).is_intact());
        assert_ne!(header[23..27], [0, 0, 1, 0]);
        for cut in 0..header.len() {
            change_blocks(&mut header.clone()[..cut], &direction);
        }
    }
}
