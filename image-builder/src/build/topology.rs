// SPDX-License-Identifier: Apache-2.0
//! What leads where in a chain: the same from its plan, before it is built, and from its manifest.

use super::manifest::{self, Manifest, Port};
use chain_compiler::{Peer, Plan};
use ring::Shape;

/// A port: that of a VM, both by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The VM.
    pub vm: usize,
    /// The port in the VM.
    pub port: usize,
}

/// The whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Topology {
    /// The networks.
    pub networks: Vec<String>,
    /// The VMs.
    pub vms: Vec<Vm>,
}

/// A VM's ports.
#[derive(Debug, PartialEq, Eq)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// In the order of its NICs.
    pub ports: Vec<Port>,
}

impl From<&Plan> for Topology {
    fn from(plan: &Plan) -> Self {
        let shared = |place| plan.links.iter().any(|link| link.shared && link.ends.contains(&place));
        let port = |vm: usize, (index, port): (usize, &chain_compiler::Port)| {
            let (network, peer) = match &port.peer {
                Peer::Network(name) => (Some(name.clone()), None),
                Peer::Vm(name) => (None, Some(name.clone())),
            };
            Port { name: port.name.clone(), network, vm: peer, shared: shared((vm, index)) }
        };
        let vm = |(index, vm): (usize, &chain_compiler::VmPlan)| Vm {
            name: vm.name.clone(),
            ports: vm.ports.iter().enumerate().map(|found| port(index, found)).collect(),
        };
        Topology { networks: plan.networks.clone(), vms: plan.vms.iter().enumerate().map(vm).collect() }
    }
}

impl From<&Manifest> for Topology {
    fn from(manifest: &Manifest) -> Self {
        let vm = |vm: &manifest::Vm| Vm { name: vm.name.clone(), ports: vm.ports.clone() };
        Topology { networks: manifest.networks.clone(), vms: manifest.vms.iter().map(vm).collect() }
    }
}

impl Topology {
    /// All ports.
    pub fn places(&self) -> impl Iterator<Item = (Place, &Port)> {
        self.vms.iter().enumerate().flat_map(|(vm, found)| {
            found.ports.iter().enumerate().map(move |(port, found)| (Place { vm, port }, found))
        })
    }

    /// What is known of a port.
    pub fn port(&self, place: Place) -> &Port {
        &self.vms[place.vm].ports[place.port]
    }

    /// `vm.port`.
    pub fn name(&self, place: Place) -> String {
        format!("{}.{}", self.vms[place.vm].name, self.port(place).name)
    }

    /// What the link of this port is in memory, if it is one.
    pub fn shape(&self, place: Place) -> Shape {
        if self.port(place).shared { Shape::SHARED } else { Shape::COPY }
    }

    /// The port at the other end of a link between two VMs.
    pub fn other_end(&self, place: Place) -> Option<Place> {
        let (peer, here) = (self.port(place).vm.as_ref()?, &self.vms[place.vm].name);
        let vm = self.vms.iter().position(|vm| vm.name == *peer)?;
        let port = self.vms[vm].ports.iter().position(|port| port.vm.as_ref() == Some(here))?;
        Some(Place { vm, port })
    }

    /// The links between two VMs, each by its two ends.
    pub fn links(&self) -> impl Iterator<Item = [Place; 2]> {
        self.places().filter_map(|(place, _)| {
            let other = self.other_end(place)?;
            (place < other).then_some([place, other])
        })
    }
}
