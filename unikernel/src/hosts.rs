// SPDX-License-Identifier: Apache-2.0
//! The VM's own IP hosts, by smoltcp: each answers ARP requests for its address and ICMP echo requests (RFC 1122 §3.2.2.6).

use heapless::{Deque, Vec};
use nf_elements::{BURST, Batch, DATA_BYTES, HEADROOM_BYTES, OwnHost, Packet};
use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv4Address, Ipv4Cidr};

/// Most hosts of a VM.
pub const MAX_HOSTS: usize = 4;
/// Packets that wait for a host, and as many that wait for the wiring.
const QUEUE: usize = 2 * BURST;
/// The longest frame: that of Ethernet without a check sequence.
const FRAME_BYTES: usize = 1514;
const _: () = assert!(FRAME_BYTES <= DATA_BYTES - HEADROOM_BYTES);
/// The Ethernet address of a host in a VM without ports: locally administered.
const NO_PORT: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// Gives a fresh packet, if there is one.
type Allocate = fn() -> Option<Packet>;

/// All hosts of the VM.
#[derive(Default)]
pub struct Hosts(Vec<Host, MAX_HOSTS>);

/// A host.
struct Host {
    interface: Interface,
    sockets: SocketSet<'static>,
    wire: Wire,
}

/// What lies between a host and the wiring.
struct Wire {
    incoming: Deque<Packet, QUEUE>,
    outgoing: Deque<Packet, QUEUE>,
    allocate: Allocate,
}

impl Hosts {
    /// These hosts; `ethernet` is the address of the VM's first port.
    pub fn new(hosts: &[OwnHost], ethernet: Option<[u8; 6]>, allocate: Allocate) -> Self {
        assert!(hosts.len() <= MAX_HOSTS, "{} hosts in one VM, at most {}", hosts.len(), MAX_HOSTS);
        Hosts(hosts.iter().map(|host| Host::new(host, ethernet.unwrap_or(NO_PORT), allocate)).collect())
    }

    /// Gives host `host` packets; those that it has no room for stay in the batch.
    pub fn transmit(&mut self, host: usize, batch: &mut Batch) {
        let incoming = &mut self.0[host].wire.incoming;
        for packet in batch.drain(incoming.capacity() - incoming.len()) {
            // There is room: as many are taken as fit.
            let _ = incoming.push_back(packet);
        }
    }

    /// How many packets host `host` has room for.
    pub fn transmit_room(&self, host: usize) -> usize {
        let incoming = &self.0[host].wire.incoming;
        incoming.capacity() - incoming.len()
    }

    /// Has host `host` treat what came, and fills `batch` with what it sends.
    pub fn receive(&mut self, host: usize, now_ns: u64, batch: &mut Batch) {
        let host = &mut self.0[host];
        if !host.wire.incoming.is_empty() {
            let now = Instant::from_micros((now_ns / 1000) as i64);
            host.interface.poll(now, &mut host.wire, &mut host.sockets);
        }
        while batch.room() > 0
            && let Some(packet) = host.wire.outgoing.pop_front()
        {
            let _ = batch.push(packet);
        }
    }
}

impl Host {
    fn new(host: &OwnHost, ethernet: [u8; 6], allocate: Allocate) -> Host {
        let mut wire = Wire { incoming: Deque::new(), outgoing: Deque::new(), allocate };
        let ethernet = EthernetAddress(host.ethernet.unwrap_or(ethernet));
        let config = Config::new(HardwareAddress::Ethernet(ethernet));
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        if let Some(([a, b, c, d], length)) = host.address {
            let address = IpCidr::Ipv4(Ipv4Cidr::new(Ipv4Address::new(a, b, c, d), length));
            interface.update_ip_addrs(|addresses| addresses.extend([address]));
        }
        if let Some([a, b, c, d]) = host.gateway {
            // The table has room for two.
            let _ = interface.routes_mut().add_default_ipv4_route(Ipv4Address::new(a, b, c, d));
        }
        Host { interface, sockets: SocketSet::new(&mut [][..]), wire }
    }
}

impl phy::Device for Wire {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, now: Instant) -> Option<(Incoming, Outgoing<'_>)> {
        // An answer must have a place before its question is taken.
        if self.incoming.is_empty() || self.outgoing.is_full() {
            return None;
        }
        let packet = self.incoming.pop_front()?;
        Some((Incoming(packet), self.transmit(now)?))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        if self.outgoing.is_full() {
            return None;
        }
        Some(Outgoing { packet: (self.allocate)()?, queue: &mut self.outgoing })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_BYTES;
        capabilities
    }
}

/// A packet for the host.
struct Incoming(Packet);

impl phy::RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0.data())
    }
}

/// A place for a packet of the host's.
struct Outgoing<'a> {
    packet: Packet,
    queue: &'a mut Deque<Packet, QUEUE>,
}

impl phy::TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, length: usize, f: F) -> R {
        let mut frame = [0; FRAME_BYTES];
        let frame = &mut frame[..length];
        let result = f(frame);
        // smoltcp keeps to the greatest length, and there was room in the queue.
        if self.packet.append(frame) {
            let _ = self.queue.push_back(self.packet);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nf_elements::testing::packet;

    const HOST: OwnHost =
        OwnHost { name: "h", address: Some(([10, 0, 0, 2], 24)), gateway: None, ethernet: Some([2, 0, 0, 0, 0, 2]) };
    /// ARP: who has 10.0.0.2? Tell 10.0.0.1 (RFC 826).
    const WHO_HAS: &[u8] = &[
        255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0,
        0, 0, 0, 0, 0, 10, 0, 0, 2,
    ];

    fn hosts() -> Hosts {
        Hosts::new(&[HOST], None, || Some(packet(&[])))
    }

    fn answers(hosts: &mut Hosts, frames: &[&[u8]]) -> std::vec::Vec<std::vec::Vec<u8>> {
        let mut batch = Batch::new();
        for frame in frames {
            assert!(batch.push(packet(frame)).is_ok());
        }
        hosts.transmit(0, &mut batch);
        assert!(batch.is_empty());
        hosts.receive(0, 1_000_000, &mut batch);
        batch.iter().map(|packet| packet.data().to_vec()).collect()
    }

    #[test]
    fn its_address_is_its_own() {
        let mut other = WHO_HAS.to_vec();
        other[41] = 3;
        let answers = answers(&mut hosts(), &[&other, WHO_HAS, &[], &[0; 13], &[0xff; 60]]);
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0][..12], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        assert_eq!(answers[0][20..32], [0, 2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2]);
    }

    #[test]
    fn what_it_has_no_room_for_stays() {
        let mut hosts = hosts();
        let (mut taken, mut batch) = (0, Batch::new());
        while batch.is_empty() {
            taken += hosts.transmit_room(0).min(BURST);
            (0..BURST).for_each(|_| assert!(batch.push(packet(WHO_HAS)).is_ok()));
            hosts.transmit(0, &mut batch);
        }
        assert_eq!((taken, batch.len(), hosts.transmit_room(0)), (QUEUE, BURST, 0));
    }

    #[test]
    fn without_a_free_buffer_it_waits() {
        let mut hosts = Hosts::new(&[HOST], None, || None);
        assert_eq!(answers(&mut hosts, &[WHO_HAS]).len(), 0);
    }
}
