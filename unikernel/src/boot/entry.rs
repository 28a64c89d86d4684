// SPDX-License-Identifier: Apache-2.0
//! The first instructions: PVH's 32-bit entry (Xen `docs/misc/pvh.pandoc`), up to long mode, the final page tables, the
//! interrupt table and the main stack.
//!
//! On entry: 32-bit protected mode without paging, `ebx` = address of `hvm_start_info`, no stack.
//!
//! The page tables map the first 4 GiB one to one, writable or executable but never both, and stay as they are made here, but for the memory of links:
//!
//! | where | page | access |
//! | --- | --- | --- |
//! | page 0, guard pages | – | none |
//! | code | 4 KiB | read, execute |
//! | constants | 4 KiB | read |
//! | from there up to [`RAM_LIMIT`] | 4 KiB up to the image's stacks, else 2 MiB | read, write |
//! | from [`RAM_LIMIT`] on, but for the last 2 MiB | 2 MiB | read, write, uncached (links: see `paging`) |
//!
//! They are made here and not in Rust because Rust cannot run in 64-bit mode without them, and a second set would cost as
//! much again: under software emulation each loop has to be translated before it runs.
#![allow(unsafe_code)]

use super::exceptions::{CODE_SELECTOR, DATA_SELECTOR, GDT_LIMIT, IDT_LIMIT, TSS_SELECTOR};
use crate::memory::RAM_LIMIT;
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

// Bits of a page table's entry, Intel SDM 3A §4.5; the last one is of the upper half.
const PRESENT: u32 = 1;
const BRANCH: u32 = PRESENT | 1 << 1;
const LARGE: u32 = PRESENT | 1 << 1 | 1 << 7;
/// Write-through and cache-disabled.
const UNCACHED: u32 = 1 << 3 | 1 << 4;
const NO_EXECUTE: u32 = 1 << 31;

global_asm!(
    ".pushsection .note.pvh, \"a\", @note",
    ".balign 4",
    ".long 4, 4, {note_type}",
    ".asciz \"Xen\"",
    ".long pvh_start",
    ".popsection",
    // The tables of levels 4, 3 and 2; those of level 1 lie where the linker script puts them.
    ".pushsection .bss.page_tables, \"aw\", @nobits",
    ".balign 4096",
    "pml4: .skip 4096",
    "pdpt: .skip 4096",
    ".globl image_large_pages",
    "pd:",
    "image_large_pages: .skip 4 * 4096",
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
    // Entry of a page's address: 8 bytes for each 4 KiB.
    ".macro at_entry_of page",
    "mov ecx, offset \\page",
    "shr ecx, 9",
    "add ecx, offset image_page_tables",
    ".endm",
    // From the entry at ecx on: pages from eax, flags included, up to `end`; ebp is the upper half.
    ".macro map_up_to end, step",
    "2: mov [ecx], eax",
    "mov [ecx + 4], ebp",
    "add ecx, 8",
    "add eax, \\step",
    "cmp eax, \\end",
    "jb 2b",
    ".endm",
    "mov dword ptr [pml4], offset pdpt + {branch}",
    "mov dword ptr [pdpt], offset pd + {branch}",
    "mov dword ptr [pdpt + 8], offset pd + 4096 + {branch}",
    "mov dword ptr [pdpt + 16], offset pd + 2 * 4096 + {branch}",
    "mov dword ptr [pdpt + 24], offset pd + 3 * 4096 + {branch}",
    "mov ebp, {no_execute}",
    "mov ecx, offset pd",
    "mov eax, {large}",
    "map_up_to \"{devices} + {large}\", 0x200000",
    "or eax, {uncached}",
    "map_up_to 0xffe00000, 0x200000",
    "mov ecx, offset image_page_tables",
    "mov eax, {branch}",
    "map_up_to \"offset image_small_pages_end + {branch}\", 0x1000",
    "at_entry_of image_rodata_start",
    "mov eax, offset image_rodata_start + {present}",
    "map_up_to \"offset image_rodata_end + {present}\", 0x1000",
    "xor ebp, ebp",
    "at_entry_of image_code_start",
    "mov eax, offset image_code_start + {present}",
    "map_up_to \"offset image_rodata_start + {present}\", 0x1000",
    "mov ecx, offset pd",
    "mov eax, offset image_page_tables + {branch}",
    "map_up_to \"offset image_page_tables_end + {branch}\", 0x1000",
    "mov [image_page_tables], ebp",
    "at_entry_of image_guard_main",
    "mov [ecx], ebp",
    "at_entry_of image_guard_fault",
    "mov [ecx], ebp",
    "at_entry_of image_guard_interrupt",
    "mov [ecx], ebp",
    "mov eax, offset pml4",
    "mov cr3, eax",
    "mov eax, {cr4}",
    "mov cr4, eax",
    "mov ecx, {efer}",
    "mov eax, {efer_bits}", // all of it: a read would be an exit more under Xen
    "xor edx, edx",
    "wrmsr",
    "mov eax, {cr0}",
    "mov cr0, eax",
    "lgdt [4f]",
    ".byte 0xea", // a far jump to 3f, spelt out
    ".long 3f",
    ".word {code}",
    "4: .word {gdt_limit}",
    ".long gdt",
    "5: .word {idt_limit}",
    ".quad idt",
    ".code64",
    "3:",
    "mov eax, {data}",
    "mov ss, eax",
    "xor eax, eax",
    "mov ds, eax",
    "mov es, eax",
    "mov rsp, offset image_stack_main",
    "lidt [5b]",
    "mov eax, {tss}",
    "ltr ax",
    "mov esi, esi", // the upper halves are undefined after the switch
    "shl rdi, 32",
    "or rsi, rdi", // second argument: the entry time
    "mov edi, ebx", // first argument: hvm_start_info
    "xor ebp, ebp",
    "call {main}",
    "ud2",
    ".purgem at_entry_of",
    ".purgem map_up_to",
    ".popsection",
    note_type = const PHYS32_ENTRY,
    branch = const BRANCH,
    present = const PRESENT,
    large = const LARGE,
    uncached = const UNCACHED,
    no_execute = const NO_EXECUTE,
    devices = const RAM_LIMIT,
    code = const CODE_SELECTOR,
    data = const DATA_SELECTOR,
    tss = const TSS_SELECTOR,
    gdt_limit = const GDT_LIMIT,
    idt_limit = const IDT_LIMIT,
    cr4 = const CR4,
    cr0 = const CR0,
    efer = const EFER,
    efer_bits = const EFER_BITS,
    main = sym image_main,
);
