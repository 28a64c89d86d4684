// SPDX-License-Identifier: Apache-2.0
//! A link: two honest ends that restart now and then, or one end and a peer that writes any word at any time, as the first byte
//! says.
#![no_main]

#[path = "../../ring/tests/adversary/mod.rs"]
mod adversary;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((first, script)) if first & 1 == 0 => adversary::honest(script),
        Some((_, script)) => adversary::hostile(script),
        None => {}
    }
});
