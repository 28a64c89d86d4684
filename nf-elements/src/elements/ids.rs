// SPDX-License-Identifier: Apache-2.0
//! # IDS
//! `IDS(RULES … [, MODE, HOME_NET, EXTERNAL_NET, HTTP_PORTS, STRICT, RATE, FLOWS, WINDOWS, CONNECTIONS, DATAGRAMS, TRACKS])` — matches packets
//! and what flows say with Suricata's rules.
//!
//! **Ports:** one input, one to three outputs, push. Packets that go on leave by output 0; those that a rule drops or rejects leave by output 1,
//! if it is connected; resets, which a rejected TCP segment is answered with, leave by output 2, if that is.
//!
//! **Expects:** the network header annotation, as `CheckIPHeader` and `CheckIP6Header` set it.
//!
//! **Description:** each of RULES is a file of rules in Suricata's (or Snort 2's) language, read when the image is built, or one rule
//! itself. The crate `ids` says what is understood. A rule that cannot be compiled is left out with a warning, or is an error if STRICT
//! is true (false). MODE `ids` (the default) looks at what receivers acknowledged and lets everything pass; `ips` looks at everything before it goes on, and drops
//! what `drop` and `reject` rules match; there TCP flows that began unseen are dropped, too. HOME_NET, EXTERNAL_NET and HTTP_PORTS are the variables of rules that most often
//! need a value; a list stands in quotation marks. A quoted comma, or one in a file, is none of the configuration's.
//!
//! Each alert is shown as a line of EVE JSON, at most RATE (20) of them in a second; the handler `alerts` has the last ones.
//!
//! **Notes:** tables are bounded, in memory that costs nothing until it is used: FLOWS (16384), WINDOWS of 16 KiB for TCP data that must wait (512), CONNECTIONS for HTTP messages
//! under way (64), DATAGRAMS of fragments (8), TRACKS of thresholds (1024). Fragments pass before their datagram is complete; if that is to be dropped, the fragment
//! that completes it is. Of a rejected packet that is not TCP, an `ICMPError` behind output 1 can tell its sender. A reset has an Ethernet header if the segment had one before
//! its IP header, with the addresses exchanged, and the segment's paint.
//!
//! **Handlers:** `rules`, `alerts`, `count` (packets in), `alert_count`, `unshown` (alerts beyond RATE), `flows` (begun), `state` (all counters of the engine,
//! a line each); `clear` (write: forgets the alerts shown so far). Drops: `dropped`, `rejected`, `no_header`.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> IDS(alert tcp any any -> any 80 (content:"attack"; sid:1;), MODE ips) -> Discard;`
//!
//! **See also:** `IPFilter`, `IPClassifier`, `ICMPError`.

#[cfg(feature = "host")]
mod configuration;
mod reset;

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use ::ids::{Engine, Mode, Rules, Tables, Verdict, eve};
use core::fmt;

/// Alerts that are kept for the handler.
const LINES: usize = 32;
/// Bytes that the handler `alerts` answers with at most: a message of the control channel holds it.
const ANSWER: usize = 3500;

/// A kept alert.
#[derive(Clone, Copy)]
pub struct Line {
    length: usize,
    bytes: [u8; eve::LINE],
}

impl Line {
    const EMPTY: Self = Line { length: 0, bytes: [0; eve::LINE] };

    fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

/// What an `IDS` is lent.
pub struct Memory<const F: usize, const W: usize, const C: usize, const D: usize, const M: usize, const T: usize> {
    tables: Tables<F, W, C, D, M, T>,
    lines: [Line; LINES],
}

impl<const F: usize, const W: usize, const C: usize, const D: usize, const M: usize, const T: usize>
    Memory<F, W, C, D, M, T>
{
    /// Unused: all zeros.
    pub const EMPTY: Self = Memory { tables: Tables::EMPTY, lines: [Line::EMPTY; LINES] };
}

/// The alerts shown and kept.
struct Alerts {
    lines: &'static mut [Line],
    next: usize,
    rate: u32,
    second: u64,
    shown: u32,
    unshown: u64,
}

impl Alerts {
    /// Keeps an alert, and shows it if the rate allows.
    fn raise<M: PacketIo>(&mut self, alert: &::ids::Alert, io: &mut M) {
        let Some(line) = self.lines.get_mut(self.next) else { return };
        line.length = eve::write(alert, &mut line.bytes).map_or(0, str::len);
        self.next = (self.next + 1) % LINES;
        let second = alert.time_ns / 1_000_000_000;
        if second != self.second {
            (self.second, self.shown) = (second, 0);
        }
        if self.shown < self.rate {
            self.shown += 1;
            io.message(format_args!("{}", line.text()));
        } else {
            self.unshown += 1;
        }
    }

    /// The last alerts that fit an answer, oldest first.
    fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let by_age = |age: usize| self.lines.get((self.next + LINES - 1 - age) % LINES).map_or("", Line::text);
        let (mut count, mut room) = (0, ANSWER);
        while count < LINES && !by_age(count).is_empty() && by_age(count).len() < room {
            room -= by_age(count).len() + 1;
            count += 1;
        }
        (0..count).rev().try_for_each(|age| writeln!(out, "{}", by_age(age)))
    }
}

/// See the module's documentation.
pub struct Ids {
    table: &'static [u8],
    mode: Mode,
    engine: Option<Engine<'static>>,
    alerts: Alerts,
    rules: u32,
    count: u64,
    dropped: u64,
    rejected: u64,
    no_header: u64,
}

impl Ids {
    /// Matches with the rules of `table`, `rules` in number; in line if `in_line`; shows up to `rate` alerts in a second.
    pub const fn new(table: &'static [u8], rules: u32, in_line: bool, rate: u32) -> Self {
        let mode = if in_line { Mode::Ips } else { Mode::Ids };
        let alerts = Alerts { lines: &mut [], next: 0, rate, second: u64::MAX, shown: 0, unshown: 0 };
        Ids { table, mode, engine: None, alerts, rules, count: 0, dropped: 0, rejected: 0, no_header: 0 }
    }

    /// Takes the memory that its tables and alerts lie in.
    pub fn lend<const F: usize, const W: usize, const C: usize, const D: usize, const M: usize, const T: usize>(
        &mut self,
        memory: &'static mut [Memory<F, W, C, D, M, T>],
    ) {
        let Some(memory) = memory.first_mut() else { return };
        self.alerts.lines = &mut memory.lines;
        // The table was made by the same build.
        let rules = Rules::read(self.table).unwrap_or(Rules::none());
        self.engine = Some(Engine::new(rules, memory.tables.memory(), self.mode, 0));
    }

    fn verdict<M: PacketIo>(&mut self, io: &mut M, packet: &Packet) -> Option<Verdict> {
        let bytes = packet.network();
        let Some(engine) = self.engine.as_mut().filter(|_| !bytes.is_empty()) else {
            self.no_header += 1;
            return None;
        };
        let (alerts, now_ns) = (&mut self.alerts, io.now_ns());
        Some(engine.inspect(bytes, now_ns, &mut |alert| alerts.raise(alert, io)))
    }

    fn state(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let counters = self.engine.as_ref().map(Engine::counters).unwrap_or_default();
        let fragments = counters.fragments;
        let lines = [
            ("packets", counters.packets),
            ("malformed", counters.malformed),
            ("flows", counters.flows),
            ("evicted", counters.evicted),
            ("untracked", counters.untracked),
            ("unplaced_bytes", counters.unplaced_bytes),
            ("missing_bytes", counters.missing_bytes),
            ("app_given_up", counters.app_given_up),
            ("work_given_up", counters.work_given_up),
            ("fragments", fragments.fragments),
            ("datagrams", fragments.datagrams),
            ("fragment_overlaps", fragments.overlaps),
            ("fragments_malformed", fragments.malformed),
            ("datagrams_forgotten", fragments.forgotten),
        ];
        lines.iter().try_for_each(|(name, value)| writeln!(out, "{name} {value}"))
    }
}

const fn keyword(name: &'static str, doc: &'static str) -> Argument {
    Argument { name, kind: ArgumentKind::Keyword, doc }
}

const fn read(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Read, doc }
}

const fn drops(name: &'static str, doc: &'static str) -> Handler {
    Handler { name, kind: HandlerKind::Drops, doc }
}

impl Element for Ids {
    const SPEC: Spec = Spec {
        class: "IDS",
        category: Category::Ip,
        summary: "matches packets and what flows say with Suricata's rules",
        ports: "1/1-3",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "RULES", kind: ArgumentKind::List, doc: "a file of rules, or one rule" },
            keyword("MODE", "'ids' (only looks) or 'ips' (drops); default 'ids'"),
            keyword("HOME_NET", "the variable of rules; default the private IPv4 networks"),
            keyword("EXTERNAL_NET", "the variable of rules; default '!$HOME_NET'"),
            keyword("HTTP_PORTS", "the variable of rules; default 80"),
            keyword("STRICT", "a rule that cannot be compiled is an error; default false"),
            keyword("RATE", "most alerts shown in a second; default 20"),
            keyword("FLOWS", "most flows that are followed; default 16384"),
            keyword("WINDOWS", "most directions of TCP flows with data that wait; default 512"),
            keyword("CONNECTIONS", "most HTTP connections within messages; default 64"),
            keyword("DATAGRAMS", "most datagrams put together at once; default 8"),
            keyword("TRACKS", "entries of thresholds; default 1024"),
        ],
        handlers: &[
            read("rules", "number of rules"),
            read("alerts", "the last alerts, a line each"),
            read("count", "packets that came in"),
            read("alert_count", "alerts so far"),
            read("unshown", "alerts beyond RATE"),
            read("flows", "flows so far"),
            read("state", "the engine's counters, a line each"),
            Handler { name: "clear", kind: HandlerKind::Write, doc: "forgets the last alerts" },
            drops("dropped", "packets that a rule dropped, or of flows that are dropped"),
            drops("rejected", "packets that a rule rejected"),
            drops("no_header", "packets without a network header"),
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let counters = || self.engine.as_ref().map(Engine::counters).unwrap_or_default();
        match name {
            "rules" => write!(out, "{}", self.rules)?,
            "alerts" => self.alerts.write(out)?,
            "count" => write!(out, "{}", self.count)?,
            "alert_count" => write!(out, "{}", counters().alerts)?,
            "unshown" => write!(out, "{}", self.alerts.unshown)?,
            "flows" => write!(out, "{}", counters().flows)?,
            "state" => self.state(out)?,
            "dropped" => write!(out, "{}", self.dropped)?,
            "rejected" => write!(out, "{}", self.rejected)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        if name != "clear" {
            return Err(HandlerError::Unknown);
        }
        self.alerts.lines.iter_mut().for_each(|line| line.length = 0);
        Ok(())
    }
}

impl Push for Ids {
    #[inline]
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, _: usize, packet: Packet, out: &mut O) {
        self.count += 1;
        match self.verdict(io, &packet) {
            None => {}
            Some(Verdict::Pass) => out.emit(0, packet),
            Some(Verdict::Drop) => {
                self.dropped += 1;
                out.emit(1, packet);
            }
            Some(Verdict::Reject) => {
                self.rejected += 1;
                if O::COUNT > 2
                    && let Some(reset) = reset::answer(&packet, io)
                {
                    out.emit(2, reset);
                }
                out.emit(1, packet);
            }
        }
    }
}

#[cfg(all(test, feature = "host"))]
mod tests;
