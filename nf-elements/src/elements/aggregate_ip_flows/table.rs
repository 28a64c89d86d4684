// SPDX-License-Identifier: Apache-2.0
//! Flows by addresses and ports, in memory that is lent; and the fragments that were seen last.

/// What tells flows apart: both ends, the lower first, so that both directions are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    pub low: u32,
    pub high: u32,
    /// Ports in the order of the addresses.
    pub ports: u32,
    pub protocol: u8,
}

/// A flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    ends: Ends,
    /// Its number; 0 if there is no flow here.
    pub aggregate: u32,
    /// When its last packet came.
    pub seconds: u64,
    /// Directions that sent a FIN, one bit each; both after a RST.
    pub over: u8,
    /// Whether its first packet went from the higher end to the lower.
    pub reverse: bool,
}

impl Flow {
    /// No flow.
    pub const EMPTY: Flow = Flow {
        ends: Ends { low: 0, high: 0, ports: 0, protocol: 0 },
        aggregate: 0,
        seconds: 0,
        over: 0,
        reverse: false,
    };
}

/// Flows that share a hash; the one that was quiet longest gives way to a new one.
const WAYS: usize = 8;

/// The flows.
pub struct Table {
    flows: &'static mut [Flow],
}

impl Table {
    /// A table without memory, which knows no flow.
    pub const fn new() -> Self {
        Table { flows: &mut [] }
    }

    /// Keeps flows in `memory`, a power of two of them.
    pub fn lend(&mut self, memory: &'static mut [Flow]) {
        self.flows = memory;
    }

    /// Forgets all flows.
    pub fn clear(&mut self) {
        self.flows.fill(Flow::EMPTY);
    }

    /// The flow of these ends: where it is, or where it goes, which then is made empty. None without memory.
    #[inline]
    pub fn find(&mut self, ends: Ends) -> Option<&mut Flow> {
        let Ends { low, high, ports, protocol } = ends;
        let mixed = (u64::from(low) << 32 | u64::from(high)) ^ u64::from(ports).rotate_left(17) ^ u64::from(protocol);
        let hash = (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        let start = hash & self.flows.len().checked_sub(WAYS)? & !(WAYS - 1);
        let ways = self.flows.get_mut(start..start + WAYS)?;
        let known = ways.iter().position(|flow| flow.aggregate != 0 && flow.ends == ends);
        let oldest = || ways.iter().enumerate().min_by_key(|(_, flow)| (flow.aggregate != 0, flow.seconds));
        let index = known.or_else(|| oldest().map(|(index, _)| index))?;
        let flow = ways.get_mut(index)?;
        if known.is_none() {
            *flow = Flow { ends, ..Flow::EMPTY };
        }
        Some(flow)
    }
}

/// What fragments of one packet have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    pub source: [u8; 4],
    pub destination: [u8; 4],
    pub identification: [u8; 2],
    pub protocol: u8,
}

/// A first fragment's aggregate and paint.
#[derive(Clone, Copy)]
struct First {
    whole: Whole,
    seconds: u64,
    aggregate: u32,
    paint: u8,
}

/// The last first fragments.
pub struct Fragments {
    seen: heapless::Deque<First, 64>,
}

impl Fragments {
    /// None yet.
    pub const fn new() -> Self {
        Fragments { seen: heapless::Deque::new() }
    }

    /// Remembers a first fragment; the oldest is forgotten for it.
    pub fn remember(&mut self, whole: Whole, seconds: u64, aggregate: u32, paint: u8) {
        if self.seen.is_full() {
            self.seen.pop_front();
        }
        let _ = self.seen.push_back(First { whole, seconds, aggregate, paint });
    }

    /// Aggregate and paint of the first fragment, if that came since `seconds`.
    pub fn recall(&self, whole: Whole, seconds: u64) -> Option<(u32, u8)> {
        let first = self.seen.iter().rev().find(|first| first.whole == whole)?;
        (first.seconds >= seconds).then_some((first.aggregate, first.paint))
    }
}
