use super::two_level::{MASK, PENDING, PENDING_SELECTOR};
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

fn take(events: &Events<impl Ports>) -> Vec<u32> {
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

/// A domain whose events are told by queues, and channels to another one: their ends at both.
fn queued(channels: usize) -> (Domain, Events<Fifo>, Vec<EventPort>, Domain, Vec<EventPort>) {
    let machine = Machine::new();
    let (a, b) = (machine.domain(A), machine.domain(B));
    let page = Pages::leaked(1);
    a.add_to_physmap(MapSpace::SharedInfo, 0, &page, 0).unwrap();
    let events = Events::fifo(&a, &page, Pages::leaked(1), Pages::leaked(1)).unwrap();
    let ports: Vec<_> = (0..channels).map(|_| a.alloc_unbound(B).unwrap()).collect();
    let others = ports.iter().map(|&port| b.bind_interdomain(A, port).unwrap()).collect();
    (a, events, ports, b, others)
}

#[test]
fn queues_tell_events_once_and_in_their_order() {
    let (_a, events, ports, b, others) = queued(5);
    ports.iter().for_each(|&port| events.listen(port));
    for round in 0..3 {
        assert!(!events.is_pending());
        for index in [3, 1, 3, 4, 1] {
            b.send(others[index]).unwrap();
        }
        assert!(events.is_pending(), "{round}");
        assert_eq!(take(&events), [3, 1, 4].map(|index| ports[index].0));
        assert_eq!(take(&events), []);
    }
}

#[test]
fn queues_tell_what_is_urgent_first() {
    let (a, events, ports, b, others) = queued(3);
    ports.iter().for_each(|&port| events.listen(port));
    events.set_priority(&a, ports[2], Priority::FIRST).unwrap();
    events.set_priority(&a, ports[0], Priority::LAST).unwrap();
    others.iter().for_each(|&other| b.send(other).unwrap());
    assert_eq!(take(&events), [ports[2].0, ports[1].0, ports[0].0]);
}

#[test]
fn events_that_come_while_others_are_taken_are_told_too() {
    let (_a, events, ports, b, others) = queued(3);
    ports.iter().for_each(|&port| events.listen(port));
    b.send(others[0]).unwrap();
    b.send(others[1]).unwrap();
    let mut told = Vec::new();
    events.take(|port| {
        told.push(port);
        if told.len() == 1 {
            b.send(others[2]).unwrap();
            b.send(others[0]).unwrap();
        }
    });
    assert_eq!(told, [ports[0], ports[1], ports[2], ports[0]]);
}

#[test]
fn queues_do_not_tell_of_who_is_ignored_and_do_so_again_later() {
    let (_a, events, ports, b, others) = queued(2);
    b.send(others[0]).unwrap();
    assert!(!events.is_pending(), "all are masked at first");
    events.listen(ports[0]);
    assert_eq!(take(&events), [], "what came before is for whoever listens to look at");
    b.send(others[0]).unwrap();
    events.ignore(ports[0]);
    b.send(others[1]).unwrap();
    assert_eq!(take(&events), [], "it was in the queue, but is ignored");
    events.listen(ports[0]);
    b.send(others[0]).unwrap();
    assert_eq!(take(&events), [ports[0].0]);
}

#[test]
fn queues_that_are_refused_are_an_error_and_ports_beyond_them_are_ignored() {
    for calls in 0..2 {
        let domain = Machine::new().domain(A);
        domain.refuse_after(calls);
        assert!(Events::fifo(&domain, &Pages::leaked(1), Pages::leaked(1), Pages::leaked(1)).is_err());
    }
    let (a, events, ..) = queued(0);
    for port in [0, 1024, u32::MAX] {
        events.listen(EventPort(port));
        events.ignore(EventPort(port));
    }
    events.sleep(&a, Some(1));
    assert!(events.listened.borrow().is_empty());
}
