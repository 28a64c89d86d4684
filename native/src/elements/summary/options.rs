// SPDX-License-Identifier: Apache-2.0
//! TCP options as text: `mss1460;sackok;ts1:2;wscale7`.

use std::fmt::Write;

const EOL: u8 = 0;
const NOP: u8 = 1;
const MAXSEG: u8 = 2;
const WSCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMP: u8 = 8;

/// Writes options without their padding; false if they are broken.
pub fn write(mut options: &[u8], out: &mut String) -> bool {
    let start = out.len();
    while let Some((&kind, rest)) = options.split_first() {
        match kind {
            EOL => break,
            NOP => {
                options = rest;
                continue;
            }
            _ => {}
        }
        let length = rest.first().map_or(0, |&length| usize::from(length));
        let Some(body) = options.get(2..length) else {
            out.truncate(start);
            return false;
        };
        if out.len() > start {
            out.push(';');
        }
        write_one(kind, body, out);
        options = &options[length..];
    }
    if out.len() == start {
        out.push('.');
    }
    true
}

/// A string takes everything.
fn write_one(kind: u8, body: &[u8], out: &mut String) {
    let word = |at: usize| {
        body.get(at..at + 4).map_or(0, |bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let _ = match (kind, body.len()) {
        (MAXSEG, 2) => write!(out, "mss{}", u16::from_be_bytes([body[0], body[1]])),
        (WSCALE, 1) => write!(out, "wscale{}", body[0]),
        (SACK_PERMITTED, 0) => write!(out, "sackok"),
        (TIMESTAMP, 8) => write!(out, "ts{}:{}", word(0), word(4)),
        (SACK, length) if length % 8 == 0 => {
            let blocks: Vec<_> =
                (0..length / 8).map(|at| format!("sack{}-{}", word(at * 8), word(at * 8 + 4))).collect();
            write!(out, "{}", blocks.join(";"))
        }
        _ => {
            let bytes: Vec<_> = body.iter().map(u8::to_string).collect();
            let equals = if bytes.is_empty() { "" } else { "=" };
            write!(out, "{kind}{equals}{}", bytes.join(":"))
        }
    };
}

/// Reads what [`write`] writes, padded to whole words.
pub fn read(text: &str) -> Option<Vec<u8>> {
    let mut options = Vec::new();
    for option in text.split(';').filter(|option| !matches!(*option, "." | "")) {
        if let Some(size) = option.strip_prefix("mss") {
            options.extend([MAXSEG, 4]);
            options.extend(size.parse::<u16>().ok()?.to_be_bytes());
        } else if let Some(scale) = option.strip_prefix("wscale") {
            options.extend([WSCALE, 3, scale.parse().ok()?]);
        } else if option == "sackok" {
            options.extend([SACK_PERMITTED, 2]);
        } else if let Some(block) = option.strip_prefix("sack") {
            options.extend([SACK, 10]);
            two_words(block, ['-', ':'], &mut options)?;
        } else if let Some(times) = option.strip_prefix("ts") {
            options.extend([TIMESTAMP, 10]);
            two_words(times, [':', ':'], &mut options)?;
        } else {
            options.push(match option {
                "nop" => NOP,
                "eol" => EOL,
                _ => return None,
            });
        }
    }
    options.resize(options.len().next_multiple_of(4), EOL);
    (options.len() <= 40).then_some(options)
}

fn two_words(text: &str, between: [char; 2], options: &mut Vec<u8>) -> Option<()> {
    let (left, right) = text.split_once(between)?;
    for number in [left, right] {
        options.extend(number.parse::<u32>().ok()?.to_be_bytes());
    }
    Some(())
}
