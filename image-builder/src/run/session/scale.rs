// SPDX-License-Identifier: Apache-2.0
//! More or fewer VMs for a service while frames pass.
//!
//! The VMs around a service choose among its replicas by their hops. A replica that joins is ready before they are told of it.
//! One that leaves takes no new flows from then on; it is powered off when no hop remembers a flow of it and nothing has
//! passed it for a while. So nothing is lost.

use super::Session;
use crate::build::manifest::Manifest;
use crate::operate::{self, Answer, HOP};
use crate::signals::Stop;
use anyhow::{Context, ensure};
use std::time::{Duration, Instant};

/// How long nothing must have passed a replica that leaves.
const QUIET: Duration = Duration::from_millis(200);

/// A service.
pub(super) struct Service {
    name: String,
    /// Whether its flows stay with their replicas.
    stateful: bool,
    /// Its VMs, by their numbers as replicas.
    vms: Vec<usize>,
    /// The replicas that take new flows.
    takers: Vec<usize>,
    leaving: Vec<Leaving>,
}

/// A replica that takes no new flows.
struct Leaving {
    replica: usize,
    /// What has passed it, and when that changed.
    passed: u64,
    since: Instant,
}

impl Service {
    /// The services of a chain.
    pub(super) fn all(manifest: &Manifest) -> Vec<Service> {
        let number = |name: &String| manifest.vms.iter().position(|vm| vm.name == *name);
        let service = |planned: &chain_compiler::PlannedService| Service {
            name: planned.name.clone(),
            stateful: planned.stateful,
            vms: planned.instances.iter().chain(&planned.spares).filter_map(number).collect(),
            takers: (0..planned.instances.len()).collect(),
            leaving: Vec::new(),
        };
        manifest.services.iter().map(service).collect()
    }

    /// What hops are told.
    fn replicas(&self) -> String {
        let takers = self.takers.iter().map(|replica| format!(" {replica}"));
        std::iter::once(self.name.clone()).chain(takers).collect()
    }
}

impl Session {
    /// Has the service `name` use `wanted` VMs.
    pub(super) fn scale(&mut self, name: &str, wanted: usize, stop: &Stop) -> Answer {
        match self.try_to_scale(name, wanted, stop) {
            Ok(answer) => answer,
            Err(error) => Answer::Failed(format!("{error:#}")),
        }
    }

    fn try_to_scale(&mut self, name: &str, wanted: usize, stop: &Stop) -> anyhow::Result<Answer> {
        let known = || self.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ");
        let at = self.services.iter().position(|service| service.name == name);
        let at = at.with_context(|| format!("the run has no service '{name}'; it has {}", known()))?;
        let (most, takers) = (self.services[at].vms.len(), self.services[at].takers.len());
        ensure!((1..=most).contains(&wanted), "the service {name} can have 1 to {most} VMs, as its file says");
        if wanted > takers {
            self.join(at, wanted - takers, stop)?;
        } else if wanted < takers {
            self.leave(at, wanted);
        }
        let service = &self.services[at];
        let name = |replica: &usize| self.fleet[service.vms[*replica]].name.clone();
        let leaving = service.leaving.iter().map(|leaving| name(&leaving.replica)).collect();
        Ok(Answer::Scaled { vms: service.takers.iter().map(name).collect(), leaving })
    }

    /// Adds `count` replicas: such as leave just now, or spare ones.
    fn join(&mut self, at: usize, count: usize, stop: &Stop) -> anyhow::Result<()> {
        let service = &self.services[at];
        let free = (0..service.vms.len()).filter(|replica| !service.takers.contains(replica));
        let joining: Vec<usize> = free.take(count).collect();
        let vms = joining.iter().map(|&replica| service.vms[replica]);
        let off: Vec<usize> = vms.filter(|&vm| self.fleet[vm].is_off()).collect();
        if let Err(error) = self.start_ready(&off, stop) {
            off.iter().for_each(|&vm| self.put_away(vm));
            return Err(error);
        }
        let service = &mut self.services[at];
        service.leaving.retain(|leaving| !joining.contains(&leaving.replica));
        service.takers.extend(joining);
        service.takers.sort_unstable();
        off.iter().for_each(|&vm| self.brief(vm));
        self.tell_all("replicas", &self.services[at].replicas());
        Ok(())
    }

    fn start_ready(&mut self, vms: &[usize], stop: &Stop) -> anyhow::Result<()> {
        self.start_all(vms, stop)?;
        vms.iter().try_for_each(|&vm| self.fleet[vm].ready(stop))
    }

    /// Lets all replicas but `wanted` leave.
    fn leave(&mut self, at: usize, wanted: usize) {
        let since = Instant::now();
        let service = &mut self.services[at];
        let leaving = service.takers.split_off(wanted);
        service.leaving.extend(leaving.into_iter().map(|replica| Leaving { replica, passed: 0, since }));
        self.tell_all("replicas", &self.services[at].replicas());
    }

    /// Powers off what leaves and is not needed any more.
    pub(super) fn see_off(&mut self) -> anyhow::Result<()> {
        for at in 0..self.services.len() {
            for index in (0..self.services[at].leaving.len()).rev() {
                if self.is_quiet(at, index) {
                    self.take_away(at, index)?;
                }
            }
        }
        Ok(())
    }

    fn is_quiet(&mut self, at: usize, index: usize) -> bool {
        let service = &self.services[at];
        let (replica, stateful) = (service.leaving[index].replica, service.stateful);
        let vm = service.vms[replica];
        let ports = 0..self.state.vms[vm].ports.len();
        let counters = ports.flat_map(|port| [format!("received_{port}"), format!("sent_{port}")]);
        let count = |counter: String| self.read(vm, control::MACHINE, &counter)?.trim().parse::<u64>().ok();
        let passed = counters.filter_map(count).sum();
        let leaving = &mut self.services[at].leaving[index];
        if leaving.passed != passed {
            (leaving.passed, leaving.since) = (passed, Instant::now());
        }
        leaving.since.elapsed() > QUIET && !(stateful && self.is_remembered(at, replica))
    }

    /// Whether a hop remembers a flow of a replica.
    fn is_remembered(&mut self, at: usize, replica: usize) -> bool {
        let line = format!("{} {replica} ", self.services[at].name);
        self.hops().into_iter().any(|(vm, hop)| {
            let pinned = self.read(vm, &hop, "pinned").unwrap_or_default();
            pinned.lines().any(|told| told.strip_prefix(&line).is_some_and(|flows| flows != "0"))
        })
    }

    /// A handler's value; none if the VM does not tell. That it ended is noticed elsewhere.
    fn read(&mut self, vm: usize, element: &str, handler: &str) -> Option<String> {
        self.fleet[vm].control()?.read(element, handler).ok()
    }

    fn take_away(&mut self, at: usize, index: usize) -> anyhow::Result<()> {
        let service = &mut self.services[at];
        let replica = service.leaving.swap_remove(index).replica;
        let (vm, gone) = (service.vms[replica], format!("{} {replica}", service.name));
        self.tell_all("remove", &gone);
        self.fleet[vm].begin_power_off();
        if let Err(error) = self.fleet[vm].end_power_off(Instant::now()) {
            // Nothing needs it any more, however it ends.
            anstream::eprintln!("{error:#}");
        }
        self.put_away(vm);
        self.state.write(self.folder.path())
    }

    /// A VM is spare from now on.
    fn put_away(&mut self, vm: usize) {
        self.fleet[vm].end();
        self.state.vms[vm].body = None;
    }

    /// Tells the hop of a VM that was started what it cannot know from its image.
    pub(super) fn brief(&mut self, vm: usize) {
        let replicas: Vec<String> = self.services.iter().map(Service::replicas).collect();
        for (_, hop) in self.hops().into_iter().filter(|(of, _)| *of == vm) {
            replicas.iter().for_each(|replicas| self.tell(vm, &hop, "replicas", replicas));
        }
    }

    fn tell_all(&mut self, handler: &str, value: &str) {
        for (vm, hop) in self.hops() {
            self.tell(vm, &hop, handler, value);
        }
    }

    /// Hops refuse what is said of services that they do not choose for, and a VM that ended is told when it is back.
    fn tell(&mut self, vm: usize, hop: &str, handler: &str, value: &str) {
        if let Some(control) = self.fleet[vm].control() {
            let _ = control.write(hop, handler, value);
        }
    }

    /// The hops of all VMs.
    fn hops(&self) -> Vec<(usize, String)> {
        let hops = |(vm, known): (usize, &operate::Vm)| {
            let hops = known.elements.iter().filter(|element| element.class == HOP);
            hops.map(|hop| (vm, hop.name.clone())).collect::<Vec<_>>()
        };
        self.state.vms.iter().enumerate().flat_map(hops).collect()
    }
}
