// SPDX-License-Identifier: Apache-2.0
//! What an element is: a [`Spec`], handlers, and one of nine ways to treat packets.
//!
//! The compiler reads `SPEC.shape` and emits calls to the method of that shape's trait, all of them statically known:
//!
//! | shape | trait | a packet … |
//! | --- | --- | --- |
//! | `Action` | [`Action`] | goes on by output 0 or is dropped |
//! | `Route` | [`Route`] | goes on by one output or is dropped |
//! | `Push` | [`Push`] | becomes any number of packets on any outputs |
//! | `Store` | [`Store`] | waits until somebody pulls |
//! | `Source` | [`Source`] | is born here |
//! | `Sink` | [`Sink`] | ends here |
//! | `Pull` | [`Pull`] | is pulled from the inputs that the element chooses |
//! | `Control` | [`Control`] | – (it reads and writes other elements' handlers) |
//! | `Information` | – | – (it only tells the compiler something, or lends itself to other elements) |
//!
//! An element that consults others (an `ARPQuerier` its `ARPTable`) names them as [`crate::configure::Peer`]s and has the
//! `With` form of its trait, whose method is lent the peers.

use crate::{Batch, Call, OwnHost, Packet, PacketIo, Spec};
use core::fmt;

/// An element class. Its handlers are named in `SPEC.handlers`.
pub trait Element {
    /// Name, ports, arguments, handlers, documentation.
    const SPEC: Spec;

    /// Writes the value of the read handler `name` to `out`.
    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError>;

    /// Gives `value` to the write handler `name`.
    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        let _ = (name, value);
        Err(HandlerError::Unknown)
    }

    /// When, on the machine's clock, it wants to act although no packet comes. The machine does not sleep longer.
    fn deadline_ns(&self) -> Option<u64> {
        None
    }

    /// A call of a handler that it wants made now, each once. Asked for behind every task, if the instance is `calling`.
    fn due_call(&mut self) -> Option<Call> {
        None
    }
}

/// Why a handler call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerError {
    /// No element of that name.
    NoElement,
    /// The element has no handler of that name and direction.
    Unknown,
    /// The value is not one that the handler takes.
    BadValue,
    /// The answer does not fit the reply.
    TooLong,
    /// The element is running, and so cannot be asked: a script that asks itself.
    Busy,
}

impl From<fmt::Error> for HandlerError {
    fn from(_: fmt::Error) -> Self {
        HandlerError::TooLong
    }
}

/// What an [`Action`] decides about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It ends here; the element has counted why.
    Drop,
}

/// One input, one output: the simple case.
pub trait Action: Element {
    /// Treats one packet in place.
    fn action<M: PacketIo>(&mut self, io: &mut M, packet: &mut Packet) -> Verdict;
}

/// Each packet leaves by at most one output.
pub trait Route: Element {
    /// The output that `packet`, which came in by `input`, leaves by; `None` drops it (the element has counted why).
    /// An output that is not connected drops it as well.
    fn route<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: &mut Packet) -> Option<usize>;
}

/// Where a [`Push`] element puts its packets.
pub trait Outputs {
    /// Number of outputs.
    const COUNT: usize;

    /// How many packets output `port` still takes before this call of the element ends.
    fn room(&self, port: usize) -> usize;

    /// Sends `packet` by output `port`. An output that does not exist, or has no room, drops it.
    fn emit(&mut self, port: usize, packet: Packet);
}

/// Any number of packets on any outputs: in one call at most `Instance::most` per output, which is 1 if not said.
pub trait Push: Element {
    /// Treats a packet that came in by `input`.
    fn push<M: PacketIo, O: Outputs>(&mut self, io: &mut M, input: usize, packet: Packet, out: &mut O);

    /// Acts because it is time; called in every round if the instance is `ticking`.
    fn tick<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O) {
        let _ = (io, out);
    }
}

/// Looks at a batch before its packets come one by one: an element with a big table can so let many cache misses overlap.
/// Called if the instance is `looking_ahead` (shapes `Action`, `Route` and `Push`, where packets are pushed).
pub trait Ahead: Element {
    /// The packets that come next, in their order and as they are, at `now_ns`. What is done with them does not depend on whether this
    /// was called.
    fn ahead(&mut self, now_ns: u64, batch: &Batch);
}

/// Push in, pull out: packets wait here.
pub trait Store: Element {
    /// Takes a packet in. One that it does not keep comes back: it leaves by push output 1, or is dropped if that is not
    /// connected (and the element has counted why).
    fn store<M: PacketIo>(&mut self, io: &mut M, input: usize, packet: Packet) -> Option<Packet>;

    /// The next packet, if one waits.
    fn pull<M: PacketIo>(&mut self, io: &mut M) -> Option<Packet>;

    /// Whether it has no room, and wants sources that can wait to do so.
    fn full(&self) -> bool {
        false
    }
}

/// The next step of a [`Pull`] element on its way to one packet.
pub enum Turn {
    /// Pull from this input, then ask again with the answer.
    Pull(usize),
    /// Here is the packet.
    Give(Packet),
    /// There is none now.
    Rest,
}

/// Pulls from the inputs that it chooses: schedulers, shapers, `Unqueue`. Where its output is push, the VM's loop asks it for
/// packets in every round.
pub trait Pull: Element {
    /// The next step. `answer` is the input that the last step asked for and what came from there; `None` begins a new
    /// packet.
    fn turn<M: PacketIo>(&mut self, io: &mut M, answer: Option<(usize, Option<Packet>)>) -> Turn;

    /// Most packets that the loop asks for in one round, where the output is push.
    fn burst(&self) -> usize {
        crate::BURST
    }
}

/// Every element's handlers, as a [`Control`] element reaches them.
pub trait Handlers {
    /// Reads `element.handler`.
    fn read(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError>;

    /// Writes `element.handler`.
    fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError>;
}

impl<G: Graph> Handlers for G {
    fn read(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match self.read_handler(element, handler, out) {
            // Every element has these.
            Err(HandlerError::Unknown) if matches!(handler, "name" | "class" | "config") => {
                let index = G::ELEMENTS.iter().position(|(name, _)| *name == element).ok_or(HandlerError::NoElement)?;
                Ok(out.write_str(match (handler, G::ELEMENTS[index], G::CONFIGURATION.elements.get(index)) {
                    ("name", (name, _), _) => name,
                    ("class", (_, class), _) => class,
                    (_, _, Some(arguments)) => arguments,
                    (_, _, None) => return Err(HandlerError::Unknown),
                })?)
            }
            // The machine itself.
            Err(_) if element.is_empty() && !G::CONFIGURATION.flat.is_empty() => {
                let Configuration { written, flat, .. } = G::CONFIGURATION;
                Ok(out.write_str(match handler {
                    "config" if !written.is_empty() => written,
                    "config" | "flatconfig" => flat,
                    _ => return Err(HandlerError::Unknown),
                })?)
            }
            result => result,
        }
    }

    fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
        self.write_handler(element, handler, value)
    }
}

/// Steers other elements by their handlers: `Script`, `DriverManager`.
pub trait Control: Element {
    /// Does what is due. True if it did something. Called in every round.
    fn run<M: PacketIo>(&mut self, io: &mut M, handlers: &mut dyn Handlers) -> bool;

    /// Whether [`Control::run`] would do something now.
    fn is_due(&self, now_ns: u64) -> bool {
        let _ = now_ns;
        true
    }

    /// Somebody asked the machine to stop: true if it may. Only `DriverManager` ever says no.
    fn may_stop(&mut self) -> bool {
        true
    }

    /// A read handler that runs something: tried before [`Element::read_handler`].
    fn read_running(
        &mut self,
        name: &str,
        handlers: &mut dyn Handlers,
        out: &mut dyn fmt::Write,
    ) -> Result<(), HandlerError> {
        let _ = (name, handlers, out);
        Err(HandlerError::Unknown)
    }

    /// A write handler that runs something: tried before [`Element::write_handler`].
    fn write_running(&mut self, name: &str, value: &str, handlers: &mut dyn Handlers) -> Result<(), HandlerError> {
        let _ = (name, value, handlers);
        Err(HandlerError::Unknown)
    }
}

/// [`Action`] with peers: `P` is a tuple of `&mut` to each, in the order of `Instance::peers`.
pub trait ActionWith<P>: Element {
    /// See [`Action::action`].
    fn action_with<M: PacketIo>(&mut self, io: &mut M, peers: P, packet: &mut Packet) -> Verdict;
}

/// [`Route`] with peers.
pub trait RouteWith<P>: Element {
    /// See [`Route::route`].
    fn route_with<M: PacketIo>(&mut self, io: &mut M, peers: P, input: usize, packet: &mut Packet) -> Option<usize>;
}

/// [`Push`] with peers.
pub trait PushWith<P>: Element {
    /// See [`Push::push`].
    fn push_with<M: PacketIo, O: Outputs>(&mut self, io: &mut M, peers: P, input: usize, packet: Packet, out: &mut O);

    /// See [`Push::tick`].
    fn tick_with<M: PacketIo, O: Outputs>(&mut self, io: &mut M, peers: P, out: &mut O) {
        let _ = (io, peers, out);
    }
}

/// Packets begin here.
pub trait Source: Element {
    /// Adds to `batch` what is there now, up to its room and to `limit` packets.
    fn produce<M: PacketIo>(&mut self, io: &mut M, limit: usize, batch: &mut Batch);
}

/// Packets end here.
pub trait Sink: Element {
    /// Takes all packets of `batch`.
    fn consume<M: PacketIo>(&mut self, io: &mut M, batch: Batch);

    /// How many packets to pull for it now, where it stands at the end of a pull path.
    fn room<M: PacketIo>(&mut self, io: &mut M) -> usize {
        let _ = io;
        crate::BURST
    }
}

/// What a wiring was made of, in Click's language.
#[derive(Clone, Copy, Debug)]
pub struct Configuration {
    /// As it was written; empty if that is not kept.
    pub written: &'static str,
    /// Without compounds, groups and variables.
    pub flat: &'static str,
    /// Each element's arguments, in the order of `Graph::ELEMENTS`.
    pub elements: &'static [&'static str],
}

/// The wiring of one VM, as the compiler emits it.
pub trait Graph {
    /// The VM's ports in the order of its NICs and links.
    const PORTS: &'static [&'static str];

    /// Ports, as bits, whose frames carry their chain. Where a port's device carries nothing beside a frame, the machine puts it
    /// into an [`envelope`](crate::chains::envelope).
    const CHAIN_PORTS: u64 = 0;

    /// The machine's own hosts. Their ports' numbers are those behind the numbers of `PORTS`.
    const HOSTS: &'static [OwnHost] = &[];

    /// Every element with its class, in order of appearance.
    const ELEMENTS: &'static [(&'static str, &'static str)];

    /// The configuration's texts; a process has them, an image does not.
    const CONFIGURATION: Configuration = Configuration { written: "", flat: "", elements: &[] };

    /// Gives the elements their memory. Called once, before anything else.
    fn start(&mut self) {}

    /// Runs every task once: receives, pushes through, pulls, transmits. True if a packet moved.
    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool;

    /// The earliest time at which an element wants to act although no packet comes.
    fn deadline_ns(&self) -> Option<u64> {
        None
    }

    /// Somebody asked the machine to stop: true if it may.
    fn may_stop(&mut self) -> bool {
        true
    }

    /// Reads `element.handler`.
    fn read_handler(&mut self, element: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError>;

    /// Writes `element.handler`.
    fn write_handler(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError>;
}
