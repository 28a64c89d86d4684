// SPDX-License-Identifier: Apache-2.0
//! A device's two directories in xenstore.

use super::{Error, Role, State};
use crate::xenstore::{self, ANSWERS, Answer, Path, Request, Store, Token, Transaction};
use crate::{DomainId, Hypercalls};
use core::cell::Cell;
use heapless::Vec;

/// Most values that an end says at once.
pub const VALUES: usize = 14;

/// Most values that an end is asked for at once, beside its state; and its own directory.
pub const NAMES: usize = 4;
pub const OWN_NAMES: usize = 2;
/// What it takes to see an end's state.
const STATES: usize = 3;
const _: () = assert!(1 + OWN_NAMES + STATES + NAMES <= ANSWERS);

/// What an end says of names, in their order.
pub type Values = Vec<Answer, NAMES>;

/// What was seen of the other end: its state, and what it says of names; and whether the token had fired before.
pub struct Look {
    state: State,
    values: Values,
    told: bool,
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

    /// Has the token fire, too, when the other end changes its state. Gives what is called `own` in this end's directory, and the first look
    /// at the other one. All at once: it is a good part of what a domain does until its first frame.
    pub async fn begin(&self, own: &[&str], names: &[&str]) -> Result<(Vec<Answer, OWN_NAMES>, Look), Error> {
        let told = self.store.take_fired(self.token);
        let reads = own.iter().map(|name| Request::read(&self.path, name));
        let requests = [self.watch_of_other()].into_iter().chain(reads).chain(self.looks(names));
        let answers = self.store.ask(&requests.collect::<Vec<_, ANSWERS>>()).await;
        let (watched, values) = answers.split_first().expect("there is room");
        watched.done().map_err(Error::Store)?;
        let (own, seen) = values.split_at(own.len());
        let (state, values) = self.seen(seen, names.len())?;
        Ok((own.iter().cloned().collect(), Look { state, values, told }))
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
        let answers = self.store.ask(&self.looks(names).collect::<Vec<_, ANSWERS>>()).await;
        self.seen(&answers, names.len())
    }

    /// What it takes to look.
    fn looks<'d>(&'d self, names: &'d [&str]) -> impl Iterator<Item = Request<'d>> {
        let [name, _] = self.role.other();
        let states: [_; STATES] =
            [Request::read(&self.path, "state"), Request::read(&self.path, name), Request::read(&self.other, "state")];
        // What is read after a state was said before it.
        states.into_iter().chain(names.iter().map(|name| Request::read(&self.other, name)))
    }

    /// What the answers to that say.
    fn seen(&self, answers: &[Answer], names: usize) -> Result<(State, Values), Error> {
        let [own, other, state, values @ ..] = answers else { return Err(Error::Store(xenstore::Error::BadReply)) };
        if state_of(own)? != self.said.get() {
            return Err(Error::Gone);
        }
        self.seen.set(state_of(state)?);
        match self.seen.get() {
            State::Unknown if other.path()? != self.other => Err(Error::Gone),
            state => Ok((state, values.iter().take(names).cloned().collect())),
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

    /// Says these values of this end, and then what it is now, which tells the other end to look at them.
    ///
    /// A value that is refused does not keep the state back: whoever sees the error closes. Without a transaction, which would take three answers for one: whose directory is gone may not make it again, for its parent is the
    /// toolstack's.
    pub async fn switch_with(&self, state: State, values: &[(&str, u32)]) -> Result<(), Error> {
        let last = ("state", state as u32);
        let values = values.iter().chain([&last]).map(|&(name, value)| Request::write_number(&self.path, name, value));
        let requests: Vec<_, { VALUES + 1 }> = values.collect();
        self.store.tell(Transaction::NONE, &requests).await?;
        self.said.set(state);
        Ok(())
    }

    /// Waits until the token fires.
    pub async fn changed(&self) {
        self.store.changed(self.token).await;
    }

    /// Waits until the other end's state is one that `wanted` accepts.
    pub async fn until(&self, wanted: fn(State) -> bool) -> Result<(), Error> {
        let look = self.look_anew(&[]).await?;
        self.until_after(look, wanted, &[]).await?;
        Ok(())
    }

    /// The same after a look: what the other end then says of `names`.
    pub async fn until_after(
        &self,
        mut look: Look,
        wanted: fn(State) -> bool,
        names: &[&str],
    ) -> Result<Values, Error> {
        while !wanted(look.state) {
            // What was told of before a look is seen by it, so if it is what was waited for, there is nothing new.
            if !look.told {
                self.changed().await;
            }
            look = self.look_anew(names).await?;
        }
        Ok(look.values)
    }

    async fn look_anew(&self, names: &[&str]) -> Result<Look, Error> {
        let told = self.store.take_fired(self.token);
        self.look(names).await.map(|(state, values)| Look { state, values, told })
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
