// SPDX-License-Identifier: Apache-2.0
//! The end of a VM: halting for want of work, powering off, failing.
#![allow(unsafe_code)]

use crate::xen;
use core::arch::asm;
use x86_64::instructions::port::Port;
use xen_glue::ShutdownReason;

/// QEMU's `isa-debug-exit`: the exit status is `value << 1 | 1`.
const DEBUG_EXIT: u16 = 0xf4;
/// What is written there for a clean power-off (exit status 33) and for a failure (35).
const EXIT_CLEAN: u32 = 0x10;
const EXIT_FAILED: u32 = 0x11;
/// QEMU's ACPI `PM1a_CNT` on pc (PIIX4) and q35 (ICH9), and `SLP_EN` with `SLP_TYP` 0 (S5), ACPI 6.4 §4.8.3.2.
const PM1A_CONTROL: u16 = 0x604;
const SLEEP_S5: u16 = 1 << 13;
/// The keyboard controller's reset line (Firecracker ends a VM on it).
const KEYBOARD_COMMAND: u16 = 0x64;
const KEYBOARD_RESET: u8 = 0xfe;

/// Halts until the next interrupt. What was checked before must have been checked with interrupts off: one that comes
/// between is taken after `hlt` has begun, because `sti` delays it by an instruction (Intel SDM 2B, STI).
pub fn halt() {
    // SAFETY: the only handlers that run meanwhile are those of boot::exceptions, on stacks of their own.
    unsafe { asm!("sti", "hlt", "cli") };
}

/// Powers off cleanly.
pub fn off() -> ! {
    end(EXIT_CLEAN)
}

/// Ends the VM as failed; the report has been written.
pub fn fail() -> ! {
    end(EXIT_FAILED)
}

/// Reports a panic and ends the VM.
pub fn panic(info: &core::panic::PanicInfo) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    fail()
}

fn end(status: u32) -> ! {
    xen::end(if status == EXIT_CLEAN { ShutdownReason::PowerOff } else { ShutdownReason::Crash });
    // SAFETY: each of these ends the VM where its device exists, and does nothing where it does not.
    unsafe {
        Port::<u32>::new(DEBUG_EXIT).write(status);
        Port::<u16>::new(PM1A_CONTROL).write(SLEEP_S5);
        Port::<u8>::new(KEYBOARD_COMMAND).write(KEYBOARD_RESET);
    }
    loop {
        // SAFETY: with interrupts off this stops the processor for good.
        unsafe { asm!("cli", "hlt") };
    }
}
