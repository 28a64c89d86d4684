// SPDX-License-Identifier: Apache-2.0
//! Control messages, both ways.
#![no_main]

use control::{FromVm, MESSAGE_BYTES, ToVm, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut frame = bytes.to_vec();
    let mut buffer = [0; MESSAGE_BYTES];
    if let Some(request) = decode::<ToVm>(&mut frame)
        && let Some(sent) = encode(&request, &mut buffer)
    {
        assert_eq!(decode::<ToVm>(&mut sent.to_vec()), Some(request));
    }
    let mut frame = bytes.to_vec();
    let _ = decode::<FromVm>(&mut frame);
});
