// SPDX-License-Identifier: Apache-2.0
//! Linux's signals (signal(7), x86).

/// The number of the signal of that name; a number stands for itself.
pub fn number(name: &str) -> Option<u8> {
    Some(match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ABRT" => 6,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        "PIPE" => 13,
        "ALRM" => 14,
        "TERM" => 15,
        "TSTP" => 20,
        "IO" => 29,
        _ => return name.parse().ok().filter(|&number| number < 32),
    })
}
