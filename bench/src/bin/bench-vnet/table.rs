// SPDX-License-Identifier: Apache-2.0
//! The paper's two figures, as tables and as a picture.

use super::hosts::Path;
use super::measure::Kind;
use super::{Options, Samples};
use anyhow::{Context, Result};
use bench::plot::{self, Bar, Panel};
use bench::results::{Host, median};
use serde::Serialize;

/// The medians for payloads of one size, and their ratios.
#[derive(Serialize)]
struct Row {
    what: Kind,
    payload_bytes: u32,
    native: f64,
    direct: f64,
    udp: f64,
    tcp: f64,
    /// Of the medians: encapsulation beside the direct bridge, all beside native.
    udp_to_direct: f64,
    tcp_to_direct: f64,
    direct_to_native: f64,
    udp_to_native: f64,
    tcp_to_native: f64,
    /// Samples that there are of all.
    samples: usize,
}

impl Row {
    fn of(samples: &Samples, what: Kind, payload_bytes: u32) -> Option<Row> {
        let all = |path| samples.get(&(what, payload_bytes, path));
        let middle = |path| median(all(path)?);
        let samples = Path::ALL.iter().filter_map(|path| all(*path)).map(Vec::len).min()?;
        let [native, direct, udp, tcp] = Path::ALL.map(middle);
        let (native, direct, udp, tcp) = (native?, direct?, udp?, tcp?);
        Some(Row {
            what,
            payload_bytes,
            native,
            direct,
            udp,
            tcp,
            udp_to_direct: udp / direct,
            tcp_to_direct: tcp / direct,
            direct_to_native: direct / native,
            udp_to_native: udp / native,
            tcp_to_native: tcp / native,
            samples,
        })
    }

    fn print(&self, options: &Options) {
        let values = [self.native, self.direct, self.udp, self.tcp].map(|value| format!("{value:>9.1}")).join(" ");
        let to_direct = [self.udp_to_direct, self.tcp_to_direct];
        let to_native = [self.direct_to_native, self.udp_to_native, self.tcp_to_native];
        let ratios = |ratios: &[f64]| ratios.iter().map(|ratio| format!(" {ratio:>8.3}")).collect::<String>();
        let missing = match (options.rounds * self.what.turns(options)).saturating_sub(self.samples) {
            0 => String::new(),
            missing => format!("  {missing} failed"),
        };
        let size = format!("{} B", self.payload_bytes);
        println!("{size:<16} {values}   {}   {}{missing}", ratios(&to_direct), ratios(&to_native));
    }

    /// A bar for each path.
    fn bars(&self) -> impl Iterator<Item = Bar> {
        let colors = [plot::LINUX, plot::LINUX, plot::OURS, plot::FLOOR];
        let values = [self.native, self.direct, self.udp, self.tcp];
        Path::ALL.into_iter().zip(colors).zip(values).map(|((path, color), value)| Bar {
            color,
            label: format!("{} B, {}", self.payload_bytes, path.name()),
            value,
        })
    }
}

/// Prints the tables, and writes the files that `options` name.
pub fn print(options: &Options, samples: &Samples) -> Result<()> {
    let host = Host::here();
    println!("{}; {} processors; Linux {}; {}", host.processor, host.processors, host.kernel, host.qemu);
    let Options { rounds, turns, streams, mtu, mode, .. } = options;
    println!(
        "medians of {rounds} rounds, in each {turns} round trips and {streams} streams in turn; tcg; MTU {mtu}; each segment a frame of its own; hosts: {mode}"
    );
    let (mut rows, mut panels) = (Vec::new(), Vec::new());
    for &what in &options.only {
        let of_kind: Vec<_> = options.payloads.iter().filter_map(|size| Row::of(samples, what, *size)).collect();
        println!(
            "\n{:<16} {:>9} {:>9} {:>9} {:>9}    ÷ direct:           ÷ native:",
            "", "native", "direct", "UDP", "TCP"
        );
        let names = "     UDP      TCP     direct      UDP      TCP";
        println!("{:<16} {:>9} {:>9} {:>9} {:>9}   {names}", what.name(), "", "bridge", "link", "link");
        of_kind.iter().for_each(|row| row.print(options));
        let bars = of_kind.iter().flat_map(Row::bars).collect();
        panels.push(Panel { title: what.name().into(), bars, logarithmic: false });
        rows.extend(of_kind);
    }
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&rows)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &options.svg {
        plot::sheet(path, "VNET/P: two hosts on one Ethernet, a kernel behind each", &host, &panels)?;
    }
    Ok(())
}
