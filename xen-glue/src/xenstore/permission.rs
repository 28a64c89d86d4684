// SPDX-License-Identifier: Apache-2.0
//! Who may do what with a path: docs/misc/xenstore.txt, `perm-as-string`.

use super::request::parse_number;
use crate::DomainId;

/// What a domain may do with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    None,
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Both.
    Both,
}

impl Access {
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Access::None => "n",
            Access::Read => "r",
            Access::Write => "w",
            Access::Both => "b",
        }
    }
}

/// One entry of a path's permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What it may do.
    pub access: Access,
    /// Which domain.
    pub domain: DomainId,
}

impl Permission {
    /// The permissions that a reply says. None are given from the first one on that makes no sense.
    pub fn all(strings: &[u8]) -> impl Iterator<Item = Permission> {
        strings.strip_suffix(&[0]).unwrap_or(&[]).split(|&byte| byte == 0).map_while(Permission::parse)
    }

    fn parse(text: &[u8]) -> Option<Permission> {
        let (letter, domain) = text.split_first()?;
        let access = match letter {
            b'n' => Access::None,
            b'r' => Access::Read,
            b'w' => Access::Write,
            b'b' => Access::Both,
            _ => return None,
        };
        Some(Permission { access, domain: DomainId(u16::try_from(parse_number(domain)?).ok()?) })
    }
}
