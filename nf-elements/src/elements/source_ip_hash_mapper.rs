// SPDX-License-Identifier: Apache-2.0
//! # SourceIPHashMapper
//! `SourceIPHashMapper(NNODES SEED, PATTERN FOUTPUT ROUTPUT ID, …)` — chooses patterns for a rewriter by the source address.
//!
//! **Description:** an `IPRewriter` (or one of its kin) whose INPUTSPEC is this element's name asks it for each new flow: flows
//! from one source address have one pattern. The choice is by consistent hashing: each pattern, under its number ID, has
//! NNODES places on a circle that depend on SEED, so that few addresses change when a pattern comes or goes. To share load
//! among servers.
//!
//! **Notes:** the places are those of Click under Linux, so it chooses the same patterns. As in Click the patterns belong
//! to the IDs in ascending order, whatever theirs is, and an address beyond the last place gets a middle one. An ID is given
//! once, is at most 4095, and there are at most 65535 places. An output that the rewriter does not have is noticed when a flow
//! would use it, and counted among its `mapping_failures`; Click refuses the configuration.
//!
//! **Example:** `servers :: SourceIPHashMapper(100 0xbeef, - - 10.0.0.2 - 0 0 1, - - 10.0.0.3 - 0 0 2);
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> IPRewriter(servers) -> Discard;`
//!
//! **See also:** `IPRewriter`, `RoundRobinIPMapper`, `IPRewriterPatterns`.

use crate::flows::{FlowId, Mapper, Pattern, Target};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

#[cfg(feature = "host")]
mod places;

/// Bytes of a place: where it is, and whose.
const PLACE_BYTES: usize = 6;

/// See the module's documentation.
pub struct SourceIpHashMapper<const N: usize = 1> {
    targets: [Target; N],
    /// A binary search tree: the children of place `i` are `2i + 1` and `2i + 2`.
    places: &'static [u8],
}

impl<const N: usize> SourceIpHashMapper<N> {
    /// Chooses among `targets`; each of the `places` is a number in 32 bits and a target's in 16, little-endian.
    pub const fn new(targets: [Target; N], places: &'static [u8]) -> Self {
        SourceIpHashMapper { targets, places }
    }

    /// The target of the first place that is not before `key`.
    fn target(&self, key: u32) -> usize {
        let (places, _) = self.places.as_chunks::<PLACE_BYTES>();
        let (mut at, mut found) = (0, 0);
        while let Some([a, b, c, d, ..]) = places.get(at) {
            let place = u32::from_le_bytes([*a, *b, *c, *d]);
            if key > place {
                at = 2 * at + 2;
            } else {
                found = at;
                at = if key == place { places.len() } else { 2 * at + 1 };
            }
        }
        places.get(found).map_or(0, |[.., low, high]| u16::from_le_bytes([*low, *high]).into())
    }
}

impl<const N: usize> Element for SourceIpHashMapper<N> {
    const SPEC: Spec = Spec {
        class: "SourceIPHashMapper",
        category: Category::Rewriting,
        summary: "chooses patterns for a rewriter by the source address",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument {
            name: "PATTERN",
            kind: ArgumentKind::List,
            doc: "first NNODES and SEED, then patterns (or their names), each with FOUTPUT, ROUTPUT and ID",
        }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for SourceIpHashMapper {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mut rest = arguments.rest().into_iter();
        let Some((first, numbers)) = rest.next().filter(|_| rest.len() > 0) else {
            arguments.error("no patterns given", Some(arguments.usage()));
            return None;
        };
        let Some((nodes, seed)) = nodes_and_seed(&numbers.value) else {
            let (end, message) = (numbers.value.len(), format!("'{}'", numbers.value));
            arguments.error_at(first, 0..end, message, Some("NNODES (at least 1) and SEED".into()));
            return None;
        };
        let (mut targets, mut ids) = (Vec::new(), Vec::new());
        for (index, text) in rest {
            let (pattern, id) = text.value.rsplit_once(char::is_whitespace).unwrap_or(("", &text.value));
            match id.parse::<u16>() {
                Ok(id) if id < 4096 && !ids.contains(&id) => ids.push(id),
                _ => {
                    let wanted = Some("a pattern, FOUTPUT, ROUTPUT and a number of its own, at most 4095".into());
                    arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
                    return None;
                }
            }
            targets.push(crate::flows::target(arguments, surroundings, index, pattern)?.expression());
        }
        if nodes * ids.len() > usize::from(u16::MAX) {
            arguments.error(format!("{nodes} places for {} patterns", ids.len()), Some("at most 65535 in all".into()));
            return None;
        }
        let (count, targets) = (targets.len(), targets.join(", "));
        let expression = format!("SourceIpHashMapper::<{count}>::new([{targets}], {{data}})");
        let instance = crate::configure::Instance::new(format!("SourceIpHashMapper<{count}>"), expression);
        Some(instance.with_data(places::places(&ids, nodes, seed)))
    }
}

/// Reads NNODES and SEED.
#[cfg(feature = "host")]
fn nodes_and_seed(text: &str) -> Option<(usize, i32)> {
    use crate::configure::FromArgument;
    let mut words = text.split_ascii_whitespace();
    let (nodes, seed) = (usize::from_argument(words.next()?)?, i32::from_argument(words.next()?)?);
    (nodes > 0 && words.next().is_none()).then_some((nodes, seed))
}

impl<const N: usize> Mapper for SourceIpHashMapper<N> {
    fn map(
        &mut self,
        id: &FlowId,
        mut attempt: impl FnMut(&mut Pattern) -> Option<FlowId>,
    ) -> Option<(FlowId, [u8; 2])> {
        // As Click does on a little-endian machine: the address's first byte in the lowest place.
        let address = id.source.swap_bytes();
        let key = address.wrapping_mul(((address & 0xff) << 24) | 1) % 0x7fff_ffff;
        let number = self.target(key);
        let target = self.targets.get_mut(number)?;
        Some((attempt(&mut target.pattern)?, target.outputs))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    fn outputs<const N: usize>(ids: [u16; N]) -> Vec<u8> {
        let mut number = 0;
        let targets = ids.map(|_| {
            number += 1;
            Target { pattern: Pattern::NONE, outputs: [number, 0] }
        });
        let mut mapper = SourceIpHashMapper::new(targets, places::places(&ids, 50, 0xbeef).leak());
        let sources = (0..2000u32).map(|number| 0x0a00_0000 + number * 77);
        let found = sources.map(|source| mapper.map(&FlowId { source, ..FlowId::NONE }, |_| Some(FlowId::NONE)));
        found.map(|found| found.unwrap().1[0]).collect()
    }

    #[test]
    fn addresses_keep_their_pattern_when_another_comes() {
        let (two, three) = (outputs([1, 2]), outputs([1, 2, 3]));
        for output in 1..=3 {
            let count = three.iter().filter(|other| **other == output).count();
            assert!(count > 200, "{output}: {count}");
        }
        let moved = two.iter().zip(&three).filter(|(before, after)| before != after && **after != 3).count();
        assert!(moved < 100, "{moved}");
    }

    #[test]
    fn arguments_are_checked() {
        let check = |arguments: &[&str]| configure::<SourceIpHashMapper>(arguments, &Surroundings::default());
        let instance = check(&["10 0xbeef", "- - 10.0.0.2 - 0 0 1", "- - 10.0.0.3 - 0 0 2"]).unwrap();
        assert_eq!((instance.data.len(), &instance.rust_type[..]), (20 * PLACE_BYTES, "SourceIpHashMapper<2>"));
        for wrong in [
            &["10 1"][..],
            &["10", "- - - - 0 0 1"],
            &["0 1", "- - - - 0 0 1"],
            &["10 1", "- - - - 0 0 x"],
            &["10 1", "- - - - 0 0 1", "- - - - 0 0 1"],
            &["65535 1", "- - - - 0 0 1", "- - - - 0 0 2"],
            &["10 1", "- - x - 0 0 1"],
        ] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
