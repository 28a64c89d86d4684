// SPDX-License-Identifier: Apache-2.0
//! Segments, the interrupt table, and what happens on a fault.
//!
//! Compiled code uses a red zone below its stack pointer, so every exception and interrupt switches to a stack of its own
//! (IST). A fault is reported and ends the VM. An interrupt only ends a `hlt`: its handler does nothing but tell the APIC.
#![allow(unsafe_code)]

use crate::{Once, apic, power};
use core::arch::global_asm;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::registers::control::Cr2;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::idt::{Entry, InterruptDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

/// The vector of every device interrupt.
pub const WAKE_VECTOR: u8 = 0x20;
/// The vector that the local APIC raises for nothing (Intel SDM 3A §11.9); it wants no end-of-interrupt.
pub const SPURIOUS_VECTOR: u8 = 0xff;

const FAULT_STACK: u16 = 0;
const INTERRUPT_STACK: u16 = 1;

static TSS: Once<TaskStateSegment> = Once::new(TaskStateSegment::new());
static GDT: Once<GlobalDescriptorTable> = Once::new(GlobalDescriptorTable::new());
static IDT: Once<InterruptDescriptorTable> = Once::new(InterruptDescriptorTable::new());

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

/// Loads segments and the interrupt table.
pub fn enter() {
    let (tss, gdt, idt) = (TSS.take(), GDT.take(), IDT.take());
    tss.interrupt_stack_table[usize::from(FAULT_STACK)] = VirtAddr::from_ptr(&raw const image_stack_fault);
    tss.interrupt_stack_table[usize::from(INTERRUPT_STACK)] = VirtAddr::from_ptr(&raw const image_stack_interrupt);
    let code = gdt.append(Descriptor::kernel_code_segment());
    let data = gdt.append(Descriptor::kernel_data_segment());
    let task = gdt.append(Descriptor::tss_segment(tss));
    gdt.load();
    // SAFETY: the selectors name the segments just made, flat 64-bit code and data, and a TSS that lives for ever.
    unsafe {
        CS::set_reg(code);
        SS::set_reg(data);
        load_tss(task);
    }
    fill(idt);
    idt.load();
}

fn fill(idt: &mut InterruptDescriptorTable) {
    let stub = |vector: u64| VirtAddr::from_ptr(&raw const exception_stubs) + 16 * vector;
    set(&mut idt.divide_error, stub(0), FAULT_STACK);
    set(&mut idt.debug, stub(1), FAULT_STACK);
    set(&mut idt.non_maskable_interrupt, stub(2), FAULT_STACK);
    set(&mut idt.breakpoint, stub(3), FAULT_STACK);
    set(&mut idt.overflow, stub(4), FAULT_STACK);
    set(&mut idt.bound_range_exceeded, stub(5), FAULT_STACK);
    set(&mut idt.invalid_opcode, stub(6), FAULT_STACK);
    set(&mut idt.device_not_available, stub(7), FAULT_STACK);
    set(&mut idt.double_fault, stub(8), FAULT_STACK);
    set(&mut idt.invalid_tss, stub(10), FAULT_STACK);
    set(&mut idt.segment_not_present, stub(11), FAULT_STACK);
    set(&mut idt.stack_segment_fault, stub(12), FAULT_STACK);
    set(&mut idt.general_protection_fault, stub(13), FAULT_STACK);
    set(&mut idt.page_fault, stub(14), FAULT_STACK);
    set(&mut idt.x87_floating_point, stub(16), FAULT_STACK);
    set(&mut idt.alignment_check, stub(17), FAULT_STACK);
    set(&mut idt.machine_check, stub(18), FAULT_STACK);
    set(&mut idt.simd_floating_point, stub(19), FAULT_STACK);
    set(&mut idt[WAKE_VECTOR], VirtAddr::from_ptr(wake_stub as *const u8), INTERRUPT_STACK);
    set(&mut idt[SPURIOUS_VECTOR], VirtAddr::from_ptr(spurious_stub as *const u8), INTERRUPT_STACK);
}

fn set<F>(entry: &mut Entry<F>, handler: VirtAddr, stack: u16) {
    // SAFETY: the handler is one of the stubs below, which end in `iretq` or never return; the stack is set up in the TSS.
    unsafe { entry.set_handler_addr(handler).set_stack_index(stack) };
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
