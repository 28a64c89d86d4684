// SPDX-License-Identifier: Apache-2.0
//! # CoDel
//! `CoDel([TARGET, INTERVAL, QUEUES])` — drops packets that waited too long, as Controlled Delay does (RFC 8289).
//!
//! **Ports:** one pull input, one pull output.
//!
//! **Expects:** a timestamp annotation that says when the packet began to wait: a `SetTimestamp` in front of the Queue.
//!
//! **Description:** when packets have waited for longer than TARGET (5 ms, unless given) during a whole INTERVAL (100 ms,
//! unless given), drops one, and further ones at ever shorter intervals, until they wait less. Packets without a timestamp
//! pass.
//!
//! **Notes:** TARGET and INTERVAL are times in seconds, or with a unit. Click reads the first timestamp annotation; there is
//! one timestamp here, which `SetTimestamp` sets. QUEUES names the queues whose lengths Click shows in `stats`; it means
//! nothing here, and there are no handlers `stats` and `queues`.
//!
//! **Handlers:** `drops` (drops), `codel_target`, `codel_interval` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> Queue(200) -> CoDel -> ToDevice(wan);`
//!
//! **See also:** `RED`, `Queue`, `SetTimestamp`.

use super::handler_value::nanoseconds;
use super::timestamp::Interval;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// What the packet that was asked for is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The first one of this pull.
    First,
    /// The one behind the packet with which dropping began.
    Entering,
    /// The one behind a packet that was dropped because it was time.
    Dropping,
}

/// See the module's documentation.
pub struct CoDel {
    target_ns: u64,
    interval_ns: u64,
    step: Step,
    dropping: bool,
    /// Since when, and for an interval more, packets wait too long.
    first_above_ns: Option<u64>,
    drop_next_ns: u64,
    /// Drops since dropping began.
    count: u64,
    drops: u64,
}

impl CoDel {
    /// Keeps waiting times at `target_ns`.
    pub const fn new(target_ns: u64, interval_ns: u64) -> Self {
        CoDel {
            target_ns,
            interval_ns,
            step: Step::First,
            dropping: false,
            first_above_ns: None,
            drop_next_ns: 0,
            count: 0,
            drops: 0,
        }
    }

    /// Whether the packet may be dropped; none if its waiting time is unknown, or there is no packet.
    fn may_drop(&mut self, now_ns: u64, packet: Option<&Packet>) -> Option<bool> {
        let Some(packet) = packet else {
            self.first_above_ns = None;
            return None;
        };
        let stamped_ns = Some(packet.annotations().timestamp_ns).filter(|stamped_ns| *stamped_ns > 0)?;
        if now_ns.saturating_sub(stamped_ns) < self.target_ns {
            self.first_above_ns = None;
            return Some(false);
        }
        match self.first_above_ns {
            None => {
                self.first_above_ns = Some(now_ns.saturating_add(self.interval_ns));
                Some(false)
            }
            Some(first_above_ns) => Some(now_ns >= first_above_ns),
        }
    }

    /// RFC 8289 §4.3: the next drop comes an interval over the square root of the count later.
    fn control_law(&self, at_ns: u64) -> u64 {
        // Eight bits of fraction of the root.
        let root = self.count.saturating_mul(1 << 16).isqrt().max(1);
        at_ns.saturating_add(self.interval_ns.saturating_mul(1 << 8) / root)
    }

    /// Drops a packet, and asks for the next.
    fn drop(&mut self, packet: Option<Packet>, step: Step) -> Turn {
        self.drops += u64::from(packet.is_some());
        self.step = step;
        Turn::Pull(0)
    }

    fn decide(&mut self, now_ns: u64, packet: Option<Packet>) -> Turn {
        let may_drop = self.may_drop(now_ns, packet.as_ref());
        let may = may_drop == Some(true);
        match self.step {
            Step::First if may_drop.is_none() || (self.dropping && !may) => self.dropping = false,
            Step::First if self.dropping => {
                if now_ns >= self.drop_next_ns {
                    self.count += 1;
                    return self.drop(packet, Step::Dropping);
                }
            }
            Step::First => {
                let recently = now_ns < self.drop_next_ns.saturating_add(self.interval_ns);
                let long = self.first_above_ns.is_some_and(|first| now_ns.saturating_sub(first) >= self.interval_ns);
                if may && (recently || long) {
                    return self.drop(packet, Step::Entering);
                }
            }
            Step::Entering => {
                self.dropping = true;
                let recently = now_ns < self.drop_next_ns.saturating_add(self.interval_ns);
                self.count = if recently && self.count > 2 { self.count - 2 } else { 1 };
                self.drop_next_ns = self.control_law(now_ns);
            }
            Step::Dropping if !may => self.dropping = false,
            Step::Dropping => {
                self.drop_next_ns = self.control_law(self.drop_next_ns);
                if now_ns >= self.drop_next_ns {
                    self.count += 1;
                    return self.drop(packet, Step::Dropping);
                }
            }
        }
        packet.map_or(Turn::Rest, Turn::Give)
    }
}

impl Element for CoDel {
    const SPEC: Spec = Spec {
        class: "CoDel",
        category: Category::Scheduling,
        summary: "drops packets that waited too long, as Controlled Delay does (RFC 8289)",
        ports: "1/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[
            Argument { name: "TARGET", kind: ArgumentKind::Optional, doc: "how long packets may wait; 5ms by default" },
            Argument { name: "INTERVAL", kind: ArgumentKind::Optional, doc: "and for how long not; 100ms by default" },
            Argument { name: "QUEUES", kind: ArgumentKind::Keyword, doc: "means nothing here" },
        ],
        handlers: &[
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped" },
            Handler { name: "codel_target", kind: HandlerKind::ReadWrite, doc: "TARGET" },
            Handler { name: "codel_interval", kind: HandlerKind::ReadWrite, doc: "INTERVAL" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "drops" => write!(out, "{}", self.drops)?,
            "codel_target" => write!(out, "{}", Interval(self.target_ns))?,
            "codel_interval" => write!(out, "{}", Interval(self.interval_ns))?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "codel_target" => self.target_ns = nanoseconds(value)?,
            "codel_interval" => self.interval_ns = nanoseconds(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CoDel {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Nanoseconds;
        arguments.accept(&["QUEUES"]);
        let target = arguments.optional("TARGET", Nanoseconds(5_000_000));
        let interval = arguments.optional("INTERVAL", Nanoseconds(100_000_000));
        let expression = format!("CoDel::new({}, {})", target?.0, interval?.0);
        Some(crate::configure::Instance::new("CoDel", expression))
    }
}

impl Pull for CoDel {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => {
                self.step = Step::First;
                Turn::Pull(0)
            }
            Some((_, packet)) => self.decide(io.now_ns(), packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet, read};

    const MS: u64 = 1_000_000;

    /// Pulls a packet in each millisecond, from 1 on, that has waited for so long; the milliseconds in which drops happened.
    fn drops(codel: &mut CoDel, from_ms: u64, until_ms: u64, waited_ms: u64) -> Vec<u64> {
        let mut inputs = Pulling::new([[].into()]);
        (from_ms..until_ms)
            .filter(|ms| {
                inputs.io.now_ns = ms * MS;
                while inputs.inputs[0].len() < 3 {
                    let mut frame = packet(&[1]);
                    frame.annotations_mut().timestamp_ns = inputs.io.now_ns - waited_ms * MS;
                    inputs.inputs[0].push_back(frame);
                }
                let before = codel.drops;
                assert!(inputs.pull(codel).is_some());
                inputs.inputs[0].clear();
                codel.drops > before
            })
            .collect()
    }

    #[test]
    fn drops_come_ever_faster_while_packets_wait_too_long() {
        let mut codel = CoDel::new(5 * MS, 100 * MS);
        assert_eq!(drops(&mut codel, 1000, 1500, 4), []);
        let times = drops(&mut codel, 2000, 2800, 6);
        // It begins an interval after it may, as it never dropped before; then 100/√n apart.
        assert_eq!(times[..4], [2200, 2300, 2371, 2429]);
        assert!(times.windows(2).map(|pair| pair[1] - pair[0]).is_sorted_by(|one, next| next <= &(one + 1)));
        assert_eq!(drops(&mut codel, 2800, 3000, 4), []);
        assert!(!codel.dropping);
        assert_eq!(read(&codel, "drops"), times.len().to_string());
    }

    #[test]
    fn unknown_times_and_empty_queues_drop_nothing() {
        let (mut inputs, mut codel) = (Pulling::new([[].into()]), CoDel::new(0, 0));
        (codel.dropping, codel.first_above_ns) = (true, Some(0));
        inputs.io.now_ns = 9;
        assert!(inputs.pull(&mut codel).is_none() && !codel.dropping && codel.first_above_ns.is_none());
        codel.dropping = true;
        inputs.inputs[0].push_back(packet(&[1]));
        assert!(inputs.pull(&mut codel).is_some() && !codel.dropping && codel.drops == 0);
        codel.count = u64::MAX;
        assert_eq!(codel.control_law(u64::MAX), u64::MAX);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<CoDel>(arguments, &Surroundings::default());
        assert_eq!(made(&[]).unwrap().expression, "CoDel::new(5000000, 100000000)");
        assert_eq!(made(&["0.01", "1s", "QUEUES a b"]).unwrap().expression, "CoDel::new(10000000, 1000000000)");
    }
}
