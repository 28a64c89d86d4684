// SPDX-License-Identifier: Apache-2.0
//! Directed chains of services: which VMs they lead through, and what surrounds the function of each.
//!
//! `paths` reads the statements and checks them. Where more than one VM ends chains at a network, `gates` puts a VM between
//! them, so that both directions of a flow meet the same replica. `surround` says for each function its ports, the
//! arguments of its `ChainHop` and of a `FlowDirector` where packets can take several chains.

mod direct;
mod gates;
mod links;
mod paths;
mod surround;
mod wishes;

pub(crate) use links::links;
pub(crate) use surround::{Arrival, HOP, Surround};
pub(crate) use wishes::grant;

use crate::diagnostic::Log;
use crate::plan::{PlannedChain, PlannedService};
use crate::syntax::ast::{File, Span, Vm};

/// What the chains of a file say.
#[derive(Default)]
pub(crate) struct Chains {
    /// For each VM of the file what surrounds its function; none for those with devices of their own.
    pub(crate) surrounds: Vec<Option<Surround>>,
    pub(crate) services: Vec<PlannedService>,
    pub(crate) chains: Vec<PlannedChain>,
    /// VMs that are on chains which could not be read: nothing can be said about their ports.
    pub(crate) lost: Vec<usize>,
}

/// A network or a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Network(usize),
    Service(usize),
}

/// VMs that are one for the chains.
struct Service {
    name: String,
    /// Their indices in the file.
    vms: Vec<usize>,
    /// The network that it is the gate of.
    gate_of: Option<usize>,
}

/// A chain.
struct Route {
    name: String,
    span: Span,
    /// From 1.
    number: u16,
    one_way: bool,
    shared: bool,
    stops: Vec<Stop>,
    /// The places of those.
    spans: Vec<Span>,
}

/// Services and chains, sound each by itself.
struct Web {
    networks: Vec<String>,
    services: Vec<Service>,
    routes: Vec<Route>,
}

/// Reads the chains of a file, and adds the gates to its VMs.
pub(crate) fn resolve(file: &mut File, log: &mut Log) -> Chains {
    let before = log.errors();
    let mut web = paths::resolve(file, log);
    paths::instance_names(file, &web, log);
    // In a broken file a chain may be lost without an error of its own.
    if log.errors() > before || web.routes.len() < file.paths.len() {
        let on_path = |vm: &usize| web.services.iter().any(|service| service.vms.contains(vm));
        return Chains { lost: (0..file.vms.len()).filter(on_path).collect(), ..Chains::default() };
    }
    gates::add(file, &mut web);
    let mut surrounds = surround::all(file, &web);
    direct::resolve(file, &web, &mut surrounds, log);
    links::mark(&file.vms, &mut surrounds);
    let services = web.services.iter().map(|service| PlannedService {
        name: service.name.clone(),
        stateful: is_stateful(service, &file.vms),
        instances: running(service, &file.vms),
        spares: spare(service, &file.vms),
    });
    let services = services.collect();
    let chains = web.routes.iter().map(|route| route.plan(&web)).collect();
    Chains { surrounds, services, chains, lost: Vec::new() }
}

impl Route {
    fn plan(&self, web: &Web) -> PlannedChain {
        let stops = self.stops.iter().map(|stop| web.name(*stop).to_string()).collect();
        let Route { ref name, number, one_way, shared, .. } = *self;
        PlannedChain { name: name.clone(), number, one_way, shared, stops }
    }
}

impl Web {
    /// The name of a stop.
    fn name(&self, stop: Stop) -> &str {
        match stop {
            Stop::Network(network) => &self.networks[network],
            Stop::Service(service) => &self.services[service].name,
        }
    }

    /// Whether a VM belongs to a stop.
    fn holds(&self, stop: Stop, vm: usize) -> bool {
        matches!(stop, Stop::Service(service) if self.services[service].vms.contains(&vm))
    }
}

/// The names of the VMs that run of `vm`, all of which have one image: those of the start, then the spare ones.
pub(crate) fn instances(vm: &Vm) -> (Vec<String>, Vec<String>) {
    let name = |number: usize| format!("{}_{number}", vm.name.text);
    match vm.replicas {
        None => (vec![vm.name.text.clone()], Vec::new()),
        Some([start, most]) => ((0..start).map(name).collect(), (start..most).map(name).collect()),
    }
}

fn running(service: &Service, vms: &[Vm]) -> Vec<String> {
    service.vms.iter().flat_map(|vm| instances(&vms[*vm]).0).collect()
}

fn spare(service: &Service, vms: &[Vm]) -> Vec<String> {
    service.vms.iter().flat_map(|vm| instances(&vms[*vm]).1).collect()
}

fn is_stateful(service: &Service, vms: &[Vm]) -> bool {
    service.vms.iter().any(|vm| vms[*vm].stateful)
}
