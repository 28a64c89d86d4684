// SPDX-License-Identifier: Apache-2.0
//! What was measured: samples by name, and the file that keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::report::Row;

/// Samples of one run. A name is a path: `boot_ms/q35/linux-bridge`.
#[derive(Debug, Default)]
pub struct Results {
    samples: BTreeMap<String, Vec<f64>>,
    /// What went wrong on the way, without ending the run.
    pub failures: Vec<String>,
}

impl Results {
    /// Keeps a sample.
    pub fn add(&mut self, name: &str, value: f64) {
        self.samples.entry(name.to_owned()).or_default().push(value);
    }

    /// The median of a name's samples.
    pub fn median(&self, name: &str) -> Option<f64> {
        median(self.samples.get(name)?)
    }

    /// Writes everything as JSON.
    pub fn write(&self, path: &Path, rows: &[Row]) -> Result<()> {
        let medians = self.samples.iter().filter_map(|(name, values)| Some((name.as_str(), median(values)?))).collect();
        let file = File { host: Host::here(), rows, medians, samples: &self.samples, failures: &self.failures };
        let partial = path.with_extension("part");
        fs::write(&partial, serde_json::to_string_pretty(&file)? + "\n")?;
        fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

#[derive(Serialize)]
struct File<'a> {
    host: Host,
    rows: &'a [Row],
    medians: BTreeMap<&'a str, f64>,
    samples: &'a BTreeMap<String, Vec<f64>>,
    failures: &'a [String],
}

/// Where it was measured: a number without this is none.
#[derive(Debug, Serialize)]
pub struct Host {
    /// Processor model.
    pub processor: String,
    /// Processors online.
    pub processors: usize,
    /// Kernel release.
    pub kernel: String,
    /// QEMU's version line.
    pub qemu: String,
}

impl Host {
    /// This machine.
    pub fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let qemu = Command::new("qemu-system-x86_64").arg("--version").output().map(|output| output.stdout);
        Self {
            processor: model.map_or_else(String::new, |(_, name)| name.trim().to_owned()),
            // Of the machine, whether or not this process is pinned to some of them.
            processors: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            qemu: String::from_utf8_lossy(&qemu.unwrap_or_default()).lines().next().unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_takes_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
