// SPDX-License-Identifier: Apache-2.0
//! The links between the VMs of a plan.

use super::{Chains, Surround};
use crate::plan::{Peer, PlannedLink, VmPlan};

/// Every link once. `surrounds` has what surrounds each VM of the plan.
pub(crate) fn links(vms: &[VmPlan], surrounds: &[Option<&Surround>], chains: &Chains) -> Vec<PlannedLink> {
    let mut links: Vec<PlannedLink> = Vec::new();
    for (vm, plan) in vms.iter().enumerate() {
        for (port, found) in plan.ports.iter().enumerate() {
            let Some(other) = other_end(vms, &plan.name, &found.peer) else { continue };
            let ends = [(vm, port), other];
            if links.iter().any(|link| link.ends.contains(&ends[0])) {
                continue;
            }
            let arrivals = ends.map(|(vm, port)| surrounds[vm].map_or(&[][..], |one| one.arrivals[port].as_slice()));
            let passes = |number| arrivals.iter().any(|ways| ways.iter().any(|way| way.chain == number));
            let on_it = chains.chains.iter().filter(|chain| passes(chain.number)).map(|chain| chain.name.clone());
            let carries_chains = arrivals.iter().any(|ways| ways.len() > 1);
            links.push(PlannedLink { ends, chains: on_it.collect(), carries_chains });
        }
    }
    links
}

/// The port at the other end of a link.
fn other_end(vms: &[VmPlan], name: &str, peer: &Peer) -> Option<(usize, usize)> {
    let Peer::Vm(peer) = peer else { return None };
    let vm = vms.iter().position(|vm| vm.name == *peer)?;
    let port = vms[vm].ports.iter().position(|port| port.peer == Peer::Vm(name.into()))?;
    Some((vm, port))
}
