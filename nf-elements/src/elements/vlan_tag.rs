// SPDX-License-Identifier: Apache-2.0
//! The VLAN tag that elements write: VLAN_TCI (or VLAN_ID and VLAN_PCP) and NATIVE_VLAN, as arguments and as handlers.

use super::ether_header::number;
use crate::spec::{Argument, ArgumentKind, Handler, HandlerKind};
use crate::wire::ethernet::Tag;
use crate::{HandlerError, Packet};
use core::fmt;

/// The argument VLAN_TCI.
pub const VLAN_TCI: Argument = Argument {
    name: "VLAN_TCI",
    kind: ArgumentKind::Optional,
    doc: "the whole tag, or ANNO for each packet's VLAN annotation",
};
/// The argument VLAN_PCP.
pub const VLAN_PCP: Argument =
    Argument { name: "VLAN_PCP", kind: ArgumentKind::Optional, doc: "the priority, 0 (default) to 7" };
/// The argument VLAN_ID.
pub const VLAN_ID: Argument =
    Argument { name: "VLAN_ID", kind: ArgumentKind::Keyword, doc: "the VLAN, 0 (default) to 4095" };
/// The argument NATIVE_VLAN.
pub const NATIVE_VLAN: Argument = Argument {
    name: "NATIVE_VLAN",
    kind: ArgumentKind::Keyword,
    doc: "the VLAN that gets no tag; 0 by default, -1 none",
};

/// The handler `vlan_tci`.
pub const VLAN_TCI_HANDLER: Handler = Handler { name: "vlan_tci", kind: HandlerKind::ReadWrite, doc: "the whole tag" };
/// The handler `vlan_id`.
pub const VLAN_ID_HANDLER: Handler = Handler { name: "vlan_id", kind: HandlerKind::ReadWrite, doc: "the tag's VLAN" };
/// The handler `vlan_pcp`.
pub const VLAN_PCP_HANDLER: Handler =
    Handler { name: "vlan_pcp", kind: HandlerKind::ReadWrite, doc: "the tag's priority" };
/// The handler `native_vlan`.
pub const NATIVE_VLAN_HANDLER: Handler =
    Handler { name: "native_vlan", kind: HandlerKind::ReadWrite, doc: "NATIVE_VLAN" };

/// Which tag a packet gets.
#[derive(Clone, Copy)]
pub struct VlanTag {
    tci: u16,
    from_annotation: bool,
    native: i32,
}

impl VlanTag {
    /// The tag `tci`, or the packet's annotation; the VLAN `native` gets none.
    pub const fn new(tci: u16, from_annotation: bool, native: i32) -> Self {
        VlanTag { tci, from_annotation, native }
    }

    /// The tag for `packet`; none if its VLAN is the native one.
    #[inline]
    pub fn of(&self, packet: &Packet) -> Option<Tag> {
        let tag = Tag(if self.from_annotation { packet.annotations().vlan_tci } else { self.tci });
        (i32::from(tag.vlan()) != self.native).then_some(tag)
    }

    /// The tag that does not depend on a packet.
    #[inline]
    pub fn tci(&self) -> u16 {
        self.tci
    }

    /// Reads `vlan_tci`, `vlan_id`, `vlan_pcp` or `native_vlan`.
    pub fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "vlan_tci" if self.from_annotation => out.write_str("ANNO")?,
            "vlan_tci" => write!(out, "{}", self.tci)?,
            "vlan_id" | "vlan_pcp" if self.from_annotation => {}
            "vlan_id" => write!(out, "{}", Tag(self.tci).vlan())?,
            "vlan_pcp" => write!(out, "{}", Tag(self.tci).priority())?,
            "native_vlan" => write!(out, "{}", self.native)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Writes `vlan_tci`, `vlan_id`, `vlan_pcp` or `native_vlan`.
    pub fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let at_most = |most| number(value).and_then(|id| if id <= most { Ok(id) } else { Err(HandlerError::BadValue) });
        match name {
            "vlan_tci" if value.trim() == "ANNO" => self.from_annotation = true,
            "vlan_tci" => (self.tci, self.from_annotation) = (number(value)?, false),
            "vlan_id" => self.tci = self.tci & 0xf000 | at_most(0xfff)?,
            "vlan_pcp" => self.tci = self.tci & 0x1fff | at_most(7)? << 13,
            "native_vlan" if value.trim() == "-1" => self.native = -1,
            "native_vlan" => self.native = at_most(0xfff)?.into(),
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    /// Reads VLAN_TCI, VLAN_PCP and VLAN_ID: the tag, and whether it is the annotation's.
    #[cfg(feature = "host")]
    pub fn configure_tag(arguments: &mut crate::configure::Arguments) -> Option<(u16, bool)> {
        use crate::configure::FromArgument;
        let word = arguments.optional("VLAN_TCI", String::new())?;
        let given = match word.as_str() {
            "" | "ANNO" => None,
            word => {
                let given = u16::from_argument(word);
                if given.is_none() {
                    arguments.error_last(format!("'{word}'"), "a number from 0 to 65535, or ANNO");
                }
                given
            }
        };
        let pcp: u16 = arguments.optional("VLAN_PCP", 0)?;
        if pcp > 7 {
            arguments.error_last(format!("'{pcp}'"), "a priority from 0 to 7");
        }
        let id: u16 = arguments.keyword("VLAN_ID").unwrap_or(0);
        if id > 0xfff {
            arguments.error_last(format!("'{id}'"), "a VLAN from 0 to 4095");
        }
        Some((given.unwrap_or(id) | (pcp & 7) << 13, word == "ANNO"))
    }

    /// Reads all four arguments: those of [`VlanTag::new`], as Rust has them.
    #[cfg(feature = "host")]
    pub fn configure(arguments: &mut crate::configure::Arguments) -> Option<String> {
        let tag = Self::configure_tag(arguments);
        let native: i32 = arguments.keyword("NATIVE_VLAN").unwrap_or(0);
        if !(-1..=0xfff).contains(&native) {
            arguments.error_last(format!("'{native}'"), "a VLAN from 0 to 4095, or -1 for none");
        }
        let (tci, from_annotation) = tag?;
        Some(format!("{tci:#06x}, {from_annotation}, {native}"))
    }
}
