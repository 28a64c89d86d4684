// SPDX-License-Identifier: Apache-2.0
//! The one thing that ACPI is asked for: where PCI's configuration space is mapped (MCFG, PCI Firmware specification 3.3 §4.1.2).
#![allow(unsafe_code)]

/// Longest table that is looked at.
const TABLE_BYTES: usize = 64 << 10;
/// The header that every table starts with (ACPI 6.4 §5.2.6).
const HEADER_BYTES: usize = 36;

/// The physical address of bus 0's configuration space, found from the root pointer at `rsdp_paddr`.
pub fn ecam(rsdp_paddr: u64) -> Option<usize> {
    // SAFETY: the VMM says that ACPI's tables lie there; nothing writes to them.
    unsafe { find_ecam(rsdp_paddr) }
}

/// As [`ecam`].
///
/// # Safety
/// `rsdp_paddr` is 0 or points to tables that stay as they are while this runs.
unsafe fn find_ecam(rsdp_paddr: u64) -> Option<usize> {
    // SAFETY: the caller's promise, here and below.
    let rsdp = unsafe { memory(rsdp_paddr, 36) }?;
    if !rsdp.starts_with(b"RSD PTR ") {
        return None;
    }
    // Revision 0 has the 32-bit RSDT only (§5.2.5.3).
    let (root, entry_bytes) = if rsdp[15] == 0 { (word(rsdp, 16, 4)?, 4) } else { (word(rsdp, 24, 8)?, 8) };
    // SAFETY: as above.
    let entries = &unsafe { table(root) }?[HEADER_BYTES..];
    for entry in entries.chunks_exact(entry_bytes) {
        // SAFETY: as above.
        let Some(found) = word(entry, 0, entry_bytes).and_then(|paddr| unsafe { table(paddr) }) else { continue };
        if found.starts_with(b"MCFG") {
            return bus_0(&found[HEADER_BYTES + 8..]);
        }
    }
    None
}

/// The base of the first allocation, of 16 bytes each, that is for segment 0 and begins with bus 0.
fn bus_0(allocations: &[u8]) -> Option<usize> {
    let first = allocations.chunks_exact(16).find(|allocation| allocation[8..11] == [0, 0, 0])?;
    usize::try_from(word(first, 0, 8)?).ok().filter(|&base| base != 0 && base < 1 << 32)
}

/// A little-endian number of `bytes` bytes.
fn word(from: &[u8], offset: usize, bytes: usize) -> Option<u64> {
    let mut word = [0; 8];
    word[..bytes].copy_from_slice(from.get(offset..offset + bytes)?);
    Some(u64::from_le_bytes(word))
}

/// A whole table, header included.
///
/// # Safety
/// As for [`find_ecam`].
unsafe fn table(paddr: u64) -> Option<&'static [u8]> {
    // SAFETY: the caller's promise, here and below.
    let length = word(unsafe { memory(paddr, HEADER_BYTES) }?, 4, 4)? as usize;
    if !(HEADER_BYTES + 8..=TABLE_BYTES).contains(&length) {
        return None;
    }
    // SAFETY: as above.
    unsafe { memory(paddr, length) }
}

/// # Safety
/// As for [`find_ecam`].
unsafe fn memory(paddr: u64, bytes: usize) -> Option<&'static [u8]> {
    let paddr = usize::try_from(paddr).ok().filter(|&paddr| paddr >= 4096)?;
    // SAFETY: the caller's promise.
    Some(unsafe { core::slice::from_raw_parts(paddr as *const u8, bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RSDP, XSDT with an unknown table and an MCFG, all leaked.
    fn tables(mcfg: &[u8]) -> u64 {
        let header = |signature: &[u8; 4], body: &[u8]| {
            let mut table = signature.to_vec();
            table.extend(((HEADER_BYTES + body.len()) as u32).to_le_bytes());
            table.resize(HEADER_BYTES, 0);
            table.extend(body);
            table.leak().as_ptr() as u64
        };
        let (other, mcfg) = (header(b"APIC", &[0; 16]), header(b"MCFG", mcfg));
        let xsdt = header(b"XSDT", &[other.to_le_bytes(), mcfg.to_le_bytes()].concat());
        let mut rsdp = b"RSD PTR ".to_vec();
        rsdp.resize(36, 0);
        rsdp[15] = 2;
        rsdp[24..32].copy_from_slice(&xsdt.to_le_bytes());
        rsdp.leak().as_ptr() as u64
    }

    fn find(rsdp: u64) -> Option<usize> {
        // SAFETY: null, or tables that are leaked.
        unsafe { find_ecam(rsdp) }
    }

    #[test]
    fn mcfg_is_found_behind_other_tables() {
        let mut mcfg = vec![0; 8];
        mcfg.extend(0xb000_0000u64.to_le_bytes());
        mcfg.extend([0, 0, 0, 255, 0, 0, 0, 0]);
        assert_eq!(find(tables(&mcfg)), Some(0xb000_0000));
    }

    #[test]
    fn what_is_missing_or_cut_is_no_ecam() {
        assert_eq!(find(0), None);
        assert_eq!(find(tables(&[0; 8])), None, "no allocation");
        assert_eq!(find(tables(&[0; 20])), None, "half an allocation");
        assert_eq!(find([0u8; 64].to_vec().leak().as_ptr() as u64), None, "no signature");
    }
}
