// SPDX-License-Identifier: Apache-2.0
//! A vif whose backend writes anything to its rings and says anything of its state, at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| xen_glue::netfront::fake::adversary(bytes));
