// SPDX-License-Identifier: Apache-2.0
//! # TimeSortedSched
//! `TimeSortedSched([STOP, BUFFER])` — pulls packets in the order of their timestamps.
//!
//! **Ports:** any number of pull inputs, one pull output.
//!
//! **Description:** takes up to BUFFER packets (1, unless given) of each input and gives the one with the earliest timestamp.
//! Where each input is in order, so is the output; a larger BUFFER makes good small disorder.
//!
//! **Notes:** at most 4096 packets in all. Of packets with the same timestamp the one that was pulled first comes first. With
//! STOP true the machine stops when it is asked for a packet and no input has one; Click does so when none of them says that
//! one may come.
//!
//! **Handlers:** `well_ordered` (read: false if an input was not in order, and so neither was the output).
//!
//! **Example:** `s :: TimeSortedSched; FromDevice(lan) -> Queue -> [0]s; FromDevice(wan) -> Queue -> [1]s; s -> Discard;`
//!
//! **See also:** `PrioSched`, `RoundRobinSched`, `SetTimestamp`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Pull, Spec, Turn};
use core::fmt;
use heapless::Vec;

/// See the module's documentation. `M` is `N` times BUFFER.
pub struct TimeSortedSched<const N: usize = 2, const M: usize = 2> {
    stop: bool,
    /// How many more packets each input may have here.
    space: [usize; N],
    /// The packets with their inputs, in the order of their arrival.
    packets: Vec<(usize, Packet), M>,
    last_ns: u64,
    well_ordered: bool,
}

impl<const N: usize, const M: usize> TimeSortedSched<N, M> {
    /// A scheduler of `N` inputs.
    pub const fn new(stop: bool) -> Self {
        let buffer = match M.checked_div(N) {
            Some(buffer) => buffer,
            None => 0,
        };
        TimeSortedSched { stop, space: [buffer; N], packets: Vec::new(), last_ns: 0, well_ordered: true }
    }

    /// Asks the first input from `input` on that has space, or gives the earliest packet.
    fn go_on<I: PacketIo>(&mut self, io: &mut I, input: usize) -> Turn {
        if let Some(input) = (input..N).find(|input| self.space[*input] > 0) {
            return Turn::Pull(input);
        }
        let stamp = |(_, (_, packet)): &(usize, &(usize, Packet))| packet.annotations().timestamp_ns;
        let Some((place, _)) = self.packets.iter().enumerate().min_by_key(stamp) else {
            if self.stop {
                io.stop();
            }
            return Turn::Rest;
        };
        let (input, packet) = self.packets.remove(place);
        self.space[input] += 1;
        let stamp_ns = packet.annotations().timestamp_ns;
        if stamp_ns > 0 {
            self.well_ordered &= stamp_ns >= self.last_ns;
            self.last_ns = stamp_ns;
        }
        Turn::Give(packet)
    }
}

impl<const N: usize, const M: usize> Element for TimeSortedSched<N, M> {
    const SPEC: Spec = Spec {
        class: "TimeSortedSched",
        category: Category::Scheduling,
        summary: "pulls packets in the order of their timestamps",
        ports: "-/1",
        processing: "l/l",
        shape: Shape::Pull,
        arguments: &[
            Argument { name: "STOP", kind: ArgumentKind::Keyword, doc: "stop without packets? false by default" },
            Argument { name: "BUFFER", kind: ArgumentKind::Keyword, doc: "packets of each input; 1 by default" },
        ],
        handlers: &[Handler { name: "well_ordered", kind: HandlerKind::Read, doc: "was the output in order?" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "well_ordered" => Ok(write!(out, "{}", self.well_ordered)?),
            _ => Err(HandlerError::Unknown),
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for TimeSortedSched {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let stop = arguments.keyword("STOP").unwrap_or(false);
        let (buffer, inputs) = (arguments.keyword("BUFFER").unwrap_or(1usize), surroundings.inputs);
        let packets = inputs.saturating_mul(buffer);
        if buffer == 0 || packets > 4096 {
            arguments.error_last(format!("{buffer} packets of each input"), "1 or more, at most 4096 in all");
            return None;
        }
        let expression = format!("TimeSortedSched::<{inputs}, {packets}>::new({stop})");
        Some(crate::configure::Instance::new(format!("TimeSortedSched<{inputs}, {packets}>"), expression))
    }
}

impl<const N: usize, const M: usize> Pull for TimeSortedSched<N, M> {
    #[inline]
    fn turn<I: PacketIo>(&mut self, io: &mut I, answer: Option<(usize, Option<Packet>)>) -> Turn {
        match answer {
            None => self.go_on(io, 0),
            Some((input, None)) => self.go_on(io, input + 1),
            Some((input, Some(packet))) => {
                // An input is only asked while it has space.
                self.space[input] = self.space[input].saturating_sub(1);
                let _ = self.packets.push((input, packet));
                self.go_on(io, input)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Pulling, packet, read};
    use std::collections::VecDeque;

    fn stamped<const N: usize>(times: [u64; N]) -> VecDeque<Packet> {
        let stamp = |time_ns: &u64| {
            let mut packet = packet(&[*time_ns as u8]);
            packet.annotations_mut().timestamp_ns = *time_ns;
            packet
        };
        times.iter().map(stamp).collect()
    }

    #[test]
    fn inputs_are_merged_by_time() {
        let mut inputs = Pulling::new([stamped([1, 4, 6]), stamped([2, 3, 9]), stamped([])]);
        let mut sched = TimeSortedSched::<3, 3>::new(true);
        assert_eq!(inputs.pull_all(&mut sched), [1, 2, 3, 4, 6, 9]);
        assert_eq!((read(&sched, "well_ordered"), inputs.io.stopped), ("true".into(), true));
    }

    #[test]
    fn a_buffer_makes_good_small_disorder() {
        let disorder = [3, 1, 2, 5, 4];
        let mut sched = TimeSortedSched::<1, 3>::new(false);
        assert_eq!(Pulling::new([stamped(disorder)]).pull_all(&mut sched), [1, 2, 3, 4, 5]);
        assert_eq!(read(&sched, "well_ordered"), "true");
        let (mut sched, mut inputs) = (TimeSortedSched::<1, 1>::new(false), Pulling::new([stamped(disorder)]));
        assert_eq!(inputs.pull_all(&mut sched), disorder.map(|time| time as u8));
        assert_eq!((read(&sched, "well_ordered"), inputs.io.stopped), ("false".into(), false));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_part_of_the_type() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { inputs: 3, ..Default::default() };
        let made = |arguments: &[&str]| configure::<TimeSortedSched>(arguments, &three);
        assert_eq!(made(&["BUFFER 4"]).unwrap().expression, "TimeSortedSched::<3, 12>::new(false)");
        assert!(made(&["BUFFER 0"]).is_err() && made(&["BUFFER 2000"]).is_err());
    }
}
