// SPDX-License-Identifier: Apache-2.0
//! Networks, VMs and the chains that join them: which ports each VM has.

use crate::diagnostic::{Diagnostic, Log};
use crate::plan::{Peer, Port};
use crate::suggest;
use crate::syntax::ast::{File, Name, Span};
use std::collections::HashMap;

/// What the statements around the VMs' elements say.
pub(crate) struct Topology {
    /// The networks' names.
    pub(crate) networks: Vec<String>,
    /// For each VM of the file its ports.
    pub(crate) vms: Vec<Vec<Port>>,
    /// Part of it was wrong: more ports may be meant than there are.
    pub(crate) broken: bool,
}

/// What a name in a chain stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Network,
    Vm(usize),
}

/// Reads networks, VMs and chains.
/// Nothing is said about VMs that are in none of them, if that is `settled` otherwise.
pub(crate) fn resolve(file: &File, settled: impl Fn(usize) -> bool, log: &mut Log) -> Topology {
    let before = log.count();
    let nodes = declare(file, log);
    let mut joined = Joined { ports: vec![Vec::new(); file.vms.len()], places: HashMap::new() };
    for chain in &file.chains {
        for name in &chain.hops {
            if !nodes.contains_key(name.text.as_str()) && !file.broken {
                unknown(name, &nodes, log);
            }
        }
        for pair in chain.hops.windows(2) {
            joined.join(&nodes, &pair[0], &pair[1], log);
        }
    }
    let broken = file.broken || log.count() > before;
    for (index, (vm, ports)) in file.vms.iter().zip(&joined.ports).enumerate() {
        if ports.is_empty() && !broken && !settled(index) {
            let warning = Diagnostic::warning(vm.name.span.clone(), format!("VM '{}' is in no chain", vm.name.text));
            log.report(warning.hint("without a chain statement a VM has no ports"));
        }
    }
    let networks = file.networks.iter().map(|name| name.text.clone()).collect();
    Topology { networks, vms: joined.ports, broken }
}

/// Networks and VMs by name; names that stand for two things are errors.
fn declare<'a>(file: &'a File, log: &mut Log) -> HashMap<&'a str, Node> {
    let networks = file.networks.iter().map(|name| (name, Node::Network));
    let vms = file.vms.iter().enumerate().map(|(index, vm)| (&vm.name, Node::Vm(index)));
    let mut declared: Vec<_> = networks.chain(vms).collect();
    declared.sort_by_key(|(name, _)| name.span.start);
    let mut nodes: HashMap<&str, (Node, &Name)> = HashMap::new();
    for (name, node) in declared {
        let Some((first_node, first)) = nodes.get(name.text.as_str()) else {
            nodes.insert(&name.text, (node, name));
            continue;
        };
        let kind = |node| if node == Node::Network { "network" } else { "VM" };
        let found = match (kind(node), kind(*first_node)) {
            (one, other) if one == other => format!("a second {one} '{}'", name.text),
            (one, other) => format!("a {one} '{}', which is a {other} already", name.text),
        };
        let error = Diagnostic::error(name.span.clone(), found).wanted("another name");
        log.report(error.related(first.span.clone(), "the first one"));
    }
    nodes.into_iter().map(|(name, (node, _))| (name, node)).collect()
}

fn unknown(name: &Name, nodes: &HashMap<&str, Node>, log: &mut Log) {
    let error = Diagnostic::error(name.span.clone(), format!("no network or VM '{}'", name.text));
    let mut known: Vec<&str> = nodes.keys().copied().collect();
    known.sort_unstable();
    let hint = suggest::hint(&name.text, known).unwrap_or_else(|| format!("declare it: network {};", name.text));
    log.report(error.wanted("a network or VM of this file").hint(hint));
}

/// Ports as the chains give them, and where.
struct Joined {
    ports: Vec<Vec<Port>>,
    places: HashMap<(usize, String), Span>,
}

impl Joined {
    /// Joins two neighbours of a chain.
    fn join(&mut self, nodes: &HashMap<&str, Node>, left: &Name, right: &Name, log: &mut Log) {
        let (Some(&one), Some(&other)) = (nodes.get(left.text.as_str()), nodes.get(right.text.as_str())) else {
            return;
        };
        let span = left.span.start..right.span.end;
        if one == Node::Network && other == Node::Network {
            let found = format!("networks '{}' and '{}' are joined without a VM", left.text, right.text);
            log.report(Diagnostic::error(span, found).wanted("a VM between them"));
        } else if one == other {
            let found = format!("VM '{}' is joined to itself", left.text);
            log.report(Diagnostic::error(span, found).wanted("another VM or a network"));
        } else if self.port(one, right, other, log) {
            self.port(other, left, one, log);
        }
    }

    /// Gives `node`, if it is a VM, a port towards `neighbour`. False if it has one already.
    fn port(&mut self, node: Node, neighbour: &Name, neighbour_node: Node, log: &mut Log) -> bool {
        let Node::Vm(vm) = node else { return true };
        let name = neighbour.text.clone();
        if let Some(first) = self.places.get(&(vm, name.clone())) {
            let error =
                Diagnostic::error(neighbour.span.clone(), format!("'{name}' is a neighbour for the second time"));
            log.report(error.wanted("each neighbour of a VM once").related(first.clone(), "the first time"));
            return false;
        }
        self.places.insert((vm, name.clone()), neighbour.span.clone());
        let peer = if neighbour_node == Node::Network { Peer::Network(name.clone()) } else { Peer::Vm(name.clone()) };
        self.ports[vm].push(Port { name, peer, carries_chains: false });
        true
    }
}
