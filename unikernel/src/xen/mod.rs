// SPDX-License-Identifier: Apache-2.0
//! The machine when Xen is below (a PVH guest): what takes the place of interrupt controllers, timer, log and power.
//!
//! Nothing here uses an APIC. An event raises the upcall vector by itself, and its interrupt code does nothing but clear the byte
//! that raised it: whoever slept looks at everything, as on other machines.
#![allow(unsafe_code)]

mod calls;
mod console;

pub use calls::Calls;
pub use console::{flush as flush_log, log};

use crate::boot::exceptions::UPCALL_VECTOR;
use crate::memory::{FreeRam, PAGE};
use crate::time::Clock;
use core::arch::x86_64::{__cpuid, _rdtsc};
use core::sync::atomic::{AtomicPtr, Ordering};
use xen_glue::{
    EventPort, Events, Grants, Hypercalls, MapSpace, Pages, ShutdownReason, TimeInfo, VirtualInterrupt, detect,
};

/// Frames of the grant table, and those that each port adds: a vif has 512 buffers and two rings, a link a few hundred frames.
const GRANT_FRAMES: usize = 1;
const GRANT_FRAMES_OF_PORT: usize = 2;

/// The byte that interrupt code clears.
pub static UPCALL_PENDING: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());

/// What Xen gives this domain.
pub struct Xen {
    /// The hypercalls.
    pub calls: Calls,
    /// Event channels.
    pub events: Events,
    /// Frames that other domains may use.
    #[expect(dead_code, reason = "for vifs and links")]
    pub grants: Grants,
    shared_info: Pages,
}

/// Finds Xen, and begins to log through it. To be called first of all.
pub fn find() -> Option<Calls> {
    let hypervisor = detect(|leaf| {
        let found = __cpuid(leaf);
        [found.eax, found.ebx, found.ecx, found.edx]
    })?;
    let calls = Calls::begin(hypervisor.gate);
    console::open(calls);
    defmt::info!("Xen {=u16}.{=u16}", hypervisor.version.0, hypervisor.version.1);
    Some(calls)
}

/// Ends the domain, if it is one.
pub fn end(reason: ShutdownReason) {
    if let Some(calls) = Calls::get() {
        calls.shutdown(reason);
    }
}

impl Xen {
    /// Brings up what all ports share.
    pub fn start(calls: Calls, memory: &mut FreeRam, ports: usize) -> Xen {
        let shared_info = pages(memory, 1);
        let placed = calls.add_to_physmap(MapSpace::SharedInfo, 0, &shared_info, 0);
        placed.expect("Xen gives each domain its shared page");
        let events = Events::new(&shared_info);
        UPCALL_PENDING.store(events.upcall_pending(), Ordering::Relaxed);
        calls.set_upcall_vector(UPCALL_VECTOR).expect("Xen raises a vector for events");
        let timer = calls.bind_virtual_interrupt(VirtualInterrupt::Timer).expect("each processor has a timer");
        events.listen(timer);
        let most = calls.max_grant_frames().map_or(1, |frames| frames as usize);
        let table = pages(memory, most.min(GRANT_FRAMES + GRANT_FRAMES_OF_PORT * ports));
        let grants = Grants::new(&calls, &table).expect("Xen gives each domain a grant table");
        Xen { calls, events, grants, shared_info }
    }

    /// The clock, as Xen says how fast the TSC runs.
    pub fn clock(&self, entry_tsc: u64) -> Clock {
        Clock::of_ticks(entry_tsc, TimeInfo::read(&self.shared_info).ns_per_tick())
    }

    /// Has the timer wake the processor in `ns`.
    pub fn wake_in(&self, ns: u64) {
        // SAFETY: reading the TSC has no effect.
        let now_ns = TimeInfo::read(&self.shared_info).at(unsafe { _rdtsc() });
        // A moment that is past already is refused or told at once: either way somebody looks again soon.
        if self.calls.set_timer(now_ns.saturating_add(ns)).is_err() {
            defmt::warn!("Xen's timer cannot be armed");
        }
    }

    /// Takes the events that have come, so that the next ones wake the processor again; `fired` hears of each.
    pub fn take_events(&mut self, fired: impl FnMut(EventPort)) {
        self.events.take(fired);
    }
}

/// Frames that live for ever.
fn pages(memory: &mut FreeRam, count: usize) -> Pages {
    let first = memory.pages(count * PAGE).as_ptr();
    // SAFETY: fresh pages, handed out once; memory is identity-mapped.
    unsafe { Pages::new(first, count) }
}
