// SPDX-License-Identifier: Apache-2.0
//! Whether KVM executes guests here.
//!
//! `/dev/kvm` alone proves nothing: a nested or patched hypervisor may offer it and then fail, or interpret every
//! instruction. So a guest is run.

use crate::{Accel, Exit, Kind, Machine, StartError, Vm, floor_kernel};
use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

/// Iterations of the probe's loop: 2 ms on a processor. A KVM that interprets each instruction took 3.9 s (measured on a
/// machine whose KVM does), and even a kernel that exits at once 32 ms, QEMU's start included.
const LOOPS: u32 = 1 << 22;
/// How long the probe may take, QEMU's start included.
const PATIENCE: Duration = Duration::from_millis(300);

/// KVM if a guest really runs on it, else TCG.
pub fn choose() -> Result<Accel, StartError> {
    Ok(if kvm_executes()? { Accel::Kvm } else { Accel::Tcg })
}

/// Runs a guest of a few instructions on KVM and sees whether it ends as it should, in the time that execution takes.
pub fn kvm_executes() -> Result<bool, StartError> {
    if OpenOptions::new().read(true).write(true).open("/dev/kvm").is_err() {
        return Ok(false);
    }
    let mut kernel = tempfile::NamedTempFile::new()?;
    kernel.write_all(&floor_kernel(LOOPS))?;
    let mut vm = Vm::start(&Machine {
        name: "kvm-probe".into(),
        kind: Kind::Microvm,
        accel: Accel::Kvm,
        memory_mib: 8,
        kernel: kernel.path().into(),
        append: String::new(),
        ports: Vec::new(),
        control: None,
    })?;
    Ok(vm.wait(Instant::now() + PATIENCE)? == Some(Exit::Clean))
}
