// SPDX-License-Identifier: Apache-2.0
//! # RandomBitErrors
//! `RandomBitErrors(P [, KIND, ACTIVE])` — changes each bit of packets with some probability.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Description:** changes each bit of each packet's data with probability P: KIND is `flip` (the default), `set` or
//! `clear`. While ACTIVE is false packets pass unchanged.
//!
//! **Notes:** P counts in units of 2⁻²⁸. The random numbers are the same ones at each start. P by its handler is read as
//! it was rounded.
//!
//! **Handlers:** `p_bit_error`, `error_kind`, `active` (read, write).
//!
//! **Example:** `FromDevice(lan) -> RandomBitErrors(0.0001) -> ToDevice(wan);`
//!
//! **See also:** `RandomSample`.

use super::handler_value::{boolean, fraction};
use super::random::Random;
use super::rate::write_fraction;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;

/// Bits of a probability.
const BITS: u32 = 28;

/// What happens to a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes.
    Flip,
    /// It becomes 1.
    Set,
    /// It becomes 0.
    Clear,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "flip" | "" => Kind::Flip,
            "set" => Kind::Set,
            "clear" => Kind::Clear,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Kind::Flip => "flip",
            Kind::Set => "set",
            Kind::Clear => "clear",
        }
    }
}

/// See the module's documentation.
pub struct RandomBitErrors {
    /// In units of 2⁻²⁸.
    probability: u32,
    kind: Kind,
    active: bool,
    random: Random,
}

impl RandomBitErrors {
    /// Changes bits with a probability in units of 2⁻²⁸.
    pub const fn new(probability: u32, kind: Kind, active: bool) -> Self {
        RandomBitErrors { probability, kind, active, random: Random::new() }
    }

    /// Eight bytes in which each bit is 1 with the probability: each digit of that, the lowest first, halves what the lower
    /// ones made, and adds a half if it is 1.
    fn errors(&mut self) -> [u8; 8] {
        let mut errors = if self.probability >> BITS == 0 { 0 } else { u64::MAX };
        // Zeros at the end halve nothing.
        for digit in self.probability.trailing_zeros()..BITS {
            let random = self.random.next();
            errors = if self.probability >> digit & 1 == 0 { errors & random } else { errors | random };
        }
        errors.to_le_bytes()
    }
}

impl Element for RandomBitErrors {
    const SPEC: Spec = Spec {
        class: "RandomBitErrors",
        category: Category::Basic,
        summary: "changes each bit of packets with some probability",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "P", kind: ArgumentKind::Required, doc: "the probability, 0 to 1" },
            Argument { name: "KIND", kind: ArgumentKind::Optional, doc: "flip (default), set or clear" },
            Argument { name: "ACTIVE", kind: ArgumentKind::Optional, doc: "change bits? true by default" },
        ],
        handlers: &[
            Handler { name: "p_bit_error", kind: HandlerKind::ReadWrite, doc: "P" },
            Handler { name: "error_kind", kind: HandlerKind::ReadWrite, doc: "KIND" },
            Handler { name: "active", kind: HandlerKind::ReadWrite, doc: "ACTIVE" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "p_bit_error" => write_fraction(u64::from(self.probability), BITS, out)?,
            "error_kind" => out.write_str(self.kind.name())?,
            "active" => write!(out, "{}", self.active)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "p_bit_error" => self.probability = fraction::<BITS>(value)?,
            "error_kind" => self.kind = Kind::named(value.trim()).ok_or(HandlerError::BadValue)?,
            "active" => self.active = boolean(value)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RandomBitErrors {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let probability: crate::configure::Fraction = arguments.required("P")?;
        // A Fraction is in units of 2⁻³².
        let probability = (probability.0 + 8) >> 4;
        if probability == 0 {
            arguments.warn_last("zero bit error probability");
        }
        let name: String = arguments.optional("KIND", "flip".into())?;
        let Some(kind) = Kind::named(&name) else {
            arguments.error_last(format!("'{name}'"), "flip, set or clear");
            return None;
        };
        let active = arguments.optional("ACTIVE", true)?;
        let expression = format!("RandomBitErrors::new({probability}, random_bit_errors::Kind::{kind:?}, {active})");
        Some(crate::configure::Instance::new("RandomBitErrors", expression))
    }
}

impl Action for RandomBitErrors {
    fn action<M: PacketIo>(&mut self, _: &mut M, packet: &mut Packet) -> Verdict {
        if !self.active || self.probability == 0 {
            return Verdict::Pass;
        }
        for bytes in packet.data_mut().chunks_mut(8) {
            for (byte, errors) in bytes.iter_mut().zip(self.errors()) {
                match self.kind {
                    Kind::Flip => *byte ^= errors,
                    Kind::Set => *byte |= errors,
                    Kind::Clear => *byte &= !errors,
                }
            }
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ListIo, packet, read};

    fn ones(errors: &mut RandomBitErrors, before: u8) -> u32 {
        let mut frame = packet(&[before; 1000]);
        assert_eq!(errors.action(&mut ListIo::new(0), &mut frame), Verdict::Pass);
        frame.data().iter().map(|byte| byte.count_ones()).sum()
    }

    #[test]
    fn as_many_bits_change_as_is_probable() {
        let mut errors = RandomBitErrors::new((1 << 26) + (1 << 25), Kind::Flip, true);
        assert!((2800..3200).contains(&ones(&mut errors, 0)));
        assert!((4800..5200).contains(&ones(&mut errors, 0xff)));
        errors.write_handler("error_kind", "set").unwrap();
        assert_eq!(ones(&mut errors, 0xff), 8000);
        errors.write_handler("error_kind", "clear").unwrap();
        assert!((4800..5200).contains(&ones(&mut errors, 0xff)));
        errors.write_handler("p_bit_error", "1").unwrap();
        assert_eq!((ones(&mut errors, 0xff), read(&errors, "p_bit_error")), (0, "1".into()));
        errors.write_handler("active", "false").unwrap();
        assert_eq!((ones(&mut errors, 0xff), read(&errors, "error_kind")), (8000, "clear".into()));
        assert_eq!(errors.write_handler("error_kind", "x"), Err(HandlerError::BadValue));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<RandomBitErrors>(arguments, &Surroundings::default());
        let expression = "RandomBitErrors::new(134217728, random_bit_errors::Kind::Clear, false)";
        assert_eq!(made(&["0.5", "clear", "false"]).unwrap().expression, expression);
        assert!(made(&["2"]).is_err() && made(&["0.5", "break"]).is_err() && made(&[]).is_err());
    }
}
