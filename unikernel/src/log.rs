// SPDX-License-Identifier: Apache-2.0
//! The log: defmt frames, byte by byte, to Xen's console, the debug console (port 0xE9) or the first serial port.
#![allow(unsafe_code)]

use crate::xen;
use core::cell::UnsafeCell;
use defmt::{Encoder, Logger};
use x86_64::instructions::port::Port;

/// Bochs' debug console: reads as its own number where it exists.
const DEBUG_CONSOLE: u16 = 0xe9;
/// COM1's transmit register, and its line status with "transmitter empty".
const COM1: u16 = 0x3f8;
const COM1_LINE_STATUS: u16 = COM1 + 5;
const TRANSMITTER_EMPTY: u8 = 1 << 5;

struct State(UnsafeCell<Encoder>);

// SAFETY: one processor, and nothing that runs in an interrupt logs, so no two uses overlap.
unsafe impl Sync for State {}

static STATE: State = State(UnsafeCell::new(Encoder::new()));

#[defmt::global_logger]
struct Console;

// SAFETY: `acquire` is never entered twice at a time: one processor, no logging in interrupts, and a fault while logging
// begins a new frame, which the decoder tells from the torn one by its framing.
unsafe impl Logger for Console {
    fn acquire() {
        // SAFETY: see the impl.
        unsafe { (*STATE.0.get()).start_frame(write) }
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: see the impl.
        unsafe { (*STATE.0.get()).end_frame(write) }
        xen::flush_log();
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: see the impl.
        unsafe { (*STATE.0.get()).write(bytes, write) }
    }
}

fn write(bytes: &[u8]) {
    if xen::log(bytes) {
        return;
    }
    let mut console = Port::<u8>::new(DEBUG_CONSOLE);
    // SAFETY: reading the port has no effect.
    let exists = unsafe { console.read() } == DEBUG_CONSOLE as u8;
    for &byte in bytes {
        if exists {
            // SAFETY: shows a byte.
            unsafe { console.write(byte) }
        } else {
            write_serial(byte);
        }
    }
}

fn write_serial(byte: u8) {
    // Bounded, so that a missing or stuck port loses the log and not the VM.
    for _ in 0..1000 {
        // SAFETY: reading the line status clears at most error bits, which nobody uses.
        if unsafe { Port::<u8>::new(COM1_LINE_STATUS).read() } & TRANSMITTER_EMPTY != 0 {
            break;
        }
    }
    // SAFETY: sends a byte.
    unsafe { Port::<u8>::new(COM1).write(byte) }
}

#[cfg(not(test))]
defmt::timestamp!("{=u64:us}", crate::time::since_entry_us());
