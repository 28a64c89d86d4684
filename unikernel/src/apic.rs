// SPDX-License-Identifier: Apache-2.0
//! Interrupt controllers: the local APIC (Intel SDM 3A ch. 11) and the I/O APIC (Intel 82093AA).
#![allow(unsafe_code)]

use crate::boot::exceptions::{SPURIOUS_VECTOR, WAKE_VECTOR};
use crate::time::Clock;
use x86_64::instructions::port::Port;

const LOCAL: usize = 0xfee0_0000;
/// The local APIC's end-of-interrupt register.
pub const LOCAL_EOI: usize = LOCAL + 0xb0;
const LOCAL_SPURIOUS: usize = LOCAL + 0xf0;
/// The timer: its local vector table entry, initial and current count, divider (Intel SDM 3A §11.5.4).
const LOCAL_TIMER: usize = LOCAL + 0x320;
const LOCAL_TIMER_INITIAL: usize = LOCAL + 0x380;
const LOCAL_TIMER_CURRENT: usize = LOCAL + 0x390;
const LOCAL_TIMER_DIVIDER: usize = LOCAL + 0x3e0;
const MASKED: u32 = 1 << 16;
const DIVIDE_BY_1: u32 = 0b1011;
const SOFTWARE_ENABLE: u32 = 1 << 8;
const IO: usize = 0xfec0_0000;
const IO_WINDOW: usize = IO + 0x10;
const IO_VERSION: u32 = 1;
const IO_REDIRECTION: u32 = 0x10;
/// The masters' data ports of the two 8259A, which we never use.
const PIC_DATA: [u16; 2] = [0x21, 0xa1];

/// Where a device writes to raise [`WAKE_VECTOR`] (address), and what (data): Intel SDM 3A §11.11.
pub const MSI: (u64, u32) = (LOCAL as u64, WAKE_VECTOR as u32);

/// Silences the old interrupt controllers and enables the local APIC.
pub fn enable() {
    for port in PIC_DATA {
        // SAFETY: masks all lines of an 8259A; nothing happens where there is none.
        unsafe { Port::<u8>::new(port).write(0xff) };
    }
    write(LOCAL_SPURIOUS, SOFTWARE_ENABLE | u32::from(SPURIOUS_VECTOR));
}

/// The local APIC's timer, which wakes the processor once.
pub struct Timer {
    /// What it counted in `nanoseconds` when it was measured.
    ticks: u64,
    nanoseconds: u64,
    /// When it was last told to raise the vector.
    armed_ns: u64,
}

impl Timer {
    /// Measures how fast it counts, against the clock.
    pub fn measure(clock: &Clock) -> Self {
        const LONG_ENOUGH_NS: u64 = 50_000;
        write(LOCAL_TIMER_DIVIDER, DIVIDE_BY_1);
        write(LOCAL_TIMER, MASKED);
        let begin_ns = clock.now_ns();
        write(LOCAL_TIMER_INITIAL, u32::MAX);
        while clock.now_ns() < begin_ns + LONG_ENOUGH_NS {}
        let ticks = u64::from(u32::MAX - read(LOCAL_TIMER_CURRENT));
        let nanoseconds = clock.now_ns() - begin_ns;
        write(LOCAL_TIMER_INITIAL, 0);
        Timer { ticks: ticks.max(1), nanoseconds, armed_ns: 0 }
    }

    /// Raises [`WAKE_VECTOR`] in `ns` from `now_ns` on, or earlier if it cannot count so far. What counts already, and not for longer, is left
    /// alone: whoever is woken too early arms it again, and each time that it is set costs the VMM a timer of its own.
    pub fn arm(&mut self, now_ns: u64, ns: u64) {
        let deadline_ns = now_ns.saturating_add(ns);
        if self.armed_ns <= deadline_ns && read(LOCAL_TIMER_CURRENT) != 0 {
            return;
        }
        self.armed_ns = deadline_ns;
        let ticks = u128::from(ns) * u128::from(self.ticks) / u128::from(self.nanoseconds);
        write(LOCAL_TIMER, u32::from(WAKE_VECTOR));
        write(LOCAL_TIMER_INITIAL, u32::try_from(ticks).unwrap_or(u32::MAX).max(1));
    }
}

/// Routes line `line` of the I/O APIC to [`WAKE_VECTOR`] of this processor, edge-triggered, active high.
pub fn route(line: u32) {
    write(IO, IO_VERSION);
    let last = read(IO_WINDOW) >> 16 & 0xff;
    if line > last {
        defmt::warn!("interrupt line {=u32} is beyond the I/O APIC's {=u32}; its device is polled", line, last);
        return;
    }
    write(IO, IO_REDIRECTION + 2 * line + 1);
    write(IO_WINDOW, 0); // destination: the APIC with id 0
    write(IO, IO_REDIRECTION + 2 * line);
    write(IO_WINDOW, u32::from(WAKE_VECTOR));
}

fn write(register: usize, value: u32) {
    // SAFETY: the callers pass registers of the two APICs, which every VMM has here and paging maps uncached.
    unsafe { (register as *mut u32).write_volatile(value) }
}

fn read(register: usize) -> u32 {
    // SAFETY: as above.
    unsafe { (register as *const u32).read_volatile() }
}
