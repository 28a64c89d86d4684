// SPDX-License-Identifier: Apache-2.0
//! # RED
//! `RED(MIN_THRESH, MAX_THRESH, MAX_P [, QUEUES, STABILITY, GENTLE])` — drops packets early, as Random Early Detection does.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** keeps a moving average of how many packets wait in QUEUES together (names with spaces between; at most 8;
//! the nearest ones if not given: behind RED in a push path, before it in a pull path).
//! Up to an average of MIN_THRESH all packets pass. From there to MAX_THRESH more and more of them are dropped, at last with
//! probability MAX_P; from there to twice MAX_THRESH the probability rises to 1 (unless GENTLE is false: then all are dropped
//! above MAX_THRESH). What is dropped leaves by output 1, if that is connected. In the average, the present length has the
//! weight 2^-STABILITY (4, unless given); with a STABILITY of 0 the present length counts alone.
//!
//! **Notes:** as in Click, `drops` also counts what output 1 takes,
//! with a STABILITY of 0 packets are dropped only above the last threshold, and an empty queue lets the average sink by one
//! step in each fiftieth of a second. The queue length in `stats` is that seen by the last packet. The random numbers are the
//! same at each start. There is no AdaptiveRED.
//!
//! **Handlers:** `min_thresh`, `max_thresh`, `max_p` (read, write), `drops` (drops), `avg_queue_size`, `stats`, `queues` (read).
//!
//! **Example:** `FromDevice(lan) -> RED(5, 50, 0.02) -> Queue(200) -> ToDevice(wan);`
//!
//! **See also:** `CoDel`, `Queue`, `RandomSample`.

use super::handler_value::{fraction, number};
use super::random::Random;
use super::rate::write_fraction;
use super::waiting::Waiting;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, RouteWith, Spec};
use core::fmt;

/// Bits of fraction of the average.
const SCALE: u32 = 10;
/// Bits of a probability.
const BITS: u32 = 16;
/// The steps in which the average sinks while the queues are empty.
const STEP_NS: u64 = 20_000_000;
/// The highest threshold.
const MOST_THRESHOLD: u32 = 0xffff;

/// When to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// MIN_THRESH: above this average some are dropped.
    pub min: u32,
    /// MAX_THRESH.
    pub max: u32,
    /// MAX_P, in units of 2⁻¹⁶.
    pub max_p: u32,
    /// GENTLE.
    pub gentle: bool,
}

impl Thresholds {
    fn are_possible(&self) -> bool {
        self.min <= self.max && self.max <= MOST_THRESHOLD
    }

    /// Above this average all are dropped.
    fn kill(&self) -> u32 {
        if self.gentle && self.max_p != 1 << BITS { self.max * 2 } else { self.max }
    }

    /// The probability at an average above MIN_THRESH, in units of 2⁻¹⁶.
    #[inline]
    fn probability(&self, average: u64) -> i64 {
        let (min, max, max_p) = (i64::from(self.min), i64::from(self.max), i64::from(self.max_p));
        let (slope, offset) = if (average + (1 << (SCALE - 1))) >> SCALE > u64::from(self.max) {
            (((1 << BITS) - max_p) / max.max(1), (1 << BITS) - 2 * max_p)
        } else if min < max {
            (max_p / (max - min), max_p * min / (max - min))
        } else {
            (0, 1)
        };
        // Both factors are small: an average has at most 2³² packets.
        (slope.saturating_mul(average as i64) >> SCALE) - offset
    }
}

/// See the module's documentation.
pub struct Red {
    thresholds: Thresholds,
    stability: u32,
    /// The names of the queues, a line for each.
    queues: &'static str,
    /// The average length, with [`SCALE`] bits of fraction.
    average: u64,
    /// The length now.
    length: usize,
    /// Packets since the last drop; none while the average is small.
    passed: Option<u32>,
    /// What the count times the probability must reach.
    limit: i64,
    /// In which step the queues were last seen empty.
    empty_step: Option<u64>,
    drops: u64,
    random: Random,
}

impl Red {
    /// Drops at these thresholds; `stability` is at most 16.
    pub const fn new(thresholds: Thresholds, stability: u32, queues: &'static str) -> Self {
        Red {
            thresholds,
            stability,
            queues,
            average: 0,
            length: 0,
            passed: None,
            limit: 0,
            empty_step: None,
            drops: 0,
            random: Random::new(),
        }
    }

    /// The average goes on, by a length that was seen.
    #[inline]
    fn observe(&mut self, length: u64) {
        let scaled = (length << SCALE) + (1 << (self.stability - 1));
        self.average = self.average.wrapping_add((scaled.wrapping_sub(self.average) as i64 >> self.stability) as u64);
    }

    /// The average length with the present one, rounded.
    fn measure(&mut self, now_ns: u64) -> u64 {
        let length = self.length as u64;
        if self.stability == 0 {
            return length;
        }
        if length > 0 {
            self.observe(length);
            self.empty_step = None;
        } else {
            let step = now_ns / STEP_NS;
            match self.empty_step.map_or(1, |last| step.saturating_sub(last)) {
                100.. => self.average = 0,
                steps => (0..steps).for_each(|_| self.observe(0)),
            }
            self.empty_step = Some(step);
        }
        (self.average + (1 << (SCALE - 1))) >> SCALE
    }

    fn should_drop(&mut self, now_ns: u64) -> bool {
        let average = self.measure(now_ns);
        if average <= u64::from(self.thresholds.min) || average > u64::from(self.thresholds.kill()) {
            self.passed = None;
            return average > u64::from(self.thresholds.min);
        }
        let probability = self.thresholds.probability(self.average);
        let passed = self.passed.map_or(0, |passed| passed.saturating_add(1));
        let drop = passed > 0 && probability > 0 && i64::from(passed) > self.limit / probability;
        self.passed = Some(if drop { 0 } else { passed });
        if self.passed == Some(0) {
            self.limit = i64::from(self.random.below(1 << BITS));
        }
        drop
    }
}

impl Element for Red {
    const SPEC: Spec = Spec {
        class: "RED",
        category: Category::Scheduling,
        summary: "drops packets early, as Random Early Detection does",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "MIN_THRESH", kind: ArgumentKind::Required, doc: "average length up to which all pass" },
            Argument { name: "MAX_THRESH", kind: ArgumentKind::Required, doc: "average length of MAX_P; at most 65535" },
            Argument { name: "MAX_P", kind: ArgumentKind::Required, doc: "probability of a drop there, 0 to 1" },
            Argument { name: "QUEUES", kind: ArgumentKind::Keyword, doc: "names of queues, with spaces between; the nearest by default" },
            Argument { name: "STABILITY", kind: ArgumentKind::Keyword, doc: "of the average, 0 to 16; 4 by default" },
            Argument { name: "GENTLE", kind: ArgumentKind::Keyword, doc: "rise to 1 above MAX_THRESH? true by default" },
        ],
        handlers: &[
            Handler { name: "min_thresh", kind: HandlerKind::ReadWrite, doc: "MIN_THRESH" },
            Handler { name: "max_thresh", kind: HandlerKind::ReadWrite, doc: "MAX_THRESH" },
            Handler { name: "max_p", kind: HandlerKind::ReadWrite, doc: "MAX_P" },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets dropped" },
            Handler { name: "avg_queue_size", kind: HandlerKind::Read, doc: "the average length" },
            Handler { name: "stats", kind: HandlerKind::Read, doc: "length, average and drops" },
            Handler { name: "queues", kind: HandlerKind::Read, doc: "the names of the queues, a line for each" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "min_thresh" => write!(out, "{}", self.thresholds.min)?,
            "max_thresh" => write!(out, "{}", self.thresholds.max)?,
            "max_p" => write_fraction(u64::from(self.thresholds.max_p), BITS, out)?,
            "drops" => write!(out, "{}", self.drops)?,
            "avg_queue_size" => write_fraction(self.average, SCALE, out)?,
            "stats" => {
                writeln!(out, "{} current queue", self.length)?;
                write_fraction(self.average, SCALE, out)?;
                write!(out, " avg queue\n{} drops\n", self.drops)?;
            }
            "queues" => out.write_str(self.queues)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let mut thresholds = self.thresholds;
        match name {
            "min_thresh" => thresholds.min = number(value)?,
            "max_thresh" => thresholds.max = number(value)?,
            "max_p" => thresholds.max_p = fraction::<BITS>(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        if !thresholds.are_possible() {
            return Err(HandlerError::BadValue);
        }
        self.thresholds = thresholds;
        Ok(())
    }
}

#[cfg(feature = "host")]
mod host {
    use super::{MOST_THRESHOLD, Red};
    use crate::configure::{Arguments, Configure, Fraction, Instance, Peer, Surroundings};
    use crate::elements::waiting::{CLASSES, MOST};

    impl Configure for Red {
        fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
            let min: Option<u32> = arguments.required("MIN_THRESH");
            let max: u32 = arguments.required("MAX_THRESH")?;
            if max > MOST_THRESHOLD || min.is_some_and(|min| min > max) {
                arguments.error_last(format!("{max}"), "MIN_THRESH to 65535");
                return None;
            }
            let max_p: Option<Fraction> = arguments.required("MAX_P");
            let (peers, queues) = queues(arguments, surroundings.stores)?;
            let stability = arguments.keyword("STABILITY").unwrap_or(4u32);
            if stability > 16 {
                arguments.error_last(format!("{stability}"), "0 to 16");
            }
            let gentle = arguments.keyword("GENTLE").unwrap_or(true);
            // A Fraction is in units of 2⁻³².
            let max_p = (max_p?.0 + (1 << 15)) >> 16;
            let thresholds =
                format!("red::Thresholds {{ min: {}, max: {max}, max_p: {max_p}, gentle: {gentle} }}", min?);
            let expression = format!("Red::new({thresholds}, {stability}, {queues:?})");
            Some(Instance::new("Red", expression).with_peers(peers))
        }
    }

    /// QUEUES, or else the nearest ones; and the text of the handler `queues`.
    fn queues(arguments: &mut Arguments, nearest: &[String]) -> Option<(Vec<Peer>, String)> {
        let (argument, text) = match arguments.keyword_peer("QUEUES", CLASSES) {
            Some(named) => (named.argument, named.name),
            None => (0, nearest.join(" ")),
        };
        let names: Vec<_> = text.split_whitespace().collect();
        if names.is_empty() {
            arguments.error("no queue near", Some("a Queue behind RED, or QUEUES with the names of some".into()));
            return None;
        }
        if names.len() > MOST {
            arguments.error(format!("{} queues", names.len()), Some("QUEUES with at most 8".into()));
            return None;
        }
        let lines = names.iter().map(|name| format!("{name}\n")).collect();
        let peer = |name: &&str| Peer { argument, name: name.to_string(), classes: CLASSES };
        Some((names.iter().map(peer).collect(), lines))
    }
}

impl<P: Waiting> RouteWith<P> for Red {
    #[inline]
    fn route_with<M: PacketIo>(&mut self, io: &mut M, queues: P, _input: usize, _: &mut Packet) -> Option<usize> {
        self.length = queues.waiting();
        let drop = self.should_drop(io.now_ns());
        self.drops += u64::from(drop);
        Some(usize::from(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::Queue;
    use crate::testing::{ListIo, packet, read};
    use crate::{Packet, Store};

    /// Of 1000 packets that see `length` packets waiting: how many are dropped.
    fn dropped(red: &mut Red, length: u8) -> usize {
        let (mut io, mut queue) = (ListIo::new(0), Queue::<256>::new());
        (0..length).for_each(|i| assert!(queue.store(&mut io, 0, packet(&[i])).is_none()));
        let mut frame: Packet = packet(&[1]);
        // The average takes its time.
        (0..200).for_each(|_| assert!(red.route_with(&mut io, (&mut queue,), 0, &mut frame).is_some()));
        (0..1000).filter(|_| red.route_with(&mut io, (&mut queue,), 0, &mut frame) == Some(1)).count()
    }

    const THRESHOLDS: Thresholds = Thresholds { min: 5, max: 50, max_p: 1 << 14, gentle: true };

    #[test]
    fn more_are_dropped_the_longer_the_queue_is() {
        let mut red = Red::new(THRESHOLDS, 4, "q\n");
        assert_eq!((dropped(&mut red, 0), dropped(&mut red, 5)), (0, 0));
        // Drops are spread evenly: about twice as rare as if each were by itself.
        let [some, more, most, all] = [25, 50, 75, 101].map(|length| dropped(&mut red, length));
        assert!((100..250).contains(&some) && (250..500).contains(&more) && (600..1000).contains(&most), "{some} {more} {most}");
        assert_eq!((all, read(&red, "queues")), (1000, "q\n".into()));
        assert!(read(&red, "stats").starts_with("101 current queue\n10"));
        red.thresholds.gentle = false;
        assert_eq!(dropped(&mut red, 51), 1000);
    }

    #[test]
    fn an_empty_queue_is_forgotten_with_time() {
        let (mut red, mut io, mut queue) = (Red::new(THRESHOLDS, 4, ""), ListIo::new(0), Queue::<8>::new());
        red.average = 100 << SCALE;
        let mut frame: Packet = packet(&[1]);
        red.route_with(&mut io, (&mut queue,), 0, &mut frame);
        let first = red.average;
        io.now_ns = 10 * STEP_NS;
        red.route_with(&mut io, (&mut queue,), 0, &mut frame);
        assert!(first > 90 << SCALE && red.average < 60 << SCALE && red.average > 40 << SCALE);
        io.now_ns = 200 * STEP_NS;
        red.route_with(&mut io, (&mut queue,), 0, &mut frame);
        assert_eq!(read(&red, "avg_queue_size"), "0");
    }

    #[test]
    fn thresholds_can_change_within_bounds() {
        let mut red = Red::new(THRESHOLDS, 0, "");
        red.write_handler("max_p", "0.5").unwrap();
        red.write_handler("min_thresh", "0").unwrap();
        red.write_handler("max_thresh", "0").unwrap();
        assert_eq!((read(&red, "max_p"), read(&red, "max_thresh")), ("0.5".into(), "0".into()));
        assert_eq!(red.write_handler("min_thresh", "1"), Err(HandlerError::BadValue));
        assert_eq!(red.write_handler("max_thresh", "65536"), Err(HandlerError::BadValue));
        assert_eq!(dropped(&mut red, 1), 1000);
    }

    #[cfg(feature = "host")]
    #[test]
    fn queues_become_peers() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<Red>(arguments, &Surroundings::default());
        let instance = made(&["5", "50", "0.25", "QUEUES a b", "GENTLE false"]).unwrap();
        assert_eq!(instance.peers.iter().map(|peer| &peer.name[..]).collect::<Vec<_>>(), ["a", "b"]);
        let thresholds = "red::Thresholds { min: 5, max: 50, max_p: 16384, gentle: false }";
        assert_eq!(instance.expression, format!(r#"Red::new({thresholds}, 4, "a\nb\n")"#));
        let near = Surroundings { stores: &["q".into()], ..Default::default() };
        let nearest = configure::<Red>(&["5", "50", "0.25"], &near).unwrap();
        assert_eq!((nearest.peers[0].name.as_str(), nearest.peers.len()), ("q", 1));
        assert!(made(&["5", "50", "0.25"]).is_err() && made(&["50", "5", "0.25", "QUEUES q"]).is_err());
        assert!(made(&["5", "50", "0.25", "QUEUES q", "STABILITY 17"]).is_err());
    }
}
