// SPDX-License-Identifier: Apache-2.0
//! # RoundRobinSched
//! `RoundRobinSched` — pulls from its inputs in turn.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** tries its inputs in order, beginning behind the one that gave the last packet, and gives the first
//! packet that it gets.
//!
//! **Notes:** `SimpleRoundRobinSched` is another name for it.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: RoundRobinSched; FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `PrioSched`, `StrideSched`, `DRRSched`, `RoundRobinSwitch`.

use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct RoundRobinSched<const N: usize = 2> {
    /// The input to try next.
    next: usize,
    /// How many were tried in vain for this packet.
    tried: usize,
}

impl<const N: usize> RoundRobinSched<N> {
    /// A scheduler of `N` inputs, the first one's turn.
    pub const fn new() -> Self {
        RoundRobinSched { next: 0, tried: 0 }
    }
}

impl<const N: usize> Element for RoundRobinSched<N> {
    const SPEC: Spec = Spec {
        class: "RoundRobinSched",
        category: Category::Scheduling,
        summary: "pulls from its inputs in turn",
        ports: "-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RoundRobinSched {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let class = format!("RoundRobinSched<{}>", surroundings.inputs);
        let expression = format!("RoundRobinSched::<{}>::new()", surroundings.inputs);
        Some(crate::configure::Instance::new(class, expression))
    }
}

impl<const N: usize> Pull for RoundRobinSched<N> {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => self.tried = 0,
            Some((input, answer)) => {
                self.next = if input + 1 < N { input + 1 } else { 0 };
                self.tried += 1;
                if let Some(packet) = answer {
                    return Turn::Give(packet);
                }
            }
        }
        // All were tried: it is again the turn of the one that was first.
        if self.tried < N { Turn::Pull(self.next) } else { Turn::Rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets};

    #[test]
    fn inputs_take_turns() {
        let mut inputs = Pulling::new([packets([1, 1, 1]), packets([2]), packets([3, 3])]);
        let mut sched = RoundRobinSched::<3>::new();
        assert_eq!(inputs.pull_all(&mut sched), [1, 2, 3, 1, 3, 1]);
        // Input 0 came last.
        (0..3).for_each(|input| inputs.inputs[input].extend(packets([10 + input as u8])));
        assert_eq!(inputs.pull_all(&mut sched), [11, 12, 10]);
        assert_eq!(Pulling::new([]).pull_all(&mut RoundRobinSched::<0>::new()), []);
    }

    #[cfg(feature = "host")]
    #[test]
    fn inputs_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { inputs: 3, ..Default::default() };
        assert_eq!(configure::<RoundRobinSched>(&[], &three).unwrap().rust_type, "RoundRobinSched<3>");
    }
}
