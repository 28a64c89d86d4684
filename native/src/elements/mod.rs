// SPDX-License-Identifier: Apache-2.0
//! Elements that only a process can have: they read and write files.

mod link_type;
mod random;
mod trace;

pub mod from_dump;
pub mod from_ip_summary_dump;
pub mod summary;
pub mod to_dump;
pub mod to_ip_summary_dump;

pub use from_dump::FromDump;
pub use from_ip_summary_dump::FromIpSummaryDump;
pub use summary::Field;
pub use to_dump::ToDump;
pub use to_ip_summary_dump::ToIpSummaryDump;

/// Every element class of this room, sorted by name.
#[cfg(feature = "host")]
pub fn registry() -> &'static [nf_elements::configure::ElementClass] {
    use nf_elements::Element;
    use nf_elements::configure::{Configure, ElementClass};
    macro_rules! classes {
        ($($element:ident)*) => {
            &[$(ElementClass { spec: &<$element>::SPEC, configure: <$element>::configure },)*]
        };
    }
    classes!(FromDump FromIpSummaryDump ToDump ToIpSummaryDump)
}
