// SPDX-License-Identifier: Apache-2.0
//! The decision diagram as an image holds it, and the walk through it.

use crate::HandlerError;
use crate::filter::Field;
use crate::filter::field::NEAR;
use crate::filter::tree::Word;
use core::fmt;

/// The leaf of packets that a rule denies.
pub const DENIED: u16 = 0x7fff;
/// The leaf of packets that no rule matches.
pub const NO_MATCH: u16 = 0x7ffe;
/// The bit that tells a leaf from a node.
pub(crate) const LEAF: u16 = 0x8000;

/// The words of a packet that a diagram asks for.
pub trait Words {
    /// Those that are always at hand.
    fn near(&self) -> &[u32; NEAR];

    /// The word at `place`, one of [`Diagram::far`]; 0 where the packet ends before it.
    fn far(&self, place: u16) -> u32;
}

/// How a filter finds the leaf of a packet: code that was made of its diagram, or a walk through that.
pub trait Decide {
    /// The diagram.
    fn diagram(&self) -> &'static Diagram;

    /// The leaf that a packet's words lead to.
    fn leaf<W: Words>(&self, words: &W) -> u16;

    /// The leaf of an IPv6 packet, whose diagram is `baked` unless this has its own.
    #[inline]
    fn leaf6<W: Words>(&self, baked: &'static Diagram, words: &W) -> u16 {
        baked.walk(words)
    }

    /// How many rules there are, of which `baked` are in the image.
    fn rules(&self, baked: u32) -> u32 {
        baked
    }

    /// Keeps other rules in `memory`.
    fn lend(&mut self, _: &'static mut [Word]) {}

    /// Takes a part of other rules.
    fn replace(&mut self, _: &str) -> Result<(), HandlerError> {
        Err(HandlerError::BadValue)
    }

    /// Tells of that, a line each: how much room there is, and how far it is.
    fn describe(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str("room 0\n")
    }
}

impl Decide for &'static Diagram {
    #[inline]
    fn diagram(&self) -> &'static Diagram {
        self
    }

    #[inline]
    fn leaf<W: Words>(&self, words: &W) -> u16 {
        self.walk(words)
    }
}

/// In which of the intervals that sorted `bounds`, the first values of all but the first, cut the numbers `value` lies.
#[inline(always)]
pub fn interval<const N: usize>(bounds: &[u32; N], value: u32) -> usize {
    bounds.partition_point(|&bound| bound <= value)
}

/// The bit of a node's head that says that its bounds are in `narrow`.
pub(crate) const NARROW: u32 = 1 << 15;
/// The bits of a node's head that hold `left` and `right`, by which the word is shifted; all 0 if the word is the field.
pub(crate) const SHIFTS: u32 = 0x3ff << 16;

/// Static tables of integers. A node asks for one field and finds its value's interval among sorted bounds; the interval
/// has a target: another node, of a smaller number, or with the top bit a leaf.
#[derive(Debug)]
pub struct Diagram {
    /// Where the walk begins: a target.
    pub root: u16,
    /// Whether a field of the transport header (or its presence) is asked for.
    pub transport: bool,
    /// Per node: `word << 26 | left << 21 | right << 16 | narrow << 15 | bounds`, first bound, first target.
    pub nodes: &'static [[u32; 3]],
    /// Bounds of fields wider than 16 bits: the first value of each interval but the first.
    pub wide: &'static [u32],
    /// Bounds of other fields, and all targets.
    pub narrow: &'static [u16],
    /// Where the words lie that are not always at hand.
    pub far: &'static [u16],
}

impl Diagram {
    /// The leaf for all packets, if no header decides.
    #[inline]
    pub fn constant(&self) -> Option<u16> {
        (self.root & LEAF != 0).then_some(self.root & !LEAF)
    }

    /// The leaf that a packet's words lead to.
    #[inline]
    pub fn walk<W: Words>(&self, words: &W) -> u16 {
        let near = words.near();
        let mut target = self.root;
        while target & LEAF == 0 {
            let [head, bounds, targets] = self.nodes[usize::from(target)];
            let word = (head >> 26) as usize;
            let mut value = near.get(word).copied().unwrap_or_else(|| self.far(words, word - NEAR));
            if head & SHIFTS != 0 {
                value = value << (head >> 21 & 31) >> (head >> 16 & 31);
            }
            let (bounds, count) = (bounds as usize, (head & (NARROW - 1)) as usize);
            let interval = if head & NARROW == 0 {
                self.wide[bounds..bounds + count].partition_point(|&bound| bound <= value)
            } else {
                self.narrow[bounds..bounds + count].partition_point(|&bound| u32::from(bound) <= value)
            };
            target = self.narrow[targets as usize + interval];
        }
        target & !LEAF
    }

    // By itself, lest every walk through near words has the code for the others in it.
    #[inline(never)]
    fn far<W: Words>(&self, words: &W, index: usize) -> u32 {
        words.far(self.far[index])
    }

    /// Bytes of the tables.
    pub const fn bytes(&self) -> usize {
        size_of_val(self.nodes) + size_of_val(self.wide) + size_of_val(self.narrow) + size_of_val(self.far)
    }

    /// Bound `which` of node `index`.
    fn bound(&self, index: usize, which: usize) -> u32 {
        let at = self.nodes[index][1] as usize + which;
        if self.nodes[index][0] & NARROW == 0 { self.wide[at] } else { self.narrow[at].into() }
    }
}

/// The field that a node with this head asks for.
pub(crate) fn field(head: u32) -> Field {
    let word = (head >> 26) as u8;
    match head & (SHIFTS | NARROW) {
        NARROW => Field::new(word, 16, 16),
        _ => Field { word, left: (head >> 21 & 31) as u8, right: (head >> 16 & 31) as u8 },
    }
}

/// The program in words, one node a line: the field as word, bits, then each interval's first value and target.
impl fmt::Display for Diagram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "start {}", Target(self.root))?;
        for index in (0..self.nodes.len()).rev() {
            let head = self.nodes[index][0];
            let (field, count) = (field(head), (head & (NARROW - 1)) as usize);
            let last = field.left + field.width() - 1;
            write!(out, "{index:3} word {} bits {}-{last}:", field.word, field.left)?;
            for interval in 0..=count {
                let first = if interval == 0 { 0 } else { self.bound(index, interval - 1) };
                let target = self.narrow[self.nodes[index][2] as usize + interval];
                write!(out, " {first:#x}->{}", Target(target))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

struct Target(u16);

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 & !LEAF {
            node if self.0 & LEAF == 0 => write!(out, "{node}"),
            DENIED => out.write_str("[denied]"),
            NO_MATCH => out.write_str("[no match]"),
            output => write!(out, "[{output}]"),
        }
    }
}
