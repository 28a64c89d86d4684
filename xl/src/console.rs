// SPDX-License-Identifier: Apache-2.0
//! What a domain writes to its console: xenconsoled makes a terminal of it, and writes the path beside the ring's
//! (docs/misc/console.txt).

use crate::tool;
use nix::libc::O_NOCTTY;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long xenconsoled may take to make the terminal, and how often we look.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(20);

/// The log of a domain.
#[derive(Clone)]
pub struct Log(Arc<Mutex<Inside>>);

struct Inside {
    bytes: Vec<u8>,
    /// When it grew last.
    grew: Instant,
}

impl Log {
    /// Follows the console of domain NUMBER as long as it is there.
    pub fn follow(number: u32) -> Log {
        let log = Log(Arc::new(Mutex::new(Inside { bytes: Vec::new(), grew: Instant::now() })));
        let theirs = log.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let Some(mut terminal) = terminal(number) else { return };
            // It fails when xenconsoled has closed its end.
            while let Ok(count @ 1..) = terminal.read(&mut buffer) {
                let mut inside = theirs.0.lock().expect("no holder panics");
                inside.bytes.extend(&buffer[..count]);
                inside.grew = Instant::now();
            }
        });
        log
    }

    /// What came so far, and takes it.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().expect("no holder panics").bytes)
    }

    /// Waits until nothing has come for `time`.
    pub fn settle(&self, time: Duration) {
        let since = Instant::now();
        while let grew = self.0.lock().expect("no holder panics").grew.max(since)
            && grew.elapsed() < time
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn terminal(number: u32) -> Option<File> {
    let (path, deadline) = (format!("/local/domain/{number}/console/tty"), Instant::now() + PATIENCE);
    loop {
        if let Ok(tty) = tool::run(&["xenstore-read", &path])
            && !tty.is_empty()
        {
            // It must not become the terminal that controls this process.
            return OpenOptions::new().read(true).custom_flags(O_NOCTTY).open(tty).ok();
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(LOOK);
    }
}
