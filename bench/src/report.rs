// SPDX-License-Identifier: Apache-2.0
//! The figures beside their targets.

use qemu::Kind;
use serde::Serialize;

use crate::results::Results;

/// A figure and its target.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was measured, with its unit.
    pub figure: String,
    /// The Linux VM's value.
    pub linux: Option<f64>,
    /// Ours.
    pub ours: Option<f64>,
    /// Ours in terms of `reference`.
    pub ratio: Option<f64>,
    /// What the ratio compares with.
    pub reference: &'static str,
    /// The target in words; empty where there is none.
    pub target: String,
    /// Whether it is reached; none without a target or a value.
    pub reached: Option<bool>,
}

/// What a target asks for.
#[derive(Clone, Copy)]
enum Target {
    None,
    RatioAtLeast(f64),
    RatioAtMost(f64),
    ValueAtMost(f64),
}

/// All rows of which something was measured; `place` is the placement that targets are about.
pub fn rows(results: &Results, place: &str, machine: Kind) -> Vec<Row> {
    let mut rows: Vec<Row> = Kind::ALL.iter().map(|&kind| boot_row(results, kind)).collect();
    rows.extend(Kind::ALL.iter().map(|&kind| first_instruction_row(results, kind)));
    rows.extend(Kind::ALL.iter().map(|kind| {
        let ours = results.median(&format!("ready_ms/{}/sluice", kind.name()));
        row(format!("entry → ready, {} (ms)", kind.name()), None, ours, None, "", Target::ValueAtMost(2.0))
    }));
    rows.extend(forwarding_rows(results, place));
    rows.extend(size_rows(results, machine));
    rows.retain(|row| row.ours.is_some() || row.linux.is_some());
    rows
}

fn boot_row(results: &Results, kind: Kind) -> Row {
    let get = |who: &str| results.median(&format!("boot_ms/{}/{who}", kind.name()));
    let figure = format!("exec → first frame, {} (ms)", kind.name());
    row(figure, get("linux-bridge"), get("sluice-bridge"), get("floor"), "× floor", Target::RatioAtMost(1.4))
}

/// A floor without the end of QEMU's process in it: lower than the one that the target names.
fn first_instruction_row(results: &Results, kind: Kind) -> Row {
    let get = |who: &str| results.median(&format!("boot_ms/{}/{who}", kind.name()));
    let (ours, base) = (get("sluice-bridge"), get("first-instruction"));
    let share = base.map_or_else(String::new, |base| format!(", of which to the first instruction {base:.1}"));
    row(format!("the same, {}{share}", kind.name()), None, ours, base, "× that", Target::None)
}

fn forwarding_rows(results: &Results, place: &str) -> Vec<Row> {
    let get = |figure: &str, bytes: usize, who: &str| results.median(&format!("{figure}/{place}/{bytes}/{who}"));
    let mut rows = Vec::new();
    let mut versus_linux = |what: &str, figure: &str, bytes, linux: &str, ours: &str, target| {
        let (linux, ours) = (get(figure, bytes, linux), get(figure, bytes, ours));
        rows.push(row(what.to_owned(), linux, ours, linux, "× Linux", target));
    };
    let at_least = Target::RatioAtLeast;
    versus_linux(
        "64 B bridge, saturation (kpps)",
        "saturation_kpps",
        64,
        "linux-bridge",
        "sluice-bridge",
        at_least(3.0),
    );
    versus_linux(
        "64 B bridge, ≤ 0.5 % loss (kpps)",
        "lossless_kpps",
        64,
        "linux-bridge",
        "sluice-bridge",
        at_least(3.0),
    );
    versus_linux("64 B bridge, QEMU CPU per frame (µs)", "cpu_us", 64, "linux-bridge", "sluice-bridge", Target::None);
    versus_linux("64 B two ports joined (kpps)", "saturation_kpps", 64, "linux-bridge", "sluice-wire", Target::None);
    for (way, words) in [("into", "into VXLAN"), ("out", "out of VXLAN")] {
        let (linux, ours) = (format!("linux-vtep-{way}"), format!("sluice-vtep-{way}"));
        for bytes in [64, 1400] {
            let what = format!("{bytes} B {words}, saturation (kpps)");
            versus_linux(&what, "saturation_kpps", bytes, &linux, &ours, at_least(3.0));
            let what = format!("{bytes} B {words}, QEMU CPU per frame (µs)");
            versus_linux(&what, "cpu_us", bytes, &linux, &ours, Target::None);
        }
    }
    for (figure, words, target) in
        [("saturation_kpps", "saturation (kpps)", at_least(4.0)), ("cpu_us", "QEMU CPU per frame (µs)", Target::None)]
    {
        let (linux, ours) = ("linux-nft-stateful-100", "sluice-stateful-100");
        versus_linux(&format!("64 B, 10,000 established flows, {words}"), figure, 64, linux, ours, target);
    }
    versus_linux(
        "1500 B bridge, saturation (kpps)",
        "saturation_kpps",
        1500,
        "linux-bridge",
        "sluice-bridge",
        Target::None,
    );
    for (kind, name) in [("src", "deny src host"), ("five", "five-field")] {
        for count in [10, 100, 1000] {
            for (way, ways) in [("routed", "nft routed"), ("bridged", "nft bridged")] {
                let (linux, ours) =
                    (format!("linux-nft-{way}-{kind}-{count}"), format!("sluice-firewall-{kind}-{count}"));
                let target = if count == 100 { at_least(5.0) } else { Target::None };
                let what = format!("64 B, {count} rules {name}, {ways} (kpps)");
                versus_linux(&what, "saturation_kpps", 64, &linux, &ours, target);
            }
        }
    }
    let cost = |who| get("cpu_us", 64, who);
    let (stateless, stateful) = (cost("sluice-firewall-five-100"), cost("sluice-stateful-100"));
    if stateful.is_some() {
        let what = "the same, QEMU CPU per frame against no connections (µs)".to_owned();
        rows.push(row(what, None, stateful, stateless, "× stateless", Target::RatioAtMost(1.25)));
    }
    for kind in ["src", "five"] {
        let cost = |count| get("cpu_us", 64, &format!("sluice-firewall-{kind}-{count}"));
        let figure = format!("CPU per frame, 1000 rules {kind} (µs)");
        rows.push(row(figure, None, cost(1000), cost(10), "× 10 rules", Target::RatioAtMost(1.2)));
    }
    let (mirror, bridge) = (get("saturation_kpps", 64, "sluice-mirror"), get("saturation_kpps", 64, "sluice-bridge"));
    rows.push(row(
        "64 B mirrored in place, harness's limit (kpps)".to_owned(),
        None,
        mirror,
        bridge,
        "× our bridge",
        Target::None,
    ));
    let ping = |who: &str| results.median(&format!("ping_us/{place}/{who}"));
    let linux = ping("linux-bridge");
    rows.push(row(
        "ping through the bridge (µs)".to_owned(),
        linux,
        ping("sluice-bridge"),
        linux,
        "× Linux",
        Target::RatioAtMost(1.0),
    ));
    // A pair of which one side was not measured is no comparison.
    rows.retain(|row| row.reference != "× Linux" || (row.linux.is_some() && row.ours.is_some()));
    rows
}

fn size_rows(results: &Results, machine: Kind) -> Vec<Row> {
    let get = |figure: &str, who: &str| results.median(&format!("{figure}/{who}"));
    let linux = get("image_kb", "linux-bridge");
    let mut rows: Vec<Row> = ["bridge", "firewall-src-100", "firewall-src-1000", "firewall-five-1000"]
        .iter()
        .map(|name| {
            let ours = get("image_kb", &format!("sluice-{name}"));
            row(format!("image, {name} (kB)"), linux, ours, linux, "× Linux", Target::ValueAtMost(200.0))
        })
        .filter(|row| row.ours.is_some())
        .collect();
    let memory = |who: &str| results.median(&format!("least_ram_mib/{}/{who}", machine.name()));
    let linux = memory("linux-bridge");
    let figure = format!("least RAM that forwards, {} (MiB)", machine.name());
    rows.push(row(figure, linux, memory("sluice-bridge"), linux, "× Linux", Target::ValueAtMost(8.0)));
    rows
}

fn row(
    figure: String,
    linux: Option<f64>,
    ours: Option<f64>,
    base: Option<f64>,
    reference: &'static str,
    target: Target,
) -> Row {
    let ratio = ours.zip(base).filter(|(_, base)| *base > 0.0).map(|(ours, base)| ours / base);
    let (words, reached) = match target {
        Target::None => (String::new(), None),
        Target::RatioAtLeast(limit) => (format!("≥ {limit} {reference}"), ratio.map(|ratio| ratio >= limit)),
        Target::RatioAtMost(limit) => (format!("≤ {limit} {reference}"), ratio.map(|ratio| ratio <= limit)),
        Target::ValueAtMost(limit) => (format!("≤ {limit}"), ours.map(|ours| ours <= limit)),
    };
    Row { figure, linux, ours, ratio, reference, target: words, reached }
}

/// The table for the terminal.
pub fn table(rows: &[Row]) -> String {
    let heads = ["figure", "Linux", "ours", "ratio", "target", "reached"].map(str::to_owned);
    let mut lines = vec![heads];
    lines.extend(rows.iter().map(|row| {
        let reached = row.reached.map_or("", |reached| if reached { "yes" } else { "NO" });
        let ratio = row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2} {}", row.reference));
        [row.figure.clone(), number(row.linux), number(row.ours), ratio, row.target.clone(), reached.to_owned()]
    }));
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, cells) in lines.iter().enumerate() {
        text += &line(cells, &widths);
        if index == 0 {
            text += &(widths.map(|width| "─".repeat(width)).join("  ") + "\n");
        }
    }
    text
}

/// Names to the left, numbers to the right.
fn line(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, &width))| match column {
        1 | 2 => format!("{cell:>width$}"),
        _ => format!("{cell:<width$}"),
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_compare_with_their_reference() {
        let mut results = Results::default();
        results.add("boot_ms/q35/linux-bridge", 1500.0);
        results.add("boot_ms/q35/sluice-bridge", 52.0);
        results.add("boot_ms/q35/floor", 40.0);
        results.add("saturation_kpps/one-core/64/linux-bridge", 100.0);
        results.add("saturation_kpps/one-core/64/sluice-bridge", 250.0);
        let rows = rows(&results, "one-core", Kind::Q35);
        assert_eq!(rows.iter().filter(|row| row.reached == Some(true)).count(), 1);
        assert_eq!(rows.iter().filter(|row| row.reached == Some(false)).count(), 1);
        assert!(table(&rows).contains("1.30 × floor"));
    }

    #[test]
    fn a_pair_with_one_side_missing_is_no_row() {
        let mut results = Results::default();
        results.add("saturation_kpps/one-core/64/linux-bridge", 100.0);
        assert!(rows(&results, "one-core", Kind::Q35).is_empty());
    }
}
