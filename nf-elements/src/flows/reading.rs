// SPDX-License-Identifier: Apache-2.0
//! How the arguments that rewriters share are read.

use super::arguments::DEFAULT_CAPACITY;
use super::flow::FLOWS;
use super::table::MOST_FLOWS;
use super::{AGES, Timing};
use crate::configure::{Arguments, Nanoseconds};

/// The longest time that a flow's clock measures: 12 days.
const MOST_MS: u32 = 1 << 30;

/// A keyword argument for a time, in milliseconds.
pub fn time(arguments: &mut Arguments, name: &str) -> Option<u32> {
    let Nanoseconds(ns) = arguments.keyword(name)?;
    Some((ns / 1_000_000).min(MOST_MS.into()) as u32)
}

/// The first of these keyword arguments that is there, or `default` seconds; the others are taken as well.
pub fn time_of(arguments: &mut Arguments, names: &[&str], default: u32) -> u32 {
    let times: Vec<_> = names.iter().filter_map(|name| time(arguments, name)).collect();
    times.first().copied().unwrap_or(default * 1000)
}

/// One timeout and one guarantee, and how often to look.
pub fn timing(arguments: &mut Arguments, timeouts_ms: [u32; AGES], guarantees_ms: [u32; AGES]) -> Timing {
    Timing { timeouts_ms, guarantees_ms, reap_ms: time_of(arguments, &["REAP_INTERVAL"], 15 * 60) }
}

/// MAPPING_CAPACITY, in flows.
pub fn capacity(arguments: &mut Arguments) -> usize {
    let given: Vec<usize> =
        ["MAPPING_CAPACITY", "CAPACITY"].iter().filter_map(|name| arguments.keyword(name)).collect();
    let capacity = given.first().copied().unwrap_or(DEFAULT_CAPACITY);
    if capacity > MOST_FLOWS - FLOWS {
        arguments.error(format!("a capacity of {capacity} flows"), Some(format!("at most {}", MOST_FLOWS - FLOWS)));
    }
    capacity
}

/// Whether REPLY_ANNO is there.
pub fn reply_annotation(arguments: &mut Arguments) -> bool {
    match arguments.keyword::<String>("REPLY_ANNO") {
        Some(name) if name != "PAINT" => {
            arguments.error_last(format!("'{name}'"), "PAINT, the only annotation that a flow keeps");
            true
        }
        name => name.is_some(),
    }
}
