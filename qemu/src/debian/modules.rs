// SPDX-License-Identifier: Apache-2.0
//! Kernel modules and what they need, read from their own `.modinfo` section: a package carries no `modules.dep`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{DebianError, at, read};

/// What `scripts/sign-file` appends last.
const SIGNATURE_MAGIC: &[u8] = b"~Module signature appended~\n";
/// Bytes of `struct module_signature`, which stands before the magic and ends with the signature's length.
const SIGNATURE_HEADER: usize = 12;

/// A module and its file's bytes.
pub struct Module {
    /// The name with which `depends=` calls it.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The wanted modules and all that they need, each after what it needs.
pub fn in_load_order(folder: &Path, wanted: &[&str]) -> Result<Vec<Module>, DebianError> {
    let mut files = HashMap::new();
    list(folder, &mut files)?;
    let mut order = Vec::new();
    for name in wanted {
        visit(folder, name, &files, &mut order)?;
    }
    Ok(order)
}

fn list(folder: &Path, files: &mut HashMap<String, PathBuf>) -> Result<(), DebianError> {
    for entry in fs::read_dir(folder).map_err(at(folder))?.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".ko")) {
            files.insert(name.replace('-', "_"), path.clone());
        }
    }
    Ok(())
}

fn visit(
    folder: &Path,
    name: &str,
    files: &HashMap<String, PathBuf>,
    order: &mut Vec<Module>,
) -> Result<(), DebianError> {
    if order.iter().any(|module| module.name == name) {
        return Ok(());
    }
    let path = files.get(name).ok_or_else(|| DebianError::Strange(folder.to_owned(), format!("no module {name}")))?;
    let bytes = read(path)?;
    for needed in needs(&bytes) {
        visit(folder, &needed, files, order)?;
    }
    order.push(Module { name: name.to_owned(), bytes });
    Ok(())
}

/// The names after `depends=`; the key starts a zero-terminated string, so a zero or the section's start is before it.
fn needs(bytes: &[u8]) -> Vec<String> {
    let key = b"\0depends=";
    let Some(start) = bytes.windows(key.len()).position(|window| window == key).map(|at| at + key.len()) else {
        return Vec::new();
    };
    let text = bytes[start..].split(|&byte| byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).replace('-', "_");
    text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The module without its signature: checking it costs an emulated CPU milliseconds, and the kernel does not insist.
pub fn without_signature(bytes: &[u8]) -> &[u8] {
    let Some(signed) = bytes.strip_suffix(SIGNATURE_MAGIC) else { return bytes };
    let Some((rest, length)) = signed.split_last_chunk::<4>() else { return bytes };
    let signature = u32::from_be_bytes(*length) as usize + SIGNATURE_HEADER - length.len();
    rest.len().checked_sub(signature).map_or(bytes, |end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_come_from_modinfo() {
        assert_eq!(needs(b"license=GPL\0depends=stp,crc32c-intel\0retpoline=Y\0"), ["stp", "crc32c_intel"]);
        assert!(needs(b"license=GPL\0depends=\0").is_empty());
        assert!(needs(b"").is_empty());
    }

    #[test]
    fn signature_is_cut_off_and_a_lying_length_is_not_followed() {
        let mut module = b"code".to_vec();
        module.extend(b"sig");
        module.extend([0; 8]);
        module.extend(3u32.to_be_bytes());
        module.extend(SIGNATURE_MAGIC);
        assert_eq!(without_signature(&module), b"code");
        let lies = [&[0xff; 4][..], SIGNATURE_MAGIC].concat();
        assert_eq!(without_signature(&lies), lies);
        assert_eq!(without_signature(b"code"), b"code");
    }
}
