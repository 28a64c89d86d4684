// SPDX-License-Identifier: Apache-2.0
//! The counters of all VMs at one moment, and the rates between two.

use super::answer::Target;
use super::body::Census;
use super::process::Usage;
use super::state;
use nf_elements::elements::class;
use nf_elements::spec::{HandlerKind, Shape};
use qemu::{Control, ControlError};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant, SystemTime};

/// How long all VMs together may take to tell of themselves, and each one at least.
const PATIENCE: Duration = Duration::from_secs(2);
const PATIENCE_EACH: Duration = Duration::from_millis(50);

/// A moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub time: SystemTime,
    /// Requests to the manager that were none.
    pub malformed: u64,
    /// The VMs.
    pub vms: Vec<VmSample>,
    /// The links that are rings; none where nobody sees into them.
    pub links: Vec<LinkSample>,
}

/// A ring of a link then: one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSample {
    /// The port that sends, `VM.PORT`.
    pub from: String,
    /// The port that receives.
    pub to: String,
    /// Whether both ends are up.
    pub up: bool,
    /// Frames so far.
    pub frames: u64,
    /// Slots of the ring, of 64 bytes each, whose frames wait now.
    pub waiting: u64,
    /// Frames that were dropped because the ring was full, or because the other end was down.
    pub dropped_full: u64,
    /// See `dropped_full`.
    pub dropped_down: u64,
}

/// A VM then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VmSample {
    /// Its name.
    pub name: String,
    /// How often it was started again.
    pub restarts: u32,
    /// Processor time of its QEMU or domain, and its share of the memory.
    pub cpu_ns: u64,
    /// See `cpu_ns`.
    pub memory_bytes: u64,
    /// What it says of itself; none if it does not answer.
    pub inside: Option<Inside>,
}

/// What a VM says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inside {
    /// Nanoseconds since its kernel's entry.
    pub up_ns: u64,
    /// Packet buffers that are free.
    pub free_buffers: u64,
    /// Whether its run loop polls, rather than wait for interrupts, and how often that changed.
    pub polls: bool,
    /// See `polls`.
    pub mode_switches: u64,
    /// Its ports, in order.
    pub ports: Vec<PortSample>,
    /// What elements dropped, by reason; only what is not zero.
    pub drops: Vec<Drops>,
    /// What its hops sent on along directed chains.
    pub chains: Vec<ChainSample>,
}

/// What a VM sent on along a directed chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSample {
    /// The chain.
    pub name: String,
    /// Frames that went forward so far.
    pub forward: u64,
    /// Frames that went back.
    pub back: u64,
}

/// A port then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PortSample {
    /// Its name.
    pub name: String,
    /// Frames so far.
    pub received: u64,
    /// Frames so far.
    pub sent: u64,
}

/// What an element dropped for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drops {
    /// The element.
    pub element: String,
    /// The handler that counts.
    pub reason: String,
    /// What the reason means.
    pub meaning: String,
    /// Packets so far.
    pub packets: u64,
}

impl VmSample {
    /// Asks all VMs and looks at their processes or domains.
    pub fn take_all(targets: &mut [Target]) -> Vec<VmSample> {
        let deadline = Instant::now() + PATIENCE;
        let census = Census::of(targets.iter().filter_map(|target| target.vm.body.as_ref()));
        let sample = |target: &mut Target| {
            let patience = deadline.saturating_duration_since(Instant::now()).max(PATIENCE_EACH);
            let usage = target.vm.body.as_ref().and_then(|body| census.usage(body)).unwrap_or_default();
            VmSample::take(target.vm, usage, target.control.as_deref_mut(), patience)
        };
        targets.iter_mut().map(sample).collect()
    }

    fn take(vm: &state::Vm, usage: Usage, control: Option<&mut Control>, patience: Duration) -> VmSample {
        let Usage { cpu, memory_bytes } = usage;
        let inside = control.and_then(|control| Inside::ask(vm, control, patience).ok());
        let (name, restarts, cpu_ns) = (vm.name.clone(), vm.restarts, cpu.as_nanos() as u64);
        VmSample { name, restarts, cpu_ns, memory_bytes, inside }
    }

    /// Frames that came in by all ports, and that left.
    pub fn frames(&self) -> (u64, u64) {
        let ports = self.inside.iter().flat_map(|inside| &inside.ports);
        ports.fold((0, 0), |(received, sent), port| (received + port.received, sent + port.sent))
    }

    /// Packets that were dropped, for all reasons.
    pub fn dropped(&self) -> u64 {
        self.inside.iter().flat_map(|inside| &inside.drops).map(|drops| drops.packets).sum()
    }
}

impl ChainSample {
    /// A line that a hop tells.
    fn parse(line: &str) -> Option<ChainSample> {
        let mut words = line.split_whitespace();
        let name = words.next()?.into();
        let mut number = || words.next()?.parse().ok();
        Some(ChainSample { name, forward: number()?, back: number()? })
    }
}

impl Inside {
    fn ask(vm: &state::Vm, control: &mut Control, patience: Duration) -> Result<Inside, ControlError> {
        let ports = (0..vm.ports.len()).flat_map(|port| [format!("received_{port}"), format!("sent_{port}")]);
        let of_ports: Vec<String> = ports.collect();
        let reasons = reasons(&vm.elements);
        let machine =
            ["now_ns", "free_buffers", "polls", "mode_switches"].into_iter().chain(of_ports.iter().map(String::as_str));
        let mut wanted: Vec<(&str, &str)> = machine.map(|handler| (control::MACHINE, handler)).collect();
        wanted.extend(reasons.iter().map(|(element, reason, _)| (*element, *reason)));
        let values = control.read_all(&wanted, patience)?;
        let number = |value: Option<String>| value.and_then(|value| value.trim().parse().ok()).unwrap_or(0);
        let mut numbers = values.into_iter().map(number);
        let mut next = || numbers.next().unwrap_or(0);
        let (up_ns, free_buffers, polls, mode_switches) = (next(), next(), next() != 0, next());
        let port = |port: &state::Port| PortSample { name: port.name.clone(), received: next(), sent: next() };
        let ports = vm.ports.iter().map(port).collect();
        let drops = reasons.into_iter().zip(numbers).filter(|(_, packets)| *packets > 0);
        let drops = drops.map(|((element, reason, meaning), packets)| Drops {
            element: element.into(),
            reason: reason.into(),
            meaning: meaning.into(),
            packets,
        });
        let drops = drops.collect();
        let hops = vm.elements.iter().filter(|element| element.class == state::HOP);
        let hops: Vec<_> = hops.map(|hop| (hop.name.as_str(), "chains")).collect();
        let told = control.read_all(&hops, patience)?;
        let chains = told.iter().flatten().flat_map(|told| told.lines()).filter_map(ChainSample::parse).collect();
        Ok(Inside { up_ns, free_buffers, polls, mode_switches, ports, drops, chains })
    }
}

/// The handlers that count drops: element, handler, meaning.
fn reasons(elements: &[state::Element]) -> Vec<(&str, &'static str, &'static str)> {
    let known = elements.iter().filter_map(|element| Some((element, class(&element.class)?.spec)));
    // Reading a handler of a script may run it.
    let known = known.filter(|(_, spec)| spec.shape != Shape::Control);
    let reasons = known.flat_map(|(element, spec)| {
        let drops = spec.handlers.iter().filter(|handler| handler.kind == HandlerKind::Drops);
        drops.map(|handler| (element.name.as_str(), handler.name, handler.doc))
    });
    reasons.collect()
}

/// A rate per second from `earlier` to `later`, `seconds` apart. A counter that fell began again with its VM.
pub fn rate(earlier: u64, later: u64, seconds: f64) -> f64 {
    let more = if later < earlier { later } else { later - earlier };
    if seconds > 0.0 { more as f64 / seconds } else { 0.0 }
}
