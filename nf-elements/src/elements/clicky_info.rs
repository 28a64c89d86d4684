// SPDX-License-Identifier: Apache-2.0
//! # ClickyInfo
//! `ClickyInfo(STYLE …)` — keeps styles for Click's graphical viewer.
//!
//! **Ports:** none.
//!
//! **Description:** does nothing. Clicky, which draws configurations, reads the arguments.
//!
//! **Handlers:** none.
//!
//! **Example:** `ClickyInfo(* { color: blue }); Idle -> Discard;`
//!
//! **See also:** `AlignmentInfo`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct ClickyInfo;

impl ClickyInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        ClickyInfo
    }
}

impl Element for ClickyInfo {
    const SPEC: Spec = Spec {
        class: "ClickyInfo",
        category: Category::Information,
        summary: "keeps styles for Click's graphical viewer",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "STYLE", kind: ArgumentKind::List, doc: "anything" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ClickyInfo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        arguments.rest();
        arguments.accept(&["STYLE"]);
        Some(crate::configure::Instance::new("ClickyInfo", "ClickyInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn takes_whatever_there_is() {
        for arguments in [&[][..], &["#a { color: red; }", ""], &["STYLE @import a.ccss", "STYLE #b { a: b }"]] {
            assert!(configure::<ClickyInfo>(arguments, &Surroundings::default()).is_ok());
        }
    }
}
