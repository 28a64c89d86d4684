// SPDX-License-Identifier: Apache-2.0
//! What happened in a run: for people, or as JSON.

use super::fleet::Member;
use super::links::{Link, LinkReport};
use super::relay::Relay;
use crate::build::{Built, Place, manifest};
use crate::cli::RunArgs;
use anyhow::anyhow;
use nf_elements::elements::class;
use nf_elements::spec::{Handler, HandlerKind, Shape};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long all VMs together may take to tell their counters, and each one at least.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_EACH: Duration = Duration::from_millis(100);

/// The whole.
#[derive(Debug, Serialize)]
pub struct Report {
    chain: String,
    machine: String,
    accel: &'static str,
    vms: Vec<VmReport>,
    links: Vec<LinkReport>,
    packets: Packets,
    throughput: Option<Throughput>,
    /// The captures that were written.
    pub captures: Vec<Recorded>,
    /// Why some VMs' counters are missing.
    #[serde(skip)]
    silent: Vec<anyhow::Error>,
}

#[derive(Debug, Serialize)]
struct VmReport {
    name: String,
    image_bytes: u64,
    memory_mib: u32,
    boot: Boot,
    /// Whether it told its counters, if it still ran; they are 0 if not.
    answers: bool,
    ports: Vec<PortReport>,
    drops: Vec<Drops>,
    handlers: BTreeMap<String, BTreeMap<String, String>>,
}

/// Microseconds since the VMM was started, or the domain's creation began.
#[derive(Debug, Default, Serialize)]
struct Boot {
    kernel_entry_us: Option<u64>,
    ready_us: Option<u64>,
    first_out_us: Option<u64>,
}

#[derive(Debug, Serialize)]
struct PortReport {
    name: String,
    received: u64,
    sent: u64,
}

#[derive(Debug, Serialize)]
struct Drops {
    element: String,
    reason: String,
    meaning: &'static str,
    packets: u64,
}

/// What `machine.link_down_N` counts.
const LINK_DOWN: &str = "frames for a VM that was not there";

/// Frames at the ports that lead to networks; what a link between two VMs carries counts at neither end.
#[derive(Debug, Default, Serialize)]
struct Packets {
    r#in: u64,
    forwarded: u64,
    dropped: u64,
}

/// From the first frame in to the last one out.
#[derive(Debug, Serialize)]
struct Throughput {
    seconds: f64,
    in_pps: f64,
    out_pps: f64,
    out_bits_per_second: f64,
}

/// A capture that was written.
#[derive(Debug, Serialize)]
pub struct Recorded {
    /// PORT, as the user gave it.
    pub port: String,
    /// Where it lies.
    pub file: PathBuf,
    /// How many frames it has.
    pub frames: u64,
}

impl Report {
    /// Asks the VMs, which must still run. One that does not answer holds nothing up.
    pub fn gather(
        built: &Built,
        (machine, accel): (String, &'static str),
        args: &RunArgs,
        fleet: &mut [Member],
        relay: &Relay,
        links: &[Link],
    ) -> anyhow::Result<Report> {
        let throughput = throughput(relay, fleet);
        let (deadline, mut silent) = (Instant::now() + PATIENCE, Vec::new());
        let vms = built.manifest.vms.iter().zip(fleet).map(|(vm, member)| {
            let patience = deadline.saturating_duration_since(Instant::now()).max(PATIENCE_EACH);
            let told = Told::ask(vm, member, patience);
            vm_report(vm, args, member, told.map_err(|error| silent.push(error)).ok())
        });
        let vms: Vec<_> = vms.collect();
        let mut packets = Packets::default();
        for (vm, planned) in vms.iter().zip(&built.manifest.vms) {
            packets.dropped += vm.drops.iter().map(|drops| drops.packets).sum::<u64>();
            for (port, _) in vm.ports.iter().zip(&planned.ports).filter(|(_, planned)| planned.network.is_some()) {
                packets.r#in += port.received;
                packets.forwarded += port.sent;
            }
        }
        let count = |place: Place| {
            let port = &vms[place.vm].ports[place.port];
            (port.received, port.sent)
        };
        let links = links.iter().map(|link| link.report(count)).collect();
        let chain = built.manifest.chain.clone();
        Ok(Report { chain, machine, accel, vms, links, packets, throughput, captures: Vec::new(), silent })
    }

    /// An error if the counters of a VM are missing.
    pub fn complete(&self) -> anyhow::Result<()> {
        if self.silent.is_empty() { Ok(()) } else { Err(anyhow!("{}; its counters are missing", told(&self.silent))) }
    }

    /// On standard output.
    pub fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            anstream::print!("{}", self.text());
        }
        Ok(())
    }

    fn text(&self) -> String {
        const HEAD: anstyle::Style = anstyle::Style::new().bold();
        let mut text = format!("{HEAD}{}{HEAD:#} on {}, {}\n", self.chain, self.machine, self.accel);
        // Spare VMs have nothing to tell.
        let ran = || self.vms.iter().filter(|vm| vm.boot.ready_us.is_some());
        for vm in ran() {
            let boot = &vm.boot;
            let (entry, ready) = (milliseconds(boot.kernel_entry_us), milliseconds(boot.ready_us));
            let _ = write!(text, "  boot        {}: VMM start → kernel entry {entry} → ready {ready}", vm.name);
            let first = boot.first_out_us.map_or_else(|| "none".into(), |_| milliseconds(boot.first_out_us));
            let _ = writeln!(text, " → first packet out {first}");
        }
        let Packets { r#in, forwarded, dropped } = self.packets;
        let _ = writeln!(text, "  packets     {} in, {forwarded} forwarded, {dropped} dropped", r#in);
        for (vm, drops) in self.vms.iter().flat_map(|vm| vm.drops.iter().map(move |drops| (vm, drops))) {
            let Drops { element, reason, meaning, packets } = drops;
            let _ = writeln!(text, "              {packets:>8} {}: {element}.{reason} ({meaning})", vm.name);
        }
        for link in &self.links {
            let _ = writeln!(text, "  link        {}", link.text());
        }
        if let Some(throughput) = &self.throughput {
            let (kpps, mbit) = (throughput.in_pps / 1e3, throughput.out_bits_per_second / 1e6);
            let time = throughput.seconds * 1e3;
            let _ = writeln!(text, "  throughput  {kpps:.1} kpps in, {mbit:.1} Mbit/s out, over {time:.1} ms");
        }
        for vm in ran() {
            let kilobytes = vm.image_bytes as f64 / 1e3;
            let _ = writeln!(text, "  image       {}: {kilobytes:.1} KB loaded, {} MiB of RAM", vm.name, vm.memory_mib);
        }
        for capture in &self.captures {
            let _ = writeln!(
                text,
                "  capture     {}: {} ({} frames)",
                capture.port,
                capture.file.display(),
                capture.frames
            );
        }
        text
    }
}

fn milliseconds(microseconds: Option<u64>) -> String {
    microseconds.map_or_else(|| "?".into(), |time| format!("{:.1} ms", time as f64 / 1e3))
}

fn vm_report(vm: &manifest::Vm, args: &RunArgs, member: &Member, told: Option<Told>) -> VmReport {
    let answers = told.is_some();
    let Told { ports, first_out_ns, drops, handlers } = told.unwrap_or_else(|| Told::nothing(vm));
    let since = |at: Instant| member.started().map_or(0, |started| at.duration_since(started).as_micros() as u64);
    let boot = member.boot.map_or_else(Boot::default, |(entry, ready)| Boot {
        kernel_entry_us: Some(since(entry)),
        ready_us: Some(since(ready)),
        first_out_us: (first_out_ns > 0).then(|| since(entry) + first_out_ns / 1000),
    });
    let (name, memory_mib) = (vm.name.clone(), args.memory.unwrap_or(vm.memory_mib));
    VmReport { name, image_bytes: vm.image_bytes, memory_mib, boot, answers, ports, drops, handlers }
}

type Handlers = BTreeMap<String, BTreeMap<String, String>>;

/// What a VM told of itself.
struct Told {
    ports: Vec<PortReport>,
    first_out_ns: u64,
    /// Those that are not zero.
    drops: Vec<Drops>,
    /// Every read handler's value.
    handlers: Handlers,
}

impl Told {
    /// Asks for everything at once: where VMs take all of the processor, each answer may be long in coming.
    fn ask(vm: &manifest::Vm, member: &mut Member, patience: Duration) -> anyhow::Result<Told> {
        const COUNTERS: [&str; 3] = ["received", "sent", "link_down"];
        let counters = (0..vm.ports.len()).flat_map(|port| COUNTERS.map(|counter| format!("{counter}_{port}")));
        let counters: Vec<String> = counters.chain(["first_out_ns".into()]).collect();
        let known = read_handlers(vm);
        let of_machine = counters.iter().map(|counter| (control::MACHINE, counter.as_str()));
        let of_elements = known.iter().map(|(element, handler)| (*element, handler.name));
        let wanted: Vec<_> = of_machine.chain(of_elements).collect();
        let mut values = member.read_all(&wanted, patience)?;
        let of_elements = values.split_off(counters.len());
        let mut numbers = values.iter().map(|value| number(value.as_deref()));
        let mut next = || numbers.next().unwrap_or(0);
        let mut told = Told::nothing(vm);
        let values = known.into_iter().zip(of_elements);
        values.filter_map(|(known, value)| Some((known, value?))).for_each(|(known, value)| told.add(known, value));
        for (index, port) in told.ports.iter_mut().enumerate() {
            (port.received, port.sent) = (next(), next());
            let (packets, reason) = (next(), format!("link_down_{index}"));
            if packets > 0 {
                told.drops.push(Drops { element: control::MACHINE.into(), reason, meaning: LINK_DOWN, packets });
            }
        }
        told.first_out_ns = next();
        Ok(told)
    }

    fn nothing(vm: &manifest::Vm) -> Told {
        let port = |port: &manifest::Port| PortReport { name: port.name.clone(), received: 0, sent: 0 };
        let ports = vm.ports.iter().map(port).collect();
        Told { ports, first_out_ns: 0, drops: Vec::new(), handlers: Handlers::new() }
    }

    fn add(&mut self, (element, handler): (&str, &'static Handler), value: String) {
        let packets = number(Some(&value));
        if handler.kind == HandlerKind::Drops && packets > 0 {
            let (element, reason) = (element.into(), handler.name.into());
            self.drops.push(Drops { element, reason, meaning: handler.doc, packets });
        }
        self.handlers.entry(element.into()).or_default().insert(handler.name.into(), value);
    }
}

fn number(value: Option<&str>) -> u64 {
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Every handler that can be read, with its element.
fn read_handlers(vm: &manifest::Vm) -> Vec<(&str, &'static Handler)> {
    let known = vm.elements.iter().filter_map(|element| Some((element.name.as_str(), class(&element.class)?.spec)));
    // Reading a handler of a script may run it.
    let known = known.filter(|(_, spec)| spec.shape != Shape::Control);
    let read = known.flat_map(|(element, spec)| spec.handlers.iter().map(move |handler| (element, handler)));
    read.filter(|(_, handler)| handler.kind != HandlerKind::Write).collect()
}

/// Errors on one line.
pub fn told(errors: &[anyhow::Error]) -> String {
    errors.iter().map(|error| format!("{error:#}")).collect::<Vec<_>>().join("; ")
}

/// Frames that were sent in before all VMs were ready waited: the time counts from then.
fn throughput(relay: &Relay, fleet: &[Member]) -> Option<Throughput> {
    let times = relay.times();
    let ready = fleet.iter().filter_map(|member| Some(member.boot?.1)).max()?;
    let end = times.last_out.max(times.last_in)?;
    let seconds = end.checked_duration_since(times.first_in?.max(ready))?.as_secs_f64();
    let count =
        |counter: fn(&super::relay::Served) -> u64| relay.served.iter().map(counter).sum::<u64>() as f64 / seconds;
    (seconds > 0.0).then(|| Throughput {
        seconds,
        in_pps: count(|served| served.sent.load(Ordering::Relaxed)),
        out_pps: count(|served| served.received.load(Ordering::Relaxed)),
        out_bits_per_second: 8.0 * count(|served| served.received_bytes.load(Ordering::Relaxed)),
    })
}
