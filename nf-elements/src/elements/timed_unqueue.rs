// SPDX-License-Identifier: Apache-2.0
//! # TimedUnqueue
//! `TimedUnqueue(INTERVAL [, BURST])` — pulls some packets in each interval and pushes them on.
//!
//! **Ports:** one pull input, one push output.
//!
//! **Description:** pulls up to BURST packets (1, unless given) every INTERVAL seconds and pushes them on. After an interval
//! in which there were none it acts as soon as there are some.
//!
//! **Handlers:** none.
//!
//! **Example:** `FromDevice(lan) -> Queue -> TimedUnqueue(10ms) -> ToDevice(wan);`
//!
//! **See also:** `Burster`, `RatedUnqueue`, `Unqueue`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct TimedUnqueue {
    interval_ns: u64,
    burst: u32,
    /// How many more may be pulled in this interval.
    left: u32,
    /// When the next interval begins; none while nothing comes.
    next_ns: Option<u64>,
}

impl TimedUnqueue {
    /// Pulls `burst` packets in each interval.
    pub const fn new(interval_ns: u64, burst: u32) -> Self {
        TimedUnqueue { interval_ns, burst, left: 0, next_ns: None }
    }

    /// Its arguments.
    pub(super) const ARGUMENTS: &[Argument] = &[
        Argument { name: "INTERVAL", kind: ArgumentKind::Required, doc: "seconds between bursts" },
        Argument { name: "BURST", kind: ArgumentKind::Optional, doc: "most packets in each" },
    ];

    /// See [`Element::deadline_ns`].
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        self.next_ns
    }

    /// See [`Pull::turn`].
    #[inline]
    pub(super) fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => {
                if self.left == 0 {
                    if self.next_ns.is_some_and(|next_ns| io.now_ns() < next_ns) {
                        return Turn::Rest;
                    }
                    self.left = self.burst;
                }
                return Turn::Pull(0);
            }
            Some((_, Some(packet))) => {
                if self.left == self.burst {
                    let begin_ns = self.next_ns.unwrap_or(io.now_ns());
                    self.next_ns = Some(begin_ns.saturating_add(self.interval_ns).max(io.now_ns()));
                }
                self.left -= 1;
                return Turn::Give(packet);
            }
            // Not one in this interval: the next one, whenever it comes, begins another.
            Some((_, None)) if self.left == self.burst => self.next_ns = None,
            Some((_, None)) => {}
        }
        self.left = 0;
        Turn::Rest
    }
}

impl Element for TimedUnqueue {
    const SPEC: Spec = Spec {
        class: "TimedUnqueue",
        category: Category::Scheduling,
        summary: "pulls some packets in each interval and pushes them on",
        ports: "1/1",
        processing: "l/h",
        shape: Shape::Pull,
        arguments: TimedUnqueue::ARGUMENTS,
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.deadline_ns()
    }
}

/// Reads the arguments of `class`, whose BURST is `burst` if it is not given.
#[cfg(feature = "host")]
pub(super) fn configure(
    class: &str,
    burst: u32,
    arguments: &mut crate::configure::Arguments,
) -> Option<crate::configure::Instance> {
    let interval: Option<crate::configure::Nanoseconds> = arguments.required("INTERVAL");
    let burst = arguments.optional("BURST", burst)?;
    if burst == 0 {
        arguments.error_last("a burst of 0 packets", "at least 1");
    }
    Some(crate::configure::Instance::new(class, format!("{class}::new({}, {burst})", interval?.0)))
}

#[cfg(feature = "host")]
impl crate::configure::Configure for TimedUnqueue {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        configure("TimedUnqueue", 1, arguments)
    }
}

impl Pull for TimedUnqueue {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        self.turn(io, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets};

    #[test]
    fn a_burst_in_each_interval() {
        let (mut inputs, mut unqueue) = (Pulling::new([packets([1, 2, 3, 4, 5])]), TimedUnqueue::new(100, 2));
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![1, 2], Some(100)));
        inputs.io.now_ns = 99;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![], Some(100)));
        // Late, and yet the next interval begins in time.
        inputs.io.now_ns = 130;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![3, 4], Some(200)));
        inputs.io.now_ns = 200;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![5], Some(300)));
        inputs.io.now_ns = 300;
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![], None));
        inputs.io.now_ns = 333;
        inputs.inputs[0].extend(packets([6]));
        assert_eq!((inputs.pull_all(&mut unqueue), unqueue.deadline_ns()), (vec![6], Some(433)));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<TimedUnqueue>(arguments, &Surroundings::default());
        assert_eq!(made(&["0.1"]).unwrap().expression, "TimedUnqueue::new(100000000, 1)");
        assert!(made(&["0.1", "0"]).is_err() && made(&[]).is_err());
    }
}
