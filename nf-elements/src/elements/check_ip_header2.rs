// SPDX-License-Identifier: Apache-2.0
//! # CheckIPHeader2
//! `CheckIPHeader2([OFFSET, …])` — checks IPv4 headers, but not their checksums.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Description:** `CheckIPHeader` with all its arguments and handlers, for which CHECKSUM is false unless given.
//!
//! **Handlers:** those of `CheckIPHeader`.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader2 -> Unstrip(14) -> ToDevice(wan);`
//!
//! **See also:** `CheckIPHeader`, `MarkIPHeader`.

use super::check_ip_header::{ARGUMENTS, CheckIpHeader, HANDLERS};
use crate::spec::{Category, Shape};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// See the module's documentation.
pub struct CheckIpHeader2(CheckIpHeader);

impl CheckIpHeader2 {
    /// Checks as `check` does.
    pub const fn new(check: CheckIpHeader) -> Self {
        CheckIpHeader2(check)
    }
}

impl Element for CheckIpHeader2 {
    const SPEC: Spec = Spec {
        class: "CheckIPHeader2",
        category: Category::Ip,
        summary: "checks IPv4 headers, but not their checksums",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: ARGUMENTS,
        handlers: HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.0.read_handler(name, out)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for CheckIpHeader2 {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let check = super::check_ip_header::configuration::expression(arguments, surroundings, false)?;
        Some(crate::configure::Instance::new("CheckIpHeader2", format!("CheckIpHeader2::new({check})")))
    }
}

impl Route for CheckIpHeader2 {
    #[inline]
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        self.0.route(io, input, packet)
    }
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};

    #[test]
    fn checksums_are_checked_only_on_demand() {
        let made = |arguments: &[&str]| configure::<CheckIpHeader2>(arguments, &Surroundings::default()).unwrap();
        assert!(made(&["14"]).expression.starts_with("CheckIpHeader2::new(CheckIpHeader::new(14, false, "));
        assert!(made(&["CHECKSUM true"]).expression.starts_with("CheckIpHeader2::new(CheckIpHeader::new(0, true, "));
    }
}
