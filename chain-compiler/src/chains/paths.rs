// SPDX-License-Identifier: Apache-2.0
//! The statements `service` and `chain NAME: …`, each checked.

use super::{Route, Service, Stop, Web, instances};
use crate::diagnostic::{Diagnostic, Log};
use crate::suggest;
use crate::syntax::ast::{File, Name, Path};
use std::collections::HashMap;

/// Most chains of a file: their numbers travel with the packets, and are indices of one byte.
const MOST_CHAINS: usize = 250;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Network(usize),
    Vm(usize),
    Service(usize),
}

struct Reader<'f, 'l> {
    file: &'f File,
    names: HashMap<&'f str, Named>,
    services: Vec<Service>,
    log: &'l mut Log,
}

/// Reads the services and chains.
pub(super) fn resolve(file: &File, log: &mut Log) -> Web {
    let mut reader = Reader { file, names: HashMap::new(), services: Vec::new(), log };
    reader.declare();
    reader.named_services();
    let routes = file.paths.iter().zip(1..).filter_map(|(path, number)| reader.route(path, number)).collect();
    reader.compare_names();
    reader.idle_services();
    let networks = file.networks.iter().map(|name| name.text.clone()).collect();
    Web { networks, services: reader.services, routes }
}

/// Names of replicas may not be names of other things.
pub(super) fn instance_names(file: &File, web: &Web, log: &mut Log) {
    let declared = file.networks.iter().chain(file.vms.iter().map(|vm| &vm.name));
    let declared: Vec<_> = declared.chain(file.services.iter().map(|service| &service.name)).collect();
    for vm in file.vms.iter().filter(|vm| vm.replicas.is_some()) {
        let (running, spare) = instances(vm);
        for name in running.iter().chain(&spare) {
            if let Some(other) = declared.iter().find(|other| other.text == *name) {
                let error = Diagnostic::error(other.span.clone(), format!("'{name}' is a replica's name"));
                log.report(error.wanted("another name").related(vm.name.span.clone(), "one of its replicas"));
            }
        }
    }
    let on_chain = |index: usize| web.services.iter().any(|service| service.vms.contains(&index));
    for (index, vm) in file.vms.iter().enumerate() {
        if (vm.replicas.is_some() || vm.stateful) && !on_chain(index) && !file.broken {
            let error = Diagnostic::error(vm.name.span.clone(), format!("'{}' is on no chain", vm.name.text));
            log.report(error.wanted(format!("a chain through it, as in chain web: lan -> {} -> wan;", vm.name.text)));
        }
    }
}

impl<'f> Reader<'f, '_> {
    /// Networks and VMs by name; that each has one meaning is seen to elsewhere.
    fn declare(&mut self) {
        let networks = self.file.networks.iter().enumerate().map(|(index, name)| (name, Named::Network(index)));
        let vms = self.file.vms.iter().enumerate().map(|(index, vm)| (&vm.name, Named::Vm(index)));
        for (name, named) in networks.chain(vms) {
            self.names.entry(&name.text).or_insert(named);
        }
    }

    fn named_services(&mut self) {
        for service in &self.file.services {
            if let Some(named) = self.names.get(service.name.text.as_str()) {
                let kind = match named {
                    Named::Network(_) => "network",
                    Named::Vm(_) => "VM",
                    Named::Service(_) => "service",
                };
                let found = format!("a service '{}', which is a {kind} already", service.name.text);
                self.log.report(Diagnostic::error(service.name.span.clone(), found).wanted("another name"));
                continue;
            }
            self.names.insert(&service.name.text, Named::Service(self.services.len()));
            let vms = service.vms.iter().filter_map(|name| self.member(name)).collect();
            self.services.push(Service { name: service.name.text.clone(), vms, gate_of: None });
        }
    }

    /// The VM that a service names.
    fn member(&mut self, name: &Name) -> Option<usize> {
        let found = match self.names.get(name.text.as_str()) {
            Some(Named::Vm(vm)) => match self.services.iter().find(|service| service.vms.contains(vm)) {
                None => return Some(*vm),
                Some(service) => format!("'{}' belongs to the service '{}' already", name.text, service.name),
            },
            Some(Named::Network(_)) => format!("'{}' is a network", name.text),
            Some(Named::Service(_)) => format!("'{}' is a service", name.text),
            None if self.file.broken => return None,
            None => format!("no VM '{}'", name.text),
        };
        let error = Diagnostic::error(name.span.clone(), found).wanted("a VM of this file");
        let vms = self.file.vms.iter().map(|vm| vm.name.text.as_str());
        let hint = suggest::hint(&name.text, vms).filter(|_| !self.names.contains_key(name.text.as_str()));
        self.log.report(hint.into_iter().fold(error, Diagnostic::hint));
        None
    }

    fn route(&mut self, path: &Path, number: usize) -> Option<Route> {
        if number > MOST_CHAINS {
            let error = Diagnostic::error(path.name.span.clone(), format!("chain number {number}"));
            self.log.report(error.wanted(format!("at most {MOST_CHAINS} chains")));
            return None;
        }
        let before = self.log.errors();
        let stops: Vec<_> = path.hops.iter().map(|name| self.stop(name)).collect();
        let stops: Vec<Stop> = stops.into_iter().collect::<Option<_>>()?;
        self.ends(path, &stops);
        self.visits(path, &stops);
        (self.log.errors() == before).then(|| Route {
            name: path.name.text.clone(),
            span: path.name.span.clone(),
            number: number as u16,
            one_way: path.one_way,
            shared: path.shared,
            stops,
            spans: path.hops.iter().map(|name| name.span.clone()).collect(),
        })
    }

    /// What a chain names. A VM is a service of its own.
    fn stop(&mut self, name: &Name) -> Option<Stop> {
        match self.names.get(name.text.as_str()) {
            Some(Named::Network(network)) => Some(Stop::Network(*network)),
            Some(Named::Service(service)) => Some(Stop::Service(*service)),
            Some(Named::Vm(vm)) => {
                let vm = *vm;
                let found = self.services.iter().position(|service| service.name == name.text);
                Some(Stop::Service(found.unwrap_or_else(|| {
                    self.services.push(Service { name: name.text.clone(), vms: vec![vm], gate_of: None });
                    self.services.len() - 1
                })))
            }
            None => {
                if !self.file.broken {
                    let found = format!("no network, VM or service '{}'", name.text);
                    let error = Diagnostic::error(name.span.clone(), found);
                    let mut known: Vec<_> = self.names.keys().copied().collect();
                    known.sort_unstable();
                    let hint = suggest::hint(&name.text, known);
                    let hint = hint.unwrap_or_else(|| format!("declare it: service {} = VM;", name.text));
                    self.log.report(error.wanted("a network, VM or service of this file").hint(hint));
                }
                None
            }
        }
    }

    /// A chain begins and ends at two networks, with VMs between.
    fn ends(&mut self, path: &Path, stops: &[Stop]) {
        let last = stops.len() - 1;
        for (at, (stop, name)) in stops.iter().zip(&path.hops).enumerate() {
            let is_end = at == 0 || at == last;
            let found = match stop {
                Stop::Service(_) if is_end => {
                    let which = if at == 0 { "begins" } else { "ends" };
                    (format!("chain '{}' {which} at '{}'", path.name.text, name.text), "a network there")
                }
                Stop::Network(_) if !is_end => {
                    let found = format!("the network '{}' in the middle of a chain", name.text);
                    (found, "a VM or service; a chain ends at a network")
                }
                _ => continue,
            };
            self.log.report(Diagnostic::error(name.span.clone(), found.0).wanted(found.1));
        }
        let span = path.hops[0].span.start..path.hops[last].span.end;
        if stops.len() == 2 && stops.iter().all(|stop| matches!(stop, Stop::Network(_))) {
            let error = Diagnostic::error(span, format!("chain '{}' has no VM", path.name.text));
            self.log.report(error.wanted("a VM or service between the networks"));
        } else if stops[0] == stops[last] && matches!(stops[0], Stop::Network(_)) {
            let error = Diagnostic::error(span, format!("chain '{}' begins and ends at one network", path.name.text));
            self.log.report(error.wanted("two networks: where a packet comes in says which way it goes"));
        }
    }

    /// A chain visits each VM once.
    fn visits(&mut self, path: &Path, stops: &[Stop]) {
        let mut seen: HashMap<usize, &Name> = HashMap::new();
        for (stop, name) in stops.iter().zip(&path.hops) {
            let Stop::Service(service) = *stop else { continue };
            for vm in self.services[service].vms.clone() {
                let Some(first) = seen.insert(vm, name) else { continue };
                let vm = &self.file.vms[vm].name.text;
                let error =
                    Diagnostic::error(name.span.clone(), format!("chain '{}' visits '{vm}' twice", path.name.text));
                self.log.report(error.wanted("each VM once").related(first.span.clone(), "the first time"));
            }
        }
    }

    fn compare_names(&mut self) {
        let mut seen: HashMap<&str, &Name> = HashMap::new();
        for path in &self.file.paths {
            if let Some(first) = seen.insert(&path.name.text, &path.name) {
                let error = Diagnostic::error(path.name.span.clone(), format!("a second chain '{}'", path.name.text));
                self.log.report(error.wanted("another name").related(first.span.clone(), "the first one"));
            }
        }
        for name in self.file.chains.iter().flat_map(|chain| &chain.hops) {
            let Some(Named::Vm(vm)) = self.names.get(name.text.as_str()) else { continue };
            if self.services.iter().any(|service| service.vms.contains(vm)) {
                let found = format!("'{}' is in a chain with '->', too", name.text);
                let wanted = "either 'chain NAME: … -> …' or 'chain … <-> …' for a VM";
                self.log.report(Diagnostic::error(name.span.clone(), found).wanted(wanted));
            }
        }
    }

    fn idle_services(&mut self) {
        let used = |name: &str| self.file.paths.iter().flat_map(|path| &path.hops).any(|hop| hop.text == name);
        let idle: Vec<_> = self.file.services.iter().filter(|service| !used(&service.name.text)).collect();
        for service in idle.into_iter().filter(|_| !self.file.broken) {
            let found = format!("the service '{}' is on no chain", service.name.text);
            self.log.report(Diagnostic::error(service.name.span.clone(), found).wanted("a chain through it"));
        }
    }
}
