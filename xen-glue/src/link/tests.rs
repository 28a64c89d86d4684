// SPDX-License-Identifier: Apache-2.0
use super::fake::{Guest, PAGES, adversary, both_up, directory, introduce, opposite, replace, round, until};
use super::*;
use crate::fake::Machine;
use crate::xenbus::{End as _, Error};
use ring::{AtomicU64, RegionError};
use std::boxed::Box;
use std::format;
use std::vec::Vec;

fn pair(machine: &Machine) -> (Guest, Guest) {
    pair_of(machine, Role::Backend)
}

/// The first end has that role.
fn pair_of(machine: &Machine, role: Role) -> (Guest, Guest) {
    (Guest::new(machine, 1, role, 2), Guest::new(machine, 2, opposite(role), 1))
}

fn frames_cross(a: &Guest, b: &Guest) {
    assert!(a.send(b"there") && b.send(b"and back"));
    assert_eq!((b.receive(), a.receive()), (b"there".to_vec(), b"and back".to_vec()));
}

#[test]
fn frames_go_both_ways_once_both_ends_are_up() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up), "{:?} {:?}", a.last.get(), b.last.get());
    frames_cross(&a, &b);
    assert_eq!(machine.domain(DomainId(1)).granted(), PAGES);
}

#[test]
fn an_end_that_is_gone_at_any_step_leaves_its_place_to_the_next() {
    for role in [Role::Backend, Role::Frontend] {
        let mut was_up = false;
        for rounds in 0.. {
            let machine = Machine::new();
            let (mut a, mut b) = pair_of(&machine, role);
            (0..rounds).for_each(|_| round(&mut a, &mut b));
            let up = both_up(&a, &b);
            let mut next = replace(&machine, &mut a, 2, 3);
            assert!(until(&mut a, &mut next, both_up), "{role:?} {rounds} {:?} {:?}", a.last.get(), next.last.get());
            frames_cross(&a, &next);
            // Once more when it is up for a while.
            if was_up {
                break;
            }
            was_up = up;
        }
    }
}

#[test]
fn an_end_that_says_it_closes_at_any_step_is_let_go_and_taken_again() {
    for (role, said) in [(Role::Backend, "5"), (Role::Backend, "6"), (Role::Frontend, "5"), (Role::Frontend, "6")] {
        for rounds in (0..60).step_by(3) {
            let machine = Machine::new();
            let (mut a, mut b) = pair_of(&machine, role);
            (0..rounds).for_each(|_| round(&mut a, &mut b));
            a.server.set(&format!("{}/state", directory(2)), said);
            (0..20).for_each(|_| a.round());
            assert!(!a.is_up(), "{role:?} {rounds}: it says {said}");
            assert!(until(&mut a, &mut b, both_up), "{role:?} {rounds} {:?} {:?}", a.last.get(), b.last.get());
            frames_cross(&a, &b);
        }
    }
}

#[test]
fn when_the_end_that_grants_is_gone_nothing_of_it_stays_mapped() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up));
    b.server.remove(&directory(1));
    assert!((0..100).any(|_| {
        b.round();
        b.link.memory.borrow().mapped.is_none()
    }));
    assert!(b.rings.get().is_none() && b.link.port().is_none());
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
    assert!(a.rings.get().is_none());
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
fn offers_that_lie_are_refused_and_the_next_is_taken() {
    // What is allowed: version 1, 290 pages, whatever grants and ports the end that grants has made for us.
    let lies = [
        ("version", &["0", "2", "-1", "x", ""][..]),
        ("pages", &["0", "7", "289", "291", "1024", "2147483648", "4294967296", "-1", "x", ""]),
        ("directory-ref", &["0", "99", "511", "4294967295", "x"]),
        ("event-channel", &["0", "1", "77", "4294967295", "x"]),
    ];
    for (name, lie) in lies.iter().flat_map(|(name, lies)| lies.iter().map(move |lie| (name, lie))) {
        let machine = Machine::new();
        let (mut a, mut b) = pair(&machine);
        let offered = |a: &Guest, _: &Guest| a.server.get(&format!("{}/state", directory(1))).as_deref() == Some("3");
        assert!(until(&mut a, &mut b, offered));
        b.server.set(&format!("{}/{name}", directory(1)), lie);
        (0..200).for_each(|_| b.round());
        assert!(b.rings.get().is_none() && b.last.get().is_some(), "{name} = {lie}");
        let mut next = replace(&machine, &mut b, 1, 3);
        assert!(until(&mut next, &mut b, both_up), "{name} = {lie}: {:?} {:?}", next.last.get(), b.last.get());
        frames_cross(&next, &b);
    }
}

#[test]
fn a_directory_that_names_a_page_twice_or_none_is_refused() {
    for reference in [0, 9, 99, u32::MAX] {
        let machine = Machine::new();
        let (mut a, mut b) = pair(&machine);
        let offered = |a: &Guest, _: &Guest| a.server.get(&format!("{}/state", directory(1))).as_deref() == Some("3");
        assert!(until(&mut a, &mut b, offered));
        a.directory.words()[5].store(reference, Ordering::Relaxed);
        (0..200).for_each(|_| b.round());
        assert!(b.rings.get().is_none() && b.last.get().is_some(), "{reference}");
        assert!(until(&mut a, &mut b, both_up), "{reference}: {:?} {:?}", a.last.get(), b.last.get());
    }
}

#[test]
fn a_region_that_is_none_is_refused() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    for word in 0..4 {
        let offered = |a: &Guest, _: &Guest| a.server.get(&format!("{}/state", directory(1))).as_deref() == Some("3");
        assert!(until(&mut a, &mut b, offered), "{word}");
        a.region.long_words()[word].fetch_xor(0xff00, Ordering::Relaxed);
        (0..200).for_each(|_| b.round());
        assert!(matches!(b.last.get(), Some(Error::Setup(SetupError::Region(_)))), "{word}: {:?}", b.last.get());
        assert!(until(&mut a, &mut b, both_up), "{word}: {:?} {:?}", a.last.get(), b.last.get());
        introduce(&mut a.server, 1, Role::Backend, 2);
        introduce(&mut b.server, 2, Role::Frontend, 1);
    }
}

#[test]
fn indices_that_jump_cost_frames_and_not_the_link() {
    let machine = Machine::new();
    let (mut a, mut b) = pair(&machine);
    assert!(until(&mut a, &mut b, both_up));
    // Control blocks of the rings, whichever word of them: all but the identity and the presence words.
    for (word, by) in (64..192).flat_map(|word| [1, 1 << 20, u64::MAX / 2].map(|by| (word, by))) {
        a.region.long_words()[word].fetch_add(by, Ordering::Relaxed);
        for end in [&a, &b] {
            end.send(b"perhaps");
            (0..3).for_each(|_| drop(end.receive()));
        }
        round(&mut a, &mut b);
    }
    assert!(both_up(&a, &b));
    let came = |from: &Guest, to: &Guest| (0..20).any(|_| from.send(b"sound") && to.receive() == b"sound");
    assert!(came(&a, &b) && came(&b, &a));
}

/// Rings with a frame that an element of this end keeps.
struct Kept(&'static CopyRings, Cell<bool>);

impl Rings for Kept {
    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn format(&self, words: &[AtomicU64]) -> Result<(), RegionError> {
        assert!(!self.1.get(), "a frame lies there");
        self.0.format(words)
    }

    fn attach(&self, words: &'static [AtomicU64], end: End) -> Result<(), RegionError> {
        self.0.attach(words, end)
    }

    fn shut(&self) {
        self.0.shut();
    }

    fn is_free(&self) -> bool {
        !self.1.get()
    }
}

#[test]
fn memory_in_which_a_frame_lies_is_kept_until_that_has_ended() {
    for role in [Role::Backend, Role::Frontend] {
        let machine = Machine::new();
        let mut kept: Option<&'static Kept> = None;
        let wrap = |rings| {
            let rings: &'static Kept = Box::leak(Box::new(Kept(rings, Cell::new(false))));
            *kept.insert(rings) as &dyn Rings
        };
        let mut a = Guest::with(&machine, 1, role, 2, wrap);
        let mut b = Guest::new(&machine, 2, opposite(role), 1);
        assert!(until(&mut a, &mut b, both_up));
        let kept = kept.expect("they were wrapped");
        kept.1.set(true);
        let mut next = replace(&machine, &mut a, 2, 3);
        assert!(!until(&mut a, &mut next, both_up) && !a.is_up(), "{role:?}: it is shut");
        let held = a.link.memory.borrow().mapped.is_some() || !a.link.memory.borrow().granted.is_empty();
        assert!(held, "{role:?}: and holds what it had");
        kept.1.set(false);
        assert!(until(&mut a, &mut next, both_up), "{role:?} {:?} {:?}", a.last.get(), next.last.get());
        frames_cross(&a, &next);
    }
}

#[test]
fn whatever_comes_between_two_ends_they_recover() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for length in (0..300).step_by(10) {
        let script: Vec<u8> = (0..length)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                (seed >> 32) as u8
            })
            .collect();
        adversary(&script);
    }
}
