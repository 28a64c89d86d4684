// SPDX-License-Identifier: Apache-2.0
//! The elements, one file each.

/// Declares the elements' modules and the registry that the compiler searches. This is the only list.
macro_rules! elements {
    ($($module:ident::$element:ident,)*) => {
        $(pub mod $module; pub use $module::$element;)*

        /// Every element class, sorted by name.
        #[cfg(feature = "host")]
        pub fn registry() -> &'static [crate::configure::ElementClass] {
            use crate::configure::{Configure, ElementClass};
            use crate::Element;
            &[$(ElementClass { spec: &<$element>::SPEC, configure: <$element>::configure },)*]
        }
    };
}

mod pacing;

elements! {
    check_ip_header::CheckIpHeader,
    check_paint::CheckPaint,
    classifier::Classifier,
    counter::Counter,
    discard::Discard,
    ether_mirror::EtherMirror,
    ether_switch::EtherSwitch,
    from_device::FromDevice,
    infinite_source::InfiniteSource,
    ip_classifier::IpClassifier,
    ip_filter::IpFilter,
    null::Null,
    paint::Paint,
    print::Print,
    queue::Queue,
    random_source::RandomSource,
    strip::Strip,
    tee::Tee,
    to_device::ToDevice,
    unstrip::Unstrip,
}

/// The element class of that name.
#[cfg(feature = "host")]
pub fn class(name: &str) -> Option<&'static crate::configure::ElementClass> {
    registry().iter().find(|class| class.spec.class == name)
}

#[cfg(test)]
mod tests;
