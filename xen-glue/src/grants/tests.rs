use super::*;
use crate::fake::grants::{BAD_COPY, BAD_REFERENCE};
use crate::fake::{Domain, Machine};
use crate::{CopyEnd, FrameCopy, bytes};

const A: DomainId = DomainId(1);
const B: DomainId = DomainId(2);

fn table(frames: usize) -> (Machine, Domain, Grants) {
    let machine = Machine::new();
    let domain = machine.domain(A);
    let grants = Grants::new(&domain, &Pages::leaked(frames)).unwrap();
    (machine, domain, grants)
}

#[test]
fn a_frame_is_granted_to_one_domain_and_ended_when_unused() {
    let (_machine, domain, mut grants) = table(1);
    let pages = Pages::leaked(3);
    let reference = grants.grant(B, &pages, 2, Access::Write).unwrap();
    assert_eq!(reference, GrantReference(RESERVED));
    assert!(domain.lend(DomainId(3), reference, true).is_err());
    let page = domain.lend(B, reference, true).unwrap();
    assert_eq!(page.frame(), pages.frame() + 2);
    assert!(grants.in_use(reference));
    assert_eq!(grants.end(reference), Err(StillMapped));
    domain.give_back(reference);
    assert!(!grants.in_use(reference));
    assert_eq!(grants.end(reference), Ok(()));
    assert!(domain.lend(B, reference, true).is_err(), "it is no grant any more");
    assert_eq!(grants.grant(B, &pages, 0, Access::Write), Ok(reference), "and may be one again");
}

#[test]
fn who_may_read_may_not_write() {
    let (_machine, domain, mut grants) = table(1);
    let reference = grants.grant(B, &Pages::leaked(1), 0, Access::Read).unwrap();
    assert!(domain.lend(B, reference, true).is_err());
    assert!(domain.lend(B, reference, false).is_ok());
}

#[test]
fn all_entries_are_given_once_and_then_none() {
    let (_machine, domain, mut grants) = table(3);
    let pages = Pages::leaked(1);
    let all = Grants::of_frames(3);
    assert_eq!((grants.free(), all), (all, 3 * 512 - 8));
    assert_eq!([1, all, all + 1].map(Grants::frames_for), [1, 3, 4]);
    let mut given: Vec<u32> = (0..all).map(|_| grants.grant(B, &pages, 0, Access::Write).unwrap().0).collect();
    assert_eq!(grants.grant(B, &pages, 0, Access::Write), Err(Exhausted));
    assert_eq!(domain.granted(), all);
    given.sort_unstable();
    given.dedup();
    assert_eq!((given.len(), given[0]), (all, RESERVED));
    given.into_iter().for_each(|reference| grants.end(GrantReference(reference)).unwrap());
    assert_eq!((grants.free(), domain.granted()), (all, 0));
}

#[test]
fn a_table_longer_than_the_hypervisor_allows_is_refused() {
    let domain = Machine::new().domain(A);
    domain.limit_grant_frames(2);
    assert!(Grants::new(&domain, &Pages::leaked(3)).is_err());
    assert!(Grants::new(&domain, &Pages::leaked(2)).is_ok());
}

#[test]
#[should_panic(expected = "ended twice")]
fn a_grant_is_not_ended_twice() {
    let (_machine, _domain, mut grants) = table(1);
    let reference = grants.grant(B, &Pages::leaked(1), 0, Access::Write).unwrap();
    grants.end(reference).unwrap();
    let _ = grants.end(reference);
}

#[test]
fn copies_are_made_as_far_as_grants_allow_each_for_itself() {
    let (machine, a, mut grants) = table(1);
    let (b, frames, own) = (machine.domain(B), Pages::leaked(2), Pages::leaked(3));
    let written = grants.grant(B, &frames, 0, Access::Write).unwrap();
    let read = grants.grant(B, &frames, 1, Access::Read).unwrap();
    bytes::store(frames.long_words(), PAGE_BYTES + 7, b"of A");
    bytes::store(own.long_words(), 2 * PAGE_BYTES + 4090, b"of B");
    let granted = |reference| CopyEnd::Granted { owner: A, reference };
    let own_frame = |at| CopyEnd::Own { pages: &own, at };
    let copy = |from, from_offset, to, to_offset| FrameCopy { from, from_offset, to, to_offset, bytes: 4 };
    let copies = [
        copy(granted(read), 7, own_frame(0), 1),
        copy(own_frame(2), 4090, granted(written), 4092),
        copy(own_frame(2), 4090, granted(read), 0),
        copy(granted(read), 4093, own_frame(0), 0),
        copy(granted(GrantReference(99)), 0, own_frame(0), 0),
        // From grant to grant, neither of which is mapped.
        copy(granted(read), 7, granted(written), 0),
    ];
    let mut results = [Ok(()); 6];
    b.copy(&copies, &mut results).unwrap();
    assert_eq!(results, [Ok(()), Ok(()), Err(BAD_REFERENCE), Err(BAD_COPY), Err(BAD_REFERENCE), Ok(())]);
    let at = |pages: &Pages, offset: usize| {
        let mut bytes = [0; 4];
        bytes::load(pages.long_words(), offset, &mut bytes);
        bytes
    };
    assert_eq!([at(&own, 1), at(&frames, 4092), at(&frames, 0)], [*b"of A", *b"of B", *b"of A"]);
    assert!(!grants.in_use(read) && !grants.in_use(written));
    assert!(
        a.copy(&copies[..1], &mut results[..1]).is_ok() && results[0].is_err(),
        "they were granted to another domain"
    );
}
