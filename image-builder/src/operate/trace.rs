// SPDX-License-Identifier: Apache-2.0
//! `sluice trace`: what passes an element, as a capture.

use super::asking::{Respondent, choose_vm};
use super::message::{Answer, Ask, Packet};
use crate::cli::TraceArgs;
use crate::failure::usage;
use crate::signals::Stop;
use anyhow::{Context, anyhow, bail};
use pcap_file::pcap::{PcapHeader, PcapWriter, RawPcapPacket};
use pcap_file::{PcapError, TsResolution};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often the VM is asked.
const EVERY: Duration = Duration::from_millis(20);

/// The command.
pub fn command(args: &TraceArgs) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    // VMs' names have no dots.
    let (vm, name) = args.target.split_once('.').unwrap_or((&args.target, ""));
    let (run, vm) = choose_vm(vm)?;
    let mut respondent = Respondent::reach(run)?;
    respondent.ask(Ask::Tap { vm: vm.clone(), name: name.into(), snap: args.snap })?;
    let mut capture = Capture::create(&args.write, respondent.entry(&vm)?)?;
    let wanted = args.count.unwrap_or(u64::MAX);
    let end = args.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut lost = 0;
    while capture.packets < wanted && !stop.asked() && end.is_none_or(|end| Instant::now() < end) {
        let Answer::Mirrored { lost: so_far, packets } = respondent.ask(Ask::TakeTap { vm: vm.clone() })? else {
            bail!("the answer cannot be understood");
        };
        lost = so_far;
        if !capture.add(&packets, wanted)? {
            break;
        }
        if packets.is_empty() {
            std::thread::sleep(EVERY);
        }
    }
    respondent.ask(Ask::EndTap { vm })?;
    anstream::eprintln!("{} packets, {lost} lost for want of room in the VM", capture.packets);
    Ok(())
}

/// A capture that grows.
struct Capture {
    writer: PcapWriter<Out>,
    out: Out,
    entry: SystemTime,
    packets: u64,
}

impl Capture {
    fn create(path: &Path, entry: SystemTime) -> anyhow::Result<Capture> {
        let to: Box<dyn Write> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            let file = File::create(path);
            Box::new(file.map_err(|error| usage(format!("cannot write {}: {error}", path.display())))?)
        };
        let header = PcapHeader { ts_resolution: TsResolution::NanoSecond, ..Default::default() };
        let out = Out(Rc::new(BufWriter::new(to).into()));
        let writer = PcapWriter::with_header(out.clone(), header).map_err(|error| anyhow!(error))?;
        Ok(Capture { writer, out, entry, packets: 0 })
    }

    /// Adds packets, `wanted` in all, and writes them out. False if nobody reads on.
    fn add(&mut self, packets: &[Packet], wanted: u64) -> anyhow::Result<bool> {
        for packet in packets.iter().take((wanted - self.packets).try_into().unwrap_or(usize::MAX)) {
            let time = self.entry + Duration::from_nanos(packet.time_ns);
            let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let packet = RawPcapPacket {
                ts_sec: time.as_secs() as u32,
                ts_frac: time.subsec_nanos(),
                incl_len: packet.bytes.len() as u32,
                orig_len: packet.length,
                data: packet.bytes.as_slice().into(),
            };
            match self.writer.write_raw_packet(&packet) {
                Ok(_) => self.packets += 1,
                Err(PcapError::IoError(error)) => return still_read(Err(error)),
                Err(error) => return Err(anyhow!(error)),
            }
        }
        still_read(self.out.flush())
    }
}

/// Whether somebody reads on.
fn still_read(written: io::Result<()>) -> anyhow::Result<bool> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).context("cannot write the capture"),
    }
}

/// Where a capture goes; the writer of pcap-file cannot be asked to write out what it has.
#[derive(Clone)]
struct Out(Rc<RefCell<BufWriter<Box<dyn Write>>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}
