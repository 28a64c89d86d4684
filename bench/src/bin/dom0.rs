// SPDX-License-Identifier: Apache-2.0
//! What tests and benchmarks run within the dom0 of Xen's test-bed (`qemu::xen`): frames into one vif and out of another, and the
//! talk with a VM over its control channel. It is copied there; dom0 has the libraries that it needs.
#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use bench::port::{BURST, Port};
use clap::Parser;
use pcap_file::pcap::{PcapPacket, PcapReader, PcapWriter};
use qemu::Control;
use std::fs::File;
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a receive waits before it looks at the time.
const LOOK: Duration = Duration::from_millis(50);
/// How long a VM may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two frames that are tried until a guest forwards one.
const PROBE_INTERVAL: Duration = Duration::from_millis(1);
/// How long the sender leaves a full queue alone.
const BACK_OFF: Duration = Duration::from_micros(500);

#[derive(Parser)]
enum Verb {
    /// Send the frames of a capture into a vif, record what leaves by another, and print how many that were
    Pass {
        into: String,
        capture: PathBuf,
        out_of: String,
        record: PathBuf,
        /// End when so many have come, or when none has come for some seconds
        #[arg(long)]
        count: usize,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Send the frames of a capture into a vif again and again, as fast as it takes them, and print how many it took
    Flood { into: String, capture: PathBuf, milliseconds: u64 },
    /// Run a command that makes two vifs, send a frame into the first until it comes out of the second, and print the milliseconds
    First {
        into: String,
        capture: PathBuf,
        out_of: String,
        #[arg(long, default_value_t = 120)]
        seconds: u64,
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Wait until a VM is ready, and print the nanoseconds from its entry until then
    Ready { socket: PathBuf },
    /// Print a handler's value
    Read { socket: PathBuf, element: String, handler: String },
    /// Print by how much a handler's number grows in a second, over so many milliseconds
    Rate { socket: PathBuf, element: String, handler: String, milliseconds: u64 },
    /// Call a write handler
    Write { socket: PathBuf, element: String, handler: String, value: String },
    /// Power a VM off
    Off { socket: PathBuf },
}

fn main() -> Result<()> {
    match Verb::parse() {
        Verb::Pass { into, capture, out_of, record, count, seconds } => {
            println!("{}", pass(&into, &capture, &out_of, &record, count, Duration::from_secs(seconds))?);
        }
        Verb::Flood { into, capture, milliseconds } => {
            println!("{}", flood(&into, &capture, Duration::from_millis(milliseconds))?);
        }
        Verb::First { into, capture, out_of, seconds, command } => {
            println!(
                "{:.1}",
                first(&into, &capture, &out_of, &command, Duration::from_secs(seconds))?.as_secs_f64() * 1e3
            );
        }
        Verb::Ready { socket } => println!("{}", ready(&socket)?),
        Verb::Read { socket, element, handler } => println!("{}", control(&socket)?.read(&element, &handler)?),
        Verb::Rate { socket, element, handler, milliseconds } => {
            println!("{:.1}", rate(&mut control(&socket)?, &element, &handler, Duration::from_millis(milliseconds))?);
        }
        Verb::Write { socket, element, handler, value } => control(&socket)?.write(&element, &handler, &value)?,
        Verb::Off { socket } => control(&socket)?.power_off()?,
    }
    Ok(())
}

fn pass(into: &str, capture: &Path, out_of: &str, record: &Path, count: usize, patience: Duration) -> Result<usize> {
    let frames = frames(capture)?;
    let mut receiver = Port::receiver(out_of, LOOK)?;
    let mut sender = Port::sender(into)?;
    let mut recorder = PcapWriter::new(File::create(record)?)?;
    let (mut buffer, mut came, mut last) = ([0; 2048], 0, Instant::now());
    let mut rest = frames.iter();
    let mut next = rest.next();
    while next.is_some() || (came < count && last.elapsed() < patience) {
        if let Some(frame) = next {
            if sender.send_one(frame)? {
                (next, last) = (rest.next(), Instant::now());
                continue;
            }
            ensure!(last.elapsed() < patience, "{into} takes no frame");
        }
        if let Some(frame) = receiver.receive(&mut buffer)? {
            recorder.write_packet(&PcapPacket::new(Duration::ZERO, frame.len() as u32, frame))?;
            (came, last) = (came + 1, Instant::now());
        }
    }
    // One more than there should be would come soon.
    while let Some(frame) = receiver.receive(&mut buffer)? {
        recorder.write_packet(&PcapPacket::new(Duration::ZERO, frame.len() as u32, frame))?;
        came += 1;
    }
    Ok(came)
}

fn flood(into: &str, capture: &Path, time: Duration) -> Result<u64> {
    let frames = frames(capture)?;
    let burst: Vec<[IoSlice<'_>; 1]> = frames.iter().cycle().take(BURST).map(|frame| [IoSlice::new(frame)]).collect();
    let mut sender = Port::sender(into)?;
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < time {
        let took = sender.send(&burst)?;
        sent += took as u64;
        if took < burst.len() {
            sleep(BACK_OFF);
        }
    }
    Ok(sent)
}

/// From the start of `command` until the first frame came through.
fn first(into: &str, capture: &Path, out_of: &str, command: &[String], patience: Duration) -> Result<Duration> {
    let frames = frames(capture)?;
    let [program, arguments @ ..] = command else { bail!("no command") };
    let start = Instant::now();
    let mut command = Command::new(program).args(arguments).spawn().with_context(|| format!("cannot run {program}"))?;
    let mut buffer = [0; 2048];
    let mut ends = None;
    while start.elapsed() < patience {
        if let Some(status) = command.try_wait()? {
            ensure!(status.success(), "{program}: {status}");
        }
        let Some((sender, receiver)) = &mut ends else {
            sleep(PROBE_INTERVAL);
            ends = Port::sender(into).and_then(|into| Ok((into, Port::receiver(out_of, PROBE_INTERVAL)?))).ok();
            continue;
        };
        sender.send_one(&frames[0])?;
        if receiver.receive(&mut buffer)?.is_some_and(|frame| frame == frames[0]) {
            let took = start.elapsed();
            ensure!(command.wait()?.success(), "{program} failed");
            return Ok(took);
        }
    }
    bail!("no frame came through in {} s", patience.as_secs())
}

fn frames(capture: &Path) -> Result<Vec<Vec<u8>>> {
    let file = File::open(capture).with_context(|| format!("cannot read {}", capture.display()))?;
    let (mut reader, mut frames) = (PcapReader::new(file)?, Vec::new());
    while let Some(packet) = reader.next_packet() {
        frames.push(packet?.data.into_owned());
    }
    ensure!(!frames.is_empty(), "{} holds no frame", capture.display());
    Ok(frames)
}

/// Waits until a VM is ready: the nanoseconds from its entry until then.
fn ready(socket: &Path) -> Result<u64> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if let Some(mut control) = Control::connect(socket)?
            && let Some(ready) = control.ready(deadline.saturating_duration_since(Instant::now()))?
        {
            return Ok(ready.ready_ns);
        }
        sleep(LOOK);
    }
    bail!("no VM becomes ready behind {}", socket.display())
}

/// By how much a number grows in a second. The VM is slow to answer while it has work: the time is that between both answers.
fn rate(control: &mut Control, element: &str, handler: &str, time: Duration) -> Result<f64> {
    let mut read = || -> Result<(f64, Instant)> {
        let value = control.read(element, handler)?;
        Ok((value.trim().parse().with_context(|| format!("{element}.{handler} is {value:?}"))?, Instant::now()))
    };
    let (before, start) = read()?;
    sleep(time);
    let (after, end) = read()?;
    Ok((after - before) / end.duration_since(start).as_secs_f64())
}

/// The control channel of a VM that was asked before.
fn control(socket: &Path) -> Result<Control> {
    Control::take_over(socket, PATIENCE)?.with_context(|| format!("nobody is behind {}", socket.display()))
}
