// SPDX-License-Identifier: Apache-2.0
//! MD5 (RFC 1321) of payloads, as dumps write it.

use md5::{Digest, Md5};

/// Click's digits of six bits.
const DIGITS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@";

/// In 32 hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In 22 digits of six bits, the lowermost first, of three bytes at a time.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in Md5::digest(bytes).chunks(3) {
        let number = group.iter().rev().fold(0, |number: usize, byte| number << 8 | usize::from(*byte));
        // A byte that is left over takes two digits.
        let digits = (0..=group.len()).map(|digit| DIGITS[number >> (6 * digit) & 63]);
        text.extend(digits.map(char::from));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_the_empty_text_and_of_another() {
        assert_eq!(hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(text(b""), "u3bJz@iaYsq6aMaMSJVq_b");
        assert_eq!(hex(b"hi there\n"), "12f6bb1941df66b8f138a446d4e8670c");
        assert_eq!(text(b"hi there\n"), "sy@Uze03MHB84qQruJ_zma");
    }
}
