// SPDX-License-Identifier: Apache-2.0
//! One trial: load for a fixed time at a rate, then what came out and what the VM's process paid for it.

use std::io::IoSlice;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::course::Course;
use crate::frame::{self, Ends};
use crate::lab;
use crate::linux::NIC_MACS;
use crate::port::{BURST, Port};
use crate::{stop, vmm};

/// How often a paced sender wakes; between, the processor belongs to the VM.
const TICK: Duration = Duration::from_micros(500);
/// How long the sender leaves a full queue alone: a small part of what the queue holds.
const BACK_OFF: Duration = Duration::from_micros(500);
/// How long frames may still be on their way when sending has ended.
const DRAIN: Duration = Duration::from_millis(60);
/// Flows in a load where their number does not matter.
const FEW_FLOWS: usize = 16;
/// Flows of one source address, told apart by source port.
const FLOWS_OF_ADDRESS: usize = 20_000;

/// How fast to send.
#[derive(Debug, Clone, Copy)]
pub enum Rate {
    /// Keep the VM's queue from ever running empty.
    Saturate,
    /// This many frames per second.
    Pps(f64),
}

/// What a trial showed.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Trial {
    /// Frames per second offered.
    pub offered_pps: f64,
    /// Frames per second that came out.
    pub forwarded_pps: f64,
    /// The part of the offered frames that did not come out; in saturation, of those that the queue took.
    pub loss: f64,
    /// Microseconds of CPU, user and system, of the VM's process for each forwarded frame.
    pub cpu_us_per_frame: f64,
    /// The same of the load generator, for each offered frame: on a shared core the VM does not get this time.
    pub load_us_per_frame: f64,
}

/// The frames of a load, ready to send.
pub struct Load {
    frames: Vec<Vec<u8>>,
    course: Course,
}

impl Load {
    /// A load between these ends, of this frame size, outside tunnels.
    pub fn new(ends: &Ends, wire_bytes: usize, course: Course) -> Self {
        Self::of_flows(ends, wire_bytes, course, FEW_FLOWS)
    }

    /// The same of so many flows, one after the other, that begin at the address of `ends`.
    pub fn of_flows(ends: &Ends, wire_bytes: usize, course: Course, flows: usize) -> Self {
        let frame = |index: usize| {
            let (address, port) = (index / FLOWS_OF_ADDRESS, index % FLOWS_OF_ADDRESS);
            let source = (u32::from_be_bytes(ends.source) + address as u32).to_be_bytes();
            course.entering(&Ends { source, ..*ends }, wire_bytes, port as u16)
        };
        let frames = flows.next_multiple_of(BURST);
        Self { frames: (0..frames).map(|index| frame(index % flows)).collect(), course }
    }

    /// Runs one trial against the VMs of these processes.
    pub fn trial(&self, vms: &[u32], rate: Rate, duration: Duration) -> Result<Trial> {
        let mut port = Port::sender(self.course.entry)?;
        let frames: Vec<[IoSlice<'_>; 1]> = self.frames.iter().map(|frame| [IoSlice::new(frame)]).collect();
        let (out_before, cpu_before, start) =
            (lab::counters(self.course.exit)?.from_vm, vmm::cpu_seconds(vms)?, Instant::now());
        let (in_before, load_before) = (lab::counters(self.course.entry)?.to_vm, own_cpu_seconds()?);
        let offered = match rate {
            Rate::Saturate => saturate(&mut port, &frames, duration)?,
            Rate::Pps(pps) => pace(&mut port, &frames, pps, duration)?,
        };
        let load_sending = own_cpu_seconds()? - load_before;
        let sending = start.elapsed().as_secs_f64();
        let out_sending = lab::counters(self.course.exit)?.from_vm - out_before;
        let cpu_sending = vmm::cpu_seconds(vms)? - cpu_before;
        sleep(DRAIN);
        stop::check()?;
        let out = lab::counters(self.course.exit)?.from_vm - out_before;
        let taken = lab::counters(self.course.entry)?.to_vm - in_before;
        ensure!(offered > 0, "the VM took no frame: its TAP is closed");
        let expected = match rate {
            Rate::Saturate => taken,
            Rate::Pps(_) => offered,
        };
        Ok(Trial {
            offered_pps: offered as f64 / sending,
            forwarded_pps: out_sending as f64 / sending,
            loss: 1.0 - out.min(expected) as f64 / expected.max(1) as f64,
            cpu_us_per_frame: cpu_sending * 1e6 / out_sending.max(1) as f64,
            load_us_per_frame: load_sending * 1e6 / offered as f64,
        })
    }

    /// Sends a frame of each flow, and an answer to each the other way, at a rate that any VM can take: from then on a firewall that
    /// knows connections knows these.
    pub fn establish(&self, ends: &Ends, flows: usize) -> Result<()> {
        const RATE: f64 = 10e3;
        let stations = (lab::OUT_STATION, NIC_MACS[1]);
        let answers: Vec<_> = (0..flows).map(|flow| frame::answer(ends, stations, flow as u16)).collect();
        for (tap, frames) in [(self.course.entry, &self.frames), (self.course.exit, &answers)] {
            let slices: Vec<[IoSlice<'_>; 1]> = frames.iter().map(|frame| [IoSlice::new(frame)]).collect();
            // A bit more than each once.
            pace(&mut Port::sender(tap)?, &slices, RATE, Duration::from_secs_f64(1.1 * flows as f64 / RATE))?;
            sleep(DRAIN);
        }
        Ok(())
    }

    /// Sends a few frames the other way round, so that a learning bridge knows both stations.
    pub fn introduce(&self, ends: &Ends) -> Result<()> {
        let mut port = Port::sender(self.course.exit)?;
        for flow in 0..4 {
            port.send_one(&self.course.returning(ends, flow))?;
        }
        sleep(Duration::from_millis(5));
        Ok(())
    }
}

/// CPU time of this thread, which generates the load.
fn own_cpu_seconds() -> Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

/// Sends whenever the queue has room. What a full queue refuses was not offered: the sender comes back later.
fn saturate(port: &mut Port, frames: &[[IoSlice<'_>; 1]], duration: Duration) -> Result<u64> {
    let end = Instant::now() + duration;
    let mut offered = 0;
    for burst in frames.chunks(BURST).cycle() {
        if Instant::now() >= end {
            break;
        }
        let sent = port.send(burst)?;
        offered += sent as u64;
        if sent < burst.len() {
            sleep(BACK_OFF);
        }
    }
    Ok(offered)
}

/// Sends at a steady rate in small bursts. A frame that the queue refuses is lost: nobody offers it again.
fn pace(port: &mut Port, frames: &[[IoSlice<'_>; 1]], pps: f64, duration: Duration) -> Result<u64> {
    let start = Instant::now();
    let mut offered = 0;
    let mut bursts = frames.chunks(BURST).cycle();
    while start.elapsed() < duration {
        let due = (start.elapsed().as_secs_f64() * pps) as u64;
        while offered < due {
            let burst = bursts.next().unwrap_or(&[]);
            let now = burst.len().min((due - offered) as usize);
            port.send(&burst[..now])?;
            offered += now as u64;
        }
        sleep(TICK);
    }
    Ok(offered)
}
