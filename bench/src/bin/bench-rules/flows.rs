// SPDX-License-Identifier: Apache-2.0
//! What packets of 10,000 known connections cost a stateless firewall and a stateful one of the same rules: the elements themselves, batch by
//! batch, on one core.

use super::processor_time;
use anyhow::{Context, Result};
use nf_elements::conntrack::{Memory, State, Timeouts};
use nf_elements::elements::{ConnTrack, IpFilter, StatefulFilter};
use nf_elements::filter::{NO_DIAGRAM, Replaceable};
use nf_elements::flow_table::{buckets, tick};
use nf_elements::testing::rule_sets::{Header, Random};
use nf_elements::testing::{ListIo, packet};
use nf_elements::wire::tcp::flag::{ACK, SYN};
use nf_elements::{Ahead, BURST, Batch, Route, RouteWith};
use std::collections::HashSet;
use std::hint::black_box;

const CONNECTIONS: usize = 10_000;
/// Connections that the tracker has room for.
const ROOM: usize = 16_384;
/// Packets of a run.
const PACKETS: usize = 100_000 / BURST * BURST;
/// An hour of nanoseconds: longer than a run, and shorter than what a tracker forgets.
const NOW_NS: u64 = 3_600_000_000_000;

type Bytes = [u8; Header::PACKET_BYTES];

/// Two firewalls, and what comes in.
pub struct Flows {
    arriving: Vec<Bytes>,
    batch: Batch,
    io: ListIo,
    stateless: IpFilter<Replaceable>,
    tracker: ConnTrack,
    stateful: StatefulFilter<Replaceable>,
}

/// Nanoseconds of processor time per packet.
pub struct Cost {
    pub stateless: f64,
    pub stateful: f64,
}

impl Flows {
    /// Of connections with these headers; `stateless` and `stateful` are the rules, of which the second ones let all pass that is established.
    pub fn new(headers: &[Header], stateless: Vec<u8>, stateful: Vec<u8>) -> Result<Flows> {
        let ticks = Timeouts { tcp_opening: 60, tcp_established: 7440, udp: 30, udp_stream: 120, ..Timeouts::NONE };
        let mut tracker = ConnTrack::new(ticks, false);
        tracker.lend(vec![Memory::<{ buckets(ROOM) }, ROOM>::EMPTY].leak());
        let mut known = HashSet::new();
        let mut pairs = Vec::with_capacity(CONNECTIONS);
        for header in headers {
            let there = header.packet(false, (ACK, [101, 901]));
            let (Some(there), Some(back)) = (there, header.packet(true, (ACK, [901, 101]))) else { continue };
            if pairs.len() < CONNECTIONS && !known.contains(&back) && known.insert(there) {
                open(&mut tracker, header);
                pairs.push([there, back]);
            }
        }
        anyhow::ensure!(pairs.len() == CONNECTIONS, "only {} connections in so many headers", pairs.len());
        let mut random = Random::new(9);
        let mut pick = |most: usize| random.between(0, most as u32 - 1) as usize;
        let arriving = (0..PACKETS).map(|_| pairs[pick(CONNECTIONS)][pick(2)]).collect();
        let mut batch = Batch::new();
        for _ in 0..BURST {
            let mut packet = packet(&[0; Header::PACKET_BYTES]);
            packet.set_network(0, 20);
            batch.push(packet).ok().context("a batch has room for a burst")?;
        }
        let book = |bytes: Vec<u8>| Replaceable::new(bytes.leak(), super::OUTPUTS as u16);
        let io = ListIo { now_ns: NOW_NS, ..ListIo::new(1) };
        let (stateless, stateful) = (IpFilter::new(0, book(stateless)), book(stateful));
        let stateful = StatefulFilter::new(0, stateful, &NO_DIAGRAM, None, 0);
        Ok(Flows { arriving, batch, io, stateless, tracker, stateful })
    }

    /// One run of each firewall.
    pub fn run(&mut self) -> Cost {
        let nothing = self.time(|_| {});
        let stateless = self.time(|flows| {
            let passed = flows.batch.iter_mut().filter_map(|packet| flows.stateless.route(&mut flows.io, 0, packet));
            black_box(passed.count());
        });
        let stateful = self.time(|flows| {
            let Flows { batch, io, tracker, stateful, .. } = flows;
            tracker.ahead(NOW_NS, batch);
            for packet in batch.iter_mut() {
                tracker.route(io, 0, packet);
                let passes = stateful.route_with(io, (tracker,), 0, packet);
                assert!(passes.is_some(), "its connection is known");
            }
        });
        Cost { stateless: stateless - nothing, stateful: stateful - nothing }
    }

    /// What `treat` costs, with the packets' arrival.
    fn time(&mut self, mut treat: impl FnMut(&mut Flows)) -> f64 {
        let arriving = std::mem::take(&mut self.arriving);
        let start = processor_time();
        for burst in arriving.chunks_exact(BURST) {
            for (packet, bytes) in self.batch.iter_mut().zip(burst) {
                packet.data_mut().copy_from_slice(bytes);
            }
            treat(self);
        }
        let time = processor_time() - start;
        self.arriving = arriving;
        time.as_nanos() as f64 / PACKETS as f64
    }
}

/// Both ends of a connection come to know of each other.
fn open(tracker: &mut ConnTrack, header: &Header) {
    let handshake = [(false, (SYN, [100, 0])), (true, (SYN | ACK, [900, 101])), (false, (ACK, [101, 901]))];
    for packet in handshake.into_iter().filter_map(|(back, said)| header.packet(back, said)) {
        let (tracker, now) = (tracker.tracker(), tick(NOW_NS));
        if tracker.sight(&packet, now) == State::New {
            tracker.begin(&packet, now);
        }
    }
}
