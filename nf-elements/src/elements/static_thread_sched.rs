// SPDX-License-Identifier: Apache-2.0
//! # StaticThreadSched
//! `StaticThreadSched(ELEMENT THREAD, …)` — binds elements to threads.
//!
//! **Ports:** none.
//!
//! **Description:** in Click, ELEMENT runs in thread number THREAD.
//!
//! **Notes:** accepted and without effect: a machine has one thread.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: InfiniteSource -> Discard; StaticThreadSched(s 0);`
//!
//! **See also:** `ScheduleInfo`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct StaticThreadSched;

impl StaticThreadSched {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        StaticThreadSched
    }
}

impl Element for StaticThreadSched {
    const SPEC: Spec = Spec {
        class: "StaticThreadSched",
        category: Category::Information,
        summary: "binds elements to threads",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "ELEMENT THREAD", kind: ArgumentKind::List, doc: "an element and its thread" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for StaticThreadSched {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        for (index, text) in arguments.rest() {
            let thread = text.value.split_once(char::is_whitespace).map(|(_, thread)| thread.trim());
            if thread.and_then(|thread| thread.parse::<i32>().ok()).is_none() {
                let wanted = Some("ELEMENT THREAD, as in source 1".into());
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
            }
        }
        Some(crate::configure::Instance::new("StaticThreadSched", "StaticThreadSched::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn threads_are_numbers() {
        let none = Surroundings::default();
        assert!(configure::<StaticThreadSched>(&["a 1", "b -1"], &none).is_ok());
        assert_eq!(configure::<StaticThreadSched>(&["a x"], &none).unwrap_err().len(), 1);
    }
}
