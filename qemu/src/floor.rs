// SPDX-License-Identifier: Apache-2.0
//! The least kernel that there can be: a PVH image that ends QEMU, at once or after a loop.

/// Where it is loaded.
const LOAD: u32 = 1 << 20;
const ELF_HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const NOTE: usize = 20;
/// `XEN_ELFNOTE_PHYS32_ENTRY`
const PHYS32_ENTRY: u32 = 18;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;

/// An ELF image whose kernel counts `loops` down, then leaves with [`crate::Exit::Clean`]. With 0 loops it is the floor that a
/// boot is measured against: QEMU and its firmware alone.
pub fn floor_kernel(loops: u32) -> Vec<u8> {
    let code = code(loops);
    let note_at = ELF_HEADER + 2 * PROGRAM_HEADER;
    let code_at = note_at + NOTE;
    let mut image = elf_header();
    image.extend(program_header(PT_NOTE, note_at, NOTE));
    image.extend(program_header(PT_LOAD, 0, code_at + code.len()));
    for word in [4, 4, PHYS32_ENTRY, u32::from_le_bytes(*b"Xen\0"), LOAD + code_at as u32] {
        image.extend(word.to_le_bytes());
    }
    image.extend(code);
    image
}

/// 32-bit code: `mov ecx, loops; jecxz 1f; 0: dec ecx; jnz 0b; 1: mov dx, 0xf4; mov eax, 0x10; out dx, eax; 2: hlt; jmp 2b`.
fn code(loops: u32) -> Vec<u8> {
    let mut code = vec![0xb9];
    code.extend(loops.to_le_bytes());
    code.extend([0xe3, 3, 0x49, 0x75, 0xfd]);
    code.extend([0x66, 0xba, 0xf4, 0, 0xb8, 0x10, 0, 0, 0, 0xef, 0xf4, 0xeb, 0xfd]);
    code
}

/// ELF64, little-endian, executable, x86-64, two program headers (System V ABI, chapter 4).
fn elf_header() -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    let entry = u64::from(LOAD) + (ELF_HEADER + 2 * PROGRAM_HEADER + NOTE) as u64;
    header.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    header.extend(entry.to_le_bytes());
    header.extend((ELF_HEADER as u64).to_le_bytes());
    header.extend([0; 12]);
    for half in [ELF_HEADER as u16, PROGRAM_HEADER as u16, 2, 0, 0, 0] {
        header.extend(half.to_le_bytes());
    }
    header
}

fn program_header(kind: u32, offset: usize, bytes: usize) -> Vec<u8> {
    const READ_EXECUTE: u32 = 5;
    let paddr = u64::from(LOAD) + offset as u64;
    let mut header = Vec::new();
    header.extend(kind.to_le_bytes());
    header.extend(READ_EXECUTE.to_le_bytes());
    for word in [offset as u64, paddr, paddr, bytes as u64, bytes as u64, 4] {
        header.extend(word.to_le_bytes());
    }
    header
}
