// SPDX-License-Identifier: Apache-2.0
//! A port of the VM: a NIC, one end of a link, or a vif under Xen. The VMM decides which, so an image does not know; all do the same
//! for the run loop.

use crate::link::Link;
use crate::shared_link::SharedLink;
use crate::shared_pool::Buffers;
use crate::virtio::net::Nic;
use crate::xen::{self, Vif};
use nf_elements::Batch;

/// A port.
pub enum Port {
    /// A NIC.
    Nic(&'static mut Nic),
    /// One end of a link.
    Link(&'static mut Link),
    /// One end of a link to a trusted VM.
    Shared(&'static mut SharedLink),
    /// One end of a link over memory that one domain of Xen grants to another.
    Granted(&'static mut xen::Link),
    /// A network device of Xen's.
    Vif(&'static mut Vif),
}

/// What each kind of port does.
macro_rules! each {
    ($self:ident, $port:ident => $act:expr) => {
        match $self {
            Port::Nic($port) => $act,
            Port::Link($port) => $act,
            Port::Shared($port) => $act,
            Port::Granted($port) => $act,
            Port::Vif($port) => $act,
        }
    };
}

impl Port {
    /// Makes it receive. Called once, when all ports are up.
    pub fn begin(&mut self) {
        if let Port::Nic(nic) = self {
            nic.begin();
        }
    }

    /// Lets the device wake the processor. Until then it is polled.
    pub fn enable_interrupts(&mut self) {
        match self {
            Port::Nic(nic) => nic.enable_interrupts(),
            Port::Link(link) => link.enable_interrupts(),
            Port::Shared(link) => link.enable_interrupts(),
            Port::Granted(_) | Port::Vif(_) => {}
        }
    }

    /// Whether it cannot wake the processor, and has to be looked at now and then.
    pub fn is_polled(&self) -> bool {
        match self {
            Port::Nic(_) | Port::Granted(_) | Port::Vif(_) => false,
            Port::Link(link) => link.is_polled(),
            Port::Shared(link) => link.is_polled(),
        }
    }

    /// Adds received frames to `batch`, up to its room.
    #[inline]
    pub fn receive(&mut self, batch: &mut Batch) {
        each!(self, port => port.receive(batch));
    }

    /// Sends the packets of `batch`; those that there is no room for stay.
    #[inline]
    pub fn transmit(&mut self, batch: &mut Batch) {
        each!(self, port => port.transmit(batch));
    }

    /// How many frames `transmit` would take.
    pub fn transmit_room(&mut self) -> usize {
        each!(self, port => port.transmit_room())
    }

    /// Whether somebody is at the other end. Of a NIC or a vif that is not known.
    #[inline]
    pub fn is_up(&self) -> bool {
        match self {
            Port::Nic(_) | Port::Vif(_) => true,
            Port::Link(link) => link.is_up(),
            Port::Shared(link) => link.is_up(),
            Port::Granted(link) => link.is_up(),
        }
    }

    /// Whether a packet's chain reaches the other end beside its bytes.
    pub fn carries_annotations(&self) -> bool {
        match self {
            Port::Nic(_) | Port::Vif(_) => false,
            Port::Link(_) | Port::Shared(_) | Port::Granted(_) => true,
        }
    }

    /// Tells the device or the peer of everything new, once.
    #[inline]
    pub fn notify(&mut self) {
        each!(self, port => port.notify());
    }

    /// Asks for an interrupt when there is something to do, room to transmit included if that is `awaited`. False if there is already.
    pub fn arm(&mut self, awaited: bool) -> bool {
        each!(self, port => port.arm(awaited))
    }

    /// Asks for no interrupts.
    pub fn disarm(&mut self) {
        match self {
            Port::Nic(nic) => nic.disarm(),
            Port::Link(link) => link.disarm(),
            Port::Shared(link) => link.disarm(),
            Port::Granted(link) => link.disarm(),
            // Its event index is passed once, and wakes nobody again until it is set anew.
            Port::Vif(_) => {}
        }
    }

    /// Frames that came in so far.
    pub fn received(&self) -> u64 {
        each!(self, port => port.received())
    }

    /// Frames that went out so far.
    pub fn sent(&self) -> u64 {
        each!(self, port => port.sent())
    }

    /// What the device, the peer or an element did wrong so far.
    pub fn errors(&self) -> u64 {
        each!(self, port => port.errors())
    }

    /// What the machine's handler `name` tells of a port of its kind.
    pub fn read(&self, name: &str) -> Option<u64> {
        match self {
            Port::Nic(_) => None,
            Port::Link(link) => link.read(name),
            Port::Shared(link) => link.read(name),
            Port::Granted(link) => link.read(name),
            Port::Vif(vif) => vif.read(name),
        }
    }

    /// The buffers that it shares with another VM, if it does.
    pub fn buffers(&self) -> Option<Buffers> {
        match self {
            Port::Shared(link) => Some(link.buffers()),
            Port::Nic(_) | Port::Link(_) | Port::Granted(_) | Port::Vif(_) => None,
        }
    }

    /// Has it receive into buffers that are shared with another VM, if it is a NIC or a vif. Before it begins.
    pub fn receive_into(&mut self, buffers: Buffers) {
        match self {
            Port::Nic(nic) => nic.receive_into(buffers),
            Port::Vif(vif) => vif.receive_into(buffers),
            Port::Link(_) | Port::Shared(_) | Port::Granted(_) => {}
        }
    }

    /// Its Ethernet address, if it has one.
    #[cfg(feature = "host")]
    pub fn mac(&self) -> Option<[u8; 6]> {
        match self {
            Port::Nic(nic) => Some(nic.mac()),
            Port::Link(_) | Port::Shared(_) | Port::Granted(_) => None,
            Port::Vif(vif) => vif.mac(),
        }
    }

    /// Logs what it is, as port `name`.
    pub fn log(&self, name: &str) {
        let end = |first| if first { "A" } else { "B" };
        match self {
            Port::Nic(nic) => log_mac(name, nic.mac()),
            Port::Link(link) => defmt::info!("port {=str}: link, end {=str}", name, end(link.is_first())),
            Port::Granted(link) => defmt::info!("port {=str}: granted link, end {=str}", name, end(link.is_first())),
            Port::Shared(link) => {
                defmt::info!("port {=str}: link with shared buffers, end {=str}", name, end(link.is_first()))
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
