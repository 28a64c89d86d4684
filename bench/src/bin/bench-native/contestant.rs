// SPDX-License-Identifier: Apache-2.0
//! The programs that run pipelines: ours, and a Click of the user's.

use crate::pipelines::Pipeline;
use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A pipeline as a command.
pub struct Contestant {
    program: PathBuf,
    arguments: Vec<String>,
    /// Packets of one run.
    pub packets: u64,
}

impl Contestant {
    /// Our process for a pipeline, built in `folder`.
    pub fn ours(sluice: &Path, pipeline: &Pipeline, packets: u64, folder: &Path) -> Result<Self> {
        let file = write(pipeline, &pipeline.text(packets), folder, "ours")?;
        let output = Command::new(sluice)
            .args(["click", "--no-warnings", "--print-command"])
            .arg(&file)
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run sluice")?;
        if !output.status.success() {
            bail!("sluice does not build '{}' ({})", pipeline.name, file.display());
        }
        let command = String::from_utf8(output.stdout)?;
        let mut words = command.split_whitespace().map(String::from);
        let program = words.next().context("sluice printed no command")?.into();
        Ok(Contestant { program, arguments: words.collect(), packets })
    }

    /// A Click for a pipeline.
    pub fn click(click: &Path, pipeline: &Pipeline, packets: u64, folder: &Path) -> Result<Self> {
        let packets = packets / pipeline.click_divisor;
        let file = write(pipeline, &pipeline.click_text(packets), folder, "click")?;
        Ok(Contestant { program: click.into(), arguments: vec![file.to_string_lossy().into()], packets })
    }

    /// Nanoseconds of CPU per packet in one run.
    pub fn run(&self) -> Result<f64> {
        let before = children_ns()?;
        let status = Command::new(&self.program)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if !status.success() {
            bail!("{} {:?} ended with {status}", self.program.display(), self.arguments);
        }
        Ok((children_ns()? - before) / self.packets as f64)
    }

    /// Instructions per packet, counted by callgrind as the difference between two runs.
    pub fn instructions(&self, folder: &Path) -> Result<f64> {
        const FEW: u64 = 20_000;
        const MANY: u64 = 120_000;
        let (few, many) = (self.count(FEW, folder)?, self.count(MANY, folder)?);
        Ok((many - few) as f64 / (MANY - FEW) as f64)
    }

    fn count(&self, packets: u64, folder: &Path) -> Result<i64> {
        let out = folder.join("callgrind.out");
        let output = Command::new("valgrind")
            // One memcpy for all processors that run this: the C library's choice among its own would change the count.
            .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load")
            .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
            .arg(&self.program)
            .args(&self.arguments)
            .args(["--write", &format!("s.limit {packets}")])
            .output()
            .context("cannot run valgrind")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let counted = said.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok());
        counted.with_context(|| format!("valgrind counted nothing:\n{said}"))
    }
}

fn write(pipeline: &Pipeline, text: &str, folder: &Path, whose: &str) -> Result<PathBuf> {
    let name: String = pipeline.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let file = folder.join(format!("{name}.{whose}.click"));
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// CPU time of all children that have ended.
fn children_ns() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let ns = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e9 + time.tv_usec() as f64 * 1e3;
    Ok(ns(usage.user_time()) + ns(usage.system_time()))
}
