// SPDX-License-Identifier: Apache-2.0
//! # ARPFaker
//! `ARPFaker(DSTIP, DSTETH, SRCIP, SRCETH)` — generates an ARP reply every ten seconds.
//!
//! **Ports:** no input, one push output.
//!
//! **Description:** a second after the start, and every ten seconds from then on, tells the host DSTIP, DSTETH that SRCIP has
//! the Ethernet address SRCETH, in an ARP reply with its Ethernet header.
//!
//! **Notes:** when the machine has no free buffer, that reply is not sent. You mostly want `ARPResponder`.
//!
//! **Handlers:** `count` (read: replies sent).
//!
//! **Example:** `ARPFaker(192.0.2.1, 02:00:00:00:00:01, 192.0.2.9, 02:00:00:00:00:09) -> ToDevice(lan);`
//!
//! **See also:** `ARPResponder`, `ARPQuerier`.

use super::arp_querier::filled;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::arp::{Operation, Repr};
use crate::wire::ethernet::Address;
use crate::{Batch, Element, HandlerError, PacketIo, Source, Spec};
use core::fmt;

const FIRST_NS: u64 = 1_000_000_000;
const INTERVAL_NS: u64 = 10_000_000_000;

/// See the module's documentation.
pub struct ArpFaker {
    reply: Repr,
    due_ns: Option<u64>,
    count: u64,
}

impl ArpFaker {
    /// Tells `target` that the first of `sender` has the second. IP addresses have their first byte uppermost.
    pub const fn new(target: (u32, [u8; 6]), sender: (u32, [u8; 6])) -> Self {
        let (sender, target) = ((Address::new(sender.1), sender.0), (Address::new(target.1), target.0));
        ArpFaker { reply: Repr { operation: Operation::Reply, sender, target }, due_ns: None, count: 0 }
    }
}

impl Element for ArpFaker {
    const SPEC: Spec = Spec {
        class: "ARPFaker",
        category: Category::Arp,
        summary: "generates an ARP reply every ten seconds",
        ports: "0/1",
        processing: "/h",
        shape: Shape::Source,
        arguments: &[
            Argument { name: "DSTIP", kind: ArgumentKind::Required, doc: "IP address of the host that is told" },
            Argument { name: "DSTETH", kind: ArgumentKind::Required, doc: "its Ethernet address" },
            Argument { name: "SRCIP", kind: ArgumentKind::Required, doc: "the IP address that it is told about" },
            Argument { name: "SRCETH", kind: ArgumentKind::Required, doc: "the Ethernet address that this has" },
        ],
        handlers: &[Handler { name: "count", kind: HandlerKind::Read, doc: "replies sent" }],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "count" => write!(out, "{}", self.count)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.due_ns
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for ArpFaker {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let mut host = |ip, ethernet| {
            let ip: Option<core::net::Ipv4Addr> = arguments.required(ip);
            let ethernet: Option<Address> = arguments.required(ethernet);
            Some(format!("({:#010x}, {:?})", u32::from(ip?), ethernet?.to_bytes()))
        };
        let (target, sender) = (host("DSTIP", "DSTETH"), host("SRCIP", "SRCETH"));
        Some(crate::configure::Instance::new("ArpFaker", format!("ArpFaker::new({}, {})", target?, sender?)))
    }
}

impl Source for ArpFaker {
    #[inline]
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch) {
        let now_ns = io.now_ns();
        let due_ns = *self.due_ns.get_or_insert(now_ns.saturating_add(FIRST_NS));
        if now_ns < due_ns || limit.min(batch.room()) == 0 {
            return;
        }
        self.due_ns = Some(now_ns.saturating_add(INTERVAL_NS));
        let frame = self.reply.frame(self.reply.target.0);
        if let Some(packet) = io.allocate().and_then(|packet| filled(packet, &frame)) {
            self.count += 1;
            // There is room: see above.
            let _ = batch.push(packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;
    use crate::wire::arp::Arp;

    #[test]
    fn tells_it_every_ten_seconds() {
        let mut faker = ArpFaker::new((0x0a00_0001, [1; 6]), (0x0a00_0002, [2; 6]));
        let (mut io, mut batch) = (ListIo::new(0), Batch::new());
        for second in 5..=26 {
            io.now_ns = second * 1_000_000_000;
            faker.produce(&mut io, 32, &mut batch);
        }
        assert_eq!((batch.len(), faker.deadline_ns()), (3, Some(36_000_000_000)));
        let packet = batch.iter().next().unwrap();
        let arp = Arp::in_frame(packet.data()).unwrap();
        assert_eq!((arp.operation(), arp.sender_protocol(), arp.target_protocol()), (Operation::Reply, 0x0a00_0002, 0x0a00_0001));
        assert_eq!(packet.data()[..12], [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    }
}
