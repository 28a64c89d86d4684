// SPDX-License-Identifier: Apache-2.0
//! The machine when Xen is below (a PVH guest): what takes the place of interrupt controllers, timer, log and power.
//!
//! Nothing here uses an APIC, nor any interrupt: the processor sleeps in a hypercall that ends when an event is pending, or at the moment
//! that it names. That is one exit, where `hlt`, a timer's hypercall, an injected vector and the window that Xen opens for the next one
//! would be four; whoever slept looks at everything, as on other machines.
#![allow(unsafe_code)]

mod calls;
mod channel;
mod console;
mod link;
mod ports;
mod shutdown;
mod tasks;
mod vif;

pub use calls::Calls;
pub use channel::Channel;
pub use console::{flush as flush_log, log};
pub use link::{Link, LinkEnd};
pub use ports::ports;
pub use tasks::{Moments, Tasks};
pub use vif::Vif;

use crate::memory::{FreeRam, PAGE, RAM_LIMIT};
use crate::time::Clock;
use core::arch::x86_64::{__cpuid, _rdtsc};
use core::cell::{Cell, RefCell};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use xen_glue::link::MOST_PAGES as LINK_PAGES;
use xen_glue::netfront::PAGES as VIF_PAGES;
use xen_glue::xenbus::{self, End, Report};
use xen_glue::xenstore::{Path, Token};
use xen_glue::{EventPort, Events, Grants, Hypercalls, MapSpace, Pages, ShutdownReason, TimeInfo, detect};

/// `HVM_PARAM_STORE_PFN`, `HVM_PARAM_STORE_EVTCHN` of hvm/params.h.
const STORE_FRAME: u32 = 1;
const STORE_PORT: u32 = 2;

/// Pages that the control channel grants, and that a port does at most.
const CHANNEL_PAGES: usize = 1;
const PORT_PAGES: usize = if VIF_PAGES > LINK_PAGES { VIF_PAGES } else { LINK_PAGES };

/// What Xen gives this domain, for all that lives as long as it.
pub struct Xen {
    /// The hypercalls.
    pub calls: Calls,
    /// Event channels.
    pub events: Events,
    /// Frames that other domains may use.
    pub grants: RefCell<Grants>,
    /// Time for tasks.
    pub moments: Moments,
    /// How the domain is to end, if it is.
    pub end: Cell<Option<ShutdownReason>>,
    /// Frames flow, or might.
    has_begun: Cell<bool>,
    version: (u16, u16),
    shared_info: Pages,
}

/// A client of xenstore, for tasks.
pub type Store = xen_glue::xenstore::Store<'static, Calls>;

/// The tasks, and when they have something to do.
pub struct Managed {
    /// Xen.
    pub xen: &'static Xen,
    /// Xenstore.
    pub store: &'static Store,
    /// The tasks of ports.
    port_tasks: Tasks,
    /// The others, which begin when ports are up.
    later_tasks: Tasks,
    /// The control channel.
    pub channel: &'static Channel,
    store_port: EventPort,
}

/// Finds Xen, from when on what is logged goes through it. To be called first of all.
pub fn find() -> Option<(Calls, (u16, u16))> {
    let hypervisor = detect(|leaf| {
        let found = __cpuid(leaf);
        [found.eax, found.ebx, found.ecx, found.edx]
    })?;
    Some((Calls::begin(hypervisor.gate), hypervisor.version))
}

/// Ends the domain, if it is one.
pub fn end(reason: ShutdownReason) {
    if let Some(calls) = Calls::get() {
        calls.shutdown(reason);
    }
}

impl Xen {
    /// Brings up what all ports share.
    pub fn start((calls, version): (Calls, (u16, u16)), memory: &mut FreeRam, ports: usize) -> &'static Xen {
        let shared_info = pages(memory, 1);
        let placed = calls.add_to_physmap(MapSpace::SharedInfo, 0, &shared_info, 0);
        placed.expect("Xen gives each domain its shared page");
        let events = Events::new(&shared_info);
        let most = calls.max_grant_frames().map_or(1, |frames| frames as usize);
        let table = pages(memory, most.min(Grants::frames_for(CHANNEL_PAGES + PORT_PAGES * ports)));
        let grants = Grants::new(&calls, &table).expect("Xen gives each domain a grant table");
        memory.place(Xen {
            calls,
            events,
            grants: RefCell::new(grants),
            moments: Moments::new(),
            end: Cell::new(None),
            has_begun: Cell::new(false),
            version,
            shared_info,
        })
    }

    /// The clock, as Xen says how fast the TSC runs.
    pub fn clock(&self, entry_tsc: u64) -> Clock {
        Clock::of_ticks(entry_tsc, TimeInfo::read(&self.shared_info).ns_per_tick())
    }

    /// Takes note of what became of a device.
    fn note(&self, device: &str, report: Report) {
        match report {
            Report::Bound(port) => self.events.listen(port),
            Report::Unbound(port) => self.events.ignore(port),
            // At the beginning nothing is logged that is as it should be: a hypercall each, before the first frame.
            Report::Up if !self.has_begun.get() => {}
            Report::Up => defmt::info!("{=str} is up", device),
            Report::Down(error) => defmt::warn!("{=str} is down: {}", device, defmt::Display2Format(&error)),
        }
    }

    /// How long this domain has run so far, from its first instruction on.
    pub fn running_ns(&self) -> u64 {
        self.calls.running_ns().unwrap_or(0)
    }

    /// Stops the processor until an event comes, or for `ns`.
    pub fn sleep(&self, ns: Option<u64>) {
        self.events.sleep(&self.calls, ns.map(|ns| self.system_ns_in(ns)));
    }

    /// Xen's system time in `ns` from now.
    fn system_ns_in(&self, ns: u64) -> u64 {
        // SAFETY: reading the TSC has no effect.
        TimeInfo::read(&self.shared_info).at(unsafe { _rdtsc() }).saturating_add(ns)
    }
}

impl Xen {
    /// Waits for `future`, which begins the domain's life: nothing else goes on meanwhile. None if that takes too long.
    ///
    /// Xenstored tells of every piece of a message that it reads or writes, about four times for a request. Waking up each time would be
    /// most of what the domain does until its first frame. So while a reply is to come, events are left pending, when they wake nobody
    /// again, and the domain looks by itself: after pauses that grow until they are as long as xenstored takes. What other ends do, for
    /// which no time is too long, is told by a watch, and that by an event.
    fn wait<T>(&self, clock: Clock, store: &Store, future: impl Future<Output = T>) -> Option<T> {
        const PATIENCE_NS: u64 = 10_000_000_000;
        const LEAST_PAUSE_NS: u64 = 50_000;
        const MOST_PAUSE_NS: u64 = 16_000_000;
        let (until_ns, mut future) = (clock.now_ns() + PATIENCE_NS, pin!(future));
        let (mut pause_ns, mut listens) = (LEAST_PAUSE_NS, false);
        loop {
            let now_ns = clock.now_ns();
            self.moments.pass(now_ns);
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Some(value);
            }
            let left_ns = until_ns.checked_sub(now_ns).filter(|&left_ns| left_ns > 0)?;
            if store.take_moved() {
                continue;
            }
            let told = store.flush();
            if store.awaits() {
                if !told {
                    pause_ns = (4 * pause_ns).min(MOST_PAUSE_NS);
                }
                self.calls.sleep(&[], Some(self.system_ns_in(pause_ns.min(left_ns))));
            } else if listens {
                let due_ns = self.moments.next_ns().map_or(left_ns, |next_ns| next_ns.saturating_sub(now_ns));
                self.sleep(Some(due_ns.min(left_ns)));
            } else {
                // What has come until now is looked at once more.
                self.events.take(|_| ());
            }
            listens = !store.awaits() && !listens;
        }
    }
}

impl Managed {
    /// Begins to talk to xenstored. Nothing runs yet.
    pub fn new(xen: &'static Xen, memory: &mut FreeRam) -> Managed {
        let parameter = |index| xen.calls.hvm_parameter(index).expect("Xen tells a domain where xenstore is");
        // SAFETY: the toolstack put the ring's page there, for ever; paging maps the first 4 GiB one to one.
        let page = unsafe { Pages::new((parameter(STORE_FRAME) as usize * PAGE) as *mut u8, 1) };
        let store_port = EventPort(parameter(STORE_PORT) as u32);
        xen.events.listen(store_port);
        let store = memory.place(Store::new(page, store_port, &xen.calls));
        let mut later_tasks = Tasks::default();
        later_tasks.add(memory.place(shutdown::heed(store, &xen.moments, &xen.end)));
        let page = pages(memory, 1);
        let channel = memory.place(Channel::new(xen, page));
        later_tasks.add(memory.place(channel::run(channel, store)));
        Managed { xen, store, port_tasks: Tasks::default(), later_tasks, channel, store_port }
    }

    /// Adds the task that connects `end`, whose directory and token these are.
    fn connect(&mut self, memory: &mut FreeRam, end: &'static dyn End, place: (Path, Token)) {
        let (xen, store) = (self.xen, self.store);
        let name: &Path = memory.place(place.0.clone());
        self.port_tasks.add(memory.place(async move {
            xenbus::run(end, store, &xen.grants, place, &xen.moments, &|report| xen.note(name, report)).await
        }));
    }

    /// Whether there are events to take, or a task has waited long enough.
    #[inline]
    pub fn is_told(&self, now_ns: u64) -> bool {
        self.xen.events.is_pending() || self.xen.moments.is_due(now_ns)
    }

    /// Takes the events that have come, so that the next ones wake the processor again. True if tasks have something to do.
    #[inline]
    pub fn take_events(&self, now_ns: u64) -> bool {
        let mut due = self.xen.moments.is_due(now_ns);
        self.xen.events.take(|port| due |= port == self.store_port);
        due
    }

    /// Begins what frames do not wait for.
    pub fn begin(&mut self, now_ns: u64) {
        let Xen { version, has_begun, .. } = self.xen;
        defmt::info!("Xen {=u16}.{=u16}", version.0, version.1);
        has_begun.set(true);
        self.poll(now_ns);
    }

    /// Gives each task its turn, and again while that moves messages of xenstore; and once more, for a task may have done what an earlier
    /// one waits for, which no event tells of.
    #[inline(never)]
    pub fn poll(&mut self, now_ns: u64) {
        /// More turns than messages are honestly in the ring; what is left then has its turn in the next round.
        const MOST_TURNS: usize = 64;
        let mut quiet_turns = 0;
        for _ in 0..MOST_TURNS {
            self.xen.moments.pass(now_ns);
            self.port_tasks.poll();
            self.later_tasks.poll();
            quiet_turns = if self.store.take_moved() { 0 } else { quiet_turns + 1 };
            if quiet_turns == 2 {
                break;
            }
        }
        if quiet_turns < 2 {
            self.xen.moments.hurry();
        }
        self.store.flush();
        if let Some(reason) = self.xen.end.get() {
            defmt::info!("stopped by the toolstack");
            self.xen.calls.shutdown(reason);
        }
    }
}

/// Frames behind the end of RAM, where other domains' memory is mapped: `count` from frame `first` of the 2 MiB that port `port` has
/// there.
fn hole(memory: &FreeRam, port: u8, first: usize, count: usize) -> Pages {
    const ROOM: usize = 2 << 20;
    let hole = memory.end().next_multiple_of(ROOM) + ROOM * usize::from(port);
    assert!(hole + ROOM <= RAM_LIMIT as usize, "a domain with links has less RAM than {} bytes", RAM_LIMIT);
    // SAFETY: no RAM and no device lies there, nobody else has these 2 MiB, and paging maps them one to one.
    unsafe { Pages::new((hole + first * PAGE) as *mut u8, count) }
}

/// Frames that live for ever.
fn pages(memory: &mut FreeRam, count: usize) -> Pages {
    let first = memory.pages(count * PAGE).as_ptr();
    // SAFETY: fresh pages, handed out once; memory is identity-mapped.
    unsafe { Pages::new(first, count) }
}
