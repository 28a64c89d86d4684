// SPDX-License-Identifier: Apache-2.0
//! # ToIPSummaryDump
//! `ToIPSummaryDump(FILENAME [, FIELDS, HEADER, BANNER, VERBOSE, BAD_PACKETS, CAREFUL_TRUNC])` — writes a line of text for
//! each packet.
//!
//! **Ports:** one input, at most one output, push or pull.
//!
//! **Expects:** IP header annotations, as `FromDump(…, FORCE_IP true)` and `CheckIPHeader` set them.
//!
//! **Description:** writes the FIELDS (CONTENTS is the same; `ip_src ip_dst` by default) of each packet to FILENAME (`-` is
//! standard output), separated by spaces, `-` where a field does not apply. Unless HEADER is false, lines that begin with
//! `!` come first: the format, BANNER, with VERBOSE the host and the time, and the fields' names. With BAD_PACKETS a line
//! `!bad MESSAGE` comes before a packet with a bad header; CAREFUL_TRUNC (true by default) calls truncated ones bad as well.
//!
//! Fields: timestamp, ts_sec, ts_usec, ts_usec1, first_timestamp, count, link (paint), direction, aggregate, wire_len,
//! eth_src, eth_dst, eth_type, ip_src, ip_dst, ip_tos, ip_dscp, ip_ecn, ip_ttl, ip_frag, ip_fragoff, ip_id, ip_sum,
//! ip_proto, ip_hl, ip_len, ip_capture_len, sport, dport, tcp_seq, tcp_ack, tcp_off, tcp_flags, tcp_window, tcp_urp, tcp_opt,
//! udp_len, icmp_type, icmp_code, icmp_type_name, icmp_flowid, icmp_seq, payload, payload_len. `ip_` may be left out.
//!
//! **Notes:** timestamps have microseconds. There are no annotations for extra length, extra packets and the first timestamp, so
//! EXTRA_LENGTH and MULTIPACKET do not exist, and count is 1. BINARY and the fields ip_opt, tcp_ntopt, tcp_sack, icmp_code_name,
//! icmp_nextmtu and payload_md5 do not exist. Only a process has this element; in an image use `IPPrint`.
//!
//! **Handlers:** `count` (read), `flush` (write).
//!
//! **Example:** `FromDump(in.pcap, STOP true, FORCE_IP true) -> ToIPSummaryDump(-, FIELDS src sport dst dport proto);`
//!
//! **See also:** `FromIPSummaryDump`, `IPPrint`.

use super::summary::{Field, View};
use crate::files::{self, Output};
use nf_elements::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use nf_elements::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use std::fmt;
use std::io::Write;

/// See the module's documentation.
pub struct ToIpSummaryDump {
    file: &'static str,
    fields: &'static [Field],
    header: bool,
    banner: &'static str,
    verbose: bool,
    bad_packets: bool,
    careful: bool,
    opened: bool,
    output: Option<Output>,
    line: String,
    count: u64,
}

impl ToIpSummaryDump {
    /// The arguments of these names; an empty banner is none.
    pub const fn new(
        file: &'static str,
        fields: &'static [Field],
        header: bool,
        banner: &'static str,
        verbose: bool,
        bad_packets: bool,
        careful: bool,
    ) -> Self {
        ToIpSummaryDump {
            file,
            fields,
            header,
            banner,
            verbose,
            bad_packets,
            careful,
            opened: false,
            output: None,
            line: String::new(),
            count: 0,
        }
    }

    fn open<M: PacketIo>(&mut self, io: &mut M) {
        if std::mem::replace(&mut self.opened, true) {
            return;
        }
        let output = Output::create(self.file).map_err(|error| format!("{}: {error}", self.file));
        self.output = files::tried(output, io);
        if self.header {
            let mut head = String::from("!IPSummaryDump 1.3\n");
            if !self.banner.is_empty() {
                head += &format!("!creator \"{}\"\n", self.banner);
            }
            if self.verbose {
                let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
                let now_ns = io.now_ns();
                let (seconds, rest) = (now_ns / 1_000_000_000, now_ns % 1_000_000_000 / 1000);
                head += &format!("!host {}\n!runtime {seconds}.{rest:06}\n", host.trim());
            }
            let names: Vec<_> = self.fields.iter().map(|field| field.name()).collect();
            head += &format!("!data {}\n", names.join(" "));
            self.write(io, &head);
        }
    }

    fn write<M: PacketIo>(&mut self, io: &mut M, text: &str) {
        let Some(output) = self.output else { return };
        if let Err(error) = output.with(|file| file.write_all(text.as_bytes())) {
            io.message(format_args!("ToIPSummaryDump({}): {error}", self.file));
            self.output = None;
        }
    }

    fn summarise<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) {
        self.open(io);
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let view = View::new(packet, self.careful);
        if let (true, Some(bad)) = (self.bad_packets, &view.bad) {
            line += &format!("!bad {bad}\n");
        }
        for (number, field) in self.fields.iter().enumerate() {
            if number > 0 {
                line.push(' ');
            }
            view.write(*field, &mut line);
        }
        line.push('\n');
        self.write(io, &line);
        (self.line, self.count) = (line, self.count + 1);
    }
}

impl Push for ToIpSummaryDump {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        self.summarise(io, &packet);
        out.emit(0, packet);
    }

    /// A dump without packets has its header as well.
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: &mut O) {
        self.open(io);
    }
}

impl Element for ToIpSummaryDump {
    const SPEC: Spec = Spec {
        class: "ToIPSummaryDump",
        category: Category::SourceSink,
        summary: "writes a line of text for each packet",
        ports: "1/0-1",
        processing: "a/a",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "FILENAME", kind: ArgumentKind::Required, doc: "the file; - is standard output" },
            Argument {
                name: "FIELDS",
                kind: ArgumentKind::Keyword,
                doc: "what is written of a packet; ip_src ip_dst by default",
            },
            Argument { name: "CONTENTS", kind: ArgumentKind::Keyword, doc: "FIELDS" },
            Argument {
                name: "HEADER",
                kind: ArgumentKind::Keyword,
                doc: "lines about the dump before it? true by default",
            },
            Argument { name: "BANNER", kind: ArgumentKind::Keyword, doc: "a text in them" },
            Argument { name: "VERBOSE", kind: ArgumentKind::Keyword, doc: "host and time in them? false by default" },
            Argument {
                name: "BAD_PACKETS",
                kind: ArgumentKind::Keyword,
                doc: "tell what is wrong with packets? false by default",
            },
            Argument {
                name: "CAREFUL_TRUNC",
                kind: ArgumentKind::Keyword,
                doc: "are truncated packets bad? true by default",
            },
        ],
        handlers: &[
            Handler { name: "count", kind: HandlerKind::Read, doc: "packets written" },
            Handler { name: "flush", kind: HandlerKind::Write, doc: "writes what is still in memory" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        match (name, self.output) {
            ("flush", Some(output)) => output.with(|file| file.flush()).map_err(|_| HandlerError::BadValue),
            ("flush", None) => Ok(()),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl nf_elements::configure::Configure for ToIpSummaryDump {
    fn configure(
        arguments: &mut nf_elements::configure::Arguments,
        _: &nf_elements::configure::Surroundings,
    ) -> Option<nf_elements::configure::Instance> {
        let file: Option<String> = arguments.required("FILENAME");
        let mut fields = vec![Field::IpSrc, Field::IpDst];
        for name in ["FIELDS", "CONTENTS"] {
            match arguments.keyword::<String>(name).map(|text| Field::list(&text)) {
                Some(Ok(list)) => fields = list,
                Some(Err(word)) => {
                    arguments.error_last(format!("unknown field '{word}'"), "names like ip_src, sport, payload_len")
                }
                None => {}
            }
        }
        let banner = arguments.keyword::<String>("BANNER").unwrap_or_default();
        let [header, verbose, bad, careful] = ["HEADER", "VERBOSE", "BAD_PACKETS", "CAREFUL_TRUNC"]
            .map(|name| arguments.keyword::<bool>(name).unwrap_or(matches!(name, "HEADER" | "CAREFUL_TRUNC")));
        let fields: Vec<_> = fields.iter().map(|field| format!("native::elements::Field::{field:?}")).collect();
        let path = "native::elements::ToIpSummaryDump";
        let expression = format!(
            "{path}::new({:?}, &[{}], {header}, {banner:?}, {verbose}, {bad}, {careful})",
            file?,
            fields.join(", ")
        );
        Some(nf_elements::configure::Instance::new(path, expression).ticking())
    }
}
