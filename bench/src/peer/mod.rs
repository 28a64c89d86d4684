// SPDX-License-Identifier: Apache-2.0
//! The peer: a Linux VM that does the same job, made of Debian packages and kept in a cache folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use qemu::debian::{Archive, Packages, Root, in_load_order, vmlinux, without_signature};

use crate::rules::RuleKind;

const INIT: &[u8] = include_bytes!("init.sh");
const PACKAGES: Packages =
    Packages { kernels: &["linux-image-cloud-amd64"], plain: &["busybox-static"], programs: &["nftables"] };
/// What a tunnel's end needs beside; in a folder of its own, as packages are fetched all at once.
const TUNNEL_PACKAGES: Packages = Packages { kernels: &[], plain: &[], programs: &["iproute2"] };
const TUNNEL_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "bridge", "vxlan"];
const BRIDGE_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "bridge"];
const XEN_MODULES: &[&str] = &["xen_netfront", "bridge"];
const NFT_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "bridge", "nf_tables", "nft_meta_bridge"];
/// What a stateful firewall needs beside.
const CONNTRACK_MODULES: &[&str] = &["virtio_pci", "virtio_mmio", "virtio_net", "nf_tables", "nf_conntrack", "nft_ct"];

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
    /// The file system of a VM with a stateful firewall.
    pub conntrack: PathBuf,
    /// The file system of a VM with a VXLAN device, where [`prepare_vtep`] has made it.
    pub vtep: PathBuf,
}

/// Fetches and unpacks the packages unless `cache` has them, then builds the file systems with rule files of these sizes.
pub fn prepare(cache: &Path, rule_counts: &[usize]) -> Result<Peer> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make the cache folder {}", cache.display()))?;
    let root = Root::prepare(cache, &PACKAGES)?;
    let bzimage = root.only("boot", |name| name.starts_with("vmlinuz-"))?;
    // Beside the modules that fit it: other packages bring another one.
    let kernel = root.path("vmlinux");
    if !kernel.exists() {
        write_whole(&kernel, &vmlinux(&root, &bzimage)?)?;
    }
    let [bridge, nft, conntrack] = ["bridge.cpio", "nft.cpio", "conntrack.cpio"].map(|name| cache.join(name));
    write_whole(&bridge, &base_archive(&root, BRIDGE_MODULES)?.finish())?;
    write_whole(&nft, &nft_archive(&root, rule_counts)?.finish())?;
    write_whole(&conntrack, &conntrack_archive(&root, rule_counts)?.finish())?;
    Ok(Peer { vmlinux: kernel, bzimage, bridge, nft, conntrack, vtep: cache.join("vtep.cpio") })
}

/// Makes the file system of a VM with a VXLAN device; `cache` has the rest already.
pub fn prepare_vtep(cache: &Path) -> Result<()> {
    let root = Root::prepare(cache, &PACKAGES)?;
    let tools = Root::prepare(&cache.join("tunnel"), &TUNNEL_PACKAGES)?;
    let mut archive = base_archive(&root, TUNNEL_MODULES)?;
    archive.program(&tools, "bin/ip")?;
    write_whole(&cache.join("vtep.cpio"), &archive.finish())
}

/// Where packages are kept unless somebody says otherwise.
pub fn default_cache() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cache/sluice/peer")
}

/// A Linux guest for Xen.
#[derive(Debug)]
pub struct XenPeer {
    /// The kernel as Debian ships it: xl finds its PVH entry.
    pub bzimage: PathBuf,
    /// The file system of one that only bridges.
    pub initrd: Vec<u8>,
}

/// The same for Xen, where vifs take the place of virtio.
pub fn prepare_for_xen(cache: &Path) -> Result<XenPeer> {
    let root = Root::prepare(cache, &PACKAGES)?;
    let bzimage = root.only("boot", |name| name.starts_with("vmlinuz-"))?;
    Ok(XenPeer { bzimage, initrd: base_archive(&root, XEN_MODULES)?.finish() })
}

/// Writes a file so that an interrupted run leaves none that is half written.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("part");
    fs::write(&partial, bytes).with_context(|| format!("cannot write {}", partial.display()))?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

fn base_archive(root: &Root, wanted: &[&str]) -> Result<Archive> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "proc", "sys", "modules", "rules"] {
        archive.folder(folder);
    }
    archive.console();
    archive.file("init", 0o755, INIT);
    archive.package_file(root, "bin/busybox", 0o755)?;
    let mut order = String::new();
    for module in in_load_order(&root.path("lib/modules"), wanted)? {
        archive.file(&format!("modules/{}.ko", module.name), 0o644, without_signature(&module.bytes));
        order.push_str(&module.name);
        order.push('\n');
    }
    archive.file("modules/order", 0o644, order.as_bytes());
    Ok(archive)
}

fn conntrack_archive(root: &Root, rule_counts: &[usize]) -> Result<Archive> {
    let mut archive = base_archive(root, CONNTRACK_MODULES)?;
    archive.program(root, "usr/sbin/nft")?;
    for &count in rule_counts {
        let kind = RuleKind::FiveField;
        let name = format!("rules/stateful-{}-{count}.nft", kind.word());
        archive.file(&name, 0o644, kind.stateful_nft_script(count).as_bytes());
    }
    Ok(archive)
}

fn nft_archive(root: &Root, rule_counts: &[usize]) -> Result<Archive> {
    let mut archive = base_archive(root, NFT_MODULES)?;
    archive.program(root, "usr/sbin/nft")?;
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
