// SPDX-License-Identifier: Apache-2.0
//! # DRRSched
//! `DRRSched([QUANTUM])` — pulls from its inputs in turn, each as many bytes as the others.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** deficit round robin (Shreedhar and Varghese, SIGCOMM 1995): at its turn an input is granted QUANTUM bytes
//! (500, unless given) and gives packets as long as they fit into what it was granted; what is left is kept for its next turn,
//! unless it has no more packets.
//!
//! **Notes:** the first packet of each input that must wait for its grant is kept in this element, so a Queue behind an input
//! shows one packet less. Click answers a pull without a packet when no first packet fits yet, and is pulled again; here
//! grants go on within the same pull. QUANTUM is at most 65535.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: DRRSched(1500); FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `RoundRobinSched`, `StrideSched`, `PrioSched`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;

struct Input {
    /// The packet that waits for its grant.
    head: Option<Packet>,
    deficit: usize,
}

/// See the module's documentation.
pub struct DrrSched<const N: usize = 2> {
    quantum: u16,
    inputs: [Input; N],
    /// Whose turn it is.
    next: usize,
    /// How many turns ended since the last packet was kept or asked for.
    tried: usize,
}

impl<const N: usize> DrrSched<N> {
    /// A scheduler of `N` inputs that grants `quantum` bytes, at least one.
    pub const fn new(quantum: u16) -> Self {
        let quantum = if quantum == 0 { 1 } else { quantum };
        DrrSched { quantum, inputs: [const { Input { head: None, deficit: 0 } }; N], next: 0, tried: 0 }
    }

    /// The next input's turn begins.
    fn advance(&mut self) {
        self.next = if self.next + 1 < N { self.next + 1 } else { 0 };
        self.inputs[self.next].deficit += usize::from(self.quantum);
    }

    /// What the input whose turn it is does with its next packet, if there is one.
    fn offer(&mut self, packet: Option<Packet>) -> Option<Packet> {
        let input = &mut self.inputs[self.next];
        match packet {
            None => {
                input.deficit = 0;
                self.tried += 1;
            }
            Some(packet) if packet.len() <= input.deficit => {
                input.deficit -= packet.len();
                return Some(packet);
            }
            Some(packet) => {
                input.head = Some(packet);
                self.tried = 0;
            }
        }
        self.advance();
        None
    }
}

impl<const N: usize> Element for DrrSched<N> {
    const SPEC: Spec = Spec {
        class: "DRRSched",
        category: Category::Scheduling,
        summary: "pulls from its inputs in turn, each as many bytes as the others",
        ports: "-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[Argument { name: "QUANTUM", kind: ArgumentKind::Optional, doc: "bytes at a turn; 500 by default" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for DrrSched {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let (quantum, inputs): (u16, _) = (arguments.optional("QUANTUM", 500)?, surroundings.inputs);
        if quantum == 0 {
            arguments.error_last("a quantum of 0 bytes", "1 to 65535");
        }
        let expression = format!("DrrSched::<{inputs}>::new({quantum})");
        Some(crate::configure::Instance::new(format!("DrrSched<{inputs}>"), expression))
    }
}

impl<const N: usize> Pull for DrrSched<N> {
    #[inline]
    fn turn<M: PacketIo>(&mut self, _: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => self.tried = 0,
            Some((_, answer)) => {
                if let Some(packet) = self.offer(answer) {
                    return Turn::Give(packet);
                }
            }
        }
        // As long as a packet waits, its grant grows with each round, and so this ends.
        while self.tried < N {
            let Some(head) = self.inputs[self.next].head.take() else { return Turn::Pull(self.next) };
            if let Some(packet) = self.offer(Some(head)) {
                return Turn::Give(packet);
            }
        }
        Turn::Rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet};

    fn long<const N: usize>(packets: [(u8, usize); N]) -> std::collections::VecDeque<Packet> {
        packets.iter().map(|(first, length)| packet(&vec![*first; *length])).collect()
    }

    #[test]
    fn bytes_are_shared() {
        let mut inputs = Pulling::new([long([(1, 1000); 5]), long([(2, 250); 20]), long([])]);
        let got = inputs.pull_all(&mut DrrSched::<3>::new(500));
        let bytes = |first| got[..10].iter().filter(|got| **got == first).count() * if first == 1 { 1000 } else { 250 };
        assert_eq!((bytes(1), bytes(2), got.len()), (2000, 2000, 25));
    }

    #[test]
    fn a_packet_longer_than_the_quantum_comes_in_the_same_pull() {
        let mut inputs = Pulling::new([long([(1, 1500); 2])]);
        let mut sched = DrrSched::<1>::new(1);
        assert_eq!((inputs.pull_all(&mut sched), inputs.pull_all(&mut sched)), (vec![1, 1], vec![]));
        assert_eq!(Pulling::new([]).pull_all(&mut DrrSched::<0>::new(1)), []);
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { inputs: 3, ..Default::default() };
        assert_eq!(configure::<DrrSched>(&[], &three).unwrap().expression, "DrrSched::<3>::new(500)");
        assert!(configure::<DrrSched>(&["0"], &three).is_err());
    }
}
