// SPDX-License-Identifier: Apache-2.0
//! Taking one end of a device through the states. There is one of this for all devices, so that it is in an image once.

use super::device::VALUES;
use super::{Device, Error, Role, SetupError, State};
use crate::xenstore::{Answer, Path, Store, Token};
use crate::{DomainId, EventPort, Grants, Hypercalls};
use core::cell::RefCell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use heapless::Vec;

/// What an end says when it has set itself up: its values, and the state that tells the other end to look at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// [`State::Initialised`] if the other end is to connect first, else [`State::Connected`].
    pub state: State,
    /// Names and values.
    pub values: Vec<(&'static str, u32), VALUES>,
}

/// One end of a device, as its session sees it: what it does at each step. None of this waits.
pub trait End {
    /// Which end it is.
    fn role(&self) -> Role;
    /// What its own directory is asked for, at most [`OWN_NAMES`](super::device::OWN_NAMES) of them: when it is found.
    fn own_names(&self) -> &'static [&'static str] {
        &[]
    }
    /// It was found.
    fn found(&self, _answers: &[Answer]) {}
    /// The state of the other end from which on it can be set up.
    fn awaited(&self) -> fn(State) -> bool;
    /// What the other end's directory is asked for then, as many at most.
    fn other_names(&self) -> &'static [&'static str] {
        &[]
    }
    /// Sets up what is offered to `other`, or takes what that offers.
    fn set_up(&self, grants: &RefCell<Grants>, other: DomainId, answers: &[Answer]) -> Result<Offer, SetupError>;
    /// The other end is connected: goes into use.
    fn open(&self) -> Result<(), SetupError>;
    /// Whether the other end, which is in this state, is to be used no more.
    fn is_lost(&self, state: State) -> bool {
        !state.is_up()
    }
    /// Whether the other end broke the device's protocol.
    fn is_broken(&self) -> bool {
        false
    }
    /// Is used no more.
    fn shut(&self);
    /// Takes back what was lent and lets go of what was borrowed. False if it cannot be set up again before the other end lets go, too.
    fn withdraw(&self, grants: &RefCell<Grants>) -> bool;
    /// Its event channel, while there is one.
    fn port(&self) -> Option<EventPort>;
}

/// Time, for what is not told by events.
pub trait Pauses {
    /// When a pause ends that begins now: as long as to wait for an end that does not let go, or before what failed is tried again.
    fn begin(&self) -> u64;
    /// Whether that is over. If not, whoever asked is polled again when it is.
    fn is_over(&self, end: u64) -> bool;
}

/// What a session tells of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It has an event channel, to be listened to.
    Bound(EventPort),
    /// That is about to be closed: a sleep on a closed channel would end at once.
    Unbound(EventPort),
    /// It is up.
    Up,
    /// It is not, or no more.
    Down(Error),
}

/// What a session has all the time.
struct Session<'r> {
    end: &'r dyn End,
    grants: &'r RefCell<Grants>,
    pauses: &'r dyn Pauses,
    report: &'r dyn Fn(Report),
}

/// Runs the end of the device in `path` for ever: connects it to the other end, and does so anew whenever that went, came or broke the
/// protocol. `token` is its own.
pub async fn run<H: Hypercalls>(
    end: &dyn End,
    store: &Store<'_, H>,
    grants: &RefCell<Grants>,
    (path, token): (Path, Token),
    pauses: &dyn Pauses,
    report: &dyn Fn(Report),
) -> Infallible {
    let session = Session { end, grants, pauses, report };
    let mut told = None;
    loop {
        let (error, found) = match session.find(store, &path, token).await {
            Ok(device) => {
                let Err(error) = session.serve(&device).await;
                end.shut();
                session.leave(&device, error).await;
                device.close().await;
                told = None;
                (error, true)
            }
            Err(error) => (error, false),
        };
        // The same is not told again.
        if told.replace(error) != Some(error) {
            report(Report::Down(error));
        }
        end.port().into_iter().for_each(|port| report(Report::Unbound(port)));
        while !end.withdraw(grants) {
            session.pause().await;
        }
        match error {
            Error::Broken | Error::Closing(_) => {}
            // Whether another one has come is not known yet.
            Error::Gone if found => {}
            Error::Gone => store.changed(token).await,
            // Nothing says when another try goes better.
            _ => either(store.changed(token), session.pause()).await,
        }
    }
}

impl Session<'_> {
    /// Opens the device, unless the toolstack is taking it away: then it is not begun again.
    async fn find<'s, H: Hypercalls>(
        &self,
        store: &'s Store<'s, H>,
        path: &Path,
        token: Token,
    ) -> Result<Device<'s, H>, Error> {
        let device = Device::open(store, self.end.role(), path, token).await?;
        if device.own_state() == State::Initialising || device.is_online().await? {
            Ok(device)
        } else {
            Err(Error::Gone)
        }
    }

    /// Connects the device and looks after it until something is wrong.
    async fn serve<H: Hypercalls>(&self, device: &Device<'_, H>) -> Result<Infallible, Error> {
        let end = self.end;
        let (own, look) = device.begin(end.own_names(), end.other_names()).await?;
        end.found(&own);
        device.switch(State::Initialising).await?;
        let answers = device.until_after(look, end.awaited(), end.other_names()).await?;
        let offer = end.set_up(self.grants, device.other_domain(), &answers)?;
        end.port().into_iter().for_each(|port| (self.report)(Report::Bound(port)));
        device.switch_with(offer.state, &offer.values).await?;
        device.until_connected().await?;
        end.open()?;
        device.switch(State::Connected).await?;
        (self.report)(Report::Up);
        self.supervise(device).await
    }

    /// Watches the other end until it is lost.
    async fn supervise<H: Hypercalls>(&self, device: &Device<'_, H>) -> Result<Infallible, Error> {
        loop {
            match device.look(&[]).await {
                Ok((state, _)) if self.end.is_lost(state) => return Err(Error::Closing(state)),
                Ok(_) => {}
                // Frames do not need xenstore. When it is there again, watches have to be set again.
                Err(Error::Store(_)) if device.watch_again().await.is_err() => self.pause().await,
                Err(Error::Store(_)) => {}
                Err(error) => return Err(error),
            }
            either(device.changed(), poll_fn(|_| ready(self.end.is_broken()))).await;
            if self.end.is_broken() {
                return Err(Error::Broken);
            }
        }
    }

    /// Goes through the states that let both ends forget the connection. An end that does not follow is left behind.
    async fn leave<H: Hypercalls>(&self, device: &Device<'_, H>, error: Error) {
        // A device that was made anew knows of no connection.
        if error != Error::Gone {
            either(follow(device), self.pause()).await;
        }
    }

    async fn pause(&self) {
        let end = self.pauses.begin();
        poll_fn(|_| ready(self.pauses.is_over(end))).await;
    }
}

/// Closes this end, and waits for the other. If something fails, there is nobody to wait for.
async fn follow<H: Hypercalls>(device: &Device<'_, H>) {
    for own in [State::Closing, State::Closed] {
        let followed = |state: State| state == State::Closing || state.is_over();
        let other = if own == State::Closed { State::is_over } else { followed };
        if device.switch(own).await.is_err() || device.until(other).await.is_err() {
            return;
        }
    }
}

fn ready(is: bool) -> Poll<()> {
    if is { Poll::Ready(()) } else { Poll::Pending }
}

/// Waits for either.
async fn either(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(
        |context| {
            if first.as_mut().poll(context).is_ready() { Poll::Ready(()) } else { second.as_mut().poll(context) }
        },
    )
    .await;
}
