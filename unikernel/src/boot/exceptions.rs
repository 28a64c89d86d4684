// SPDX-License-Identifier: Apache-2.0
//! Segments, the interrupt table, and what happens on a fault.
//!
//! Compiled code uses a red zone below its stack pointer, so every exception and interrupt switches to a stack of its own
//! (IST). A fault is reported and ends the VM. An interrupt only ends a `hlt`: its handler does nothing but tell the APIC.
//!
//! All tables are constants of the image, put together by assembler and linker; the entry code loads them.
#![allow(unsafe_code)]

use crate::{apic, power};
use core::arch::global_asm;
use x86_64::registers::control::Cr2;

/// The code segment's selector.
pub const CODE_SELECTOR: u16 = 8;
/// The data segment's selector.
pub const DATA_SELECTOR: u16 = 16;
/// The task state segment's selector.
pub const TSS_SELECTOR: u16 = 24;
/// The last byte of the segment table: null, code, data, and two slots for the task state segment.
pub const GDT_LIMIT: u16 = 5 * 8 - 1;
/// The last byte of the interrupt table.
pub const IDT_LIMIT: u16 = VECTORS * GATE_BYTES - 1;

/// The vector of every device interrupt.
pub const WAKE_VECTOR: u8 = 0x20;
/// The vector that the local APIC raises for nothing (Intel SDM 3A §11.9); it wants no end-of-interrupt.
pub const SPURIOUS_VECTOR: u8 = 0x2f;
/// Vectors from 0 to the last one in use.
const VECTORS: u16 = SPURIOUS_VECTOR as u16 + 1;
const EXCEPTIONS: u8 = 32;
const GATE_BYTES: u16 = 16;
/// Bytes of each exception's stub.
const STUB_BYTES: u8 = 16;
/// Bytes of a task state segment without an I/O permission map, Intel SDM 3A figure 8-11.
const TSS_BYTES: u8 = 104;

/// What a stub leaves on the fault stack (Intel SDM 3A §6.14.2, and the vector).
#[repr(C)]
struct Frame {
    vector: u64,
    error: u64,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

extern "C" fn fault(frame: &Frame) -> ! {
    match frame.vector {
        14 => defmt::error!(
            "page fault at {=u64:#x}: address {=u64:#x}, error {=u64:#x}, stack {=u64:#x}",
            frame.rip,
            Cr2::read_raw(),
            frame.error,
            frame.rsp
        ),
        vector => defmt::error!(
            "exception {=u64} at {=u64:#x}: error {=u64:#x}, stack {=u64:#x}",
            vector,
            frame.rip,
            frame.error,
            frame.rsp
        ),
    }
    power::fail()
}

// An address in a gate or descriptor is in pieces: for SYMBOL the linker script gives SYMBOL_low (16 bits) and so on.
#[cfg(not(test))]
global_asm!(
    ".pushsection .data.gdt, \"aw\"", // writable: the processor marks the task state segment busy
    ".balign 8",
    ".globl gdt",
    "gdt:",
    ".quad 0",
    ".quad 0x00af9b000000ffff", // 64-bit code
    ".quad 0x00cf93000000ffff", // data
    // The task state segment, available: Intel SDM 3A figure 8-4.
    ".word {tss_bytes} - 1, tss_low",
    ".byte tss_middle, 0x89, 0, tss_high",
    ".quad 0",
    ".popsection",
    ".pushsection .rodata.interrupts, \"a\"",
    ".balign 16",
    ".globl tss",
    "tss:",
    ".skip 36",
    ".quad image_stack_fault, image_stack_interrupt", // interrupt stacks 1 and 2
    ".skip {tss_bytes} - 54",
    ".word {tss_bytes}", // the I/O permission map would begin behind the end
    ".macro gate low, high, stack", // Intel SDM 3A figure 6-8: an interrupt gate of privilege level 0
    ".word \\low, {code}",
    ".byte \\stack, 0x8e",
    ".word \\high",
    ".quad 0",
    ".endm",
    ".balign 16",
    ".globl idt",
    "idt:",
    ".set vector, 0",
    ".rept {exceptions}",
    // The stubs are aligned such that these sums do not carry.
    "gate exception_stubs_low + {stub_bytes} * vector, exception_stubs_high, 1",
    ".set vector, vector + 1",
    ".endr",
    ".rept {wake} - {exceptions}",
    ".quad 0, 0",
    ".endr",
    "gate wake_stub_low, wake_stub_high, 2",
    ".rept {spurious} - {wake} - 1",
    ".quad 0, 0",
    ".endr",
    "gate spurious_stub_low, spurious_stub_high, 2",
    ".purgem gate",
    ".popsection",
    exceptions = const EXCEPTIONS,
    wake = const WAKE_VECTOR,
    spurious = const SPURIOUS_VECTOR,
    stub_bytes = const STUB_BYTES,
    tss_bytes = const TSS_BYTES,
    code = const CODE_SELECTOR,
);

global_asm!(
    ".pushsection .text.exception_stubs, \"ax\", @progbits",
    ".balign {exceptions} * {stub_bytes}",
    ".globl exception_stubs",
    "exception_stubs:",
    ".set vector, 0",
    ".rept {exceptions}",
    ".balign {stub_bytes}",
    // The processor pushes an error code for these vectors only (Intel SDM 3A table 6-1).
    ".if !((vector == 8) | ((vector >= 10) & (vector <= 14)) | (vector == 17) | (vector == 21))",
    ".byte 0x6a, 0", // push 0
    ".endif",
    ".byte 0x6a, vector", // push vector
    "jmp 2f",
    ".set vector, vector + 1",
    ".endr",
    "2:",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {fault}",
    "ud2",
    ".globl wake_stub",
    "wake_stub:",
    "push rax",
    "mov eax, {eoi}",
    "mov dword ptr [rax], 0",
    "pop rax",
    ".globl spurious_stub",
    "spurious_stub:",
    "iretq",
    ".popsection",
    exceptions = const EXCEPTIONS,
    stub_bytes = const STUB_BYTES,
    fault = sym fault,
    eoi = const apic::LOCAL_EOI,
);
