// SPDX-License-Identifier: Apache-2.0
//! # MulticastMember
//! `MulticastMember(SRC, GROUP …)` — joins multicast groups: says so, and says it again when it is asked.
//!
//! **Ports:** one push input, which takes queries; one push output, which gives reports with a marked IP header and the destination annotation set.
//!
//! **Expects:** IP packets with a marked header: of IGMP, or of ICMPv6 with MLD. What is no query is dropped.
//!
//! **Description:** the host's side of IGMPv3 (RFC 3376) or MLDv2 (RFC 3810), by SRC's IP version, for GROUPs from any source. A report of all
//! groups goes out at the start and again a second later (RFC 3376 §8.10), and half the maximum response time after each query. After a query of an older
//! version reports are IGMPv2's or MLDv1's, one per group, until no such query came for 260 seconds (§8.12). SRC of MLD should be a link-local
//! address (RFC 3810 §5.2.13).
//!
//! **Notes:** at most 32 groups. The RFCs want a random delay where this takes half of the time; nothing is said when a group is left: it times out.
//!
//! **Handlers:** `groups`, `reports` (sent), `queries` (read), `join`, `leave` (write: a group), `not_query`, `no_buffer` (drops).
//!
//! **Example:** `m :: MulticastMember(192.0.2.1, 239.1.1.1) -> EtherEncap(0x0800, 2:0:0:0:0:1, 1:0:5e:0:0:16) -> ToDevice(wan);
//! FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(ip proto igmp) -> m;`
//!
//! **See also:** `VTEP`, `ARPQuerier`, `IP6NDSolicitor`.

use crate::overlay::Host;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::membership::{self, MOST_BYTES, MOST_GROUPS, Query};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;

/// How long after the first report the second follows, RFC 3376 §8.10 and §8.11.
const AGAIN_NS: u64 = 1_000_000_000;
/// How long an old router is remembered, RFC 3376 §8.12 with the default values.
const OLD_NS: u64 = 260_000_000_000;

/// See the module's documentation.
pub struct MulticastMember {
    source: Host,
    /// Groups that are joined at the start; none are left then.
    first: &'static [Host],
    groups: heapless::Vec<Host, MOST_GROUPS>,
    /// When reports are due, and how many more follow.
    due: Option<(u64, u8)>,
    /// Until when reports are of the old version.
    old_until_ns: u64,
    /// The next group that gets a report of its own.
    next: usize,
    reports: u64,
    queries: u64,
    not_query: u64,
    no_buffer: u64,
}

impl MulticastMember {
    /// Joins `groups`, which are of `source`'s IP version.
    pub const fn new(source: Host, groups: &'static [Host]) -> Self {
        MulticastMember {
            source,
            first: groups,
            groups: heapless::Vec::new(),
            due: Some((0, 1)),
            old_until_ns: 0,
            next: 0,
            reports: 0,
            queries: 0,
            not_query: 0,
            no_buffer: 0,
        }
    }

    /// Joins the groups that the configuration names.
    fn begin(&mut self) {
        let first = core::mem::take(&mut self.first);
        // The parser has counted them.
        let _ = self.groups.extend_from_slice(first);
    }
}

impl Element for MulticastMember {
    const SPEC: Spec = Spec {
        class: "MulticastMember",
        category: Category::Tunnel,
        summary: "joins multicast groups by IGMP or MLD",
        ports: "1/1",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "the address that reports come from" },
            Argument { name: "GROUP", kind: ArgumentKind::List, doc: "groups of SRC's IP version" },
        ],
        handlers: &[
            Handler { name: "groups", kind: HandlerKind::Read, doc: "groups joined, a line each" },
            Handler { name: "reports", kind: HandlerKind::Read, doc: "reports sent" },
            Handler { name: "queries", kind: HandlerKind::Read, doc: "queries that came" },
            Handler { name: "join", kind: HandlerKind::Write, doc: "a group more" },
            Handler { name: "leave", kind: HandlerKind::Write, doc: "a group less" },
            Handler { name: "not_query", kind: HandlerKind::Drops, doc: "packets that are no query" },
            Handler { name: "no_buffer", kind: HandlerKind::Drops, doc: "reports without a free buffer" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "groups" => self.first.iter().chain(&self.groups).try_for_each(|group| writeln!(out, "{group}"))?,
            "reports" => write!(out, "{}", self.reports)?,
            "queries" => write!(out, "{}", self.queries)?,
            "not_query" => write!(out, "{}", self.not_query)?,
            "no_buffer" => write!(out, "{}", self.no_buffer)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        if !matches!(name, "join" | "leave") {
            return Err(HandlerError::Unknown);
        }
        self.begin();
        let group: Host = value.trim().parse().map_err(|()| HandlerError::BadValue)?;
        let at = self.groups.iter().position(|other| *other == group);
        match (name, at) {
            ("join", Some(_)) => {}
            ("join", None) if suits(self.source, group) => {
                self.groups.push(group).map_err(|_| HandlerError::BadValue)?;
                (self.due, self.next) = (Some((0, 1)), 0);
            }
            ("leave", Some(at)) => drop(self.groups.remove(at)),
            _ => return Err(HandlerError::BadValue),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.due.map(|(due_ns, _)| due_ns)
    }
}

/// Whether a group is one, of the source's IP version.
fn suits(source: Host, group: Host) -> bool {
    group.is_group() && group.to_v4().is_some() == source.to_v4().is_some()
}

impl MulticastMember {
    /// Sends reports of all groups; false if there was no room for some.
    fn report<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) -> bool {
        let mut bytes = [0; MOST_BYTES];
        if io.now_ns() >= self.old_until_ns {
            let (length, to) = self.write_new(&mut bytes);
            self.send(io, &bytes[..length], to, out);
            return true;
        }
        while let Some(group) = self.groups.get(self.next).copied() {
            if out.room(0) == 0 {
                return false;
            }
            self.next += 1;
            let length = match (self.source.to_v4(), group.to_v4()) {
                (Some(source), Some(group)) => membership::old_report_v4(&mut bytes, source, group).0,
                _ => membership::old_report_v6(&mut bytes, self.source.0, group.0).0,
            };
            self.send(io, &bytes[..length], group, out);
        }
        self.next = 0;
        true
    }

    /// Writes a report of all groups: its length, and the group that it is for.
    fn write_new(&self, bytes: &mut [u8; MOST_BYTES]) -> (usize, Host) {
        match self.source.to_v4() {
            Some(source) => {
                let groups: heapless::Vec<u32, MOST_GROUPS> = self.groups.iter().filter_map(|group| group.to_v4()).collect();
                let (length, to) = membership::report_v4(bytes, source, &groups);
                (length, Host::v4(to))
            }
            None => {
                let groups: heapless::Vec<u128, MOST_GROUPS> = self.groups.iter().map(|group| group.0).collect();
                let (length, to) = membership::report_v6(bytes, self.source.0, &groups);
                (length, Host(to))
            }
        }
    }

    fn send<M: PacketIo, O: Outputs>(&mut self, io: &mut M, bytes: &[u8], to: Host, out: &mut O) {
        let Some(mut packet) = io.allocate() else { return self.no_buffer += 1 };
        if packet.append(bytes) {
            packet.set_network(0, if to.to_v4().is_some() { 24 } else { 40 });
            match to.to_v4() {
                Some(address) => packet.annotations_mut().set_destination_ipv4(address.to_be_bytes()),
                None => packet.annotations_mut().destination = to.0.to_be_bytes(),
            }
            self.reports += 1;
            out.emit(0, packet);
        }
    }
}

impl Push for MulticastMember {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, _: &mut O) {
        let Some(query) = Query::in_packet(packet.network()) else { return self.not_query += 1 };
        self.queries += 1;
        if query.is_old {
            self.old_until_ns = io.now_ns() + OLD_NS;
        }
        let due_ns = io.now_ns() + u64::from(query.most_ms) * 500_000;
        // One that is due earlier answers this query, too.
        self.due = match self.due {
            Some((earlier_ns, more)) if earlier_ns <= due_ns => Some((earlier_ns, more)),
            _ => Some((due_ns, 0)),
        };
    }

    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        if let Some((due_ns, more)) = self.due
            && io.now_ns() >= due_ns
        {
            self.begin();
            if !self.report(io, out) {
                return;
            }
            self.due = more.checked_sub(1).map(|more| (io.now_ns() + AGAIN_NS, more));
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for MulticastMember {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let source = arguments.required::<std::net::IpAddr>("SRC").map(Host::from);
        let mut groups = Vec::new();
        for (index, text) in arguments.rest() {
            match text.value.parse::<Host>().ok().filter(|group| source.is_none_or(|source| suits(source, *group))) {
                Some(group) if groups.len() < MOST_GROUPS => groups.push(format!("nf_elements::overlay::Host({:#x})", group.0)),
                Some(_) => arguments.error_at(index, 0..text.value.len(), "a group too many", Some(format!("at most {MOST_GROUPS}"))),
                None => {
                    let wanted = Some("a group of SRC's IP version, such as 239.1.1.1".into());
                    arguments.error_at(index, 0..text.value.len(), format!("'{}'", text.value), wanted);
                }
            }
        }
        let expression = format!("MulticastMember::new(nf_elements::overlay::Host({:#x}), &[{}])", source?.0, groups.join(", "));
        Some(crate::configure::Instance::new("MulticastMember", expression).ticking().emitting(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Collected, ListIo, packet, read};

    const SECOND: u64 = 1_000_000_000;
    const GROUPS: [Host; 2] = [Host::v4(0xef01_0101), Host::v4(0xef01_0102)];

    /// A query of IGMP: version 3 with 12 bytes, version 2 with 8.
    fn query(length: usize) -> Packet {
        let mut message = [0x11, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let sum = crate::wire::checksum::Sum::new().with(&message[..length]).checksum();
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        crate::elements::marked::datagram(2, [192, 0, 2, 9], [224, 0, 0, 1], &message[..length])
    }

    fn sent(member: &mut MulticastMember, io: &mut ListIo, second: u64) -> Vec<([u8; 4], u8)> {
        let mut out = Collected::<1>::default();
        io.now_ns = second * SECOND;
        member.tick(io, &mut out);
        out.0.iter().map(|(_, packet)| (packet.annotations().destination_ipv4(), packet.data()[24])).collect()
    }

    #[test]
    fn it_says_so_twice_and_when_it_is_asked() {
        let (mut member, mut io) = (MulticastMember::new(Host::v4(0xc000_0201), &GROUPS), ListIo::new(0));
        let new = [([224, 0, 0, 22], 0x22)];
        assert_eq!((sent(&mut member, &mut io, 0), sent(&mut member, &mut io, 1)), (new.to_vec(), new.to_vec()));
        assert_eq!((sent(&mut member, &mut io, 9), member.deadline_ns()), (vec![], None));
        member.push(&mut io, 0, query(12), &mut Collected::<1>::default());
        assert_eq!((member.deadline_ns(), sent(&mut member, &mut io, 10)), (Some(10 * SECOND), new.to_vec()));
        member.push(&mut io, 0, query(8), &mut Collected::<1>::default());
        assert_eq!(sent(&mut member, &mut io, 11), [([239, 1, 1, 1], 0x16), ([239, 1, 1, 2], 0x16)]);
        member.write_handler("leave", "239.1.1.1").unwrap();
        member.write_handler("join", "239.1.1.3").unwrap();
        assert_eq!(sent(&mut member, &mut io, 11).len(), 2);
        assert_eq!(sent(&mut member, &mut io, 400), new, "the old router is forgotten");
        assert_eq!(read(&member, "groups"), "239.1.1.2\n239.1.1.3\n");
        member.push(&mut io, 0, packet(b"x"), &mut Collected::<1>::default());
        assert_eq!(["queries", "not_query", "reports"].map(|name| read(&member, name)), ["2", "1", "8"]);
        for wrong in ["10.0.0.1", "ff05::1", "x"] {
            assert_eq!(member.write_handler("join", wrong), Err(HandlerError::BadValue));
        }
    }

    #[test]
    fn groups_of_ipv6_are_joined_by_mld() {
        const GROUPS: &[Host] = &[Host(0xff05 << 112 | 7)];
        let (mut member, mut io) = (MulticastMember::new(Host(0xfe80 << 112 | 1), GROUPS), ListIo::new(0));
        let mut out = Collected::<1>::default();
        member.tick(&mut io, &mut out);
        assert_eq!((out.0[0].1.data()[48], out.0[0].1.annotations().destination[..2].to_vec()), (143, vec![0xff, 2]));
    }

    #[cfg(feature = "host")]
    #[test]
    fn arguments_become_an_expression() {
        use crate::configure::{Surroundings, configure};
        let made = |arguments: &[&str]| configure::<MulticastMember>(arguments, &Surroundings::default());
        let expression = made(&["192.0.2.1", "239.1.1.1"]).unwrap().expression;
        assert_eq!(expression, "MulticastMember::new(nf_elements::overlay::Host(0xffffc0000201), &[nf_elements::overlay::Host(0xffffef010101)])");
        for wrong in [vec![], vec!["192.0.2.1", "10.0.0.1"], vec!["192.0.2.1", "ff05::1"]] {
            assert_eq!(made(&wrong).unwrap_err().len(), 1, "{wrong:?}");
        }
    }
}
