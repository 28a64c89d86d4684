// SPDX-License-Identifier: Apache-2.0
//! `sluice run`: boots a chain, passes traffic, reports. What runs the VMs is a [`host::Host`]: QEMU, or the Xen whose dom0 this is.

mod display;
mod fleet;
mod frames;
mod host;
mod layout;
mod links;
mod on_qemu;
mod on_xen;
mod relay;
mod report;
mod restart;
mod session;

use crate::build::{self, Built, Topology};
use crate::chain::{self, Chain};
use crate::cli::{Platform, RunArgs};
use crate::failure::usage;
use crate::operate::{self, Root};
use crate::signals::Stop;
use frames::Capture;
use layout::Layout;
use on_qemu::Qemu;
use on_xen::Xen;
use session::{Replay, Session};
use std::path::{Path, PathBuf};

/// The command.
pub fn command(args: &RunArgs) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    if args.detach && !args.in_background {
        return operate::detach();
    }
    if args.on == Platform::Xen {
        on_xen::check(args)?;
    }
    let source = Source::open(args)?;
    // Everything that the user gave is looked at before anything is built.
    let layout = Layout::resolve(&source.topology(), args)?;
    let replays = layout.replays.iter().map(|(places, attachment)| {
        let frames = replay(Path::new(&attachment.what), args.on)?.frames;
        Ok(Replay { frames, places: places.clone() })
    });
    let replays: Vec<_> = replays.collect::<anyhow::Result<_>>()?;
    let built = source.build(args, &stop)?;
    if let Some(mib) = args.memory {
        built.manifest.vms.iter().try_for_each(|vm| vm.check_memory(mib))?;
    }
    match args.on {
        Platform::Xen => {
            let folder = Root::open()?.create(args.name.as_deref(), &built.manifest.chain)?;
            let xen = Xen::new(&built, &layout, args, &folder)?;
            Session::start(&built, Box::new(xen), &layout, folder, args, &stop)
        }
        Platform::Qemu => {
            let accel = on_qemu::accelerator(args.accel)?;
            if args.print_command {
                let folder = std::path::absolute(&built.folder)?;
                let qemu = Qemu::new(&built, &layout, args, accel, &folder);
                qemu.shell_commands().for_each(|command| println!("{command}"));
                return Ok(());
            }
            let folder = Root::open()?.create(args.name.as_deref(), &built.manifest.chain)?;
            let qemu = Qemu::new(&built, &layout, args, accel, folder.path());
            Session::start(&built, Box::new(qemu), &layout, folder, args, &stop)
        }
    }?
    .run(&built, &layout, args, replays, &stop)
}

/// A capture to replay.
fn replay(file: &Path, platform: Platform) -> anyhow::Result<Capture> {
    let capture = frames::read(file)?;
    let shown = file.display();
    if capture.cut > 0 {
        let cut = capture.cut;
        anstream::eprintln!("{shown}: {cut} frames were cut short when they were captured; they are sent as they are");
    }
    let too_long = capture.frames.iter().position(|frame| frame.len() > xl::MAX_FRAME_BYTES);
    if platform == Platform::Xen
        && let Some(index) = too_long
    {
        let (number, bytes, most) = (index + 1, capture.frames[index].len(), xl::MAX_FRAME_BYTES);
        return Err(usage(format!("packet {number} of {shown} has {bytes} bytes, and a vif takes {most}")));
    }
    Ok(capture)
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

fn control_socket(folder: &Path, vm: usize) -> PathBuf {
    folder.join(format!("{vm}.control"))
}
