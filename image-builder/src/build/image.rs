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

/// The compiler's flags. Relative paths: rustc and the linker run in the workspace's folder.
const FLAGS: [&str; 8] = [
    "-Crelocation-model=static",
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-static",
    "-Clink-arg=-no-pie",
    "-Clink-arg=-Wl,--build-id=none",
    // The names of functions would be a sixth of the file; those of log messages are global, and stay.
    "-Clink-arg=-Wl,--discard-all",
    // Loaders copy segments and map none, so nothing in the file need begin on a page: 10 KB would be padding.
    "-Clink-arg=-Wl,--nmagic",
    "-Clink-arg=-Tunikernel/image.ld",
];
const JUMBO_FLAGS: [&str; 9] = {
    let [a, b, c, d, e, f, g, h] = FLAGS;
    [a, b, c, d, e, f, g, h, "--cfg=jumbo_frames"]
};

/// Images as crates.
static USUAL: Kind = images(&FLAGS, "target");
/// Those with buffers for jumbo frames: another nf-elements, so built elsewhere.
static JUMBO: Kind = images(&JUMBO_FLAGS, "target-jumbo");

/// All kinds.
pub static KINDS: [&Kind; 2] = [&USUAL, &JUMBO];

const fn images(rust_flags: &'static [&'static str], target: &'static str) -> Kind {
    Kind {
        what: "the images",
        announced: true,
        crates: &["unikernel", "nf-elements", "control", "ring", "xen-glue"],
        profiles: PROFILES,
        cargo_flags: &["--release"],
        rust_flags,
        runs_here: false,
        target,
    }
}

/// The kind of a VM's image.
pub fn kind(vm: &VmPlan) -> &'static Kind {
    if vm.jumbo { &JUMBO } else { &USUAL }
}

/// The crate of a VM.
pub fn package(vm: &VmPlan) -> Package {
    let features = if vm.hosts.is_empty() { "" } else { ", features = [\"host\"]" };
    let dependencies =
        &format!("nf-elements.workspace = true\nunikernel = {{ path = \"../../unikernel\"{features} }}\n");
    let mut sources = vec![("main.rs".into(), MAIN.into()), ("wiring.rs".into(), vm.wiring.clone().into_bytes())];
    sources.extend(vm.data.iter().cloned());
    let kind = if vm.jumbo { "jumbo" } else { "vm" };
    Package::new(&format!("{kind}-{}", vm.image), dependencies, sources)
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
