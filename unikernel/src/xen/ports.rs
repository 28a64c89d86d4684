// SPDX-License-Identifier: Apache-2.0
//! The ports of a domain: port N is `device/sluice-link/N` if the toolstack made that, and else `device/vif/N`.

use super::link::{self, LinkKind};
use super::{Link, Managed, Store, Vif};
use crate::memory::FreeRam;
use crate::port::Port;
use crate::run::MAX_PORTS;
use crate::time::Clock;
use core::future::poll_fn;
use core::task::Poll;
use heapless::Vec;
use xen_glue::xenbus::{Role, directory};
use xen_glue::xenstore::{Error, Path, Refusal, Request, Transaction};

/// Brings the ports up, in order, and waits until the backends of vifs are connected, though not for ever. A link does not wait for its
/// peer, here as elsewhere.
pub fn ports(managed: &mut Managed, memory: &mut FreeRam, clock: Clock, wanted: usize) -> Vec<Port, MAX_PORTS> {
    let mut ports: Vec<Port, MAX_PORTS> = Vec::new();
    let kinds =
        managed.xen.wait(clock, managed.store, kinds(managed.store, wanted)).expect("xenstored answers within seconds");
    for (number, kind) in (0..).zip(kinds) {
        let port = match kind {
            Some(LinkKind { role, shared: false }) => {
                let link = Link::new(managed, memory, number, role);
                Port::Granted(memory.place(link))
            }
            Some(LinkKind { role, shared: true }) => {
                let link = link::shared(managed, memory, number, role);
                Port::Shared(memory.place(link))
            }
            None => {
                let vif = Vif::new(managed, memory, number);
                Port::Vif(memory.place(vif))
            }
        };
        assert!(ports.push(port).is_ok(), "the compiler gives no VM more than {} ports", MAX_PORTS);
    }
    let (xen, store, tasks) = (managed.xen, managed.store, &mut managed.port_tasks);
    let connected = poll_fn(|_| {
        tasks.poll();
        let waits = ports.iter().any(|port| matches!(port, Port::Vif(vif) if !vif.is_up()));
        if waits { Poll::Pending } else { Poll::Ready(()) }
    });
    if xen.wait(clock, store, connected).is_none() {
        defmt::warn!("not all vifs are connected: the others will be as their backends come");
    }
    ports
}

/// Which end of a link each port is, and of what kind, if it is one.
async fn kinds(store: &Store, ports: usize) -> Vec<Option<LinkKind>, MAX_PORTS> {
    const LINKS: &str = "device/sluice-link";
    const NAMES: [&str; 3] = ["frontend", "backend", "mode"];
    let paths: Vec<Path, MAX_PORTS> = (0..ports).map(|port| directory(LINKS, port)).collect();
    let questions = paths.iter().flat_map(|path| NAMES.map(|name| Request::read(path, name)));
    let questions: Vec<_, { MAX_PORTS * NAMES.len() }> = questions.collect();
    let mut kinds: Vec<_, MAX_PORTS> = paths.iter().map(|_| None).collect();
    let [links, ..] = store.ask(&[Request::list(LINKS)]).await;
    if links.bytes() == Err(Error::Refused(Refusal::NoEntry)) {
        return kinds;
    }
    let take = &mut |question: usize, reply: Result<&[u8], _>| {
        let kind: &mut Option<LinkKind> = &mut kinds[question / NAMES.len()];
        match (NAMES[question % NAMES.len()], reply, kind) {
            ("frontend", Ok(_), kind) => *kind = Some(LinkKind { role: Role::Backend, shared: false }),
            ("backend", Ok(_), kind) => *kind = Some(LinkKind { role: Role::Frontend, shared: false }),
            ("mode", Ok(mode), Some(kind)) => kind.shared = mode == b"shared",
            _ => {}
        }
    };
    store.ask_all(Transaction::NONE, &questions, take).await;
    kinds
}
