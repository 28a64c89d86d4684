// SPDX-License-Identifier: Apache-2.0
//! What a run tells of itself in its folder, for who picks it up.

use super::body::{Body, Census};
use super::process::Process;
use crate::place::Pending;
use anyhow::Context;
use chain_compiler::{PlannedElement, PlannedService};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The class of the elements that send frames along directed chains, and choose among replicas.
pub const HOP: &str = "ChainHop";
/// Its file's name.
const FILE: &str = "state.json";
/// The version of the file; another one is not read.
const VERSION: u32 = 4;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// Its name, which is its folder's.
    pub run: String,
    /// The chain file.
    pub chain: PathBuf,
    /// The machine type and what executes it, as one reads it.
    pub machine: String,
    /// Whether it runs in the background.
    pub detached: bool,
    /// Whether all VMs have been ready.
    pub ready: bool,
    /// When it began.
    pub began: SystemTime,
    /// The process that manages it.
    pub manager: Process,
    /// Its VMs.
    pub vms: Vec<Vm>,
    /// Its services.
    pub services: Vec<Service>,
    /// Sockets outside the folder that are to be removed with it.
    pub foreign: Vec<PathBuf>,
}

/// A VM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// What it is here; none if it was never started.
    pub body: Option<Body>,
    /// Its control channel.
    pub control: PathBuf,
    /// Its ports, in order.
    pub ports: Vec<Port>,
    /// Its elements.
    pub elements: Vec<Element>,
    /// How often it was started again.
    pub restarts: u32,
}

/// A service of directed chains.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The names of its VMs, spare ones included.
    pub vms: Vec<String>,
}

/// A port.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The VM at the other end; none if it leads to a network.
    pub vm: Option<String>,
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
}

impl From<&PlannedService> for Service {
    fn from(planned: &PlannedService) -> Self {
        Service { name: planned.name.clone(), vms: planned.instances.iter().chain(&planned.spares).cloned().collect() }
    }
}

impl From<&PlannedElement> for Element {
    fn from(planned: &PlannedElement) -> Self {
        Element { name: planned.name.clone(), class: planned.class.clone() }
    }
}

impl State {
    /// A run of this process that begins now.
    pub fn begin(run: &str, chain: &Path, machine: String, detached: bool) -> State {
        State {
            version: VERSION,
            run: run.into(),
            chain: std::path::absolute(chain).unwrap_or_else(|_| chain.into()),
            machine,
            detached,
            ready: false,
            began: SystemTime::now(),
            manager: Process::this(),
            vms: Vec::new(),
            services: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// What its VMs are at this moment.
    pub fn census(&self) -> Census {
        Census::of(self.vms.iter().filter_map(|vm| vm.body.as_ref()))
    }

    /// The state in `folder`: none if it has none yet, or one of another version.
    pub fn read(folder: &Path) -> Option<State> {
        let text = std::fs::read(folder.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok().filter(|state: &State| state.version == VERSION)
    }

    /// Writes it into `folder`, whole or not at all.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self).context("the run's state")?;
        Pending::with(&folder.join(FILE), &text)?.place()
    }
}
