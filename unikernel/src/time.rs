// SPDX-License-Identifier: Apache-2.0
//! Time from the TSC, whose frequency Xen or the command line tells, or else another hypervisor, or else the PIT.
#![allow(unsafe_code)]

use core::arch::x86_64::{__cpuid, _rdtsc};
use core::sync::atomic::{AtomicU64, Ordering};
use x86_64::instructions::port::Port;

/// CPUID leaves of hypervisors, and the leaf of KVM, VMware and others that tells the TSC's frequency in kHz (EAX).
const HYPERVISOR: u32 = 0x4000_0000;
const HYPERVISOR_TSC_KHZ: u32 = 0x4000_0010;
/// Core crystal clock and its ratio to the TSC (Intel SDM 2A, CPUID 15H).
const TSC_RATIO: u32 = 0x15;
/// Bits of the fraction in [`Clock::ns_per_tick`].
const FRACTION: u32 = 32;

/// The clock: nanoseconds since the kernel's entry.
#[derive(Clone, Copy)]
pub struct Clock {
    entry_tsc: u64,
    ns_per_tick: u64,
}

/// For the log's timestamps only: the entry time and the ticks of a microsecond.
static ENTRY_TSC: AtomicU64 = AtomicU64::new(0);
static TICKS_PER_US: AtomicU64 = AtomicU64::new(0);

impl Clock {
    /// Finds the frequency; `told_khz` is what the command line says.
    pub fn start(entry_tsc: u64, told_khz: u64) -> Self {
        let plausible = |&khz: &u64| khz >= 1000;
        let khz = Some(told_khz)
            .filter(plausible)
            .or_else(|| from_hypervisor().filter(plausible))
            .or_else(from_crystal)
            .unwrap_or_else(from_pit);
        Clock::of_ticks(entry_tsc, (1_000_000 << FRACTION) / khz)
    }

    /// A clock of ticks of `ns_per_tick`, times 2^32.
    pub fn of_ticks(entry_tsc: u64, ns_per_tick: u64) -> Self {
        ENTRY_TSC.store(entry_tsc, Ordering::Relaxed);
        TICKS_PER_US.store((1000u64 << FRACTION).checked_div(ns_per_tick).unwrap_or(0), Ordering::Relaxed);
        Clock { entry_tsc, ns_per_tick }
    }

    /// Nanoseconds since entry.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        ((u128::from(tsc() - self.entry_tsc) * u128::from(self.ns_per_tick)) >> FRACTION) as u64
    }
}

/// Microseconds since entry; 0 before the clock runs.
pub fn since_entry_us() -> u64 {
    let ticks_per_us = TICKS_PER_US.load(Ordering::Relaxed);
    (tsc() - ENTRY_TSC.load(Ordering::Relaxed)).checked_div(ticks_per_us).unwrap_or(0)
}

#[inline]
fn tsc() -> u64 {
    // SAFETY: reading the TSC has no effect.
    unsafe { _rdtsc() }
}

fn from_hypervisor() -> Option<u64> {
    const HYPERVISOR_PRESENT: u32 = 1 << 31;
    if __cpuid(1).ecx & HYPERVISOR_PRESENT == 0 {
        return None;
    }
    let last = __cpuid(HYPERVISOR).eax;
    let told = (HYPERVISOR_TSC_KHZ..HYPERVISOR + 0x100).contains(&last);
    told.then(|| u64::from(__cpuid(HYPERVISOR_TSC_KHZ).eax)).filter(|&khz| khz != 0)
}

fn from_crystal() -> Option<u64> {
    if __cpuid(0).eax < TSC_RATIO {
        return None;
    }
    let ratio = __cpuid(TSC_RATIO);
    let hz = u64::from(ratio.ecx) * u64::from(ratio.ebx);
    hz.checked_div(u64::from(ratio.eax)).filter(|&hz| hz > 0).map(|hz| hz / 1000)
}

/// Counts TSC ticks while channel 2 of the 8254 runs down for 10 ms. The last resort: it takes that long, and a host under
/// load stretches it.
fn from_pit() -> u64 {
    const PIT_HZ: u32 = 1_193_182;
    const COUNT: u16 = (PIT_HZ / 100) as u16;
    let (mut gate, mut data, mut mode) = (Port::<u8>::new(0x61), Port::<u8>::new(0x42), Port::<u8>::new(0x43));
    // SAFETY: channel 2 drives only the speaker, which stays off.
    unsafe {
        let off = gate.read() & !3;
        gate.write(off);
        mode.write(0b1011_0000); // channel 2, low byte then high, mode 0: the output rises at zero
        data.write(COUNT as u8);
        data.write((COUNT >> 8) as u8);
        gate.write(off | 1);
        let start = tsc();
        // Without a PIT the port reads ones, so this ends; the bound is for one that never does.
        while gate.read() & 0x20 == 0 && tsc() - start < 1 << 32 {}
        defmt::warn!(
            "the hypervisor does not tell the TSC's frequency: measured with the PIT (tsc_khz=N would tell it)"
        );
        ((tsc() - start) / 10).max(1000)
    }
}
