// SPDX-License-Identifier: Apache-2.0
//! VMs on QEMU: a machine for each, links as rings in shared memory or as pairs of sockets.

use super::control_socket;
use super::host::{End, Guest, Host, Port};
use super::layout::{Carrier, Hangs, Layout};
use crate::build::{Built, Place, manifest};
use crate::cli::{Acceleration, MachineType, RunArgs};
use crate::operate::{Body, Process};
use crate::progress::Progress;
use anyhow::Context;
use clap::ValueEnum;
use qemu::{Accel, Backend, Exit, Kind, LinkDevice, LinkMemory, Machine, Nic, PortDevice, Vm};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// QEMU, and what it is told.
pub struct Qemu {
    machines: Vec<Machine>,
    folder: PathBuf,
    machine_type: MachineType,
    accel: Accel,
    /// Whether VMs go on if this process is killed.
    may_outlive: bool,
}

impl Qemu {
    /// For the VMs of `built`, with their sockets in `folder`.
    pub fn new(built: &Built, layout: &Layout, args: &RunArgs, accel: Accel, folder: &Path) -> Qemu {
        let machine_type = args.machine.unwrap_or(match layout.carrier {
            Carrier::Rings | Carrier::PolledRings => MachineType::Pc,
            Carrier::Nics | Carrier::Grants => MachineType::Microvm,
        });
        let machines = machines(built, layout, args, (machine_type, accel), folder);
        Qemu { machines, folder: folder.into(), machine_type, accel, may_outlive: args.detach }
    }

    /// A line for a shell for each VM.
    pub fn shell_commands(&self) -> impl Iterator<Item = String> {
        self.machines.iter().map(Machine::shell_command)
    }
}

impl Host for Qemu {
    fn names(&self) -> (String, &'static str) {
        let machine = self.machine_type.to_possible_value();
        (machine.map_or_else(String::new, |value| value.get_name().into()), self.accel.name())
    }

    fn port(&mut self, place: Place) -> anyhow::Result<Box<dyn Port>> {
        let (theirs, ours) = nic_sockets(&self.folder, place);
        let port = qemu::Port::bind(&ours, &theirs);
        Ok(Box::new(port.with_context(|| format!("cannot make the socket {}", ours.display()))?))
    }

    fn start(&mut self, vm: usize) -> anyhow::Result<Box<dyn Guest>> {
        let machine = &self.machines[vm];
        let vm = if self.may_outlive { Vm::start_to_outlive(machine) } else { Vm::start(machine) };
        let named = |vm| -> Box<dyn Guest> { Box::new(Named { name: machine.name.clone(), vm }) };
        Ok(vm.map(named)?)
    }

    fn release(&mut self, _: &[usize]) -> anyhow::Result<()> {
        Ok(())
    }

    fn has_ended(&mut self, _: usize) {}
}

/// A VM with its name.
struct Named {
    name: String,
    vm: Vm,
}

impl Guest for Named {
    fn body(&self) -> Option<Body> {
        Process::of(self.vm.pid()).map(Body::Process)
    }

    fn started(&self) -> Instant {
        self.vm.started()
    }

    fn take_log(&self) -> Vec<u8> {
        self.vm.take_log()
    }

    fn ended(&mut self) -> anyhow::Result<Option<End>> {
        let exit = self.vm.ended().context("cannot watch QEMU")?;
        let name = &self.name;
        Ok(exit.map(|exit| match exit {
            Exit::Clean => End::Clean,
            Exit::Failed => End::Bad(format!("VM {name} failed")),
            Exit::Reset => End::Bad(format!("VM {name} reset itself (a triple fault, or QEMU was ended from outside)")),
            Exit::Qemu(said) => End::Bad(format!("QEMU of VM {name} ended: {said}")),
        }))
    }
}

impl Port for qemu::Port {
    fn send(&self, frame: &[u8], deadline: Instant) -> io::Result<()> {
        qemu::Port::send(self, frame, deadline)
    }

    fn receive(&self, buffer: &mut [u8], moment: Duration) -> io::Result<Option<usize>> {
        qemu::Port::receive(self, buffer, moment)
    }
}

/// What executes VMs here, as wanted.
pub fn accelerator(wanted: Acceleration) -> anyhow::Result<Accel> {
    Ok(match wanted {
        Acceleration::Kvm => Accel::Kvm,
        Acceleration::Tcg => Accel::Tcg,
        Acceleration::Auto => {
            let _progress = Progress::begin("looking whether KVM executes guests here", true);
            qemu::accel::choose()?
        }
    })
}

/// A machine per VM, its sockets in `folder`.
fn machines(
    built: &Built,
    layout: &Layout,
    args: &RunArgs,
    (machine_type, accel): (MachineType, Accel),
    folder: &Path,
) -> Vec<Machine> {
    let append = qemu::tsc_khz().map_or_else(String::new, |khz| format!("tsc_khz={khz}"));
    let machine = |(vm, planned): (usize, &manifest::Vm)| Machine {
        name: planned.name.clone(),
        kind: kind(machine_type),
        accel,
        memory_mib: args.memory.unwrap_or(planned.memory_mib),
        kernel: std::path::absolute(built.folder.join(&planned.image)).expect("the folder's path is not empty"),
        append: append.clone(),
        ports: (0..planned.ports.len()).map(|port| port_device(built, layout, Place { vm, port }, folder)).collect(),
        control: Some(control_socket(folder, vm)),
    };
    built.manifest.vms.iter().enumerate().map(machine).collect()
}

fn kind(machine: MachineType) -> Kind {
    match machine {
        MachineType::Pc => Kind::Pc,
        MachineType::Q35 => Kind::Q35,
        MachineType::Microvm => Kind::Microvm,
    }
}

fn port_device(built: &Built, layout: &Layout, place: Place, folder: &Path) -> PortDevice {
    let (local, host) = nic_sockets(folder, place);
    if let Hangs::Linked(other) = layout.nics[place.vm][place.port]
        && let Some(device) = link_device(built, layout, place, other, folder)
    {
        return PortDevice::Link { device, shared: built.topology.port(place).shared };
    }
    let backend = match &layout.nics[place.vm][place.port] {
        Hangs::Served(_) => Backend::Dgram { local, remote: host },
        Hangs::Linked(other) => Backend::Dgram { local, remote: nic_sockets(folder, *other).0 },
        Hangs::Device(name) => Backend::Tap { name: name.clone() },
        Hangs::Socket(path) => Backend::Dgram { local: user_socket(path), remote: path.into() },
    };
    PortDevice::Nic(Nic { backend, mac: mac(&built.topology.name(place)) })
}

/// What the end `place` of a link is, if it is no NIC. What a link has once, its first end's place names.
fn link_device(built: &Built, layout: &Layout, place: Place, other: Place, folder: &Path) -> Option<LinkDevice> {
    let socket = |place| nic_sockets(folder, place).0;
    match layout.carrier {
        Carrier::Nics | Carrier::Grants => None,
        Carrier::Rings => Some(LinkDevice::Doorbell { socket: socket(place) }),
        Carrier::PolledRings => {
            let bytes = LinkMemory::bytes(built.topology.shape(place));
            Some(LinkDevice::Plain { file: socket(place.min(other)), bytes, second: other < place })
        }
    }
}

/// The sockets of a port: QEMU's and ours of a NIC; the first one is that of a link's end. Short names: a socket's path has at
/// most 107 bytes.
pub fn nic_sockets(folder: &Path, place: Place) -> (PathBuf, PathBuf) {
    let name = format!("{}-{}", place.vm, place.port);
    (folder.join(&name), folder.join(format!("{name}.host")))
}

/// QEMU's end beside a socket of the user.
pub fn user_socket(path: &str) -> PathBuf {
    format!("{path}.vm").into()
}

/// An address of QEMU's range, the same in each run: FNV-1a of the NIC's name.
fn mac(name: &str) -> [u8; 6] {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, _] = hash.to_be_bytes();
    [0x52, 0x54, 0x00, a, b, c]
}
