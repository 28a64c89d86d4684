// SPDX-License-Identifier: Apache-2.0
//! # FastUDPSource
//! `FastUDPSource(RATE, LIMIT, LENGTH, SRCETH, SRCIP, SPORT, DSTETH, DSTIP, DPORT [, CHECKSUM, INTERVAL, ACTIVE])` — makes
//! UDP packets of fixed headers at a rate.
//!
//! **Ports:** no input, one pull output.
//!
//! **Description:** makes Ethernet frames of LENGTH bytes (at least 60) with UDP datagrams between these ends, RATE per
//! second (as many as it is asked for, if 0), LIMIT in all (without end if negative). The UDP checksum is right, or 0 if
//! CHECKSUM is false. After each INTERVAL packets both ports go up by one. Behind the headers are zeros.
//!
//! **Notes:** LENGTH is at most 1856. After a pause of two seconds nothing is made up for.
//!
//! **Handlers:** `count` (read), `rate` (read: packets per second from the first to the last one, after LIMIT; write:
//! RATE), `limit`, `active`, `reset` (write).
//!
//! **Example:** `FastUDPSource(1000, 5000, 60, 2:0:0:0:0:1, 192.0.2.1, 1, 2:0:0:0:0:2, 192.0.2.2, 2) -> ToDevice(wan);`
//!
//! **See also:** `FastUDPFlows`, `RatedSource`.

use super::fast_source::{self, Frame, Pace};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

/// See the module's documentation.
pub struct FastUdpSource {
    frame: Frame,
    pace: Pace,
    ports: [u16; 2],
    increment: u16,
    checksum: bool,
    interval: u32,
    /// Packets until the ports go up.
    left: u32,
}

impl FastUdpSource {
    /// Makes such frames at this pace.
    pub const fn new(pace: Pace, frame: Frame, ports: [u16; 2], checksum: bool, interval: u32) -> Self {
        FastUdpSource { frame, pace, ports, increment: 0, checksum, interval, left: interval }
    }
}

impl Element for FastUdpSource {
    const SPEC: Spec = Spec {
        class: "FastUDPSource",
        category: Category::SourceSink,
        summary: "makes UDP packets of fixed headers at a rate",
        ports: "0/1",
        processing: "/l",
        shape: Shape::Source,
        arguments: &[
            fast_source::RATE,
            fast_source::LIMIT,
            fast_source::LENGTH,
            fast_source::SRCETH,
            fast_source::SRCIP,
            Argument { name: "SPORT", kind: ArgumentKind::Required, doc: "the source port" },
            fast_source::DSTETH,
            fast_source::DSTIP,
            Argument { name: "DPORT", kind: ArgumentKind::Required, doc: "the destination port" },
            Argument { name: "CHECKSUM", kind: ArgumentKind::Optional, doc: "make one? true by default" },
            Argument { name: "INTERVAL", kind: ArgumentKind::Optional, doc: "packets with the same ports; all if 0" },
            fast_source::ACTIVE,
        ],
        handlers: fast_source::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.pace.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        if self.pace.write_handler(name, value)? {
            (self.increment, self.left) = (0, self.interval);
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.pace.deadline_ns()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FastUdpSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Port};
        let (rate, limit, length) = fast_source::configure(arguments)?;
        let source = fast_source::configure_end(arguments, ["SRCETH", "SRCIP"])?;
        let Port(source_port) = arguments.required("SPORT")?;
        let destination = fast_source::configure_end(arguments, ["DSTETH", "DSTIP"])?;
        let Port(destination_port) = arguments.required("DPORT")?;
        let checksum = arguments.optional("CHECKSUM", true)?;
        let interval = arguments.optional("INTERVAL", 0u32)?;
        let active = arguments.optional("ACTIVE", true)?;
        let pace = format!("fast_source::Pace::new({rate}, {limit}, {active})");
        let frame = format!("fast_source::Frame::new({length}, {source}, {destination}, 17)");
        let ports = [source_port, destination_port];
        let expression = format!("FastUdpSource::new({pace}, {frame}, {ports:?}, {checksum}, {interval})");
        Some(Instance::new("FastUdpSource", expression))
    }
}

impl Source for FastUdpSource {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let FastUdpSource { frame, pace, ports, increment, checksum, interval, left } = self;
        pace.produce(io, limit, batch, |packet, over| {
            if over {
                return false;
            }
            frame.fill_udp(packet, ports.map(|port| port.wrapping_add(*increment)), *checksum);
            *left = left.wrapping_sub(1);
            if *interval > 0 && *left == 0 {
                (*increment, *left) = (increment.wrapping_add(1), *interval);
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, read};
    use crate::wire::ipv4::Ipv4;
    use crate::wire::udp::Udp;

    const ENDS: [([u8; 6], [u8; 4]); 2] = [([2; 6], [192, 0, 2, 1]), ([3; 6], [192, 0, 2, 2])];

    #[test]
    fn frames_are_whole() {
        for (length, checksum) in [(0, true), (61, true), (1000, false)] {
            let frame = Frame::new(length, ENDS[0], ENDS[1], 17);
            let mut source = FastUdpSource::new(Pace::new(0, 3, true), frame, [10, 0xffff], checksum, 2);
            let (mut io, mut batch) = (ListIo::new(0), Batch::new());
            source.produce(&mut io, 32, &mut batch);
            source.produce(&mut io, 32, &mut batch);
            assert_eq!((batch.len(), read(&source, "count")), (3, "3".into()));
            for (packet, ports) in batch.into_iter().zip([(10, 0xffff), (10, 0xffff), (11, 0)]) {
                assert_eq!((packet.len(), &packet.data()[..8]), (length.max(60), [3, 3, 3, 3, 3, 3, 2, 2].as_slice()));
                let ip = Ipv4::new_checked(packet.network()).unwrap();
                let udp = Udp::new_checked(ip.payload()).unwrap();
                assert!(ip.is_header_intact() && udp.is_intact(ip.source(), ip.destination()));
                assert_eq!((udp.source_port(), udp.destination_port()), ports);
                assert_eq!((udp.checksum() != 0, usize::from(udp.length())), (checksum, ip.payload().len()));
                assert_eq!(packet.annotations().destination_ipv4(), [192, 0, 2, 2]);
            }
        }
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let arguments = ["9", "-1", "60", "2:0:0:0:0:1", "1.0.0.1", "ssh", "2:0:0:0:0:2", "2.0.0.2", "53", "false", "7"];
        let expression = "FastUdpSource::new(fast_source::Pace::new(9, -1, true), fast_source::Frame::new(60, \
                          ([2, 0, 0, 0, 0, 1], [1, 0, 0, 1]), ([2, 0, 0, 0, 0, 2], [2, 0, 0, 2]), 17), [22, 53], false, 7)";
        assert_eq!(configure::<FastUdpSource>(&arguments, &Surroundings::default()).unwrap().expression, expression);
        assert!(configure::<FastUdpSource>(&arguments[..8], &Surroundings::default()).is_err());
    }
}
