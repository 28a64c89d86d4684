// SPDX-License-Identifier: Apache-2.0
//! Both ends of a link in one thread, each with a view of xenstore of its own, for tests that come between them.

mod adversary;

pub use adversary::adversary;

use super::{CopyRings, Link, Rings, pages};
use crate::fake::{Domain, Machine, Polls};
use crate::xenbus::{Error, Report, Role, run};
use crate::xenstore::fake::Xenstored;
use crate::xenstore::{Store, Token};
use crate::{DomainId, Grants, Hypercalls, Pages};
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Waker};
use ring::Shape;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

/// As many pages as a link takes.
pub const PAGES: usize = pages(Shape::COPY);
/// Names that the other end may read.
const NAMES: [&str; 5] = ["state", "version", "pages", "directory-ref", "event-channel"];

/// A domain with one end of a link, and its view of xenstore.
pub struct Guest {
    /// Its number.
    pub id: u16,
    /// Which end it has.
    pub role: Role,
    /// The end.
    pub link: &'static Link<'static, Domain>,
    /// Its rings.
    pub rings: &'static CopyRings,
    /// Its xenstored.
    pub server: Xenstored,
    /// Why the link is not up, or was not.
    pub last: &'static Cell<Option<Error>>,
    /// Its memory, or the place where the other's is mapped.
    pub region: Pages,
    /// Its directory.
    pub directory: Pages,
    task: Pin<Box<dyn Future<Output = Infallible>>>,
}

/// The directory of a domain's link.
pub fn directory(id: u16) -> String {
    format!("/local/domain/{id}/device/sluice-link/0")
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

impl Guest {
    /// The domain `id`, which the toolstack has told of its link to `other`.
    pub fn new(machine: &Machine, id: u16, role: Role, other: u16) -> Guest {
        Guest::with(machine, id, role, other, |rings| rings)
    }

    /// The same with its rings in something else.
    pub fn with(
        machine: &Machine,
        id: u16,
        role: Role,
        other: u16,
        wrap: impl FnOnce(&'static CopyRings) -> &'static dyn Rings,
    ) -> Guest {
        let domain = leak(machine.domain(DomainId(id)));
        let (page, table) = (Pages::leaked(1), Pages::leaked(1));
        let (directory, region) = (Pages::leaked(1), Pages::leaked(PAGES - 1));
        let again = |pages: &Pages| Pages::again(pages.frame(), pages.count()).expect("they were made");
        let (link_directory, link_region) = (again(&directory), again(&region));
        let mut server = Xenstored::new(&page, id, 3);
        let store_port = domain.alloc_unbound(DomainId::ZERO).expect("there are ports");
        let store: &'static Store<'static, Domain> = leak(Store::new(page, store_port, domain));
        let grants: &'static RefCell<Grants> = leak(RefCell::new(Grants::new(domain, &table).expect("the table fits")));
        let rings: &'static CopyRings = leak(CopyRings::default());
        let link: &'static Link<'static, Domain> =
            leak(Link::new(domain, 0, role, wrap(rings), link_directory, link_region));
        let last: &'static Cell<Option<Error>> = leak(Cell::new(None));
        introduce(&mut server, id, role, other);
        let report = leak(|report| {
            if let Report::Down(error) = report {
                last.set(Some(error));
            }
        });
        let task = Box::pin(run(link, store, grants, (link.path(), Token::new(1)), leak(Polls::new(50)), report));
        Guest { id, role, link, rings, server, last, region, directory, task }
    }

    /// Gives its task, then its xenstored a turn.
    pub fn round(&mut self) {
        assert!(self.task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.server.serve();
    }

    /// Whether frames may go.
    pub fn is_up(&self) -> bool {
        self.rings.get().as_ref().is_some_and(|rings| rings.peer().is_up())
    }

    /// Sends a frame, if the link is up and there is room.
    pub fn send(&self, frame: &[u8]) -> bool {
        let mut rings = self.rings.get();
        let Some(rings) = &mut *rings else { return false };
        let sent = rings.producer.room(1) > 0 && rings.producer.put(ring::Tag::default(), frame).is_ok();
        rings.producer.publish();
        if rings.wakeup_needed() {
            self.link.ring();
        }
        sent
    }

    /// The next frame; none: an empty one.
    pub fn receive(&self) -> Vec<u8> {
        let mut rings = self.rings.get();
        let Some(rings) = &mut *rings else { return Vec::new() };
        let mut frame = [0; ring::FRAME_BYTES];
        let length = rings.consumer.take(&mut frame).map_or(0, |frame| frame.length);
        rings.consumer.release();
        frame[..length].to_vec()
    }
}

/// What the toolstack writes.
pub fn introduce(server: &mut Xenstored, id: u16, role: Role, other: u16) {
    let name = if role == Role::Backend { "frontend" } else { "backend" };
    server.set(&format!("{}/{name}-id", directory(id)), &format!("{other}"));
    server.set(&format!("{}/state", directory(id)), "1");
    server.set(&format!("{}/{name}", directory(id)), &directory(other));
}

/// Shows each domain what the other one says.
fn mirror(from: &Guest, to: &mut Guest) {
    for name in NAMES {
        let path = format!("{}/{name}", directory(from.id));
        let said = from.server.get(&path);
        if said != to.server.get(&path) {
            match said {
                Some(said) => to.server.set(&path, &said),
                None => to.server.remove(&path),
            }
        }
    }
}

/// Gives both a turn, and shows each what the other says.
pub fn round(a: &mut Guest, b: &mut Guest) {
    a.round();
    b.round();
    mirror(a, b);
    mirror(b, a);
}

/// Rounds until `done`; false if that takes too long.
pub fn until(a: &mut Guest, b: &mut Guest, done: impl Fn(&Guest, &Guest) -> bool) -> bool {
    (0..2000).any(|_| {
        round(a, b);
        done(a, b)
    })
}

/// Whether frames may go both ways.
pub fn both_up(a: &Guest, b: &Guest) -> bool {
    a.is_up() && b.is_up()
}

/// The other role.
pub fn opposite(role: Role) -> Role {
    if role == Role::Backend { Role::Frontend } else { Role::Backend }
}

/// Ends the domain of `dead`, and has the toolstack tell `alive` of another one, `next`, which takes its place.
pub fn replace(machine: &Machine, alive: &mut Guest, dead: u16, next: u16) -> Guest {
    machine.destroy(DomainId(dead));
    alive.server.remove(&directory(dead));
    let newcomer = Guest::new(machine, next, opposite(alive.role), alive.id);
    introduce(&mut alive.server, alive.id, alive.role, next);
    newcomer
}
