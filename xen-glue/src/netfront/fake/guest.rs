// SPDX-License-Identifier: Apache-2.0
//! A guest with a vif, its backend and its xenstored, in one thread.

use super::{GUEST, Netback};
use crate::fake::{Domain, Machine};
use crate::netfront::{PAGES, Vif};
use crate::xenstore::Store;
use crate::xenstore::fake::Xenstored;
use crate::{DomainId, EventPort, Events, Grants, Hypercalls, MapSpace, Pages};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// The memory of a guest, made once for each thread: frames of tests are never given back.
struct Memory {
    store: u64,
    table: u64,
    shared_info: u64,
    vif: u64,
}

const TABLE_PAGES: usize = 2;

impl Memory {
    fn get(first: u64, count: usize) -> Pages {
        let pages = Pages::again(first, count).expect("they were made");
        pages.long_words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        pages
    }
}

std::thread_local! {
    static MEMORY: Memory = Memory {
        store: Pages::leaked(1).frame(),
        table: Pages::leaked(TABLE_PAGES).frame(),
        shared_info: Pages::leaked(1).frame(),
        vif: Pages::leaked(PAGES).frame(),
    };
}

/// A guest with one vif, as far as its vif is concerned. One at a time in each thread.
pub struct Guest {
    /// Below it and dom0.
    pub machine: Machine,
    /// It.
    pub domain: Domain,
    /// Its xenstored.
    pub server: Xenstored,
    /// Its backend.
    pub netback: Netback,
    /// Its grants.
    pub grants: Rc<RefCell<Grants>>,
    /// Its events.
    pub events: Events,
    store_port: EventPort,
}

impl Guest {
    /// A guest whose toolstack has made it a vif.
    pub fn new() -> Guest {
        let machine = Machine::new();
        let (domain, control) = (machine.domain(GUEST), machine.domain(DomainId::ZERO));
        let store_port = domain.alloc_unbound(DomainId::ZERO).expect("there are ports");
        control.bind_interdomain(GUEST, store_port).expect("it is unbound");
        let (store, table, shared_info) = MEMORY.with(|memory| {
            let (table, shared_info) = (Memory::get(memory.table, TABLE_PAGES), Memory::get(memory.shared_info, 1));
            (Memory::get(memory.store, 1), table, shared_info)
        });
        let mut server = Xenstored::new(&store, GUEST.0, 3);
        domain.add_to_physmap(MapSpace::SharedInfo, 0, &shared_info, 0).expect("it is a page");
        let netback = Netback::new(&machine, &mut server, 0);
        let grants = Rc::new(RefCell::new(Grants::new(&domain, &table).expect("the table fits")));
        Guest { machine, domain, server, netback, grants, events: Events::new(&shared_info), store_port }
    }

    /// Its client of xenstore.
    pub fn store<'d>(&self, domain: &'d Domain) -> Store<'d, Domain> {
        Store::new(MEMORY.with(|memory| Pages::again(memory.store, 1)).expect("it was made"), self.store_port, domain)
    }

    /// Its vif.
    pub fn vif<'d>(&self, domain: &'d Domain) -> Vif<'d, Domain> {
        Vif::new(domain, 0, MEMORY.with(|memory| Memory::get(memory.vif, PAGES)))
    }
}

impl Default for Guest {
    fn default() -> Self {
        Guest::new()
    }
}
