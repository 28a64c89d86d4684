// SPDX-License-Identifier: Apache-2.0
//! # ScheduleLinux
//! `ScheduleLinux` — lets Linux run.
//!
//! **Ports:** none.
//!
//! **Description:** in Click's kernel module, gives the processor to Linux now and then.
//!
//! **Notes:** accepted and without effect.
//!
//! **Handlers:** none.
//!
//! **Example:** `ScheduleLinux; Idle -> Discard;`
//!
//! **See also:** `ScheduleInfo`.

use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct ScheduleLinux;

impl ScheduleLinux {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        ScheduleLinux
    }
}

impl Element for ScheduleLinux {
    const SPEC: Spec = Spec {
        class: "ScheduleLinux",
        category: Category::Information,
        summary: "lets Linux run",
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
impl crate::configure::Configure for ScheduleLinux {
    fn configure(
        _: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        Some(crate::configure::Instance::new("ScheduleLinux", "ScheduleLinux::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn takes_no_arguments() {
        assert!(configure::<ScheduleLinux>(&[], &Surroundings::default()).is_ok());
        assert!(configure::<ScheduleLinux>(&["1"], &Surroundings::default()).is_err());
    }
}
