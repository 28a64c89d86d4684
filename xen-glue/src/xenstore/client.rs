// SPDX-License-Identifier: Apache-2.0
//! The requests, as futures: docs/misc/xenstore.txt.
//!
//! Any number of tasks share one [`Store`]. They are polled by hand, all of them, when xenstored's event channel fires and whenever
//! else the machine likes: wakers are not used. One request is out at a time; the others wait for their turn. A request whose
//! future is dropped costs nothing but its reply. If xenstored is late, requests are, too; whoever cannot wait drops them.

use super::connection::{Connection, Number, Payload};
use super::permission::Permission;
use super::wire::{ABSOLUTE_PATH_MAX, Kind, RELATIVE_PATH_MAX};
use crate::{EventPort, Hypercalls, Pages};
use core::cell::RefCell;
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;
use heapless::String;

/// Most bytes of a path that a reply gave: those of devices are shorter.
pub const PATH_BYTES: usize = 128;

/// How often a transaction is tried that meets others.
const TRANSACTION_TRIES: usize = 16;

/// A path that a reply gave.
pub type Path = String<PATH_BYTES>;

/// Declares the refusals that are known by name, `xsd_errors` of io/xs_wire.h.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why xenstored refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $($(#[$doc])* $name,)*
            /// For another reason.
            Other,
        }

        impl From<&[u8]> for Refusal {
            fn from(text: &[u8]) -> Refusal {
                $(if text == $text.as_bytes() {
                    return Refusal::$name;
                })*
                Refusal::Other
            }
        }

        impl fmt::Display for Refusal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Refusal::$name => $text,)*
                    Refusal::Other => "an unknown error",
                })
            }
        }
    };
}

refusals! {
    /// The request was malformed.
    Invalid = "EINVAL",
    /// The domain may not.
    Access = "EACCES",
    /// It is there already.
    Exists = "EEXIST",
    /// There is no such path.
    NoEntry = "ENOENT",
    /// The server lacks memory.
    NoMemory = "ENOMEM",
    /// The domain's share is used up.
    NoSpace = "ENOSPC",
    /// The server does not know the request.
    NotImplemented = "ENOSYS",
    /// The transaction met another one: try again.
    Again = "EAGAIN",
    /// The reply would be too long.
    TooBig = "E2BIG",
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Xenstored said so.
    Refused(Refusal),
    /// A path or a value is too long, or holds a byte that ends strings.
    TooLong,
    /// The reply is none to this request, or not what it should be.
    BadReply,
    /// The connection was lost: whether the request was carried out is not known. Watches have to be set again.
    Lost,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) => write!(f, "xenstored refused: {refusal}"),
            Error::TooLong => f.write_str("a path or value is too long for xenstore"),
            Error::BadReply => f.write_str("a reply of xenstored is not what it should be"),
            Error::Lost => f.write_str("the connection to xenstored was lost"),
        }
    }
}

/// A transaction, `tx_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction(u32);

impl Transaction {
    /// No transaction.
    pub const NONE: Transaction = Transaction(0);
}

/// What a watch is known by: a number below [`Token::COUNT`]. Several watches may have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u8);

impl Token {
    /// How many tokens there are.
    pub const COUNT: u8 = 64;

    /// Token `number`, modulo their count.
    pub const fn new(number: u8) -> Token {
        Token(number % Token::COUNT)
    }

    /// The token of a watch event, whose payload is `path NUL token NUL`.
    pub(super) fn of_event(payload: &[u8]) -> Option<Token> {
        let mut strings = payload.split(|&byte| byte == 0);
        let (_path, token) = (strings.next()?, strings.next()?);
        strings.next()?;
        let number: u8 = parse_number(token)?;
        (number < Token::COUNT).then_some(Token(number))
    }
}

/// A set of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens(u64);

impl Tokens {
    pub(super) const ALL: Tokens = Tokens(u64::MAX);

    /// Adds a token.
    pub fn insert(&mut self, token: Token) {
        self.0 |= 1 << token.0;
    }

    /// Takes those of `wanted` out.
    pub(super) fn take(&mut self, wanted: Tokens) -> Tokens {
        let taken = self.0 & wanted.0;
        self.0 &= !taken;
        Tokens(taken)
    }

    /// Whether none is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<Token> for Tokens {
    fn from(token: Token) -> Tokens {
        Tokens(1 << token.0)
    }
}

/// The client of xenstored.
pub struct Store<'h, H> {
    connection: RefCell<Connection>,
    hypercalls: &'h H,
    port: EventPort,
}

/// The request that is out, until its future is done or dropped.
struct Out<'c> {
    connection: &'c RefCell<Connection>,
    number: Number,
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.connection.borrow_mut().abandon(self.number);
    }
}

impl<'h, H: Hypercalls> Store<'h, H> {
    /// A client that talks over `page`, and is told and tells by `port`: the two that the hypervisor gave this domain.
    pub fn new(page: Pages, port: EventPort, hypercalls: &'h H) -> Self {
        Store { connection: RefCell::new(Connection::new(page)), hypercalls, port }
    }

    /// Messages so far that nobody waited for or that were nonsense.
    pub fn strays(&self) -> u64 {
        self.connection.borrow().strays
    }

    /// How many times xenstored broke the protocol or began anew.
    pub fn losses(&self) -> u64 {
        self.connection.borrow().losses
    }

    /// Reads a value; `parse` gives nothing if it is not what it should be.
    pub async fn read<T>(
        &self,
        transaction: Transaction,
        path: fmt::Arguments<'_>,
        parse: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, Error> {
        self.ask(Kind::Read, transaction, |payload| path_of(payload, path), parse).await
    }

    /// Reads a number in decimal.
    pub async fn read_number<T: core::str::FromStr>(&self, path: fmt::Arguments<'_>) -> Result<T, Error> {
        self.read(Transaction::NONE, path, parse_number).await
    }

    /// Reads a path.
    pub async fn read_path(&self, path: fmt::Arguments<'_>) -> Result<Path, Error> {
        self.read(Transaction::NONE, path, parse_path).await
    }

    /// Writes a value, and makes the path if it is not there.
    pub async fn write(
        &self,
        transaction: Transaction,
        path: fmt::Arguments<'_>,
        value: fmt::Arguments<'_>,
    ) -> Result<(), Error> {
        let fill = |payload: &mut Payload| {
            path_of(payload, path)?;
            payload.text(value)
        };
        self.tell(Kind::Write, transaction, fill).await
    }

    /// Makes a path.
    pub async fn make_directory(&self, transaction: Transaction, path: fmt::Arguments<'_>) -> Result<(), Error> {
        self.tell(Kind::MakeDirectory, transaction, |payload| path_of(payload, path)).await
    }

    /// Removes a path and all below it.
    pub async fn remove(&self, transaction: Transaction, path: fmt::Arguments<'_>) -> Result<(), Error> {
        self.tell(Kind::Remove, transaction, |payload| path_of(payload, path)).await
    }

    /// Calls `each` with the names of a path's children.
    pub async fn directory(
        &self,
        transaction: Transaction,
        path: fmt::Arguments<'_>,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let parse = |names: &[u8]| {
            names.split(|&byte| byte == 0).filter(|name| !name.is_empty()).for_each(&mut each);
            Some(())
        };
        self.ask(Kind::Directory, transaction, |payload| path_of(payload, path), parse).await
    }

    /// Says who may do what: the first permission names the owner, who may do all, and what those may who are not named.
    pub async fn set_permissions(
        &self,
        transaction: Transaction,
        path: fmt::Arguments<'_>,
        permissions: &[Permission],
    ) -> Result<(), Error> {
        let fill = |payload: &mut Payload| {
            path_of(payload, path)?;
            permissions.iter().try_for_each(|permission| payload.string(format_args!("{permission}")))
        };
        self.tell(Kind::SetPermissions, transaction, fill).await
    }

    /// Calls `each` with the permissions of a path, the owner's first.
    pub async fn permissions(&self, path: fmt::Arguments<'_>, mut each: impl FnMut(Permission)) -> Result<(), Error> {
        let parse = |strings: &[u8]| {
            let mut strings = strings.strip_suffix(&[0])?.split(|&byte| byte == 0);
            strings.try_for_each(|text| Permission::parse(text).map(&mut each))
        };
        self.ask(Kind::GetPermissions, Transaction::NONE, |payload| path_of(payload, path), parse).await
    }

    /// The path of a domain.
    pub async fn domain_path(&self, domain: crate::DomainId) -> Result<Path, Error> {
        let fill = |payload: &mut Payload| payload.string(format_args!("{}", domain.0));
        let parse = |path: &[u8]| parse_path(path.strip_suffix(&[0])?);
        self.ask(Kind::GetDomainPath, Transaction::NONE, fill, parse).await
    }

    /// Has `token` fire now, and whenever something changes at `path` or below.
    pub async fn watch(&self, path: fmt::Arguments<'_>, token: Token) -> Result<(), Error> {
        match self.tell(Kind::Watch, Transaction::NONE, |payload| watch_of(payload, path, token)).await {
            // It is set already: as wanted.
            Err(Error::Refused(Refusal::Exists)) => {
                self.connection.borrow_mut().fire(token);
                Ok(())
            }
            result => result,
        }
    }

    /// Ends a watch. Its token may still fire once.
    pub async fn unwatch(&self, path: fmt::Arguments<'_>, token: Token) -> Result<(), Error> {
        self.tell(Kind::Unwatch, Transaction::NONE, |payload| watch_of(payload, path, token)).await
    }

    /// Waits until a watch with `token` fires.
    pub async fn changed(&self, token: Token) {
        poll_fn(|_| {
            self.advance();
            if self.connection.borrow_mut().take_fired(token.into()).is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Carries `body` out as a whole: what it reads is of one moment, what it writes is seen at once or not at all. If others
    /// wrote what it read, it is called again, a few times.
    pub async fn transaction<T>(&self, mut body: impl AsyncFnMut(Transaction) -> Result<T, Error>) -> Result<T, Error> {
        const AGAIN: Error = Error::Refused(Refusal::Again);
        for _ in 0..TRANSACTION_TRIES {
            let transaction = self.begin_transaction().await?;
            let result = body(transaction).await;
            let ended = self.end_transaction(transaction, result.is_ok()).await;
            match (result, ended) {
                (Err(AGAIN), _) | (Ok(_), Err(AGAIN)) => {}
                (Ok(value), Ok(())) => return Ok(value),
                (Ok(_), Err(error)) | (Err(error), _) => return Err(error),
            }
        }
        Err(AGAIN)
    }

    async fn begin_transaction(&self) -> Result<Transaction, Error> {
        let fill = |payload: &mut Payload| payload.string(format_args!(""));
        let parse = |number: &[u8]| parse_number(number.strip_suffix(&[0])?).filter(|&number| number != 0);
        self.ask(Kind::TransactionStart, Transaction::NONE, fill, parse).await.map(Transaction)
    }

    async fn end_transaction(&self, transaction: Transaction, commit: bool) -> Result<(), Error> {
        let word = if commit { "T" } else { "F" };
        self.tell(Kind::TransactionEnd, transaction, |payload| payload.string(format_args!("{word}"))).await
    }

    /// Sends a request whose reply says nothing but that it was carried out.
    async fn tell(
        &self,
        kind: Kind,
        transaction: Transaction,
        fill: impl FnOnce(&mut Payload) -> fmt::Result,
    ) -> Result<(), Error> {
        self.ask(kind, transaction, fill, |_| Some(())).await
    }

    /// Sends a request when it is its turn, and waits for the reply.
    async fn ask<T>(
        &self,
        kind: Kind,
        transaction: Transaction,
        fill: impl FnOnce(&mut Payload) -> fmt::Result,
        parse: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<T, Error> {
        let (mut fill, mut parse, mut value) = (Some(fill), Some(parse), None);
        let mut fill = |payload: &mut Payload| fill.take().map_or(Err(fmt::Error), |fill| fill(payload));
        let mut parse = |reply: &[u8]| value = parse.take().and_then(|parse| parse(reply));
        self.exchange(kind, transaction, &mut fill, &mut parse).await?;
        value.ok_or(Error::BadReply)
    }

    /// The same for all requests, so that it is there once.
    async fn exchange(
        &self,
        kind: Kind,
        transaction: Transaction,
        fill: &mut dyn FnMut(&mut Payload) -> fmt::Result,
        parse: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Error> {
        poll_fn(|_| {
            self.advance();
            if self.connection.borrow().is_free() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let number = self.connection.borrow_mut().begin(kind, transaction.0, fill).map_err(|_| Error::TooLong)?;
        let out = Out { connection: &self.connection, number };
        poll_fn(|_| {
            self.advance();
            let result = |reply: Option<(Kind, &[u8])>| take_result(kind, reply, parse);
            let result = out.connection.borrow_mut().take_reply(out.number, result);
            result.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Moves what can be moved.
    fn advance(&self) {
        if self.connection.borrow_mut().advance() {
            // It fails only if the channel is closed; then nobody hears, and requests wait.
            let _ = self.hypercalls.send(self.port);
        }
    }
}

/// Gives `parse` what a reply to a request says, or says why it says nothing.
fn take_result(asked: Kind, reply: Option<(Kind, &[u8])>, parse: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    match reply {
        None => Err(Error::Lost),
        Some((Kind::Error, name)) => Err(Error::Refused(Refusal::from(name.strip_suffix(&[0]).unwrap_or(name)))),
        Some((kind, payload)) if kind == asked => {
            parse(payload);
            Ok(())
        }
        Some(_) => Err(Error::BadReply),
    }
}

/// Writes a path that a request begins with.
fn path_of(payload: &mut Payload, path: fmt::Arguments<'_>) -> fmt::Result {
    payload.string(path)?;
    let most = if payload.is_absolute() { ABSOLUTE_PATH_MAX } else { RELATIVE_PATH_MAX };
    if payload.len() <= most { Ok(()) } else { Err(fmt::Error) }
}

fn watch_of(payload: &mut Payload, path: fmt::Arguments<'_>, token: Token) -> fmt::Result {
    path_of(payload, path)?;
    payload.string(format_args!("{}", token.0))
}

/// A number in decimal.
pub(super) fn parse_number<T: core::str::FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// A path that is not too long.
fn parse_path(text: &[u8]) -> Option<Path> {
    let text = str::from_utf8(text).ok().filter(|text| !text.is_empty() && !text.contains('\0'))?;
    Path::try_from(text).ok()
}
