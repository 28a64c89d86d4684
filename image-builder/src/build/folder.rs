// SPDX-License-Identifier: Apache-2.0
//! What was built before: a folder with its manifest and images is all that it takes to run a chain.

use super::manifest::{self, Manifest, sha256};
use super::{Built, Topology};
use crate::failure::usage;
use std::collections::BTreeMap;
use std::path::Path;

/// Opens a folder that `sluice build` made; that it is none, or not whole, is the user's error.
pub fn open(folder: &Path) -> anyhow::Result<Built> {
    let manifest = read(folder)?;
    let images: BTreeMap<&str, &str> = manifest.vms.iter().map(|vm| (vm.image.as_str(), vm.sha256.as_str())).collect();
    images.into_iter().try_for_each(|(image, hash)| check(&folder.join(image), hash))?;
    Ok(Built { topology: Topology::from(&manifest), folder: folder.into(), manifest })
}

fn read(folder: &Path) -> anyhow::Result<Manifest> {
    let path = folder.join(manifest::FILE);
    let text = std::fs::read(&path).map_err(|error| {
        let (shown, name) = (folder.display(), manifest::FILE);
        usage(format!("{shown} is not what sluice build makes: cannot read its {name}: {error}"))
    })?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| usage(format!("cannot understand {}: {error}; build the chain again", path.display())))?;
    if manifest.vms.is_empty() {
        return Err(usage(format!("{} names no VM; build the chain again", path.display())));
    }
    Ok(manifest)
}

fn check(image: &Path, hash: &str) -> anyhow::Result<()> {
    let shown = image.display();
    let bytes = std::fs::read(image).map_err(|error| usage(format!("cannot read the image {shown}: {error}")))?;
    if sha256(&bytes) == hash {
        return Ok(());
    }
    Err(usage(format!("the image {shown} is not the one that {} names; build the chain again", manifest::FILE)))
}
