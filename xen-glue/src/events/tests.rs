use super::*;
use crate::fake::{Domain, Machine};
use crate::{DomainId, MapSpace, VirtualInterrupt};
use std::vec::Vec;

const A: DomainId = DomainId(1);
const B: DomainId = DomainId(2);

fn events(domain: &Domain) -> Events {
    events_of(domain, &Pages::leaked(1))
}

fn events_of(domain: &Domain, page: &Pages) -> Events {
    domain.add_to_physmap(MapSpace::SharedInfo, 0, page, 0).unwrap();
    Events::new(page)
}

fn take(events: &Events) -> Vec<u32> {
    let mut ports = Vec::new();
    events.take(|EventPort(port)| ports.push(port));
    ports
}

/// Two domains, and a channel between them.
fn pair() -> (Domain, Events, EventPort, Domain, EventPort) {
    let machine = Machine::new();
    let (a, b) = (machine.domain(A), machine.domain(B));
    let events = events(&a);
    let port = a.alloc_unbound(B).unwrap();
    let other = b.bind_interdomain(A, port).unwrap();
    (a, events, port, b, other)
}

#[test]
fn an_event_is_told_once() {
    let (_a, events, port, b, other) = pair();
    events.listen(port);
    assert_eq!(take(&events), []);
    b.send(other).unwrap();
    b.send(other).unwrap();
    assert!(events.is_pending());
    assert_eq!(take(&events), [port.0]);
    assert!(!events.is_pending());
    assert_eq!(take(&events), []);
}

#[test]
fn after_take_the_next_event_raises_the_vector_again() {
    let (_a, events, port, b, other) = pair();
    events.listen(port);
    for _ in 0..3 {
        b.send(other).unwrap();
        assert!(events.is_pending());
        assert_eq!(take(&events), [port.0]);
    }
}

#[test]
fn who_is_not_listened_to_does_not_wake_and_is_heard_again_later() {
    let (_a, events, port, b, other) = pair();
    b.send(other).unwrap();
    assert!(!events.is_pending(), "all are masked at first");
    events.listen(port);
    assert_eq!(take(&events), [], "what came before is for whoever listens to look at");
    b.send(other).unwrap();
    assert_eq!(take(&events), [port.0]);
    events.ignore(port);
    b.send(other).unwrap();
    assert!(!events.is_pending());
}

#[test]
fn channels_of_all_words_are_told() {
    let domain = Machine::new().domain(A);
    let page = Pages::leaked(1);
    let events = events_of(&domain, &page);
    let some = [1, 63, 64, 4095];
    some.iter().for_each(|&port| events.listen(EventPort(port)));
    page.long_words()[PENDING..MASK].iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
    page.long_words()[PENDING_SELECTOR].store(u64::MAX, Ordering::Relaxed);
    assert_eq!(take(&events), some);
    events.listen(EventPort(u32::MAX));
    events.ignore(EventPort(4096));
}

#[test]
fn the_timer_is_heard() {
    let domain = Machine::new().domain(A);
    let events = events(&domain);
    let port = domain.bind_virtual_interrupt(VirtualInterrupt::Timer).unwrap();
    events.listen(port);
    domain.interrupt(VirtualInterrupt::Timer);
    assert_eq!(take(&events), [port.0]);
}

#[test]
fn only_those_who_are_listened_to_end_a_sleep() {
    let (a, events, port, _b, _other) = pair();
    events.listen(port);
    events.listen(port);
    events.listen(EventPort(9));
    events.ignore(EventPort(9));
    assert_eq!(events.listened.borrow()[..], [port]);
    events.sleep(&a, Some(5));
    assert_eq!(a.timer_ns(), Some(5));
}
