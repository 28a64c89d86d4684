// SPDX-License-Identifier: Apache-2.0
//! # ToDump
//! `ToDump(FILENAME [, SNAPLEN, ENCAP, NANO, UNBUFFERED])` — writes packets to a capture.
//!
//! **Ports:** one input, at most one output, push or pull.
//!
//! **Description:** writes packets to FILENAME (`-` is standard output) as tcpdump does, at most SNAPLEN bytes of each
//! (2000 by default, all if 0), with their timestamps, or the time of now where they have none. ENCAP is the first header
//! of the packets: ETHER (the default), IP, FDDI, ATM, 802_11, SLL, AIRONET, HDLC, PPP_HDLC, PPP, SUNATM, PRISM, NULL or
//! `#NUMBER`. Timestamps are of nanoseconds, or of microseconds if NANO is false. Packets then go on by the output, if it
//! is connected; without one they are pulled, where the input is.
//!
//! **Notes:** USE_ENCAP_FROM and EXTRA_LENGTH do not exist. Only a process has this element; in an image, `sluice run
//! --capture PORT=FILE` records what leaves by a port.
//!
//! **Handlers:** `count`, `filename` (read), `reset_counts`, `flush` (write).
//!
//! **Example:** `FromDump(in.pcap, STOP true) -> ToDump(out.pcap);`
//!
//! **See also:** `FromDump`, `ToIPSummaryDump`.

use crate::captures::Writer;
use crate::files;
use nf_elements::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use nf_elements::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use std::fmt;

/// See the module's documentation.
pub struct ToDump {
    file: &'static str,
    snaplen: u32,
    link: u32,
    nanoseconds: bool,
    unbuffered: bool,
    opened: bool,
    writer: Option<Writer>,
    count: u64,
}

impl ToDump {
    /// Writes to `file` frames of link type `link`.
    pub const fn new(file: &'static str, snaplen: u32, link: u32, nanoseconds: bool, unbuffered: bool) -> Self {
        ToDump { file, snaplen, link, nanoseconds, unbuffered, opened: false, writer: None, count: 0 }
    }

    fn open<M: PacketIo>(&mut self, io: &mut M) {
        if !self.opened {
            self.opened = true;
            let writer = Writer::create(self.file, self.link, self.snaplen, self.nanoseconds);
            self.writer = files::tried(writer.map_err(|error| format!("{}: {error}", self.file)), io);
        }
    }

    fn write<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) {
        self.open(io);
        let Some(writer) = self.writer else { return };
        let stamped = packet.annotations().timestamp_ns;
        let at = if stamped == 0 { io.now_ns() } else { stamped };
        let most = if self.snaplen == 0 { usize::MAX } else { self.snaplen as usize };
        let mut written = writer.add(at, &packet.data()[..packet.len().min(most)], packet.len());
        if self.unbuffered {
            written = written.and_then(|()| writer.flush());
        }
        match written {
            Ok(()) => self.count += 1,
            Err(error) => {
                io.message(format_args!("ToDump({}): {error}", self.file));
                self.writer = None;
            }
        }
    }
}

impl Push for ToDump {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        self.write(io, &packet);
        out.emit(0, packet);
    }

    /// A capture without packets is one as well.
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: &mut O) {
        self.open(io);
    }
}

impl Element for ToDump {
    const SPEC: Spec = Spec {
        class: "ToDump",
        category: Category::SourceSink,
        summary: "writes packets to a capture",
        ports: "1/0-1",
        processing: "a/a",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "FILENAME", kind: ArgumentKind::Required, doc: "the file; - is standard output" },
            Argument {
                name: "SNAPLEN",
                kind: ArgumentKind::Optional,
                doc: "most bytes of a packet; 2000 by default, 0 is all",
            },
            Argument {
                name: "ENCAP",
                kind: ArgumentKind::Optional,
                doc: "the packets' first header; ETHER by default",
            },
            Argument { name: "NANO", kind: ArgumentKind::Keyword, doc: "nanoseconds? true by default" },
            Argument {
                name: "UNBUFFERED",
                kind: ArgumentKind::Keyword,
                doc: "write each packet at once? false by default",
            },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets written" },
            Handler { name: "filename", kind: HandlerKind::Read, doc: "FILENAME" },
            Handler { name: "reset_counts", kind: HandlerKind::Write, doc: "sets the count to zero" },
            Handler { name: "flush", kind: HandlerKind::Write, doc: "writes what is still in memory" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            "filename" if self.file == "-" => write!(out, "<stdout>")?,
            "filename" => write!(out, "{}", self.file)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        match name {
            "reset_counts" => self.count = 0,
            "flush" => self.writer.map_or(Ok(()), |writer| writer.flush()).map_err(|_| HandlerError::BadValue)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl nf_elements::configure::Configure for ToDump {
    fn configure(
        arguments: &mut nf_elements::configure::Arguments,
        _: &nf_elements::configure::Surroundings,
    ) -> Option<nf_elements::configure::Instance> {
        let file: Option<String> = arguments.required("FILENAME");
        let snaplen = arguments.optional("SNAPLEN", 2000u32);
        let encap = arguments.optional("ENCAP", String::from("ETHER"));
        let link = encap.and_then(|encap| {
            let link = super::link_type::number(&encap);
            if link.is_none() {
                arguments.error_last(format!("'{encap}'"), "an encapsulation like ETHER or IP");
            }
            link
        });
        let nanoseconds = arguments.keyword("NANO").unwrap_or(true);
        let unbuffered = arguments.keyword("UNBUFFERED").unwrap_or(false);
        let path = "native::elements::ToDump";
        let expression = format!("{path}::new({:?}, {}, {}, {nanoseconds}, {unbuffered})", file?, snaplen?, link?);
        Some(nf_elements::configure::Instance::new(path, expression).ticking())
    }
}
