// SPDX-License-Identifier: Apache-2.0
//! A VM under test.

use qemu::{Accel, Backend, Control, Exit, Kind, Machine, Nic, Port, PortDevice, Vm};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take. Tests wait for events; this only ends those that would hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A VM that is ready, with a socket at each NIC.
pub struct Running {
    /// The VM.
    pub vm: Vm,
    /// Its control channel.
    pub control: Control,
    /// The host's ends of its NICs.
    pub ports: Vec<Port>,
    _folder: TempDir,
}

/// A machine with `nics` NICs on sockets in `folder`, and the host's ends.
pub fn machine(image: &Path, kind: Kind, nics: usize, folder: &Path) -> (Machine, Vec<Port>) {
    let mut ports = Vec::new();
    let nics = (0..nics).map(|index| {
        let (local, remote) = (folder.join(format!("{index}.vm")), folder.join(format!("{index}.host")));
        ports.push(Port::bind(&remote, &local).expect("a socket can be bound"));
        let backend = Backend::Dgram { local, remote };
        PortDevice::Nic(Nic { backend, mac: [0x52, 0x54, 0, 0, 0, index as u8] })
    });
    let machine = Machine {
        name: "test".into(),
        kind,
        accel: Accel::Tcg,
        memory_mib: 8,
        kernel: image.into(),
        append: "tsc_khz=2500000".into(),
        ports: nics.collect(),
        control: Some(folder.join("control")),
    };
    (machine, ports)
}

impl Running {
    /// Boots `image` with `nics` NICs and waits until it is ready.
    pub fn boot(image: &Path, kind: Kind, nics: usize) -> Running {
        Running::boot_with_memory(image, kind, nics, 8)
    }

    /// Boots `image` with `nics` NICs and so much RAM, and waits until it is ready.
    pub fn boot_with_memory(image: &Path, kind: Kind, nics: usize, memory_mib: u32) -> Running {
        let folder = TempDir::new().expect("a folder");
        let (machine, ports) = machine(image, kind, nics, folder.path());
        Running::start(&Machine { memory_mib, ..machine }, ports, folder)
    }

    /// Boots `machine`, whose sockets are in `folder`, and waits until it is ready.
    pub fn start(machine: &Machine, ports: Vec<Port>, folder: TempDir) -> Running {
        let socket = machine.control.clone().expect("there is a control channel");
        let mut vm = Vm::start(machine).expect("QEMU starts");
        let deadline = Instant::now() + PATIENCE;
        let mut control = loop {
            if let Some(control) = Control::connect(&socket).expect("the socket is fine") {
                break control;
            }
            assert_eq!(vm.ended().expect("QEMU can be waited for"), None, "QEMU ended early");
            assert!(Instant::now() < deadline, "QEMU makes no control socket");
        };
        control.ready(PATIENCE).expect("the channel works").expect("the VM becomes ready");
        Running { vm, control, ports, _folder: folder }
    }

    /// Sends `frame` into NIC `port`.
    pub fn send(&self, port: usize, frame: &[u8]) {
        self.ports[port].send(frame, Instant::now() + PATIENCE).expect("QEMU takes the frame");
    }

    /// The next frame that the VM sends by NIC `port`.
    pub fn receive(&self, port: usize) -> Vec<u8> {
        let mut buffer = vec![0; qemu::MAX_FRAME_BYTES];
        let length = self.ports[port].receive(&mut buffer, PATIENCE).expect("the socket is fine");
        buffer.truncate(length.expect("the VM sends a frame"));
        buffer
    }

    /// A number that the machine tells.
    pub fn machine(&mut self, handler: &str) -> u64 {
        self.read(control::MACHINE, handler).parse().expect("a number")
    }

    /// The value of a read handler.
    pub fn read(&mut self, element: &str, handler: &str) -> String {
        self.control.read(element, handler).expect("the VM answers")
    }

    /// Powers the VM off.
    pub fn power_off(mut self) {
        self.control.power_off().expect("the VM answers");
        assert_eq!(self.vm.wait(Instant::now() + PATIENCE).expect("QEMU can be waited for"), Some(Exit::Clean));
    }
}
