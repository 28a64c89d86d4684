// SPDX-License-Identifier: Apache-2.0
//! The log on the domain's console.
#![allow(unsafe_code)]

use super::Calls;
use crate::memory::PAGE;
use core::cell::UnsafeCell;
use xen_glue::{Console, EventPort, Hypercalls, Pages};

/// `HVM_PARAM_CONSOLE_PFN`, `HVM_PARAM_CONSOLE_EVTCHN` of hvm/params.h.
const CONSOLE_FRAME: u32 = 17;
const CONSOLE_PORT: u32 = 18;
/// How often others may run before the console counts as dead. It is alive again when it takes bytes.
const PATIENCE: u32 = 10_000;

struct Log {
    calls: Calls,
    console: Console,
    port: EventPort,
    patience: u32,
}

struct State(UnsafeCell<Option<Log>>);

// SAFETY: one processor, and nothing that runs in an interrupt logs, so no two uses overlap.
unsafe impl Sync for State {}

static STATE: State = State(UnsafeCell::new(None));

/// Takes up the console that the toolstack gave this domain.
fn open() -> Option<Log> {
    let calls = Calls::get()?;
    let parameter = |index| calls.hvm_parameter(index).ok().filter(|&value| value != 0);
    let (frame, port) = (parameter(CONSOLE_FRAME)?, parameter(CONSOLE_PORT)?);
    // SAFETY: the toolstack put the console's page there, for ever; paging maps the first 4 GiB one to one.
    let page = unsafe { Pages::new((frame as usize * PAGE) as *mut u8, 1) };
    Some(Log { calls, console: Console::new(&page), port: EventPort(port as u32), patience: PATIENCE })
}

/// Writes bytes to the console. False if there is none.
pub fn log(bytes: &[u8]) -> bool {
    // SAFETY: see `Sync`; the reference ends with this function.
    let state = unsafe { &mut *STATE.0.get() };
    if state.is_none() {
        *state = open();
    }
    state.as_mut().map(|log| log.write(bytes)).is_some()
}

/// Tells the other end of what was written.
pub fn flush() {
    // SAFETY: as above.
    if let Some(log) = unsafe { &mut *STATE.0.get() } {
        log.tell();
    }
}

impl Log {
    /// Writes all of `bytes`, unless the other end takes none for a long time: then they are lost, and not the VM.
    fn write(&mut self, mut bytes: &[u8]) {
        loop {
            let written = self.console.write(bytes);
            bytes = &bytes[written..];
            if bytes.is_empty() {
                self.patience = PATIENCE;
                return;
            }
            if self.patience == 0 {
                return;
            }
            self.patience -= 1;
            self.tell();
            self.calls.yield_now();
        }
    }

    fn tell(&self) {
        // A console that is gone hears nothing, which is no matter of ours.
        let _ = self.calls.send(self.port);
    }
}
