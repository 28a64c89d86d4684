// SPDX-License-Identifier: Apache-2.0
//! virtio 1.2, modern devices only: transports, queues, the network device and the console.
//!
//! The queues and transports are ours, not a crate's: a burst costs one notification and no register read, interrupts are
//! MSI-X, and a frame is handed to the device where it lies.

pub mod console;
pub mod mmio;
pub mod net;
pub mod pci;
pub mod queue;
mod transport;

pub use transport::Transport;

/// What stops a device from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, defmt::Format)]
pub enum Error {
    /// The device offers no `VIRTIO_F_VERSION_1`: a legacy device.
    Legacy,
    /// The device did not accept the features that were chosen.
    FeaturesRefused,
    /// The device has no queue of that number.
    NoQueue(u16),
    /// A structure that the transport needs is missing.
    Missing,
}

/// `VIRTIO_F_VERSION_1`, §6
pub const VERSION_1: u64 = 1 << 32;
/// `VIRTIO_F_EVENT_IDX`, §6
pub const EVENT_IDX: u64 = 1 << 29;

/// Device status bits, §2.1.
mod status {
    pub const ACKNOWLEDGE: u8 = 1;
    pub const DRIVER: u8 = 2;
    pub const DRIVER_OK: u8 = 4;
    pub const FEATURES_OK: u8 = 8;
}

/// Negotiates the features of `wanted` that the device offers (§3.1.1): what was agreed.
pub fn negotiate(transport: &mut Transport, wanted: u64) -> Result<u64, Error> {
    transport.set_status(0);
    transport.set_status(status::ACKNOWLEDGE | status::DRIVER);
    let features = transport.device_features() & wanted;
    if features & VERSION_1 == 0 {
        return Err(Error::Legacy);
    }
    transport.set_driver_features(features);
    transport.set_status(status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK);
    if transport.status() & status::FEATURES_OK == 0 {
        return Err(Error::FeaturesRefused);
    }
    Ok(features)
}

/// Tells the device that the driver is ready: its queues are set up.
pub fn start(transport: &mut Transport) {
    transport.set_status(status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK | status::DRIVER_OK);
}
