// SPDX-License-Identifier: Apache-2.0
//! # PathMTU
//! `PathMTU([CAPACITY, TIMEOUT])` — learns from ICMP errors how long packets may be.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets to this machine with a marked IP header, IPv4 or IPv6, ICMP among them.
//!
//! **Description:** an ICMP message "fragmentation needed and DF set" (RFC 1191) or an ICMPv6 message "packet too big" (RFC
//! 8201) lowers the MTU of the path to the destination of the packet that it repeats, for TIMEOUT (10 minutes by default, RFC 1191
//! §6.3). Tunnels that name the element as their PATHS heed that. All packets pass.
//!
//! A message counts only if it is intact, if the packet that it repeats is from whom it is to, if it says less than is
//! known, and at least 68 bytes (1280 of IPv6: RFC 8201 §4). One without an MTU, of an old router, means the plateau of
//! RFC 1191 §7.1 below the packet's length. There are at most CAPACITY (64 by default) paths; a new one takes the place of the one that
//! ends first.
//!
//! **Notes:** whoever can guess the addresses of a tunnel can lower its MTU, down to these bounds: let only ICMP pass that
//! the underlay's routers send.
//!
//! **Handlers:** `paths` (read: a line for each that was told: destination, MTU, and the second of the machine's
//! clock up to which that holds), `lowered`, `ignored` (read: messages
//! that counted and that did not), `clear` (write).
//!
//! **Example:** `paths :: PathMTU; FromDevice(wan) -> CheckIPHeader(14) -> IPClassifier(icmp type unreachable) -> paths -> Discard;
//! FromDevice(lan) -> VXLANEncap(192.0.2.1, 198.51.100.1, 42, MTU 1500, DF true, PATHS paths) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `PacketTooBig`, `VXLANEncap`, `ICMPError`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmpv6::{self, Icmpv6};
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::{icmp, ipv4, ipv6};
use crate::{Action, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt;
use core::net::IpAddr;

const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_ICMPV6: u8 = 58;
/// Destination Unreachable, fragmentation needed and DF set: RFC 792, RFC 1191 §4.
const FRAGMENTATION_NEEDED: [u8; 2] = [3, 4];
/// Packet Too Big, RFC 4443 §3.2.
const PACKET_TOO_BIG: u8 = 2;
/// The least MTU of a link, RFC 791 §3.2 and RFC 8200 §5.
pub(crate) const LEAST_IPV4: u16 = 68;
/// See [`LEAST_IPV4`].
pub(crate) const LEAST_IPV6: u16 = 1280;
/// Lengths that links have, RFC 1191 §7.1.
const PLATEAUS: [u16; 10] = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, LEAST_IPV4];
const SECOND_NS: u64 = 1_000_000_000;

/// A path of which the MTU is known.
pub struct Path {
    /// The destination, if there is one; an IPv4 address mapped into IPv6.
    destination: u128,
    mtu: u16,
    until_ns: u64,
}

impl Path {
    /// No path.
    pub const EMPTY: Path = Path { destination: 0, mtu: 0, until_ns: 0 };
}

/// What is known of a path, and when to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Most bytes of a packet; 65535 if nothing is known.
    pub mtu: u16,
    /// It holds until then, unless the table changes.
    pub until_ns: u64,
}

/// See the module's documentation.
pub struct PathMtu {
    paths: &'static mut [Path],
    timeout_ns: u64,
    /// Counts changes of the table.
    changes: u32,
    lowered: u64,
    ignored: u64,
}

impl PathMtu {
    /// Remembers for `timeout_ns`.
    pub const fn new(timeout_ns: u64) -> Self {
        PathMtu { paths: &mut [], timeout_ns, changes: 0, lowered: 0, ignored: 0 }
    }

    /// Gives it the memory of its paths.
    pub fn lend(&mut self, memory: &'static mut [Path]) {
        self.paths = memory;
    }

    /// A number that is another one whenever the table has changed.
    #[inline]
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// What is known of the path to `destination`.
    pub fn to(&self, destination: IpAddr, now_ns: u64) -> Known {
        let destination = mapped(destination);
        let path = self.paths.iter().find(|path| path.destination == destination && path.until_ns > now_ns);
        path.map_or(Known { mtu: u16::MAX, until_ns: u64::MAX }, |path| Known { mtu: path.mtu, until_ns: path.until_ns })
    }

    /// Says that packets to `destination` may have at most `mtu` bytes; whether that is news.
    pub fn lower(&mut self, destination: IpAddr, mtu: u16, now_ns: u64) -> bool {
        if mtu >= self.to(destination, now_ns).mtu {
            return false;
        }
        let destination = mapped(destination);
        let known = self.paths.iter().position(|path| path.destination == destination);
        let first_to_end = || (0..self.paths.len()).min_by_key(|index| self.paths[*index].until_ns);
        let Some(index) = known.or_else(first_to_end) else { return false };
        self.paths[index] = Path { destination, mtu, until_ns: now_ns + self.timeout_ns };
        self.changes = self.changes.wrapping_add(1);
        true
    }

    /// Reads a message: none if the packet is none of the two; else whether it counts.
    fn learn(&mut self, packet: &Packet, now_ns: u64) -> Option<bool> {
        let told = match packet.network().first()? >> 4 {
            4 => told_by_icmp(packet)?,
            6 => told_by_icmpv6(packet)?,
            _ => return None,
        };
        Some(told.is_some_and(|(destination, mtu)| self.lower(destination, mtu, now_ns)))
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// What a message says, where it is one: none inside if it is not to be believed.
#[expect(clippy::option_option, reason = "no message and a lie are two things")]
fn told_by_icmp(packet: &Packet) -> Option<Option<(IpAddr, u16)>> {
    let outer = Ipv4::new_checked(packet.network()).ok()?;
    let message = outer.payload();
    if u8::from(outer.protocol()) != PROTOCOL_ICMP || !message.starts_with(&FRAGMENTATION_NEEDED) {
        return None;
    }
    let Some((&[_, _, _, _, _, _, high, low], repeated)) = message.split_first_chunk::<{ icmp::HEADER_BYTES }>() else {
        return Some(None);
    };
    // The packet that it repeats is cut short, so no view takes it.
    let header = repeated.first_chunk::<{ ipv4::HEADER_BYTES }>().filter(|header| header[0] >> 4 == 4);
    Some(header.filter(|_| Sum::new().with(message).is_intact()).and_then(|header| {
        let address = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        let length = u16::from_be_bytes([header[2], header[3]]);
        let mtu = match u16::from_be_bytes([high, low]) {
            0 => PLATEAUS.into_iter().find(|plateau| *plateau < length)?,
            mtu => mtu,
        };
        let is_ours = u32::from_be_bytes(address(12)) == outer.destination();
        (is_ours && mtu >= LEAST_IPV4).then_some((IpAddr::from(address(16)), mtu))
    }))
}

/// The same of IPv6.
#[expect(clippy::option_option, reason = "no message and a lie are two things")]
fn told_by_icmpv6(packet: &Packet) -> Option<Option<(IpAddr, u16)>> {
    let outer = Ipv6::new_checked(packet.network()).ok()?;
    let upper = outer.upper()?;
    let message = outer.payload().get(upper.offset - ipv6::HEADER_BYTES..)?;
    if u8::from(upper.protocol) != PROTOCOL_ICMPV6 || message.first() != Some(&PACKET_TOO_BIG) {
        return None;
    }
    let Ok(view) = Icmpv6::new_checked(message) else { return Some(None) };
    let header = message.get(icmpv6::HEADER_BYTES..).and_then(|repeated| repeated.first_chunk::<{ ipv6::HEADER_BYTES }>());
    let header = header.filter(|header| header[0] >> 4 == 6 && view.is_intact(outer.source(), outer.destination()));
    Some(header.and_then(|header| {
        let address = |at: usize| header[at..].first_chunk::<16>().copied().map(u128::from_be_bytes);
        let mtu = u16::try_from(view.rest()).unwrap_or(u16::MAX);
        let is_ours = address(8) == Some(outer.destination());
        (is_ours && mtu >= LEAST_IPV6).then_some((IpAddr::V6(address(24)?.into()), mtu))
    }))
}

impl Element for PathMtu {
    const SPEC: Spec = Spec {
        class: "PathMTU",
        category: Category::Tunnel,
        summary: "learns from ICMP errors how long packets may be",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "CAPACITY", kind: ArgumentKind::Keyword, doc: "paths, 1 to 65535; 64 by default" },
            Argument { name: "TIMEOUT", kind: ArgumentKind::Keyword, doc: "how long it holds; 10 minutes by default" },
        ],
        handlers: &[
            Handler { name: "paths", kind: HandlerKind::Read, doc: "destination, MTU and last second of each" },
            Handler { name: "lowered", kind: HandlerKind::Read, doc: "messages that counted" },
            Handler { name: "ignored", kind: HandlerKind::Read, doc: "messages that did not" },
            Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets all" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "paths" => {
                for path in self.paths.iter().filter(|path| path.until_ns > 0) {
                    let destination = core::net::Ipv6Addr::from_bits(path.destination).to_canonical();
                    writeln!(out, "{destination} {} {}", path.mtu, path.until_ns / SECOND_NS)?;
                }
            }
            "lowered" => write!(out, "{}", self.lowered)?,
            "ignored" => write!(out, "{}", self.ignored)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        if name != "clear" {
            return Err(HandlerError::Unknown);
        }
        self.paths.iter_mut().for_each(|path| *path = Path::EMPTY);
        self.changes = self.changes.wrapping_add(1);
        Ok(())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for PathMtu {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Nanoseconds};
        let capacity = arguments.keyword("CAPACITY").unwrap_or(64u16);
        if capacity == 0 {
            arguments.error_last("0", "1 to 65535");
        }
        let timeout = arguments.keyword("TIMEOUT").unwrap_or(Nanoseconds(600 * SECOND_NS));
        let instance = Instance::new("PathMtu", format!("PathMtu::new({})", timeout.0));
        Some(instance.with_memory("path_mtu::Path", "path_mtu::Path::EMPTY", capacity.into()))
    }
}

impl Action for PathMtu {
    #[inline]
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict {
        if let Some(counts) = self.learn(packet, io.now_ns()) {
            self.lowered += u64::from(counts);
            self.ignored += u64::from(!counts);
        }
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{IcmpError, marked, marked6};
    use crate::testing::{ListIo, read};
    use crate::tunnel::too_big::{Problem, answer};

    const US: [u8; 4] = [192, 0, 2, 1];
    const PEER: [u8; 4] = [198, 51, 100, 1];

    fn paths(count: usize) -> PathMtu {
        let mut paths = PathMtu::new(100);
        paths.lend((0..count).map(|_| Path::EMPTY).collect::<Vec<_>>().leak());
        paths
    }

    /// What a router says about a packet of ours to `to`.
    fn error(to: [u8; 4], mtu: u16, bytes: usize) -> Packet {
        let mut about = marked::datagram(17, US, to, &vec![0; bytes]);
        let mut router = IcmpError::new(0x0a00_0001, 3, 4, &[], 576, mtu, false);
        assert_eq!(router.action(&mut ListIo::new(0), &mut about), Verdict::Pass);
        about
    }

    fn hear(paths: &mut PathMtu, mut message: Packet) -> [String; 2] {
        assert_eq!(paths.action(&mut ListIo::new(0), &mut message), Verdict::Pass);
        [read(paths, "lowered"), read(paths, "ignored")]
    }

    #[test]
    fn a_message_lowers_the_paths_mtu_for_a_time() {
        let mut paths = paths(4);
        assert_eq!(hear(&mut paths, error(PEER, 1400, 1450)), ["1", "0"]);
        assert_eq!(paths.to(PEER.into(), 99), Known { mtu: 1400, until_ns: 100 });
        assert_eq!(paths.to(PEER.into(), 100).mtu, u16::MAX);
        assert_eq!(hear(&mut paths, error(PEER, 1450, 1460)), ["1", "1"], "it is not less");
        assert_eq!(read(&paths, "paths"), "198.51.100.1 1400 0\n");
        let before = paths.changes();
        paths.write_handler("clear", "").unwrap();
        assert!(read(&paths, "paths").is_empty() && paths.changes() != before);
    }

    #[test]
    fn old_routers_mean_the_next_plateau() {
        let mut paths = paths(4);
        hear(&mut paths, error(PEER, 0, 1480));
        assert_eq!(paths.to(PEER.into(), 0).mtu, 1492);
    }

    #[test]
    fn what_is_not_to_be_believed_is_ignored() {
        let mut paths = paths(4);
        let mut foreign = error(PEER, 1400, 1450);
        foreign.data_mut()[19] ^= 1;
        let mut broken = error(PEER, 1400, 1450);
        broken.data_mut()[27] ^= 1;
        assert_eq!(hear(&mut paths, foreign), ["0", "1"], "not about a packet of ours");
        assert_eq!(hear(&mut paths, broken), ["0", "2"], "its checksum");
        assert_eq!(hear(&mut paths, error(PEER, 67, 1450)), ["0", "3"]);
        assert_eq!(hear(&mut paths, marked::datagram(17, PEER, US, &[3, 4])), ["0", "3"], "no message");
        let mut cut = error(PEER, 1400, 1450);
        cut.truncate(30);
        hear(&mut paths, cut);
        assert_eq!(read(&paths, "lowered"), "0");
    }

    #[test]
    fn the_same_in_ipv6() {
        let about = |mtu: u32| {
            let mut about = marked6::datagram(17, 1, 2, &[0; 1400]);
            assert!(answer(&mut about, Problem::TooBig(1400), 9));
            let message = &mut about.data_mut()[40..];
            message[4..8].copy_from_slice(&mtu.to_be_bytes());
            icmpv6::fill_checksum(9, 1, message);
            about
        };
        let mut paths = paths(4);
        assert_eq!(hear(&mut paths, about(1279)), ["0", "1"]);
        assert_eq!(hear(&mut paths, about(1280)), ["1", "1"]);
        assert_eq!(paths.to(IpAddr::V6(core::net::Ipv6Addr::from_bits(2)), 0).mtu, 1280);
        let mut broken = about(1300);
        broken.data_mut()[46] ^= 1;
        assert_eq!(hear(&mut paths, broken), ["1", "2"]);
    }

    #[test]
    fn the_path_that_ends_first_makes_room() {
        let mut paths = paths(2);
        for (last, now) in [(1, 0), (2, 10), (3, 20)] {
            assert!(paths.lower([10, 0, 0, last].into(), 1400, now));
        }
        let mtus = [1, 2, 3].map(|last| paths.to([10, 0, 0, last].into(), 30).mtu);
        assert_eq!(mtus, [u16::MAX, 1400, 1400]);
        assert!(!PathMtu::new(1).lower(PEER.into(), 1400, 0), "without memory");
    }
}
