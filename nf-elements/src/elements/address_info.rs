// SPDX-License-Identifier: Apache-2.0
//! # AddressInfo
//! `AddressInfo(NAME ADDRESS…, …)` — gives names to addresses.
//!
//! **Ports:** none.
//!
//! **Description:** each NAME stands for its ADDRESSes: an IPv4 address, an IPv6 address, an Ethernet address, and prefixes
//! (`10.0.0.1/24` is both an address and a prefix). Arguments may name them wherever they want such an address; `NAME:ip`,
//! `NAME:ipnet`, `NAME:ip6`, `NAME:ip6net` and `NAME:eth` say which is meant, `NAME:bcast` and `NAME:gw` are the last and the
//! first address of the prefix. A name holds in the compound that the element stands in and in those inside of that.
//!
//! **Notes:** Click looks unknown names up among the machine's devices; here every name is declared.
//!
//! **Handlers:** none.
//!
//! **Example:** `AddressInfo(me 192.0.2.1 02:00:5e:10:00:01); FromDevice(lan) -> ARPResponder(me) -> ToDevice(lan);`
//!
//! **See also:** `PortInfo`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Element, HandlerError, Spec};
use core::fmt;

/// See the module's documentation.
#[derive(Default)]
pub struct AddressInfo;

impl AddressInfo {
    /// It does nothing at run time.
    pub const fn new() -> Self {
        AddressInfo
    }
}

impl Element for AddressInfo {
    const SPEC: Spec = Spec {
        class: "AddressInfo",
        category: Category::Information,
        summary: "gives names to addresses",
        ports: "0/0",
        processing: "/",
        shape: Shape::Information,
        arguments: &[Argument { name: "NAME ADDRESS", kind: ArgumentKind::List, doc: "a name and its addresses" }],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AddressInfo {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        // An address may be that of another name; the compiler has the names of all elements and puts it in.
        let mut names = crate::configure::NameTable::default();
        for (index, text) in arguments.rest() {
            if let Err((range, found, wanted)) = names.add_addresses("", &text.value) {
                arguments.error_at(index, range, found, Some(wanted));
            }
        }
        Some(crate::configure::Instance::new("AddressInfo", "AddressInfo::new()"))
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn addresses_are_checked() {
        let none = Surroundings::default();
        assert!(configure::<AddressInfo>(&["a 10.0.0.1", "b 10.0.0.2/8 2:0:0:0:0:1 ::1"], &none).is_ok());
        assert_eq!(configure::<AddressInfo>(&["a 10.0.0.1 x"], &none).unwrap_err()[0].place, Some((0, 11..12)));
    }
}
