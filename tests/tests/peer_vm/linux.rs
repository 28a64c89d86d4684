// SPDX-License-Identifier: Apache-2.0
//! The Linux VM: Debian's kernel, programs and libraries of its packages in an initial file system, and a script.

use qemu::debian::{Archive, Packages, Root, in_load_order, vmlinux, without_signature};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tests::namespace::is_root;
use tests::{home, sluice};

const PACKAGES: Packages = Packages {
    kernels: &["linux-image-cloud-amd64"],
    plain: &["busybox-static", "openvswitch-common"],
    programs: &["iproute2", "iputils-ping", "iperf3", "openvswitch-switch"],
};
const COMMAND_LINE: &str = "quiet loglevel=1 console=ttyS0 tsc=reliable no_timer_check mitigations=off nokaslr audit=0 \
    apparmor=0 selinux=0 cryptomgr.notests random.trust_cpu=on rcupdate.rcu_expedited=1 reboot=t panic=-1 rdinit=/init";
const MEMORY_MIB: &str = "512";

/// What a peer is made of.
pub struct Peer {
    /// Kernel modules.
    pub modules: &'static [&'static str],
    /// Programs of the packages, with their libraries.
    pub programs: &'static [&'static str],
    /// Other files of the packages.
    pub files: &'static [&'static str],
    /// What it does.
    pub script: &'static str,
}

/// What became of a run.
pub struct PeerRun {
    /// What the host's script, the peer and the VM said.
    pub said: String,
    folder: TempDir,
}

impl PeerRun {
    /// Boots `peer` and the VM of `chain`, with a bridge between, and runs `script` on the host; none without root.
    pub fn of(peer: &Peer, chain: &str, script: &str) -> Option<PeerRun> {
        if !is_root() {
            println!("skipped: TAPs and network namespaces need root");
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("chain.nf"), chain).expect("the folder is writable");
        std::fs::write(path("host-script"), script).expect("the folder is writable");
        let root = Root::prepare(&cache(), &PACKAGES).expect("Debian's packages");
        let kernel = kernel(&root);
        std::fs::write(path("initrd"), initrd(&root, peer)).expect("the folder is writable");
        let iperf3 = root.program("usr/bin/iperf3");
        let words: Vec<_> = [iperf3.get_program()]
            .into_iter()
            .chain(iperf3.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let run = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", include_str!("host.sh")])
            .current_dir(home())
            .env("SLUICE", sluice().get_program())
            .env("FOLDER", folder.path())
            .env("HOST_SCRIPT", path("host-script"))
            .env("PEER", qemu_command(&kernel, &path("initrd")))
            .env("IPERF3", words.join(" "))
            .output()
            .expect("unshare runs");
        let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let run_ = PeerRun { said, folder };
        assert!(run.status.success(), "{}", run_.said);
        Some(run_)
    }

    /// Whether this was seen to work.
    pub fn ok(&self, what: &str) -> bool {
        self.said.lines().any(|line| line.trim_end().strip_prefix("ok: ") == Some(what))
    }

    /// What was seen to fail.
    pub fn failures(&self) -> Vec<&str> {
        self.said.lines().filter(|line| line.starts_with("failed: ")).collect()
    }

    /// What tshark finds wrong in the frames of the VM under test.
    pub fn complaints(&self) -> Vec<String> {
        // Where a kernel computes a TCP sum of 0 by software, it writes 0xffff (skb_checksum_help in Linux's net/core/dev.c): that is inside, and not
        // ours.
        let wrong = "_ws.malformed || ip.checksum.status == Bad || udp.checksum.status == Bad \
                     || tcp.checksum.status == Bad && !tcp.checksum.ffff || icmp.checksum.status == Bad || icmpv6.checksum.status == Bad || gre.checksum.status == Bad";
        let checks = ["ip", "udp", "tcp"].map(|protocol| format!("{protocol}.check_checksum:TRUE"));
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(self.folder.path().join("underlay.pcap"));
        for check in &checks {
            tshark.args(["-o", check]);
        }
        tshark.args(["-o", "tcp.analyze_sequence_numbers:FALSE"]);
        tshark.args(["-Y", &format!("eth.src == 02:00:00:00:09:01 && ({wrong})")]);
        let output = tshark.output().expect("tshark runs (scripts/install-missing tshark=tshark)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

fn cache() -> PathBuf {
    PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cache/sluice/tunnels")
}

/// The kernel, without its compression; beside the modules that fit it.
fn kernel(root: &Root) -> PathBuf {
    let path = root.path("vmlinux");
    if !path.exists() {
        let compressed = root.only("boot", |name| name.starts_with("vmlinuz-")).expect("a kernel");
        let partial = root.path("vmlinux.part");
        std::fs::write(&partial, vmlinux(root, &compressed).expect("a kernel")).expect("the cache is writable");
        std::fs::rename(&partial, &path).expect("the cache is writable");
    }
    path
}

fn initrd(root: &Root, peer: &Peer) -> Vec<u8> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "proc", "sys", "tmp", "modules"] {
        archive.folder(folder);
    }
    archive.console();
    archive.file("init", 0o755, include_bytes!("init.sh"));
    archive.file("script", 0o644, peer.script.as_bytes());
    archive.package_file(root, "bin/busybox", 0o755).expect("busybox");
    for program in peer.programs {
        archive.program(root, program).expect("a program of the packages");
    }
    for file in peer.files {
        archive.package_file(root, file, 0o644).expect("a file of the packages");
    }
    let mut order = String::new();
    for module in in_load_order(&root.path("lib/modules"), peer.modules).expect("the modules") {
        archive.file(&format!("modules/{}.ko", module.name), 0o644, without_signature(&module.bytes));
        order.push_str(&format!("{}\n", module.name));
    }
    archive.file("modules/order", 0o644, order.as_bytes());
    archive.finish()
}

fn qemu_command(kernel: &Path, initrd: &Path) -> String {
    format!(
        "qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -machine q35,usb=off,sata=off,smbus=off,hpet=off \
         -accel tcg -cpu qemu64 -smp 1,maxcpus=2 -m {MEMORY_MIB} -kernel {} -initrd {} -append '{COMMAND_LINE}' -serial stdio \
         -netdev tap,id=n0,ifname=peer0,script=no,downscript=no,vnet_hdr=off \
         -device virtio-net-pci,disable-legacy=on,romfile=,netdev=n0,mac=02:00:00:00:09:02,status=off",
        kernel.display(),
        initrd.display()
    )
}
