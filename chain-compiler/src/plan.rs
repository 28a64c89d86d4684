// SPDX-License-Identifier: Apache-2.0
//! What comes out of the compiler.

use crate::Diagnostic;
use serde::Serialize;

/// A compiled chain file.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The networks, in order of declaration.
    pub networks: Vec<String>,
    /// The VMs, in order of declaration.
    pub vms: Vec<VmPlan>,
    /// What is suspicious but compiles.
    pub warnings: Vec<Diagnostic>,
}

/// One VM.
#[derive(Debug, Clone, Serialize)]
pub struct VmPlan {
    /// Its name: letters, digits and `_`, so it is good for a file name.
    pub name: String,
    /// The memory that the file asks for, in MiB; none leaves the choice to the builder.
    pub memory_mib: Option<u32>,
    /// Its ports, in the order of its NICs and links.
    pub ports: Vec<Port>,
    /// Its elements, in order of appearance.
    pub elements: Vec<PlannedElement>,
    /// Its configuration in Click's language, without compounds, groups and variables.
    pub configuration: String,
    /// The Rust source of its wiring: a struct `Wiring` that implements `nf_elements::Graph`.
    pub wiring: String,
    /// Files that the source includes, by name: tables too big for it.
    #[serde(skip)]
    pub data: Vec<(String, Vec<u8>)>,
}

/// A port of a VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Its name, which is its neighbour's.
    pub name: String,
    /// What it leads to.
    pub peer: Peer,
}

/// What a port leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Peer {
    /// A network.
    Network(String),
    /// A VM, over a point-to-point link.
    Vm(String),
}

/// An element of a VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedElement {
    /// Its Click name: what handlers are called by.
    pub name: String,
    /// Its class.
    pub class: String,
}
