// SPDX-License-Identifier: Apache-2.0
//! A device's two directories in xenstore.

use super::{Error, Role, State};
use crate::xenstore::{self, ANSWERS, Answer, Path, Request, Store, Token, Transaction};
use crate::{DomainId, Hypercalls};
use core::cell::Cell;
use heapless::Vec;

/// Most values that an end says at once.
pub const VALUES: usize = 14;

/// Most values that an end is asked for at once, beside its state.
pub const NAMES: usize = 4;
/// What it takes to see an end's state.
const STATES: usize = 3;
const _: () = assert!(STATES + NAMES <= ANSWERS);

/// What an end says of names, in their order.
pub type Values = Vec<Answer, NAMES>;

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
    /// What the other end said when it was looked at last.
    seen: Cell<State>,
}

impl<'s, H: Hypercalls> Device<'s, H> {
    /// Opens the device whose directory is `path`: `device/vif/0`, say. From now on `token` fires when the device comes or goes, even if
    /// it is not there yet.
    pub async fn open(store: &'s Store<'s, H>, role: Role, path: &Path, token: Token) -> Result<Self, Error> {
        let [name, id] = role.other();
        // In this order: what changes after it is read makes the token fire.
        let requests = [
            Request::watch(path, name, token),
            Request::read(path, name),
            Request::read(path, id),
            Request::read(path, "state"),
        ];
        let [watched, other, domain, found, ..] = store.ask(&requests).await;
        // Not `Gone` if that is refused: it says that the watch of the device is set.
        watched.done().map_err(Error::Store)?;
        let domain = u16::try_from(domain.number()?).map_err(|_| xenstore::Error::BadReply)?;
        Ok(Device {
            store,
            path: path.clone(),
            other: other.path()?,
            other_domain: DomainId(domain),
            role,
            token,
            said: Cell::new(state_of(&found)?),
            seen: Cell::new(State::Unknown),
        })
    }

    /// Has the token fire, too, when the other end changes its state. Gives what is called `names` in this end's directory.
    pub async fn begin(&self, names: &[&str]) -> Result<Values, Error> {
        let reads = names.iter().map(|name| Request::read(&self.path, name));
        let requests: Vec<_, ANSWERS> = [self.watch_of_other()].into_iter().chain(reads).collect();
        let [watched, values @ ..] = self.store.ask(&requests).await;
        watched.done().map_err(Error::Store)?;
        Ok(values.into_iter().take(names.len()).collect())
    }

    /// Sets the watches of the device again: those of a connection to xenstore end with it.
    pub async fn watch_again(&self) -> Result<(), Error> {
        let [name, _] = self.role.other();
        let requests = [Request::watch(&self.path, name, self.token), self.watch_of_other()];
        let [own, other, ..] = self.store.ask(&requests).await;
        own.done().and(other.done()).map_err(Error::Store)
    }

    fn watch_of_other(&self) -> Request<'_> {
        Request::watch(&self.other, "state", self.token)
    }

    /// Ends the watch of the other end. That of the device stays.
    pub async fn close(self) {
        // Whether or not it was still set.
        let _ = self.store.tell(Transaction::NONE, &[Request::unwatch(&self.other, "state", self.token)]).await;
    }

    /// The domain of the other end.
    pub fn other_domain(&self) -> DomainId {
        self.other_domain
    }

    /// What the other end says of itself, and of `names`. If the device is gone, or was made anew since this end spoke, that is said
    /// instead.
    pub async fn look(&self, names: &[&str]) -> Result<(State, Values), Error> {
        let [name, _] = self.role.other();
        let states: [_; STATES] =
            [Request::read(&self.path, "state"), Request::read(&self.path, name), Request::read(&self.other, "state")];
        // What is read after a state was said before it.
        let reads = names.iter().map(|name| Request::read(&self.other, name));
        let requests: Vec<_, ANSWERS> = states.into_iter().chain(reads).collect();
        let [own, other, state, values @ ..] = self.store.ask(&requests).await;
        if state_of(&own)? != self.said.get() {
            return Err(Error::Gone);
        }
        self.seen.set(state_of(&state)?);
        match self.seen.get() {
            State::Unknown if other.path()? != self.other => Err(Error::Gone),
            state => Ok((state, values.into_iter().take(names.len()).collect())),
        }
    }

    /// What this end said last, or was made with.
    pub fn own_state(&self) -> State {
        self.said.get()
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

    /// Waits until the other end's state is one that `wanted` accepts: what it then says of `names`.
    pub async fn until(&self, wanted: fn(State) -> bool, names: &[&str]) -> Result<Values, Error> {
        loop {
            // What was told of before a look is seen by it, so if it is what was waited for, there is nothing new.
            let told = self.store.take_fired(self.token);
            let (state, values) = self.look(names).await?;
            if wanted(state) {
                return Ok(values);
            }
            if !told {
                self.changed().await;
            }
        }
    }

    /// Waits until the other end is connected, or closes instead.
    pub async fn until_connected(&self) -> Result<(), Error> {
        let settled = |state: State| state == State::Connected || state.is_over() || state == State::Closing;
        loop {
            // What it has not said yet makes the token fire.
            if !settled(self.seen.get()) {
                self.changed().await;
            }
            match self.look(&[]).await? {
                (State::Connected, _) => return Ok(()),
                (state, _) if settled(state) => return Err(Error::Closing(state)),
                _ => {}
            }
        }
    }
}

fn state_of(answer: &Answer) -> Result<State, Error> {
    Ok(answer.number_if_any()?.map_or(State::Unknown, State::of))
}
