// SPDX-License-Identifier: Apache-2.0
//! # AddressTranslator
//! `AddressTranslator(STATICS [, STATIC_PORTS, MAPPING …], DYNAMIC [, DYNAMIC_PORTS, DIRECTION, ADDRESS …])` — translates the
//! addresses and ports of IPv6 packets.
//!
//! **Ports:** two push inputs, two push outputs: outward packets go from input 0 to output 0, inward ones from input 1 to
//! output 1.
//!
//! **Expects:** IPv6 packets whose header is at the front, and was checked.
//!
//! **Description:** replaces the source of outward packets by what it is mapped to, and the destination of inward packets by
//! what is mapped to it, with the checksums of TCP, UDP and ICMPv6. Packets that no mapping is for are dropped.
//!
//! STATICS mappings follow it, if there are any: `INNER MAPPED`, or if STATIC_PORTS is true `INNER PORT MAPPED PORT`. If
//! DYNAMIC is true, further mappings are made when an outward packet (or an inward one, if DIRECTION is true) needs one.
//! Without DYNAMIC_PORTS an ADDRESS of its own is taken for each inner address (mapped address, if DIRECTION is true); else
//! there is one argument, `ADDRESS FIRST LAST`, and a port of ADDRESS for each flow.
//!
//! **Notes:** as in Click a mapping that was made stays for ever, and with STATICS dynamic ports have no effect. The
//! identifier of an ICMPv6 echo counts as its port, where Click has no port for ICMPv6, so that answers come back. Where
//! Click leaves an inward packet's port undefined, that is with static ports, it is translated. Static mappings are right in
//! both directions whatever DIRECTION says. Packets with extension headers count as other protocols.
//!
//! **Handlers:** `bad`, `other_protocol`, `no_mapping` (drops), `mappings` (read: mappings made).
//!
//! **Example:** `at :: AddressTranslator(0, 1, 1, 0, ::192.0.2.1 6000 6010); FromDevice(lan) -> Strip(14) -> at -> Discard;
//! FromDevice(wan) -> Strip(14) -> [1]at; at[1] -> Discard;`
//!
//! **See also:** `ProtocolTranslator64`, `ProtocolTranslator46`.

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::adjust;
use crate::wire::ipv6::{HEADER_BYTES, Ipv6, NextHeader, field};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// An address and a port; 0 where there are no ports.
type Side = (u128, u16);

/// A mapping that was configured: inner, mapped.
pub type Fixed = (Side, Side);

/// How further mappings are made.
pub enum Dynamic {
    /// Not at all.
    None,
    /// Each takes one of these addresses.
    Addresses(&'static [u128]),
    /// Each takes a port of this address, from this one on.
    Ports(u128, u16),
}

/// A mapping that was made: for what, and with ports for which flow.
pub struct Flow {
    side: Side,
    far: Side,
    /// One more than the first flow of the hash chain that has this place's number.
    bucket: u32,
    /// One more than the next flow of this one's hash chain.
    next: u32,
}

impl Flow {
    /// Unused.
    pub const EMPTY: Flow = Flow { side: (0, 0), far: (0, 0), bucket: 0, next: 0 };
}

/// See the module's documentation.
pub struct AddressTranslator {
    fixed: &'static [Fixed],
    fixed_ports: bool,
    dynamic: Dynamic,
    /// Whether inward packets make mappings, not outward ones.
    from_inward: bool,
    flows: &'static mut [Flow],
    /// Flows in use, the first ones.
    used: usize,
    bad: u64,
    other_protocol: u64,
    no_mapping: u64,
}

impl AddressTranslator {
    /// Translates by `fixed` mappings, and others that it makes if `dynamic` says so.
    pub const fn new(fixed: &'static [Fixed], fixed_ports: bool, dynamic: Dynamic, from_inward: bool) -> Self {
        AddressTranslator {
            fixed,
            fixed_ports,
            dynamic,
            from_inward,
            flows: &mut [],
            used: 0,
            bad: 0,
            other_protocol: 0,
            no_mapping: 0,
        }
    }

    /// Takes the memory that it keeps mappings in.
    pub fn lend(&mut self, memory: &'static mut [Flow]) {
        self.flows = memory;
    }

    /// What `side` becomes in a packet that is `outward` or not, and whose other side is `far`.
    fn look_up<M: PacketIo>(&mut self, io: &mut M, outward: bool, side: Side, far: Side) -> Option<Side> {
        for (inner, mapped) in self.fixed {
            let (from, to) = if outward { (inner, mapped) } else { (mapped, inner) };
            if from.0 == side.0 && (!self.fixed_ports || from.1 == side.1) {
                return Some((to.0, if self.fixed_ports { to.1 } else { side.1 }));
            }
        }
        let makes = outward != self.from_inward;
        match self.dynamic {
            Dynamic::None => None,
            Dynamic::Addresses(pool) if makes => self.take_address(side.0).map(|index| (pool[index], side.1)),
            Dynamic::Addresses(pool) => {
                let index = pool.iter().take(self.used).position(|address| *address == side.0)?;
                Some((self.flows.get(index)?.side.0, side.1))
            }
            Dynamic::Ports(address, first) if makes => {
                let Some(index) = self.take_port(side, far) else {
                    io.message(format_args!("AddressTranslator ran out of ports"));
                    return None;
                };
                Some((address, first + index as u16))
            }
            Dynamic::Ports(address, first) => {
                let index = usize::from(side.1.checked_sub(first)?);
                let flow = self.flows[..self.used].get(index)?;
                (side.0 == address && flow.far == far).then_some(flow.side)
            }
        }
    }

    /// The number of the pool's address that `address` has, from now on if none yet.
    fn take_address(&mut self, address: u128) -> Option<usize> {
        if let Some(index) = self.flows[..self.used].iter().position(|flow| flow.side.0 == address) {
            return Some(index);
        }
        self.flows.get_mut(self.used)?.side.0 = address;
        self.used += 1;
        Some(self.used - 1)
    }

    /// The number of the port that the flow has, from now on if none yet.
    fn take_port(&mut self, side: Side, far: Side) -> Option<usize> {
        let bucket = hash(side, far, self.flows.len())?;
        let mut next = self.flows[bucket].bucket;
        while let Some(index) = (next as usize).checked_sub(1) {
            let flow = self.flows.get(index)?;
            if (flow.side, flow.far) == (side, far) {
                return Some(index);
            }
            next = flow.next;
        }
        let first = self.flows[bucket].bucket;
        let flow = self.flows.get_mut(self.used)?;
        (flow.side, flow.far, flow.next) = (side, far, first);
        self.used += 1;
        self.flows[bucket].bucket = self.used as u32;
        Some(self.used - 1)
    }
}

/// A number below `buckets` for the flow; none without buckets.
fn hash(side: Side, far: Side, buckets: usize) -> Option<usize> {
    let fold = |address: u128| address as u64 ^ (address >> 64) as u64;
    let ports = u64::from(side.1) << 16 | u64::from(far.1);
    let mixed = (fold(side.0) ^ fold(far.0).rotate_left(29) ^ ports << 24).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (buckets > 0).then_some((((mixed >> 32) * buckets as u64) >> 32) as usize)
}

/// Where a packet has its ports (or an echo its identifier), and its checksum: offsets from the start of the IPv6 header.
struct Places {
    source_port: Option<usize>,
    destination_port: Option<usize>,
    checksum: usize,
}

/// The places of a packet; none if it is of another protocol, or too short.
fn places(packet: &Ipv6) -> Option<Places> {
    let (payload, at) = (packet.payload(), |offset: usize| Some(HEADER_BYTES + offset));
    let (ports, checksum, least) = match packet.next_header() {
        NextHeader::Tcp => ((at(0), at(2)), 16, 20),
        NextHeader::Udp => ((at(0), at(2)), 6, 8),
        NextHeader::Icmpv6 => match payload.first() {
            Some(128 | 129) => ((at(4), at(4)), 2, 8),
            _ => ((None, None), 2, 8),
        },
        _ => return None,
    };
    let places = Places { source_port: ports.0, destination_port: ports.1, checksum: HEADER_BYTES + checksum };
    (payload.len() >= least).then_some(places)
}

/// Writes `new` over the bytes at `at`, an even offset, and keeps the checksum right with it.
fn replace<const N: usize>(bytes: &mut [u8], at: usize, new: [u8; N], checksum: &mut u16) -> Option<()> {
    let old: &mut [u8; N] = bytes.get_mut(at..)?.first_chunk_mut()?;
    for (old, new) in old.as_chunks::<2>().0.iter().zip(new.as_chunks::<2>().0) {
        *checksum = adjust(*checksum, u16::from_be_bytes(*old).into(), u16::from_be_bytes(*new).into());
    }
    *old = new;
    Some(())
}

/// Makes `side` the source of the packet (its destination, if not `outward`).
fn rewrite(bytes: &mut [u8], places: &Places, outward: bool, side: Side) -> Option<()> {
    let (address, port) = match outward {
        true => (field::SOURCE.start, places.source_port),
        false => (field::DESTINATION.start, places.destination_port),
    };
    let at = places.checksum;
    let mut checksum = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    replace(bytes, address, side.0.to_be_bytes(), &mut checksum)?;
    if let Some(port) = port {
        replace(bytes, port, side.1.to_be_bytes(), &mut checksum)?;
    }
    // Zero would be no checksum to UDP (RFC 8200 §8.1); ones mean the same.
    let checksum = if checksum == 0 { 0xffff } else { checksum };
    bytes.get_mut(at..at + 2)?.copy_from_slice(&checksum.to_be_bytes());
    Some(())
}

impl Element for AddressTranslator {
    const SPEC: Spec = Spec {
        class: "AddressTranslator",
        category: Category::Rewriting,
        summary: "translates the addresses and ports of IPv6 packets",
        ports: "2/2",
        processing: "h/h",
        shape: Shape::Route,
        arguments: &[Argument { name: "STATICS", kind: ArgumentKind::List, doc: "static mappings, then dynamic ones" }],
        handlers: &[
            Handler { name: "bad", kind: HandlerKind::Drops, doc: "packets that are none, or cut off" },
            Handler { name: "other_protocol", kind: HandlerKind::Drops, doc: "packets not of TCP, UDP or ICMPv6" },
            Handler { name: "no_mapping", kind: HandlerKind::Drops, doc: "packets that no mapping is for" },
            Handler { name: "mappings", kind: HandlerKind::Read, doc: "mappings made" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "bad" => write!(out, "{}", self.bad)?,
            "other_protocol" => write!(out, "{}", self.other_protocol)?,
            "no_mapping" => write!(out, "{}", self.no_mapping)?,
            "mappings" => write!(out, "{}", self.used)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }
}

#[cfg(feature = "host")]
mod reading {
    use crate::configure::{ArgumentText, FromArgument};
    use std::net::Ipv6Addr;

    /// Arguments one after the other; what is wrong with one: its index, what was wanted.
    pub struct Reader<'a> {
        pub texts: &'a [(usize, ArgumentText)],
        pub at: usize,
    }

    pub type Wrong = (Option<usize>, &'static str);

    impl Reader<'_> {
        pub fn value<T: FromArgument>(&mut self, wanted: &'static str) -> Result<T, Wrong> {
            let (index, text) = self.texts.get(self.at).ok_or((None, wanted))?;
            self.at += 1;
            T::from_argument(&text.value).ok_or((Some(*index), wanted))
        }

        /// The words of an argument: an address, or with ports after each address `ports` numbers.
        pub fn sides(&mut self, ports: &[usize], wanted: &'static str) -> Result<Vec<(u128, Vec<u16>)>, Wrong> {
            let (index, text) = self.texts.get(self.at).ok_or((None, wanted))?;
            self.at += 1;
            let mut words = text.value.split_whitespace();
            let mut read = || -> Option<Vec<(u128, Vec<u16>)>> {
                let mut side = |ports: &usize| {
                    let address = words.next()?.parse().ok().map(Ipv6Addr::to_bits)?;
                    let numbers = (0..*ports).map(|_| words.next()?.parse().ok());
                    Some((address, numbers.collect::<Option<Vec<u16>>>()?))
                };
                let sides = ports.iter().map(&mut side).collect::<Option<_>>()?;
                words.next().is_none().then_some(sides)
            };
            read().ok_or((Some(*index), wanted))
        }
    }
}

#[cfg(feature = "host")]
fn expression(texts: &[(usize, crate::configure::ArgumentText)]) -> Result<(String, usize), reading::Wrong> {
    const SWITCH: &str = "true or false";
    let mut reader = reading::Reader { texts, at: 0 };
    let count: usize = reader.value("the number of static mappings")?;
    let ports = count > 0 && reader.value("true or false: static mappings have ports")?;
    let mut fixed = Vec::new();
    for _ in 0..count {
        let (each, wanted) = match ports {
            true => ([1, 1], "INNER PORT MAPPED PORT"),
            false => ([0, 0], "INNER MAPPED"),
        };
        let sides = reader.sides(&each, wanted)?;
        let shown = sides.iter().map(|(address, ports)| format!("({address:#x}, {})", ports.first().unwrap_or(&0)));
        fixed.push(format!("({})", shown.collect::<Vec<_>>().join(", ")));
    }
    let (mut dynamic, mut places, mut from_inward) = ("address_translator::Dynamic::None".to_string(), 0, false);
    if reader.value(SWITCH)? {
        let dynamic_ports: bool = reader.value(SWITCH)?;
        from_inward = reader.value(SWITCH)?;
        if dynamic_ports {
            let wanted = "ADDRESS FIRST LAST, the latter not less";
            let index = texts.get(reader.at).map(|(index, _)| *index);
            let (address, range) = reader.sides(&[2], wanted)?.remove(0);
            let last = range[1].checked_sub(range[0]).ok_or((index, wanted))?;
            if count == 0 {
                places = usize::from(last) + 1;
                dynamic = format!("address_translator::Dynamic::Ports({address:#x}, {})", range[0]);
            }
        } else {
            let mut pool = Vec::new();
            while reader.at < texts.len() {
                pool.push(format!("{:#x}", reader.sides(&[0], "an IPv6 address")?.remove(0).0));
            }
            places = pool.len();
            dynamic = format!("address_translator::Dynamic::Addresses(&[{}])", pool.join(", "));
        }
    }
    if let Some((index, _)) = texts.get(reader.at) {
        return Err((Some(*index), "no argument more"));
    }
    let expression = format!("AddressTranslator::new(&[{}], {ports}, {dynamic}, {from_inward})", fixed.join(", "));
    Ok((expression, places))
}

#[cfg(feature = "host")]
impl crate::configure::Configure for AddressTranslator {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let texts = arguments.rest();
        match expression(&texts) {
            Ok((expression, places)) => {
                let instance = crate::configure::Instance::new("AddressTranslator", expression);
                Some(match places {
                    0 => instance,
                    _ => instance.with_memory("address_translator::Flow", "address_translator::Flow::EMPTY", places),
                })
            }
            Err((None, wanted)) => {
                arguments.error("arguments are missing", Some(wanted.into()));
                None
            }
            Err((Some(index), wanted)) => {
                let text = texts.iter().find(|(at, _)| *at == index).map_or("", |(_, text)| &text.value);
                arguments.error_at(index, 0..text.len(), format!("'{text}'"), Some(wanted.into()));
                None
            }
        }
    }
}

impl Route for AddressTranslator {
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize> {
        let outward = input == 0;
        let Ok(header) = Ipv6::new_checked(packet.data()) else {
            self.bad += 1;
            return None;
        };
        if !matches!(header.next_header(), NextHeader::Tcp | NextHeader::Udp | NextHeader::Icmpv6) {
            self.other_protocol += 1;
            io.message(format_args!(" discard the packet, protocol unrecognized"));
            return None;
        }
        let Some(places) = places(&header) else {
            self.bad += 1;
            return None;
        };
        let port = |at: Option<usize>| {
            let bytes = at.and_then(|at| packet.data().get(at..)?.first_chunk());
            bytes.map_or(0, |bytes| u16::from_be_bytes(*bytes))
        };
        let source = (header.source(), port(places.source_port));
        let destination = (header.destination(), port(places.destination_port));
        // An echo has one identifier for both sides.
        let is_echo = header.next_header() == NextHeader::Icmpv6;
        let far = |side: Side| (side.0, if is_echo { 0 } else { side.1 });
        let found = match outward {
            true => self.look_up(io, true, source, far(destination)),
            false => self.look_up(io, false, destination, far(source)),
        };
        let Some(side) = found else {
            self.no_mapping += 1;
            return None;
        };
        if rewrite(packet.data_mut(), &places, outward, side).is_none() {
            self.bad += 1;
            return None;
        }
        Some(input)
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
