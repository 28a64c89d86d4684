// SPDX-License-Identifier: Apache-2.0
//! Who may do what with a path: docs/misc/xenstore.txt, `perm-as-string`.

use super::client::parse_number;
use crate::DomainId;
use core::fmt;

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

/// One entry of a path's permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What it may do.
    pub access: Access,
    /// Which domain.
    pub domain: DomainId,
}

impl Permission {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &[u8]) -> Option<Permission> {
        let (letter, domain) = text.split_first()?;
        let access = match letter {
            b'n' => Access::None,
            b'r' => Access::Read,
            b'w' => Access::Write,
            b'b' => Access::Both,
            _ => return None,
        };
        Some(Permission { access, domain: DomainId(parse_number(domain)?) })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.access {
            Access::None => 'n',
            Access::Read => 'r',
            Access::Write => 'w',
            Access::Both => 'b',
        };
        write!(f, "{letter}{}", self.domain.0)
    }
}
