// SPDX-License-Identifier: Apache-2.0
//! Agreeing with the backend, again and again: from `device/vif/N` appearing to its going.

use super::{Offer, SetupError, Vif};
use crate::xenbus::{self, Device, Role, State, either};
use crate::xenstore::{self, Path, Request, Store, Token};
use crate::{Grants, Hypercalls};
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;

/// The MTU of a device whose directory names none (io/netif.h, "MTU").
const DEFAULT_MTU: u16 = 1500;

/// Why a device is not up, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It, its backend or xenstore is not there.
    Bus(xenbus::Error),
    /// The backend cannot copy to our pages (`feature-rx-copy`).
    NoCopy,
    /// It cannot be offered a queue.
    Setup(SetupError),
    /// The backend broke the protocol.
    Broken,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Bus(error) => error.fmt(f),
            Error::NoCopy => f.write_str("the backend does not copy received frames"),
            Error::Setup(SetupError::Exhausted) => f.write_str("the grant table is full"),
            Error::Setup(SetupError::StillMapped(domain)) => {
                write!(f, "domain {}, the backend of before, still uses its pages", domain.0)
            }
            Error::Setup(SetupError::NoChannel(errno)) => write!(f, "there is no event channel: error {}", errno.0),
            Error::Broken => f.write_str("the backend broke the protocol"),
        }
    }
}

impl From<xenbus::Error> for Error {
    fn from(error: xenbus::Error) -> Error {
        Error::Bus(error)
    }
}

impl From<xenstore::Error> for Error {
    fn from(error: xenstore::Error) -> Error {
        Error::Bus(error.into())
    }
}

/// What a device's task tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It was found.
    Found {
        /// Its Ethernet address, if its directory has one.
        mac: Option<[u8; 6]>,
        /// Most bytes of an Ethernet frame's payload.
        mtu: u16,
    },
    /// It is up.
    Up,
    /// It is not, or no more.
    Down(Error),
}

/// Runs a device for ever: connects it to its backend, and does so anew whenever the backend went, came or broke the protocol.
/// `token` is its own; `pause` takes a while, and bounds how long a backend is waited for that does not let go.
pub async fn run<H: Hypercalls>(
    vif: &Vif<'_, H>,
    store: &Store<'_, H>,
    grants: &RefCell<Grants>,
    token: Token,
    pause: impl AsyncFn(),
    report: impl Fn(Report),
) -> Infallible {
    let mut path = Path::new();
    fmt::write(&mut path, format_args!("device/vif/{}", vif.number())).expect("the path is short");
    let report = Reporter { report, last: Cell::new(None) };
    loop {
        let (error, found) = match find(store, &path, token).await {
            Ok(device) => {
                let Err(error) = serve(vif, &device, grants, &pause, &report).await;
                vif.shut();
                report.tell(Report::Down(error));
                // A device that was made anew knows of no connection.
                if error != Error::Bus(xenbus::Error::Gone) {
                    close(&device, &pause).await;
                }
                device.close().await;
                (error, true)
            }
            Err(error) => (error.into(), false),
        };
        report.tell(Report::Down(error));
        vif.withdraw(grants);
        match error {
            Error::Broken | Error::Bus(xenbus::Error::Closing(_)) => {}
            // Whether another one has come is not known yet.
            Error::Bus(xenbus::Error::Gone) if found => {}
            Error::Bus(xenbus::Error::Gone) => store.changed(token).await,
            // Nothing says when another try goes better.
            _ => either(store.changed(token), pause()).await,
        }
    }
}

/// Tells what was not told last.
struct Reporter<R> {
    report: R,
    last: Cell<Option<Report>>,
}

impl<R: Fn(Report)> Reporter<R> {
    fn tell(&self, news: Report) {
        if self.last.replace(Some(news)) != Some(news) {
            (self.report)(news);
        }
    }
}

/// Opens the device, unless the toolstack is taking it away: then it is not begun again.
async fn find<'s, H: Hypercalls>(
    store: &'s Store<'s, H>,
    path: &Path,
    token: Token,
) -> Result<Device<'s, H>, xenbus::Error> {
    let device = Device::open(store, Role::Frontend, path, token).await?;
    if device.own_state() == State::Initialising {
        return Ok(device);
    }
    let [online] = store.ask([Request::read(device.other_path(), "online")]).await;
    if online.number_if_any()? == Some(0) { Err(xenbus::Error::Gone) } else { Ok(device) }
}

/// Connects the device and looks after it until something is wrong.
async fn serve<H: Hypercalls>(
    vif: &Vif<'_, H>,
    device: &Device<'_, H>,
    grants: &RefCell<Grants>,
    pause: &impl AsyncFn(),
    report: &Reporter<impl Fn(Report)>,
) -> Result<Infallible, Error> {
    report.tell(identify(device).await?);
    device.switch(State::Initialising).await?;
    device.until(|state| state == State::InitWait).await?;
    let [copies] = device.store().ask([Request::read(device.other_path(), "feature-rx-copy")]).await;
    if copies.number_if_any()? != Some(1) {
        return Err(Error::NoCopy);
    }
    let offer = vif.offer(grants, device.other_domain()).map_err(Error::Setup)?;
    device.switch_with(State::Connected, &values_of(offer)).await?;
    device.until_connected().await?;
    vif.open();
    report.tell(Report::Up);
    supervise(vif, device, pause).await
}

/// Reads what the device is.
async fn identify<H: Hypercalls>(device: &Device<'_, H>) -> Result<Report, Error> {
    let path = device.path();
    let [mac, mtu] = device.store().ask([Request::read(path, "mac"), Request::read(path, "mtu")]).await;
    let mtu = mtu.number_if_any()?.and_then(|mtu| u16::try_from(mtu).ok());
    Ok(Report::Found { mac: mac.bytes().ok().and_then(mac_of), mtu: mtu.unwrap_or(DEFAULT_MTU) })
}

/// An Ethernet address as xenstore has it.
fn mac_of(text: &[u8]) -> Option<[u8; 6]> {
    let mut octets = str::from_utf8(text).ok()?.split(':').map(|octet| u8::from_str_radix(octet, 16).ok());
    let mut mac = [0; 6];
    for octet in &mut mac {
        *octet = octets.next()??;
    }
    octets.next().is_none().then_some(mac)
}

/// What the backend is told: where the queue is, and what it may do. What is not said is refused: `feature-sg`, `feature-gso-…`,
/// `feature-ipv6-csum-offload`.
fn values_of(offer: Offer) -> [(&'static str, u32); 6] {
    [
        ("tx-ring-ref", offer.transmit_ring.0),
        ("rx-ring-ref", offer.receive_ring.0),
        ("event-channel", offer.port.0),
        ("request-rx-copy", 1),
        ("feature-rx-notify", 1),
        ("feature-no-csum-offload", 1),
    ]
}

/// Watches the backend, until it closes or breaks the protocol. One that says that it begins takes the rings up where they
/// stand (Linux's does when its driver is loaded again); if it does not, it breaks them.
async fn supervise<H: Hypercalls>(
    vif: &Vif<'_, H>,
    device: &Device<'_, H>,
    pause: &impl AsyncFn(),
) -> Result<Infallible, Error> {
    loop {
        match device.other_state().await {
            Ok(state) if state == State::Closing || state.is_over() => return Err(xenbus::Error::Closing(state).into()),
            Ok(_) => {}
            // Frames do not need xenstore. When it is there again, watches have to be set again.
            Err(xenbus::Error::Store(_)) if device.watch().await.is_err() => pause().await,
            Err(xenbus::Error::Store(_)) => {}
            Err(error) => return Err(error.into()),
        }
        either(device.changed(), broken(vif)).await;
        if vif.is_broken() {
            return Err(Error::Broken);
        }
    }
}

/// Waits until the backend breaks the protocol.
async fn broken<H: Hypercalls>(vif: &Vif<'_, H>) {
    poll_fn(|_| if vif.is_broken() { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Goes through the states that let both ends forget the connection. A backend that does not follow is left behind.
async fn close<H: Hypercalls>(device: &Device<'_, H>, pause: &impl AsyncFn()) {
    let follows = async {
        // If one of these fails, there is nobody to follow.
        let _ = go_through(device).await;
    };
    either(follows, pause()).await;
}

async fn go_through<H: Hypercalls>(device: &Device<'_, H>) -> Result<State, xenbus::Error> {
    device.switch(State::Closing).await?;
    device.until(|state| state == State::Closing || state.is_over()).await?;
    device.switch(State::Closed).await?;
    device.until(State::is_over).await
}
