// SPDX-License-Identifier: Apache-2.0
//! Looking into an image.

use anyhow::Context;
use object::{Object, ObjectSegment};

/// Bytes that a VMM loads from the file: code, constants and initialised data.
pub fn loaded_bytes(elf: &[u8]) -> anyhow::Result<u64> {
    let file = object::File::parse(elf).context("cargo's output is not an ELF image")?;
    Ok(file.segments().map(|segment| segment.file_range().1).sum())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_floor_kernel_is_nearly_nothing() {
        let bytes = super::loaded_bytes(&qemu::floor_kernel(0)).unwrap();
        assert!((1..1000).contains(&bytes), "{bytes}");
    }
}
