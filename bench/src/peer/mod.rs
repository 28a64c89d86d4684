// SPDX-License-Identifier: Apache-2.0
//! The peer: a Linux VM that does the same job, made of Debian packages and kept in a cache folder.

mod initramfs;
mod kernel;
mod modules;
mod packages;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::rules::RuleKind;
use initramfs::Archive;

const INIT: &[u8] = include_bytes!("init.sh");
const LIBRARY_FOLDERS: &[&str] = &["lib64", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];
const BRIDGE_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "bridge"];
const NFT_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "bridge", "nf_tables", "nft_meta_bridge"];

/// A kernel and its initial file systems, ready to boot.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The kernel as an ELF file, which QEMU enters through its PVH note.
    pub vmlinux: PathBuf,
    /// The kernel as Debian ships it, for the comparison of sizes.
    pub bzimage: PathBuf,
    /// The file system of a VM that only bridges: the smallest, so the fastest to boot.
    pub bridge: PathBuf,
    /// The file system of a VM with nftables and its rules.
    pub nft: PathBuf,
}

/// Fetches and unpacks the packages unless `cache` has them, then builds the file systems with rule files of these sizes.
pub fn prepare(cache: &Path, rule_counts: &[usize]) -> Result<Peer> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make the cache folder {}", cache.display()))?;
    let root = packages::unpacked(cache)?;
    let bzimage = packages::only_file(&root.join("boot"), "vmlinuz-")?;
    let vmlinux = cache.join("vmlinux");
    if !vmlinux.exists() {
        write_whole(&vmlinux, &kernel::extract_vmlinux(&fs::read(&bzimage)?)?)?;
    }
    let (bridge, nft) = (cache.join("bridge.cpio"), cache.join("nft.cpio"));
    write_whole(&bridge, &base_archive(&root, BRIDGE_MODULES)?.finish())?;
    write_whole(&nft, &nft_archive(&root, rule_counts)?.finish())?;
    Ok(Peer { vmlinux, bzimage, bridge, nft })
}

/// Writes a file so that an interrupted run leaves none that is half written.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("part");
    fs::write(&partial, bytes).with_context(|| format!("cannot write {}", partial.display()))?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

fn base_archive(root: &Path, wanted: &[&str]) -> Result<Archive> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "proc", "sys", "modules", "rules"] {
        archive.folder(folder);
    }
    archive.console();
    archive.file("init", 0o755, INIT);
    archive.file("bin/busybox", 0o755, &fs::read(root.join("bin/busybox"))?);
    let mut order = String::new();
    for module in modules::in_load_order(&root.join("lib/modules"), wanted)? {
        archive.file(&format!("modules/{}.ko", module.name), 0o644, modules::without_signature(&module.bytes));
        order.push_str(&module.name);
        order.push('\n');
    }
    archive.file("modules/order", 0o644, order.as_bytes());
    Ok(archive)
}

fn nft_archive(root: &Path, rule_counts: &[usize]) -> Result<Archive> {
    let mut archive = base_archive(root, NFT_MODULES)?;
    archive.file("bin/nft", 0o755, &fs::read(root.join("usr/sbin/nft"))?);
    for folder in ["lib", "usr", "usr/lib"].iter().chain(LIBRARY_FOLDERS) {
        archive.folder(folder);
    }
    let mut libraries = 0;
    for folder in LIBRARY_FOLDERS {
        libraries += archive.libraries(&root.join(folder), folder)?;
    }
    ensure!(libraries > 5, "the unpacked packages in {} hold no libraries for nft", root.display());
    for &count in rule_counts {
        for kind in [RuleKind::SourceHost, RuleKind::FiveField] {
            for family in ["ip", "bridge"] {
                let name = format!("rules/{family}-{}-{count}.nft", kind.word());
                archive.file(&name, 0o644, kind.nft_script(family, count).as_bytes());
            }
        }
    }
    Ok(archive)
}
