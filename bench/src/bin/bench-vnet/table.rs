// SPDX-License-Identifier: Apache-2.0
//! The paper's two figures, as tables.

use super::hosts::Path;
use super::measure::Kind;
use super::{Options, Samples};
use anyhow::{Context, Result};
use bench::results::{Host, median};
use serde::Serialize;

/// The medians for payloads of one size.
#[derive(Serialize)]
struct Row {
    what: Kind,
    payload_bytes: u32,
    native: f64,
    direct: f64,
    udp: f64,
    /// Rounds of which there are samples of all three.
    rounds: usize,
}

impl Row {
    fn of(samples: &Samples, what: Kind, payload_bytes: u32) -> Option<Row> {
        let all = |path| samples.get(&(what, payload_bytes, path));
        let middle = |path| median(all(path)?);
        let rounds = Path::ALL.iter().filter_map(|path| all(*path)).map(Vec::len).min()?;
        let (native, direct, udp) = (middle(Path::Native)?, middle(Path::Direct)?, middle(Path::Udp)?);
        Some(Row { what, payload_bytes, native, direct, udp, rounds })
    }
}

/// Prints the tables, and writes the file that `options` name.
pub fn print(options: &Options, samples: &Samples) -> Result<()> {
    let host = Host::here();
    println!("{}; {} processors; Linux {}; {}", host.processor, host.processors, host.kernel, host.qemu);
    println!("medians of {} rounds in turn; tcg; MTU {}; each segment a frame of its own", options.rounds, options.mtu);
    let mut rows = Vec::new();
    for what in Kind::ALL {
        let of_kind: Vec<_> = options.payloads.iter().filter_map(|size| Row::of(samples, what, *size)).collect();
        println!(
            "\n{:<16} {:>9} {:>14} {:>9} {:>14} {:>10}",
            what.name(),
            "native",
            "direct bridge",
            "UDP",
            "UDP ÷ direct",
            "÷ native"
        );
        for row in &of_kind {
            let (direct, native) = (row.udp / row.direct, row.udp / row.native);
            let missing = options.rounds - row.rounds;
            let missing = if missing > 0 { format!("  {missing} rounds failed") } else { String::new() };
            println!(
                "{:<16} {:>9.1} {:>14.1} {:>9.1} {direct:>14.3} {native:>10.3}{missing}",
                format!("{} B", row.payload_bytes),
                row.native,
                row.direct,
                row.udp
            );
        }
        rows.extend(of_kind);
    }
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&rows)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
