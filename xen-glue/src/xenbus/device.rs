// SPDX-License-Identifier: Apache-2.0
//! A device's two directories in xenstore.

use super::{Error, Role, State};
use crate::xenstore::{self, ANSWERS, Answer, Path, Request, Store, Token, Transaction};
use crate::{DomainId, Hypercalls};
use core::cell::Cell;
use heapless::Vec;

/// Most values that an end says at once.
pub const VALUES: usize = 14;

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
        let [watched, other, domain, found] = store.ask(&requests).await;
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
        let [own, other, ..] = self.store.ask(&requests).await;
        own.done().and(other.done()).map_err(Error::Store)
    }

    /// Ends the watch of the other end. That of the device stays.
    pub async fn close(self) {
        // Whether or not it was still set.
        let _ = self.store.tell(Transaction::NONE, &[Request::unwatch(&self.other, "state", self.token)]).await;
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
        let [own, other, state, _] = self.store.ask(&requests).await;
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

    /// Reads what is called `names` in `directory`: up to [`ANSWERS`] values.
    pub async fn read(&self, directory: &Path, names: &[&str]) -> [Answer; ANSWERS] {
        let mut requests: Vec<_, ANSWERS> = Vec::new();
        requests.extend(names.iter().map(|name| Request::read(directory, name)));
        self.store.ask(&requests).await
    }

    /// Whether the toolstack wants it to be used: it says so in the backend's directory.
    pub async fn is_online(&self) -> Result<bool, Error> {
        let [online, ..] = self.store.ask(&[Request::read(&self.other, "online")]).await;
        Ok(online.number_if_any()? != Some(0))
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
