// SPDX-License-Identifier: Apache-2.0
//! # LinkUnqueue
//! `LinkUnqueue(LATENCY, BANDWIDTH)` — delays packets as a serial link would, and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** each packet needs LATENCY to the other end, and before that the time that its bytes take at BANDWIDTH,
//! behind those of the packets ahead of it. Packets are pulled as soon as the link can take them; others wait where they
//! come from, so a Queue in front is the link's queue.
//!
//! **Notes:** at most 1000 packets are on the link: while there are as many no further one is pulled, and so a longer link
//! is not kept full. Times are exact to the nanosecond, where Click's are to the microsecond, and BANDWIDTH is not rounded
//! to 100 bytes per second. The timestamp is that of the arrival. Packets count as long as they once were (extra length).
//! What `reset` drops, and what a new latency or bandwidth drops, counts in `drops`.
//!
//! **Handlers:** `latency`, `bandwidth` (read, write: drops all packets on the link), `size` (read), `reset` (write: the
//! same), `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> Queue -> LinkUnqueue(20ms, 10Mbps) -> ToDevice(wan);`
//!
//! **See also:** `DelayUnqueue`, `BandwidthRatedUnqueue`, `Unqueue`.

use super::handler_value::{bytes_per_second, nanoseconds};
use super::timestamp::Interval;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;
use heapless::Deque;

/// Most packets on the link.
const LINK: usize = 1000;
/// Fewest bytes per second.
const LEAST_BANDWIDTH: u32 = 100;
/// Bits of fraction in the time that a byte takes.
const SHIFT: u32 = 16;

/// See the module's documentation.
pub struct LinkUnqueue {
    latency_ns: u64,
    bandwidth: u32,
    /// How long a byte takes, in 2⁻¹⁶ nanoseconds.
    byte_time: u64,
    /// The packets on the link; their timestamps say when they arrive.
    link: Deque<Packet, LINK>,
    /// Whether the last packet is followed at once by the next.
    back_to_back: bool,
    drops: u64,
}

impl LinkUnqueue {
    /// A link of so many bytes per second, at least 100.
    pub const fn new(latency_ns: u64, bandwidth: u32) -> Self {
        let byte_time = (1_000_000_000 << SHIFT) / if bandwidth < LEAST_BANDWIDTH { 100 } else { bandwidth as u64 };
        LinkUnqueue { latency_ns, bandwidth, byte_time, link: Deque::new(), back_to_back: false, drops: 0 }
    }

    /// How many packets are on the link.
    pub fn waiting(&self) -> usize {
        self.link.len()
    }

    /// Whether a packet could begin now.
    fn has_room(&self, now_ns: u64) -> bool {
        let free = self.link.back().is_none_or(|last| arrival(last) <= now_ns.saturating_add(self.latency_ns));
        free && !self.link.is_full()
    }

    fn send(&mut self, now_ns: u64, mut packet: Packet) {
        let bytes = packet.len() as u64 + u64::from(packet.extra_length());
        let last = self.link.back().filter(|_| self.back_to_back);
        let begin_ns = last.map_or(now_ns.saturating_add(self.latency_ns), arrival);
        let end_ns = begin_ns.saturating_add((bytes * self.byte_time) >> SHIFT);
        packet.annotations_mut().timestamp_ns = end_ns;
        self.back_to_back = true;
        // There is room: it was asked for.
        let _ = self.link.push_back(packet);
    }

    fn reset(&mut self) {
        self.drops += self.link.len() as u64;
        self.link.clear();
        self.back_to_back = false;
    }
}

/// When a packet on the link arrives.
fn arrival(packet: &Packet) -> u64 {
    packet.annotations().timestamp_ns
}

impl Element for LinkUnqueue {
    const SPEC: Spec = Spec {
        class: "LinkUnqueue",
        category: Category::Scheduling,
        summary: "delays packets as a serial link would, and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: &[
            Argument { name: "LATENCY", kind: ArgumentKind::Required, doc: "how long a bit is on its way" },
            Argument { name: "BANDWIDTH", kind: ArgumentKind::Required, doc: "bytes per second, or 8Mbps; at least 100Bps" },
        ],
        handlers: &[
            Handler { name: "latency", kind: HandlerKind::ReadWrite, doc: "LATENCY; drops the packets on the link" },
            Handler { name: "bandwidth", kind: HandlerKind::ReadWrite, doc: "BANDWIDTH; the same" },
            Handler { name: "size", kind: HandlerKind::Read, doc: "packets on the link" },
            Handler { name: "reset", kind: HandlerKind::Write, doc: "drops the packets on the link" },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped by a reset" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "latency" => write!(out, "{}", Interval(self.latency_ns))?,
            "bandwidth" => write!(out, "{}", self.bandwidth)?,
            "size" => write!(out, "{}", self.link.len())?,
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let (latency_ns, bandwidth) = match name {
            "latency" => (nanoseconds(value)?, self.bandwidth),
            "bandwidth" => (self.latency_ns, bytes_per_second(value)?),
            "reset" => (self.latency_ns, self.bandwidth),
            _ => return Err(HandlerError::Unknown),
        };
        if bandwidth < LEAST_BANDWIDTH {
            return Err(HandlerError::BadValue);
        }
        self.reset();
        let link = LinkUnqueue::new(latency_ns, bandwidth);
        (self.latency_ns, self.bandwidth, self.byte_time) = (latency_ns, bandwidth, link.byte_time);
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        let first_ns = arrival(self.link.front()?);
        // While more packets wait, the next one begins when the last has left.
        let asks = self.back_to_back && !self.link.is_full();
        let last = self.link.back().filter(|_| asks);
        Some(last.map_or(first_ns, |last| first_ns.min(arrival(last).saturating_sub(self.latency_ns))))
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for LinkUnqueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let latency: Option<crate::configure::Nanoseconds> = arguments.required("LATENCY");
        let bandwidth: crate::configure::BytesPerSecond = arguments.required("BANDWIDTH")?;
        let bandwidth = u32::try_from(bandwidth.0).ok().filter(|bandwidth| *bandwidth >= LEAST_BANDWIDTH);
        if bandwidth.is_none() {
            arguments.error_last("no link is like that", "100 to 4294967295 bytes per second");
        }
        let expression = format!("LinkUnqueue::new({}, {})", latency?.0, bandwidth?);
        Some(crate::configure::Instance::new("LinkUnqueue", expression))
    }
}

impl Pull for LinkUnqueue {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        let now_ns = io.now_ns();
        let empty = matches!(answer, Some((_, None)));
        if empty {
            self.back_to_back = false;
        }
        if let Some((_, Some(packet))) = answer {
            self.send(now_ns, packet);
        }
        if !empty && self.has_room(now_ns) {
            return Turn::Pull(0);
        }
        match self.link.front() {
            Some(first) if arrival(first) <= now_ns => self.link.pop_front().map_or(Turn::Rest, Turn::Give),
            _ => Turn::Rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet, read};

    /// When the packets arrive, in microseconds.
    fn arrivals(link: &mut LinkUnqueue, lengths: &[usize]) -> Vec<u64> {
        let mut inputs = Pulling::new([lengths.iter().map(|length| packet(&vec![0; *length])).collect()]);
        let mut arrivals = Vec::new();
        loop {
            while inputs.pull(link).is_some() {
                arrivals.push(inputs.io.now_ns / 1000);
            }
            match link.deadline_ns() {
                Some(deadline_ns) => inputs.io.now_ns = inputs.io.now_ns.max(deadline_ns),
                None => return arrivals,
            }
        }
    }

    #[test]
    fn the_times_are_clicks() {
        let mut link = LinkUnqueue::new(5_000_000, 12_500);
        // LinkUnqueue-01.
        let from_first = arrivals(&mut link, &[20, 20, 1600, 20, 1600, 20]);
        assert_eq!(from_first, [0, 1600, 129_600, 131_200, 259_200, 260_800].map(|us| us + 6600));
        assert_eq!(arrivals(&mut LinkUnqueue::new(0, 100), &[10, 10]), [100_000, 200_000]);
    }

    #[test]
    fn a_long_link_holds_a_bounded_number() {
        let mut inputs = Pulling::new([(0..1005).map(|_| packet(&[0; 10])).collect()]);
        let mut link = LinkUnqueue::new(1_000_000_000, 1_000_000);
        while let Some(deadline_ns) = link.deadline_ns().or((inputs.io.now_ns == 0).then_some(0)) {
            if inputs.io.now_ns >= 900_000_000 || link.link.is_full() {
                break;
            }
            inputs.io.now_ns = deadline_ns;
            assert!(inputs.pull(&mut link).is_none());
        }
        assert_eq!((read(&link, "size"), inputs.inputs[0].len()), ("1000".into(), 5));
        assert_eq!(link.deadline_ns(), Some(1_000_010_000));
        link.write_handler("bandwidth", "8kbps").unwrap();
        assert_eq!((read(&link, "size"), read(&link, "drops")), ("0".into(), "1000".into()));
        assert_eq!((read(&link, "bandwidth"), read(&link, "latency")), ("1000".into(), "1.000000s".into()));
        assert_eq!(link.write_handler("bandwidth", "99Bps"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<LinkUnqueue>(arguments, &Surroundings::default());
        assert_eq!(made(&["5ms", "100kb/s"]).unwrap().expression, "LinkUnqueue::new(5000000, 12500)");
        assert!(made(&["5ms", "99Bps"]).is_err() && made(&["5ms", "40Gbps"]).is_err());
    }
}
