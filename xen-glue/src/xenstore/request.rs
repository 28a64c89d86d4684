// SPDX-License-Identifier: Apache-2.0
//! What is asked, as data, and what was answered: docs/misc/xenstore.txt.

use super::client::{Error, Path, Refusal, Token};
use super::connection::{Full, Payload};
use super::permission::Permission;
use super::wire::{ABSOLUTE_PATH_MAX, Kind, RELATIVE_PATH_MAX};
use crate::DomainId;
use heapless::Vec;

/// Most bytes of an answer that is kept: what devices say of themselves is shorter.
pub const ANSWER_BYTES: usize = super::client::PATH_BYTES;

/// A request, of a directory or of what is called `name` there.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    pub(super) kind: Kind,
    directory: &'r str,
    name: &'r str,
    argument: Argument<'r>,
}

/// What a request says besides its path.
#[derive(Clone, Copy, Debug)]
enum Argument<'r> {
    Nothing,
    Text(&'r str),
    Number(u32),
    Token(Token),
    Permissions(&'r [Permission]),
    /// In place of a path.
    Domain(DomainId),
}

impl<'r> Request<'r> {
    const fn new(kind: Kind, directory: &'r str, name: &'r str, argument: Argument<'r>) -> Self {
        Request { kind, directory, name, argument }
    }

    /// Reads a value.
    pub const fn read(directory: &'r str, name: &'r str) -> Self {
        Request::new(Kind::Read, directory, name, Argument::Nothing)
    }

    /// Writes a value, and makes the path if it is not there.
    pub const fn write(directory: &'r str, name: &'r str, value: &'r str) -> Self {
        Request::new(Kind::Write, directory, name, Argument::Text(value))
    }

    /// Writes a number in decimal.
    pub const fn write_number(directory: &'r str, name: &'r str, value: u32) -> Self {
        Request::new(Kind::Write, directory, name, Argument::Number(value))
    }

    /// Asks for the names of a path's children, which are NUL-terminated.
    pub const fn list(path: &'r str) -> Self {
        Request::new(Kind::Directory, path, "", Argument::Nothing)
    }

    /// Makes a path.
    pub const fn make_directory(path: &'r str) -> Self {
        Request::new(Kind::MakeDirectory, path, "", Argument::Nothing)
    }

    /// Removes a path and all below it.
    pub const fn remove(path: &'r str) -> Self {
        Request::new(Kind::Remove, path, "", Argument::Nothing)
    }

    /// Has `token` fire now, and whenever something changes at the path or below. If it is set already it does not fire for that.
    pub const fn watch(directory: &'r str, name: &'r str, token: Token) -> Self {
        Request::new(Kind::Watch, directory, name, Argument::Token(token))
    }

    /// Ends a watch. Its token may still fire once.
    pub const fn unwatch(directory: &'r str, name: &'r str, token: Token) -> Self {
        Request::new(Kind::Unwatch, directory, name, Argument::Token(token))
    }

    /// Asks who may do what with a path: the owner's [`Permission`] first.
    pub const fn permissions(path: &'r str) -> Self {
        Request::new(Kind::GetPermissions, path, "", Argument::Nothing)
    }

    /// Says who may do what: the first permission names the owner, who may do all, and what those may who are not named.
    pub const fn set_permissions(path: &'r str, permissions: &'r [Permission]) -> Self {
        Request::new(Kind::SetPermissions, path, "", Argument::Permissions(permissions))
    }

    /// Asks for the path of a domain.
    pub const fn domain_path(domain: DomainId) -> Self {
        Request::new(Kind::GetDomainPath, "", "", Argument::Domain(domain))
    }

    pub(super) const BEGIN_TRANSACTION: Request<'static> =
        Request::new(Kind::TransactionStart, "", "", Argument::Nothing);

    pub(super) const fn end_transaction(commit: bool) -> Request<'static> {
        Request::new(Kind::TransactionEnd, if commit { "T" } else { "F" }, "", Argument::Nothing)
    }

    /// Writes what the request says.
    pub(super) fn fill(&self, payload: &mut Payload) -> Result<(), Full> {
        match self.argument {
            Argument::Domain(domain) => return payload.number(u32::from(domain.0)).and_then(|()| payload.end()),
            _ => self.fill_path(payload)?,
        }
        match self.argument {
            Argument::Text(text) => payload.text(text),
            Argument::Number(number) => payload.number(number),
            Argument::Token(token) => payload.number(u32::from(token.number())).and_then(|()| payload.end()),
            Argument::Permissions(permissions) => permissions.iter().try_for_each(|permission| {
                payload.text(permission.access.letter())?;
                payload.number(u32::from(permission.domain.0))?;
                payload.end()
            }),
            Argument::Nothing | Argument::Domain(_) => Ok(()),
        }
    }

    fn fill_path(&self, payload: &mut Payload) -> Result<(), Full> {
        if [self.directory, self.name].iter().any(|part| part.as_bytes().contains(&0)) {
            return Err(Full);
        }
        payload.text(self.directory)?;
        if !self.name.is_empty() {
            payload.text("/")?;
            payload.text(self.name)?;
        }
        payload.end()?;
        let most = if self.directory.starts_with('/') { ABSOLUTE_PATH_MAX } else { RELATIVE_PATH_MAX };
        if payload.len() <= most { Ok(()) } else { Err(Full) }
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(Result<Vec<u8, ANSWER_BYTES>, Error>);

impl Answer {
    /// Nothing yet: as if the connection had been lost.
    pub const NONE: Answer = Answer(Err(Error::Lost));

    /// What a reply says, if that is not too long to be kept.
    pub fn of(reply: Result<&[u8], Error>) -> Answer {
        Answer(reply.and_then(|bytes| Vec::from_slice(bytes).map_err(|_| Error::BadReply)))
    }

    /// What the reply says, byte by byte.
    pub fn bytes(&self) -> Result<&[u8], Error> {
        self.0.as_deref().map_err(|&error| error)
    }

    /// Whether it was carried out. A watch that is set already is.
    pub fn done(&self) -> Result<(), Error> {
        match self.bytes() {
            Ok(_) | Err(Error::Refused(Refusal::Exists)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The number that it says in decimal.
    pub fn number(&self) -> Result<u32, Error> {
        parse_number(self.bytes()?).ok_or(Error::BadReply)
    }

    /// The number, if there is one and this domain may see it: what is not there, or no number, is none.
    pub fn number_if_any(&self) -> Result<Option<u32>, Error> {
        match self.number() {
            Ok(number) => Ok(Some(number)),
            // A domain that is gone takes with it the right to look.
            Err(Error::Refused(Refusal::NoEntry | Refusal::Access) | Error::BadReply) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The path that it says, whether or not a NUL ends it.
    pub fn path(&self) -> Result<Path, Error> {
        let bytes = self.bytes()?;
        let text = str::from_utf8(bytes.strip_suffix(&[0]).unwrap_or(bytes)).ok();
        let text = text.filter(|text| !text.is_empty() && !text.contains('\0'));
        text.and_then(|text| Path::try_from(text).ok()).ok_or(Error::BadReply)
    }
}

/// A number in decimal.
pub(super) fn parse_number(text: &[u8]) -> Option<u32> {
    str::from_utf8(text).ok()?.parse().ok()
}
