// SPDX-License-Identifier: Apache-2.0
//! Requests of a xenstored that answers anything, at any time, and moves any index.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| xen_glue::xenstore::fake::adversary(bytes));
