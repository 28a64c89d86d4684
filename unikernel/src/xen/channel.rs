// SPDX-License-Identifier: Apache-2.0
//! The control channel: the console device that the toolstack called `sluice` (`channel=` of xl.cfg(5)), whose ring
//! (io/console.h) is a page that we grant, and whose other end is a socket or terminal in the control domain.

use super::{Moments, Store, Xen};
use crate::channel::INPUT_BYTES;
use control::MESSAGE_BYTES;
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::sync::atomic::Ordering;
use heapless::Vec;
use xen_glue::xenbus::{self, End, Offer, Role, SetupError, State, directory};
use xen_glue::xenstore::{Answer, Path, Request, Token, Transaction};
use xen_glue::{Access, Console, DomainId, EventPort, GrantReference, Grants, Hypercalls, Pages};

/// What the toolstack calls it.
const NAME: &[u8] = b"sluice";
/// Most consoles that are looked at.
const CONSOLES: usize = 16;
const TOKEN: Token = Token::new(62);

/// The channel.
pub struct Channel {
    xen: &'static Xen,
    page: Pages,
    /// What the other end is offered.
    granted: Cell<Option<GrantReference>>,
    port: Cell<Option<EventPort>>,
    /// The event channel while the other end is connected.
    up: Cell<Option<EventPort>>,
    ring: RefCell<Console>,
    /// The message that goes out, as far as the ring has not taken it.
    output: RefCell<Vec<u8, MESSAGE_BYTES>>,
}

impl Channel {
    /// A channel whose ring is `page`. Nobody is connected.
    pub fn new(xen: &'static Xen, page: Pages) -> Channel {
        let ring = RefCell::new(Console::new(&page));
        Channel {
            xen,
            page,
            granted: Cell::new(None),
            port: Cell::new(None),
            up: Cell::new(None),
            ring,
            output: RefCell::default(),
        }
    }

    /// Gives `take` the bytes that have come, if any have.
    #[inline]
    pub fn read(&self, take: impl FnOnce(&[u8])) {
        if let Some(port) = self.up.get()
            && self.ring.borrow().available() > 0
        {
            let mut bytes = [0; INPUT_BYTES];
            let count = self.ring.borrow_mut().read(&mut bytes);
            self.tell(port);
            take(&bytes[..count]);
        }
    }

    /// Whether all that was written has been taken. What nobody is there to take waits.
    pub fn is_drained(&self) -> bool {
        self.push();
        self.output.borrow().is_empty() && (self.up.get().is_none() || self.ring.borrow().is_drained())
    }

    /// Writes the message that `fill` makes.
    pub fn write(&self, fill: impl FnOnce(&mut [u8]) -> usize) {
        let mut output = self.output.borrow_mut();
        assert!(output.is_empty(), "one message at a time");
        let _ = output.resize(MESSAGE_BYTES, 0);
        let length = fill(&mut output);
        output.truncate(length);
        drop(output);
        self.push();
    }

    /// Gives the ring as much as it takes.
    fn push(&self) {
        let mut output = self.output.borrow_mut();
        if let Some(port) = self.up.get()
            && !output.is_empty()
        {
            let written = self.ring.borrow_mut().write(&output);
            drop(output.drain(..written));
            if written > 0 {
                self.tell(port);
            }
        }
    }

    /// Goes on with the message that goes out.
    #[inline]
    pub fn go_on(&self) {
        if !self.output.borrow().is_empty() {
            self.push();
        }
    }

    /// Whether there is nothing to do until an event comes.
    pub fn arm(&self) -> bool {
        self.push();
        self.up.get().is_none() || self.ring.borrow().available() == 0
    }

    fn tell(&self, port: EventPort) {
        // It fails only if the channel is closed: then nobody waits.
        let _ = self.xen.calls.send(port);
    }
}

impl End for Channel {
    fn role(&self) -> Role {
        Role::Frontend
    }

    fn awaited(&self) -> fn(State) -> bool {
        |state| !state.is_over() && state != State::Closing
    }

    fn set_up(&self, grants: &RefCell<Grants>, other: DomainId, _: &[Answer]) -> Result<Offer, SetupError> {
        self.withdraw(grants);
        self.page.words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        self.ring.replace(Console::new(&self.page));
        let reference = grants.borrow_mut().grant(other, &self.page, 0, Access::Write)?;
        self.granted.set(Some(reference));
        let port = self.xen.calls.alloc_unbound(other)?;
        self.port.set(Some(port));
        Ok(Offer {
            state: State::Initialised,
            values: [("ring-ref", reference.0), ("port", port.0)].into_iter().collect(),
        })
    }

    fn open(&self) -> Result<(), SetupError> {
        self.up.set(self.port.get());
        self.push();
        Ok(())
    }

    fn shut(&self) {
        self.up.set(None);
    }

    fn withdraw(&self, grants: &RefCell<Grants>) -> bool {
        if let Some(port) = self.port.take() {
            // It is ours, and open.
            let _ = self.xen.calls.close(port);
        }
        self.granted.set(self.granted.get().filter(|&reference| grants.borrow_mut().end(reference).is_err()));
        self.granted.get().is_none()
    }

    fn port(&self) -> Option<EventPort> {
        self.port.get()
    }
}

/// Connects the channel, if the toolstack made one, and does so anew whenever the other end has gone.
pub async fn run(channel: &Channel, store: &Store) -> Infallible {
    let xen = channel.xen;
    let path = find(store, &xen.moments).await;
    xenbus::run(channel, store, &xen.grants, (path, TOKEN), &xen.moments, &|report| xen.note("channel", report)).await
}

/// The console of that name. The toolstack makes it before the domain runs, or never: it counts from 1.
async fn find(store: &Store, moments: &Moments) -> Path {
    let paths: Vec<Path, CONSOLES> = (1..=CONSOLES).map(|number| directory("device/console", number)).collect();
    let requests: Vec<_, CONSOLES> = paths.iter().map(|path| Request::read(path, "name")).collect();
    let mut found = None;
    let take = &mut |index, name: Result<&[u8], _>| {
        if name == Ok(NAME) {
            found = Some(index);
        }
    };
    store.ask_all(Transaction::NONE, &requests, take).await;
    if found.is_none() {
        // Nobody wants to talk to us.
        moments.pause(u64::MAX).await;
    }
    paths[found.unwrap_or(0)].clone()
}
