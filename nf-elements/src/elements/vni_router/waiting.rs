// SPDX-License-Identifier: Apache-2.0
//! Packets that wait until somebody says who has their destination.

use crate::Packet;
use crate::overlay::{Host, Vni, Vrf};

/// Most packets.
const MOST: usize = 64;
/// How long until it is asked again, and how often.
const AGAIN_NS: u64 = 1_000_000_000;
const TIMES: u8 = 3;

/// A packet that waits.
pub struct Waiter {
    pub packet: Packet,
    /// Who is asked for.
    to: (Vni, Host),
    /// The routing table and network that it came from.
    pub from: (Vrf, Option<Vni>),
    asked_ns: u64,
    times: u8,
}

/// The packets, the oldest first.
pub struct Waiting(heapless::Vec<Waiter, MOST>);

impl Waiting {
    pub const fn new() -> Self {
        Waiting(heapless::Vec::new())
    }

    pub fn waits_for(&self, to: (Vni, Host)) -> bool {
        self.0.iter().any(|waiter| waiter.to == to)
    }

    /// Adds a packet; true if the oldest one had to make room.
    pub fn add(
        &mut self,
        packet: Packet,
        to: (Vni, Host),
        from: (Vrf, Option<Vni>),
        now_ns: u64) -> bool {
        let is_full = self.0.is_full();
        if is_full {
            self.0.remove(0);
        }
        let _ = self.0.push(Waiter { packet, to, from, asked_ns: now_ns, times: 1 });
        is_full
    }

    /// The next packet for a host that is known now.
    pub fn take(&mut self, vni: Vni, host: Host) -> Option<Waiter> {
        let at = self.0.iter().position(|waiter| waiter.to == (vni, host))?;
        Some(self.0.remove(at))
    }

    /// The next packet that waited long enough.
    pub fn take_old(&mut self, now_ns: u64) -> Option<Waiter> {
        let is_old = |waiter: &Waiter| waiter.times >= TIMES && now_ns >= waiter.asked_ns + AGAIN_NS;
        let at = self.0.iter().position(is_old)?;
        Some(self.0.remove(at))
    }

    /// The next host to ask for again: noted for all packets that wait for it.
    pub fn ask_again(&mut self, now_ns: u64) -> Option<(Vni, Host)> {
        let to = self.0.iter().find(|waiter| now_ns >= waiter.asked_ns + AGAIN_NS)?.to;
        for waiter in self.0.iter_mut().filter(|waiter| waiter.to == to) {
            (waiter.asked_ns, waiter.times) = (now_ns, waiter.times + 1);
        }
        Some(to)
    }

    /// When something is to be done.
    pub fn due_ns(&self) -> Option<u64> {
        self.0.iter().map(|waiter| waiter.asked_ns + AGAIN_NS).min()
    }

    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        !self.0.is_empty() && self.due_ns().is_some_and(|due_ns| now_ns >= due_ns)
    }
}
