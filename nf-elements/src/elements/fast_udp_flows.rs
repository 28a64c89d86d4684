// SPDX-License-Identifier: Apache-2.0
//! # FastUDPFlows
//! `FastUDPFlows(RATE, LIMIT, LENGTH, SRCETH, SRCIP, DSTETH, DSTIP, FLOWS, FLOWSIZE [, CHECKSUM, ACTIVE])` — makes packets of
//! many UDP flows at a rate.
//!
//! **Ports:** no input, one pull output.
//!
//! **Description:** makes Ethernet frames of LENGTH bytes (at least 60) between these ends, RATE per second (as many as it
//! is asked for, if 0), LIMIT in all (without end if negative). Each is of a random one of FLOWS flows, whose random ports
//! change after FLOWSIZE packets. The UDP checksum is right, or 0 if CHECKSUM is false. Behind the headers are zeros.
//!
//! **Notes:** LENGTH is at most 1856, FLOWS at most 65536. Random is the same at each start. After a pause of two seconds
//! nothing is made up for.
//!
//! **Handlers:** `count` (read), `rate` (read: packets per second from the first to the last one, after LIMIT; write:
//! RATE), `limit`, `active`, `reset` (write).
//!
//! **Example:** `FastUDPFlows(1000, 5000, 60, 2:0:0:0:0:1, 192.0.2.1, 2:0:0:0:0:2, 192.0.2.2, 100, 10) -> ToDevice(wan);`
//!
//! **See also:** `FastUDPSource`, `FastTCPFlows`.

use super::fast_source::{self, Flow, Frame, Pace};
use super::random::Random;
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct FastUdpFlows {
    frame: Frame,
    pace: Pace,
    flows: &'static mut [Flow],
    size: u32,
    random: Random,
    checksum: bool,
}

impl FastUdpFlows {
    /// Makes such frames at this pace, `size` of each flow.
    pub const fn new(pace: Pace, frame: Frame, size: u32, checksum: bool) -> Self {
        FastUdpFlows { frame, pace, flows: &mut [], size, random: Random::new(), checksum }
    }

    /// Makes as many flows as `memory` has.
    pub fn lend(&mut self, memory: &'static mut [Flow]) {
        self.flows = memory;
    }
}

impl Element for FastUdpFlows {
    const SPEC: Spec = Spec {
        class: "FastUDPFlows",
        category: Category::SourceSink,
        summary: "makes packets of many UDP flows at a rate",
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
            Argument { name: "CHECKSUM", kind: ArgumentKind::Optional, doc: "make one? true by default" },
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
impl crate::configure::Configure for FastUdpFlows {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (rate, limit, length) = fast_source::configure(arguments)?;
        let source = fast_source::configure_end(arguments, ["SRCETH", "SRCIP"])?;
        let destination = fast_source::configure_end(arguments, ["DSTETH", "DSTIP"])?;
        let (flows, size) = fast_source::configure_flows(arguments, 1)?;
        let checksum = arguments.optional("CHECKSUM", true)?;
        let active = arguments.optional("ACTIVE", true)?;
        let pace = format!("fast_source::Pace::new({rate}, {limit}, {active})");
        let frame = format!("fast_source::Frame::new({length}, {source}, {destination}, 17)");
        let instance = crate::configure::Instance::new(
            "FastUdpFlows",
            format!("FastUdpFlows::new({pace}, {frame}, {size}, {checksum})"),
        );
        Some(instance.with_memory("fast_source::Flow", "fast_source::Flow::EMPTY", flows))
    }
}

impl Source for FastUdpFlows {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let FastUdpFlows { frame, pace, flows, size, random, checksum } = self;
        pace.produce(io, limit, batch, |packet, over| {
            let index = random.below(flows.len() as u32) as usize;
            let Some(flow) = flows.get_mut(index).filter(|_| !over) else { return false };
            frame.fill_udp(packet, flow.next(random, *size), *checksum);
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;
    use crate::wire::ipv4::Ipv4;
    use crate::wire::udp::Udp;
    use std::collections::BTreeMap;

    #[test]
    fn flows_have_their_size() {
        let frame = Frame::new(60, ([2; 6], [192, 0, 2, 1]), ([3; 6], [192, 0, 2, 2]), 17);
        let mut source = FastUdpFlows::new(Pace::new(0, 400, true), frame, 5, true);
        source.lend(vec![Flow::EMPTY; 10].leak());
        let (mut io, mut flows) = (ListIo::new(0), BTreeMap::new());
        for _ in 0..20 {
            let mut batch = Batch::new();
            source.produce(&mut io, 32, &mut batch);
            for packet in batch {
                let ip = Ipv4::new_checked(packet.network()).unwrap();
                let udp = Udp::new_checked(ip.payload()).unwrap();
                assert!(ip.is_header_intact() && udp.is_intact(ip.source(), ip.destination()));
                *flows.entry((udp.source_port(), udp.destination_port())).or_insert(0) += 1;
            }
        }
        assert_eq!((flows.values().sum::<u32>(), *flows.values().max().unwrap()), (400, 5));
        assert!((80..=90).contains(&flows.len()), "ten flows are not over");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |flows: &str| {
            let ends = ["9", "-1", "60", "2:0:0:0:0:1", "1.0.0.1", "2:0:0:0:0:2", "2.0.0.2"];
            configure::<FastUdpFlows>(&[&ends[..], &[flows, "10"]].concat(), &Surroundings::default())
        };
        let instance = made("100").unwrap();
        assert!(instance.expression.ends_with(", 17), 10, true)"));
        assert_eq!(instance.memory.unwrap().count, 100);
        assert!(made("0").is_err());
    }
}
