// SPDX-License-Identifier: Apache-2.0
//! Our contestants: chains written or taken from examples/, built with the `sluice` command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use qemu::{Accel, Backend, Kind, Machine, Nic, PortDevice};

use crate::lab::{IN, OUT, OUT_STATION, mac};
use crate::linux::NIC_MACS;
use crate::rules::{RuleKind, STATEFUL_ARGUMENTS};

/// RAM that `sluice run` gives a VM which remembers little.
pub const MEMORY_MIB: u32 = 8;

/// What the Linux VM's job `vtep` is; `MACS` are those of the tunnel's ends.
const VTEP_CHAIN: &str = "network in;
network out;
vm vtep {
  v :: VTEP(10.0.1.1, access 42 1, flood 42 10.0.1.2);
  FromDevice(in) -> [1] v [1] -> ToDevice(in);
  FromDevice(out) -> CheckIPHeader(14) -> IPClassifier(dst udp port 4789) -> v -> EtherEncap(0x0800, MACS) -> ToDevice(out);
}
chain in <-> vtep <-> out;
";

/// `mov dx, 0xf4; mov eax, 0x10; out dx, eax`, with which the floor kernel ends QEMU.
const END: [u8; 10] = [0x66, 0xba, 0xf4, 0, 0xb8, 0x10, 0, 0, 0, 0xef];
/// `out dx, al`: the debug console takes bytes only.
const OUT_DX_AL: u8 = 0xee;
/// The port of the debug console.
const DEBUG_CONSOLE: u8 = 0xe9;

/// A built image, or the floor.
#[derive(Debug, Clone)]
pub struct Image {
    /// The ELF file.
    pub path: PathBuf,
    /// Its NICs: 1 or 2.
    pub ports: usize,
    /// RAM that `sluice run` gives it.
    pub memory_mib: u32,
}

impl Image {
    /// Its size in the file system.
    pub fn bytes(&self) -> Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }

    /// QEMU's command line, with a control channel at `control` if one is wanted.
    pub fn command(&self, machine: Kind, memory_mib: u32, control: Option<PathBuf>) -> Vec<String> {
        let taps = [IN, OUT].iter().zip(NIC_MACS).take(self.ports);
        let nics = taps.map(|(tap, mac)| Nic { backend: Backend::Tap { name: (*tap).to_owned() }, mac });
        let machine = Machine {
            name: "bench".to_owned(),
            kind: machine,
            accel: Accel::Tcg,
            memory_mib,
            kernel: self.path.clone(),
            append: host_tsc_khz().map(|khz| format!("tsc_khz={khz}")).unwrap_or_default(),
            ports: nics.map(PortDevice::Nic).collect(),
            control,
        };
        machine.command()
    }
}

/// Builds images into a folder.
#[derive(Debug)]
pub struct Builder {
    sluice: PathBuf,
    folder: PathBuf,
}

impl Builder {
    /// Uses `sluice`, or the one beside this program, and builds below `folder`.
    pub fn new(sluice: Option<PathBuf>, folder: &Path) -> Result<Self> {
        let sluice = match sluice {
            Some(path) => path,
            None => std::env::current_exe()?.with_file_name("sluice"),
        };
        let advice = "build it first (cargo build --release --bin sluice) or name one with --sluice";
        ensure!(sluice.is_file(), "there is no {}: {advice}", sluice.display());
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { sluice, folder: folder.to_owned() })
    }

    /// Builds a chain of one VM that is in examples/.
    pub fn example(&self, name: &str) -> Result<Image> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(format!("{name}.nf"));
        self.build(&source, name)
    }

    /// Builds a firewall between two ports, of `count` rules.
    pub fn firewall(&self, kind: RuleKind, count: usize) -> Result<Image> {
        let name = format!("firewall-{}-{count}", kind.word());
        let source = self.folder.join(format!("{name}.nf"));
        fs::write(&source, firewall_chain(kind, count))?;
        self.build(&source, &name)
    }

    /// Builds a firewall between two ports, of `count` five-field rules, that knows connections.
    pub fn stateful_firewall(&self, count: usize) -> Result<Image> {
        let name = format!("stateful-{count}");
        let source = self.folder.join(format!("{name}.nf"));
        fs::write(&source, stateful_chain(count))?;
        self.build(&source, &name)
    }

    /// Builds a VTEP with hosts at its first port.
    pub fn vtep(&self) -> Result<Image> {
        let source = self.folder.join("vtep.nf");
        let macs = [NIC_MACS[1], OUT_STATION].map(mac).join(", ");
        let chain = VTEP_CHAIN.replace("MACS", &macs);
        fs::write(&source, chain)?;
        self.build(&source, "vtep")
    }

    /// The kernel that ends at its first instruction, on the same machine as our images.
    pub fn floor(&self) -> Result<Image> {
        let path = self.folder.join("floor.elf");
        fs::write(&path, qemu::floor_kernel(0))?;
        Ok(Image { path, ports: 2, memory_mib: MEMORY_MIB })
    }

    /// The same, but it says on the debug console that it runs, and halts: what was before is QEMU and its firmware alone,
    /// without the end of the process, which takes as long as closing two TAPs.
    pub fn first_instruction(&self) -> Result<Image> {
        let mut kernel = qemu::floor_kernel(0);
        let at = kernel.windows(END.len()).rposition(|code| code == END).context("the floor kernel changed")?;
        kernel[at + 2] = DEBUG_CONSOLE;
        kernel[at + END.len() - 1] = OUT_DX_AL;
        let path = self.folder.join("first-instruction.elf");
        fs::write(&path, kernel)?;
        Ok(Image { path, ports: 2, memory_mib: MEMORY_MIB })
    }

    fn build(&self, source: &Path, name: &str) -> Result<Image> {
        let folder = self.folder.join(name);
        let output = Command::new(&self.sluice).arg("build").arg(source).arg("-o").arg(&folder).output();
        let output = output.with_context(|| format!("cannot run {}", self.sluice.display()))?;
        if !output.status.success() {
            bail!("sluice build {}: {}", source.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        let manifest = fs::read_to_string(folder.join("chain.json")).context("sluice build wrote no chain.json")?;
        let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
        let vm = &manifest["vms"][0];
        let image = vm["image"].as_str().context("chain.json names no image")?;
        let ports = vm["ports"].as_array().context("chain.json lists no ports")?.len();
        let memory_mib = vm["memory_mib"].as_u64().context("chain.json says no memory")? as u32;
        Ok(Image { path: folder.join(image), ports, memory_mib })
    }
}

fn firewall_chain(kind: RuleKind, count: usize) -> String {
    let rules = kind.click_arguments(count);
    format!(
        "network left;\nnetwork right;\n\nvm fw {{\n  FromDevice(left) -> Strip(14) -> CheckIPHeader -> IPFilter(\n    {rules})\n    \
         -> Unstrip(14) -> ToDevice(right);\n  FromDevice(right) -> ToDevice(left);\n}}\n\nchain left <-> fw <-> right;\n"
    )
}

fn stateful_chain(count: usize) -> String {
    let rules = format!("{STATEFUL_ARGUMENTS}{}", RuleKind::FiveField.click_arguments(count));
    let way = |(from, to, port): (&str, &str, usize)| {
        format!(
            "  FromDevice({from}) -> Strip(14) -> CheckIPHeader -> [{port}] ct [{port}] -> StatefulFilter(ct,\n    {rules})\n    \
             -> Unstrip(14) -> ToDevice({to});\n"
        )
    };
    let ways = [("left", "right", 0), ("right", "left", 1)].map(way).concat();
    format!("network left;\nnetwork right;\n\nvm fw {{\n  ct :: ConnTrack;\n{ways}}}\n\nchain left <-> fw <-> right;\n")
}

/// The rate of this processor's time stamp counter, which the emulated one follows.
pub fn host_tsc_khz() -> Option<u64> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("cpu MHz"))?;
    let mhz: f64 = line.split(':').nth(1)?.trim().parse().ok()?;
    Some((mhz * 1e3) as u64)
}
