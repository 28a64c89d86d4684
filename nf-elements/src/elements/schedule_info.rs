// SPDX-License-Identifier: Apache-2.0
//! # ScheduleInfo
//! `ScheduleInfo(ELEMENT PARAM, …)` — says how often elements run.
//!
//! **Ports:** none.
//!
//! **Description:** in Click, ELEMENT runs PARAM times as often as others.
//!
//! **Notes:** accepted and without effect: here every element runs once in each round, for as long as it has packets.
//!
//! **Handlers:** none.
//!
//! **Example:** `s :: InfiniteSource -> Discard; ScheduleInfo(s 0.5);`
//!
//! **See also:** `StaticThreadSched`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct ScheduleInfo;

impl ScheduleInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        ScheduleInfo
    }
}

impl Element for ScheduleInfo {
    const SPEC: Spec = Spec {
        class: "ScheduleInfo",
        category: Category::Information,
        summary: "says how often elements run",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "ELEMENT PARAM", kind: ArgumentKind::List, doc: "an element and its share" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ScheduleInfo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        for (index, text) in arguments.rest() {
            let parameter = text.value.split_once(char::is_whitespace).map(|(_, parameter)| parameter.trim());
            if parameter.and_then(|parameter| parameter.parse::<f64>().ok()).is_none_or(|parameter| parameter < 0.0) {
                let wanted = Some("ELEMENT PARAM, as in source 2.5".into());
                arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
            }
        }
        Some(crate::configure::Instance::new("ScheduleInfo", "ScheduleInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn parameters_are_numbers() {
        let none = Surroundings::default();
        assert!(configure::<ScheduleInfo>(&["a 1", "b/c 0.5"], &none).is_ok());
        assert_eq!(configure::<ScheduleInfo>(&["a"], &none).unwrap_err().len(), 1);
    }
}
