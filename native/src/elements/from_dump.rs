// SPDX-License-Identifier: Apache-2.0
//! # FromDump
//! `FromDump(FILENAME [, TIMING, STOP, ACTIVE, SAMPLE, FORCE_IP, START, START_AFTER, END, END_AFTER, INTERVAL,
//! END_CALL])` — reads packets from a capture.
//!
//! **Ports:** no input, one output, push or pull.
//!
//! **Description:** emits the frames of FILENAME (pcap with microseconds or nanoseconds of either byte order, or pcapng;
//! `-` is standard input, if that is a file), one in each round, with their timestamps. With STOP the machine stops at the
//! end, with END_CALL a write handler is called then. With TIMING the distances between the packets in time are kept. SAMPLE is the probability of each packet.
//!
//! With FORCE_IP only IPv4 packets are emitted, their IP header annotations and destinations set; of a capture of raw IP
//! it is always true. START and END are times since 1970, START_AFTER and END_AFTER times behind the first packet in the
//! file, INTERVAL one behind the first that is emitted. At the end so given the element becomes inactive.
//!
//! **Notes:** what does not fit a buffer (1856 bytes) is cut off. Packets that FORCE_IP refuses are always dropped, and
//! FILEPOS and MMAP do not exist. Compressed files are not unpacked. Only a process has this element; in an
//! image, give the capture to a port: `sluice run --replay PORT=FILE`.
//!
//! **Handlers:** `count`, `sampling_prob`, `encap`, `filename`, `filesize` (read), `not_ip` (drops), `active` (read,
//! write), `reset_counts`, `stop` (write).
//!
//! **Example:** `FromDump(in.pcap, STOP true, FORCE_IP true) -> IPPrint -> Discard;`
//!
//! **See also:** `ToDump`, `FromIPSummaryDump`.

use super::link_type;
use super::random::Sample;
pub use super::trace::Bound;
use super::trace::{self, Trace};
use crate::captures::{Frame, Reader};
use crate::files;
use nf_elements::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use nf_elements::{Batch, Call, Element, HandlerError, Packet, PacketIo, Source, Spec};
use std::fmt;

/// See the module's documentation.
pub struct FromDump {
    file: &'static str,
    trace: Trace,
    sample: Sample,
    force_ip: bool,
    reader: State,
    next: Option<(u64, Frame)>,
    link: u32,
    count: u64,
    not_ip: u64,
}

enum State {
    Closed,
    Open(Reader),
    Ended,
}

impl FromDump {
    /// Reads `file`. SAMPLE is in units of 2⁻²⁸.
    #[expect(clippy::too_many_arguments, reason = "they are its arguments")]
    pub const fn new(
        file: &'static str,
        timing: bool,
        stop: bool,
        active: bool,
        sample: u32,
        force_ip: bool,
        start: Bound,
        end: Bound,
    ) -> Self {
        FromDump {
            file,
            trace: Trace::new(timing, stop, active, start, end),
            sample: Sample::new(sample),
            force_ip,
            reader: State::Closed,
            next: None,
            link: 1,
            count: 0,
            not_ip: 0,
        }
    }

    /// As `self`; makes this call at the end.
    pub const fn calling(mut self, end_call: Call) -> Self {
        self.trace = self.trace.calling(end_call);
        self
    }

    /// The next frame that is to be emitted, with the time it is due at.
    fn next<M: PacketIo>(&mut self, io: &mut M) -> Option<(u64, Frame)> {
        if self.next.is_some() {
            return self.next.take();
        }
        if let State::Closed = self.reader {
            self.reader = files::tried(Reader::open(self.file), io).map_or(State::Ended, State::Open);
        }
        while let State::Open(reader) = &mut self.reader {
            let Some(frame) = files::tried(reader.next_frame(), io).flatten() else {
                self.reader = State::Ended;
                break;
            };
            self.link = reader.link();
            if self.trace.is_before(frame.timestamp_ns) {
                continue;
            }
            let due_ns = self.trace.due_ns(frame.timestamp_ns, io.now_ns());
            if self.trace.ends(frame.timestamp_ns) {
                self.next = Some((due_ns, frame));
                self.trace.finish(io);
                return None;
            }
            if self.sample.takes() {
                return Some((due_ns, frame));
            }
        }
        self.trace.finish(io);
        None
    }

    /// `frame` as a packet; none if it is dropped.
    fn packet(&mut self, frame: &Frame, mut packet: Packet) -> Option<Packet> {
        let room = packet.tailroom().min(frame.data.len());
        let _ = packet.append(&frame.data[..room]);
        packet.annotations_mut().timestamp_ns = frame.timestamp_ns;
        packet.annotations_mut().mac_offset = packet.headroom() as u16;
        if (self.force_ip || link_type::is_raw_ip(self.link)) && !link_type::mark_ip(self.link, &mut packet) {
            self.not_ip += 1;
            return None;
        }
        self.count += 1;
        Some(packet)
    }
}

impl Source for FromDump {
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        if limit == 0 || batch.room() == 0 {
            return;
        }
        while self.trace.is_active()
            && let Some((due_ns, frame)) = self.next(io)
        {
            let empty = if due_ns <= io.now_ns() { io.allocate() } else { None };
            let Some(empty) = empty else {
                self.next = Some((due_ns, frame));
                return;
            };
            if let Some(packet) = self.packet(&frame, empty) {
                let _ = batch.push(packet);
                return;
            }
        }
    }
}

impl Element for FromDump {
    const SPEC: Spec = Spec {
        class: "FromDump",
        category: Category::SourceSink,
        summary: "reads packets from a capture",
        ports: "0/1",
        processing: "/a",
        shape: Shape::Source,
        arguments: &[
            trace::FILENAME,
            trace::TIMING,
            trace::STOP,
            trace::END_CALL,
            trace::ACTIVE,
            trace::SAMPLE,
            Argument { name: "FORCE_IP", kind: ArgumentKind::Keyword, doc: "only IPv4, marked? false by default" },
            Argument { name: "START", kind: ArgumentKind::Keyword, doc: "seconds since 1970 of the first packet" },
            Argument { name: "START_AFTER", kind: ArgumentKind::Keyword, doc: "time that is left out at the start" },
            Argument { name: "END", kind: ArgumentKind::Keyword, doc: "seconds since 1970 of the end" },
            Argument {
                name: "END_AFTER",
                kind: ArgumentKind::Keyword,
                doc: "time from the file's first packet to the end",
            },
            Argument {
                name: "INTERVAL",
                kind: ArgumentKind::Keyword,
                doc: "time from the first packet emitted to the end",
            },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets emitted" },
            Handler { name: "not_ip", kind: HandlerKind::Drops, doc: "frames without IPv4, with FORCE_IP" },
            Handler { name: "sampling_prob", kind: HandlerKind::Read, doc: "SAMPLE" },
            Handler { name: "encap", kind: HandlerKind::Read, doc: "the frames' link type" },
            Handler { name: "filename", kind: HandlerKind::Read, doc: "FILENAME" },
            Handler { name: "filesize", kind: HandlerKind::Read, doc: "the file's bytes, - if unknown" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "sets the count to zero" },
            Handler { name: "stop", kind: HandlerKind::Write, doc: "makes it inactive" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "not_ip" => write!(out, "{}", self.not_ip)?,
            "sampling_prob" => self.sample.write(out)?,
            "encap" => write!(out, "{}", link_type::name(self.link))?,
            "filename" => write!(out, "{}", self.file)?,
            "filesize" => match std::fs::metadata(self.file) {
                Ok(file) => write!(out, "{}", file.len())?,
                Err(_) => write!(out, "-")?,
            },
            "active" => write!(out, "{}", self.trace.is_active())?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.trace.activate(value.trim().parse().map_err(|_| HandlerError::BadValue)?),
            "stop" => self.trace.activate(false),
            "reset_counts" => (self.count, self.not_ip) = (0, 0),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        if self.trace.is_active() { self.next.as_ref().map(|(due_ns, _)| *due_ns) } else { None }
    }

    fn due_call(&mut self) -> Option<Call> {
        self.trace.due_call()
    }
}

#[cfg(feature = "host")]
impl nf_elements::configure::Configure for FromDump {
    fn configure(
        arguments: &mut nf_elements::configure::Arguments,
        _: &nf_elements::configure::Surroundings,
    ) -> Option<nf_elements::configure::Instance> {
        use nf_elements::configure::{Instance, Nanoseconds};
        let file: Option<String> = arguments.required("FILENAME");
        let flags = ["TIMING", "STOP", "ACTIVE", "FORCE_IP"]
            .map(|name| arguments.keyword::<bool>(name).unwrap_or(name == "ACTIVE"));
        let sample = Sample::configure(arguments);
        type Kind = (&'static str, fn(u64) -> Bound);
        let mut bound = |names: &[Kind]| {
            let mut bounds: Vec<_> = names
                .iter()
                .filter_map(|(name, make)| arguments.keyword::<Nanoseconds>(name).map(|time| make(time.0)))
                .collect();
            if bounds.len() > 1 {
                let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                arguments.error(format!("{} are mutually exclusive", names.join(" and ")), None);
            }
            bounds.pop().unwrap_or(Bound::None)
        };
        let start = bound(&[("START", Bound::At), ("START_AFTER", Bound::After)]);
        let end = bound(&[("END", Bound::At), ("END_AFTER", Bound::After), ("INTERVAL", Bound::Interval)]);
        let [timing, stop, active, force_ip] = flags;
        let end_call = arguments.keyword_call("END_CALL");
        if stop && end_call.is_some() {
            arguments.error_last("both STOP and END_CALL", "one of them");
        }
        let bound = |bound| format!("native::elements::from_dump::Bound::{bound:?}");
        let (start, end) = (bound(start), bound(end));
        let path = "native::elements::FromDump";
        let expression =
            format!("{path}::new({:?}, {timing}, {stop}, {active}, {sample}, {force_ip}, {start}, {end})", file?);
        Some(match end_call {
            Some(call) => {
                let expression = format!("{expression}.calling({})", call.expression());
                Instance::new(path, expression).with_calls(vec![call])
            }
            None => Instance::new(path, expression),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captures::Writer;
    use nf_elements::testing::{ListIo, read};

    /// A capture of five frames, a second apart; those of odd numbers are IPv4.
    fn capture() -> &'static str {
        let (_, path) = tempfile::NamedTempFile::new().unwrap().keep().unwrap();
        let name: &'static str = path.to_str().unwrap().to_string().leak();
        let writer = Writer::create(name, 1, 0, true).unwrap();
        for number in 0..5u8 {
            let mut frame = vec![number; 34];
            frame[12..15].copy_from_slice(if number % 2 == 1 { &[8, 0, 0x45] } else { &[8, 6, 0] });
            writer.add(1_000_000_000 * (u64::from(number) + 10), &frame, 34).unwrap();
        }
        writer.flush().unwrap();
        name
    }

    fn emitted(dump: &mut FromDump, io: &mut ListIo) -> Vec<u8> {
        let mut batch = Batch::new();
        for _ in 0..10 {
            dump.produce(io, 32, &mut batch);
        }
        batch.iter().map(|packet| packet.data()[0]).collect()
    }

    fn all(force_ip: bool, start: Bound, end: Bound) -> (Vec<u8>, bool, FromDump) {
        let mut dump = FromDump::new(capture(), false, true, true, 1 << 28, force_ip, start, end);
        let mut io = ListIo::new(0);
        let numbers = emitted(&mut dump, &mut io);
        std::fs::remove_file(dump.file).unwrap();
        (numbers, io.stopped, dump)
    }

    #[test]
    fn it_reads_to_the_end_then_stops() {
        let (numbers, stopped, dump) = all(false, Bound::None, Bound::None);
        assert_eq!((numbers, stopped, read(&dump, "encap")), (vec![0, 1, 2, 3, 4], true, "ETHER".into()));
        let (numbers, _, dump) = all(true, Bound::None, Bound::None);
        assert_eq!((numbers, read(&dump, "not_ip")), (vec![1, 3], "3".into()));
    }

    #[test]
    fn bounds() {
        let seconds = |seconds: u64| seconds * 1_000_000_000;
        let numbers = |start, end| all(false, start, end).0;
        assert_eq!(numbers(Bound::At(seconds(12)), Bound::None), [2, 3, 4]);
        assert_eq!(numbers(Bound::After(seconds(3)), Bound::None), [3, 4]);
        assert_eq!(numbers(Bound::None, Bound::At(seconds(11))), [0]);
        assert_eq!(numbers(Bound::None, Bound::After(seconds(2))), [0, 1]);
        assert_eq!(numbers(Bound::At(seconds(11)), Bound::Interval(seconds(2))), [1, 2]);
        let (_, _, mut dump) = all(false, Bound::None, Bound::After(seconds(2)));
        assert_eq!(read(&dump, "active"), "false");
        dump.write_handler("active", "true").unwrap();
        assert_eq!(emitted(&mut dump, &mut ListIo::new(0)), [2, 3, 4], "whoever makes it active gets the rest");
    }

    #[test]
    fn timing_keeps_the_distances() {
        let mut dump = FromDump::new(capture(), true, false, true, 1 << 28, false, Bound::None, Bound::None);
        let mut io = ListIo::new(0);
        io.now_ns = 5;
        assert_eq!(emitted(&mut dump, &mut io), [0]);
        assert_eq!(dump.deadline_ns(), Some(1_000_000_005));
        io.now_ns = 1_000_000_005;
        assert_eq!(emitted(&mut dump, &mut io), [1]);
        std::fs::remove_file(dump.file).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_read_ends_the_machine() {
        let mut dump = FromDump::new("/nowhere/x", false, false, true, 1 << 28, false, Bound::None, Bound::None);
        let mut io = ListIo::new(0);
        assert_eq!((emitted(&mut dump, &mut io), io.stopped), (vec![], true));
        assert!(files::trouble().unwrap_err().contains("/nowhere/x: No such file"));
    }
}
