// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::fake::{Domain, Machine, Polls};
use crate::xenbus::{End as _, Error, Report, State, run};
use crate::xenstore::fake::Xenstored;
use crate::xenstore::{Store, Token};
use core::cell::Cell;
use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Waker};
use std::boxed::Box;
use std::format;
use std::string::String;

/// Names that the other end may read.
const NAMES: [&str; 5] = ["state", "version", "pages", "directory-ref", "event-channel"];

/// A domain with one end of a link, and its view of xenstore.
struct Guest {
    id: u16,
    link: &'static Link<'static, Domain>,
    server: Xenstored,
    task: Pin<Box<dyn Future<Output = Infallible>>>,
    last: &'static Cell<Option<Error>>,
}

fn directory(id: u16) -> String {
    format!("/local/domain/{id}/device/sluice-link/0")
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

impl Guest {
    fn new(machine: &Machine, id: u16, role: Role, other: u16) -> Guest {
        let domain = leak(machine.domain(DomainId(id)));
        let page = Pages::leaked(1);
        let mut server = Xenstored::new(&page, id, 3);
        let store_port = domain.alloc_unbound(DomainId::ZERO).unwrap();
        let store: &'static Store<'static, Domain> = leak(Store::new(page, store_port, domain));
        let grants: &'static RefCell<Grants> = leak(RefCell::new(Grants::new(domain, &Pages::leaked(1)).unwrap()));
        let region = Pages::leaked(PAGES - 1);
        let link: &'static Link<'static, Domain> = leak(Link::new(domain, 0, role, Pages::leaked(1), region));
        let last: &'static Cell<Option<Error>> = leak(Cell::new(None));
        introduce(&mut server, id, role, other);
        let report = leak(|report| {
            if let Report::Down(error) = report {
                last.set(Some(error));
            }
        });
        let task = Box::pin(run(link, store, grants, (link.path(), Token::new(1)), leak(Polls::new(50)), report));
        Guest { id, link, server, task, last }
    }

    fn round(&mut self) {
        assert!(self.task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.server.serve();
    }

    fn is_up(&self) -> bool {
        self.link.rings().as_ref().is_some_and(|up| up.rings.peer().is_up())
    }

    fn send(&self, frame: &[u8]) {
        let mut rings = self.link.rings();
        let rings = &mut rings.as_mut().expect("the link is up").rings;
        rings.producer.put(ring::Tag::default(), frame).unwrap();
        rings.producer.publish();
    }

    fn receive(&self) -> std::vec::Vec<u8> {
        let mut rings = self.link.rings();
        let rings = &mut rings.as_mut().expect("the link is up").rings;
        let mut frame = [0; ring::FRAME_BYTES];
        let length = rings.consumer.take(&mut frame).map_or(0, |frame| frame.length);
        rings.consumer.release();
        frame[..length].to_vec()
    }
}

/// What the toolstack writes.
fn introduce(server: &mut Xenstored, id: u16, role: Role, other: u16) {
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

/// Rounds until `done`; false if that takes too long.
fn until(a: &mut Guest, b: &mut Guest, done: impl Fn(&Guest, &Guest) -> bool) -> bool {
    (0..2000).any(|_| {
        a.round();
        b.round();
        mirror(a, b);
        mirror(b, a);
        done(a, b)
    })
}

fn both_up(a: &Guest, b: &Guest) -> bool {
    a.is_up() && b.is_up()
}

fn pair(machine: &Machine) -> (Guest, Guest) {
    (Guest::new(machine, 1, Role::Backend, 2), Guest::new(machine, 2, Role::Frontend, 1))
}

#[test]
fn frames_go_both_ways_once_both_ends_are_up() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up), "{:?} {:?}", a.last.get(), b.last.get());
    a.send(b"from a");
    b.send(b"from b");
    assert_eq!((a.receive(), b.receive()), (b"from b".to_vec(), b"from a".to_vec()));
    assert_eq!(machine.domain(DomainId(1)).granted(), PAGES);
}

#[test]
fn when_the_end_that_maps_is_gone_its_memory_is_granted_to_the_next() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up));
    machine.destroy(DomainId(2));
    a.server.remove(&directory(2));
    let mut next = Guest::new(&machine, 3, Role::Frontend, 1);
    introduce(&mut a.server, 1, Role::Backend, 3);
    assert!(until(&mut a, &mut next, both_up), "{:?} {:?}", a.last.get(), next.last.get());
    a.send(b"again");
    assert_eq!(next.receive(), b"again");
}

#[test]
fn when_the_end_that_grants_is_gone_the_other_lets_go_and_takes_the_next() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up));
    b.server.remove(&directory(1));
    assert!((0..100).any(|_| {
        b.round();
        b.link.rings().is_none()
    }));
    assert!((0..100).any(|_| {
        b.round();
        b.link.port().is_none()
    }));
    assert!(b.link.memory.borrow().mapped.is_none(), "nothing of the dead domain is mapped");
    let mut next = Guest::new(&machine, 3, Role::Backend, 2);
    introduce(&mut b.server, 2, Role::Frontend, 3);
    assert!(until(&mut next, &mut b, both_up), "{:?} {:?}", next.last.get(), b.last.get());
    b.send(b"to the next");
    assert_eq!(next.receive(), b"to the next");
}

#[test]
fn memory_that_is_still_mapped_is_not_used_again() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up));
    // The other end says that it has closed and maps on.
    a.server.set(&format!("{}/state", directory(2)), "6");
    for _ in 0..200 {
        a.round();
    }
    assert!(a.link.rings().is_none());
    assert_eq!(a.server.get(&format!("{}/state", directory(1))).as_deref(), Some("6"), "it does not begin again yet");
    assert_eq!(machine.domain(DomainId(1)).granted(), PAGES - 1, "but for the directory nothing comes back");
    machine.destroy(DomainId(2));
    for _ in 0..200 {
        a.round();
    }
    assert_eq!(machine.domain(DomainId(1)).granted(), 0);
    assert_eq!(a.server.get(&format!("{}/state", directory(1))).as_deref(), Some("1"), "now it does");
}

#[test]
fn an_end_that_is_refused_anything_comes_up_later() {
    for role in [Role::Backend, Role::Frontend] {
        for calls in (0..12).chain([PAGES as u32, PAGES as u32 + 1]) {
            let machine = Machine::new();
            let (mut a, mut b) = pair(&machine);
            let id = if role == Role::Backend { 1 } else { 2 };
            machine.domain(DomainId(id)).refuse_after(calls);
            assert!(until(&mut a, &mut b, both_up), "{role:?} {calls} {:?} {:?}", a.last.get(), b.last.get());
        }
    }
}

#[test]
fn offers_that_lie_are_refused() {
    for (name, lie) in
        [("version", "2"), ("pages", "7"), ("directory-ref", "99"), ("event-channel", "77"), ("pages", "x")]
    {
        let machine = Machine::new();
        let mut b = Guest::new(&machine, 2, Role::Frontend, 1);
        let a = Guest::new(&machine, 1, Role::Backend, 2);
        let other = directory(1);
        for (name, value) in [("version", "1"), ("pages", "297"), ("directory-ref", "8"), ("event-channel", "2")] {
            b.server.set(&format!("{other}/{name}"), value);
        }
        b.server.set(&format!("{other}/{name}"), lie);
        b.server.set(&format!("{other}/state"), "3");
        for _ in 0..200 {
            b.round();
        }
        assert!(b.link.rings().is_none() && b.last.get().is_some(), "{name} = {lie}");
        assert_eq!(State::Initialised as u32, 3);
        drop(a);
    }
}
