// SPDX-License-Identifier: Apache-2.0
//! How the two ends of a device find each other and agree, by states in xenstore: io/xenbus.h.

use crate::xenstore::{self, Path, Refusal, Store, Token, Transaction};
use crate::{DomainId, Hypercalls};
use core::cell::Cell;
use core::fmt;

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
    /// What the other end is called in a device's directory.
    fn other(self) -> &'static str {
        match self {
            Role::Frontend => "backend",
            Role::Backend => "frontend",
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
        let name = role.other();
        store.watch(format_args!("{path}/{name}"), token).await.map_err(Error::Store)?;
        // It fires when it is set: what it tells later is news.
        store.changed(token).await;
        let other = store.read_path(format_args!("{path}/{name}")).await?;
        let other_domain = DomainId(store.read_number(format_args!("{path}/{name}-id")).await?);
        let found = State::of(number(store, path, "state").await?.unwrap_or(0));
        let device = Device { store, path: path.clone(), other, other_domain, role, token, said: Cell::new(found) };
        device.watch_other().await?;
        Ok(device)
    }

    /// Sets the watches of the device again: those of a connection to xenstore end with it.
    pub async fn watch(&self) -> Result<(), Error> {
        // Not `Gone` if it is refused: that says that the watch of the device is set.
        let watched = self.store.watch(format_args!("{}/{}", self.path, self.role.other()), self.token).await;
        watched.map_err(Error::Store)?;
        self.watch_other().await
    }

    async fn watch_other(&self) -> Result<(), Error> {
        self.store.watch(format_args!("{}/state", self.other), self.token).await.map_err(Error::Store)
    }

    /// Ends the watch of the other end. That of the device stays.
    pub async fn close(self) {
        // Whether or not it was still set.
        let _ = self.store.unwatch(format_args!("{}/state", self.other), self.token).await;
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
        if self.state_in(&self.path).await? != self.said.get() {
            return Err(Error::Gone);
        }
        let state = self.state_in(&self.other).await?;
        if state == State::Unknown {
            let other = self.store.read_path(format_args!("{}/{}", self.path, self.role.other())).await?;
            return if other == self.other { Ok(state) } else { Err(Error::Gone) };
        }
        Ok(state)
    }

    /// What this end said last, or was made with.
    pub fn own_state(&self) -> State {
        self.said.get()
    }

    async fn state_in(&self, directory: &Path) -> Result<State, Error> {
        Ok(number(self.store, directory, "state").await?.map_or(State::Unknown, State::of))
    }

    /// Says what this end is now, if it is not that already. Does not make a directory that is gone.
    pub async fn switch(&self, state: State) -> Result<(), Error> {
        if self.said.get() == state { Ok(()) } else { self.switch_with(state, &[]).await }
    }

    /// Says what this end is now, and these values of it, all at once.
    pub async fn switch_with(&self, state: State, values: &[(&str, u32)]) -> Result<(), Error> {
        let switched = self.store.transaction(async |transaction| {
            self.store.read(transaction, format_args!("{}/{}", self.path, self.role.other()), |_| Some(())).await?;
            for (name, value) in [("state", state as u32)].iter().chain(values) {
                self.store.write(transaction, format_args!("{}/{name}", self.path), format_args!("{value}")).await?;
            }
            Ok(())
        });
        switched.await?;
        self.said.set(state);
        Ok(())
    }

    /// Waits until the token fires.
    pub async fn changed(&self) {
        self.store.changed(self.token).await;
    }

    /// Waits until the other end's state is one that `wanted` accepts.
    pub async fn until(&self, wanted: impl Fn(State) -> bool) -> Result<State, Error> {
        loop {
            let state = self.other_state().await?;
            if wanted(state) {
                return Ok(state);
            }
            self.changed().await;
        }
    }

    /// Waits until the other end's state is `wanted`, or it closes instead.
    pub async fn until_or_closing(&self, wanted: State) -> Result<(), Error> {
        match self.until(|state| state == wanted || state.is_over() || state == State::Closing).await? {
            state if state == wanted => Ok(()),
            state => Err(Error::Closing(state)),
        }
    }
}

/// Reads a number below `path`, in its directory of either end; none if it is not there, or not a number.
pub async fn number<H: Hypercalls, T: core::str::FromStr>(
    store: &Store<'_, H>,
    directory: &Path,
    name: &str,
) -> Result<Option<T>, Error> {
    match store.read_number(format_args!("{directory}/{name}")).await {
        Ok(number) => Ok(Some(number)),
        // A domain that is gone takes with it the right to look.
        Err(xenstore::Error::Refused(Refusal::NoEntry | Refusal::Access) | xenstore::Error::BadReply) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes a value of this end.
pub async fn write<H: Hypercalls>(
    device: &Device<'_, H>,
    transaction: Transaction,
    name: &str,
    value: impl fmt::Display,
) -> Result<(), xenstore::Error> {
    device.store.write(transaction, format_args!("{}/{name}", device.path), format_args!("{value}")).await
}
