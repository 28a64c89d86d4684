// SPDX-License-Identifier: Apache-2.0
//! # Meter
//! `Meter(RATE1, RATE2, …)` — chooses the output by how many packets come in per second.
//!
//! **Ports:** one push input, two or more push outputs: one more than there are rates.
//!
//! **Description:** measures the rate of packets per second, as an exponentially weighted moving average, and sends all
//! packets by output 0 while it is less than RATE1, by output 1 while it is less than RATE2, and so on; by the last output
//! while it is at least the last RATE. The rates rise.
//!
//! **Notes:** all packets leave by the same output at a time: `RatedSplitter` splits them. As in Click, a RATE may have the unit of a
//! bandwidth (8Mbps), and `meters` shows the rates without anything between them. `rate` is that of the last packet's time:
//! it does not sink until the next packet comes.
//!
//! **Handlers:** `rate`, `meters` (read).
//!
//! **Example:** `m :: Meter(10000); FromDevice(lan) -> m; m[0] -> ToDevice(wan); m[1] -> Discard;`
//!
//! **See also:** `BandwidthMeter`, `RatedSplitter`, `Counter`.

use super::meters::{self, Meters};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Meter<const N: usize = 1> {
    meters: Meters<N>,
}

impl<const N: usize> Meter<N> {
    /// Compares with these rates, in rising order.
    pub const fn new(rates: [u32; N]) -> Self {
        Meter { meters: Meters::new(rates) }
    }
}

impl<const N: usize> Element for Meter<N> {
    const SPEC: Spec = Spec {
        class: "Meter",
        category: Category::Classification,
        summary: "chooses the output by how many packets come in per second",
        ports: "1/2-",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[meters::RATES],
        handlers: meters::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.meters.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Meter {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        meters::configure("Meter", arguments, surroundings)
    }
}

impl<const N: usize> Route for Meter<N> {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        Some(self.meters.update(io, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn the_output_follows_the_rate() {
        let (mut meter, mut io, mut frame) = (Meter::new([125, 500]), ListIo::new(0), packet(&[0; 100]));
        let mut outputs = vec![];
        // 1000 packets per second, and then one now and then.
        for at_ms in (0..200).chain((300..1000).step_by(90)) {
            io.now_ns = at_ms * 1_000_000;
            outputs.push(meter.route(&mut io, 0, &mut frame).unwrap());
        }
        outputs.dedup();
        assert_eq!(outputs, [0, 1, 2, 0]);
        assert_eq!(read(&meter, "meters"), "125500");
    }

    #[cfg(feature = "host")]
    #[test]
    fn a_rate_less_than_outputs() {
        use crate::configure::{Surroundings, configure};
        let three = Surroundings { outputs: 3, ..Default::default() };
        let made = |arguments: &[&str]| configure::<Meter>(arguments, &three);
        assert_eq!(made(&["100", "8kbps"]).unwrap().expression, "Meter::<2>::new([100, 1000])");
        assert!([["100", "100"], ["x", "100"]].iter().all(|wrong| made(wrong).is_err()) && made(&["1"]).is_err());
    }
}
