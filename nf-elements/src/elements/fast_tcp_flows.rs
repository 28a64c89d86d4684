// SPDX-License-Identifier: Apache-2.0
//! # FastTCPFlows
//! `FastTCPFlows(RATE, LIMIT, LENGTH, SRCETH, SRCIP, DSTETH, DSTIP, FLOWS, FLOWSIZE [, ACTIVE])` — makes packets of
//! many TCP flows at a rate.
//!
//! **Ports:** no input, one pull output.
//!
//! **Description:** makes Ethernet frames of LENGTH bytes (at least 60) between these ends, RATE per second (as many as it
//! is asked for, if 0), LIMIT in all (without end if negative). Each is of a random one of FLOWS flows, whose random ports
//! change after FLOWSIZE packets (at least 3): a SYN, data, and a FIN. After LIMIT packets come the FINs of the flows that
//! are not over. Sequence numbers are random; behind the headers are zeros.
//!
//! **Notes:** LENGTH is at most 1856, FLOWS at most 65536. Random is the same at each start. After a pause of two seconds
//! nothing is made up for.
//!
//! **Handlers:** `count` (read), `rate` (read: packets per second from the first to the last one, after LIMIT; write:
//! RATE), `limit`, `active`, `reset` (write).
//!
//! **Example:** `FastTCPFlows(1000, 5000, 60, 2:0:0:0:0:1, 192.0.2.1, 2:0:0:0:0:2, 192.0.2.2, 100, 10) -> ToDevice(wan);`
//!
//! **See also:** `FastUDPSource`, `FastUDPFlows`.

use super::fast_source::{self, Flow, Frame, Pace};
use super::random::Random;
use crate::spec::{Category, Shape};
use crate::wire::tcp::{HEADER_BYTES, field, flag};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct FastTcpFlows {
    frame: Frame,
    pace: Pace,
    flows: &'static mut [Flow],
    size: u32,
    random: Random,
}

impl FastTcpFlows {
    /// Makes such frames at this pace, `size` of each flow.
    pub const fn new(pace: Pace, frame: Frame, size: u32) -> Self {
        FastTcpFlows { frame, pace, flows: &mut [], size, random: Random::new() }
    }

    /// Makes as many flows as `memory` has.
    pub fn lend(&mut self, memory: &'static mut [Flow]) {
        self.flows = memory;
    }
}

impl Element for FastTcpFlows {
    const SPEC: Spec = Spec {
        class: "FastTCPFlows",
        category: Category::SourceSink,
        summary: "makes packets of many TCP flows at a rate",
        ports: "0/1",
        processing: "/l",
        shape: Shape::Source,
        arguments: &[
            fast_source::RATE,
            fast_source::LIMIT,
            fast_source::LENGTH,
            fast_source::SRCETH,
            fast_source::SRCIP,
            fast_source::DSTETH,
            fast_source::DSTIP,
            fast_source::FLOWS,
            fast_source::FLOWSIZE,
            fast_source::ACTIVE,
        ],
        handlers: fast_source::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.pace.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.pace.write_handler(name, value).map(|_| ())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.pace.deadline_ns()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FastTcpFlows {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (rate, limit, length) = fast_source::configure(arguments)?;
        let source = fast_source::configure_end(arguments, ["SRCETH", "SRCIP"])?;
        let destination = fast_source::configure_end(arguments, ["DSTETH", "DSTIP"])?;
        let (flows, size) = fast_source::configure_flows(arguments, 3)?;
        let active = arguments.optional("ACTIVE", true)?;
        let pace = format!("fast_source::Pace::new({rate}, {limit}, {active})");
        let frame = format!("fast_source::Frame::new({length}, {source}, {destination}, 6)");
        let instance = crate::configure::Instance::new(
            "FastTcpFlows",
            format!("FastTcpFlows::new({pace}, {frame}, {size})"),
        );
        Some(instance.with_memory("fast_source::Flow", "fast_source::Flow::EMPTY", flows))
    }
}

/// A header with these ports and flags, and random numbers.
fn header(ports: [u16; 2], flags: u8, numbers: u64) -> [u8; HEADER_BYTES] {
    let mut tcp = [0; HEADER_BYTES];
    tcp[..2].copy_from_slice(&ports[0].to_be_bytes());
    tcp[2..4].copy_from_slice(&ports[1].to_be_bytes());
    tcp[4..12].copy_from_slice(&numbers.to_be_bytes());
    tcp[field::DATA_OFFSET] = 0x50;
    tcp[field::FLAGS] = flags;
    tcp[field::WINDOW].fill(0xff);
    tcp
}

impl Source for FastTcpFlows {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let FastTcpFlows { frame, pace, flows, size, random } = self;
        pace.produce(io, limit, batch, |packet, over| {
            let index = match over {
                false => Some(random.below(flows.len() as u32) as usize),
                true => flows.iter().position(|flow| flow.sent != *size),
            };
            let Some(flow) = index.and_then(|index| flows.get_mut(index)) else { return false };
            let ports = flow.next(random, *size);
            if over {
                flow.sent = *size;
            }
            let flags = match flow.sent {
                sent if sent == *size => flag::FIN,
                1 => flag::SYN,
                _ => flag::PSH | flag::ACK,
            };
            let mut tcp = header(ports, flags, random.next());
            frame.fill(packet, &mut tcp, Some(field::CHECKSUM.start));
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};
    use crate::wire::ipv4::Ipv4;
    use crate::wire::tcp::Tcp;
    use std::collections::BTreeMap;

    #[test]
    fn flows_begin_and_end() {
        let frame = Frame::new(0, ([2; 6], [192, 0, 2, 1]), ([3; 6], [192, 0, 2, 2]), 6);
        let mut source = FastTcpFlows::new(Pace::new(0, 300, true), frame, 4);
        source.lend(vec![Flow::EMPTY; 10].leak());
        let mut flows: BTreeMap<_, Vec<u8>> = BTreeMap::new();
        for _ in 0..20 {
            let mut batch = Batch::new();
            source.produce(&mut ListIo::new(0), 32, &mut batch);
            for packet in batch {
                let ip = Ipv4::new_checked(packet.network()).unwrap();
                let tcp = Tcp::new_checked(ip.payload()).unwrap();
                assert!(ip.is_header_intact() && tcp.is_intact(ip.source(), ip.destination()));
                flows.entry((tcp.source_port(), tcp.destination_port())).or_default().push(tcp.flags());
            }
        }
        assert!(flows.values().all(|flags| flags[0] == 2 && *flags.last().unwrap() == 1 && flags.len() <= 4));
        let count: u64 = read(&source, "count").parse().unwrap();
        assert!((300..=310).contains(&count) && count == flows.values().map(|flags| flags.len() as u64).sum());
    }
}
