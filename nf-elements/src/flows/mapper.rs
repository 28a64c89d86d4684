// SPDX-License-Identifier: Apache-2.0
//! Elements that choose the pattern for a flow, Click's `IPMapper`: a rewriter's peers.

use super::{FlowId, Pattern};

/// A pattern and the outputs that go with it: one of those that a mapper chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The pattern.
    pub pattern: Pattern,
    /// The outputs of a flow's packets and of those that answer.
    pub outputs: [u8; 2],
}

/// An element that chooses the pattern for a flow.
pub trait Mapper {
    /// What `id` becomes, and the outputs. `attempt` uses a pattern.
    fn map(&mut self, id: &FlowId, attempt: impl FnMut(&mut Pattern) -> Option<FlowId>) -> Option<(FlowId, [u8; 2])>;
}

/// The mappers that a rewriter is lent.
pub trait Mappers {
    /// Asks the mapper of that number.
    fn map(
        self,
        number: usize,
        id: &FlowId,
        attempt: impl FnMut(&mut Pattern) -> Option<FlowId>,
    ) -> Option<(FlowId, [u8; 2])>;
}

macro_rules! mappers {
    ($($mapper:ident $number:tt),*) => {
        impl<$($mapper: Mapper),*> Mappers for ($(&mut $mapper,)*) {
            #[allow(unused_variables, reason = "the tuple of none asks nobody")]
            fn map(
                self,
                number: usize,
                id: &FlowId,
                attempt: impl FnMut(&mut Pattern) -> Option<FlowId>,
            ) -> Option<(FlowId, [u8; 2])> {
                match number {
                    $($number => self.$number.map(id, attempt),)*
                    _ => None,
                }
            }
        }
    };
}
mappers!();
mappers!(A 0);
mappers!(A 0, B 1);
mappers!(A 0, B 1, C 2);
mappers!(A 0, B 1, C 2, D 3);
