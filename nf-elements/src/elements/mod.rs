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

elements! {
    check_ip_header::CheckIpHeader,
    counter::Counter,
    discard::Discard,
    ether_mirror::EtherMirror,
    from_device::FromDevice,
    null::Null,
    paint::Paint,
    queue::Queue,
    strip::Strip,
    to_device::ToDevice,
    unstrip::Unstrip,
}

/// The element class of that name.
#[cfg(feature = "host")]
pub fn class(name: &str) -> Option<&'static crate::configure::ElementClass> {
    registry().iter().find(|class| class.spec.class == name)
}
