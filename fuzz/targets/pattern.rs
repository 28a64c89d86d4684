// SPDX-License-Identifier: Apache-2.0
//! The patterns of IPFilter, IPClassifier and Classifier: each line of the input is one argument.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nf_elements::configure::{Surroundings, configure};
use nf_elements::elements::{Classifier, IpClassifier, IpFilter};

fuzz_target!(|text: &str| {
    let arguments: Vec<_> = text.lines().take(8).map(str::trim).collect();
    let surroundings = Surroundings { inputs: 1, outputs: arguments.len(), ..Default::default() };
    let _ = configure::<IpFilter>(&arguments, &surroundings);
    let _ = configure::<IpClassifier>(&arguments, &surroundings);
    let _ = configure::<Classifier>(&arguments, &surroundings);
});
