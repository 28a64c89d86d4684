// SPDX-License-Identifier: Apache-2.0
//! The requests, as futures: docs/misc/xenstore.txt.
//!
//! Any number of tasks share one [`Store`]. They are polled by hand, all of them, when xenstored's event channel fires and whenever
//! else the machine likes, and again while [`Store::take_moved`] says so; then [`Store::flush`] tells xenstored of all that they ask: wakers are
//! not used. Requests go out
//! without waiting for the replies to others, and replies may come in any order. Requests whose future is dropped cost nothing but
//! their replies. If xenstored is late, requests are, too; whoever cannot wait drops them.

use super::connection::{Connection, Number, OUT_MOST, Reply};
use super::request::{Answer, Request, parse_number};
use super::wire::Kind;
use crate::{EventPort, Hypercalls, Pages};
use core::cell::RefCell;
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;
use heapless::{String, Vec};

/// Most bytes of a path that a reply gave: those of devices are shorter.
pub const PATH_BYTES: usize = 128;

/// Most answers that are kept at a time: to what is asked of one end of a device.
pub const ANSWERS: usize = 10;

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

    pub(super) const fn number(self) -> u8 {
        self.0
    }

    /// The token of a watch event, whose payload is `path NUL token NUL`.
    pub(super) fn of_event(payload: &[u8]) -> Option<Token> {
        let mut strings = payload.split(|&byte| byte == 0);
        let (_path, token) = (strings.next()?, strings.next()?);
        strings.next()?;
        let number = u8::try_from(parse_number(token)?).ok()?;
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

/// What takes replies: of which request, and what it says.
pub type Take<'t> = dyn FnMut(usize, Result<&[u8], Error>) + 't;

/// Requests that belong together, of which some are out.
struct Batch<'b> {
    connection: &'b RefCell<Connection>,
    transaction: Transaction,
    requests: &'b [Request<'b>],
    take: &'b mut Take<'b>,
    /// How many were sent, and those of them whose replies have not come: their indices and numbers.
    sent: usize,
    out: Vec<(usize, Number), OUT_MOST>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut connection = self.connection.borrow_mut();
        self.out.iter().for_each(|&(_, number)| connection.abandon(number));
    }
}

impl Batch<'_> {
    /// Sends the next request if it is its turn, and takes the reply that has come if it is to one of these. True if either was so.
    fn go_on(&mut self) -> bool {
        let sent = self.sent;
        let connection = &mut *self.connection.borrow_mut();
        if let Some(request) = self.requests.get(sent)
            && connection.is_free()
            && !self.out.is_full()
        {
            self.sent += 1;
            match connection.begin(request.kind, self.transaction.0, |payload| request.fill(payload)) {
                // There is room, as was seen.
                Ok(number) => drop(self.out.push((sent, number))),
                Err(_) => (self.take)(sent, Err(Error::TooLong)),
            }
        }
        let left = self.out.len();
        let (requests, take) = (self.requests, &mut self.take);
        self.out.retain(|&(index, number)| {
            !connection.take_reply(number, &mut |reply| take(index, result(requests[index].kind, reply)))
        });
        self.sent > sent || self.out.len() < left
    }

    fn is_done(&self) -> bool {
        self.sent == self.requests.len() && self.out.is_empty()
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

    /// Makes up to [`ANSWERS`] requests, and waits for the answers.
    pub async fn ask(&self, requests: &[Request<'_>]) -> [Answer; ANSWERS] {
        let mut answers = [Answer::NONE; ANSWERS];
        self.ask_all(Transaction::NONE, requests, &mut |index, reply| answers[index] = Answer::of(reply)).await;
        answers
    }

    /// Makes requests, and waits until all are carried out, or fails as the first one did that was not.
    pub async fn tell(&self, transaction: Transaction, requests: &[Request<'_>]) -> Result<(), Error> {
        let mut result = Ok(());
        self.ask_all(transaction, requests, &mut |_, reply| result = result.and(reply.map(drop))).await;
        result
    }

    /// Makes requests as a whole: what they read is of one moment, and what they write is seen at once, or, if one fails, not at all. If
    /// others wrote there meanwhile they are made again, a few times.
    pub async fn transact(&self, requests: &[Request<'_>]) -> Result<(), Error> {
        const AGAIN: Error = Error::Refused(Refusal::Again);
        for _ in 0..TRANSACTION_TRIES {
            let [begun, ..] = self.ask(&[Request::BEGIN_TRANSACTION]).await;
            let number = begun.bytes()?.strip_suffix(&[0]).and_then(parse_number).filter(|&number| number != 0);
            let transaction = Transaction(number.ok_or(Error::BadReply)?);
            let result = self.tell(transaction, requests).await;
            let ended = self.tell(transaction, &[Request::end_transaction(result.is_ok())]).await;
            match (result, ended) {
                (Err(AGAIN), _) | (Ok(()), Err(AGAIN)) => {}
                (Ok(()), ended) => return ended,
                (error, _) => return error,
            }
        }
        Err(AGAIN)
    }

    /// Makes requests, each without waiting for the reply to the one before, and gives `take` the replies as they come. It makes
    /// no requests.
    pub async fn ask_all(&self, transaction: Transaction, requests: &[Request<'_>], take: &mut Take<'_>) {
        let mut batch = Batch { connection: &self.connection, transaction, requests, take, sent: 0, out: Vec::new() };
        poll_fn(|_| {
            loop {
                self.connection.borrow_mut().advance();
                if !batch.go_on() {
                    break;
                }
            }
            if batch.is_done() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Waits until a watch with `token` fires.
    pub async fn changed(&self, token: Token) {
        poll_fn(|_| {
            let mut connection = self.connection.borrow_mut();
            connection.advance();
            if connection.take_fired(token.into()).is_empty() { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Whether a watch with `token` has fired, as far as is known; it has not from then on.
    pub fn take_fired(&self, token: Token) -> bool {
        !self.connection.borrow_mut().take_fired(token.into()).is_empty()
    }

    /// Whether a message has come, or a reply was taken, since this was asked last. Then all tasks are to be polled again: one reply is
    /// kept at a time, so that behind it there may be one for a task that had its turn before, and no event tells of that.
    pub fn take_moved(&self) -> bool {
        self.connection.borrow_mut().take_moved()
    }

    /// Whether a reply is to come: if not, tasks wait for other ends, and a watch tells of those.
    pub fn awaits(&self) -> bool {
        self.connection.borrow().awaits()
    }

    /// Tells xenstored of what tasks have asked for since the last call, by one event for all: to be called when all were polled. True if
    /// there was something.
    pub fn flush(&self) -> bool {
        let untold = self.connection.borrow_mut().take_untold();
        if untold {
            // It fails only if the channel is closed; then nobody hears, and requests wait.
            let _ = self.hypercalls.send(self.port);
        }
        untold
    }
}

/// What a reply to a request says, or why it says nothing.
fn result(asked: Kind, reply: Option<Reply<'_>>) -> Result<&[u8], Error> {
    match reply {
        None => Err(Error::Lost),
        Some((Kind::Error, name)) => Err(Error::Refused(Refusal::from(name.strip_suffix(&[0]).unwrap_or(name)))),
        Some((kind, payload)) if kind == asked => Ok(payload),
        Some(_) => Err(Error::BadReply),
    }
}
