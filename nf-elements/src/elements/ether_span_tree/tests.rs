// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{Collected, ListIo, packet, read};

/// A bridge of two ports, with its suppressors.
struct Bridge {
    tree: EtherSpanTree<2>,
    before: Suppressor,
    behind: Suppressor,
}

impl Bridge {
    fn new(number: u8) -> Self {
        Bridge { tree: EtherSpanTree::new([0, 0, 0, 0, 0, number]), before: Suppressor::new(), behind: Suppressor::new() }
    }

    fn tick(&mut self, io: &mut ListIo) -> Vec<(usize, Vec<u8>)> {
        let mut out = Collected::<2>::default();
        self.tree.tick_with(io, (&mut self.before, &mut self.behind, &mut ()), &mut out);
        out.0.iter().map(|(port, packet)| (*port, packet.data().to_vec())).collect()
    }

    fn hear(&mut self, io: &mut ListIo, port: usize, frame: &[u8]) {
        let peers = (&mut self.before, &mut self.behind, &mut ());
        self.tree.push_with(io, peers, port, packet(frame), &mut Collected::<2>::default());
    }

    /// For each port: does it take packets in, and give them out?
    fn open(&self) -> [(bool, bool); 2] {
        ["active0", "active1"].map(|name| (read(&self.before, name) == "true", read(&self.behind, name) == "true"))
    }
}

/// Two bridges whose ports 0 and whose ports 1 share a LAN, for some seconds.
fn run(bridges: &mut [Bridge; 2], io: &mut ListIo, seconds: std::ops::Range<u64>) {
    for second in seconds {
        io.now_ns = second * 1_000_000_000;
        for sender in 0..2 {
            for (port, frame) in bridges[sender].tick(io) {
                bridges[1 - sender].hear(io, port, &frame);
            }
        }
    }
}

const OPEN: (bool, bool) = (true, true);
const SHUT: (bool, bool) = (false, false);

#[test]
fn a_loop_is_opened_and_healed() {
    let (mut bridges, mut io) = ([Bridge::new(1), Bridge::new(2)], ListIo::new(0));
    run(&mut bridges, &mut io, 0..1);
    assert_eq!(bridges[0].open(), [SHUT; 2], "all ports listen first");
    run(&mut bridges, &mut io, 1..20);
    assert_eq!(bridges[0].open(), [(true, false); 2], "then they learn");
    run(&mut bridges, &mut io, 20..60);
    assert_eq!(bridges[0].open(), [OPEN; 2], "the root serves both LANs");
    assert_eq!(bridges[1].open(), [OPEN, SHUT], "the other has one way to the root");
    assert!(read(&bridges[1].tree, "msgs").ends_with("tc  1 -> dead010000000000  m/h/d: 14/2/f\n"));
    // The root falls silent.
    for second in 60..160 {
        io.now_ns = second * 1_000_000_000;
        bridges[1].tick(&mut io);
    }
    assert_eq!(bridges[1].open(), [OPEN; 2]);
    assert!(io.printed.contains(&"Expiring message on port 0".to_string()));
}

#[test]
fn notifications_are_acknowledged_and_others_refused() {
    let (mut bridge, mut io) = (Bridge::new(1), ListIo::new(0));
    bridge.tick(&mut io);
    bridge.hear(&mut io, 1, &Bpdu::Notification.frame(Address::new([2; 6])));
    bridge.hear(&mut io, 1, &[0; 60]);
    assert_eq!(read(&bridge.tree, "bad"), "1");
    io.now_ns = 2_000_000_000;
    let sent = bridge.tick(&mut io);
    assert_eq!(sent.iter().map(|(port, frame)| (*port, frame[21])).collect::<Vec<_>>(), [(0, 0x01), (1, 0x81)]);
    assert_eq!(bridge.tree.deadline_ns(), Some(4_000_000_000));
}

#[cfg(feature = "host")]
#[test]
fn arguments_are_clicks() {
    use crate::configure::{Surroundings, configure};
    let here = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    let instance = configure::<EtherSpanTree>(&["1:2:3:4:5:6", "i", "o", "s"], &here).unwrap();
    assert_eq!(instance.expression, "EtherSpanTree::<2>::new([1, 2, 3, 4, 5, 6])");
    assert_eq!(instance.peers.iter().map(|peer| peer.name.as_str()).collect::<Vec<_>>(), ["i", "o", "s"]);
    assert_eq!(configure::<EtherSpanTree>(&["1:2:3:4:5:6", "i", "i", "s"], &here).unwrap_err().len(), 1);
}
