// SPDX-License-Identifier: Apache-2.0
//! From VM to VM: the same two images, joined by a bridge of dom0 or over granted memory.

use crate::shell;
use anyhow::{Context, Result, ensure};
use qemu::xen::Dom0;
use std::path::Path;
use std::process::Command;

/// What goes through: a frame of so many bytes, as often as there is room for it.
pub const CHAIN: &str = "vm from {
      source :: InfiniteSource(DATA \\<02 00 00 00 00 02  02 00 00 00 00 01  88 b5>, LENGTH 60, BURST 32, ACTIVE false)
        -> [0] turn :: RoundRobinSched -> ToDevice(to);
      FromDevice(to) -> Discard;
    }
    vm to { FromDevice(from) -> Discard; Idle -> ToDevice(from); }
    chain from <-> to;";

/// How two VMs are joined.
pub struct Way {
    /// Its name in results.
    pub name: &'static str,
    /// The vif of both VMs in xl.cfg, if it takes one.
    vif: &'static str,
}

/// Both ways.
pub const WAYS: [Way; 2] = [Way { name: "bridge", vif: "vif = ['bridge=pair']\n" }, Way { name: "grants", vif: "" }];

/// Builds the images of `CHAIN` and starts two VMs for each way, which then wait.
pub fn start(dom0: &mut Dom0, sluice: &Path) -> Result<()> {
    let folder = tempfile::TempDir::new()?;
    let chain = folder.path().join("pair.nf");
    std::fs::write(&chain, CHAIN)?;
    let built = Command::new(sluice).arg("build").arg(&chain).arg("-o").arg(folder.path()).output()?;
    ensure!(built.status.success(), "sluice build: {}", String::from_utf8_lossy(&built.stderr));
    for end in ["from", "to"] {
        dom0.copy(&folder.path().join(format!("{end}.elf")))?;
    }
    shell(dom0, "ip link add name pair type bridge; ip link set pair up")?;
    WAYS.iter().try_for_each(|way| create(dom0, way)).context("two VMs of ours")
}

/// Creates both VMs: one that begins before its link is told of would take its port for a vif.
fn create(dom0: &mut Dom0, Way { name, vif }: &Way) -> Result<()> {
    for end in ["from", "to"] {
        let text = format!(
            "name = '{end}-{name}'\ntype = 'pvh'\nkernel = '{end}.elf'\nmemory = 32\n{vif}\
             channel = ['connection=pty,name=spare', 'connection=socket,path=/run/{end}-{name},name=sluice']\n"
        );
        dom0.put("guest.cfg", 0o644, text.as_bytes())?;
        shell(dom0, "xl create -q -p guest.cfg")?;
    }
    if vif.is_empty() {
        shell(dom0, &format!("sluice-link from-{name} 0 to-{name} 0"))?;
    }
    for end in ["from", "to"] {
        shell(dom0, &format!("xl unpause {end}-{name}; ./dom0 ready /run/{end}-{name}"))?;
    }
    Ok(())
}

/// Thousands of frames of this size per second that come from one VM to the other, after half a second that does not count.
pub fn measure(dom0: &mut Dom0, way: &Way, bytes: usize, milliseconds: u64) -> Result<f64> {
    let name = way.name;
    let script = format!(
        "set -e; feed() {{ ./dom0 write /run/from-{name} source $1 $2; }}
         feed length {bytes}; feed active true; sleep 0.5
         ./dom0 rate /run/to-{name} machine received_0 {milliseconds}; feed active false"
    );
    Ok(shell(dom0, &script)?.trim().parse::<f64>()? / 1e3)
}
