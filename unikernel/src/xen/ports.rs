// SPDX-License-Identifier: Apache-2.0
//! The ports of a domain: port N is `device/vif/N`.

use super::{Managed, vif::Vif};
use crate::memory::FreeRam;
use crate::port::Port;
use crate::run::MAX_PORTS;
use crate::time::Clock;
use core::future::poll_fn;
use core::task::Poll;
use heapless::Vec;

/// Brings the ports up, in order, and waits until their backends are connected, though not for ever.
pub fn ports(managed: &mut Managed, memory: &mut FreeRam, clock: Clock, wanted: usize) -> Vec<Port, MAX_PORTS> {
    let mut vifs: Vec<&'static mut Vif, MAX_PORTS> = Vec::new();
    for number in 0..wanted as u8 {
        let vif = Vif::new(managed, memory, number);
        assert!(vifs.push(memory.place(vif)).is_ok(), "the compiler gives no VM more than {} ports", MAX_PORTS);
    }
    let (xen, tasks) = (managed.xen, &mut managed.tasks);
    let connected = poll_fn(|_| {
        tasks.poll();
        if vifs.iter().all(|vif| vif.is_up()) { Poll::Ready(()) } else { Poll::Pending }
    });
    if xen.wait(clock, connected).is_none() {
        defmt::warn!("not all vifs are connected: the others will be as their backends come");
    }
    vifs.into_iter().map(Port::Vif).collect()
}
