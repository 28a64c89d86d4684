// SPDX-License-Identifier: Apache-2.0
//! # RoundRobinIPMapper
//! `RoundRobinIPMapper(PATTERN FOUTPUT ROUTPUT, …)` — chooses patterns for a rewriter in turn.
//!
//! **Description:** an `IPRewriter` (or one of its kin) whose INPUTSPEC is this element's name asks it for each new flow: the
//! patterns are tried in turn, from the one after that which was used last, until one gives the flow a name. To share load
//! among servers.
//!
//! **Notes:** an output that the rewriter does not have is noticed when a flow would use it, and counted among its
//! `mapping_failures`; Click refuses the configuration.
//!
//! **Example:** `servers :: RoundRobinIPMapper(- - 10.0.0.2 - 0 0, - - 10.0.0.3 - 0 0);
//! FromDevice(wan) -> Strip(14) -> CheckIPHeader -> IPRewriter(servers) -> Discard;`
//!
//! **See also:** `IPRewriter`, `SourceIPHashMapper`, `IPRewriterPatterns`.

use crate::flows::{FlowId, Mapper, Pattern, Target};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
pub struct RoundRobinIpMapper<const N: usize = 1> {
    targets: [Target; N],
    next: usize,
}

impl<const N: usize> RoundRobinIpMapper<N> {
    /// Takes turns among `targets`.
    pub const fn new(targets: [Target; N]) -> Self {
        RoundRobinIpMapper { targets, next: 0 }
    }
}

impl<const N: usize> Element for RoundRobinIpMapper<N> {
    const SPEC: Spec = Spec {
        class: "RoundRobinIPMapper",
        category: Category::Rewriting,
        summary: "chooses patterns for a rewriter in turn",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument {
            name: "PATTERN",
            kind: ArgumentKind::List,
            doc: "a pattern (or its name), FOUTPUT and ROUTPUT",
        }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for RoundRobinIpMapper {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mut targets = Vec::new();
        for (index, text) in arguments.rest() {
            targets.push(crate::flows::target(arguments, surroundings, index, &text.value)?.expression());
        }
        if targets.is_empty() {
            arguments.error("no patterns given", Some(arguments.usage()));
            return None;
        }
        let (count, targets) = (targets.len(), targets.join(", "));
        let expression = format!("RoundRobinIpMapper::<{count}>::new([{targets}])");
        Some(crate::configure::Instance::new(format!("RoundRobinIpMapper<{count}>"), expression))
    }
}

impl<const N: usize> Mapper for RoundRobinIpMapper<N> {
    fn map(
        &mut self,
        _: &FlowId,
        mut attempt: impl FnMut(&mut Pattern) -> Option<FlowId>,
    ) -> Option<(FlowId, [u8; 2])> {
        for _ in 0..N {
            let target = self.targets.get_mut(self.next)?;
            self.next = if self.next + 1 < N { self.next + 1 } else { 0 };
            if let Some(new) = attempt(&mut target.pattern) {
                return Some((new, target.outputs));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_turns_and_one_that_fails_is_passed_over() {
        let target = |output| Target { pattern: Pattern::NONE, outputs: [output, 9] };
        let mut mapper = RoundRobinIpMapper::new([target(0), target(1), target(2)]);
        let turns = [(); 4].map(|()| mapper.map(&FlowId::NONE, |_| Some(FlowId::NONE)).map(|(_, outputs)| outputs[0]));
        assert_eq!(turns, [Some(0), Some(1), Some(2), Some(0)]);
        let mut tries = 0;
        let found = mapper.map(&FlowId::NONE, |_| {
            tries += 1;
            (tries == 2).then_some(FlowId::NONE)
        });
        assert_eq!(found, Some((FlowId::NONE, [2, 9])));
        assert_eq!(mapper.map(&FlowId::NONE, |_| None), None);
    }
}
