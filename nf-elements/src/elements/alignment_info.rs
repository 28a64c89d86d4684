// SPDX-License-Identifier: Apache-2.0
//! # AlignmentInfo
//! `AlignmentInfo(ELEMENT [MODULUS OFFSET …], …)` — says how packets are aligned.
//!
//! **Ports:** none.
//!
//! **Description:** in Click, packets that come to ELEMENT start OFFSET bytes behind a multiple of MODULUS.
//!
//! **Notes:** accepted and without effect: elements read packets at any alignment.
//!
//! **Handlers:** none.
//!
//! **Example:** `c :: Idle -> Discard; AlignmentInfo(c 4 2);`
//!
//! **See also:** `Align`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct AlignmentInfo;

impl AlignmentInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        AlignmentInfo
    }
}

impl Element for AlignmentInfo {
    const SPEC: Spec = Spec {
        class: "AlignmentInfo",
        category: Category::Information,
        summary: "says how packets are aligned",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "ELEMENT", kind: ArgumentKind::List, doc: "an element and what it can expect" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AlignmentInfo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        arguments.rest();
        Some(crate::configure::Instance::new("AlignmentInfo", "AlignmentInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn it_takes_anything() {
        assert!(configure::<AlignmentInfo>(&["a 4 2"], &Surroundings::default()).is_ok());
    }
}
