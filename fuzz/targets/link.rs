// SPDX-License-Identifier: Apache-2.0
//! A link over granted memory, whose peer, toolstack and hypervisor do anything at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| xen_glue::link::fake::adversary(bytes));
