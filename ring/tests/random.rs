// SPDX-License-Identifier: Apache-2.0
//! Links on which anything happens. The fuzz target `ring` looks for more of the same.
#![cfg(not(loom))]

mod adversary;

/// As many scripts, each of them new.
fn scripts(count: u64) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(|seed| {
        // Xorshift.
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let byte = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        std::iter::repeat_with(byte).take(4000).collect()
    })
}

#[test]
fn honest_ends_lose_reorder_and_alter_nothing() {
    scripts(60).for_each(|script| adversary::honest(&script));
}

#[test]
fn a_peer_that_scribbles_on_all_memory_is_survived() {
    scripts(100).for_each(|script| adversary::hostile(&script));
}

#[test]
fn buffers_of_honest_ends_are_in_one_hand_each() {
    scripts(60).for_each(|script| adversary::shared::honest(&script));
}

#[test]
fn buffers_survive_a_peer_that_scribbles_on_all_memory() {
    scripts(100).for_each(|script| adversary::shared::hostile(&script));
}
