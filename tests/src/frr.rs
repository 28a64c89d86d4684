// SPDX-License-Identifier: Apache-2.0
//! FRR (Debian's, fetched into a cache and unpacked there, never installed): zebra and bgpd in a network namespace.

use crate::namespace::Namespace;
use qemu::debian::{DebianError, Packages, Root};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PACKAGES: Packages = Packages { kernels: &[], plain: &[], programs: &["frr"] };
/// Where FRR's own libraries are.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu/frr";

/// The two daemons, in a namespace.
pub struct Frr<'a> {
    root: Root,
    namespace: &'a Namespace,
    folder: PathBuf,
    zebra: Child,
    bgpd: Child,
}

/// Fetches FRR, unless it is there.
pub fn fetch() -> Result<Root, DebianError> {
    Root::prepare(&cache(), &PACKAGES)
}

impl<'a> Frr<'a> {
    /// Starts them with these configurations. They write into `folder`.
    pub fn start(root: Root, namespace: &'a Namespace, folder: &Path, zebra: &str, bgpd: &str) -> Frr<'a> {
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("the folder is writable");
        write("zebra.conf", zebra);
        write("bgpd.conf", bgpd);
        write("vtysh.conf", "username root nopassword\n");
        // They want a group that only installing makes.
        let groups = fs::read_to_string("/etc/group").expect("there are groups");
        write("group", &format!("{groups}frrvty:x:9999:root\n"));
        namespace.run(&format!("mount --bind {}/group /etc/group", folder.display()));
        let zebra = daemon(&root, namespace, folder, "zebra");
        let bgpd = daemon(&root, namespace, folder, "bgpd");
        Frr { root, namespace, folder: folder.into(), zebra, bgpd }
    }

    /// Kills bgpd, as a crash does.
    pub fn kill_bgpd(&mut self) {
        self.bgpd.kill().expect("bgpd can be killed");
        self.bgpd.wait().expect("bgpd ends");
    }

    /// Starts bgpd again.
    pub fn start_bgpd(&mut self) {
        self.bgpd = daemon(&self.root, self.namespace, &self.folder, "bgpd");
    }

    /// What a command of its shell prints, which is JSON; none if the daemons do not answer.
    pub fn json(&self, command: &str) -> Option<Value> {
        let mut vtysh = program(&self.root, self.namespace, "usr/bin/vtysh");
        vtysh.arg("--config_dir").arg(&self.folder).arg("--vty_socket").arg(&self.folder);
        let output = vtysh.args(["-c", &format!("{command} json")]).output().expect("vtysh runs");
        serde_json::from_slice(&output.stdout).ok()
    }
}

impl Drop for Frr<'_> {
    fn drop(&mut self) {
        for daemon in [&mut self.bgpd, &mut self.zebra] {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").expect("there is a home")).join(".cache");
    cache.unwrap_or_else(home).join("sluice/frr")
}

fn program(root: &Root, namespace: &Namespace, name: &str) -> Command {
    let program = root.program_with_libraries(name, &[LIBRARIES]);
    let mut command = namespace.command(program.get_program().to_str().expect("paths are text"));
    command.args(program.get_args());
    command
}

fn daemon(root: &Root, namespace: &Namespace, folder: &Path, name: &str) -> Child {
    let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log")));
    let log = log.expect("the folder is writable");
    let path = |file: String| folder.join(file);
    let mut command = program(root, namespace, &format!("usr/lib/frr/{name}"));
    command.args(["-u", "root", "-g", "root", "-P", "0", "--log", "stdout"]);
    command.arg("-f").arg(path(format!("{name}.conf"))).arg("-i").arg(path(format!("{name}.pid")));
    command.arg("-z").arg(path("zserv.api".into())).arg("--vty_socket").arg(folder);
    command.stdout(log.try_clone().expect("a file can be shared")).stderr(log).stdin(Stdio::null());
    command.spawn().expect("nsenter runs")
}
