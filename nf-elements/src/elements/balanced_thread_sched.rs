// SPDX-License-Identifier: Apache-2.0
//! # BalancedThreadSched
//! `BalancedThreadSched([INTERVAL, INCREASING])` — shares elements out between threads.
//!
//! **Ports:** none.
//!
//! **Description:** in Click, moves elements between threads every INTERVAL milliseconds.
//!
//! **Notes:** accepted and without effect: there is one thread.
//!
//! **Handlers:** none.
//!
//! **Example:** `BalancedThreadSched(100); Idle -> Discard;`
//!
//! **See also:** `StaticThreadSched`, `ScheduleInfo`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct BalancedThreadSched;

impl BalancedThreadSched {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        BalancedThreadSched
    }
}

impl Element for BalancedThreadSched {
    const SPEC: Spec = Spec {
        class: "BalancedThreadSched",
        category: Category::Information,
        summary: "shares elements out between threads",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "INTERVAL", kind: ArgumentKind::Optional, doc: "milliseconds" }, Argument { name: "INCREASING", kind: ArgumentKind::Optional, doc: "busiest last?" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for BalancedThreadSched {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        arguments.optional("INTERVAL", 1000u32)?;
        arguments.optional("INCREASING", true)?;
        Some(crate::configure::Instance::new("BalancedThreadSched", "BalancedThreadSched::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn takes_clicks_arguments() {
        assert!(configure::<BalancedThreadSched>(&["100", "false"], &Surroundings::default()).is_ok());
        assert!(configure::<BalancedThreadSched>(&["often"], &Surroundings::default()).is_err());
    }
}
