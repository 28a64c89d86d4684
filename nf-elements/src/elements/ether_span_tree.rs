// SPDX-License-Identifier: Apache-2.0
//! # EtherSpanTree
//! `EtherSpanTree(ADDR, INPUT_SUPPRESSOR, OUTPUT_SUPPRESSOR, SWITCH)` — spanning tree among Ethernet switches.
//!
//! **Ports:** up to 16 push inputs, as many push outputs: one pair for each port of the switch.
//!
//! **Expects:** the spanning tree's frames, which a `Classifier(14/4242, -)` separates from the others.
//!
//! **Description:** finds out with its neighbours (IEEE 802.1D-1998 §8) which ports of the `EtherSwitch` SWITCH belong to the
//! spanning tree, and lets the `Suppressor`s in front of the switch and behind it pass the packets of these ports only. A
//! port that joins the tree listens and learns first, for the root's forward delay (15 seconds) each. ADDR is the switch's
//! address; it sends by all ports whose LAN it serves every hello time (2 seconds).
//!
//! **Notes:** as in Click, the bridge's priority is 0xdead, so that it hardly becomes the root, its identifier has the bytes
//! of ADDR in reverse order, and each hop costs 1. Click takes a neighbour's topology change notification for a
//! configuration whose root is 0; here it is acknowledged, and passed on to the root. A hello time below a second counts as
//! one. SWITCH is checked, and not used.
//!
//! **Handlers:** `msgs` (read: a line for the best message of each port, and for the bridge's own), `bad` (drops: frames that
//! are not the spanning tree's).
//!
//! **Example:** `t :: EtherSpanTree(02:00:00:00:00:01, i, o, s); i :: Suppressor; o :: Suppressor; s :: EtherSwitch;
//! FromDevice(lan) -> c :: Classifier(14/4242, -); FromDevice(wan) -> d :: Classifier(14/4242, -);
//! c[0] -> t; d[0] -> [1]t; c[1] -> i; d[1] -> [1]i; i[0] -> s; i[1] -> [1]s; s[0] -> o; s[1] -> [1]o;
//! q :: Queue -> ToDevice(lan); p :: Queue -> ToDevice(wan); t[0] -> q; t[1] -> p; o[0] -> q; o[1] -> p;`
//!
//! **See also:** `EtherSwitch`, `Suppressor`.

mod message;

use super::Suppressor;
use super::ether_header::note_mac_header;
use crate::element::PushWith;
use crate::spec::{Argument, ArgumentKind, Category, Handler, HandlerKind, Shape};
use crate::wire::bpdu::Bpdu;
use crate::wire::ethernet::Address;
use crate::{Element, HandlerError, Outputs, Packet, PacketIo, Spec};
use core::fmt;
use message::Message;

const SECOND: i64 = 1_000_000_000;
/// Of the bridge's identifier: very unlikely to become the root.
const PRIORITY: u64 = 0xdead << 48;

/// What a port does with packets, in the order in which it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum State {
    Block,
    Listen,
    Learn,
    Forward,
}

#[derive(Clone, Copy)]
struct Port {
    state: State,
    since_ns: i64,
    acknowledge: bool,
    message: Message,
}

/// See the module's documentation. `N` is the number of ports.
pub struct EtherSpanTree<const N: usize = 2> {
    address: Address,
    identifier: u64,
    ports: [Port; N],
    best: Message,
    /// Whether the root is to be told of a change.
    notify: bool,
    /// When the topology changed, if this bridge tells that as the root.
    changed_ns: Option<i64>,
    hello_ns: Option<i64>,
    bad: u64,
}

/// The elements that it lets pass packets: in front of the switch, and behind it.
type Suppressors<'a> = (&'a mut Suppressor, &'a mut Suppressor);

impl<const N: usize> EtherSpanTree<N> {
    /// The bridge of this address.
    pub const fn new(address: [u8; 6]) -> Self {
        let address = Address::new(address);
        let identifier = PRIORITY | address.to_bits();
        let port = Port { state: State::Block, since_ns: 0, acknowledge: false, message: Message::WORST };
        let best = Message::own(identifier);
        EtherSpanTree { address, identifier, ports: [port; N], best, notify: false, changed_ns: None, hello_ns: None, bad: 0 }
    }

    /// Moves port `index` towards `state`, `Block` or `Forward`: one step only if that is up.
    fn set_state<M: PacketIo>(&mut self, io: &mut M, suppressors: &mut Suppressors, index: usize, state: State) {
        let Some(port) = self.ports.get_mut(index).filter(|port| port.state != state) else { return };
        let old = port.state;
        let new = match (state, old) {
            (State::Forward, State::Block) => State::Listen,
            (State::Forward, State::Listen) => State::Learn,
            (state, _) => state,
        };
        match (new, old) {
            (State::Listen, _) => {
                io.message(format_args!("Setting send_tc_msg: BLOCK -> FORWARD on {index}"));
                self.notify = true;
            }
            (State::Block, _) => {
                io.message(format_args!("Setting send_tc_msg: FORWARD -> BLOCK on {index}"));
                self.notify = true;
            }
            _ => {}
        }
        io.message(format_args!("Changing port {index} from {} to {}", old as u8, new as u8));
        (port.state, port.since_ns) = (new, now(io));
        suppressors.0.set(index, new < State::Learn);
        suppressors.1.set(index, new < State::Forward);
    }

    /// Finds the best message, and which ports are of the tree.
    fn find_tree<M: PacketIo>(&mut self, io: &mut M, suppressors: &mut Suppressors) {
        let mut root_port = None;
        self.best = Message::own(self.identifier);
        for (index, port) in self.ports.iter().enumerate() {
            let hop = port.message.a_hop_further();
            if hop.is_better_than(&self.best) {
                (self.best, root_port) = (hop, Some(index));
            }
        }
        for index in 0..N {
            let ours = self.best.sent_by(self.identifier, index as u16);
            if root_port != Some(index) && self.ports[index].message.is_better_than(&ours) {
                self.set_state(io, suppressors, index, State::Block);
            } else if self.ports[index].state == State::Block {
                self.set_state(io, suppressors, index, State::Forward);
            }
        }
    }

    /// What is due every hello time.
    fn periodic<M: PacketIo>(&mut self, io: &mut M, suppressors: &mut Suppressors) {
        let now_ns = now(io);
        for index in 0..N {
            let Port { state, since_ns, .. } = self.ports[index];
            let waited = since_ns < now_ns - self.best.forward_delay_ns();
            if matches!(state, State::Listen | State::Learn) && waited {
                self.set_state(io, suppressors, index, State::Forward);
            }
            if self.ports[index].message.expire(now_ns - self.best.max_age_ns()) {
                io.message(format_args!("Expiring message on port {index}"));
            }
        }
        self.find_tree(io, suppressors);
    }

    /// What to tell the neighbours at a port, if anything.
    fn announcement(&mut self, index: usize, now_ns: i64) -> Option<Bpdu> {
        let port = self.ports.get_mut(index)?;
        if port.message.is_better_than(&self.best) {
            return None;
        }
        if !self.best.is_better_than(&port.message) {
            return self.notify.then_some(Bpdu::Notification);
        }
        let lasts_ns = self.best.forward_delay_ns() + self.best.max_age_ns();
        self.changed_ns = self.changed_ns.filter(|changed_ns| *changed_ns >= now_ns - lasts_ns);
        let mut configuration = self.best.sent_by(self.identifier, index as u16).configuration(now_ns);
        configuration.change |= self.changed_ns.is_some();
        configuration.acknowledgment = core::mem::take(&mut port.acknowledge);
        Some(Bpdu::Configuration(configuration))
    }

    /// Takes a neighbour's message at port `index`.
    fn hear<M: PacketIo>(&mut self, io: &mut M, index: usize, bpdu: Bpdu) {
        let now_ns = now(io);
        let is_root = self.best.is_own();
        let Some(port) = self.ports.get_mut(index) else { return };
        match bpdu {
            Bpdu::Configuration(configuration) => {
                let heard = Message::heard(&configuration, now_ns);
                // An equal one counts too: it renews the time.
                if !port.message.is_better_than(&heard) {
                    port.message = heard;
                    self.notify &= !configuration.acknowledgment;
                }
            }
            Bpdu::Notification => {
                port.acknowledge = true;
                if is_root {
                    self.changed_ns = Some(now_ns);
                } else {
                    self.notify = true;
                }
            }
        }
    }
}

/// The time as a number that can be subtracted from.
fn now<M: PacketIo>(io: &M) -> i64 {
    io.now_ns() as i64
}

impl<const N: usize> Element for EtherSpanTree<N> {
    const SPEC: Spec = Spec {
        class: "EtherSpanTree",
        category: Category::Ethernet,
        summary: "spanning tree among Ethernet switches",
        ports: "1-16/1-16",
        processing: "h/h",
        shape: Shape::Push,
        arguments: &[
            Argument { name: "ADDR", kind: ArgumentKind::Required, doc: "the switch's Ethernet address" },
            Argument { name: "INPUT_SUPPRESSOR", kind: ArgumentKind::Required, doc: "Suppressor before the switch" },
            Argument { name: "OUTPUT_SUPPRESSOR", kind: ArgumentKind::Required, doc: "Suppressor behind the switch" },
            Argument { name: "SWITCH", kind: ArgumentKind::Required, doc: "the EtherSwitch" },
        ],
        handlers: &[
            Handler { name: "msgs", kind: HandlerKind::Read, doc: "the best message of each port, and the bridge's" },
            Handler { name: "bad", kind: HandlerKind::Drops, doc: "frames that are not the spanning tree's" },
        ],
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match name {
            "msgs" => {
                let messages = self.ports.iter().map(|port| &port.message);
                messages.chain([&self.best]).try_for_each(|message| writeln!(out, "{message}"))?;
            }
            "bad" => write!(out, "{}", self.bad)?,
            _ => return Err(HandlerError::Unknown),
        }
        Ok(())
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.hello_ns.and_then(|hello_ns| u64::try_from(hello_ns).ok())
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for EtherSpanTree {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let address: Option<Address> = arguments.required("ADDR");
        let before = arguments.required_peer("INPUT_SUPPRESSOR", &["Suppressor"]);
        let behind = arguments.required_peer("OUTPUT_SUPPRESSOR", &["Suppressor"]);
        let switch = arguments.required_peer("SWITCH", &["EtherSwitch", "ListenEtherSwitch"]);
        let (inputs, outputs) = (surroundings.inputs, surroundings.outputs);
        if inputs != outputs {
            let message = format!("an EtherSpanTree with {inputs} inputs and {outputs} outputs");
            arguments.error(message, Some("each port of the switch connected both ways".into()));
        }
        let (address, peers) = (address?.to_bytes(), vec![before?, behind?, switch?]);
        if peers[0].name == peers[1].name {
            arguments.error("one Suppressor before and behind the switch", Some("two of them".into()));
        }
        let expression = format!("EtherSpanTree::<{outputs}>::new({address:?})");
        let instance = crate::configure::Instance::new(format!("EtherSpanTree<{outputs}>"), expression);
        Some(instance.with_peers(peers).ticking())
    }
}

impl<S, const N: usize> PushWith<(&mut Suppressor, &mut Suppressor, &mut S)> for EtherSpanTree<N> {
    fn push_with<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        (before, behind, _): (&mut Suppressor, &mut Suppressor, &mut S),
        input: usize,
        packet: Packet,
        _: &mut O,
    ) {
        match Bpdu::new_checked(packet.data()) {
            Ok(bpdu) => {
                self.hear(io, input, bpdu);
                self.find_tree(io, &mut (before, behind));
            }
            Err(_) => self.bad += 1,
        }
    }

    #[inline]
    fn tick_with<M: PacketIo, O: Outputs>(
        &mut self,
        io: &mut M,
        (before, behind, _): (&mut Suppressor, &mut Suppressor, &mut S),
        out: &mut O,
    ) {
        let now_ns = now(io);
        let suppressors = &mut (before, behind);
        match self.hello_ns {
            Some(hello_ns) if now_ns < hello_ns => return,
            Some(_) => {
                self.periodic(io, suppressors);
                for port in 0..N {
                    if let Some(bpdu) = self.announcement(port, now_ns)
                        && let Some(mut packet) = io.allocate()
                        && packet.append(&bpdu.frame(self.address))
                    {
                        note_mac_header(&mut packet);
                        out.emit(port, packet);
                    }
                }
            }
            None => (0..N).for_each(|port| self.set_state(io, suppressors, port, State::Forward)),
        }
        self.hello_ns = Some(now_ns.saturating_add(self.best.hello_ns()));
    }
}

#[cfg(test)]
mod tests;
