// SPDX-License-Identifier: Apache-2.0
//! What happens in a run: from two samples, as tables or as JSON.

use super::sample::{Drops, Inside, LinkSample, Sample, VmSample, rate};
use super::state::{Port, Service, State};
use serde::Serialize;
use std::collections::BTreeMap;

mod tables;

/// The whole.
#[derive(Debug, Serialize)]
pub struct View {
    run: String,
    chain: String,
    machine: String,
    up_seconds: f64,
    /// The time that rates are of.
    seconds: f64,
    /// Requests to the manager that were none.
    malformed: u64,
    vms: Vec<VmView>,
    links: Vec<LinkView>,
    services: Vec<ServiceView>,
    chains: Vec<ChainView>,
}

/// All VMs of a service together.
#[derive(Debug, Serialize)]
struct ServiceView {
    name: String,
    /// How many run, and how many there can be.
    running: usize,
    most: usize,
    cpu_percent: f64,
    in_pps: f64,
    out_pps: f64,
    drops_pps: f64,
}

/// A directed chain, where most frames pass: behind the place where they come in.
#[derive(Debug, Serialize)]
struct ChainView {
    name: String,
    forward: u64,
    back: u64,
    forward_pps: f64,
    back_pps: f64,
}

#[derive(Debug, Serialize)]
struct LinkView {
    #[serde(flatten)]
    link: LinkSample,
    pps: f64,
    dropped_pps: f64,
}

#[derive(Debug, Serialize)]
struct VmView {
    name: String,
    /// Whether it answers.
    answers: bool,
    up_seconds: f64,
    restarts: u32,
    cpu_percent: f64,
    memory_bytes: u64,
    free_buffers: u64,
    /// Whether its run loop polls, rather than wait for interrupts, and how often that changed.
    polls: bool,
    mode_switches: u64,
    in_pps: f64,
    out_pps: f64,
    drops_pps: f64,
    ports: Vec<PortView>,
    drops: Vec<DropsView>,
}

#[derive(Debug, Serialize)]
struct PortView {
    name: String,
    /// The VM at the other end; none if the port leads to a network.
    vm: Option<String>,
    received: u64,
    sent: u64,
    in_pps: f64,
    out_pps: f64,
}

#[derive(Debug, Serialize)]
struct DropsView {
    #[serde(flatten)]
    drops: Drops,
    pps: f64,
}

impl View {
    /// What happened between two samples of `state`'s run.
    pub fn between(state: &State, earlier: &Sample, later: &Sample) -> View {
        let seconds = later.time.duration_since(earlier.time).unwrap_or_default().as_secs_f64();
        let vms = later.vms.iter().map(|vm| {
            // A VM that was started again counts from nothing; before its start there was nothing of it.
            let before = earlier.vms.iter().find(|before| before.name == vm.name && before.restarts == vm.restarts);
            let ports = state.vms.iter().find(|known| known.name == vm.name).map_or(&[][..], |known| &known.ports);
            VmView::of(ports, before, vm, seconds)
        });
        let vms: Vec<VmView> = vms.collect();
        View {
            run: state.run.clone(),
            chain: state.chain.display().to_string(),
            machine: state.machine.clone(),
            up_seconds: later.time.duration_since(state.began).unwrap_or_default().as_secs_f64(),
            seconds,
            malformed: later.malformed,
            services: state.services.iter().map(|service| ServiceView::of(service, &vms)).collect(),
            chains: ChainView::all(earlier, later, seconds),
            vms,
            links: later.links.iter().map(|link| LinkView::of(&earlier.links, link, seconds)).collect(),
        }
    }
}

impl ServiceView {
    fn of(service: &Service, vms: &[VmView]) -> ServiceView {
        let ours: Vec<_> = vms.iter().filter(|vm| service.vms.contains(&vm.name)).collect();
        let sum = |what: fn(&VmView) -> f64| ours.iter().map(|vm| what(vm)).sum();
        ServiceView {
            name: service.name.clone(),
            running: ours.iter().filter(|vm| vm.answers).count(),
            most: service.vms.len(),
            cpu_percent: sum(|vm| vm.cpu_percent),
            in_pps: sum(|vm| vm.in_pps),
            out_pps: sum(|vm| vm.out_pps),
            drops_pps: sum(|vm| vm.drops_pps),
        }
    }
}

impl ChainView {
    fn all(earlier: &Sample, later: &Sample, seconds: f64) -> Vec<ChainView> {
        let before = chains(earlier);
        let views = chains(later).into_iter().map(|(name, [forward, back])| {
            let [forward_before, back_before] = before.get(name).copied().unwrap_or_default();
            ChainView {
                name: name.into(),
                forward,
                back,
                forward_pps: rate(forward_before, forward, seconds),
                back_pps: rate(back_before, back, seconds),
            }
        });
        views.collect()
    }
}

/// Of each chain the most frames that a hop sent forward, and back.
fn chains(sample: &Sample) -> BTreeMap<&str, [u64; 2]> {
    let mut chains: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for told in sample.vms.iter().filter_map(|vm| vm.inside.as_ref()).flat_map(|inside| &inside.chains) {
        let [forward, back] = chains.entry(&told.name).or_default();
        (*forward, *back) = ((*forward).max(told.forward), (*back).max(told.back));
    }
    chains
}

impl LinkView {
    fn of(before: &[LinkSample], link: &LinkSample, seconds: f64) -> LinkView {
        let dropped = |link: &LinkSample| link.dropped_full + link.dropped_down;
        let same = before.iter().find(|before| (&before.from, &before.to) == (&link.from, &link.to));
        LinkView {
            pps: rate(same.map_or(0, |before| before.frames), link.frames, seconds),
            dropped_pps: rate(same.map_or(0, dropped), dropped(link), seconds),
            link: link.clone(),
        }
    }
}

impl VmView {
    fn of(ports: &[Port], before: Option<&VmSample>, vm: &VmSample, seconds: f64) -> VmView {
        let inside = before.and_then(|before| before.inside.as_ref());
        let since = |count: fn(&VmSample) -> u64| rate(before.map_or(0, count), count(vm), seconds);
        let number = |what: fn(&Inside) -> u64| vm.inside.as_ref().map_or(0, what);
        VmView {
            name: vm.name.clone(),
            answers: vm.inside.is_some(),
            up_seconds: number(|inside| inside.up_ns) as f64 / 1e9,
            restarts: vm.restarts,
            cpu_percent: since(|vm| vm.cpu_ns) / 1e7,
            memory_bytes: vm.memory_bytes,
            free_buffers: number(|inside| inside.free_buffers),
            polls: vm.inside.as_ref().is_some_and(|inside| inside.polls),
            mode_switches: number(|inside| inside.mode_switches),
            in_pps: since(|vm| vm.frames().0),
            out_pps: since(|vm| vm.frames().1),
            drops_pps: since(VmSample::dropped),
            ports: vm.inside.as_ref().map_or_else(Vec::new, |now| port_views(ports, inside, now, seconds)),
            drops: vm.inside.as_ref().map_or_else(Vec::new, |now| drops_views(inside, now, seconds)),
        }
    }
}

fn port_views(known: &[Port], before: Option<&Inside>, now: &Inside, seconds: f64) -> Vec<PortView> {
    let views = now.ports.iter().enumerate().map(|(number, port)| {
        let (received, sent) =
            before.and_then(|before| before.ports.get(number)).map_or((0, 0), |before| (before.received, before.sent));
        PortView {
            name: port.name.clone(),
            vm: known.get(number).and_then(|known| known.vm.clone()),
            received: port.received,
            sent: port.sent,
            in_pps: rate(received, port.received, seconds),
            out_pps: rate(sent, port.sent, seconds),
        }
    });
    views.collect()
}

fn drops_views(before: Option<&Inside>, now: &Inside, seconds: f64) -> Vec<DropsView> {
    let views = now.drops.iter().map(|drops| {
        let same = |before: &&Drops| (&before.element, &before.reason) == (&drops.element, &drops.reason);
        let packets = before.and_then(|before| before.drops.iter().find(same)).map_or(0, |before| before.packets);
        DropsView { drops: drops.clone(), pps: rate(packets, drops.packets, seconds) }
    });
    views.collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{ChainSample, PortSample};
    use super::*;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    fn sample(time: SystemTime, restarts: u32, received: u64, denied: u64) -> Sample {
        let ports = vec![PortSample { name: "lan".into(), received, sent: 2 * received }];
        let (element, reason, meaning) = ("filter".into(), "denied".into(), "packets that a rule denied".into());
        let drops = vec![Drops { element, reason, meaning, packets: denied }];
        let chains = vec![ChainSample { name: "web".into(), forward: received, back: 0 }];
        let inside = Some(Inside {
            up_ns: 5_000_000_000,
            free_buffers: 77,
            polls: true,
            mode_switches: 3,
            ports,
            drops,
            chains,
        });
        let (name, cpu_ns, memory_bytes) = ("fw".into(), received * 1_000_000, 3 << 20);
        let (from, to) = ("fw.ids".into(), "ids.fw".into());
        let (dropped_full, dropped_down) = (denied, denied);
        let links = vec![LinkSample { from, to, up: true, frames: received, waiting: 3, dropped_full, dropped_down }];
        Sample { time, malformed: 0, links, vms: vec![VmSample { name, restarts, cpu_ns, memory_bytes, inside }] }
    }

    #[test]
    fn rates_are_of_the_time_between_and_begin_anew_with_a_vm() {
        let mut state = State::begin("a", Path::new("a.nf"), "microvm, tcg".into(), false);
        state.services.push(Service { name: "wall".into(), vms: vec!["fw".into(), "fw_1".into()] });
        let later = state.began + Duration::from_secs(2);
        let view = View::between(&state, &sample(state.began, 0, 100, 10), &sample(later, 0, 300, 40));
        let vm = &view.vms[0];
        assert_eq!((vm.in_pps, vm.out_pps, vm.drops_pps, vm.cpu_percent), (100.0, 200.0, 15.0, 10.0));
        assert_eq!((vm.drops[0].pps, vm.ports[0].in_pps), (15.0, 100.0));
        assert_eq!((view.chains[0].forward_pps, view.services[0].in_pps, view.services[0].running), (100.0, 100.0, 1));
        assert_eq!((view.links[0].pps, view.links[0].dropped_pps), (100.0, 30.0));
        let again = View::between(&state, &sample(state.began, 0, 100, 10), &sample(later, 1, 50, 0));
        assert_eq!(again.vms[0].in_pps, 25.0);
        state.run = "b".into();
        let text = view.text();
        for part in [
            "fw.lan",
            "network lan",
            "polling (3)",
            "filter.denied",
            "a rule denied",
            "77",
            "fw.ids → ids.fw",
            "1 of 2",
            "web",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(view.line().starts_with("fw 100 in/s, 200 out/s"), "{}", view.line());
    }
}
