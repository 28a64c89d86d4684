// SPDX-License-Identifier: Apache-2.0
//! Debian packages fetched into the cache and unpacked there; nothing is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Depends on the kernel package of the current version.
const KERNEL_METAPACKAGE: &str = "linux-image-cloud-amd64";
const NFT_PACKAGE: &str = "nftables";

/// The folder of the unpacked packages; fetches them when they are not there.
pub fn unpacked(cache: &Path) -> Result<PathBuf> {
    let root = cache.join("root");
    let complete = cache.join("root.complete");
    if complete.exists() {
        return Ok(root);
    }
    let _ = fs::remove_dir_all(&root);
    let archives = cache.join("packages");
    fs::create_dir_all(&archives)?;
    let names = wanted_packages().or_else(|_| {
        eprintln!("bench: the package lists are missing or old; running apt-get update");
        run(Command::new("apt-get").args(["-qq", "update"]))?;
        wanted_packages()
    })?;
    eprintln!("bench: fetching {} Debian packages for the Linux VM", names.len());
    run(Command::new("apt-get")
        .args(["-qq", "-o", "APT::Sandbox::User=root", "download"])
        .args(&names)
        .current_dir(&archives))?;
    for entry in fs::read_dir(&archives)? {
        run(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(&root))?;
    }
    fs::remove_dir_all(&archives)?;
    fs::write(&complete, names.join("\n"))?;
    Ok(root)
}

fn wanted_packages() -> Result<Vec<String>> {
    let kernel = apt_cache(&["depends", KERNEL_METAPACKAGE])?;
    let kernel = kernel.lines().find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
    let kernel = kernel.with_context(|| format!("{KERNEL_METAPACKAGE} depends on no kernel package"))?;
    let mut names = vec![format!("linux-image-{kernel}"), "busybox-static".to_owned()];
    let only_hard = [
        "--recurse",
        "--no-recommends",
        "--no-suggests",
        "--no-conflicts",
        "--no-breaks",
        "--no-replaces",
        "--no-enhances",
    ];
    let closure = apt_cache(&[&["depends"], &only_hard[..], &[NFT_PACKAGE]].concat())?;
    names.extend(
        closure.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric())).map(str::to_owned),
    );
    ensure!(names.len() > 5, "apt-cache knows no dependencies of {NFT_PACKAGE}");
    Ok(names)
}

fn apt_cache(arguments: &[&str]) -> Result<String> {
    let output = Command::new("apt-cache")
        .args(arguments)
        .output()
        .context("cannot run apt-cache: the Linux VM needs Debian")?;
    ensure!(
        output.status.success(),
        "apt-cache {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// The one file of `folder` whose name starts with `prefix`.
pub fn only_file(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found =
        entries.filter_map(|entry| entry.ok()).filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    match (found.next(), found.next()) {
        (Some(entry), None) => Ok(entry.path()),
        _ => bail!("{} should hold exactly one file {prefix}…; remove the folder to fetch it again", folder.display()),
    }
}
