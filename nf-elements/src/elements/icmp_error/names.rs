// SPDX-License-Identifier: Apache-2.0
//! Click's names for ICMP types and codes, as far as they are errors.
#![cfg(feature = "host")]

use super::is_error;
use crate::configure::{Arguments, FromArgument};
use std::net::Ipv4Addr;

const TYPES: &[(&str, u8)] =
    &[("unreachable", 3), ("sourcequench", 4), ("redirect", 5), ("timeexceeded", 11), ("parameterproblem", 12)];

const UNREACHABLE: &[(&str, u8)] = &[
    ("net", 0),
    ("host", 1),
    ("protocol", 2),
    ("port", 3),
    ("needfrag", 4),
    ("srcroutefail", 5),
    ("netunknown", 6),
    ("hostunknown", 7),
    ("isolated", 8),
    ("netprohibited", 9),
    ("hostprohibited", 10),
    ("tosnet", 11),
    ("toshost", 12),
    ("filterprohibited", 13),
    ("hostprecedence", 14),
    ("precedencecutoff", 15),
];
const REDIRECT: &[(&str, u8)] = &[("net", 0), ("host", 1), ("tosnet", 2), ("toshost", 3)];
const TIME_EXCEEDED: &[(&str, u8)] = &[("transit", 0), ("reassembly", 1)];
const PARAMETER_PROBLEM: &[(&str, u8)] = &[("erroratptr", 0), ("missingopt", 1), ("length", 2)];

fn look_up(names: &[(&str, u8)], word: &str) -> Option<u8> {
    let named = names.iter().find(|(name, _)| *name == word).map(|(_, number)| *number);
    named.or_else(|| u8::from_argument(word))
}

fn list(names: &[(&str, u8)]) -> String {
    names.iter().map(|(name, number)| format!("{name} ({number})")).collect::<Vec<_>>().join(", ")
}

/// Takes the argument TYPE.
pub fn configure_type(arguments: &mut Arguments) -> Option<u8> {
    let word: String = arguments.required("TYPE")?;
    let found = look_up(TYPES, &word).filter(|message_type| is_error(*message_type));
    if found.is_none() {
        arguments.error_last(format!("'{word}' is no type of ICMP error"), list(TYPES));
    }
    found
}

/// Takes the argument CODE of this type.
pub fn configure_code(arguments: &mut Arguments, message_type: u8) -> Option<u8> {
    let names = match message_type {
        3 => UNREACHABLE,
        5 => REDIRECT,
        11 => TIME_EXCEEDED,
        12 => PARAMETER_PROBLEM,
        _ => &[],
    };
    let word = arguments.optional("CODE", String::from("0"))?;
    let found = look_up(names, &word);
    if found.is_none() {
        arguments.error_last(format!("'{word}' is no code of that type"), format!("0 to 255 {}", list(names)));
    }
    found
}

/// Takes the argument BADADDRS.
pub fn configure_addresses(arguments: &mut Arguments) -> Option<Vec<u32>> {
    let words = arguments.optional("BADADDRS", String::new())?;
    let addresses: Result<Vec<_>, _> =
        words.split_whitespace().map(|word| word.parse::<Ipv4Addr>().map(u32::from)).collect();
    if addresses.is_err() {
        arguments.error_last(format!("'{words}'"), "IPv4 addresses, like 192.0.2.255 198.51.100.255");
    }
    addresses.ok()
}
