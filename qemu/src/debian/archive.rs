// SPDX-License-Identifier: Apache-2.0
//! Writes an initial file system: a cpio archive in the "newc" format (Linux:
//! Documentation/driver-api/early-userspace/buffer-format.rst).

use super::packages::LOADER;
use super::{DebianError, Root, read};
use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_777;
const CHARACTER_DEVICE: u32 = 0o020_600;
/// Where programs look for what starts them, and it for libraries.
const LOADER_NAME: &str = "lib64/ld-linux-x86-64.so.2";
const LIBRARIES: &str = "lib/x86_64-linux-gnu";
const CONSOLE: (u32, u32) = (5, 1);

/// An archive under construction.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    names: BTreeSet<String>,
}

impl Archive {
    /// Adds a folder and those above it, each once.
    pub fn folder(&mut self, name: &str) {
        if let Some((above, _)) = name.rsplit_once('/') {
            self.folder(above);
        }
        if !name.is_empty() && self.names.insert(name.to_owned()) {
            self.entry(name, FOLDER, (0, 0), &[]);
        }
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entry(name, FILE | mode, (0, 0), content);
    }

    /// Adds a file of a package where it stands there.
    pub fn package_file(&mut self, root: &Root, name: &str, mode: u32) -> Result<(), DebianError> {
        self.existing(name, mode, &root.path(name))
    }

    /// Adds a program where it stands in its package, and the libraries that it needs.
    pub fn program(&mut self, root: &Root, name: &str) -> Result<(), DebianError> {
        self.package_file(root, name, 0o755)?;
        self.existing(LOADER_NAME, 0o755, &root.path(LOADER))?;
        for library in root.libraries(name)? {
            let name = library.file_name().unwrap_or_default().to_string_lossy();
            self.existing(&format!("{LIBRARIES}/{name}"), 0o644, &library)?;
        }
        Ok(())
    }

    fn existing(&mut self, name: &str, mode: u32, path: &Path) -> Result<(), DebianError> {
        if self.names.insert(name.to_owned()) {
            self.folder(name.rsplit_once('/').map_or("", |(folder, _)| folder));
            self.file(name, mode, &read(path)?);
        }
        Ok(())
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, name: &str, to: &str) {
        self.entry(name, LINK, (0, 0), to.as_bytes());
    }

    /// Adds /dev/console, which the kernel opens for init.
    pub fn console(&mut self) {
        self.entry("dev/console", CHARACTER_DEVICE, CONSOLE, &[]);
    }

    /// The archive's bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.entries += 1;
        let (length, name_length) = (content.len() as u32, name.len() as u32 + 1);
        let fields = [self.entries, mode, 0, 0, 1, 0, length, 0, 0, device.0, device.1, name_length, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_comes_once_and_after_those_above_it() {
        let mut archive = Archive::default();
        archive.folder("a/b");
        archive.folder("a");
        let bytes = archive.finish();
        let names: Vec<_> =
            bytes.windows(2).filter(|two| [b"a\0", b"b\0"].contains(&(*two).try_into().unwrap())).collect();
        assert_eq!(names, [b"a\0", b"b\0"]);
    }

    #[test]
    fn entry_has_newc_layout() {
        let mut archive = Archive::default();
        archive.file("init", 0o755, b"hello");
        let bytes = archive.finish();
        assert_eq!(&bytes[..6], b"070701");
        assert_eq!(&bytes[14..22], b"000081ed");
        assert_eq!(&bytes[110..115], b"init\0");
        assert_eq!(&bytes[116..121], b"hello");
        assert_eq!(&bytes[124..130], b"070701");
        assert_eq!(bytes.len() % 4, 0);
    }
}
