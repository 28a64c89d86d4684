// SPDX-License-Identifier: Apache-2.0
//! `sluice build`: from a chain file to an image per VM and a manifest.

pub mod cargo;
mod folder;
pub mod generate;
mod image;
pub mod manifest;
mod topology;

pub use folder::open;
pub use topology::{Place, Topology};

use crate::chain::{self, Chain};
use crate::cli::BuildArgs;
use crate::place::{self, Pending};
use crate::signals::Stop;
use anyhow::Context;
use chain_compiler::VmPlan;
use generate::{Package, Workspace};
use manifest::Manifest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Least RAM of a VM whose chain file does not say.
const LEAST_MEMORY_MIB: u32 = 8;
/// RAM beside what its image takes, for packets.
const SPARE_MEMORY_MIB: u32 = 6;
/// How many times as much for packets that are jumbo frames.
const JUMBO_BUFFERS: u32 = 4;

/// A chain that is built.
pub struct Built {
    /// What leads where.
    pub topology: Topology,
    /// Where the images are.
    pub folder: PathBuf,
    /// What is beside them.
    pub manifest: Manifest,
}

/// The command.
pub fn command(args: &BuildArgs) -> anyhow::Result<()> {
    let built = build(chain::load(&args.file)?, args.output.as_deref(), &Stop::listen()?)?;
    if args.json {
        println!("{}", built.manifest.json());
        return Ok(());
    }
    for vm in &built.manifest.vms {
        let path = built.folder.join(&vm.image);
        println!(
            "{}: {} bytes, {} ports, {} elements",
            path.display(),
            vm.image_bytes,
            vm.ports.len(),
            vm.elements.len()
        );
    }
    Ok(())
}

/// Builds `chain` into `output`, or else into `build/NAME`.
pub fn build(chain: Chain, output: Option<&Path>, stop: &Stop) -> anyhow::Result<Built> {
    build_with(chain, output, stop, |_| Vec::new())
}

/// Builds `chain` as [`build`] does, and writes the text files that `further` gives beside the images: all or none.
pub fn build_with(
    chain: Chain,
    output: Option<&Path>,
    stop: &Stop,
    further: impl FnOnce(&Manifest) -> Vec<(String, String)>,
) -> anyhow::Result<Built> {
    let folder = output.map_or_else(|| Path::new("build").join(&chain.stem), Path::to_path_buf);
    // Replicas share an image.
    let images: BTreeMap<&str, &VmPlan> = chain.plan.vms.iter().map(|vm| (vm.image.as_str(), vm)).collect();
    let mut elves = BTreeMap::new();
    for kind in image::KINDS {
        let vms: Vec<&VmPlan> = images.values().copied().filter(|vm| std::ptr::eq(image::kind(vm), kind)).collect();
        let packages: Vec<Package> = vms.iter().map(|vm| image::package(vm)).collect();
        if packages.is_empty() {
            continue;
        }
        let built = cargo::build(&Workspace::generate(kind, &packages)?, stop)?;
        for (vm, path) in vms.iter().zip(&built) {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read cargo's {}", path.display()))?;
            elves.insert(vm.image.as_str(), bytes);
        }
    }
    place::folder(&folder)?;
    let mut pending = Vec::new();
    for (name, bytes) in &elves {
        pending.push(Pending::with(&folder.join(manifest::image(name)), bytes)?);
    }
    let topology = Topology::from(&chain.plan);
    let vms = chain.plan.vms.iter().zip(&topology.vms);
    let vms = vms.map(|(plan, vm)| manifest::Vm::new(plan, vm.ports.clone(), &elves[plan.image.as_str()]));
    let vms = vms.collect::<anyhow::Result<_>>()?;
    let manifest = Manifest {
        chain: chain.stem.clone(),
        source: chain.source.clone(),
        networks: chain.plan.networks.clone(),
        services: chain.plan.services.clone(),
        chains: chain.plan.chains.clone(),
        vms,
    };
    for (name, text) in further(&manifest) {
        pending.push(Pending::with(&folder.join(name), text.as_bytes())?);
    }
    pending.push(Pending::with(&folder.join(manifest::FILE), manifest.json().as_bytes())?);
    // All were written before the first gets its name; the manifest is last.
    pending.into_iter().try_for_each(Pending::place)?;
    Ok(Built { topology, folder, manifest })
}
