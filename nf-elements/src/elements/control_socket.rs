// SPDX-License-Identifier: Apache-2.0
//! # ControlSocket
//! `ControlSocket(TYPE, PORT [, READONLY, PROXY, VERBOSE, LOCALHOST, RETRIES, RETRY_WARNINGS])` — is accepted, and opens nothing.
//!
//! **Ports:** none.
//!
//! **Description:** In Click it opens a socket by which other programs call handlers. Here every VM has a control channel for
//! that, without an element: `sluice run` opens it, and its commands read and write the handlers of a running chain. The arguments
//! are checked, so that a configuration of Click's can be used as it is.
//!
//! **Notes:** Click's protocol is not spoken.
//!
//! **Handlers:** none.
//!
//! **Example:** `ControlSocket(TCP, 7777);`
//!
//! **See also:** `Script`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
pub struct ControlSocket;

impl ControlSocket {
    /// Nothing.
    pub const fn new() -> Self {
        ControlSocket
    }
}

impl Default for ControlSocket {
    fn default() -> Self {
        Self::new()
    }
}

const fn keyword(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc: "without effect" }
}

impl Element for ControlSocket {
    const SPEC: Spec = Spec {
        class: "ControlSocket",
        category: Category::Control,
        summary: "is accepted; the control channel needs no element",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[
            Argument { name: "TYPE", kind: ArgumentKind::Required, doc: "TCP or UNIX" },
            Argument { name: "PORT", kind: ArgumentKind::Required, doc: "a port's number (with + that or a higher one), or a file" },
            keyword("READONLY"),
            keyword("PROXY"),
            keyword("VERBOSE"),
            keyword("LOCALHOST"),
            keyword("RETRIES"),
            keyword("RETRY_WARNINGS"),
        ],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ControlSocket {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let kind: Option<String> = arguments.required("TYPE");
        let is_tcp = kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("tcp"));
        if kind.as_deref().is_some_and(|kind| !is_tcp && !kind.eq_ignore_ascii_case("unix")) {
            arguments.error_last(format!("'{}'", kind.unwrap_or_default()), "TCP or UNIX");
        }
        let port: Option<String> = arguments.required("PORT");
        if port.is_some_and(|port| is_tcp && port.strip_suffix('+').unwrap_or(&port).parse::<u16>().is_err()) {
            arguments.error_last("no port of TCP", "a number like 7777, or 7777+");
        }
        for name in ["READONLY", "VERBOSE", "LOCALHOST", "RETRY_WARNINGS"] {
            arguments.keyword::<bool>(name);
        }
        arguments.keyword::<String>("PROXY");
        arguments.keyword::<u32>("RETRIES");
        Some(crate::configure::Instance::new("ControlSocket", "ControlSocket::new()"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn arguments_are_checked() {
        let read = |arguments: &[&str]| configure::<ControlSocket>(arguments, &Surroundings::default());
        for arguments in [&["TCP", "41930+"][..], &["\"UNIX\"", "/tmp/x", "READONLY true", "RETRIES 3"], &["tcp", "1"]] {
            assert_eq!(read(arguments).unwrap().expression, "ControlSocket::new()");
        }
        for arguments in [&["TCP", "x"][..], &["UDP", "1"], &["TCP"], &["TCP", "1", "LOUD true"]] {
            assert!(read(arguments).is_err(), "{arguments:?}");
        }
    }
}
