// SPDX-License-Identifier: Apache-2.0
//! What surrounds a function: its ports, and the arguments of its `ChainHop`.

use super::{Route, Stop, Web, is_stateful, running, spare};
use crate::plan::{Peer, Port};
use crate::syntax::ast::{File, Span, Vm};
use crate::text::Text;

/// What surrounds the function of a VM.
pub(crate) struct Surround {
    /// Where the VM is declared.
    pub(crate) span: Span,
    /// The VM has no function: packets go straight on.
    pub(crate) is_gate: bool,
    pub(crate) ports: Vec<Port>,
    /// The arguments of its `ChainHop`.
    pub(crate) hop: Vec<String>,
    /// For each port the arguments of its `FlowDirector`, if it has one.
    pub(crate) directors: Vec<Option<Vec<Text>>>,
    /// For each port the ways of packets that come in there.
    pub(crate) arrivals: Vec<Vec<Arrival>>,
    /// The services next to it, by name, and the chains through it: what its function may ask for.
    pub(crate) services: Vec<String>,
    pub(crate) chains: Vec<String>,
}

/// A chain and direction in which packets come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The chain's number.
    pub(crate) chain: u16,
    pub(crate) backward: bool,
}

/// A neighbour of a VM on some chain.
struct Neighbour {
    stop: Stop,
    name: String,
    ports: Vec<usize>,
    /// Ports from this one on lead to spare replicas.
    spare: usize,
    stateful: bool,
}

/// What surrounds each VM that is on a chain.
pub(super) fn all(file: &File, web: &Web) -> Vec<Option<Surround>> {
    let vms = file.vms.iter().enumerate();
    vms.map(|(index, vm)| surround(index, vm, file, web)).collect()
}

fn surround(index: usize, vm: &Vm, file: &File, web: &Web) -> Option<Surround> {
    let visits = web.routes.iter().filter_map(|route| {
        let at = route.stops.iter().position(|stop| web.holds(*stop, index))?;
        Some((route, [route.stops[at - 1], route.stops[at + 1]]))
    });
    let visits: Vec<(&Route, [Stop; 2])> = visits.collect();
    if visits.is_empty() {
        return None;
    }
    let (mut ports, mut neighbours) = (Vec::new(), Vec::<Neighbour>::new());
    for stop in visits.iter().flat_map(|(_, sides)| sides) {
        if neighbours.iter().all(|known| known.stop != *stop) {
            neighbours.push(neighbour(*stop, &mut ports, file, web));
        }
    }
    let name = |stop: Stop| &neighbours.iter().find(|known| known.stop == stop).expect("it was met").name;
    let mut hop: Vec<String> = neighbours.iter().map(Neighbour::argument).collect();
    hop.extend(visits.iter().map(|(route, [before, behind])| {
        let Route { name: chain, number, .. } = route;
        let one_way = if route.one_way { " ONEWAY" } else { "" };
        format!("CHAIN {chain} {number} {} {}{one_way}", name(*before), name(*behind))
    }));
    let arrivals = (0..ports.len()).map(|port| {
        let here = |stop: Stop| neighbours.iter().any(|known| known.stop == stop && known.ports.contains(&port));
        let ways = visits.iter().flat_map(|(route, [before, behind])| {
            let way = |backward| Arrival { chain: route.number, backward };
            [here(*before).then(|| way(false)), (here(*behind) && !route.one_way).then(|| way(true))]
        });
        ways.flatten().collect()
    });
    let is_gate = web.services.iter().any(|service| service.gate_of.is_some() && service.vms.contains(&index));
    Some(Surround {
        span: vm.name.span.clone(),
        is_gate,
        arrivals: arrivals.collect(),
        directors: vec![None; ports.len()],
        services: neighbours.iter().map(|known| known.name.clone()).collect(),
        chains: visits.iter().map(|(route, _)| route.name.clone()).collect(),
        hop,
        ports,
    })
}

/// A neighbour, whose ports are put behind those that are there.
fn neighbour(stop: Stop, ports: &mut Vec<Port>, file: &File, web: &Web) -> Neighbour {
    let first = ports.len();
    let port = |name: &str, peer: Peer| Port { name: name.into(), peer, carries_chains: false };
    let (mut stateful, mut spares) = (false, 0);
    // Behind its gate a network is still called by its name.
    let name = match stop {
        Stop::Network(network) => {
            ports.push(port(&web.networks[network], Peer::Network(web.networks[network].clone())));
            &web.networks[network]
        }
        Stop::Service(service) => {
            let service = &web.services[service];
            if let Some(network) = service.gate_of {
                ports.push(port(&web.networks[network], Peer::Vm(service.name.clone())));
                &web.networks[network]
            } else {
                let (running, spare) = (running(service, &file.vms), spare(service, &file.vms));
                (stateful, spares) = (is_stateful(service, &file.vms), spare.len());
                ports.extend(running.into_iter().chain(spare).map(|name| port(&name, Peer::Vm(name.clone()))));
                &service.name
            }
        }
    };
    let (name, ports): (_, Vec<_>) = (name.clone(), (first..ports.len()).collect());
    let spare = ports.len() - spares;
    Neighbour { stop, name, ports, spare, stateful }
}

impl Neighbour {
    /// It as a SERVICE of a `ChainHop`.
    fn argument(&self) -> String {
        let mut text = format!("SERVICE {}", self.name);
        if self.stateful && self.ports.len() > 1 {
            text += " STATEFUL";
        }
        for (at, port) in self.ports.iter().enumerate() {
            if at == self.spare {
                text += " SPARE";
            }
            text += &format!(" {port}");
        }
        text
    }
}

/// The element that all packets of a function pass.
pub(crate) const HOP: &str = "chain/hop";

/// Whether an element of that name is one that the compiler put around a function.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("chain/")
}
