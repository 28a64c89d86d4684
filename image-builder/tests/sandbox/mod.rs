// SPDX-License-Identifier: Apache-2.0
//! A folder to run `sluice` in, which can tell what a run left behind.
#![allow(dead_code, reason = "each test file uses what it needs")]

use assert_cmd::cargo::cargo_bin;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The folder: `examples` and `out` in it, `tmp` for temporary files, and the run directory `runs`.
pub struct Sandbox(TempDir);

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A test that fails must not leave what it started in the background.
impl Drop for Sandbox {
    fn drop(&mut self) {
        if self.folder().join("runs").is_dir() {
            let _ = self.command(&["stop", "--all"]).output();
        }
    }
}

impl Sandbox {
    /// A new one.
    pub fn new() -> Sandbox {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        std::os::unix::fs::symlink(repository().join("examples"), folder.path().join("examples")).unwrap();
        Sandbox(folder)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.folder().join(name), text).unwrap();
        self.path(name)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> String {
        self.folder().join(name).to_str().unwrap().into()
    }

    /// `sluice` with these arguments, to be run in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin("sluice"));
        command.args(arguments).current_dir(self.folder());
        command.env("TMPDIR", self.folder().join("tmp")).env("SLUICE_RUN_DIR", self.folder().join("runs"));
        command
    }

    /// Runs `sluice`.
    pub fn sluice(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Nothing temporary was left, and no VM whose sockets or image are here runs.
    pub fn is_clean(&self) {
        let temporary: Vec<_> = self.files().into_iter().filter(|path| is_temporary(path)).collect();
        assert!(temporary.is_empty(), "{temporary:?}");
        let here = self.path("");
        let lines =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        let left: Vec<_> = lines.filter(|line| line.starts_with("qemu-system") && line.contains(&here)).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(self.folder()).unwrap().flatten().map(|entry| entry.path()).collect();
        for folder in ["tmp", "out", "runs"] {
            found.extend(
                fs::read_dir(self.folder().join(folder)).into_iter().flatten().flatten().map(|entry| entry.path()),
            );
        }
        found
    }
}

fn is_temporary(path: &Path) -> bool {
    let within = |name: &str| path.parent().is_some_and(|folder| folder.ends_with(name));
    let of_a_run = within("runs") && path.file_name().is_some_and(|name| name != ".lock");
    within("tmp") || of_a_run || path.extension().is_some_and(|end| end == "part")
}

/// What was said on standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into()
}

/// What was said on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into()
}
