// SPDX-License-Identifier: Apache-2.0
//! Handlers of every element class, by the instances of nf-elements/tests/random: the input's first two bytes choose one,
//! the rest are bytes that choose handlers and times, and lines that are values.
#![no_main]

#[path = "../../nf-elements/tests/random/mod.rs"]
mod random;
mod shared;

use libfuzzer_sys::fuzz_target;
use random::{HANDLERS_ONLY, RUNS};
use shared::lent;

fuzz_target!(|bytes: &[u8]| {
    if let Some((number, rest)) = bytes.split_first_chunk() {
        let run = RUNS[usize::from(u16::from_be_bytes(*number)) % RUNS.len()].1;
        run(&[&[HANDLERS_ONLY], rest].concat());
        shared::give_back();
    }
});
