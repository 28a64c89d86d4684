// SPDX-License-Identifier: Apache-2.0
//! The control channel: the console device that the toolstack called `sluice` (`channel=` of xl.cfg(5)), whose ring
//! (io/console.h) is a page that we grant, and whose other end is a socket or terminal in the control domain.

use super::{Moments, Store, Xen};
use crate::channel::INPUT_BYTES;
use control::MESSAGE_BYTES;
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use heapless::Vec;
use xen_glue::xenbus::{self, Device, Role, State};
use xen_glue::xenstore::{Path, Request, Token, Transaction};
use xen_glue::{Access, Console, EventPort, GrantReference, Hypercalls, Pages};

/// What the toolstack calls it.
const NAME: &[u8] = b"sluice";
/// Where consoles are.
const CONSOLES_PATH: &str = "device/console";
/// Most consoles that are looked at.
const CONSOLES: usize = 16;
const TOKEN: Token = Token::new(62);
/// How long to wait before something is tried again.
const RETRY_NS: u64 = 100_000_000;

/// The channel.
pub struct Channel {
    xen: &'static Xen,
    page: Pages,
    /// While the other end is connected.
    port: Cell<Option<EventPort>>,
    ring: RefCell<Console>,
    /// The message that goes out, as far as the ring has not taken it.
    output: RefCell<Vec<u8, MESSAGE_BYTES>>,
}

impl Channel {
    /// A channel whose ring is `page`. Nobody is connected.
    pub fn new(xen: &'static Xen, page: Pages) -> Channel {
        let ring = RefCell::new(Console::new(&page));
        Channel { xen, page, port: Cell::new(None), ring, output: RefCell::default() }
    }

    /// Gives `take` the bytes that have come, if any have.
    #[inline]
    pub fn read(&self, take: impl FnOnce(&[u8])) {
        if let Some(port) = self.port.get()
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
        self.output.borrow().is_empty() && (self.port.get().is_none() || self.ring.borrow().is_drained())
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
        if let Some(port) = self.port.get()
            && !output.is_empty()
        {
            let written = self.ring.borrow_mut().write(&output);
            drop(output.drain(..written));
            self.tell(port);
        }
    }

    /// Whether there is nothing to do until an event comes.
    pub fn arm(&self) -> bool {
        self.push();
        self.port.get().is_none() || self.ring.borrow().available() == 0
    }

    fn tell(&self, port: EventPort) {
        // It fails only if the channel is closed: then nobody waits.
        let _ = self.xen.calls.send(port);
    }
}

/// Connects the channel, and does so anew whenever the other end has gone.
pub async fn run(channel: &Channel, store: &Store) -> Infallible {
    let moments = &channel.xen.moments;
    let path = find(store, moments).await;
    loop {
        if let Err(error) = connect(channel, store, &path).await {
            defmt::warn!("the control channel: {}", defmt::Display2Format(&error));
        }
        moments.pause(RETRY_NS).await;
    }
}

/// The console of that name. The toolstack makes it before the domain runs, or never.
async fn find(store: &Store, moments: &Moments) -> Path {
    loop {
        let mut paths = Vec::<Path, CONSOLES>::new();
        // If there are none, nobody wants to talk to us. Those beyond the last one are not ours.
        let take = &mut |_, names: Result<&[u8], _>| {
            paths.extend(names.unwrap_or(&[]).split(|&byte| byte == 0).filter_map(console).take(CONSOLES));
        };
        store.ask_all(Transaction::NONE, &[Request::list(CONSOLES_PATH)], take).await;
        for path in paths {
            let [name] = store.ask([Request::read(&path, "name")]).await;
            if name.bytes() == Ok(NAME) {
                return path;
            }
        }
        moments.pause(u64::MAX).await;
    }
}

/// The path of a console called `name`.
fn console(name: &[u8]) -> Option<Path> {
    let name = str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    let mut path = Path::try_from(CONSOLES_PATH).ok()?;
    path.push('/').and_then(|()| path.push_str(name)).ok().map(|()| path)
}

/// Connects the channel, until the other end goes.
async fn connect(channel: &Channel, store: &Store, path: &Path) -> Result<(), xenbus::Error> {
    let device = Device::open(store, Role::Frontend, path, TOKEN).await?;
    let xen = channel.xen;
    let domain = device.other_domain();
    let granted = xen.grants.borrow_mut().grant(domain, &channel.page, 0, Access::Write);
    let Ok(reference) = granted else {
        defmt::warn!("the grant table is full: there is no control channel");
        return Ok(());
    };
    if let Ok(port) = xen.calls.alloc_unbound(domain) {
        let result = serve(channel, &device, reference, port).await;
        channel.port.set(None);
        xen.events.ignore(port);
        // It is ours, and open.
        let _ = xen.calls.close(port);
        if let Err(error) = result {
            defmt::warn!("the control channel: {}", defmt::Display2Format(&error));
        }
    }
    let closed = device.switch(State::Closed).await;
    while xen.grants.borrow_mut().end(reference).is_err() {
        xen.moments.pause(RETRY_NS).await;
    }
    device.close().await;
    closed
}

/// Offers the ring, and waits until the other end goes.
async fn serve(
    channel: &Channel,
    device: &Device<'_, super::Calls>,
    reference: GrantReference,
    port: EventPort,
) -> Result<(), xenbus::Error> {
    channel.page.words().iter().for_each(|word| word.store(0, core::sync::atomic::Ordering::Relaxed));
    channel.ring.replace(Console::new(&channel.page));
    channel.xen.events.listen(port);
    device.say(&[("ring-ref", reference.0), ("port", port.0)]).await?;
    device.switch(State::Initialised).await?;
    device.until_connected().await?;
    device.switch(State::Connected).await?;
    channel.port.set(Some(port));
    channel.push();
    device.until(|state| !state.is_up()).await?;
    Ok(())
}
