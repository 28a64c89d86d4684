// SPDX-License-Identifier: Apache-2.0
//! Packets for the engine of `ids`: in line or beside, one after the other, with rules about everything.
//!
//! The input's first byte is the mode; then each packet has its length (two bytes) before it. Where that is zero, one of a handshake
//! follows instead, so that streams begin.
#![no_main]

#[path = "../../ids/tests/capture/mod.rs"]
mod capture;
#[path = "../../ids/tests/wire/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod wire;

use capture::Rig;
use ids::Mode;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

const RULES: &str = include_str!("../../ids/tests/everything.rules");

thread_local! {
    static RIGS: RefCell<[Rig; 2]> = RefCell::new([Mode::Ids, Mode::Ips].map(|mode| Rig::small(RULES, mode)));
}

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, mut rest)) = bytes.split_first() else { return };
    RIGS.with_borrow_mut(|rigs| {
        let rig = &mut rigs[usize::from(mode & 1)];
        let mut now_ns = 0;
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            now_ns += 1_000_000;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 {
                wire::Conversation::open().packets.iter().for_each(|packet| drop(rig.packet(packet, now_ns)));
                rest = after;
                continue;
            }
            // With a top bit it is payload of the conversation, without it a packet.
            let (taken, after) = after.split_at((length & 0x7fff).min(after.len()));
            if length & 0x8000 != 0 {
                rig.packet(&wire::tcp(0, 1001, 5001, 0x18, taken), now_ns);
                rig.packet(&wire::tcp(1, 5001, 1001 + taken.len() as u32, 0x18, taken), now_ns);
                rig.packet(&wire::tcp(0, 1001 + taken.len() as u32, 5001 + taken.len() as u32, 0x11, b""), now_ns);
            } else {
                rig.packet(taken, now_ns);
            }
            rest = after;
        }
        rig.finish();
    });
});
