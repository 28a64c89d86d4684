// SPDX-License-Identifier: Apache-2.0
//! Every element class with frames and handler values that mean nothing: see random/README.md.
#![cfg(feature = "host")]

#[path = "random/list.rs"]
mod list;
#[path = "random/mod.rs"]
mod random;

use random::RUNS;

/// Inputs for each instance.
const INPUTS: usize = 20;
/// Bytes of each input.
const BYTES: usize = 2000;

/// Memory for an element; a test may leak it.
fn lent<T>(empty: impl Fn() -> T, count: usize) -> &'static mut [T] {
    (0..count).map(|_| empty()).collect::<Vec<_>>().leak()
}

/// xorshift64*: the same inputs in every run.
fn bytes(seed: usize) -> Vec<u8> {
    let mut state = 0x51ce_5eed ^ (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u8
    };
    (0..BYTES).map(|_| next()).collect()
}

#[test]
fn no_element_panics_on_what_means_nothing() {
    let mut broken = Vec::new();
    for (number, (text, run)) in RUNS.iter().enumerate() {
        let found =
            (0..INPUTS).find(|input| std::panic::catch_unwind(|| run(&bytes(number * INPUTS + input))).is_err());
        broken.extend(found.map(|input| format!("{text}, input {input}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_instances_are_those_of_configure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/random/instances.rs");
    let source = list::source();
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(path, &source).expect("the file can be written");
    }
    assert!(
        std::fs::read_to_string(path).is_ok_and(|found| found == source),
        "SLUICE_BLESS=1 accepts what Configure gives now"
    );
}
