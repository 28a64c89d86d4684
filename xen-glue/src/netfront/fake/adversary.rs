// SPDX-License-Identifier: Apache-2.0
//! Backends that do anything.

use super::Guest;
use crate::fake::{Domain, Polls};
use crate::netfront::{Queue, Vif};
use crate::xenbus::{State, run};
use crate::xenstore::Token;
use crate::xenstore::fake::Fault;
use core::pin::pin;
use core::task::{Context, Waker};
use std::sync::atomic::Ordering;

/// Runs a vif whose backend does what `script` says: keeps to the protocol or writes anything to the rings, says anything of its
/// state, goes and comes. Nothing panics, each call returns, no frame is longer than its room; afterwards an honest backend
/// gets the vif up again and frames cross both ways.
pub fn adversary(script: &[u8]) {
    let mut guest = Guest::new();
    guest.netback.strict = false;
    let domain = guest.domain.clone();
    let (store, vif) = (guest.store(&domain), guest.vif(&domain));
    let grants = guest.grants.clone();
    let pauses = Polls::new(40);
    let mut task = pin!(run(&vif, &store, &grants, (vif.path(), Token::new(0)), &pauses, &|_| ()));
    let mut poll = || assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mut bytes = script.iter().copied();
    while let Some(step) = bytes.next() {
        for _ in 0..step % 16 {
            poll();
            guest.server.serve();
            guest.netback.step(&mut guest.server);
        }
        misbehave(&mut guest, &mut bytes);
        use_queue(&vif, usize::from(step));
    }
    guest.netback.remove(&mut guest.server);
    guest.netback.plug(&mut guest.server);
    guest.netback.loaded = true;
    assert!(recovers(&mut guest, &vif, poll), "an honest backend is not used");
}

fn use_queue(vif: &Vif<'_, Domain>, step: usize) {
    let mut queue = vif.queue();
    let mut buffer = [0xa5; 2000];
    let room = step * 13 % 1500;
    while queue.is_ready()
        && let Some(length) = queue.take(&mut buffer[..room])
    {
        assert!(length <= room && buffer[room..].iter().all(|&byte| byte == 0xa5));
    }
    queue.release();
    let room = queue.room();
    for length in 0..step % 8 {
        let put = queue.put(&[0x11; 2000][..14 + length]);
        assert_eq!(put.is_ok(), length < room);
    }
    queue.publish();
    drop(queue);
    vif.notify();
    vif.arm(step % 40);
}

fn misbehave(guest: &mut Guest, bytes: &mut impl Iterator<Item = u8>) {
    let mut byte = || bytes.next().unwrap_or(0);
    let Guest { netback, server, .. } = guest;
    match byte() {
        // At times without its checksum, or in pieces.
        0..60 => drop(netback.deliver(&[0x22; 2000][..14 + usize::from(byte()) * 6], u16::from(byte() / 64 * 2))),
        60..100 => drop(netback.collect()),
        100..140 => netback.answer(usize::from(byte()), 0),
        140..160 => {
            let (flags, status) = (u16::from(byte() % 32), i16::from_le_bytes([byte(), byte() % 6]));
            netback.deliver_nonsense(u16::from(byte() / 128), u16::from(byte() % 8), flags, status);
        }
        160..175 => netback.answer_id(u16::from(byte()), -1),
        175..190 => {
            let (ring, word, value) = (byte() % 2, byte(), u32::from(byte()) << (byte() % 32));
            let word = usize::from(word % 4) + usize::from(word / 4) * usize::from(word % 2) * 13;
            if let Some(rings) = netback.rings() {
                rings[usize::from(ring)][word].fetch_add(value, Ordering::Relaxed);
            }
        }
        190..200 => netback.switch(server, State::of(u32::from(byte() % 12))),
        200..205 => netback.unplug(server),
        205..208 => netback.remove(server),
        208..215 => netback.unload(),
        215..225 if netback.state() != State::Unknown => netback.load(server),
        225..235 => {
            netback.remove(server);
            netback.plug(server);
        }
        235..240 => server.faults.push_back(Some(Fault::Refuse("EACCES"))),
        _ => {}
    }
}

/// Whether frames cross both ways soon.
fn recovers(guest: &mut Guest, vif: &Vif<'_, Domain>, mut poll: impl FnMut()) -> bool {
    const FRAME: &[u8] = b"to whom it may concern";
    guest.server.faults.clear();
    let (mut came, mut went) = (false, false);
    for _ in 0..20_000 {
        poll();
        guest.server.serve();
        guest.netback.step(&mut guest.server);
        guest.netback.deliver(FRAME, 0);
        went |= guest.netback.collect().iter().any(|frame| frame == FRAME);
        guest.netback.answer(usize::MAX, 0);
        came |= exchange(&mut vif.queue(), FRAME);
        if came && went {
            return true;
        }
    }
    false
}

fn exchange(queue: &mut Queue, frame: &[u8]) -> bool {
    let mut buffer = [0; 2000];
    let mut came = false;
    while let Some(length) = queue.take(&mut buffer) {
        came |= &buffer[..length] == frame;
    }
    queue.release();
    queue.room();
    let _ = queue.put(frame);
    queue.publish();
    came
}
