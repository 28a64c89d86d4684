// SPDX-License-Identifier: Apache-2.0
//! # PortInfo
//! `PortInfo(NAME PORT[/PROTOCOL], …)` — gives names to ports.
//!
//! **Ports:** none.
//!
//! **Description:** NAME stands for PORT where an argument wants a TCP or UDP port. Further names may follow, and a comment
//! that begins with `#`: a line of `/etc/services` is an argument. A name holds in the compound that the element stands in and
//! in those inside of that.
//!
//! **Notes:** a name holds for both protocols, also with /PROTOCOL.
//!
//! **Handlers:** none.
//!
//! **Example:** `PortInfo(web 8080); FromDevice(lan) -> UDPIPEncap(192.0.2.1, web, 198.51.100.1, web) -> Discard;`
//!
//! **See also:** `AddressInfo`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct PortInfo;

impl PortInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        PortInfo
    }
}

impl Element for PortInfo {
    const SPEC: Spec = Spec {
        class: "PortInfo",
        category: Category::Information,
        summary: "gives names to ports",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "NAME PORT", kind: ArgumentKind::List, doc: "a name and its port" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PortInfo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mut names = crate::configure::NameTable::default();
        for (index, text) in arguments.rest() {
            if let Err((range, found, wanted)) = names.add_ports("", &text.value) {
                arguments.error_at(index, range, found, Some(wanted));
            }
        }
        Some(crate::configure::Instance::new("PortInfo", "PortInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn ports_are_checked() {
        let none = Surroundings::default();
        assert!(configure::<PortInfo>(&["ssh 22", "web 8080/tcp www # the web"], &none).is_ok());
        assert_eq!(configure::<PortInfo>(&["ssh x"], &none).unwrap_err()[0].place, Some((0, 4..5)));
    }
}
