// SPDX-License-Identifier: Apache-2.0
//! What happened in a run: for people, or as JSON.

use super::fleet::Member;
use super::layout::Place;
use super::links::{Link, LinkReport};
use super::relay::Relay;
use crate::build::{Built, manifest};
use crate::cli::{MachineType, RunArgs};
use clap::ValueEnum;
use nf_elements::elements::class;
use nf_elements::spec::{HandlerKind, Shape};
use qemu::Accel;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

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
}

#[derive(Debug, Serialize)]
struct VmReport {
    name: String,
    image_bytes: u64,
    memory_mib: u32,
    boot: Boot,
    ports: Vec<PortReport>,
    drops: Vec<Drops>,
    handlers: BTreeMap<String, BTreeMap<String, String>>,
}

/// Microseconds since the VMM was started.
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
    /// Asks the VMs, which must still run.
    pub fn gather(
        built: &Built,
        (machine, accel): (MachineType, Accel),
        args: &RunArgs,
        fleet: &mut [Member],
        relay: &Relay,
        links: &[Link],
    ) -> anyhow::Result<Report> {
        let throughput = throughput(relay, fleet);
        let vms = built.manifest.vms.iter().zip(fleet).map(|(vm, member)| vm_report(vm, args, member));
        let vms: Vec<_> = vms.collect::<anyhow::Result<_>>()?;
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
        let links = links.iter().map(|link| link.report(count)).collect::<anyhow::Result<_>>()?;
        let machine = machine.to_possible_value().map_or_else(String::new, |value| value.get_name().into());
        let (chain, accel) = (built.chain.stem.clone(), accel.name());
        Ok(Report { chain, machine, accel, vms, links, packets, throughput, captures: Vec::new() })
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

fn vm_report(vm: &manifest::Vm, args: &RunArgs, member: &mut Member) -> anyhow::Result<VmReport> {
    let (handlers, mut drops) = handlers(vm, member)?;
    let mut ports = Vec::new();
    for (number, port) in vm.ports.iter().enumerate() {
        let reason = format!("link_down_{number}");
        let packets = member.machine(&reason)?;
        if packets > 0 {
            drops.push(Drops { element: control::MACHINE.into(), reason, meaning: LINK_DOWN, packets });
        }
        let received = member.machine(&format!("received_{number}"))?;
        ports.push(PortReport { name: port.name.clone(), received, sent: member.machine(&format!("sent_{number}"))? });
    }
    let first_out_ns = member.machine("first_out_ns")?;
    let (started, boot) = (member.started(), member.boot);
    let since = |at: Instant| started.map_or(0, |started| at.duration_since(started).as_micros() as u64);
    let boot = boot.map_or_else(Boot::default, |(entry, ready)| Boot {
        kernel_entry_us: Some(since(entry)),
        ready_us: Some(since(ready)),
        first_out_us: (first_out_ns > 0).then(|| since(entry) + first_out_ns / 1000),
    });
    let (name, memory_mib) = (vm.name.clone(), args.memory.unwrap_or(vm.memory_mib));
    Ok(VmReport { name, image_bytes: vm.image_bytes, memory_mib, boot, ports, drops, handlers })
}

type Handlers = BTreeMap<String, BTreeMap<String, String>>;

/// Every read handler's value, and those that count drops and are not zero.
fn handlers(vm: &manifest::Vm, member: &mut Member) -> anyhow::Result<(Handlers, Vec<Drops>)> {
    let (mut handlers, mut drops) = (Handlers::new(), Vec::new());
    for element in &vm.elements {
        // Reading a handler of a script may run it.
        let Some(class) = class(&element.class).filter(|class| class.spec.shape != Shape::Control) else { continue };
        for handler in class.spec.handlers.iter().filter(|handler| handler.kind != HandlerKind::Write) {
            let Some(value) = member.read(&element.name, handler.name)? else { continue };
            let packets = value.trim().parse().unwrap_or(0);
            if handler.kind == HandlerKind::Drops && packets > 0 {
                let (element, reason) = (element.name.clone(), handler.name.into());
                drops.push(Drops { element, reason, meaning: handler.doc, packets });
            }
            handlers.entry(element.name.clone()).or_default().insert(handler.name.into(), value);
        }
    }
    Ok((handlers, drops))
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
