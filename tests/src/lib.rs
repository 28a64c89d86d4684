// SPDX-License-Identifier: Apache-2.0
//! What the end-to-end tests share: images built by the real command, VMs with a socket at each NIC, frames.
#![forbid(unsafe_code)]

pub mod clicktest;
pub mod documentation;
pub mod frames;
pub mod frr;
pub mod links;
pub mod namespace;
mod running;
pub mod xen;

pub use running::{PATIENCE, Running, machine};

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The source's top folder.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").into()
}

/// The command, built once.
pub fn sluice() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| {
        let built = Command::new("cargo")
            .args(["build", "--release", "--quiet", "--package", "image-builder", "--bin", "sluice"])
            .current_dir(home())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "sluice does not build");
        home().join("target/release/sluice")
    });
    let mut command = Command::new(path);
    command.current_dir(home());
    command
}

/// Builds the chain in `text` into `folder`: the image of its VM `vm`.
pub fn build(text: &str, vm: &str, folder: &Path) -> PathBuf {
    let chain = folder.join("chain.nf");
    std::fs::write(&chain, text).expect("the test's folder is writable");
    build_file(&chain, vm, folder)
}

/// Builds the chain file `chain` into `folder`: the image of its VM `vm`.
pub fn build_file(chain: &Path, vm: &str, folder: &Path) -> PathBuf {
    let built = sluice().arg("build").arg(chain).arg("-o").arg(folder).output().expect("sluice runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    folder.join(format!("{vm}.elf"))
}
