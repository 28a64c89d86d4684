// SPDX-License-Identifier: Apache-2.0
//! A port of the VM: a NIC, or one end of a link. The VMM decides which, so an image does not know; both do the same for the
//! run loop.

use crate::link::Link;
use crate::virtio::net::Nic;
use nf_elements::Batch;

/// A port.
pub enum Port {
    /// A NIC.
    Nic(&'static mut Nic),
    /// One end of a link.
    Link(&'static mut Link),
}

impl Port {
    /// Makes it receive. Called once, when all ports are up.
    pub fn begin(&mut self) {
        match self {
            Port::Nic(nic) => nic.begin(),
            Port::Link(_) => {}
        }
    }

    /// Lets the device wake the processor. Until then it is polled.
    pub fn enable_interrupts(&mut self) {
        match self {
            Port::Nic(nic) => nic.enable_interrupts(),
            Port::Link(link) => link.enable_interrupts(),
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        match self {
            Port::Nic(nic) => nic.receive(batch),
            Port::Link(link) => link.receive(batch),
        }
    }

    /// Sends the packets of `batch`; those that there is no room for stay.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        match self {
            Port::Nic(nic) => nic.transmit(batch),
            Port::Link(link) => link.transmit(batch),
        }
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        match self {
            Port::Nic(nic) => nic.transmit_room(),
            Port::Link(link) => link.transmit_room(),
        }
    }

    /// Tells the device or the peer of everything new, once.
    #[inline]
    pub fn notify(&mut self) {
        match self {
            Port::Nic(nic) => nic.notify(),
            Port::Link(link) => link.notify(),
        }
    }

    /// Asks for an interrupt when there is something to do. False if there is already.
    pub fn arm(&mut self) -> bool {
        match self {
            Port::Nic(nic) => nic.arm(),
            Port::Link(link) => link.arm(),
        }
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        match self {
            Port::Nic(nic) => nic.disarm(),
            Port::Link(link) => link.disarm(),
        }
    }

    /// Frames that came in so far.
    pub fn received(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.received(),
            Port::Link(link) => link.received(),
        }
    }

    /// Frames that went out so far.
    pub fn sent(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.sent(),
            Port::Link(link) => link.sent(),
        }
    }

    /// What the device, the peer or an element did wrong so far.
    pub fn errors(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.errors(),
            Port::Link(link) => link.errors(),
        }
    }

    /// The link, if it is one.
    pub fn link(&self) -> Option<&Link> {
        match self {
            Port::Nic(_) => None,
            Port::Link(link) => Some(link),
        }
    }

    /// Its Ethernet address, if it has one.
    #[cfg(feature = "host")]
    pub fn mac(&self) -> Option<[u8; 6]> {
        match self {
            Port::Nic(nic) => Some(nic.mac()),
            Port::Link(_) => None,
        }
    }

    /// Logs what it is, as port `name`.
    pub fn log(&self, name: &str) {
        match self {
            Port::Nic(nic) => {
                let [a, b, c, d, e, f] = nic.mac();
                defmt::info!(
                    "port {=str}: {=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}",
                    name,
                    a,
                    b,
                    c,
                    d,
                    e,
                    f
                );
            }
            Port::Link(link) => {
                defmt::info!("port {=str}: link, end {=str}", name, if link.is_first() { "A" } else { "B" })
            }
        }
    }
}
