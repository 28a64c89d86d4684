// SPDX-License-Identifier: Apache-2.0
//! How the two ends of a device find each other and agree, by states in xenstore: io/xenbus.h.
//!
//! What differs between devices, and between the two ends of one, is an [`End`]; [`run`] takes it through the states, again and again.

mod device;
mod session;

pub use device::Device;
pub use session::{End, Offer, Pauses, Report, run};

use crate::xenstore::{self, Path, Refusal};
use crate::{DomainId, Errno, Exhausted};
use core::fmt;
use ring::RegionError;

/// The directory of device `number` of a kind, `device/vif` say.
pub fn directory(kind: &str, number: usize) -> Path {
    let mut path = Path::new();
    fmt::write(&mut path, format_args!("{kind}/{number}")).expect("the path is short");
    path
}

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
    /// It cannot be set up.
    Setup(SetupError),
    /// The other end broke the device's protocol.
    Broken,
}

/// Why a device cannot be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// The grant table is full.
    Exhausted,
    /// The domain of before still uses a page.
    StillMapped(DomainId),
    /// The hypervisor gives no event channel, or no grant.
    Refused(Errno),
    /// The backend cannot copy to our pages (`feature-rx-copy` of io/netif.h).
    NoCopy,
    /// The other end speaks another version.
    Version(u32),
    /// It offers a region of so many pages, or lies of them.
    Pages(usize),
    /// What it offers is no region.
    Region(RegionError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Gone => f.write_str("there is no such device"),
            Error::Closing(state) => write!(f, "the other end closes, its state is {}", *state as u32),
            Error::Store(error) => error.fmt(f),
            Error::Setup(error) => error.fmt(f),
            Error::Broken => f.write_str("the other end broke the protocol"),
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetupError::Exhausted => f.write_str("the grant table is full"),
            SetupError::StillMapped(domain) => {
                write!(f, "domain {}, the other end of before, still uses its pages", domain.0)
            }
            SetupError::Refused(errno) => write!(f, "Xen refuses: error {}", errno.0),
            SetupError::NoCopy => f.write_str("the backend does not copy received frames"),
            SetupError::Version(version) => write!(f, "the other end speaks version {version}"),
            SetupError::Pages(pages) => write!(f, "a region of {pages} pages"),
            SetupError::Region(error) => error.fmt(f),
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

impl From<SetupError> for Error {
    fn from(error: SetupError) -> Error {
        Error::Setup(error)
    }
}

impl From<Exhausted> for SetupError {
    fn from(Exhausted: Exhausted) -> SetupError {
        SetupError::Exhausted
    }
}

impl From<Errno> for SetupError {
    fn from(errno: Errno) -> SetupError {
        SetupError::Refused(errno)
    }
}

impl From<RegionError> for SetupError {
    fn from(error: RegionError) -> SetupError {
        SetupError::Region(error)
    }
}
