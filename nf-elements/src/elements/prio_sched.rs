// SPDX-License-Identifier: Apache-2.0
//! # PrioSched
//! `PrioSched` — pulls from the first input that has a packet.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** tries its inputs in order, from input 0 on, and gives the first packet that one of them has: an input is
//! served only while those before it are empty.
//!
//! **Notes:** `SimplePrioSched`, Click's variant that asks empty inputs too, is another name for it: no element is notified
//! here, and all inputs are asked.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: PrioSched; FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `RoundRobinSched`, `StrideSched`, `DRRSched`, `PullSwitch`.

use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct PrioSched<const N: usize = 2>;

impl<const N: usize> PrioSched<N> {
    /// A scheduler of `N` inputs.
    pub const fn new() -> Self {
        PrioSched
    }
}

impl<const N: usize> Element for PrioSched<N> {
    const SPEC: Spec = Spec {
        class: "PrioSched",
        category: Category::Scheduling,
        summary: "pulls from the first input that has a packet",
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
impl crate::configure::Configure for PrioSched {
    fn configure(
        _: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let inputs = surroundings.inputs;
        Some(crate::configure::Instance::new(format!("PrioSched<{inputs}>"), format!("PrioSched::<{inputs}>::new()")))
    }
}

impl<const N: usize> Pull for PrioSched<N> {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        let next = match answer {
            Some((_, Some(packet))) => return Turn::Give(packet),
            Some((input, None)) => input + 1,
            None => 0,
        };
        if next < N { Turn::Pull(next) } else { Turn::Rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packets};

    #[test]
    fn an_earlier_input_comes_first() {
        let (mut sched, mut inputs) = (PrioSched::<3>::new(), Pulling::new([packets([1]), packets([]), packets([3, 3])]));
        assert_eq!(inputs.pull_all(&mut sched), [1, 3, 3]);
        inputs.inputs[2].extend(packets([3]));
        inputs.inputs[1].extend(packets([2]));
        assert_eq!(inputs.pull_all(&mut sched), [2, 3]);
        assert_eq!(Pulling::new([]).pull_all(&mut PrioSched::<0>::new()), []);
    }

    #[cfg(feature = "host")]
    #[test]
    fn inputs_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { inputs: 3, ..Default::default() };
        assert_eq!(configure::<PrioSched>(&[], &three).unwrap().expression, "PrioSched::<3>::new()");
    }
}
