// SPDX-License-Identifier: Apache-2.0
//! The ELF inside a bzImage (Linux: Documentation/arch/x86/boot.rst), for boots that would else run the decompression in software
//! emulation, which takes seconds.

use super::{DebianError, Root};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const SETUP_SECTS: usize = 0x1f1;
const HEADER_MAGIC: usize = 0x202;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
const SECTOR: usize = 512;
/// The "legacy" frame of LZ4: this number, then blocks of at most 8 MiB, each after its compressed length.
const LZ4_LEGACY_MAGIC: [u8; 4] = 0x184c_2102_u32.to_le_bytes();
const LZ4_LEGACY_BLOCK: usize = 8 << 20;
/// Where an XZ stream begins (The .xz File Format §2.1.1.1).
const XZ_MAGIC: [u8; 6] = *b"\xfd7zXZ\0";

/// The uncompressed kernel in the bzImage `path`; for one that XZ compressed, `root` needs the package xz-utils.
pub fn vmlinux(root: &Root, path: &Path) -> Result<Vec<u8>, DebianError> {
    let image = super::read(path)?;
    let strange = |what: &str| DebianError::Strange(path.to_owned(), what.to_string());
    let payload = payload(&image).ok_or_else(|| strange("no whole bzImage"))?;
    let kernel = if payload.starts_with(&XZ_MAGIC) {
        decompress_xz(root, payload)?
    } else {
        decompress_lz4_legacy(payload).ok_or_else(|| strange("compressed neither with XZ nor with LZ4"))?
    };
    if kernel.starts_with(b"\x7fELF") { Ok(kernel) } else { Err(strange("holds no ELF kernel")) }
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    if image.get(HEADER_MAGIC..HEADER_MAGIC + 4)? != b"HdrS" {
        return None;
    }
    let protected_mode = (usize::from(image[SETUP_SECTS]) + 1) * SECTOR;
    let start = protected_mode + word(image, PAYLOAD_OFFSET)?;
    image.get(start..start + word(image, PAYLOAD_LENGTH)?)
}

fn decompress_xz(root: &Root, payload: &[u8]) -> Result<Vec<u8>, DebianError> {
    let mut xz = root.program("usr/bin/xz");
    // Behind the stream stands the uncompressed size, which the kernel's build appends.
    let xz = xz.args(["--decompress", "--stdout", "--single-stream"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let failed = |error| DebianError::NoProgram("xz".into(), error);
    let mut xz = xz.spawn().map_err(failed)?;
    let mut input = xz.stdin.take().expect("stdin is piped");
    std::thread::scope(|scope| {
        // A broken pipe shows in what comes out: it is no whole kernel.
        scope.spawn(move || input.write_all(payload));
        xz.wait_with_output()
    })
    .map(|output| output.stdout)
    .map_err(failed)
}

fn decompress_lz4_legacy(payload: &[u8]) -> Option<Vec<u8>> {
    let blocks = payload.strip_prefix(&LZ4_LEGACY_MAGIC)?;
    // The last word is the uncompressed size, which the kernel's build appends.
    let (mut blocks, size) = blocks.split_last_chunk()?;
    let mut kernel = Vec::with_capacity(u32::from_le_bytes(*size) as usize);
    let mut block = vec![0; LZ4_LEGACY_BLOCK];
    while let Some(length) = word(blocks, 0) {
        let written = lz4_flex::block::decompress_into(blocks.get(4..4 + length)?, &mut block).ok()?;
        kernel.extend_from_slice(&block[..written]);
        blocks = &blocks[4 + length..];
    }
    Some(kernel)
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_refused() {
        assert_eq!(payload(&[0; 1024]), None);
        assert_eq!(payload(b"short"), None);
        assert_eq!(decompress_lz4_legacy(b"short"), None);
    }

    #[test]
    fn a_legacy_frame_of_two_blocks_comes_back() {
        let parts: [&[u8]; 2] = [b"first first first", b"second"];
        let mut frame = LZ4_LEGACY_MAGIC.to_vec();
        for part in parts {
            let compressed = lz4_flex::block::compress(part);
            frame.extend((compressed.len() as u32).to_le_bytes());
            frame.extend(compressed);
        }
        frame.extend(23u32.to_le_bytes());
        assert_eq!(decompress_lz4_legacy(&frame).unwrap(), parts.concat());
    }
}
