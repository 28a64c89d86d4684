// SPDX-License-Identifier: Apache-2.0
//! The ports of a domain: port N is `device/sluice-link/N` if the toolstack made that, and else `device/vif/N`.

use super::{Link, Managed, Store, Vif};
use crate::memory::FreeRam;
use crate::port::Port;
use crate::run::MAX_PORTS;
use crate::time::Clock;
use core::future::poll_fn;
use core::task::Poll;
use heapless::Vec;
use xen_glue::xenbus::Role;
use xen_glue::xenstore::Transaction;

/// Brings the ports up, in order, and waits until the backends of vifs are connected, though not for ever. A link does not wait for its
/// peer, here as elsewhere.
pub fn ports(managed: &mut Managed, memory: &mut FreeRam, clock: Clock, wanted: usize) -> Vec<Port, MAX_PORTS> {
    let mut ports: Vec<Port, MAX_PORTS> = Vec::new();
    for number in 0..wanted as u8 {
        let role = managed.xen.wait(clock, role(managed.store, number)).expect("xenstored answers within seconds");
        let port = match role {
            Some(role) => {
                let link = Link::new(managed, memory, number, role);
                Port::Granted(memory.place(link))
            }
            None => {
                let vif = Vif::new(managed, memory, number);
                Port::Vif(memory.place(vif))
            }
        };
        assert!(ports.push(port).is_ok(), "the compiler gives no VM more than {} ports", MAX_PORTS);
    }
    let (xen, tasks) = (managed.xen, &mut managed.tasks);
    let connected = poll_fn(|_| {
        tasks.poll();
        let waits = ports.iter().any(|port| matches!(port, Port::Vif(vif) if !vif.is_up()));
        if waits { Poll::Pending } else { Poll::Ready(()) }
    });
    if xen.wait(clock, connected).is_none() {
        defmt::warn!("not all vifs are connected: the others will be as their backends come");
    }
    ports
}

/// Which end of a link port `number` is, if it is one.
async fn role(store: &Store, number: u8) -> Option<Role> {
    for (other, role) in [("frontend", Role::Backend), ("backend", Role::Frontend)] {
        let path = format_args!("device/sluice-link/{number}/{other}");
        if store.read(Transaction::NONE, path, |_| Some(())).await.is_ok() {
            return Some(role);
        }
    }
    None
}
