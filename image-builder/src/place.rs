// SPDX-License-Identifier: Apache-2.0
//! Files that are there whole or not at all.

use anyhow::Context;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that is being written under another name beside its place. Dropped, it leaves nothing.
pub struct Pending {
    file: NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// Begins a file for `path`, whose folder must exist.
    pub fn create(path: &Path) -> anyhow::Result<Pending> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".sluice-")
            .suffix(".part")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .with_context(|| cannot(path))?;
        Ok(Pending { file, path: path.into() })
    }

    /// Writes `bytes` as the whole file, ready to be placed.
    pub fn with(path: &Path, bytes: &[u8]) -> anyhow::Result<Pending> {
        let mut pending = Pending::create(path)?;
        pending.file.write_all(bytes).with_context(|| cannot(path))?;
        Ok(pending)
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut fs::File {
        self.file.as_file_mut()
    }

    /// Gives the file its name, over an older one.
    pub fn place(self) -> anyhow::Result<()> {
        let Pending { file, path } = self;
        file.persist(&path).map(drop).with_context(|| cannot(&path))
    }
}

/// Writes a file whole, unless it has these bytes already: cargo looks at times.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    Pending::with(path, bytes)?.place()
}

/// Makes a folder and those above it.
pub fn folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// The message about a file that cannot be written; the reason follows.
pub fn cannot(path: &Path) -> String {
    format!("cannot write {} (nothing was left there; free space or choose another place)", path.display())
}
