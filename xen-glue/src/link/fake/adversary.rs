// SPDX-License-Identifier: Apache-2.0
//! Peers that do anything.

use super::{Guest, PAGES, both_up, directory, introduce, opposite, replace, round, until};
use crate::fake::{Machine, Scope};
use crate::xenbus::Role;
use crate::xenstore::fake::Fault;
use crate::{DomainId, Pages};
use std::format;
use std::string::ToString;
use std::sync::atomic::Ordering;

/// Words of a region's header, which both ends read and write while the link is up.
const HEADER_WORDS: usize = 512;

/// Runs a link between two ends, and has `script` come between them: words of the region and of the directory change, anything is said in
/// xenstore, hypercalls and xenstored refuse, domains and the toolstack begin anew. Nothing panics, each call returns; afterwards an
/// honest peer gets the link up again, and frames cross both ways.
pub fn adversary(script: &[u8]) {
    let mut bytes = script.iter().copied();
    let role = if bytes.next().unwrap_or(0) % 2 == 0 { Role::Backend } else { Role::Frontend };
    let _pages = Scope::begin();
    let machine = Machine::new();
    let mut honest = Guest::new(&machine, 1, role, 2);
    let mut peer = Guest::new(&machine, 2, opposite(role), 1);
    while let Some(step) = bytes.next() {
        for _ in 0..step % 32 {
            round(&mut honest, &mut peer);
        }
        misbehave(&machine, &mut honest, &mut peer, &mut bytes);
        for length in [usize::from(step), 8 * usize::from(step)] {
            for guest in [&honest, &peer] {
                guest.send(&[step; 2048][..length.min(2048)]);
                assert!(guest.receive().len() <= ring::FRAME_BYTES);
            }
        }
    }
    honest.server.faults.clear();
    let mut next = replace(&machine, &mut honest, 2, 3);
    assert!(until(&mut honest, &mut next, both_up), "{:?} {:?}", honest.last.get(), next.last.get());
    for (from, to) in [(&honest, &next), (&next, &honest)] {
        assert!(from.send(b"to whom it may concern"));
        assert_eq!(to.receive(), b"to whom it may concern");
    }
}

fn misbehave(machine: &Machine, honest: &mut Guest, peer: &mut Guest, bytes: &mut impl Iterator<Item = u8>) {
    let mut byte = || bytes.next().unwrap_or(0);
    let granter = if honest.role == Role::Backend { &*honest } else { &*peer };
    let other = directory(peer.id);
    match byte() {
        0..80 => {
            let (place, by) = (usize::from(byte()) + 256 * usize::from(byte() % 2), u64::from(byte()) << (byte() % 64));
            granter.region.long_words()[place % HEADER_WORDS].fetch_add(by, Ordering::Relaxed);
        }
        80..110 => scribble(&granter.region, usize::from(byte()), byte()),
        110..130 => {
            let [from, to] = [byte(), byte()].map(|place| usize::from(place) % PAGES);
            let words = granter.directory.words();
            words[to].store(words[from].load(Ordering::Relaxed).wrapping_add(u32::from(byte() % 3)), Ordering::Relaxed);
        }
        130..170 => honest.server.set(&format!("{other}/state"), &(byte() % 10).to_string()),
        170..190 => {
            let name = ["version", "pages", "directory-ref", "event-channel"][usize::from(byte() % 4)];
            let values = ["0", "1", "2147483648", "4294967295", "-1", "", "290"];
            honest.server.set(&format!("{other}/{name}"), values[usize::from(byte()) % values.len()]);
        }
        190..200 => honest.server.remove(&other),
        200..210 => machine.domain(DomainId(honest.id)).refuse_after(u32::from(byte()) * 2),
        210..220 => honest.server.faults.push_back(Some(Fault::Refuse("EACCES"))),
        220..230 => introduce(&mut honest.server, honest.id, honest.role, peer.id),
        230..240 => introduce(&mut peer.server, peer.id, peer.role, honest.id),
        _ => {}
    }
}

/// Fills a part of the rings.
fn scribble(region: &Pages, place: usize, value: u8) {
    let words = region.long_words();
    let start = (HEADER_WORDS + place * 577) % words.len();
    words[start..].iter().take(64).for_each(|word| word.store(u64::from_ne_bytes([value; 8]), Ordering::Relaxed));
}
