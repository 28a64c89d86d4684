// SPDX-License-Identifier: Apache-2.0
//! `sluice run`: boots a chain, passes traffic, reports.

mod display;
mod fleet;
mod frames;
mod layout;
mod links;
mod relay;
mod report;
mod restart;
mod session;

use crate::build::{self, Built, Place, Topology};
use crate::chain::{self, Chain};
use crate::cli::{Acceleration, MachineType, RunArgs};
use crate::failure::usage;
use crate::operate::{self, Root};
use crate::progress::Progress;
use crate::signals::Stop;
use layout::{Carrier, Hangs, Layout};
use qemu::{Accel, Backend, Kind, LinkDevice, LinkMemory, Machine, Nic, PortDevice};
use session::{Replay, Session};
use std::path::{Path, PathBuf};

/// The command.
pub fn command(args: &RunArgs) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    if args.detach && !args.in_background {
        return operate::detach();
    }
    let source = Source::open(args)?;
    // Everything that the user gave is looked at before anything is built.
    let layout = Layout::resolve(&source.topology(), args)?;
    let replays = layout.replays.iter().map(|(places, attachment)| {
        let capture = frames::read(Path::new(&attachment.what))?;
        if capture.cut > 0 {
            let what = &attachment.what;
            anstream::eprintln!(
                "{what}: {} frames were cut short when they were captured; they are sent as they are",
                capture.cut
            );
        }
        Ok(Replay { frames: capture.frames, places: places.clone() })
    });
    let replays: Vec<_> = replays.collect::<anyhow::Result<_>>()?;
    let built = source.build(args, &stop)?;
    if let Some(mib) = args.memory {
        built.manifest.vms.iter().try_for_each(|vm| vm.check_memory(mib))?;
    }
    let accel = accelerator(args.accel)?;
    if args.print_command {
        let folder = std::path::absolute(&built.folder)?;
        machines(&built, &layout, args, accel, &folder)
            .iter()
            .for_each(|machine| println!("{}", machine.shell_command()));
        return Ok(());
    }
    let folder = Root::open()?.create(args.name.as_deref(), &built.manifest.chain)?;
    let machines = machines(&built, &layout, args, accel, folder.path());
    let session = Session::start(&built, machines, &layout, folder, args, &stop)?;
    session.run(&built, &layout, args, replays, &stop)
}

/// What is to run.
enum Source {
    /// A chain file that is sound.
    File(Chain),
    /// A chain that was built.
    Folder(Built),
}

impl Source {
    fn open(args: &RunArgs) -> anyhow::Result<Source> {
        if !args.file.is_dir() {
            return chain::load(&args.file).map(Source::File);
        }
        match &args.output {
            None => build::open(&args.file).map(Source::Folder),
            Some(_) => Err(usage(format!("{} is built already: --output is for chain files", args.file.display()))),
        }
    }

    fn topology(&self) -> Topology {
        match self {
            Source::File(chain) => Topology::from(&chain.plan),
            Source::Folder(built) => Topology::from(&built.manifest),
        }
    }

    fn build(self, args: &RunArgs, stop: &Stop) -> anyhow::Result<Built> {
        match self {
            Source::File(chain) => build::build(chain, args.output.as_deref(), stop),
            Source::Folder(built) => Ok(built),
        }
    }
}

fn accelerator(wanted: Acceleration) -> anyhow::Result<Accel> {
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
fn machines(built: &Built, layout: &Layout, args: &RunArgs, accel: Accel, folder: &Path) -> Vec<Machine> {
    let append = qemu::tsc_khz().map_or_else(String::new, |khz| format!("tsc_khz={khz}"));
    let machine = |(vm, planned): (usize, &build::manifest::Vm)| Machine {
        name: planned.name.clone(),
        kind: kind(layout.machine),
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
        Hangs::Tap(name) => Backend::Tap { name: name.clone() },
        Hangs::Socket(path) => Backend::Dgram { local: user_socket(path), remote: path.into() },
    };
    PortDevice::Nic(Nic { backend, mac: mac(&built.topology.name(place)) })
}

/// What the end `place` of a link is, if it is no NIC. What a link has once, its first end's place names.
fn link_device(built: &Built, layout: &Layout, place: Place, other: Place, folder: &Path) -> Option<LinkDevice> {
    let socket = |place| nic_sockets(folder, place).0;
    match layout.carrier {
        Carrier::Nics => None,
        Carrier::Rings => Some(LinkDevice::Doorbell { socket: socket(place) }),
        Carrier::PolledRings => {
            let bytes = LinkMemory::bytes(built.topology.shape(place));
            Some(LinkDevice::Plain { file: socket(place.min(other)), bytes, second: other < place })
        }
    }
}

/// The sockets of a port: QEMU's and ours of a NIC; the first one is that of a link's end. Short names: a socket's path has at
/// most 107 bytes.
fn nic_sockets(folder: &Path, place: Place) -> (PathBuf, PathBuf) {
    let name = format!("{}-{}", place.vm, place.port);
    (folder.join(&name), folder.join(format!("{name}.host")))
}

/// QEMU's end beside a socket of the user.
fn user_socket(path: &str) -> PathBuf {
    format!("{path}.vm").into()
}

fn control_socket(folder: &Path, vm: usize) -> PathBuf {
    folder.join(format!("{vm}.control"))
}

/// An address of QEMU's range, the same in each run: FNV-1a of the NIC's name.
fn mac(name: &str) -> [u8; 6] {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, _] = hash.to_be_bytes();
    [0x52, 0x54, 0x00, a, b, c]
}
