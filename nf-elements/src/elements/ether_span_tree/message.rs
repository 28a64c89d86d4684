// SPDX-License-Identifier: Apache-2.0
//! What a bridge has heard, or would say: IEEE 802.1D-1998 §8.6.2 tells which of two is better.

use super::SECOND;
use crate::wire::bpdu::Configuration;
use core::fmt;

/// A configuration message and its time. Of the others, a lower root, then cost, bridge, port is better.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    root: u64,
    cost: u32,
    bridge: u64,
    port: u16,
    change: bool,
    max_age_s: u16,
    hello_s: u16,
    forward_delay_s: u16,
    /// When it was made; none never expires.
    made_ns: Option<i64>,
}

impl Message {
    /// Nothing was heard: all is better than this.
    pub const WORST: Message = Message {
        root: u64::MAX,
        cost: u32::MAX,
        bridge: u64::MAX,
        port: 0,
        change: false,
        max_age_s: 0,
        hello_s: 0,
        forward_delay_s: 0,
        made_ns: None,
    };

    /// What a bridge says that takes itself for the root.
    pub const fn own(identifier: u64) -> Self {
        let (root, bridge) = (identifier, identifier);
        Message { root, bridge, cost: 0, max_age_s: 20, hello_s: 2, forward_delay_s: 15, ..Message::WORST }
    }

    /// What a neighbour said.
    pub fn heard(configuration: &Configuration, now_ns: i64) -> Self {
        let Configuration { root, cost, bridge, port, change, times: [age, max_age, hello, forward_delay], .. } =
            *configuration;
        let made_ns = Some(now_ns - i64::from(age) * SECOND / 256);
        let [max_age_s, hello_s, forward_delay_s] = [max_age, hello, forward_delay].map(|time| time / 256);
        Message { root, cost, bridge, port, change, max_age_s, hello_s, forward_delay_s, made_ns }
    }

    /// What to say.
    pub fn configuration(&self, now_ns: i64) -> Configuration {
        let age_ns = self.made_ns.map_or(0, |made_ns| now_ns - made_ns).clamp(0, 255 * SECOND);
        let times = [self.max_age_s, self.hello_s, self.forward_delay_s].map(|time| time.saturating_mul(256));
        let times = [(age_ns * 256 / SECOND) as u16, times[0], times[1], times[2]];
        let Message { root, cost, bridge, port, change, .. } = *self;
        Configuration { root, cost, bridge, port, change, acknowledgment: false, times }
    }

    /// As it counts for the bridge that heard it.
    pub fn a_hop_further(&self) -> Self {
        Message { cost: self.cost.saturating_add(1), ..*self }
    }

    /// As `bridge` would send it by `port`.
    pub fn sent_by(&self, bridge: u64, port: u16) -> Self {
        Message { bridge, port, ..*self }
    }

    pub fn is_better_than(&self, other: &Message) -> bool {
        let key = |message: &Message| (message.root, message.cost, message.bridge, message.port);
        key(self) < key(other)
    }

    /// Whether the bridge that says it is the root.
    pub fn is_own(&self) -> bool {
        self.root == self.bridge
    }

    /// Becomes the worst if it is from before `cutoff_ns`; true if so.
    pub fn expire(&mut self, cutoff_ns: i64) -> bool {
        let old = self.made_ns.is_some_and(|made_ns| made_ns <= cutoff_ns);
        if old {
            let Message { max_age_s, hello_s, forward_delay_s, .. } = *self;
            *self = Message { max_age_s, hello_s, forward_delay_s, ..Message::WORST };
        }
        old
    }

    pub fn max_age_ns(&self) -> i64 {
        i64::from(self.max_age_s) * SECOND
    }

    pub fn forward_delay_ns(&self) -> i64 {
        i64::from(self.forward_delay_s) * SECOND
    }

    pub fn hello_ns(&self) -> i64 {
        i64::from(self.hello_s.max(1)) * SECOND
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message { root, cost, bridge, port, max_age_s, hello_s, forward_delay_s, .. } = self;
        let change = if self.change { "TC" } else { "tc" };
        write!(f, " {bridge:16x}:{port:04x}: {change}  {cost:x} -> {root:16x}  ")?;
        write!(f, "m/h/d: {max_age_s:x}/{hello_s:x}/{forward_delay_s:x}")
    }
}
