// SPDX-License-Identifier: Apache-2.0
//! # FromIPSummaryDump
//! `FromIPSummaryDump([FILENAME, FIELDS, DATA, STOP, TIMING, ACTIVE, SAMPLE, CHECKSUM, ZERO, PROTO, MULTIPACKET, FLOWID,
//! ALLOW_NONEXISTENT])` — makes packets of the lines of a dump.
//!
//! **Ports:** no input, one output, push or pull.
//!
//! **Description:** reads FILENAME (`-` is standard input), or DATA itself, a dump as `ToIPSummaryDump` writes it, and makes
//! a packet of each line: IPv4 with a header for TCP, UDP or ICMP and the fields set that the dump has. A line `!data` names
//! the fields, before it FIELDS (CONTENTS is the same); `!proto`, or PROTO (6 by default), the protocol of packets without
//! one; `!flowid`, or FLOWID, their addresses and ports; `!aggregate` their aggregate.
//!
//! With CHECKSUM packets have all the bytes that their IP length says, and right checksums; else only their headers and
//! payload. MULTIPACKET makes as many packets as `count` says. STOP, TIMING, ACTIVE and SAMPLE are those of `FromDump`.
//! ALLOW_NONEXISTENT takes a missing file for an empty one.
//!
//! **Notes:** bytes that the dump does not say are zero, whatever ZERO says. With MULTIPACKET the packets have one length and
//! time. Binary dumps cannot be read. Packets are cut at 1856 bytes. Only a process has this element.
//!
//! **Handlers:** `sampling_prob`, `encap` (read), `active` (read, write), `stop` (write).
//!
//! **Example:** `FromIPSummaryDump(in.dump, STOP true, CHECKSUM true) -> CheckIPHeader -> Discard;`
//!
//! **See also:** `ToIPSummaryDump`, `FromDump`.

use super::random::Sample;
use super::summary::{Field, Flow, Line, protocol, words};
use super::trace::{self, Bound, Trace};
use crate::files;
use nf_elements::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use nf_elements::{Batch, Element, HandlerError, Packet, PacketIo, Source, Spec};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};

/// See the module's documentation.
pub struct FromIpSummaryDump {
    file: &'static str,
    data: Option<&'static str>,
    trace: Trace,
    sample: Sample,
    checksums: bool,
    multipacket: bool,
    allow_nonexistent: bool,
    default_fields: &'static str,
    default_flow: &'static str,
    protocol: u8,
    fields: Vec<Field>,
    flow: Option<Flow>,
    aggregate: u32,
    reader: Reader,
    complained: bool,
    /// A packet that is not due yet, or that is to be repeated, and how often.
    waiting: Option<(u64, Packet, u32)>,
}

enum Reader {
    Closed,
    File(BufReader<File>),
    Data(std::str::Lines<'static>),
    Ended,
}

impl FromIpSummaryDump {
    /// The arguments of these names; SAMPLE is in units of 2⁻²⁸.
    pub const fn new(
        file: &'static str,
        data: Option<&'static str>,
        [timing, stop, active, checksums, multipacket, allow_nonexistent]: [bool; 6],
        sample: u32,
        protocol: u8,
        default_fields: &'static str,
        default_flow: &'static str,
    ) -> Self {
        FromIpSummaryDump {
            file,
            data,
            trace: Trace::new(timing, stop, active, Bound::None, Bound::None),
            sample: Sample::new(sample),
            checksums,
            multipacket,
            allow_nonexistent,
            default_fields,
            default_flow,
            protocol,
            fields: Vec::new(),
            flow: None,
            aggregate: 0,
            reader: Reader::Closed,
            complained: false,
            waiting: None,
        }
    }

    fn open<M: PacketIo>(&mut self, io: &mut M) {
        if !self.default_fields.is_empty() {
            self.bang(io, &format!("!data {}", self.default_fields));
        }
        if !self.default_flow.is_empty() {
            self.bang(io, &format!("!flowid {}", self.default_flow));
        }
        if let Some(data) = self.data {
            self.reader = Reader::Data(data.lines());
            return;
        }
        let path = if self.file == "-" { "/dev/stdin" } else { self.file };
        self.reader = match File::open(path) {
            Err(error) if self.allow_nonexistent && error.kind() == ErrorKind::NotFound => Reader::Ended,
            opened => {
                let opened = opened.map_err(|error| format!("{}: {error}", self.file));
                files::tried(opened, io).map_or(Reader::Ended, |file| Reader::File(BufReader::new(file)))
            }
        };
    }

    fn line(&mut self) -> Option<String> {
        match &mut self.reader {
            Reader::File(file) => {
                let mut line = Vec::new();
                let read = file.read_until(b'\n', &mut line).unwrap_or(0);
                (read > 0).then(|| String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).into())
            }
            Reader::Data(lines) => lines.next().map(Into::into),
            Reader::Closed | Reader::Ended => None,
        }
    }

    /// What a line that begins with `!` says of the dump.
    fn bang<M: PacketIo>(&mut self, io: &mut M, line: &str) {
        let words = words(line);
        let file = self.file;
        let mut complain = |what: String| io.message(format_args!("{file}: {what}"));
        match words[0].as_str() {
            "!data" | "!contents" => {
                let known = |word: &String| {
                    let field = Field::find(word);
                    if field.is_none() {
                        complain(format!("warning: unknown content type '{word}'"));
                    }
                    // One that is never there keeps the others' places.
                    field.unwrap_or(Field::FirstTimestamp)
                };
                self.fields = words[1..].iter().map(known).collect();
            }
            "!proto" => match words.get(1).and_then(|word| protocol(word)) {
                Some(protocol) => self.protocol = protocol,
                None => complain("bad protocol in !proto".into()),
            },
            "!flowid" => {
                self.flow = flow(&words[1..]);
                if self.flow.is_none() {
                    complain("bad !flowid specification".into());
                }
                self.protocol = words.get(5).and_then(|word| protocol(word)).unwrap_or(self.protocol);
            }
            "!aggregate" => self.aggregate = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0),
            "!binary" => complain("binary dumps cannot be read".into()),
            _ => {}
        }
    }

    /// The next line that is a packet, if there is memory for it.
    fn packet<M: PacketIo>(&mut self, io: &mut M) -> Option<(Packet, u32)> {
        if let Reader::Closed = self.reader {
            self.open(io);
        }
        loop {
            let mut packet = io.allocate()?;
            let Some(text) = self.line() else {
                self.reader = Reader::Ended;
                self.trace.finish(io);
                return None;
            };
            match text.as_bytes().first() {
                None | Some(b'#') => continue,
                Some(b'!') => {
                    self.bang(io, &text);
                    continue;
                }
                _ => {}
            }
            let mut line = Line::default();
            let words = words(&text);
            let taken = self.fields.iter().zip(&words).filter(|(field, word)| line.take(**field, word)).count();
            if taken == 0 {
                if !std::mem::replace(&mut self.complained, true) {
                    let what = if self.fields.is_empty() { "no '!data' provided" } else { "packet parse error" };
                    io.message(format_args!("{}: {what}", self.file));
                }
                continue;
            }
            let count = if self.multipacket { line.count.max(1) } else { 1 };
            line.build(self.flow, self.protocol, self.checksums, &mut packet);
            if packet.annotations().aggregate == 0 {
                packet.annotations_mut().aggregate = self.aggregate;
            }
            return Some((packet, count));
        }
    }
}

/// Source, its port, destination, its port; `-` is none.
fn flow(words: &[String]) -> Option<Flow> {
    let word = |at: usize| words.get(at).map(String::as_str);
    let address =
        |at| if word(at) == Some("-") { Some(0) } else { word(at)?.parse::<std::net::Ipv4Addr>().ok().map(u32::from) };
    let port = |at| if word(at) == Some("-") { Some(0) } else { word(at)?.parse().ok() };
    Some(Flow { source: address(0)?, source_port: port(1)?, destination: address(2)?, destination_port: port(3)? })
}

impl Source for FromIpSummaryDump {
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        if limit == 0 || batch.room() == 0 {
            return;
        }
        while self.trace.is_active() {
            if self.waiting.is_none() {
                let Some((packet, count)) = self.packet(io) else { return };
                let due_ns = self.trace.due_ns(packet.annotations().timestamp_ns, io.now_ns());
                self.waiting = Some((due_ns, packet, count));
            }
            let Some((due_ns, packet, count)) = self.waiting.take() else { return };
            if due_ns > io.now_ns() {
                self.waiting = Some((due_ns, packet, count));
                return;
            }
            if count > 1 {
                let Some(mut again) = io.allocate() else {
                    self.waiting = Some((due_ns, packet, count));
                    return;
                };
                packet.copy_into(&mut again);
                self.waiting = Some((due_ns, again, count - 1));
            }
            if self.sample.takes() {
                let _ = batch.push(packet);
                return;
            }
        }
    }
}

impl Element for FromIpSummaryDump {
    const SPEC: Spec = Spec {
        class: "FromIPSummaryDump",
        category: Category::SourceSink,
        summary: "makes packets of the lines of a dump",
        ports: "0/1",
        processing: "/a",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "FILENAME", kind: ArgumentKind::Optional, doc: "the file; - is standard input" },
            Argument { name: "DATA", kind: ArgumentKind::Keyword, doc: "the dump itself" },
            Argument { name: "FIELDS", kind: ArgumentKind::Keyword, doc: "the fields until the dump names them" },
            Argument { name: "CONTENTS", kind: ArgumentKind::Keyword, doc: "FIELDS" },
            trace::STOP,
            trace::TIMING,
            trace::ACTIVE,
            trace::SAMPLE,
            Argument {
                name: "CHECKSUM",
                kind: ArgumentKind::Keyword,
                doc: "all bytes and right checksums? false by default",
            },
            Argument { name: "ZERO", kind: ArgumentKind::Keyword, doc: "always true" },
            Argument {
                name: "PROTO",
                kind: ArgumentKind::Keyword,
                doc: "the protocol where the dump has none; 6 by default",
            },
            Argument {
                name: "MULTIPACKET",
                kind: ArgumentKind::Keyword,
                doc: "as many packets as count says? false by default",
            },
            Argument {
                name: "FLOWID",
                kind: ArgumentKind::Keyword,
                doc: "addresses and ports where the dump has none",
            },
            Argument {
                name: "ALLOW_NONEXISTENT",
                kind: ArgumentKind::Keyword,
                doc: "may the file be missing? false by default",
            },
        ],
        handlers: &[
            Handler { name: "sampling_prob", kind: HandlerKind::Read, doc: "SAMPLE" },
            Handler { name: "encap", kind: HandlerKind::Read, doc: "IP" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
            Handler { name: "stop", kind: HandlerKind::Write, doc: "makes it inactive" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "sampling_prob" => self.sample.write(out)?,
            "encap" => write!(out, "IP")?,
            "active" => write!(out, "{}", self.trace.is_active())?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => self.trace.activate(value.trim().parse().map_err(|_| HandlerError::BadValue)?),
            "stop" => self.trace.activate(false),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        if self.trace.is_active() { self.waiting.as_ref().map(|(due_ns, ..)| *due_ns) } else { None }
    }
}

#[cfg(feature = "host")]
impl nf_elements::configure::Configure for FromIpSummaryDump {
    fn configure(
        arguments: &mut nf_elements::configure::Arguments,
        _: &nf_elements::configure::Surroundings,
    ) -> Option<nf_elements::configure::Instance> {
        use nf_elements::configure::{Bytes, Instance, IpProtocol};
        let data = arguments.keyword::<Bytes>("DATA").map(|data| String::from_utf8_lossy(&data.0).into_owned());
        let mut text =
            |names: &[&str]| names.iter().find_map(|name| arguments.keyword::<String>(name)).unwrap_or_default();
        let (fields, flow) = (text(&["FIELDS", "CONTENTS"]), text(&["FLOWID"]));
        let flags = ["TIMING", "STOP", "ACTIVE", "CHECKSUM", "MULTIPACKET", "ALLOW_NONEXISTENT"]
            .map(|name| arguments.keyword::<bool>(name).unwrap_or(name == "ACTIVE"));
        arguments.keyword::<bool>("ZERO");
        let sample = Sample::configure(arguments);
        let protocol = arguments.keyword::<IpProtocol>("PROTO").map_or(6, |protocol| protocol.0);
        let file: String = match &data {
            Some(_) => String::from("DATA"),
            None => arguments.required("FILENAME")?,
        };
        let path = "native::elements::FromIpSummaryDump";
        let expression =
            format!("{path}::new({file:?}, {data:?}, {flags:?}, {sample}, {protocol}, {fields:?}, {flow:?})");
        Some(Instance::new(path, expression))
    }
}
