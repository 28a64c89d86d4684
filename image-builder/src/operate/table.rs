// SPDX-License-Identifier: Apache-2.0
//! Tables for people: columns under headings, no lines.

use comfy_table::{CellAlignment, Table};

/// A table with these headings.
pub fn new(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(headings);
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table
}

/// Puts these columns to the right.
pub fn numbers(table: &mut Table, columns: &[usize]) {
    for &column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Seconds, as one reads them.
pub fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole / 3600 % 24),
    }
}

/// A number of bytes.
pub fn bytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}

/// A rate per second, with three digits.
pub fn rate(rate: f64) -> String {
    match rate {
        ..0.05 => "0".into(),
        ..10.0 => format!("{rate:.1}"),
        ..1e4 => format!("{rate:.0}"),
        ..1e7 => format!("{:.1}k", rate / 1e3),
        _ => format!("{:.1}M", rate / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([3.21, 61.0, 3661.0, 90_000.0].map(duration), ["3.2 s", "1m01s", "1h01m", "1d01h"]);
        assert_eq!([0.0, 1.25, 999.4, 123_456.0, 1.2e7].map(rate), ["0", "1.2", "999", "123.5k", "12.0M"]);
        assert_eq!(bytes(3 << 19), "1.5 MiB");
    }
}
