// SPDX-License-Identifier: Apache-2.0
//! Agreeing with the other end of a link, again and again.

use super::{Link, Offer, SetupError};
use crate::xenbus::{self, Device, Role, State, either};
use crate::xenstore::{self, Path, Request, Store, Token};
use crate::{EventPort, GrantReference, Grants, Hypercalls};
use core::cell::RefCell;
use core::convert::Infallible;
use core::fmt;

/// The version of what ends say to each other, and of nothing in the region, which has its own.
const VERSION: u32 = 1;

/// Why a link is not up, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It, its other end or xenstore is not there.
    Bus(xenbus::Error),
    /// The other end speaks another version.
    Version(u32),
    /// It cannot be set up.
    Setup(SetupError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Bus(error) => error.fmt(f),
            Error::Version(version) => write!(f, "the other end speaks version {version}, not {VERSION}"),
            Error::Setup(SetupError::Exhausted) => f.write_str("the grant table is full"),
            Error::Setup(SetupError::Refused(errno)) => write!(f, "Xen refuses: error {}", errno.0),
            Error::Setup(SetupError::Pages(pages)) => write!(f, "a region of {pages} pages"),
            Error::Setup(SetupError::Region(error)) => error.fmt(f),
        }
    }
}

impl<E: Into<xenbus::Error>> From<E> for Error {
    fn from(error: E) -> Error {
        Error::Bus(error.into())
    }
}

/// What a link's task tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It has an event channel, to be listened to.
    Bound(EventPort),
    /// It is up.
    Up,
    /// It is not, or no more.
    Down(Error),
}

/// Runs an end of a link for ever: agrees with the other one, and does so anew whenever that went or came. `token` is its own;
/// `pause` takes a while.
pub async fn run<H: Hypercalls>(
    link: &Link<'_, H>,
    store: &Store<'_, H>,
    grants: &RefCell<Grants>,
    token: Token,
    pause: impl AsyncFn(),
    report: impl Fn(Report),
) -> Infallible {
    let mut path = Path::new();
    fmt::write(&mut path, format_args!("device/sluice-link/{}", link.number())).expect("the path is short");
    loop {
        match Device::open(store, link.role(), &path, token).await {
            Ok(device) => {
                let Err(error) = serve(link, &device, grants, &report).await;
                report(Report::Down(error));
                while !link.withdraw(grants) {
                    pause().await;
                }
                // If it fails, there is nobody to see it.
                let _ = device.switch(State::Closed).await;
                device.close().await;
            }
            Err(error) => report(Report::Down(error.into())),
        }
        // Most causes are changes of what is watched; nothing tells of the others.
        either(store.changed(token), pause()).await;
    }
}

/// Sets the link up and looks after it until something is wrong.
async fn serve<H: Hypercalls>(
    link: &Link<'_, H>,
    device: &Device<'_, H>,
    grants: &RefCell<Grants>,
    report: &impl Fn(Report),
) -> Result<Infallible, Error> {
    device.switch(State::Initialising).await?;
    match link.role() {
        Role::Backend => {
            device.until(|state| state == State::Initialising).await?;
            let offer = link.offer(grants, device.other_domain()).map_err(Error::Setup)?;
            report(Report::Bound(offer.port));
            tell(device, offer).await?;
            device.switch(State::Initialised).await?;
            device.until_connected().await?;
            link.open_offered().map_err(Error::Setup)?;
            device.switch(State::Connected).await?;
        }
        Role::Frontend => {
            device.until(|state| state == State::Initialised).await?;
            let offer = hear(device).await?;
            link.accept(device.other_domain(), offer).map_err(Error::Setup)?;
            link.port().into_iter().for_each(|port| report(Report::Bound(port)));
            device.switch(State::Connected).await?;
            device.until_connected().await?;
        }
    }
    report(Report::Up);
    supervise(device).await
}

/// Says what is offered.
async fn tell<H: Hypercalls>(device: &Device<'_, H>, offer: Offer) -> Result<(), Error> {
    let values = [
        ("version", VERSION),
        ("pages", offer.pages as u32),
        ("directory-ref", offer.directory.0),
        ("event-channel", offer.port.0),
    ];
    Ok(device.say(&values).await?)
}

/// Reads what the other end offers.
async fn hear<H: Hypercalls>(device: &Device<'_, H>) -> Result<Offer, Error> {
    let names = ["version", "pages", "directory-ref", "event-channel"];
    let answers = device.store().ask(names.map(|name| Request::read(device.other_path(), name))).await;
    let mut values = [0; 4];
    for (value, answer) in values.iter_mut().zip(&answers) {
        *value = answer.number()?;
    }
    let [version, pages, directory, port] = values;
    if version != VERSION {
        return Err(Error::Version(version));
    }
    Ok(Offer { directory: GrantReference(directory), pages: pages as usize, port: EventPort(port) })
}

/// Watches the other end until it closes or is gone.
async fn supervise<H: Hypercalls>(device: &Device<'_, H>) -> Result<Infallible, Error> {
    loop {
        match device.other_state().await {
            Ok(state) if !state.is_up() => return Err(xenbus::Error::Closing(state).into()),
            Ok(_) => {}
            // Frames do not need xenstore. When it is there again, watches have to be set again.
            Err(xenbus::Error::Store(xenstore::Error::Lost)) => device.watch().await?,
            Err(error) => return Err(error.into()),
        }
        device.changed().await;
    }
}
