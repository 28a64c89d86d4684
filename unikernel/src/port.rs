// SPDX-License-Identifier: Apache-2.0
//! A port of the VM: a NIC, one end of a link, or a vif under Xen. The VMM decides which, so an image does not know; all do the same
//! for the run loop.

use crate::link::Link;
use crate::virtio::net::Nic;
use crate::xen::Vif;
use nf_elements::Batch;

/// A port.
pub enum Port {
    /// A NIC.
    Nic(&'static mut Nic),
    /// One end of a link.
    Link(&'static mut Link),
    /// A network device of Xen's.
    Vif(&'static mut Vif),
}

impl Port {
    /// Makes it receive. Called once, when all ports are up.
    pub fn begin(&mut self) {
        match self {
            Port::Nic(nic) => nic.begin(),
            Port::Link(_) | Port::Vif(_) => {}
        }
    }

    /// Lets the device wake the processor. Until then it is polled.
    pub fn enable_interrupts(&mut self) {
        match self {
            Port::Nic(nic) => nic.enable_interrupts(),
            Port::Link(link) => link.enable_interrupts(),
            Port::Vif(_) => {}
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        match self {
            Port::Nic(nic) => nic.receive(batch),
            Port::Link(link) => link.receive(batch),
            Port::Vif(vif) => vif.receive(batch),
        }
    }

    /// Sends the packets of `batch`; those that there is no room for stay.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        match self {
            Port::Nic(nic) => nic.transmit(batch),
            Port::Link(link) => link.transmit(batch),
            Port::Vif(vif) => vif.transmit(batch),
        }
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        match self {
            Port::Nic(nic) => nic.transmit_room(),
            Port::Link(link) => link.transmit_room(),
            Port::Vif(vif) => vif.transmit_room(),
        }
    }

    /// Tells the device or the peer of everything new, once.
    #[inline]
    pub fn notify(&mut self) {
        match self {
            Port::Nic(nic) => nic.notify(),
            Port::Link(link) => link.notify(),
            Port::Vif(vif) => vif.notify(),
        }
    }

    /// Asks for an interrupt when there is something to do. False if there is already.
    pub fn arm(&mut self) -> bool {
        match self {
            Port::Nic(nic) => nic.arm(),
            Port::Link(link) => link.arm(),
            Port::Vif(vif) => vif.arm(),
        }
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        match self {
            Port::Nic(nic) => nic.disarm(),
            Port::Link(link) => link.disarm(),
            // Its event index is passed once, and wakes nobody again until it is set anew.
            Port::Vif(_) => {}
        }
    }

    /// Frames that came in so far.
    pub fn received(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.received(),
            Port::Link(link) => link.received(),
            Port::Vif(vif) => vif.received(),
        }
    }

    /// Frames that went out so far.
    pub fn sent(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.sent(),
            Port::Link(link) => link.sent(),
            Port::Vif(vif) => vif.sent(),
        }
    }

    /// What the device, the peer or an element did wrong so far.
    pub fn errors(&self) -> u64 {
        match self {
            Port::Nic(nic) => nic.errors(),
            Port::Link(link) => link.errors(),
            Port::Vif(vif) => vif.errors(),
        }
    }

    /// What the machine's handler `name` tells of a port of its kind.
    pub fn read(&self, name: &str) -> Option<u64> {
        match self {
            Port::Nic(_) => None,
            Port::Link(link) => link.read(name),
            Port::Vif(vif) => vif.read(name),
        }
    }

    /// Its Ethernet address, if it has one.
    #[cfg(feature = "host")]
    pub fn mac(&self) -> Option<[u8; 6]> {
        match self {
            Port::Nic(nic) => Some(nic.mac()),
            Port::Link(_) => None,
            Port::Vif(vif) => vif.mac(),
        }
    }

    /// Logs what it is, as port `name`.
    pub fn log(&self, name: &str) {
        match self {
            Port::Nic(nic) => log_mac(name, nic.mac()),
            Port::Link(link) => {
                defmt::info!("port {=str}: link, end {=str}", name, if link.is_first() { "A" } else { "B" })
            }
            Port::Vif(vif) => match vif.mac() {
                Some(mac) => log_mac(name, mac),
                None => defmt::info!("port {=str}: a vif without an address", name),
            },
        }
    }
}

fn log_mac(name: &str, [a, b, c, d, e, f]: [u8; 6]) {
    defmt::info!("port {=str}: {=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}", name, a, b, c, d, e, f);
}
