// SPDX-License-Identifier: Apache-2.0
//! Our image beside a Linux that bridges, both as PVH guests of the same emulated Xen and behind the same netback; and two of our VMs
//! joined over granted memory, beside two that are joined by a bridge of dom0.
#![forbid(unsafe_code)]

mod pairs;

use anyhow::{Context, Result, ensure};
use bench::frame::{Ends, udp};
use bench::peer;
use bench::results::Results;
use clap::{Parser, ValueEnum};
use pcap_file::pcap::{PcapPacket, PcapWriter};
use qemu::xen::{Bed, Dom0, Options as Machine};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The chain: two ports joined.
const CHAIN: &str = "examples/wire.nf";
const IMAGE: &str = "wire.elf";
/// What both have in the measurements of speed, in MiB: enough never to matter.
const MEMORY_MIB: u32 = 128;
/// How long a guest may take to its first frame, in seconds.
const PATIENCE_S: u32 = 120;
/// What is flooded before a measurement, so that emulation has seen the code.
const WARM_UP_MS: u64 = 1000;
/// Bytes of Ethernet's check sequence, which no vif sees.
const CHECK_SEQUENCE: usize = 4;
/// Frame sizes on the wire.
const SIZES: [usize; 2] = [64, 1500];
const ENDS: Ends =
    Ends { from: [2, 0, 0, 0, 0, 1], to: [2, 0, 0, 0, 0, 2], source: [10, 0, 0, 1], destination: [10, 0, 0, 2] };

/// Our image and a Linux guest on an emulated Xen: creation to first packet, forwarding, least memory; frames from VM to VM
#[derive(Parser)]
#[command(after_help = "Example:\n  bench-xen --rounds 3")]
struct Options {
    /// Rounds, each guest in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a flood lasts, in milliseconds
    #[arg(long, default_value_t = 2000)]
    flood: u64,
    /// Measure only this
    #[arg(long)]
    only: Option<Part>,
    /// Where the Linux guest's packages are kept [default: ~/.cache/sluice/peer]
    #[arg(long)]
    peer_cache: Option<PathBuf>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Creation to first packet, and forwarding, beside Linux
    Guests,
    /// From VM to VM
    Pairs,
    /// Least memory
    Memory,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// A guest that takes part.
struct Guest {
    name: &'static str,
    /// Its kernel's lines in xl.cfg.
    kernel: &'static str,
}

const GUESTS: [Guest; 2] = [
    Guest { name: "sluice", kernel: "kernel = 'wire.elf'" },
    Guest {
        name: "linux",
        kernel: "kernel = 'vmlinuz'\nramdisk = 'bridge.cpio'\n\
                 cmdline = 'quiet loglevel=0 mitigations=off ipv6.disable=1 rdinit=/init sluice.mode=bridge sluice.wait=eth1'",
    },
];

/// Our guest with a control channel, which takes dom0 a QEMU more: to ask, and not to measure creation. xl 4.17 takes the first
/// channel for the console.
const ASKED: Guest = Guest {
    name: "sluice",
    kernel: "kernel = 'wire.elf'\n\
             channel = ['connection=pty,name=spare', 'connection=socket,path=/run/sluice-guest.control,name=sluice']",
};

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(results) => {
            print(&results);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench-xen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<Results> {
    let mut dom0 = prepare(options)?;
    let mut results = Results::default();
    if options.wants(Part::Pairs) {
        pairs::start(&mut dom0, &sluice()?)?;
    }
    for round in 1..=options.rounds {
        for guest in GUESTS.iter().filter(|_| options.wants(Part::Guests)) {
            eprintln!("bench-xen: round {round} of {}, {}", options.rounds, guest.name);
            measure_guest(&mut dom0, guest, options.flood, &mut results)?;
        }
        if options.wants(Part::Guests) {
            results.add("own_ms", own_ms(&mut dom0)?);
        }
        for way in pairs::WAYS.iter().filter(|_| options.wants(Part::Pairs)) {
            eprintln!("bench-xen: round {round} of {}, VM to VM, {}", options.rounds, way.name);
            for bytes in SIZES {
                let kpps = pairs::measure(&mut dom0, way, bytes - CHECK_SEQUENCE, options.flood)?;
                results.add(&format!("pair_kpps/{bytes}/{}", way.name), kpps);
            }
        }
    }
    if options.wants(Part::Memory) {
        results.add("memory_mib/sluice", f64::from(least_memory(&mut dom0)?));
    }
    dom0.power_off()?;
    Ok(results)
}

/// Creates a guest, floods it and ends it.
fn measure_guest(dom0: &mut Dom0, guest: &Guest, milliseconds: u64, results: &mut Results) -> Result<()> {
    let first_ms = create(dom0, guest, MEMORY_MIB, PATIENCE_S)?;
    let first_ms = first_ms.with_context(|| format!("{} forwards nothing", guest.name))?;
    results.add(&format!("create_ms/{}", guest.name), first_ms);
    for bytes in SIZES {
        flood(dom0, bytes, WARM_UP_MS)?;
        let kpps = flood(dom0, bytes, milliseconds)?;
        results.add(&format!("forward_kpps/{bytes}/{}", guest.name), kpps);
    }
    shell(dom0, "xl destroy guest")?;
    Ok(())
}

/// How long our guest itself ran until its first frame, as Xen tells it: neither dom0, nor what it waited for.
fn own_ms(dom0: &mut Dom0) -> Result<f64> {
    create(dom0, &ASKED, MEMORY_MIB, PATIENCE_S)?.context("sluice forwards nothing")?;
    let ns = shell(dom0, "./dom0 read /run/sluice-guest.control machine first_out_ran_ns; xl destroy guest")?;
    Ok(ns.trim().parse::<f64>()? / 1e6)
}

/// The sluice beside this program.
fn sluice() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("sluice"))
}

/// The least memory with which our image forwards a frame, in MiB.
fn least_memory(dom0: &mut Dom0) -> Result<u32> {
    let (mut little, mut enough) = (0, 16);
    while enough - little > 1 {
        let middle = (little + enough) / 2;
        eprintln!("bench-xen: {middle} MiB");
        let fits = create(dom0, &GUESTS[0], middle, 20)?.is_some();
        *if fits { &mut enough } else { &mut little } = middle;
        shell(dom0, "xl destroy guest 2>/dev/null || true")?;
    }
    Ok(enough)
}

/// A dom0 with both guests, the frames, and the program that sends them.
fn prepare(options: &Options) -> Result<Dom0> {
    let folder = tempfile::TempDir::new()?;
    let sluice = sluice()?;
    let built = Command::new(&sluice).args(["build", CHAIN, "-o"]).arg(folder.path()).output();
    let built = built.context("cannot run the sluice beside this program")?;
    ensure!(built.status.success(), "sluice build: {}", String::from_utf8_lossy(&built.stderr));
    let linux = peer::prepare_for_xen(&options.peer_cache.clone().unwrap_or_else(peer::default_cache))?;
    let mut dom0 = Bed::prepare()?.boot(&Machine::default())?;
    dom0.copy(&folder.path().join(IMAGE))?;
    dom0.copy(&sluice.with_file_name("dom0"))?;
    dom0.put("vmlinuz", 0o644, &std::fs::read(&linux.bzimage)?)?;
    dom0.put("bridge.cpio", 0o644, &linux.initrd)?;
    for bytes in SIZES {
        dom0.put(&format!("{bytes}.pcap"), 0o644, &capture(bytes)?)?;
    }
    shell(&mut dom0, "for end in in out; do ip link add name $end type bridge; ip link set $end up; done")?;
    Ok(dom0)
}

fn capture(bytes: usize) -> Result<Vec<u8>> {
    let mut file = PcapWriter::new(Vec::new())?;
    let frame = udp(&ENDS, bytes, 0);
    file.write_packet(&PcapPacket::new(Duration::ZERO, frame.len() as u32, &frame))?;
    Ok(file.into_writer())
}

/// Creates the guest: the milliseconds until its first frame came out, or none if none did.
fn create(dom0: &mut Dom0, guest: &Guest, memory_mib: u32, seconds: u32) -> Result<Option<f64>> {
    let text = format!(
        "name = 'guest'\ntype = 'pvh'\n{}\nmemory = {memory_mib}\nvcpus = 1\non_crash = 'destroy'\n\
         vif = [ 'bridge=in,vifname=vin', 'bridge=out,vifname=vout' ]\n",
        guest.kernel
    );
    dom0.put("guest.cfg", 0o644, text.as_bytes())?;
    let outcome = dom0.run(&format!("./dom0 first vin 64.pcap vout --seconds {seconds} -- xl create -q guest.cfg"))?;
    match outcome.status {
        0 => Ok(Some(outcome.stdout.trim().parse()?)),
        _ => {
            let console = dom0.run("tail -n 30 /var/log/xen/console/guest-guest.log; xl list")?.stdout;
            eprintln!("bench-xen: {}; its console ended with:\n{console}", outcome.stderr.trim());
            Ok(None)
        }
    }
}

/// Thousands of frames of this size that came out per second of a flood.
fn flood(dom0: &mut Dom0, bytes: usize, milliseconds: u64) -> Result<f64> {
    let count = "$(cat /sys/class/net/vout/statistics/rx_packets)";
    let came = shell(
        dom0,
        &format!("before={count}; ./dom0 flood vin {bytes}.pcap {milliseconds} >sent; echo $(({count} - before))"),
    )?;
    Ok(came.trim().parse::<f64>()? / milliseconds as f64)
}

fn shell(dom0: &mut Dom0, script: &str) -> Result<String> {
    let outcome = dom0.run(script)?;
    ensure!(outcome.status == 0, "{script}: {}{}", outcome.stdout, outcome.stderr);
    Ok(outcome.stdout)
}

fn print(results: &Results) {
    let create = [("xl create to the first frame, ms", "create_ms")];
    let forward =
        [("forwarding of 64 bytes, kpps", "forward_kpps/64"), ("forwarding of 1500 bytes, kpps", "forward_kpps/1500")];
    let pair = [("VM to VM, 64 bytes, kpps", "pair_kpps/64"), ("VM to VM, 1500 bytes, kpps", "pair_kpps/1500")];
    rows(results, "emulated Xen 4.17, one processor; medians", ["sluice", "linux"], &[&create[..], &forward].concat());
    if let Some(own) = results.median("own_ms") {
        println!("{:<44} {own:>10.1}", "of which the guest itself ran, ms");
    }
    rows(results, "", ["grants", "bridge"], &pair);
    if let Some(least) = results.median("memory_mib/sluice") {
        println!("{:<44} {least:>10.1}", "least memory, MiB");
    }
}

/// Prints the rows that were measured, each of two contestants, and how many times the second the first one is.
fn rows(results: &Results, title: &str, contestants: [&str; 2], rows: &[(&str, &str)]) {
    let median = |name: &str, contestant: &str| results.median(&format!("{name}/{contestant}"));
    if rows.iter().all(|(_, name)| median(name, contestants[0]).is_none()) {
        return;
    }
    println!("{title:<44} {:>10} {:>10} {:>8}", contestants[0], contestants[1], "ratio");
    for (title, name) in rows {
        let [first, second] = contestants.map(|contestant| median(name, contestant).unwrap_or(f64::NAN));
        println!("{title:<44} {first:>10.1} {second:>10.1} {:>8.2}", first / second);
    }
}
