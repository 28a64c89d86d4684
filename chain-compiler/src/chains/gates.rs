// SPDX-License-Identifier: Apache-2.0
//! Gates: VMs that the compiler puts between a network and several VMs at the ends of chains. What comes from the network must
//! find the VM that the rest of its flow met, and only one VM can know that.

use super::{Service, Stop, Web};
use crate::syntax::ast::{Body, File, Name, Vm};

/// Adds a gate for each network that needs one, to the VMs of the file and to the chains.
pub(super) fn add(file: &mut File, web: &mut Web) {
    for network in 0..web.networks.len() {
        let stop = Stop::Network(network);
        if neighbours(file, web, stop) < 2 {
            continue;
        }
        let name = Name { text: format!("{}_gate", web.networks[network]), span: file.networks[network].span.clone() };
        let service = web.services.len();
        let gate = Service { name: name.text.clone(), vms: vec![file.vms.len()], gate_of: Some(network) };
        web.services.push(gate);
        file.vms.push(Vm {
            name,
            memory_mib: None,
            jumbo: false,
            replicas: None,
            stateful: false,
            body: Body::default(),
        });
        for route in &mut web.routes {
            let last = route.stops.len() - 1;
            if route.stops[last] == stop {
                route.stops.insert(last, Stop::Service(service));
                route.spans.insert(last, route.spans[last].clone());
            }
            if route.stops[0] == stop {
                route.stops.insert(1, Stop::Service(service));
                route.spans.insert(1, route.spans[0].clone());
            }
        }
    }
}

/// How many VMs begin or end chains at a network, spare ones included.
fn neighbours(file: &File, web: &Web, network: Stop) -> usize {
    let mut vms: Vec<usize> = Vec::new();
    for route in &web.routes {
        let last = route.stops.len() - 1;
        for (end, next) in [(0, 1), (last, last - 1)] {
            if let (true, Stop::Service(service)) = (route.stops[end] == network, route.stops[next]) {
                vms.extend(&web.services[service].vms);
            }
        }
    }
    vms.sort_unstable();
    vms.dedup();
    vms.iter().map(|vm| file.vms[*vm].replicas.map_or(1, |[_, most]| most)).sum()
}
