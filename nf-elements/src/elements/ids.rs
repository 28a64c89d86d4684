// SPDX-License-Identifier: Apache-2.0
//! # IDS
//! `IDS(RULES … [, MODE, DIVERT, HOME_NET, EXTERNAL_NET, HTTP_PORTS, STRICT, RATE, FLOWS, WINDOWS, CONNECTIONS, DATAGRAMS, TRACKS])` — matches packets
//! and what flows say with Suricata's rules.
//!
//! **Ports:** one input, one to four outputs, push. Packets that go on leave by output 0; those that a rule drops or rejects leave by output 1,
//! if it is connected; resets, which a rejected TCP segment is answered with, leave by output 2, if that is; packets of diverted flows leave by
//! output 3.
//!
//! **Expects:** the network header annotation, as `CheckIPHeader` and `CheckIP6Header` set it.
//!
//! **Description:** each of RULES is a file of rules in Suricata's (or Snort 2's) language, read when the image is built, or one rule
//! itself. The crate `ids` says what is understood. A rule that cannot be compiled is left out with a warning, or is an error if STRICT
//! is true (false). MODE `ids` (the default) looks at what receivers acknowledged and lets everything pass; `ips` looks at everything before it goes on, and drops
//! what `drop` and `reject` rules match; there TCP flows that began unseen are dropped, too. HOME_NET, EXTERNAL_NET and HTTP_PORTS are the variables of rules that most often
//! need a value; a list stands in quotation marks. A quoted comma, or one in a file, is none of the configuration's.
//!
//! DIVERT names rules by sids and classtypes (`DIVERT 1000007 trojan-activity`). The packet with which one of them matches leaves by output 3, and so does
//! all that follows in its flow, both ways: to another service (`ToService`), or marked (`Paint`).
//!
//! Each alert is shown as a line of EVE JSON, at most RATE (20) of them in a second. The last 128 are kept; `sluice logs --alerts` fetches them from a
//! running VM, and says how many it came too late for.
//!
//! **Notes:** tables are bounded, in memory that costs nothing until it is used: FLOWS (16384), WINDOWS of 16 KiB for TCP data that must wait (512), CONNECTIONS for HTTP messages
//! under way (64), DATAGRAMS of fragments (8), TRACKS of thresholds (1024). Fragments pass before their datagram is complete; if that is to be dropped, the fragment
//! that completes it is. Of a rejected packet that is not TCP, an `ICMPError` behind output 1 can tell its sender. A reset has an Ethernet header if the segment had one before
//! its IP header, with the addresses exchanged, and the segment's paint.
//!
//! **Handlers:** `rules`, `alerts` (`alerts N`: those from number N on, behind a line with the number of the first), `count` (packets in), `alert_count`, `unshown` (alerts
//! beyond RATE), `diverted` (packets), `flows` (begun), `state` (all counters of the engine, a line each); `clear` (write: forgets the alerts kept so far). Drops: `dropped`,
//! `rejected`, `no_header`.
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> CheckIPHeader -> IDS(alert tcp any any -> any 80 (content:"attack"; sid:1;), MODE ips) -> Discard;`
//!
//! **See also:** `IPFilter`, `IPClassifier`, `ICMPError`.

#[cfg(feature = "host")]
mod configuration;

use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Push, Spec};
use ::ids::{Engine, Mode, Rules, Tables, Verdict, eve};
use core::fmt;

/// Alerts that are kept for the handler.
const LINES: usize = 128;
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
    /// How many were raised; the next one's number.
    raised: u64,
    /// The first one that is kept.
    first: u64,
    rate: u32,
    second: u64,
    shown: u32,
    unshown: u64,
}

impl Alerts {
    /// Keeps an alert, and shows it if the rate allows.
    fn raise<M: PacketIo>(&mut self, alert: &::ids::Alert, io: &mut M) {
        let Some(line) = self.lines.get_mut(self.raised as usize % LINES) else { return };
        line.length = eve::write(alert, &mut line.bytes).map_or(0, str::len);
        self.raised += 1;
        self.first = self.first.max(self.raised.saturating_sub(LINES as u64));
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

    fn line(&self, number: u64) -> &str {
        self.lines.get(number as usize % LINES).map_or("", Line::text)
    }

    /// The last alerts that fit an answer, oldest first.
    fn write_last(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut room = ANSWER;
        let fits = |number: &u64| {
            let rest = room.checked_sub(self.line(*number).len() + 1);
            room = rest.unwrap_or(0);
            rest.is_some()
        };
        let first = (self.first..self.raised).rev().take_while(fits).last();
        (first.unwrap_or(self.raised)..self.raised).try_for_each(|number| writeln!(out, "{}", self.line(number)))
    }

    /// The kept alerts from number `from` on, as many as fit an answer, behind a line with the number of the first. A number that is
    /// still to come is that of another life: then it is all of them.
    fn write_from(&self, from: u64, out: &mut dyn fmt::Write) -> fmt::Result {
        let first = if from > self.raised { self.first } else { from.max(self.first) };
        writeln!(out, "{first}")?;
        let mut room = ANSWER;
        for line in (first..self.raised).map(|number| self.line(number)) {
            let Some(rest) = room.checked_sub(line.len() + 1) else { break };
            room = rest;
            writeln!(out, "{line}")?;
        }
        Ok(())
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
    diverted: u64,
    dropped: u64,
    rejected: u64,
    no_header: u64,
}

impl Ids {
    /// Matches with the rules of `table`, `rules` in number; in line if `in_line`; shows up to `rate` alerts in a second.
    pub const fn new(table: &'static [u8], rules: u32, in_line: bool, rate: u32) -> Self {
        let mode = if in_line { Mode::Ips } else { Mode::Ids };
        let alerts = Alerts { lines: &mut [], raised: 0, first: 0, rate, second: u64::MAX, shown: 0, unshown: 0 };
        Ids { table, mode, engine: None, alerts, rules, count: 0, diverted: 0, dropped: 0, rejected: 0, no_header: 0 }
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
        ports: "1/1-4",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "RULES", kind: ArgumentKind::List, doc: "a file of rules, or one rule" },
            keyword("MODE", "'ids' (only looks) or 'ips' (drops); default 'ids'"),
            keyword("DIVERT", "sids and classtypes of the rules whose flows leave by output 3; default none"),
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
            read("alerts", "the last alerts, a line each; with a number, those from it on"),
            read("count", "packets that came in"),
            read("alert_count", "alerts so far"),
            read("unshown", "alerts beyond RATE"),
            read("diverted", "packets of diverted flows"),
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
            "alerts" => self.alerts.write_last(out)?,
            "count" => write!(out, "{}", self.count)?,
            "alert_count" => write!(out, "{}", counters().alerts)?,
            "unshown" => write!(out, "{}", self.alerts.unshown)?,
            "flows" => write!(out, "{}", counters().flows)?,
            "state" => self.state(out)?,
            "diverted" => write!(out, "{}", self.diverted)?,
            "dropped" => write!(out, "{}", self.dropped)?,
            "rejected" => write!(out, "{}", self.rejected)?,
            "no_header" => write!(out, "{}", self.no_header)?,
            _ => {
                let number = name.strip_prefix("alerts ").ok_or(HandlerError::Unknown)?.trim();
                self.alerts.write_from(number.parse().map_err(|_| HandlerError::BadValue)?, out)?;
            }
        }
        Ok(())
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        if name != "clear" {
            return Err(HandlerError::Unknown);
        }
        self.alerts.first = self.alerts.raised;
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
            Some(Verdict::Divert) => {
                self.diverted += 1;
                out.emit(if O::COUNT > 3 { 3 } else { 0 }, packet);
            }
            Some(Verdict::Drop) => {
                self.dropped += 1;
                out.emit(1, packet);
            }
            Some(Verdict::Reject) => {
                self.rejected += 1;
                if O::COUNT > 2
                    && let Some(reset) = crate::rejection::reset(&packet, io)
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
