// SPDX-License-Identifier: Apache-2.0
//! Tunnels: packets in packets. What all of them share: the outer headers, what of the inner packet these depend on, and what
//! must be right before a packet is taken out.
//!
//! | what | where |
//! | --- | --- |
//! | outer IP and UDP headers, IPv4 or IPv6 | [`Underlay`] |
//! | putting in: size, room, counters | [`Encapsulator`] |
//! | taking out: outer checks, congestion marks, counters | [`Decapsulator`] |
//! | congestion marks across both, RFC 6040 | `ecn` |
//! | what becomes of packets that are too big | [`too_big`] |
//! | the network, of 24 bits | [`Network`] |
//! | EtherTypes of what is carried | [`Payload`] |
//! | what the outer header takes from the inner packet | `inner` |

/// Lets an element of shape Route with an [`Encapsulator`] `outer` heed the paths of a PathMTU that its PATHS names.
macro_rules! heeds_paths {
    ($element:ty) => {
        impl crate::RouteWith<(&mut crate::elements::PathMtu,)> for $element {
            #[inline]
            fn route_with<M: crate::PacketIo>(
                &mut self,
                io: &mut M,
                (paths,): (&mut crate::elements::PathMtu,),
                input: usize,
                packet: &mut crate::Packet,
            ) -> Option<usize> {
                self.outer.follow(paths, io.now_ns());
                crate::Route::route(self, io, input, packet)
            }
        }
    };
}
pub(crate) use heeds_paths;

#[cfg(feature = "host")]
pub mod arguments;
mod decapsulator;
mod ecn;
mod encapsulator;
mod inner;
mod network;
mod payload;
pub mod too_big;
mod underlay;

pub use decapsulator::{Decapsulator, HANDLERS as DECAPSULATOR_HANDLERS, Opened, Refusal};
pub use encapsulator::Encapsulator;
pub use inner::{Fields, Inner};
pub use network::Network;
pub use payload::Payload;
pub use underlay::{DontFragment, Ends, Udp, Underlay};
