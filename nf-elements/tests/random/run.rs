// SPDX-License-Identifier: Apache-2.0
//! Elements of every shape, driven by an input.

use super::input::Input;
use nf_elements::spec::HandlerKind;
use nf_elements::testing::ListIo;
use nf_elements::{BURST, Batch, Element, HandlerError, Handlers, Outputs, Packet, Turn};
use std::fmt;

/// Most steps with one element.
const STEPS: usize = 120;
/// The first byte of an input whose rest goes to handlers.
pub const HANDLERS_ONLY: u8 = 0xff;
/// Most pulls on the way to one packet.
const TURNS: usize = 1000;

/// Outputs that drop, and count how many packets they took.
pub struct Dropping<const N: usize> {
    pub room: [usize; N],
}

impl<const N: usize> Outputs for Dropping<N> {
    const COUNT: usize = N;

    fn room(&self, port: usize) -> usize {
        self.room.get(port).copied().unwrap_or(0)
    }

    fn emit(&mut self, port: usize, packet: Packet) {
        assert!(packet.headroom() + packet.len() + packet.tailroom() == nf_elements::DATA_BYTES);
        if let Some(room) = self.room.get_mut(port) {
            *room = room.saturating_sub(1);
        }
    }
}

/// A reply with an end.
struct Reply(usize);

impl fmt::Write for Reply {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Other elements' handlers, which are as good as the input.
pub struct Fake<'a, 'b>(pub &'a mut Input<'b>);

impl Handlers for Fake<'_, '_> {
    fn read(&mut self, _: &str, _: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match self.0.byte() % 8 {
            0 => Err(HandlerError::Unknown),
            1 => Err(HandlerError::NoElement),
            2 => (0..300).try_for_each(|line| Ok(writeln!(out, "line {line}")?)),
            _ => Ok(out.write_str(&self.0.value())?),
        }
    }

    fn write(&mut self, _: &str, _: &str, _: &str) -> Result<(), HandlerError> {
        match self.0.byte() % 4 {
            0 => Err(HandlerError::BadValue),
            _ => Ok(()),
        }
    }
}

/// What one step does.
pub enum Step {
    /// A packet comes, or is asked for.
    Packet,
    /// A round without a packet.
    Tick,
}

/// The input and the machine around one element.
pub struct World<'a> {
    pub input: Input<'a>,
    pub io: ListIo,
    steps: usize,
    handlers_only: bool,
}

impl<'a> World<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut input = Input(bytes);
        let first = input.byte();
        let mut world = World { input, io: ListIo::new(3), steps: 0, handlers_only: first == HANDLERS_ONLY };
        if first.is_multiple_of(2) {
            world.io.now_ns = 1_700_000_000_000_000_000;
        }
        world
    }

    /// Handlers and time until it is the packets' turn; none at the input's end.
    pub fn step<E: Element>(&mut self, element: &mut E) -> Option<Step> {
        loop {
            self.steps += 1;
            if self.input.is_empty() || self.steps > STEPS {
                return None;
            }
            self.io.printed.clear();
            self.io.written.clear();
            self.io.sent.iter_mut().for_each(Vec::clear);
            match self.input.byte() % if self.handlers_only { 5 } else { 16 } {
                0 | 1 => self.io.now_ns = self.io.now_ns.saturating_add(self.input.nanoseconds()),
                2 => self.read(element),
                3 | 4 => self.write(element),
                5 | 6 => return Some(Step::Tick),
                7 => self.io.buffers = [None, Some(0), Some(1)][self.input.below(3)],
                _ => return Some(Step::Packet),
            }
        }
    }

    fn write<E: Element>(&mut self, element: &mut E) {
        let writes = |kind| matches!(kind, HandlerKind::Write | HandlerKind::ReadWrite);
        let names: Vec<_> = E::SPEC.handlers.iter().filter(|handler| writes(handler.kind)).collect();
        if let Some(handler) = names.get(self.input.below(names.len())) {
            let value = if self.handlers_only { self.input.line() } else { self.input.value() };
            let _ = element.write_handler(handler.name, &value);
        }
    }

    fn read<E: Element>(&mut self, element: &E) {
        if let Some(handler) = E::SPEC.handlers.get(self.input.below(E::SPEC.handlers.len())) {
            let mut room = Reply(usize::from(self.input.word()) % 4096);
            let _ = element.read_handler(handler.name, &mut room);
            let _ = element.read_handler(&format!("{} {}", handler.name, self.input.value()), &mut Reply(4096));
        }
    }

    /// Reads all handlers.
    pub fn end<E: Element>(&mut self, element: &E) {
        for handler in E::SPEC.handlers {
            let _ = element.read_handler(handler.name, &mut Reply(1 << 16));
        }
        let _ = element.deadline_ns();
    }

    /// Pulls once from a `Pull` element, by its `turn`.
    pub fn pull(
        &mut self,
        mut turn: impl FnMut(&mut ListIo, Option<(usize, Option<Packet>)>) -> Turn,
    ) -> Option<Packet> {
        let mut answer = None;
        for _ in 0..TURNS {
            match turn(&mut self.io, answer.take()) {
                Turn::Pull(port) => answer = Some((port, (!self.input.one_in(4)).then(|| self.input.packet()))),
                Turn::Give(packet) => return Some(packet),
                Turn::Rest => return None,
            }
        }
        panic!("it pulls for ever");
    }

    /// A batch of the input's packets.
    pub fn batch(&mut self) -> Batch {
        let mut batch = Batch::new();
        for _ in 0..self.input.below(4) {
            let _ = batch.push(self.input.packet());
        }
        batch
    }

    /// How many packets a source may give now.
    pub fn limit(&mut self) -> usize {
        1 + self.input.below(BURST)
    }
}

/// What an element of one shape does in one step.
macro_rules! treat {
    (Action, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {
        if let Step::Packet = $step {
            let mut packet = $world.input.packet();
            let _ = $element.action(&mut $world.io, &mut packet);
        }
    };
    (Action, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, [$($peer:ident)+]) => {
        if let Step::Packet = $step {
            let mut packet = $world.input.packet();
            let _ = $element.action_with(&mut $world.io, ($(&mut $peer,)+), &mut packet);
        }
    };
    (Route, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {
        if let Step::Packet = $step {
            let (input, mut packet) = ($world.input.below(4), $world.input.packet());
            let _ = $element.route(&mut $world.io, input, &mut packet);
        }
    };
    (Route, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, [$($peer:ident)+]) => {
        if let Step::Packet = $step {
            let (input, mut packet) = ($world.input.below(4), $world.input.packet());
            let _ = $element.route_with(&mut $world.io, ($(&mut $peer,)+), input, &mut packet);
        }
    };
    (Push, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {{
        let mut out = Dropping::<$outputs> { room: [$most; $outputs] };
        if let Step::Packet = $step {
            let (input, packet) = ($world.input.below(4), $world.input.packet());
            $element.push(&mut $world.io, input, packet, &mut out);
        } else {
            $element.tick(&mut $world.io, &mut out);
        }
    }};
    (Push, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, [$($peer:ident)+]) => {{
        let mut out = Dropping::<$outputs> { room: [$most; $outputs] };
        if let Step::Packet = $step {
            let (input, packet) = ($world.input.below(4), $world.input.packet());
            $element.push_with(&mut $world.io, ($(&mut $peer,)+), input, packet, &mut out);
        } else {
            $element.tick_with(&mut $world.io, ($(&mut $peer,)+), &mut out);
        }
    }};
    (Store, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {
        if let Step::Packet = $step {
            let (input, packet) = ($world.input.below(4), $world.input.packet());
            let _ = $element.store(&mut $world.io, input, packet);
        } else {
            let _ = ($element.full(), $element.pull(&mut $world.io));
        }
    };
    (Source, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {{
        let _ = $step;
        let limit = $world.limit();
        $element.produce(&mut $world.io, limit, &mut Batch::new());
    }};
    (Sink, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {
        if let Step::Packet = $step {
            let batch = $world.batch();
            $element.consume(&mut $world.io, batch);
        } else {
            let _ = $element.room(&mut $world.io);
        }
    };
    (Pull, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {{
        let _ = ($step, $element.burst());
        let _ = $world.pull(|io, answer| $element.turn(io, answer));
    }};
    (Control, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {{
        let mut handlers = Fake(&mut $world.input);
        if let Step::Packet = $step {
            let _ = ($element.is_due($world.io.now_ns), $element.run(&mut $world.io, &mut handlers));
        } else {
            let (name, value) = (["run", "step", "goto", "s", "add", "sprintf", "now"][handlers.0.below(7)], handlers.0.value());
            let _ = $element.may_stop();
            let _ = $element.read_running(&format!("{name} {value}"), &mut handlers, &mut String::new());
            let _ = $element.write_running(name, &value, &mut handlers);
        }
    }};
    (Information, $world:ident, $step:ident, $element:ident, $outputs:expr, $most:expr, []) => {
        let _ = $step;
    };
}

/// A list of instances becomes `RUNS`: for each its text and what runs it on an input.
macro_rules! instances {
    ($($text:literal, $shape:ident, $outputs:literal, $most:literal, $type:ty = $new:expr,
        [$($entry:ty = $empty:expr; $count:literal)?],
        [$($peer:ident: $peer_type:ty = $peer_new:expr, [$($peer_entry:ty = $peer_empty:expr; $peer_count:literal)?];)*];)*) => {
        /// Each instance's text, and what runs it on an input.
        pub const RUNS: &[(&str, fn(&[u8]))] = &[$(($text, |bytes| {
            const NEW: $type = $new;
            let mut world = World::new(bytes);
            $(
                let mut $peer: $peer_type = const { $peer_new };
                $($peer.lend(crate::lent(|| -> $peer_entry { $peer_empty }, $peer_count));)?
            )*
            #[allow(unused_mut)]
            let mut element: $type = NEW;
            $(element.lend(crate::lent(|| -> $entry { $empty }, $count));)?
            while let Some(step) = world.step(&mut element) {
                treat!($shape, world, step, element, $outputs, $most, [$($peer)*]);
            }
            world.end(&element);
        }),)*];
    };
}

/// The instances. The expressions are made for a module of an image, where other names are in scope.
#[allow(unused_qualifications, unused_imports, clippy::wildcard_imports, clippy::large_stack_arrays)]
mod instances {
    use super::{Dropping, Fake, Step, World};
    use nf_elements::elements::*;
    use nf_elements::*;

    include!("instances.rs");
}

pub use instances::RUNS;
