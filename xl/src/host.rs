// SPDX-License-Identifier: Apache-2.0
//! The dom0 that this process runs in.

use crate::DomainId;
use crate::list::{Listed, list};
use crate::releases::Releases;
use crate::tool::Error;
use std::sync::{Arc, Mutex};

/// Whether this is a dom0 (Linux, drivers/xen/xenfs: a domain that controls others says `control_d`).
pub fn is_dom0() -> bool {
    std::fs::read_to_string("/proc/xen/capabilities").is_ok_and(|text| text.contains("control_d"))
}

/// Looks after the domains of this Xen.
#[derive(Clone)]
pub struct Host(Arc<Inside>);

struct Inside {
    releases: Releases,
    /// The domains, as they were when so many had ended.
    known: Mutex<Option<(u64, Vec<Listed>)>>,
}

impl Host {
    /// Begins.
    pub fn open() -> Result<Host, Error> {
        Ok(Host(Arc::new(Inside { releases: Releases::watch()?, known: Mutex::default() })))
    }

    /// Whether a domain is there and has not shut down.
    pub fn is_up(&self, id: &DomainId) -> Result<bool, Error> {
        Ok(self.look(id)?.is_some_and(|listed| listed.shut_down.is_none() && !listed.dying))
    }

    /// What is known of a domain; none if it is gone. Cheap while no domain ends.
    pub(crate) fn look(&self, id: &DomainId) -> Result<Option<Listed>, Error> {
        let count = self.0.releases.count()?;
        let mut known = self.0.known.lock().expect("no holder panics");
        if known.as_ref().is_none_or(|(then, _)| *then != count) {
            *known = Some((count, list()?));
        }
        let (_, domains) = known.as_ref().expect("it was just filled");
        Ok(domains.iter().find(|listed| listed.id == *id).cloned())
    }

    /// A domain is new.
    pub(crate) fn forget(&self) {
        *self.0.known.lock().expect("no holder panics") = None;
    }
}
