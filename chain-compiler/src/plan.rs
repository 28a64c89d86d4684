// SPDX-License-Identifier: Apache-2.0
//! What comes out of the compiler.

use crate::Diagnostic;
use serde::{Deserialize, Serialize};

/// A compiled chain file.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The networks, in order of declaration.
    pub networks: Vec<String>,
    /// The VMs that may run, each replica for itself: those that run from the start, in order of declaration and with the gates
    /// that the compiler adds behind them; then the spare ones.
    pub vms: Vec<VmPlan>,
    /// The services on directed chains: those that are declared, then VMs that are one by themselves, then gates.
    pub services: Vec<PlannedService>,
    /// The directed chains.
    pub chains: Vec<PlannedChain>,
    /// The links between VMs.
    pub links: Vec<PlannedLink>,
    /// What is suspicious but compiles.
    pub warnings: Vec<Diagnostic>,
}

/// One VM.
#[derive(Debug, Clone, Serialize)]
pub struct VmPlan {
    /// Its name: letters, digits and `_`, so it is good for a file name.
    pub name: String,
    /// The name of its image, which all replicas share: that of the VM in the file.
    pub image: String,
    /// Whether it runs from the start, or is spare.
    pub starts: bool,
    /// The memory that the file asks for, in MiB; none leaves the choice to the builder.
    pub memory_mib: Option<u32>,
    /// Whether its buffers take jumbo frames, of an MTU of 9000.
    pub jumbo: bool,
    /// Its ports, in the order of its NICs and links.
    pub ports: Vec<Port>,
    /// The names of its own hosts, in the order of their ports, which are behind `ports`.
    pub hosts: Vec<String>,
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
    /// Whether frames carry their chains there: it cannot be known by the port alone.
    pub carries_chains: bool,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedElement {
    /// Its Click name: what handlers are called by.
    pub name: String,
    /// Its class.
    pub class: String,
}

/// VMs that are one for the chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedService {
    /// Its name.
    pub name: String,
    /// Whether its flows stay with their VMs.
    pub stateful: bool,
    /// The VMs that run from the start. Their numbers as replicas count on through the spare ones.
    pub instances: Vec<String>,
    /// The VMs that may join them.
    pub spares: Vec<String>,
}

/// A directed chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChain {
    /// Its name.
    pub name: String,
    /// Its number in packets' annotations, from 1.
    pub number: u16,
    /// Whether nothing comes back.
    pub one_way: bool,
    /// Whether its VMs trust each other.
    pub shared: bool,
    /// A network, services, a network.
    pub stops: Vec<String>,
}

/// A link between two VMs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedLink {
    /// Its ends, each a VM and a port by their indices.
    pub ends: [(usize, usize); 2],
    /// The directed chains that it is part of.
    pub chains: Vec<String>,
    /// Whether a packet's chain cannot be known by the link alone: it must carry annotations.
    pub carries_chains: bool,
    /// Whether its ends trust each other, as all its chains say: frames may stay where they are.
    pub shared: bool,
}
