// SPDX-License-Identifier: Apache-2.0
//! The first instructions: PVH's 32-bit entry (Xen `docs/misc/pvh.pandoc`), up to long mode and the main stack.
//!
//! On entry: 32-bit protected mode without paging, `ebx` = address of `hvm_start_info`, no stack. The tables made here map the
//! first GiB, writable and executable; [`super::paging`] replaces them at once.
#![allow(unsafe_code)]

use super::exceptions::{CODE_SELECTOR, DATA_SELECTOR, GDT};
use super::paging::{ENTRY_PD, PDPT, PML4};
use core::arch::global_asm;

unsafe extern "C" {
    fn image_main() -> !;
}

/// `XEN_ELFNOTE_PHYS32_ENTRY`, xen/include/public/elfnote.h.
const PHYS32_ENTRY: u32 = 18;
/// `CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT`: long mode, and SSE as compiled code expects it.
const CR4: u32 = 1 << 5 | 1 << 9 | 1 << 10;
/// `CR0.PE | CR0.MP | CR0.NE | CR0.WP | CR0.PG`, emulation off.
const CR0: u32 = 1 | 1 << 1 | 1 << 5 | 1 << 16 | 1 << 31;
/// The register EFER, and its `LME | NXE`.
const EFER: u32 = 0xc000_0080;
const EFER_BITS: u32 = 1 << 8 | 1 << 11;

global_asm!(
    ".pushsection .note.pvh, \"a\", @note",
    ".balign 4",
    ".long 4, 4, {note_type}",
    ".asciz \"Xen\"",
    ".long pvh_start",
    ".popsection",
    ".pushsection .text.pvh_start, \"ax\", @progbits",
    ".code32",
    ".globl pvh_start",
    "pvh_start:",
    "cli",
    "cld",
    "rdtsc",
    "mov esi, eax", // entry time, kept in edi:esi
    "mov edi, edx",
    "mov eax, offset {pdpt} + 3", // present, writable
    "mov [{pml4}], eax",
    "mov eax, offset {pd} + 3",
    "mov [{pdpt}], eax",
    "mov eax, 0x83", // present, writable, 2 MiB
    "mov ecx, offset {pd}",
    "2:",
    "mov [ecx], eax",
    "add ecx, 8",
    "add eax, 0x200000",
    "cmp eax, 0x40000083",
    "jb 2b",
    "mov eax, offset {pml4}",
    "mov cr3, eax",
    "mov eax, {cr4}",
    "mov cr4, eax",
    "mov ecx, {efer}",
    "rdmsr",
    "or eax, {efer_bits}",
    "wrmsr",
    "mov eax, {cr0}",
    "mov cr0, eax",
    "lgdt [4f]",
    ".byte 0xea", // a far jump to 3f, spelt out
    ".long 3f",
    ".word {code}",
    "4: .word 39",
    ".long {gdt}",
    ".code64",
    "3:",
    "mov eax, {data}",
    "mov ss, eax",
    "xor eax, eax",
    "mov ds, eax",
    "mov es, eax",
    "mov rsp, offset image_stack_main",
    "mov esi, esi", // the upper halves are undefined after the switch
    "shl rdi, 32",
    "or rsi, rdi", // second argument: the entry time
    "mov edi, ebx", // first argument: hvm_start_info
    "xor ebp, ebp",
    "call {main}",
    "ud2",
    ".popsection",
    note_type = const PHYS32_ENTRY,
    pml4 = sym PML4,
    pdpt = sym PDPT,
    pd = sym ENTRY_PD,
    gdt = sym GDT,
    code = const CODE_SELECTOR,
    data = const DATA_SELECTOR,
    cr4 = const CR4,
    cr0 = const CR0,
    efer = const EFER,
    efer_bits = const EFER_BITS,
    main = sym image_main,
);
