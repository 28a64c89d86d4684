// SPDX-License-Identifier: Apache-2.0
//! What a VM is for the machine that it runs on: a process of QEMU, or a domain of Xen.

use super::process::{Process, Usage};
use serde::{Deserialize, Serialize};
use xl::{DomainId, Listed};

/// One that was there once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A process of QEMU.
    Process(Process),
    /// A domain of the Xen whose dom0 this is.
    Domain(DomainId),
}

/// All that is known of bodies at one moment.
pub struct Census {
    domains: Vec<Listed>,
}

impl Census {
    /// Takes it of these bodies.
    pub fn of<'a>(bodies: impl Iterator<Item = &'a Body>) -> Census {
        let any = bodies.into_iter().any(|body| matches!(body, Body::Domain(_)));
        // Where Xen's tools fail there is no domain that anybody could do something with.
        let domains = if any { xl::list().unwrap_or_default() } else { Vec::new() };
        Census { domains }
    }

    /// Whether it is there, be it that it shut down and nobody has put it away.
    pub fn lives(&self, body: &Body) -> bool {
        match body {
            Body::Process(process) => process.lives(),
            Body::Domain(id) => self.listed(id).is_some(),
        }
    }

    /// Whether it does something yet.
    pub fn runs(&self, body: &Body) -> bool {
        match body {
            Body::Process(process) => process.lives(),
            Body::Domain(id) => self.listed(id).is_some_and(|listed| listed.shut_down.is_none() && !listed.dying),
        }
    }

    /// What it has used, if it is there.
    pub fn usage(&self, body: &Body) -> Option<Usage> {
        match body {
            Body::Process(process) => process.usage(),
            Body::Domain(id) => {
                self.listed(id).map(|listed| Usage { cpu: listed.cpu, memory_bytes: listed.memory_mib << 20 })
            }
        }
    }

    fn listed(&self, id: &DomainId) -> Option<&Listed> {
        self.domains.iter().find(|listed| listed.id == *id)
    }
}

impl Body {
    /// Ends it at once, if it is there.
    pub fn kill(&self) {
        match self {
            Body::Process(process) => process.kill(),
            // It is seen when it stays.
            Body::Domain(id) => drop(id.destroy()),
        }
    }
}
