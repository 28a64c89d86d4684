// SPDX-License-Identifier: Apache-2.0
//! The floor kernel on a real QEMU, on each machine type.

use qemu::{Accel, Backend, Exit, Kind, Machine, Nic, PortDevice, Vm, floor_kernel};
use std::io::Write;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn machine(kind: Kind, kernel: &std::path::Path) -> Machine {
    let nic = |last| PortDevice::Nic(Nic { backend: Backend::None, mac: [0x52, 0x54, 0, 0, 0, last] });
    Machine {
        name: "floor".into(),
        kind,
        accel: Accel::Tcg,
        memory_mib: 8,
        kernel: kernel.into(),
        append: "a=b".into(),
        ports: vec![nic(0), nic(1)],
        control: None,
    }
}

fn kernel(loops: u32) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&floor_kernel(loops)).unwrap();
    file
}

#[test]
fn the_floor_kernel_powers_off_on_each_machine() {
    let kernel = kernel(1000);
    for kind in Kind::ALL {
        let mut vm = Vm::start(&machine(kind, kernel.path())).unwrap();
        let exit = vm.wait(Instant::now() + PATIENCE).unwrap();
        assert_eq!(exit, Some(Exit::Clean), "{}", kind.name());
    }
}

#[test]
fn what_qemu_says_when_it_fails_is_kept() {
    let mut vm = Vm::start(&machine(Kind::Pc, "/nowhere/kernel.elf".as_ref())).unwrap();
    let Some(Exit::Qemu(said)) = vm.wait(Instant::now() + PATIENCE).unwrap() else { panic!("it started") };
    assert!(said.contains("/nowhere/kernel.elf"), "{said}");
}

#[test]
fn a_dropped_vm_is_gone() {
    let kernel = kernel(u32::MAX);
    let vm = Vm::start(&machine(Kind::Microvm, kernel.path())).unwrap();
    let process = format!("/proc/{}", vm.pid());
    assert!(std::path::Path::new(&process).exists());
    drop(vm);
    assert!(!std::path::Path::new(&process).exists());
}
