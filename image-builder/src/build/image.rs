// SPDX-License-Identifier: Apache-2.0
//! An image's crate, and looking into an image.

use super::generate::{Kind, Package};
use anyhow::Context;
use chain_compiler::VmPlan;
use object::{Object, ObjectSegment};

/// The whole program of an image.
const MAIN: &str = "#![no_std]\n#![no_main]\nmod wiring;\nunikernel::image!(wiring::Wiring);\n";
/// Data plane and wiring for speed, everything else for size.
const PROFILES: &str = r#"
[profile.release]
opt-level = 3
lto = "fat"
codegen-units = 1
panic = "abort"
debug = false
strip = "debuginfo"
incremental = false

[profile.release.package."*"]
opt-level = "s"

[profile.release.package.unikernel]
opt-level = "s"

[profile.release.package.control]
opt-level = "s"

[profile.release.package.xen-glue]
opt-level = "s"
"#;

/// Images as crates.
pub const KIND: Kind = Kind {
    what: "the images",
    announced: true,
    crates: &["unikernel", "nf-elements", "control", "ring", "xen-glue"],
    profiles: PROFILES,
    cargo_flags: &["--release"],
    // Relative paths: rustc and the linker run in the workspace's folder.
    rust_flags: &[
        "-Crelocation-model=static",
        "-Clink-arg=-nostartfiles",
        "-Clink-arg=-static",
        "-Clink-arg=-no-pie",
        "-Clink-arg=-Wl,--build-id=none",
        // The names of functions would be a sixth of the file; those of log messages are global, and stay.
        "-Clink-arg=-Wl,--discard-all",
        // Segments lie one behind the other in the file: a VMM copies them to their pages.
        "-Clink-arg=-Wl,--nmagic",
        "-Clink-arg=-Tunikernel/image.ld",
    ],
    runs_here: false,
    target: "target",
};

/// The crate of a VM.
pub fn package(vm: &VmPlan) -> Package {
    let features = if vm.hosts.is_empty() { "" } else { ", features = [\"host\"]" };
    let dependencies =
        &format!("nf-elements.workspace = true\nunikernel = {{ path = \"../../unikernel\"{features} }}\n");
    let mut sources = vec![("main.rs".into(), MAIN.into()), ("wiring.rs".into(), vm.wiring.clone().into_bytes())];
    sources.extend(vm.data.iter().cloned());
    Package::new(&format!("vm-{}", vm.image), dependencies, sources)
}

/// Where an image ends in RAM, in bytes: what a VMM loads, and memory that is zero at first, as tables are.
pub fn end_bytes(elf: &[u8]) -> anyhow::Result<u64> {
    let file = object::File::parse(elf).context("cargo's output is not an ELF image")?;
    Ok(file.segments().map(|segment| segment.address() + segment.size()).max().unwrap_or(0))
}

/// Bytes that a VMM loads from the file: code, constants and initialised data.
pub fn loaded_bytes(elf: &[u8]) -> anyhow::Result<u64> {
    let file = object::File::parse(elf).context("cargo's output is not an ELF image")?;
    Ok(file.segments().map(|segment| segment.file_range().1).sum())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_floor_kernel_is_nearly_nothing() {
        let bytes = super::loaded_bytes(&qemu::floor_kernel(0)).unwrap();
        assert!((1..1000).contains(&bytes), "{bytes}");
    }
}
