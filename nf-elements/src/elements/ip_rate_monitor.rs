// SPDX-License-Identifier: Apache-2.0
//! # IPRateMonitor
//! `IPRateMonitor(TYPE, RATIO, THRESH [, MEMORY, ANNO])` — measures the rates from and to clusters of IP addresses.
//!
//! **Ports:** one or two inputs, one or two outputs, push or pull. What comes in by an input leaves by the output of its
//! number.
//!
//! **Expects:** packets with a marked IP header.
//!
//! **Description:** measures how many packets (TYPE is PACKETS) or bytes (BYTES: as the IP header says) per second come
//! from and go to addresses. The source address of the packets of input 0 and the destination address of those of input 1
//! are counted, as exponentially weighted moving averages, at first together for all addresses that have the first byte in
//! common. A cluster with a rate of THRESH or more is split by the next byte, down to single addresses. Once a second split
//! clusters with low rates are joined again.
//!
//! RATIO, 0 to 1, is the part of the packets that is counted, chosen at random; THRESH is meant as if it were 1. MEMORY is
//! how many kilobytes the clusters may take, at least 100 and at most 65536.
//!
//! **Notes:** without MEMORY, or with 0, the bound is 32768 nodes of 120 bytes (Click: none); a cluster takes one or two.
//! When there is no memory for a cluster, its packets pass uncounted and nothing is split.
//!
//! Packets here have no annotations for rates: ANNO is false by default, and true is an error. There are no LLRPCs.
//!
//! As in Click, clusters are joined when both rates are less than 125/1024 of THRESH, with MEMORY one at a time, else until
//! a tenth of the memory is free again; `thresh` is THRESH times RATIO. As `look` is asked without a clock, its
//! first line, the epochs of 8 ms since the first packet after the start or a reset, and the rates are those of the
//! last packet's time.
//!
//! **Handlers:** `look` (read: the epochs, then for each cluster its address and the rates from and to it), `thresh`, `mem`
//! (read: bytes in use), `no_header` (drops), `memmax` (read: the most bytes; write: in kilobytes, no more than at
//! the start), `anno_level` (write: `ADDRESS LEVEL SECONDS`, does not split the cluster of LEVEL + 1 bytes for this time),
//! `reset` (write: forgets everything).
//!
//! **Example:** `FromDevice(lan) -> MarkIPHeader(14) -> IPRateMonitor(PACKETS, 0.5, 256, 600) -> Discard;`
//!
//! **See also:** `AggregateCounter`, `Counter`, `Meter`.

mod clusters;

use super::handler_value::number;
use super::marked;
use super::random::Random;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
pub use clusters::Node;
use clusters::{Clusters, EPOCHS};
use core::fmt;
use core::net::Ipv4Addr;

const EPOCH_NS: u64 = 1_000_000_000 / EPOCHS;
/// Least MEMORY, in kilobytes.
const LEAST_KILOBYTES: usize = 100;
/// RATIO for all packets.
const ALL: u32 = 1 << 16;

/// See the module's documentation.
pub struct IpRateMonitor {
    clusters: Clusters,
    counts_bytes: bool,
    /// In units of 2⁻¹⁶.
    ratio: u32,
    threshold: u64,
    /// Whether there is a MEMORY.
    bounded: bool,
    random: Random,
    /// The epoch of the first packet, if there was one.
    since: Option<u64>,
    epoch: u64,
    folded: u64,
    no_header: u64,
}

impl IpRateMonitor {
    /// Counts packets or bytes, a part of them in units of 2⁻¹⁶; `bounded` if there is a MEMORY.
    pub const fn new(counts_bytes: bool, ratio: u32, threshold: u32, bounded: bool) -> Self {
        let threshold = (threshold as u64 * ratio as u64) >> 16;
        let (clusters, random) = (Clusters::new(), Random::new());
        let (since, epoch, folded, no_header) = (None, 0, 0, 0);
        IpRateMonitor { clusters, counts_bytes, ratio, threshold, bounded, random, since, epoch, folded, no_header }
    }

    /// Keeps its clusters in `memory`.
    pub fn lend(&mut self, memory: &'static mut [Node]) {
        self.clusters.lend(memory);
    }

    /// Where a fold begins: chosen at random, so that neither end is always spared.
    fn toss(&mut self) -> bool {
        self.random.below(2) == 1
    }

    /// It is `now_ns`.
    #[inline]
    fn advance(&mut self, now_ns: u64) {
        let epoch = now_ns / EPOCH_NS;
        self.epoch = self.epoch.max(epoch);
        if self.since.is_none() {
            (self.since, self.folded) = (Some(self.epoch), self.epoch);
        }
    }

    #[cold]
    fn fold(&mut self) {
        let enough = match self.bounded {
            true => self.clusters.most_bytes(),
            false => self.clusters.bytes() / 10 * 9,
        };
        let from_oldest = self.toss();
        self.clusters.fold(self.epoch, self.threshold, from_oldest, enough);
        self.folded = self.epoch;
    }

    /// The handler `memmax`.
    fn set_memory(&mut self, kilobytes: usize) {
        self.bounded = kilobytes > 0;
        let bytes = match kilobytes {
            0 => usize::MAX,
            _ => kilobytes.max(LEAST_KILOBYTES).saturating_mul(1024),
        };
        if self.clusters.limit(bytes) {
            let from_oldest = self.toss();
            self.clusters.fold_to_limit(self.epoch, self.threshold, from_oldest);
        }
    }

    /// The handler `anno_level`.
    fn keep_whole(&mut self, value: &str) -> Result<(), HandlerError> {
        let mut words = value.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let (Some(address), Some(level), Some(seconds), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(HandlerError::BadValue);
        };
        let (address, level, seconds) = (number::<Ipv4Addr>(address)?, number(level)?, number::<u32>(seconds)?);
        if level > 3 || seconds == 0 {
            return Err(HandlerError::BadValue);
        }
        self.clusters.keep_whole(address.octets(), level, self.epoch.saturating_add(u64::from(seconds) * EPOCHS));
        Ok(())
    }
}

impl Element for IpRateMonitor {
    const SPEC: Spec = Spec {
        class: "IPRateMonitor",
        category: Category::Measurement,
        summary: "measures the rates from and to clusters of IP addresses",
        ports: "1-2/1-2",
        processing: "a/a",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "TYPE", kind: ArgumentKind::Required, doc: "what to count: PACKETS or BYTES" },
            Argument { name: "RATIO", kind: ArgumentKind::Required, doc: "the part that is counted, 0 to 1" },
            Argument { name: "THRESH", kind: ArgumentKind::Required, doc: "the rate per second that splits a cluster" },
            Argument { name: "MEMORY", kind: ArgumentKind::Optional, doc: "most kilobytes for clusters, from 100 on" },
            Argument { name: "ANNO", kind: ArgumentKind::Optional, doc: "annotate packets? can only be false" },
        ],
        handlers: &[
            Handler { name: "look", kind: HandlerKind::Read, doc: "the clusters and their rates" },
            Handler { name: "thresh", kind: HandlerKind::Read, doc: "THRESH times RATIO" },
            Handler { name: "mem", kind: HandlerKind::Read, doc: "bytes that the clusters take" },
            Handler { name: "memmax", kind: HandlerKind::ReadWrite, doc: "the most bytes; written in kilobytes" },
            Handler { name: "anno_level", kind: HandlerKind::Write, doc: "ADDRESS LEVEL SECONDS: does not split it" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "forgets everything" },
            marked::NO_HEADER,
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "look" => {
                writeln!(out, "{}", self.since.map_or(0, |since| self.epoch - since))?;
                self.clusters.write(out, self.epoch)?;
            }
            "thresh" => write!(out, "{}", self.threshold)?,
            "mem" => write!(out, "{}", self.clusters.bytes())?,
            "memmax" => write!(out, "{}", self.clusters.most_bytes())?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "memmax" => self.set_memory(number(value)?),
            "anno_level" => self.keep_whole(value)?,
            "reset" => {
                self.clusters.clear();
                self.since = None;
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpRateMonitor {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Fraction, Instance};
        const NODES: usize = 32768;
        const MOST_KILOBYTES: usize = 65536;
        let kind = arguments.required::<String>("TYPE");
        let counts_bytes = kind.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case("BYTES"));
        if let Some(kind) = kind.filter(|kind| !counts_bytes && !kind.eq_ignore_ascii_case("PACKETS")) {
            arguments.error_last(format!("'{kind}' cannot be counted"), "PACKETS or BYTES");
        }
        let ratio: Option<Fraction> = arguments.required("RATIO");
        let threshold: Option<u32> = arguments.required("THRESH");
        let kilobytes: Option<usize> = arguments.optional("MEMORY", 0);
        if kilobytes.is_some_and(|kilobytes| kilobytes > MOST_KILOBYTES) {
            arguments.error_last("too much memory", format!("at most {MOST_KILOBYTES} kilobytes"));
        }
        if arguments.optional("ANNO", false) == Some(true) {
            arguments.error_last("packets have no annotations for rates", "ANNO false");
        }
        let (ratio, threshold, kilobytes) = (ratio?, threshold?, kilobytes?);
        // A Fraction is in units of 2⁻³².
        let ratio = (ratio.0 + (1 << 15)) >> 16;
        let nodes = match kilobytes {
            0 => NODES,
            _ => kilobytes.max(LEAST_KILOBYTES) * 1024 / size_of::<Node>(),
        };
        let bounded = kilobytes > 0;
        let expression = format!("IpRateMonitor::new({counts_bytes}, {ratio}, {threshold}, {bounded})");
        let node = "ip_rate_monitor::Node";
        Some(Instance::new("IpRateMonitor", expression).with_memory(node, format!("{node}::EMPTY"), nodes))
    }
}

impl Route for IpRateMonitor {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        let Some(header) = marked::header(packet) else {
            self.no_header += 1;
            return None;
        };
        self.advance(io.now_ns());
        let counted = self.ratio >= ALL || self.random.below(ALL) <= self.ratio;
        let amount = match (counted, self.counts_bytes) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => marked::total_length(header) as u32,
        };
        let address = if input == 0 { marked::source(header) } else { marked::destination(header) };
        self.clusters.count(address, input & 1, amount, self.epoch, self.threshold);
        if self.epoch - self.folded >= EPOCHS {
            self.fold();
        }
        Some(input)
    }
}

#[cfg(test)]
mod tests;
