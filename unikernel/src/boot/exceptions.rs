// SPDX-License-Identifier: Apache-2.0
//! Segments, the interrupt table, and what happens on a fault.
//!
//! Compiled code uses a red zone below its stack pointer, so every exception and interrupt switches to a stack of its own
//! (IST). A fault is reported and ends the VM. An interrupt only ends a `hlt`: its handler does nothing but tell the APIC.
#![allow(unsafe_code)]

use crate::{Once, apic, power};
use core::arch::global_asm;
use x86_64::VirtAddr;
use x86_64::instructions::tables::{lidt, load_tss};
use x86_64::registers::control::Cr2;
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::gdt::{Descriptor, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;

/// The segments: null, 64-bit code, data, and two slots that [`enter`] fills with the TSS.
/// The entry code loads them.
pub static mut GDT: [u64; 5] = [0, 0x00af_9b00_0000_ffff, 0x00cf_9300_0000_ffff, 0, 0];
/// The code segment's selector.
pub const CODE_SELECTOR: u16 = 8;
/// The data segment's selector.
pub const DATA_SELECTOR: u16 = 16;
const TSS_SELECTOR: u16 = 24;

/// The vector of every device interrupt.
pub const WAKE_VECTOR: u8 = 0x20;
/// The vector that the local APIC raises for nothing (Intel SDM 3A §11.9); it wants no end-of-interrupt.
pub const SPURIOUS_VECTOR: u8 = 0x2f;
/// Vectors from 0 to the last one in use.
const VECTORS: usize = SPURIOUS_VECTOR as usize + 1;
const EXCEPTIONS: usize = 32;

/// Entries of the TSS's interrupt stack table, counted from 1 as a gate does.
const FAULT_STACK: u8 = 1;
const INTERRUPT_STACK: u8 = 2;

static TSS: Once<TaskStateSegment> = Once::new(TaskStateSegment::new());
static IDT: Once<[Gate; VECTORS]> = Once::new([Gate::MISSING; VECTORS]);

/// A 64-bit interrupt gate, Intel SDM 3A figure 6-8.
#[repr(C)]
struct Gate {
    offset_low: u16,
    selector: u16,
    stack: u8,
    kind: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<Gate>() == 16);

impl Gate {
    const MISSING: Gate =
        Gate { offset_low: 0, selector: 0, stack: 0, kind: 0, offset_middle: 0, offset_high: 0, reserved: 0 };

    fn new(handler: usize, stack: u8) -> Self {
        /// Present, privilege level 0, 64-bit interrupt gate.
        const INTERRUPT_GATE: u8 = 0x8e;
        Gate {
            offset_low: handler as u16,
            selector: CODE_SELECTOR,
            stack,
            kind: INTERRUPT_GATE,
            offset_middle: (handler >> 16) as u16,
            offset_high: (handler >> 32) as u32,
            reserved: 0,
        }
    }
}

unsafe extern "C" {
    static image_stack_fault: u8;
    static image_stack_interrupt: u8;
    /// 32 stubs of 16 bytes, one for each exception.
    static exception_stubs: u8;
    fn wake_stub();
    fn spurious_stub();
}

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

/// Loads the stacks and the interrupt table.
pub fn enter() {
    let (tss, idt) = (TSS.take(), IDT.take());
    let stacks = [(FAULT_STACK, &raw const image_stack_fault), (INTERRUPT_STACK, &raw const image_stack_interrupt)];
    for (stack, top) in stacks {
        tss.interrupt_stack_table[usize::from(stack) - 1] = VirtAddr::from_ptr(top);
    }
    let first_stub = &raw const exception_stubs as usize;
    for (vector, gate) in idt[..EXCEPTIONS].iter_mut().enumerate() {
        *gate = Gate::new(first_stub + 16 * vector, FAULT_STACK);
    }
    idt[usize::from(WAKE_VECTOR)] = Gate::new(wake_stub as *const () as usize, INTERRUPT_STACK);
    idt[usize::from(SPURIOUS_VECTOR)] = Gate::new(spurious_stub as *const () as usize, INTERRUPT_STACK);
    let idt = DescriptorTablePointer { limit: (size_of_val(idt) - 1) as u16, base: VirtAddr::from_ptr(idt) };
    let Descriptor::SystemSegment(low, high) = Descriptor::tss_segment(tss) else {
        unreachable!("a TSS is a system segment")
    };
    let gdt = &raw mut GDT;
    // SAFETY: called once, by the only processor, with interrupts off. The table is the one that the entry code loaded, with
    // two slots free for the TSS; TSS, table and stubs live for ever, and the stubs end in `iretq` or never return.
    unsafe {
        (*gdt)[usize::from(TSS_SELECTOR) / 8] = low;
        (*gdt)[usize::from(TSS_SELECTOR) / 8 + 1] = high;
        load_tss(SegmentSelector(TSS_SELECTOR));
        lidt(&idt);
    }
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

global_asm!(
    ".pushsection .text.exception_stubs, \"ax\", @progbits",
    ".balign 16",
    ".globl exception_stubs",
    "exception_stubs:",
    ".set vector, 0",
    ".rept 32",
    ".balign 16",
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
    fault = sym fault,
    eoi = const apic::LOCAL_EOI,
);
