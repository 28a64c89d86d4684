// SPDX-License-Identifier: Apache-2.0
//! # DelayShaper
//! `DelayShaper(DELAY)` — delays packets that are pulled.
//!
//! **Ports:** one pull input, one pull output.
//!
//! **Description:** lets each packet be pulled when DELAY has passed since its timestamp, and not before. Its timestamp is then the
//! time of that pull.
//!
//! **Notes:** one packet at a time waits here, the next ones wait where they are pulled from. As in Click, a packet without a
//! timestamp counts from when it is pulled: put a `SetTimestamp` in front of the Queue.
//!
//! **Handlers:** `delay` (read, write).
//!
//! **Example:** `FromDevice(lan) -> SetTimestamp -> Queue -> DelayShaper(20ms) -> ToDevice(wan);`
//!
//! **See also:** `DelayUnqueue`, `Shaper`, `SetTimestamp`.

use super::delay::{self, Delay};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
pub struct DelayShaper {
    delay: Delay<false>,
}

impl DelayShaper {
    /// Delays packets by so long.
    pub const fn new(delay_ns: u64) -> Self {
        DelayShaper { delay: Delay::new(delay_ns) }
    }
}

impl Element for DelayShaper {
    const SPEC: Spec = Spec {
        class: "DelayShaper",
        category: Category::Scheduling,
        summary: "delays packets that are pulled",
        ports: "1/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: delay::ARGUMENTS,
        handlers: delay::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.delay.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.delay.write_handler(name, value)
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.delay.deadline_ns()
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DelayShaper {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let delay: crate::configure::Nanoseconds = arguments.required("DELAY")?;
        Some(crate::configure::Instance::new("DelayShaper", format!("DelayShaper::new({})", delay.0)))
    }
}

impl Pull for DelayShaper {
    #[inline]
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        self.delay.turn(io, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets, read};

    #[test]
    fn packets_wait_until_they_are_old_enough() {
        let (mut inputs, mut delay) = (Pulling::new([packets([1, 2, 3])]), DelayShaper::new(50));
        inputs.inputs[0][0].annotations_mut().timestamp_ns = 60;
        inputs.inputs[0][1].annotations_mut().timestamp_ns = 70;
        inputs.io.now_ns = 100;
        assert_eq!((inputs.pull_all(&mut delay), delay.deadline_ns()), (vec![], Some(110)));
        inputs.io.now_ns = 130;
        let stamps = [1, 2].map(|_| inputs.pull(&mut delay).unwrap().annotations().timestamp_ns);
        assert_eq!(stamps, [130, 130]);
        // The last one has no timestamp.
        assert_eq!((inputs.pull_all(&mut delay), delay.deadline_ns()), (vec![], Some(180)));
        inputs.io.now_ns = 180;
        assert_eq!((inputs.pull_all(&mut delay), delay.deadline_ns()), (vec![3], None));
        delay.write_handler("delay", "1.5ms").unwrap();
        assert_eq!(read(&delay, "delay"), "1500us");
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<DelayShaper>(arguments, &Surroundings::default());
        assert_eq!(made(&["0.05"]).unwrap().expression, "DelayShaper::new(50000000)");
        assert!(made(&[]).is_err());
    }
}
