// SPDX-License-Identifier: Apache-2.0
//! The links between VMs that nothing of ours or the user's is between: their servers, and what they carried.

use super::layout::{Carrier, Layout};
use crate::build::{Place, Topology};
use crate::operate::LinkSample;
use anyhow::Context;
use qemu::{EndState, LinkMemory, LinkServer, PlainLink};
use ring::{End, Mode, Peer};
use serde::Serialize;
use std::io;
use std::path::PathBuf;

/// A link.
pub struct Link {
    ends: [Place; 2],
    /// Their names.
    ports: [String; 2],
    kind: LinkKind,
    /// What looks after its memory, if we do; the first end is end A.
    keeper: Option<Keeper>,
}

/// Who looks after the memory of a link.
enum Keeper {
    /// A server, which sees VMs come and go.
    Server(LinkServer),
    /// We.
    File(PlainLink),
}

impl Keeper {
    fn memory(&self) -> &LinkMemory {
        match self {
            Keeper::Server(server) => server.memory(),
            Keeper::File(link) => link.memory(),
        }
    }
}

/// What a link carried.
#[derive(Debug, Serialize)]
pub struct LinkReport {
    kind: LinkKind,
    ends: [EndReport; 2],
}

/// What a link is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum LinkKind {
    Ring,
    /// A ring whose ends share their buffers.
    Shared,
    Nic,
}

/// One end of a link.
#[derive(Debug, Serialize)]
struct EndReport {
    port: String,
    sent: u64,
    received: u64,
    ring: Option<RingReport>,
}

/// What one end of a ring counted beside.
#[derive(Debug, Serialize)]
struct RingReport {
    /// Frames that it dropped because the ring was full, the peer was down, or no link carries frames of that length.
    dropped_full: u64,
    dropped_down: u64,
    too_long: u64,
    /// What lay there for an end that ended (in lines of 64 bytes), and nonsense that the peer wrote.
    lost: u64,
    bad: u64,
    /// How often it woke the peer.
    wakeups: u64,
}

impl Link {
    /// Makes the links of `layout`; `path` gives the place of an end's socket, or of the file at the first end.
    pub fn begin(chain: &Topology, layout: &Layout, path: impl Fn(Place) -> PathBuf) -> anyhow::Result<Vec<Link>> {
        let begin = |ends: [Place; 2]| {
            let shape = chain.shape(ends[0]);
            let keeper = match layout.carrier {
                Carrier::Nics | Carrier::Grants => None,
                Carrier::Rings => Some(Keeper::Server(LinkServer::start(ends.map(&path), shape)?)),
                Carrier::PolledRings => {
                    let link = PlainLink::create(path(ends[0]), shape);
                    Some(Keeper::File(link.context("cannot make the memory of a link")?))
                }
            };
            let kind = match (layout.carrier, shape.mode) {
                (Carrier::Nics, _) => LinkKind::Nic,
                (_, Mode::Copy) => LinkKind::Ring,
                (_, Mode::Shared) => LinkKind::Shared,
            };
            Ok(Link { ends, ports: ends.map(|end| chain.name(end)), kind, keeper })
        };
        layout.links().map(begin).collect()
    }

    /// VM number `vm` is about to start.
    pub fn starts(&mut self, vm: usize) -> anyhow::Result<()> {
        self.tell(vm, PlainLink::arrive)
    }

    /// VM number `vm` does not run.
    pub fn has_ended(&mut self, vm: usize) -> anyhow::Result<()> {
        self.tell(vm, PlainLink::depart)
    }

    fn tell(&mut self, vm: usize, what: fn(&mut PlainLink, End) -> io::Result<()>) -> anyhow::Result<()> {
        let Some(Keeper::File(link)) = &mut self.keeper else { return Ok(()) };
        for (_, end) in self.ends.iter().zip([End::A, End::B]).filter(|(place, _)| place.vm == vm) {
            what(link, end).context("cannot write the memory of a link")?;
        }
        Ok(())
    }

    /// Its two directions now, if we see into its memory.
    pub fn sample(&self) -> Vec<LinkSample> {
        let Some(ends) = self.keeper.as_ref().and_then(|keeper| keeper.memory().ends().ok()) else { return Vec::new() };
        let up = ends.iter().all(|end| matches!(end.state, Peer::Up { .. }));
        let [a, b] = &self.ports;
        let direction = |(state, from, to): (&EndState, &String, &String)| LinkSample {
            from: from.clone(),
            to: to.clone(),
            up,
            frames: state.statistics.frames_put,
            waiting: state.occupancy,
            dropped_full: state.statistics.dropped_full,
            dropped_down: state.statistics.dropped_down,
        };
        [(&ends[0], a, b), (&ends[1], b, a)].map(direction).into()
    }

    /// What it carried; `count` gives the frames that a port received and sent.
    pub fn report(&self, count: impl Fn(Place) -> (u64, u64)) -> LinkReport {
        // A malicious VM may have made the memory unreadable.
        let states = self.keeper.as_ref().and_then(|keeper| keeper.memory().ends().ok());
        let end = |index: usize| {
            let (received, sent) = count(self.ends[index]);
            let ring = states.as_ref().map(|states| RingReport::new(&states[index]));
            EndReport { port: self.ports[index].clone(), sent, received, ring }
        };
        LinkReport { kind: self.kind, ends: [end(0), end(1)] }
    }
}

impl LinkKind {
    fn name(self) -> &'static str {
        match self {
            LinkKind::Ring => "ring",
            LinkKind::Shared => "ring with shared buffers",
            LinkKind::Nic => "NICs",
        }
    }
}

impl RingReport {
    fn new(state: &EndState) -> Self {
        let counted = &state.statistics;
        RingReport {
            dropped_full: counted.dropped_full,
            dropped_down: counted.dropped_down,
            too_long: counted.too_long,
            lost: counted.lost,
            bad: counted.bad_descriptors + counted.bad_indices + counted.short_buffers,
            wakeups: counted.wakeups,
        }
    }
}

impl LinkReport {
    /// A line for people.
    pub fn text(&self) -> String {
        let [a, b] = &self.ends;
        let mut text = format!("{} ↔ {}: {} frames →, {} ←, {}", a.port, b.port, a.sent, b.sent, self.kind.name());
        if let (Some(a), Some(b)) = (&a.ring, &b.ring) {
            let (full, down) = (a.dropped_full + b.dropped_full, a.dropped_down + b.dropped_down);
            text += &format!("; {} wake-ups, {full} dropped full, {down} while an end was down", a.wakeups + b.wakeups);
        }
        text
    }
}
