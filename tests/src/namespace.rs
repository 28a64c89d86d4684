// SPDX-License-Identifier: Apache-2.0
//! Network namespaces: each a host of its own, as long as the test holds it. Needs root.

use crate::{home, sluice};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A network namespace, with mounts of its own.
pub struct Namespace {
    holder: Child,
}

impl Namespace {
    /// A new one, in which only the loopback interface is.
    pub fn new() -> Namespace {
        // The /sys of before would show the interfaces of before.
        let script = "mount -t sysfs none /sys && ip link set lo up && echo ready && exec sleep infinity";
        let mut holder = Command::new("unshare")
            .args(["--net", "--mount", "sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        let mut ready = String::new();
        let stdout = holder.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut ready).expect("its output can be read");
        assert_eq!(ready, "ready\n", "a network namespace cannot be made: not root?");
        Namespace { holder }
    }

    /// What the kernel calls it by: `ip link set DEVICE netns PID`.
    pub fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    /// A program in there.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--mount", "--target", &self.pid(), "--", program]);
        command
    }

    /// Runs lines of a shell in there, each of which must succeed: what they print.
    pub fn run(&self, script: &str) -> String {
        let output = self.try_run(script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs lines of a shell in there, up to one that fails.
    pub fn try_run(&self, script: &str) -> Output {
        self.command("sh").args(["-euc", script]).output().expect("nsenter runs")
    }

    /// Whether `address` answers each of `count` pings.
    pub fn pings(&self, address: &str, count: u32) -> bool {
        self.try_run(&format!("ping -q -i 0.2 -W 5 -c {count} {address}")).status.success()
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Namespace::new()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Makes a pair of connected interfaces, one in each namespace, both up.
pub fn connect(one: &Namespace, its: &str, other: &Namespace, its_own: &str) {
    one.run(&format!("ip link add {its} type veth peer name {its_own} netns {}; ip link set {its} up", other.pid()));
    other.run(&format!("ip link set {its_own} up"));
}

/// Whether this is root, who alone makes namespaces and TAPs.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n"
}

/// Runs a script of the shell's in namespaces of its own, of network and mounts, from the workspace's folder; `$SLUICE` is the command, and
/// `$FOLDER` is `folder`. What it printed, and what it complained of; panics with both if it fails.
pub fn run_in_own(script: &str, folder: &Path) -> (String, String) {
    let run = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .current_dir(home())
        .env("SLUICE", sluice().get_program())
        .env("FOLDER", folder)
        .output()
        .expect("unshare runs");
    let [out, err] = [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(run.status.success(), "{out}{err}");
    (out, err)
}
