// SPDX-License-Identifier: Apache-2.0
//! What a pattern says, as a formula over header fields.
//!
//! That a header is there at all is part of the formula, so each field can be asked for first and reads as 0 where the
//! packet ends before it.

use super::Field;
use super::ast::{Bits, Direction, Operator, Pattern, Prefix6, Primitive, Protocol, Subject};
use super::field::{DESTINATION, DESTINATION_PORT, FLAGS, Far, PROTOCOL, SOURCE, SOURCE_PORT, STATE};
use super::formula::{FALSE, Formulas, Id, TRUE};
use super::interval::Intervals;

/// Bytes of the IPv4 header that are there whenever any header is.
const FIXED_BYTES: u16 = 20;

impl Formulas {
    /// The formula of `pattern`.
    pub fn pattern(&mut self, pattern: &Pattern) -> Id {
        match pattern {
            Pattern::Constant(value) => Id::from(*value),
            Pattern::Primitive(primitive) => self.primitive(primitive),
            Pattern::Not(inner) => {
                let inner = self.pattern(inner);
                self.not(inner)
            }
            Pattern::All(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.pattern(part)).collect();
                self.all(&parts)
            }
            Pattern::Any(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.pattern(part)).collect();
                self.any(&parts)
            }
            Pattern::Choice(parts) => {
                let [condition, yes, no] = parts.each_ref().map(|part| self.pattern(part));
                let contrary = self.not(condition);
                let branches = [self.all(&[condition, yes]), self.all(&[contrary, no])];
                self.any(&branches)
            }
        }
    }

    fn primitive(&mut self, primitive: &Primitive) -> Id {
        let word = |word| Field::new(word, 0, 32);
        match primitive.subject {
            Subject::Nothing => self.header(primitive.protocol, 0),
            Subject::Host(direction) => {
                let header = self.header(primitive.protocol, 0);
                let compared = self.directed(primitive, direction, word(SOURCE), word(DESTINATION));
                self.all(&[header, compared])
            }
            Subject::Host6(direction, prefix) => self.host6(primitive, direction, prefix),
            Subject::State => self.compare(primitive, primitive.operator, Field::new(STATE, 29, 3)),
            Subject::Port(direction) => {
                let header = self.header(primitive.protocol, 4);
                let ports = (Field::new(SOURCE_PORT, 16, 16), Field::new(DESTINATION_PORT, 16, 16));
                let compared = self.directed(primitive, direction, ports.0, ports.1);
                self.all(&[header, compared])
            }
            Subject::Protocol => self.protocol_number(primitive),
            Subject::TcpFlags => self.guarded(primitive, 14, Field::new(FLAGS, 8, 8)),
            Subject::Fragment => {
                let word = self.far_word(Far::Network(4));
                self.guarded(primitive, 0, Field::new(word, 18, 14))
            }
            Subject::Vlan => self.vlan(primitive),
            Subject::Bits(bits) => self.bits(primitive, bits),
        }
    }

    /// "It is IPv6, and these addresses have that prefix."
    fn host6(&mut self, primitive: &Primitive, direction: Direction, prefix: Prefix6) -> Id {
        /// Where the addresses are in the header, RFC 8200 §3.
        const SOURCE_AT: u16 = 8;
        const DESTINATION_AT: u16 = 24;
        let header = self.header(primitive.protocol, 0);
        let version = Field::new(self.far_word(Far::Network(0)), 0, 4);
        let version = self.test(version, Intervals::range(6, 6));
        let combined = match direction {
            Direction::Source => self.prefix6(SOURCE_AT, prefix),
            Direction::Destination => self.prefix6(DESTINATION_AT, prefix),
            Direction::Either | Direction::Both => {
                let parts = [SOURCE_AT, DESTINATION_AT].map(|at| self.prefix6(at, prefix));
                if direction == Direction::Both { self.all(&parts) } else { self.any(&parts) }
            }
        };
        let compared = if primitive.operator.is_negative() { self.not(combined) } else { combined };
        self.all(&[header, version, compared])
    }

    /// "The address at byte `at` of the header has that prefix."
    fn prefix6(&mut self, at: u16, prefix: Prefix6) -> Id {
        let mut words = Vec::new();
        for (index, left) in (0..u16::from(prefix.length)).step_by(32).enumerate() {
            let width = (u16::from(prefix.length) - left).min(32) as u8;
            let word = self.far_word(Far::Network(at + 4 * index as u16));
            let value = (prefix.address >> (96 - left)) as u32 >> (32 - width);
            words.push(self.test(Field::new(word, 0, width), Intervals::range(value, value)));
        }
        self.all(&words)
    }

    /// The comparison, where the protocol is the primitive's and `bytes` of transport header are there.
    fn guarded(&mut self, primitive: &Primitive, bytes: u8, field: Field) -> Id {
        let header = self.header(primitive.protocol, bytes);
        let compared = self.compare(primitive, primitive.operator, field);
        self.all(&[header, compared])
    }

    /// The protocol is `protocol`, and the packet has at least `bytes` of its header.
    fn header(&mut self, protocol: Option<Protocol>, bytes: u8) -> Id {
        let of = |number: u8| (u32::from(number) << 8 | u32::from(bytes), u32::from(number) << 8 | 0xff);
        let protocols = match protocol {
            Some(Protocol::Number(number)) => Intervals::union(vec![of(number)]),
            Some(Protocol::TcpOrUdp) => Intervals::union(vec![of(6), of(17)]),
            Some(Protocol::Transport) | None => {
                return self.test(Field::new(PROTOCOL, 24, 8), Intervals::range(bytes.into(), 0xff));
            }
        };
        self.test(Field::new(PROTOCOL, 16, 16), protocols)
    }

    fn protocol_number(&mut self, primitive: &Primitive) -> Id {
        if primitive.mask.is_some() {
            let word = self.far_word(Far::Network(8));
            return self.compare(primitive, primitive.operator, Field::new(word, 8, 8));
        }
        // The field that ports ask for, too: the number in its upper eight bits.
        let set = value_set(primitive.operator, primitive.value, 0xff);
        let pieces = set.pieces(0xff);
        let ends = pieces.iter().skip(1).map(|piece| piece.0 - 1).chain([0xff]);
        let inside = pieces.iter().zip(ends).filter(|(piece, _)| piece.1);
        let set = Intervals::union(inside.map(|(piece, last)| (piece.0 << 8, last << 8 | 0xff)).collect());
        self.test(Field::new(PROTOCOL, 16, 16), set)
    }

    fn bits(&mut self, primitive: &Primitive, bits: Bits) -> Id {
        let (transport_bytes, network_bytes) = match bits.transport {
            true => (bits.bytes_needed() as u8, 0),
            false => (0, bits.bytes_needed()),
        };
        let field = self.field(bits);
        let compared = self.guarded(primitive, transport_bytes, field);
        if network_bytes <= FIXED_BYTES {
            return compared;
        }
        let length = Field::new(self.far_word(Far::NetworkLength), 0, 32);
        let there = self.test(length, Intervals::range(network_bytes.into(), u32::MAX));
        self.all(&[there, compared])
    }

    /// Where those bits are among a packet's words.
    fn field(&mut self, bits: Bits) -> Field {
        let (offset, left) = (bits.first / 32 * 4, (bits.first % 32) as u8);
        let (word, left) = match (bits.transport, offset) {
            (false, 12) => (SOURCE, left),
            (false, 16) => (DESTINATION, left),
            (false, _) => (self.far_word(Far::Network(offset)), left),
            (true, 0) if left + bits.count <= 16 => (SOURCE_PORT, left + 16),
            (true, 0) if left >= 16 => (DESTINATION_PORT, left),
            (true, 12) => (FLAGS, left),
            (true, _) => (self.far_word(Far::Transport(offset)), left),
        };
        Field::new(word, left, bits.count)
    }

    fn vlan(&mut self, primitive: &Primitive) -> Id {
        let word = self.far_word(Far::Vlan);
        let header = self.header(primitive.protocol, 0);
        let tpids = Intervals::union(vec![(0x8100, 0x8100), (0x88a8, 0x88a8)]);
        let tagged = self.test(Field::new(word, 0, 16), tpids);
        let compared = self.compare(primitive, primitive.operator, Field::new(word, 20, 12));
        self.all(&[header, tagged, compared])
    }

    fn directed(&mut self, primitive: &Primitive, direction: Direction, source: Field, destination: Field) -> Id {
        let operator = primitive.operator;
        if operator.is_negative() && matches!(direction, Direction::Either | Direction::Both) {
            let contrary = Primitive { operator: operator.opposite(), ..*primitive };
            let combined = self.directed(&contrary, direction, source, destination);
            return self.not(combined);
        }
        match direction {
            Direction::Source => self.compare(primitive, operator, source),
            Direction::Destination => self.compare(primitive, operator, destination),
            Direction::Either | Direction::Both => {
                let parts = [source, destination].map(|field| self.compare(primitive, operator, field));
                if direction == Direction::Both { self.all(&parts) } else { self.any(&parts) }
            }
        }
    }

    /// "`field`, under the primitive's mask, compares so with its value."
    fn compare(&mut self, primitive: &Primitive, operator: Operator, field: Field) -> Id {
        match primitive.mask {
            Some(mask) if mask != field.max() => self.compare_masked(field, mask, operator, primitive.value.0),
            _ => self.test(field, value_set(operator, primitive.value, field.max())),
        }
    }

    fn compare_masked(&mut self, field: Field, mask: u32, operator: Operator, value: u32) -> Id {
        let positive = match (operator, value) {
            (Operator::Equal | Operator::NotEqual, _) => self.masked_equal(field, mask, value),
            (Operator::Greater | Operator::LessOrEqual, _) => self.masked_greater(field, mask, value),
            (Operator::GreaterOrEqual | Operator::Less, 0) => TRUE,
            (Operator::GreaterOrEqual | Operator::Less, _) => self.masked_greater(field, mask, value - 1),
        };
        if operator.is_negative() { self.not(positive) } else { positive }
    }

    /// "The bits of `field` under `mask` have that value."
    pub(super) fn masked_equal(&mut self, field: Field, mask: u32, value: u32) -> Id {
        let parts: Vec<_> =
            runs(field, mask).map(|run| self.run_in(field, run, run.value(value), run.value(value))).collect();
        self.all(&parts)
    }

    /// `field & mask > value`, run by run from the top: greater here, or equal here and greater below.
    fn masked_greater(&mut self, field: Field, mask: u32, value: u32) -> Id {
        let runs: Vec<Run> = runs(field, mask).collect();
        let mut greater = FALSE;
        let mut below = 0u32;
        for run in runs.iter().rev() {
            // Bits of the value in the gap between this run and the next below: there the masked field has zeros.
            let gap = run.below() & !below & !mask;
            let rest = if value & gap != 0 { FALSE } else { greater };
            let wanted = run.value(value);
            let above = self.run_in(field, *run, wanted.saturating_add(1), run.max());
            let above = if wanted == run.max() { FALSE } else { above };
            let equal = self.run_in(field, *run, wanted, wanted);
            let equal_rest = self.all(&[equal, rest]);
            greater = self.any(&[above, equal_rest]);
            below = run.below() | run.max() << run.shift;
        }
        let over = !below & value != 0;
        if over { FALSE } else { greater }
    }

    /// "This run of bits has a value from `first` to `last`." A run at the top is an interval of the whole field.
    fn run_in(&mut self, field: Field, run: Run, first: u32, last: u32) -> Id {
        if run.shift + run.width == u32::from(field.width()) {
            let set = Intervals::range(first << run.shift, last << run.shift | run.below());
            return self.test(field, set);
        }
        let left = u32::from(field.width()) - run.width - run.shift;
        self.test(field.part(left as u8, run.width as u8), Intervals::range(first, last))
    }
}

/// A run of ones in a mask: its width, and the bits below it.
#[derive(Clone, Copy)]
struct Run {
    shift: u32,
    width: u32,
}

impl Run {
    fn max(self) -> u32 {
        u32::MAX >> (32 - self.width)
    }

    fn value(self, value: u32) -> u32 {
        value >> self.shift & self.max()
    }

    /// The bits below it.
    fn below(self) -> u32 {
        (1 << self.shift) - 1
    }
}

/// The runs of ones in `mask`, from the top.
fn runs(field: Field, mask: u32) -> impl Iterator<Item = Run> {
    let mut rest = mask & field.max();
    std::iter::from_fn(move || {
        let top = 32 - rest.leading_zeros();
        let width = (rest << (32 - top.max(1))).leading_ones();
        let shift = top.checked_sub(width).filter(|_| rest != 0)?;
        rest &= !(u32::MAX.unbounded_shl(shift));
        Some(Run { shift, width })
    })
}

/// The values from 0 to `max` that compare so with `value`.
fn value_set(operator: Operator, value: (u32, u32), max: u32) -> Intervals {
    let positive = match operator {
        Operator::Equal | Operator::NotEqual => Intervals::range(value.0, value.1),
        Operator::Greater | Operator::LessOrEqual if value.0 >= max => Intervals::default(),
        Operator::Greater | Operator::LessOrEqual => Intervals::range(value.0 + 1, max),
        Operator::GreaterOrEqual | Operator::Less => Intervals::range(value.0, max),
    };
    if operator.is_negative() { positive.complement(max) } else { positive }
}
