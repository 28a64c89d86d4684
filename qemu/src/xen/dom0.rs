// SPDX-License-Identifier: Apache-2.0
//! The file system of dom0: busybox, Xen's daemons and toolstack, netback, QEMU as the backend of PV consoles.

use crate::debian::{Archive, DebianError, Packages, Root, in_load_order, run, without_signature};
use std::process::Command;

/// Xen's version in Debian 12; it is part of paths.
const XEN: &str = "usr/lib/xen-4.17/bin";

pub const PACKAGES: Packages = Packages {
    kernels: &["linux-image-amd64", "linux-image-cloud-amd64"],
    plain: &["xen-hypervisor-4.17-amd64", "busybox-static", "qemu-system-data"],
    // libgcc_s is not in any program's list: glibc opens it when a thread is cancelled, and an xl that ends does that.
    programs: &["xen-utils-4.17", "xenstore-utils", "qemu-system-xen", "xz-utils", "libgcc-s1"],
};

const TOOLS: &[&str] =
    &["xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "libxl-save-helper", "lsevtchn"];
/// What libxl starts for a `channel=`, and a file without which it ends, though nobody types.
const CONSOLE_BACKEND: &str = "usr/libexec/xen-qemu-system-i386";
const KEYMAP: &str = "usr/share/qemu/keymaps/en-us";
const XENSTORE: &str = "usr/bin/xenstore";
const XENSTORE_VERBS: &[&str] = &["chmod", "exists", "list", "ls", "read", "rm", "watch", "write"];
const LIBGCC: &str = "lib/x86_64-linux-gnu/libgcc_s.so.1";

const MODULES: &[&str] = &[
    "virtio_pci",
    "virtio_console",
    "xen_evtchn",
    "xen_privcmd",
    "xenfs",
    "xen_gntdev",
    "xen_gntalloc",
    "bridge",
    "veth",
    "xen_netback",
];

const FOLDERS: &[&str] = &[
    "dev",
    "proc",
    "sys",
    "tmp",
    "test",
    "sbin",
    "run/agent",
    "run/xen",
    "var/lib/xen",
    "var/lock",
    "var/log/xen/console",
];

/// Whether a kernel's file or folder is that of dom0: Debian's cloud kernel can only be a guest.
pub fn is_dom0s(name: &str) -> bool {
    !is_guests(name)
}

/// Whether a kernel's file or folder is that of the Linux guest.
pub fn is_guests(name: &str) -> bool {
    name.ends_with("-cloud-amd64")
}

/// The initial file system.
pub fn archive(root: &Root) -> Result<Vec<u8>, DebianError> {
    let mut archive = Archive::default();
    for folder in FOLDERS {
        archive.folder(folder);
    }
    archive.console();
    archive.link("var/run", "../run");
    busybox(&mut archive, root)?;
    for tool in TOOLS {
        archive.program(root, &format!("{XEN}/{tool}"))?;
    }
    archive.program(root, XENSTORE)?;
    for verb in XENSTORE_VERBS {
        archive.link(&format!("{XENSTORE}-{verb}"), "xenstore");
    }
    archive.program(root, CONSOLE_BACKEND)?;
    archive.package_file(root, KEYMAP, 0o644)?;
    archive.package_file(root, LIBGCC, 0o644)?;
    modules(&mut archive, root)?;
    archive.folder("etc/xen/scripts");
    archive.file("etc/xen/xl.conf", 0o644, b"autoballoon=\"off\"\n");
    archive.file("etc/xen/scripts/vif-bridge", 0o755, include_bytes!("dom0/vif-bridge"));
    archive.file("bin/sluice-link", 0o755, include_bytes!("dom0/sluice-link"));
    archive.file("init", 0o755, include_bytes!("dom0/init"));
    Ok(archive.finish())
}

fn busybox(archive: &mut Archive, root: &Root) -> Result<(), DebianError> {
    archive.package_file(root, "bin/busybox", 0o755)?;
    let listed = run(Command::new(root.path("bin/busybox")).arg("--list"))?;
    for name in String::from_utf8_lossy(&listed.stdout).lines().filter(|name| *name != "busybox") {
        archive.link(&format!("bin/{name}"), "busybox");
    }
    Ok(())
}

fn modules(archive: &mut Archive, root: &Root) -> Result<(), DebianError> {
    let folder = root.only("lib/modules", is_dom0s)?;
    let mut order = String::new();
    archive.folder("modules");
    for module in in_load_order(&folder, MODULES)? {
        archive.file(&format!("modules/{}.ko", module.name), 0o644, without_signature(&module.bytes));
        order += &format!("{}\n", module.name);
    }
    archive.file("modules/order", 0o644, order.as_bytes());
    Ok(())
}
