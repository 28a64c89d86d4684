// SPDX-License-Identifier: Apache-2.0
//! What Linux guests are made of here: Debian's packages, fetched into a cache and unpacked there, never installed; from them
//! kernels, modules and initial file systems.

mod archive;
mod kernel;
mod modules;
mod packages;

pub use archive::Archive;
pub use kernel::vmlinux;
pub use modules::{Module, in_load_order, without_signature};
pub(crate) use packages::run;
pub use packages::{Packages, Root};

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no guest.
#[derive(Debug, thiserror::Error)]
pub enum DebianError {
    /// A file of ours, or of a package.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    Io(PathBuf, io::Error),
    /// A program that cannot be started.
    #[error("cannot run {0}: {1}")]
    NoProgram(String, io::Error),
    /// A program that failed: its command and what it said.
    #[error("{0} failed: {1}")]
    Program(String, String),
    /// Packages or lists that cannot be had.
    #[error("cannot fetch Debian packages into {folder} (is there a network?): {said}", folder = .0.display(), said = .1)]
    Fetch(PathBuf, String),
    /// A package that is not what we take it for.
    #[error("{path}: {what}; remove the folder of packages to fetch them again", path = .0.display(), what = .1)]
    Strange(PathBuf, String),
}

/// Gives a file system's error the path that it is about.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> DebianError {
    let path = path.to_owned();
    move |error| DebianError::Io(path, error)
}

/// The content of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DebianError> {
    std::fs::read(path).map_err(at(path))
}

/// Writes a file so that an interrupted run, or another one at the same time, never leaves half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), DebianError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
    io::Write::write_all(&mut partial, bytes).map_err(at(partial.path()))?;
    partial.persist(path).map_err(|failed| DebianError::Io(path.to_owned(), failed.error))?;
    Ok(())
}
