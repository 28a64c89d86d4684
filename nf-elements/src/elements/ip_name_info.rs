// SPDX-License-Identifier: Apache-2.0
//! # IPNameInfo
//! `IPNameInfo()` — names protocols, ports and ICMP types.
//!
//! **Ports:** none.
//!
//! **Description:** stands for the names of IP protocols, ports, and ICMP types and codes, which patterns and arguments know
//! without it.
//!
//! **Handlers:** none.
//!
//! **Example:** `IPNameInfo();`
//!
//! **See also:** `PortInfo`.

use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct IpNameInfo;

impl IpNameInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        IpNameInfo
    }
}

impl Element for IpNameInfo {
    const SPEC: Spec = Spec {
        class: "IPNameInfo",
        category: Category::Information,
        summary: "names protocols, ports and ICMP types",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IpNameInfo {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("IpNameInfo", "IpNameInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn it_takes_nothing() {
        assert!(configure::<IpNameInfo>(&[], &Surroundings::default()).is_ok());
        assert!(configure::<IpNameInfo>(&["x"], &Surroundings::default()).is_err());
    }
}
