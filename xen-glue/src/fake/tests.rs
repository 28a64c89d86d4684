use super::*;

const A: DomainId = DomainId(1);
const B: DomainId = DomainId(2);

#[test]
fn a_call_is_refused_when_its_time_has_come() {
    let domain = Machine::new().domain(A);
    domain.refuse_after(1);
    assert_eq!(domain.set_timer(5), Ok(()));
    assert_eq!(domain.set_timer(6), Err(ENOMEM));
    assert_eq!((domain.set_timer(7), domain.timer_ns()), (Ok(()), Some(7)));
}

#[test]
fn a_channel_is_bound_only_by_whom_it_was_made_for() {
    let machine = Machine::new();
    let (a, b) = (machine.domain(A), machine.domain(B));
    let port = a.alloc_unbound(DomainId(3)).unwrap();
    assert_eq!(b.bind_interdomain(A, port), Err(ENOENT));
    assert_eq!(b.bind_interdomain(A, EventPort(77)), Err(EINVAL));
    assert_eq!(a.close(port), Ok(()));
    assert_eq!(a.close(port), Err(EINVAL));
}

#[test]
fn who_closed_a_channel_may_bind_it_again() {
    let machine = Machine::new();
    let (a, b) = (machine.domain(A), machine.domain(B));
    let port = a.alloc_unbound(B).unwrap();
    let own = b.bind_interdomain(A, port).unwrap();
    assert_eq!(b.bind_interdomain(A, port), Err(ENOENT));
    assert_eq!(b.close(own), Ok(()));
    assert!(b.bind_interdomain(A, port).is_ok());
}

#[test]
fn what_a_domain_had_is_gone_with_it() {
    let machine = Machine::new();
    let (a, b) = (machine.domain(A), machine.domain(B));
    let port = a.alloc_unbound(B).unwrap();
    b.bind_interdomain(A, port).unwrap();
    let table = Pages::leaked(1);
    let mut grants = crate::Grants::new(&a, &table).unwrap();
    let frames = Pages::leaked(2);
    let references = [0, 1].map(|index| grants.grant(B, &frames, index, crate::Access::Write).unwrap());
    let mut handles = [GrantHandle::default(); 2];
    let mapped = b.map_grants(A, &references, Pages::leaked(2), &mut handles).unwrap();
    mapped.words()[1024].store(7, Ordering::Relaxed);
    assert_eq!(frames.words()[1024].load(Ordering::Relaxed), 7, "both see the same memory");
    assert_eq!(grants.end(references[0]), Err(crate::StillMapped));
    machine.destroy(B);
    assert_eq!(grants.end(references[0]), Ok(()));
    assert_eq!(a.send(port), Ok(()), "nobody hears it");
}

#[test]
fn frames_are_used_again_when_their_scope_is_over() {
    let scope = Scope::begin();
    let first = Pages::leaked(3);
    first.words()[5].store(7, Ordering::Relaxed);
    assert_ne!(Pages::leaked(3).frame(), first.frame());
    drop(scope);
    let frames =
        [Pages::leaked(3), Pages::leaked(3)].map(|pages| (pages.frame(), pages.words()[5].load(Ordering::Relaxed)));
    assert!(frames.contains(&(first.frame(), 0)));
}
