// SPDX-License-Identifier: Apache-2.0
//! What a frontend says and does at each step of agreeing with its backend: io/netif.h.

use super::Vif;
use crate::xenbus::{End, Offer, Role, SetupError, State};
use crate::xenstore::Answer;
use crate::{DomainId, EventPort, Grants, Hypercalls};
use core::cell::RefCell;
use heapless::Vec;

/// The MTU of a device whose directory names none (io/netif.h, "MTU").
pub const DEFAULT_MTU: u16 = 1500;

impl<H: Hypercalls> End for Vif<'_, H> {
    fn role(&self) -> Role {
        Role::Frontend
    }

    fn own_names(&self) -> &'static [&'static str] {
        &["mac", "mtu"]
    }

    fn found(&self, answers: &[Answer]) {
        if let [mac, mtu, ..] = answers {
            self.mac.set(mac.bytes().ok().and_then(mac_of));
            let mtu = mtu.number().ok().and_then(|mtu| u16::try_from(mtu).ok());
            self.mtu.set(mtu.unwrap_or(DEFAULT_MTU));
        }
    }

    fn awaited(&self) -> fn(State) -> bool {
        |state| state == State::InitWait
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["feature-rx-copy", "multi-queue-max-queues"]
    }

    fn set_up(&self, grants: &RefCell<Grants>, other: DomainId, answers: &[Answer]) -> Result<Offer, SetupError> {
        let said = |answer: usize| answers.get(answer).and_then(|answer| answer.number().ok());
        if said(0) != Some(1) {
            return Err(SetupError::NoCopy);
        }
        let queue = self.offer(grants, other)?;
        let mut values = Vec::from_iter([
            ("tx-ring-ref", queue.transmit_ring.0),
            ("rx-ring-ref", queue.receive_ring.0),
            ("event-channel", queue.port.0),
            ("request-rx-copy", 1),
            ("feature-rx-notify", 1),
            ("feature-sg", 1),
            ("feature-no-csum-offload", 0),
            ("feature-ipv6-csum-offload", 1),
            ("feature-gso-tcpv4", 0),
            ("feature-gso-tcpv6", 0),
        ]);
        if said(1).is_some() {
            // There is room. One queue is not given a directory of its own (io/netif.h, "multi-queue").
            let _ = values.push(("multi-queue-num-queues", 1));
        }
        Ok(Offer { state: State::Connected, values })
    }

    fn open(&self) -> Result<(), SetupError> {
        self.begin();
        Ok(())
    }

    /// One that says that it begins takes the rings up where they stand (Linux's does when its driver is loaded again); if it does
    /// not, it breaks them.
    fn is_lost(&self, state: State) -> bool {
        state == State::Closing || state.is_over()
    }

    fn is_broken(&self) -> bool {
        self.queue.borrow().broken
    }

    fn shut(&self) {
        self.stop();
    }

    /// What the backend still uses is lent to it again, or taken back later.
    fn withdraw(&self, grants: &RefCell<Grants>) -> bool {
        self.take_back(grants);
        true
    }

    fn port(&self) -> Option<EventPort> {
        self.lent.borrow().port
    }
}

/// An Ethernet address as xenstore has it.
fn mac_of(text: &[u8]) -> Option<[u8; 6]> {
    let mut octets = str::from_utf8(text).ok()?.split(':').map(|octet| u8::from_str_radix(octet, 16).ok());
    let mut mac = [0; 6];
    for octet in &mut mac {
        *octet = octets.next()??;
    }
    octets.next().is_none().then_some(mac)
}
