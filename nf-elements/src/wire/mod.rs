// SPDX-License-Identifier: Apache-2.0
//! Wire formats: headers as byte views, in the RFCs' own names.
//!
//! Each view takes a fixed-size array reference off the front once, in `new_checked`; after that no getter can panic
//! and none checks a bound, because the field ranges are constants inside that array.

pub mod arp;
pub mod bpdu;
pub mod checksum;
pub mod ethernet;
pub mod geneve;
pub mod gre;
pub mod icmp;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv4_edit;
pub mod ipv6;
pub mod ipv6_edit;
pub mod membership;
pub mod mpls;
pub mod nsh;
pub mod stt;
pub mod tcp;
pub mod udp;
pub mod vxlan;

use core::ops::Range;

/// The big-endian 16-bit number in `field`, a constant range within the header.
#[inline(always)]
fn be16<const N: usize>(header: &[u8; N], field: Range<usize>) -> u16 {
    u16::from_be_bytes([header[field.start], header[field.start + 1]])
}

/// The big-endian 32-bit number in `field`, a constant range within the header.
#[inline(always)]
fn be32<const N: usize>(header: &[u8; N], field: Range<usize>) -> u32 {
    let start = field.start;
    u32::from_be_bytes([header[start], header[start + 1], header[start + 2], header[start + 3]])
}

/// Makes the enum of a number table, with both directions and a variant for numbers that it does not name.
macro_rules! numbers {
    ($(#[$meta:meta])* $name:ident: $int:ty { $($(#[$doc:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// Any other number.
            Unknown($int),
        }

        impl From<$int> for $name {
            #[inline]
            fn from(number: $int) -> Self {
                match number {
                    $($value => $name::$variant,)*
                    other => $name::Unknown(other),
                }
            }
        }

        impl From<$name> for $int {
            #[inline]
            fn from(name: $name) -> Self {
                match name {
                    $($name::$variant => $value,)*
                    $name::Unknown(other) => other,
                }
            }
        }
    };
}
use numbers;

#[cfg(test)]
pub(crate) mod mutation;
