// SPDX-License-Identifier: Apache-2.0
//! The ELF inside a bzImage (Linux: Documentation/arch/x86/boot.rst), for the boot through PVH, which skips the
//! decompression that software emulation makes slow.

use anyhow::{Context, Result, bail, ensure};

const SETUP_SECTS: usize = 0x1f1;
const HEADER_MAGIC: usize = 0x202;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;
const SECTOR: usize = 512;
/// The "legacy" frame of LZ4: this number, then blocks of at most 8 MiB, each after its compressed length.
const LZ4_LEGACY_MAGIC: u32 = 0x184c_2102;
const LZ4_LEGACY_BLOCK: usize = 8 << 20;

/// Takes the uncompressed kernel out of a bzImage.
pub fn extract_vmlinux(image: &[u8]) -> Result<Vec<u8>> {
    ensure!(image.get(HEADER_MAGIC..HEADER_MAGIC + 4) == Some(b"HdrS"), "not a bzImage: no HdrS at 0x202");
    let protected_mode = (usize::from(image[SETUP_SECTS]) + 1) * SECTOR;
    let start = protected_mode + word(image, PAYLOAD_OFFSET)? as usize;
    let payload =
        image.get(start..start + word(image, PAYLOAD_LENGTH)? as usize).context("the bzImage is truncated")?;
    if word(payload, 0)? != LZ4_LEGACY_MAGIC {
        bail!("the kernel is not compressed with LZ4, the only way that Debian's cloud kernel used so far");
    }
    let vmlinux = decompress_lz4_legacy(payload)?;
    ensure!(vmlinux.starts_with(b"\x7fELF"), "the bzImage holds no ELF kernel");
    Ok(vmlinux)
}

fn decompress_lz4_legacy(payload: &[u8]) -> Result<Vec<u8>> {
    // The last word is the uncompressed size, which the kernel's build appends.
    let end = payload.len() - 4;
    let mut kernel = Vec::with_capacity(word(payload, end)? as usize);
    let mut block = vec![0; LZ4_LEGACY_BLOCK];
    let mut at = 4;
    while at + 4 <= end {
        let length = word(payload, at)? as usize;
        let compressed = payload.get(at + 4..at + 4 + length).context("an LZ4 block is longer than the kernel")?;
        let written = lz4_flex::block::decompress_into(compressed, &mut block)?;
        kernel.extend_from_slice(&block[..written]);
        at += 4 + length;
    }
    Ok(kernel)
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let field = bytes.get(at..at + 4).context("the bzImage is truncated")?;
    Ok(u32::from_le_bytes(field.try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_refused() {
        assert!(extract_vmlinux(&[0; 1024]).is_err());
        assert!(extract_vmlinux(b"short").is_err());
    }

    #[test]
    fn a_legacy_frame_of_two_blocks_comes_back() {
        let parts: [&[u8]; 2] = [b"first first first", b"second"];
        let mut frame = LZ4_LEGACY_MAGIC.to_le_bytes().to_vec();
        for part in parts {
            let compressed = lz4_flex::block::compress(part);
            frame.extend((compressed.len() as u32).to_le_bytes());
            frame.extend(compressed);
        }
        frame.extend(23u32.to_le_bytes());
        assert_eq!(decompress_lz4_legacy(&frame).unwrap(), parts.concat());
    }
}
