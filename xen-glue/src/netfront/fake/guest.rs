// SPDX-License-Identifier: Apache-2.0
//! A guest with a vif, its backend and its xenstored, in one thread.

use super::{GUEST, Netback};
use crate::fake::{Domain, Machine, Scope};
use crate::netfront::{PAGES, Vif};
use crate::xenstore::Store;
use crate::xenstore::fake::Xenstored;
use crate::{DomainId, EventPort, Events, Grants, Hypercalls, MapSpace, Pages};
use std::cell::RefCell;
use std::rc::Rc;

/// Frames of its grant table.
const TABLE_PAGES: usize = 2;

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
    store_frame: u64,
    _pages: Scope,
}

impl Guest {
    /// A guest whose toolstack has made it a vif.
    pub fn new() -> Guest {
        let machine = Machine::new();
        let (domain, control) = (machine.domain(GUEST), machine.domain(DomainId::ZERO));
        let store_port = domain.alloc_unbound(DomainId::ZERO).expect("there are ports");
        control.bind_interdomain(GUEST, store_port).expect("it is unbound");
        let pages = Scope::begin();
        let (store, table, shared_info) = (Pages::leaked(1), Pages::leaked(TABLE_PAGES), Pages::leaked(1));
        let mut server = Xenstored::new(&store, GUEST.0, 3);
        domain.add_to_physmap(MapSpace::SharedInfo, 0, &shared_info, 0).expect("it is a page");
        let netback = Netback::new(&machine, &mut server, 0);
        let grants = Rc::new(RefCell::new(Grants::new(&domain, &table).expect("the table fits")));
        Guest {
            machine,
            domain,
            server,
            netback,
            grants,
            events: Events::new(&shared_info),
            store_port,
            store_frame: store.frame(),
            _pages: pages,
        }
    }

    /// Its client of xenstore.
    pub fn store<'d>(&self, domain: &'d Domain) -> Store<'d, Domain> {
        Store::new(Pages::again(self.store_frame, 1).expect("it was made"), self.store_port, domain)
    }

    /// Its vif.
    pub fn vif<'d>(&self, domain: &'d Domain) -> Vif<'d, Domain> {
        Vif::new(domain, 0, Pages::leaked(PAGES))
    }
}

impl Default for Guest {
    fn default() -> Self {
        Guest::new()
    }
}
