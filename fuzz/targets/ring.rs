// SPDX-License-Identifier: Apache-2.0
//! A link, in copy or shared mode: two honest ends that restart now and then, or one end and a peer that writes any word at any
//! time, as the first byte says.
#![no_main]

#[path = "../../ring/tests/adversary/mod.rs"]
mod adversary;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, script)) = bytes.split_first() else { return };
    match first & 3 {
        0 => adversary::honest(script),
        1 => adversary::hostile(script),
        2 => adversary::shared::honest(script),
        _ => adversary::shared::hostile(script),
    }
});
