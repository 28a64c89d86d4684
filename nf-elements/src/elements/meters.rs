// SPDX-License-Identifier: Apache-2.0
//! Rates that tell packets apart: what `Meter` and `BandwidthMeter` have in common.

use super::rate::{Rate, write_fraction};
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::{HandlerError, PacketIo};
use core::fmt;

/// Bits of fraction.
const SCALE: u32 = 10;

/// The arguments.
pub const RATES: Argument = Argument { name: "RATE", kind: ArgumentKind::List, doc: "where the next output begins" };
/// The handlers.
pub const HANDLERS: &[Handler] = &[
    Handler { name: "rate", kind: HandlerKind::Read, doc: "how many per second, lately" },
    Handler { name: "meters", kind: HandlerKind::Read, doc: "RATE, RATE, …" },
];

/// The rate lately, and `N` rates to compare it with.
pub struct Meters<const N: usize> {
    rate: Rate<SCALE>,
    /// Per millisecond, in the rate's units.
    meters: [u64; N],
}

impl<const N: usize> Meters<N> {
    /// Compares with these rates per second, in rising order.
    pub const fn new(rates: [u32; N]) -> Self {
        let mut meters = [0; N];
        let mut i = 0;
        while i < N {
            meters[i] = ((rates[i] as u64) << SCALE) / 1000;
            i += 1;
        }
        Meters { rate: Rate::new(), meters }
    }

    /// Counts `count` more; how many of the rates are reached.
    #[inline]
    pub fn update<M: PacketIo>(&mut self, io: &mut M, count: u64) -> usize {
        self.rate.update(io.now_ns(), count);
        let rate = self.rate.scaled();
        self.meters.iter().take_while(|meter| rate >= **meter).count()
    }

    /// Reads one of [`HANDLERS`].
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "rate" => self.rate.write(out)?,
            "meters" => {
                for meter in self.meters {
                    write_fraction(meter * 1000, SCALE, out)?;
                }
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

/// Reads the rates, and gives the instance of `class`.
#[cfg(feature = "host")]
pub fn configure(
    class: &str,
    arguments: &mut crate::configure::Arguments,
    surroundings: &crate::configure::Surroundings,
) -> Option<crate::configure::Instance> {
    use crate::configure::{BytesPerSecond, FromArgument};
    let (given, needed) = (arguments.rest(), surroundings.outputs.saturating_sub(1));
    if given.len() != needed {
        let found = format!("{} rates for {} outputs", given.len(), surroundings.outputs);
        arguments.error(found, Some(format!("{needed}, one less than outputs")));
        return None;
    }
    let mut rates = Vec::<u32>::new();
    for (index, text) in given {
        let rate = BytesPerSecond::from_argument(&text.value).and_then(|rate| u32::try_from(rate.0).ok());
        match rate.filter(|rate| rates.last().is_none_or(|last| rate > last)) {
            Some(rate) => rates.push(rate),
            None => {
                let wanted = Some("a rate like 1000 or 8Mbps, more than the one before".into());
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
                return None;
            }
        }
    }
    let expression = format!("{class}::<{needed}>::new({rates:?})");
    Some(crate::configure::Instance::new(format!("{class}<{needed}>"), expression))
}
