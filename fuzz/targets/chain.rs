// SPDX-License-Identifier: Apache-2.0
//! Chain files: the compiler ends with a plan or with errors that have places.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(diagnostics) = chain_compiler::compile("fuzz.nf", text, &chain_compiler::Options::default()) {
        assert!(!diagnostics.0.is_empty());
        diagnostics.render("fuzz.nf", text, false);
    }
});
