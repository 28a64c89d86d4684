// SPDX-License-Identifier: Apache-2.0
//! # Error
//! `Error(…)` — does not compile.
//!
//! **Ports:** none.
//!
//! **Description:** stands where something is missing: a configuration that has one is refused. Arguments are ignored.
//!
//! **Handlers:** none.
//!
//! **See also:** `Message`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Error;

impl Error {
    /// Nothing.
    pub const fn new() -> Self {
        Error
    }
}

impl Default for Error {
    fn default() -> Self {
        Self::new()
    }
}

impl Element for Error {
    const SPEC: Spec = Spec {
        class: "Error",
        category: Category::Control,
        summary: "does not compile",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "ARGUMENT", kind: ArgumentKind::List, doc: "ignored" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Error {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        arguments.rest();
        arguments.error("an element that is an error", None);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn it_does_not_compile() {
        for arguments in [&[][..], &["a", "b"]] {
            assert_eq!(configure::<Error>(arguments, &Surroundings::default()).unwrap_err().len(), 1);
        }
    }
}
