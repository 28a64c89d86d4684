// SPDX-License-Identifier: Apache-2.0
//! # RandomSample
//! `RandomSample([P, SAMPLE, DROP, ACTIVE])` — lets packets pass with some probability.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** a packet leaves by output 0 with probability P, or SAMPLE, or one less DROP: one of the three must be
//! given. The others leave by output 1; if that is not connected they are dropped. While ACTIVE is false all pass.
//!
//! **Notes:** the choices are the same at each start of the machine. As in Click, `drops` also counts what output 1 takes.
//! `ProbSplitter` is an older name for it.
//!
//! **Handlers:** `sampling_prob`, `drop_prob`, `active` (read, write), `drops` (drops).
//!
//! **Example:** `FromDevice(lan) -> RandomSample(0.01) -> Discard;`
//!
//! **See also:** `RandomSwitch`, `RatedSplitter`.

use super::handler_value::{boolean, fraction};
use super::random::Random;
use super::rate::write_fraction;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Bits of a probability.
const BITS: u32 = 28;

/// See the module's documentation.
pub struct RandomSample {
    /// In units of 2⁻²⁸.
    probability: u32,
    active: bool,
    drops: u64,
    random: Random,
}

impl RandomSample {
    /// Lets packets pass with a probability in units of 2⁻²⁸.
    pub const fn new(probability: u32, active: bool) -> Self {
        RandomSample { probability, active, drops: 0, random: Random::new() }
    }
}

impl Element for RandomSample {
    const SPEC: Spec = Spec {
        class: "RandomSample",
        category: Category::Classification,
        summary: "lets packets pass with some probability",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Argument { name: "P", kind: ArgumentKind::Optional, doc: "how probably a packet passes, 0 to 1" },
            Argument { name: "SAMPLE", kind: ArgumentKind::Keyword, doc: "the same" },
            Argument { name: "DROP", kind: ArgumentKind::Keyword, doc: "how probably it does not" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Keyword, doc: "choose? true by default" },
        ],
        handlers: &[
            Handler { name: "sampling_prob", kind: HandlerKind::ReadWrite, doc: "SAMPLE" },
            Handler { name: "drop_prob", kind: HandlerKind::ReadWrite, doc: "DROP" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
            Handler { name: "drops", kind: HandlerKind::Drops, doc: "packets that did not pass" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "sampling_prob" => write_fraction(u64::from(self.probability), BITS, out)?,
            "drop_prob" => write_fraction(u64::from((1 << BITS) - self.probability), BITS, out)?,
            "active" => write!(out, "{}", self.active)?,
            "drops" => write!(out, "{}", self.drops)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "sampling_prob" => self.probability = fraction::<BITS>(value)?,
            "drop_prob" => self.probability = (1 << BITS) - fraction::<BITS>(value)?,
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RandomSample {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::Fraction;
        let active = arguments.keyword("ACTIVE").unwrap_or(true);
        let sample: Option<Fraction> = arguments.keyword("SAMPLE");
        let drop: Option<Fraction> = arguments.keyword("DROP");
        // No fraction is more than 2³².
        let plain = arguments.optional("P", Fraction(u64::MAX))?;
        let plain = Some(plain).filter(|plain| plain.0 != u64::MAX);
        // A Fraction is in units of 2⁻³².
        let scaled = |part: Fraction| (part.0 + 8) >> 4;
        let probability = match (plain.or(sample), drop) {
            (Some(sample), None) => scaled(sample),
            (None, Some(drop)) => (1 << BITS) - scaled(drop),
            _ => {
                arguments.error("none or too many of P, SAMPLE and DROP", Some("one of them".into()));
                return None;
            }
        };
        let expression = format!("RandomSample::new({probability}, {active})");
        Some(crate::configure::Instance::new("RandomSample", expression))
    }
}

impl Route for RandomSample {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _input: usize, _: &mut Packet) -> Option<usize> {
        if !self.active || self.random.below(1 << BITS) < self.probability {
            return Some(0);
        }
        self.drops += 1;
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    #[test]
    fn as_many_pass_as_is_probable() {
        let (mut sample, mut io, mut frame) = (RandomSample::new(1 << 26, true), ListIo::new(0), packet(&[1]));
        let passed = (0..4000).filter(|_| sample.route(&mut io, 0, &mut frame) == Some(0)).count();
        assert!((900..1100).contains(&passed), "{passed}");
        assert_eq!(read(&sample, "drops"), (4000 - passed).to_string());
        for (handler, value, all) in [("sampling_prob", "0", false), ("drop_prob", "0", true), ("active", "no", true)] {
            sample.write_handler("drop_prob", "1").unwrap();
            sample.write_handler(handler, value).unwrap();
            assert!((0..100).all(|_| (sample.route(&mut io, 0, &mut frame) == Some(0)) == all), "{handler}");
        }
        sample.write_handler("drop_prob", "0.25").unwrap();
        assert_eq!((read(&sample, "sampling_prob"), read(&sample, "drop_prob")), ("0.75".into(), "0.25".into()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<RandomSample>(arguments, &Surroundings::default());
        for arguments in [&["0.25"], &["SAMPLE 0.25"], &["DROP 0.75"]] {
            assert_eq!(made(arguments).unwrap().expression, "RandomSample::new(67108864, true)");
        }
        assert!(made(&[]).is_err() && made(&["2"]).is_err() && made(&["SAMPLE 1", "DROP 1"]).is_err());
    }
}
