// SPDX-License-Identifier: Apache-2.0
//! A domain that was created.

use crate::config::Config;
use crate::console::Log;
use crate::list::Reason;
use crate::tool::{self, Error};
use crate::{DomainId, Host};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the log of a domain that shut down must have been still: xenconsoled passes on what is in the ring.
const SETTLE: Duration = Duration::from_millis(50);

/// How a domain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It shut down.
    ShutDown(Reason),
    /// Somebody else destroyed it.
    Destroyed,
}

/// A domain. Dropped, it is destroyed.
pub struct Domain {
    id: DomainId,
    host: Host,
    started: Instant,
    log: Log,
    exit: Option<Exit>,
}

impl Domain {
    /// Creates it, paused; `file` is where its configuration goes.
    pub fn create(host: &Host, config: &Config, file: &Path) -> Result<Domain, Error> {
        let shown = file.to_string_lossy();
        std::fs::write(file, config.text()).map_err(Error::io(format!("cannot write {shown}")))?;
        let started = Instant::now();
        // -p: paused; -e: no xl stays in the background.
        tool::run(&["xl", "create", "-q", "-p", "-e", &shown])?;
        host.forget();
        let number = number(&config.name).inspect_err(|_| {
            let _ = tool::run(&["xl", "destroy", &config.name]);
        })?;
        let id = DomainId { number, name: config.name.clone() };
        Ok(Domain { id, host: host.clone(), started, log: Log::follow(number), exit: None })
    }

    /// Which it is.
    pub fn id(&self) -> &DomainId {
        &self.id
    }

    /// When its creation began.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The raw log so far, and takes it.
    pub fn take_log(&self) -> Vec<u8> {
        self.log.take()
    }

    /// How it ended, if it has. Then nothing of it is there any more: others see its devices go.
    pub fn ended(&mut self) -> Result<Option<Exit>, Error> {
        if self.exit.is_none() {
            match self.host.look(&self.id)? {
                None => self.exit = Some(Exit::Destroyed),
                Some(listed) if listed.dying => self.exit = Some(Exit::Destroyed),
                Some(listed) if let Some(reason) = listed.shut_down => {
                    self.log.settle(SETTLE);
                    self.id.destroy()?;
                    self.exit = Some(Exit::ShutDown(reason));
                }
                Some(_) => {}
            }
        }
        Ok(self.exit)
    }
}

fn number(name: &str) -> Result<u32, Error> {
    let line = ["xl", "domid", name];
    let said = tool::run(&line)?;
    said.parse().map_err(|_| Error::Strange { line: line.join(" "), said })
}

impl Drop for Domain {
    fn drop(&mut self) {
        if self.exit.is_none() {
            // It fails only where Xen's tools do, and then there is nobody else to end it.
            let _ = self.id.destroy();
        }
    }
}
