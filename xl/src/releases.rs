// SPDX-License-Identifier: Apache-2.0
//! That domains end or shut down: xenstored fires `@releaseDomain` then (docs/misc/xenstore.txt, WATCH).

use crate::tool::{self, Error};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const WATCH: [&str; 2] = ["xenstore-watch", "@releaseDomain"];

/// The watch. Dropped, it ends.
pub struct Releases {
    child: Child,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    count: AtomicU64,
    ended: AtomicBool,
}

impl Releases {
    /// Begins to watch: what happens from now on is noticed.
    pub fn watch() -> Result<Releases, Error> {
        let mut command = tool::command(&WATCH);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(tool::cannot_start(&WATCH))?;
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        // A watch fires once when it is set.
        let set = lines.read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0);
        let shared = Arc::<Shared>::default();
        let releases = Releases { child, shared: Arc::clone(&shared) };
        if !set {
            return Err(Error::Unwatched);
        }
        std::thread::spawn(move || {
            while lines.read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0) {
                shared.count.fetch_add(1, Ordering::Relaxed);
            }
            shared.ended.store(true, Ordering::Relaxed);
        });
        Ok(releases)
    }

    /// How often something ended so far.
    pub fn count(&self) -> Result<u64, Error> {
        if self.shared.ended.load(Ordering::Relaxed) {
            return Err(Error::Unwatched);
        }
        Ok(self.shared.count.load(Ordering::Relaxed))
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
