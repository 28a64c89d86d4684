// SPDX-License-Identifier: Apache-2.0
//! The links between the VMs of a plan.

use super::{Chains, Surround, instances};
use crate::plan::{Peer, PlannedLink, VmPlan};
use crate::syntax::ast::Vm;

/// Says of each port between two VMs whether its frames carry their chains: one end at least could not tell by the port alone.
pub(super) fn mark(vms: &[Vm], surrounds: &mut [Option<Surround>]) {
    let names: Vec<Vec<String>> = vms.iter().map(instances).map(|(a, b)| [a, b].concat()).collect();
    let arrivals = |vm: usize, port: usize| surrounds[vm].as_ref().map_or(0, |one| one.arrivals[port].len());
    let other_end = |vm: usize, peer: &Peer| {
        let Peer::Vm(peer) = peer else { return None };
        let other = names.iter().position(|names| names.contains(peer))?;
        let leads_here = |peer: &Peer| matches!(peer, Peer::Vm(name) if names[vm].contains(name));
        let port = surrounds[other].as_ref()?.ports.iter().position(|port| leads_here(&port.peer))?;
        Some((other, port))
    };
    let mut marked = Vec::new();
    for (vm, surround) in surrounds.iter().enumerate() {
        for (port, found) in surround.iter().flat_map(|one| &one.ports).enumerate() {
            let ends = other_end(vm, &found.peer).map(|(other, theirs)| [arrivals(vm, port), arrivals(other, theirs)]);
            if ends.is_some_and(|ends| ends.iter().any(|ways| *ways > 1)) {
                marked.push((vm, port));
            }
        }
    }
    for (vm, port) in marked {
        if let Some(surround) = &mut surrounds[vm] {
            surround.ports[port].carries_chains = true;
        }
    }
}

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
            let on_it: Vec<_> = chains.chains.iter().filter(|chain| passes(chain.number)).collect();
            let shared = !on_it.is_empty() && on_it.iter().all(|chain| chain.shared);
            let chains = on_it.into_iter().map(|chain| chain.name.clone()).collect();
            links.push(PlannedLink { ends, chains, carries_chains: found.carries_chains, shared });
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

#[cfg(test)]
mod tests {
    use crate::{Options, compile};

    /// For each link the names of its VMs, and whether it is shared.
    fn links(chains: &str) -> Vec<(String, bool)> {
        let functions = ["a", "b", "c"].map(|name| format!("vm {name} {{ input -> output }}\n")).concat();
        let plan = compile("x.nf", &format!("network n, m;\n{functions}{chains}"), &Options::default());
        let plan = plan.expect("it compiles");
        let link =
            |link: &super::PlannedLink| (link.ends.map(|(vm, _)| plan.vms[vm].name.as_str()).join(" "), link.shared);
        plan.links.iter().map(link).collect()
    }

    #[test]
    fn a_link_is_shared_if_all_its_chains_are() {
        let (ab, bc) = ("a b".to_string(), "b c".to_string());
        assert_eq!(links("chain one(shared): n -> a -> b -> c -> m;"), [(ab.clone(), true), (bc.clone(), true)]);
        assert_eq!(links("chain one: n -> a -> b -> c -> m;"), [(ab.clone(), false), (bc.clone(), false)]);
        let two = "chain one(shared, oneway): n -> a -> b -> c -> m;\nchain two: n -> a -> b -> m;\ndirector at n";
        let found = links(&format!("{two} {{ tcp: one; default: two; }}"));
        assert!(found.contains(&(ab, false)) && found.contains(&(bc, true)), "{found:?}");
    }
}
