// SPDX-License-Identifier: Apache-2.0
//! How the two ends of a device find each other and agree, by states in xenstore: io/xenbus.h.

use crate::xenstore::{self, Answer, Path, Refusal, Request, Store, Token, Transaction};
use crate::{DomainId, Hypercalls};
use core::cell::Cell;
use core::fmt;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use heapless::Vec;

/// Most values that an end says of itself at once.
const VALUES: usize = 14;

/// Declares the states with their numbers, `enum xenbus_state`.
macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What an end says of itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum State {
            $($(#[$doc])* $name = $number,)*
        }

        impl State {
            /// The state of a number; none: [`State::Unknown`].
            pub fn of(number: u32) -> State {
                match number {
                    $($number => State::$name,)*
                    _ => State::Unknown,
                }
            }
        }
    };
}

states! {
    /// Nothing: it is not there.
    Unknown = 0,
    /// It begins.
    Initialising = 1,
    /// It waits for what the other end has to say.
    InitWait = 2,
    /// It has said all, and waits for the other end to connect.
    Initialised = 3,
    /// It is up.
    Connected = 4,
    /// It is about to end.
    Closing = 5,
    /// It has ended.
    Closed = 6,
    /// It changes, and is up meanwhile.
    Reconfiguring = 7,
    /// It has changed.
    Reconfigured = 8,
}

impl State {
    /// Whether an end in this state goes on to be used.
    pub fn is_up(self) -> bool {
        matches!(self, State::Connected | State::Reconfiguring | State::Reconfigured)
    }

    /// Whether an end in this state has let go of what the other one lent it.
    pub fn is_over(self) -> bool {
        matches!(self, State::Unknown | State::Closed)
    }
}

/// Which end of a device this domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one that uses it.
    Frontend,
    /// The one that offers it.
    Backend,
}

impl Role {
    /// What the other end and its domain are called in a device's directory.
    fn other(self) -> [&'static str; 2] {
        match self {
            Role::Frontend => ["backend", "backend-id"],
            Role::Backend => ["frontend", "frontend-id"],
        }
    }
}

/// Why a device cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its directory is not there, or no more. The token fires when that changes.
    Gone,
    /// The other end closes.
    Closing(State),
    /// Xenstore failed.
    Store(xenstore::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Gone => f.write_str("there is no such device"),
            Error::Closing(state) => write!(f, "the other end closes, its state is {state:?}"),
            Error::Store(error) => error.fmt(f),
        }
    }
}

impl From<xenstore::Error> for Error {
    fn from(error: xenstore::Error) -> Error {
        match error {
            xenstore::Error::Refused(Refusal::NoEntry) => Error::Gone,
            error => Error::Store(error),
        }
    }
}

/// One end of a device.
pub struct Device<'s, H> {
    store: &'s Store<'s, H>,
    path: Path,
    other: Path,
    other_domain: DomainId,
    role: Role,
    token: Token,
    /// What this end said last, or was made with.
    said: Cell<State>,
}

impl<'s, H: Hypercalls> Device<'s, H> {
    /// Opens the device whose directory is `path`: `device/vif/0`, say. From now on `token` fires when the other end changes its
    /// state and when the device comes or goes, even if it is not there yet.
    pub async fn open(store: &'s Store<'s, H>, role: Role, path: &Path, token: Token) -> Result<Self, Error> {
        let [name, id] = role.other();
        // In this order: what changes after it is read makes the token fire.
        let requests = [
            Request::watch(path, name, token),
            Request::read(path, name),
            Request::read(path, id),
            Request::read(path, "state"),
        ];
        let [watched, other, domain, found] = store.ask(requests).await;
        // Not `Gone` if that is refused: it says that the watch of the device is set.
        watched.done().map_err(Error::Store)?;
        let domain = u16::try_from(domain.number()?).map_err(|_| xenstore::Error::BadReply)?;
        let device = Device {
            store,
            path: path.clone(),
            other: other.path()?,
            other_domain: DomainId(domain),
            role,
            token,
            said: Cell::new(state_of(&found)?),
        };
        device.watch().await?;
        Ok(device)
    }

    /// Sets the watches of the device again: those of a connection to xenstore end with it.
    pub async fn watch(&self) -> Result<(), Error> {
        let [name, _] = self.role.other();
        let requests = [Request::watch(&self.path, name, self.token), Request::watch(&self.other, "state", self.token)];
        let [own, other] = self.store.ask(requests).await;
        own.done().and(other.done()).map_err(Error::Store)
    }

    /// Ends the watch of the other end. That of the device stays.
    pub async fn close(self) {
        // Whether or not it was still set.
        let _ = self.store.ask([Request::unwatch(&self.other, "state", self.token)]).await;
    }

    /// The directory of this end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of the other end.
    pub fn other_path(&self) -> &Path {
        &self.other
    }

    /// The domain of the other end.
    pub fn other_domain(&self) -> DomainId {
        self.other_domain
    }

    /// Where it is.
    pub fn store(&self) -> &'s Store<'s, H> {
        self.store
    }

    /// What the other end says of itself. If the device is gone, or was made anew since this end spoke, that is said instead.
    pub async fn other_state(&self) -> Result<State, Error> {
        let [name, _] = self.role.other();
        let requests =
            [Request::read(&self.path, "state"), Request::read(&self.path, name), Request::read(&self.other, "state")];
        let [own, other, state] = self.store.ask(requests).await;
        if state_of(&own)? != self.said.get() {
            return Err(Error::Gone);
        }
        match state_of(&state)? {
            State::Unknown if other.path()? != self.other => Err(Error::Gone),
            state => Ok(state),
        }
    }

    /// What this end said last, or was made with.
    pub fn own_state(&self) -> State {
        self.said.get()
    }

    /// Says what this end is now, if it is not that already. Does not make a directory that is gone.
    pub async fn switch(&self, state: State) -> Result<(), Error> {
        if self.said.get() == state { Ok(()) } else { self.switch_with(state, &[]).await }
    }

    /// Says what this end is now, and these values of it, all at once.
    pub async fn switch_with(&self, state: State, values: &[(&str, u32)]) -> Result<(), Error> {
        let [name, _] = self.role.other();
        let mut requests: Vec<_, { VALUES + 2 }> = Vec::new();
        let values = values.iter().map(|&(name, value)| Request::write_number(&self.path, name, value));
        // What is gone cannot be read, and the whole fails.
        let first = [Request::read(&self.path, name), Request::write_number(&self.path, "state", state as u32)];
        requests.extend(first.into_iter().chain(values));
        self.store.transact(&requests).await?;
        self.said.set(state);
        Ok(())
    }

    /// Says these values of this end. Nobody looks at them before its state says so.
    pub async fn say(&self, values: &[(&str, u32)]) -> Result<(), Error> {
        let mut requests: Vec<_, VALUES> = Vec::new();
        requests.extend(values.iter().map(|&(name, value)| Request::write_number(&self.path, name, value)));
        Ok(self.store.tell(Transaction::NONE, &requests).await?)
    }

    /// Waits until the token fires.
    pub async fn changed(&self) {
        self.store.changed(self.token).await;
    }

    /// Waits until the other end's state is one that `wanted` accepts.
    pub async fn until(&self, wanted: fn(State) -> bool) -> Result<State, Error> {
        loop {
            let state = self.other_state().await?;
            if wanted(state) {
                return Ok(state);
            }
            self.changed().await;
        }
    }

    /// Waits until the other end is connected, or closes instead.
    pub async fn until_connected(&self) -> Result<(), Error> {
        let settled = |state: State| state == State::Connected || state.is_over() || state == State::Closing;
        match self.until(settled).await? {
            State::Connected => Ok(()),
            state => Err(Error::Closing(state)),
        }
    }
}

fn state_of(answer: &Answer) -> Result<State, Error> {
    Ok(answer.number_if_any()?.map_or(State::Unknown, State::of))
}

/// Waits for either.
pub(crate) async fn either(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(
        |context| {
            if first.as_mut().poll(context).is_ready() { Poll::Ready(()) } else { second.as_mut().poll(context) }
        },
    )
    .await;
}
