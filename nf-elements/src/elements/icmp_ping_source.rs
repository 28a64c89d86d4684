// SPDX-License-Identifier: Apache-2.0
//! # ICMPPingSource
//! `ICMPPingSource(SRC, DST [, INTERVAL, IDENTIFIER, LIMIT, DATA, ACTIVE, STOP, VERBOSE, MIRROR])` — sends ICMP echo requests
//! from time to time.
//!
//! **Ports:** at most one push input, one push output.
//!
//! **Expects:** on the input, IP packets with a marked header.
//!
//! **Description:** makes an IP packet with an echo request from SRC to DST every INTERVAL (a second by default), the first
//! when INTERVAL has passed, with ICMP's identifier IDENTIFIER (0 by default) and DATA behind the header (nothing by
//! default). After LIMIT of them (none if negative, the default) it makes no more, and stops the machine then if STOP is true. The destination annotation becomes
//! DST.
//!
//! Replies that come back to the input are shown, unless VERBOSE is false, and counted as `ping` does. With MIRROR true, each
//! reply becomes the next request at once.
//!
//! **Notes:** IDENTIFIER is written with its lower byte first, as Click on Linux does. A reply without timestamp is taken to
//! come now. There is no summary at the end: read the handler. The loss in it counts duplicates as Click's does. The output
//! cannot be pulled. DATA has at most 1828 bytes.
//!
//! **Handlers:** `active`, `src`, `dst` (read, write), `count`, `summary`, `rtt_min`, `rtt_avg`, `rtt_max` (read), `limit`,
//! `interval`, `reset_counts` (write), `not_reply` (drops: packets that came in and are no reply to it).
//!
//! **Example:** `p :: ICMPPingSource(192.0.2.1, 192.0.2.2, INTERVAL 0.1, LIMIT 10) -> Discard; FromDevice(lan) ->
//! CheckIPHeader(14) -> p;`
//!
//! **See also:** `ICMPPingResponder`.

mod receiver;

use super::handler_value::{boolean, nanoseconds, number};
use super::marked;
#[cfg(any(feature = "host", test))]
use crate::packet::{DATA_BYTES, HEADROOM_BYTES};
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::checksum::Sum;
use crate::wire::icmp::HEADER_BYTES;
use crate::wire::ipv4;
use crate::wire::ipv4_edit::Ipv4Mut;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use core::fmt;
use core::net::Ipv4Addr;
use receiver::Receiver;

const FRONT: usize = ipv4::HEADER_BYTES + HEADER_BYTES;
#[cfg(any(feature = "host", test))]
const MOST_DATA: usize = DATA_BYTES - HEADROOM_BYTES - FRONT;
const ECHO: u8 = 8;
const TIME_TO_LIVE: u8 = 200;

/// When to send the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// An INTERVAL after the next round.
    Unset,
    At(u64),
    Idle,
}

/// What the arguments say.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// SRC and DST, their first byte uppermost.
    pub addresses: (u32, u32),
    /// INTERVAL.
    pub interval_ns: u64,
    /// IDENTIFIER.
    pub identifier: u16,
    /// LIMIT.
    pub limit: i64,
    /// ACTIVE.
    pub active: bool,
    /// STOP.
    pub stop: bool,
    /// VERBOSE.
    pub verbose: bool,
    /// MIRROR.
    pub mirror: bool,
}

/// See the module's documentation.
pub struct IcmpPingSource {
    name: &'static str,
    options: Options,
    data: &'static [u8],
    timer: Timer,
    count: u64,
    not_reply: u64,
    receiver: Receiver,
}

impl IcmpPingSource {
    /// Requests as `options` says, with `data`.
    pub const fn new(name: &'static str, options: Options, data: &'static [u8]) -> Self {
        let timer = if options.limit != 0 && options.active { Timer::Unset } else { Timer::Idle };
        IcmpPingSource { name, options, data, timer, count: 0, not_reply: 0, receiver: Receiver::new() }
    }

    /// Takes the memory that notes when each request was sent: one time for each sequence number.
    pub fn lend(&mut self, memory: &'static mut [u64]) {
        self.receiver.lend(memory);
    }

    /// Whether LIMIT lets it send more.
    fn may_send(&self) -> bool {
        u64::try_from(self.options.limit).is_ok_and(|limit| self.count < limit) || self.options.limit < 0
    }

    fn wake(&mut self) {
        if self.options.active && self.timer == Timer::Idle && self.may_send() {
            self.timer = Timer::Unset;
        }
    }

    /// Writes the next request's headers to a packet that begins with room for them.
    fn write(&mut self, packet: &mut Packet, now_ns: u64) {
        let (source, destination) = self.options.addresses;
        let sequence = (self.count % 0xffff) as u16 + 1;
        let length = packet.len();
        let Some((front, data)) = packet.data_mut().split_first_chunk_mut::<FRONT>() else { return };
        let (ip, echo) = front.split_at_mut(ipv4::HEADER_BYTES);
        ip.fill(0);
        if let Some(mut header) = Ipv4Mut::new(ip) {
            header.set_header_length(ipv4::HEADER_BYTES);
            header.set_total_length(length as u16);
            header.set_identification(sequence);
            header.set_time_to_live(TIME_TO_LIVE);
            header.set_protocol(1);
            header.set_source(source);
            header.set_destination(destination);
            header.fill_header_checksum();
        }
        echo.fill(0);
        echo[0] = ECHO;
        echo[4..6].copy_from_slice(&self.options.identifier.to_le_bytes());
        echo[6..8].copy_from_slice(&sequence.to_be_bytes());
        let sum = Sum::new().with(echo).with(data).checksum();
        echo[2..4].copy_from_slice(&sum.to_be_bytes());
        packet.annotations_mut().set_destination_ipv4(destination.to_be_bytes());
        packet.annotations_mut().timestamp_ns = now_ns;
        packet.set_network(0, ipv4::HEADER_BYTES);
        self.receiver.sent(sequence, now_ns);
        self.count += 1;
    }

    /// Makes a request; none without a free buffer.
    fn make<M: PacketIo>(&mut self, io: &mut M) -> Option<Packet> {
        let mut packet = io.allocate()?;
        if !packet.append(&[0; FRONT]) || !packet.append(self.data) {
            return None;
        }
        self.write(&mut packet, io.now_ns());
        Some(packet)
    }

    /// The sequence number, if the packet is a reply to this element.
    fn reply(&self, packet: &Packet) -> Option<u16> {
        marked::header(packet).filter(|header| header[ipv4::field::PROTOCOL] == 1)?;
        let echo = packet.transport().first_chunk::<HEADER_BYTES>()?;
        let ours = echo[0] == 0 && echo[4..6] == self.options.identifier.to_le_bytes();
        ours.then(|| u16::from_be_bytes([echo[6], echo[7]]))
    }

    fn show<M: PacketIo>(&self, io: &mut M, packet: &Packet, sequence: u16, time_us: u64) {
        let Some(header) = marked::header(packet) else { return };
        let bytes = marked::total_length(header).saturating_sub(marked::header_length(header) + HEADER_BYTES);
        let (name, from) = (self.name, Ipv4Addr::from(marked::source(header)));
        let ttl = header[ipv4::field::TIME_TO_LIVE];
        let (whole, rest) = (time_us / 1000, time_us % 1000);
        io.message(format_args!(
            "{name} :: ICMPPingSource: {bytes} bytes from {from}: icmp_seq={sequence} ttl={ttl} time={whole}.{rest:03} ms"
        ));
    }
}

const fn keyword(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

const fn handler(name: &'static str, kind: HandlerKind, doc: &'static str) -> Handler {
    Handler { name, kind, doc }
}

impl Element for IcmpPingSource {
    const SPEC: Spec = Spec {
        class: "ICMPPingSource",
        category: Category::Icmp,
        summary: "sends ICMP echo requests from time to time",
        ports: "0-1/1",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "SRC", kind: ArgumentKind::Required, doc: "source address" },
            Argument { name: "DST", kind: ArgumentKind::Required, doc: "destination address" },
            keyword("INTERVAL", "time between requests; 1 by default"),
            keyword("IDENTIFIER", "ICMP's identifier; 0 by default"),
            keyword("LIMIT", "requests made; without end if negative, the default"),
            keyword("DATA", "what follows the header; empty by default"),
            keyword("ACTIVE", "send? true by default"),
            keyword("STOP", "stop the machine after LIMIT? false by default"),
            keyword("VERBOSE", "show replies? true by default"),
            keyword("MIRROR", "send the next request when a reply comes? false by default"),
        ],
        handlers: &[
            handler("active", HandlerKind::ReadWrite, "ACTIVE"),
            handler("src", HandlerKind::ReadWrite, "SRC"),
            handler("dst", HandlerKind::ReadWrite, "DST"),
            handler("count", HandlerKind::Read, "requests sent"),
            handler("limit", HandlerKind::Write, "LIMIT"),
            handler("interval", HandlerKind::Write, "INTERVAL"),
            handler("reset_counts", HandlerKind::Write, "sets all counts to zero"),
            handler("summary", HandlerKind::Read, "what ping says at its end"),
            handler("rtt_min", HandlerKind::Read, "the shortest time to a reply, in seconds"),
            handler("rtt_avg", HandlerKind::Read, "the average"),
            handler("rtt_max", HandlerKind::Read, "the longest"),
            handler("not_reply", HandlerKind::Drops, "packets that are no reply to it"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (source, destination) = self.options.addresses;
        match name {
            "active" => write!(out, "{}", self.options.active)?,
            "src" => write!(out, "{}", Ipv4Addr::from(source))?,
            "dst" => write!(out, "{}", Ipv4Addr::from(destination))?,
            "count" => write!(out, "{}", self.count)?,
            "not_reply" => write!(out, "{}", self.not_reply)?,
            _ => self.receiver.read_handler(name, self.count, out)?,
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        match name {
            "active" => {
                self.options.active = boolean(value)?;
                self.timer = match self.timer {
                    Timer::Idle if self.options.active => Timer::At(0),
                    timer if self.options.active => timer,
                    _ => Timer::Idle,
                };
            }
            "src" => self.options.addresses.0 = number::<Ipv4Addr>(value)?.into(),
            "dst" => self.options.addresses.1 = number::<Ipv4Addr>(value)?.into(),
            "limit" => {
                self.options.limit = number(value)?;
                self.wake();
            }
            "interval" => self.options.interval_ns = nanoseconds(value)?,
            "reset_counts" => {
                self.count = 0;
                self.receiver.reset();
                self.wake();
            }
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        match self.timer {
            Timer::At(at_ns) => Some(at_ns),
            Timer::Unset | Timer::Idle => None,
        }
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for IcmpPingSource {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Bytes, Instance, Nanoseconds};
        let source: Option<Ipv4Addr> = arguments.required("SRC");
        let destination: Option<Ipv4Addr> = arguments.required("DST");
        let Nanoseconds(interval_ns) = arguments.keyword("INTERVAL").unwrap_or(Nanoseconds(1_000_000_000));
        let identifier = arguments.keyword("IDENTIFIER").unwrap_or(0);
        let limit = arguments.keyword("LIMIT").unwrap_or(-1);
        let Bytes(data) = arguments.keyword("DATA").unwrap_or(Bytes(Vec::new()));
        if data.len() > MOST_DATA {
            arguments.error_last(format!("{} bytes of DATA", data.len()), format!("at most {MOST_DATA}"));
        }
        let mut flag = |name, default| arguments.keyword(name).unwrap_or(default);
        let (active, stop) = (flag("ACTIVE", true), flag("STOP", false));
        let (verbose, mirror) = (flag("VERBOSE", true), flag("MIRROR", false));
        let addresses = (source?.into(), destination?.into());
        let options = Options { addresses, interval_ns, identifier, limit, active, stop, verbose, mirror };
        let (name, data) = (surroundings.name, data.escape_ascii());
        let expression = format!("IcmpPingSource::new({name:?}, icmp_ping_source::{options:?}, b\"{data}\")");
        let instance = Instance::new("IcmpPingSource", expression).ticking();
        Some(if surroundings.inputs > 0 { instance.with_memory("u64", "0", receiver::TIMES) } else { instance })
    }
}

impl Push for IcmpPingSource {
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _input: usize, mut packet: Packet, out: &mut O) {
        let Some(sequence) = self.reply(&packet) else {
            self.not_reply += 1;
            return;
        };
        let came_ns = match packet.annotations().timestamp_ns {
            0 => io.now_ns(),
            timestamp_ns => timestamp_ns,
        };
        if let Some(time_us) = self.receiver.received(sequence, came_ns)
            && self.options.verbose
        {
            self.show(io, &packet, sequence, time_us);
        }
        let start = usize::from(packet.annotations().network_offset).saturating_sub(packet.headroom());
        if self.options.mirror && packet.pull_front(start) && packet.len() >= FRONT {
            self.write(&mut packet, io.now_ns());
            out.emit(0, packet);
        }
    }

    #[inline]
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        let now_ns = io.now_ns();
        match self.timer {
            Timer::Idle => {}
            Timer::Unset => self.timer = Timer::At(now_ns.saturating_add(self.options.interval_ns)),
            Timer::At(at_ns) if at_ns > now_ns => {}
            Timer::At(_) if !self.may_send() => {
                self.timer = Timer::Idle;
                if self.options.stop {
                    io.stop();
                }
            }
            Timer::At(at_ns) => {
                if let Some(packet) = self.make(io) {
                    let due_ns = if at_ns == 0 { now_ns } else { at_ns };
                    self.timer = Timer::At(due_ns.saturating_add(self.options.interval_ns));
                    out.emit(0, packet);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
