// SPDX-License-Identifier: Apache-2.0
//! What other elements ask a rewriter: what became of a packet that an ICMP error quotes.

use super::{FlowId, Kind, Rewriter};

/// What a packet becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its addresses and ports.
    pub id: FlowId,
    /// The output.
    pub output: u8,
    /// The annotation for packets that answer, if this one does.
    pub reply_annotation: Option<u8>,
}

/// A rewriter, as `ICMPRewriter` sees it.
pub trait Mapping {
    /// What the packet that would answer the quoted one becomes: `id` is the quoted packet's, reversed. An echo's
    /// identifier is the source port.
    fn mapped(&self, protocol: u8, id: &FlowId) -> Option<Mapped>;
}

impl<K: Kind, const N: usize> Mapping for Rewriter<K, N> {
    fn mapped(&self, protocol: u8, id: &FlowId) -> Option<Mapped> {
        let entry = K::find_answer(&self.table, protocol, id)?;
        let (flow, direction) = (self.table.flow(entry.flow()), entry.direction());
        Some(Mapped {
            id: K::fill(flow.rewritten(direction), id, direction),
            output: flow.outputs[direction],
            reply_annotation: (direction == 1).then_some(flow.reply_annotation),
        })
    }
}

/// The rewriters that an element is lent.
pub trait Maps {
    /// The first answer to [`Mapping::mapped`], and whose it is.
    fn mapped(&self, protocol: u8, id: &FlowId) -> Option<(usize, Mapped)>;
}

macro_rules! maps {
    ($($mapping:ident $number:tt),+) => {
        impl<$($mapping: Mapping),+> Maps for ($(&mut $mapping,)+) {
            fn mapped(&self, protocol: u8, id: &FlowId) -> Option<(usize, Mapped)> {
                $(
                    if let Some(mapped) = self.$number.mapped(protocol, id) {
                        return Some(($number, mapped));
                    }
                )+
                None
            }
        }
    };
}
maps!(A 0);
maps!(A 0, B 1);
maps!(A 0, B 1, C 2);
maps!(A 0, B 1, C 2, D 3);
maps!(A 0, B 1, C 2, D 3, E 4);
maps!(A 0, B 1, C 2, D 3, E 4, F 5);
maps!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
maps!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
