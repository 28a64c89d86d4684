// SPDX-License-Identifier: Apache-2.0
//! # Script
//! `Script(INSTRUCTION, … [, TYPE])` — runs instructions that read and write handlers.
//!
//! **Ports:** none.
//!
//! **Description:** each argument is an instruction; they are executed one after the other. In their texts `$x` is the
//! value of variable `x`, and `$(element.handler arguments)` what that read handler says; in single quotes they are not
//! replaced. Elements are looked up from where the script stands, outward.
//!
//! | instruction | |
//! | --- | --- |
//! | `set VAR TEXT` | gives a variable a value |
//! | `init VAR TEXT` | the same, once, when the machine starts |
//! | `export VAR [TEXT]` | the same; the variable is a read handler of the script |
//! | `print [>FILE \| >>FILE] TEXT` | prints what the handler TEXT says, if TEXT begins with a letter, else TEXT without quotation marks |
//! | `printn …` | the same without a line's end |
//! | `save HANDLER FILE`, `append HANDLER FILE` | the same as `print >FILE HANDLER`, `print >>FILE HANDLER` |
//! | `read HANDLER` | shows the handler's name and value on standard error |
//! | `write HANDLER [VALUE]` | calls a write handler; `$?` is 0 if it took the value |
//! | `pause [N]`, `wait_step [N]`, `wait_stop [N]`, `wait` | waits for N calls of the handler `step` (1), in TYPE DRIVER for N requests to stop |
//! | `wait TIME`, `wait_time TIME` | waits for that time, or a step |
//! | `label NAME` | a place to go to |
//! | `goto NAME [CONDITION]` | goes there, if the condition is true; `begin`, `end`, `exit`, `stop`, `error` are labels, too |
//! | `loop` | goes to the first instruction |
//! | `return [VALUE]` | ends; VALUE is what `run` says |
//! | `end`, `exit` | ends |
//! | `stop` | ends, and asks the machine to stop |
//! | `error [MESSAGE]` | ends with an error |
//!
//! With a `q` behind their names (`setq`, `printq`, …) instructions take quotation marks off the value.
//!
//! The functions below are handlers of the script, which it calls without a name: `$(add $x 1)`. They calculate with
//! integers of 64 bits and with fractions.
//!
//! TYPE is ACTIVE (runs at the start; the default), PASSIVE (runs when its handler `run` is called: `$args`, `$1`, …, `$#` are
//! its arguments), PROXY (runs for any handler: `$0` is its name, `$write` whether it was written), DRIVER (runs at the
//! start, and one wait further with each request to stop, which it thereby delays; see `DriverManager`) or
//! `SIGNAL NAME …` (runs when the process gets one of these signals, which then do not what they did before: `INT` and
//! `TERM` stop the process no more. From then until the script comes to its `end` the signals do what they do to a
//! process that does not catch them: they end it. A script that ends by `exit` does not run again).
//!
//! **Notes:** a value has at most 1024 bytes (`print` and `read` of a handler have no limit), calls are nested at most 8
//! deep; what is longer is reported, and left out. After 1000 jumps without a wait the script is given up, as in Click.
//! TYPE PACKET does not exist. A script that runs as a handler (`run`, `step`) cannot use files; what it
//! prints comes out through the script that called it, up to 1024 bytes, and in the next round if none did. Division by zero is an error in `mod`. `writable` does not exist; a VM has no files, no signals and no `$$`, and
//! `now` is the time since its start. A script that runs as a handler has no `$$` and no `kill`. The handler `set` takes only variables that the script's text names. `run`
//! begins its waits anew.
//!
//! **Handlers:** `step`, `goto`, `set` (write), `run` (read, write), the exported variables, and the functions (read, with
//! parameters): `add`, `sub`, `min`, `max`, `mul`, `div`, `idiv`, `mod`, `rem`, `neg`, `abs`, `eq`, `ne`, `gt`, `ge`,
//! `lt`, `le`, `not`, `and`, `or`, `nand`, `nor`, `if`, `in`, `first`, `length`, `unquote`, `sprintf`, `random`, `now`,
//! `htons`, `htonl`, `ntohs`, `ntohl`, `get`, `shift`, `readable`, `cat`, `catq`, `kill`, `said`, `signals`.
//!
//! **Example:** `Script(set x 0, label again, print $x, set x $(add $x 1), goto again $(lt $x 5), stop);`
//!
//! **See also:** `DriverManager`.

use crate::script::functions::{self, Function};
use crate::script::{
    Ending, Kind, Later, Machine, Mode, Outside, Program, State, Text, Through, repeat,
};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Control, Element, HandlerError, Handlers, PacketIo, Spec};
use core::fmt;

/// The arguments of every script.
pub(super) const ARGUMENTS: &[Argument] = &[
    Argument { name: "INSTRUCTION", kind: ArgumentKind::List, doc: "the instructions" },
    Argument { name: "TYPE", kind: ArgumentKind::Keyword, doc: "ACTIVE (default), PASSIVE, PROXY, DRIVER, SIGNAL NAME …" },
];

/// See the module's documentation.
pub struct Script {
    program: Program,
    state: State,
    /// The variables, the arguments of `run`, and what is to be said in the next round.
    texts: &'static mut [Text],
    initialized: bool,
    /// A script that ran as a handler wants the machine to stop.
    wants_stop: bool,
    /// Requests to stop that it has not yet met (TYPE DRIVER).
    requests: u32,
    /// It lets the machine stop (TYPE DRIVER).
    finished: bool,
}

impl Script {
    /// Runs `program`.
    pub const fn new(program: Program) -> Self {
        Script {
            program,
            state: State::new(),
            texts: &mut [],
            initialized: false,
            wants_stop: false,
            requests: 0,
            finished: false,
        }
    }

    /// Takes the memory of its values.
    pub fn lend(&mut self, memory: &'static mut [Text]) {
        self.texts = memory;
    }

    /// Runs as a handler: without the machine.
    fn called<T>(&mut self, handlers: &mut dyn Handlers, act: impl FnOnce(&mut Machine) -> T) -> T {
        let (said, values) = split(self.texts);
        let mut outside = Later { said, stop: &mut self.wants_stop };
        let (program, state) = (&self.program, &mut self.state);
        let outside = &mut outside;
        let mut machine = Machine { program, state, values, handlers, outside, context: true, told: false, errors: 0 };
        if !core::mem::replace(&mut self.initialized, true) {
            machine.initialize();
        }
        act(&mut machine)
    }

    /// The signals that it listens to, signal 1 in bit 1.
    fn listens_to(&self) -> u32 {
        if self.program.kind == Kind::Signal && self.state.listens { self.program.signal_bits() } else { 0 }
    }

    /// Whether there is something to do without a signal.
    fn has_work(&self, now_ns: u64) -> bool {
        let said = self.texts.last().is_some_and(|said| !said.is_empty());
        !self.initialized
            || self.wants_stop
            || said
            || self.state.is_new(&self.program)
            || self.state.wake_ns.is_some_and(|wake_ns| wake_ns <= now_ns)
            || (self.requests > 0 && !self.finished)
    }
}

/// What is to be said, and the values.
fn split(texts: &mut [Text]) -> (Option<&mut Text>, &mut [Text]) {
    match texts.split_last_mut() {
        Some((said, values)) => (Some(said), values),
        None => (None, &mut []),
    }
}

impl Element for Script {
    const SPEC: Spec = Spec {
        class: "Script",
        category: Category::Control,
        summary: "runs instructions that read and write handlers",
        ports: "0/0",
        processing: "/",
        shape: Shape::Control,
        arguments: ARGUMENTS,
        handlers: functions::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        let (handler, arguments) = name.split_once(' ').unwrap_or((name, ""));
        let mut around = functions::Surroundings { now_ns: self.state.now_ns, random: self.state.random };
        if let Some(function) = Function::named(handler) {
            return functions::evaluate(function, arguments, &mut around, out).map_err(|_| HandlerError::BadValue);
        }
        match self.program.exported(self.texts, handler) {
            Some(value) => Ok(out.write_str(value)?),
            // The others need the rest of the graph.
            None if self.program.has_handler(handler) => Err(HandlerError::BadValue),
            None => Err(HandlerError::Unknown),
        }
    }

    fn write_handler(&mut self, name: &str, _: &str) -> Result<(), HandlerError> {
        // They need the rest of the graph.
        if matches!(name, "step" | "goto" | "run" | "set") { Err(HandlerError::BadValue) } else { Err(HandlerError::Unknown) }
    }

    fn deadline_ns(&self) -> Option<u64> {
        if self.has_work(0) { Some(0) } else { self.state.wake_ns }
    }
}

impl Control for Script {
    fn run<M: PacketIo>(&mut self, io: &mut M, handlers: &mut dyn Handlers) -> bool {
        let now_ns = io.now_ns();
        self.state.now_ns = now_ns;
        let signalled = io.signals() & self.listens_to() != 0;
        if !signalled && !self.has_work(now_ns) {
            return false;
        }
        let mut outside = Through(io);
        let (said, values) = split(self.texts);
        if let Some(said) = said {
            repeat(said, &mut outside);
        }
        if core::mem::take(&mut self.wants_stop) {
            outside.stop();
        }
        let (program, state) = (&self.program, &mut self.state);
        let outside = &mut outside;
        let mut machine = Machine { program, state, values, handlers, outside, context: true, told: false, errors: 0 };
        if !core::mem::replace(&mut self.initialized, true) {
            machine.state.random ^= now_ns;
            machine.initialize();
        }
        if signalled {
            machine.state.listens = false;
            machine.run("run", "", true);
        }
        let drives = program.kind == Kind::Driver;
        if machine.state.is_new(program) {
            machine.advance(1, if drives { Mode::Stop } else { Mode::Timer });
            self.finished |= drives && machine.state.ended.is_some();
        }
        if machine.state.wake_ns.is_some_and(|wake_ns| wake_ns <= now_ns) {
            machine.advance(1, Mode::Timer);
            self.finished |= drives && machine.state.ended == Some(Ending::Stop);
        }
        while self.requests > 0 && !self.finished {
            self.requests -= 1;
            machine.advance(1, Mode::Stop);
            self.finished |= machine.state.ended.is_some();
        }
        if self.finished {
            machine.outside.stop();
        }
        true
    }

    fn is_due(&self, now_ns: u64) -> bool {
        self.listens_to() != 0 || self.has_work(now_ns)
    }

    fn may_stop(&mut self) -> bool {
        if self.program.kind != Kind::Driver || self.finished {
            return true;
        }
        self.requests = self.requests.saturating_add(1);
        false
    }

    fn read_running(
        &mut self,
        name: &str,
        handlers: &mut dyn Handlers,
        out: &mut dyn fmt::Write,
    ) -> Result<(), HandlerError> {
        let (handler, arguments) = name.split_once(' ').unwrap_or((name, ""));
        let own = self.program.has_handler(handler);
        if handler == "said" {
            if let (Some(said), _) = split(self.texts) {
                out.write_str(said)?;
                said.clear();
            }
            return Ok(());
        }
        // The machine asks for these before the start, and a script must not begin for that.
        if handler == "signals" {
            return if self.state.listens { Ok(self.program.write_signals(out)?) } else { Ok(()) };
        }
        if handler == "run" || (self.program.kind == Kind::Proxy && !own) {
            return self.called(handlers, |machine| {
                let fine = machine.run(handler, arguments, false);
                out.write_str(machine.result())?;
                if fine { Ok(()) } else { Err(HandlerError::BadValue) }
            });
        }
        if !own {
            return Err(HandlerError::Unknown);
        }
        self.called(handlers, |machine| {
            let mut value = Text::EMPTY;
            machine.answer(handler, arguments, &mut value).map_err(|_| HandlerError::BadValue)?;
            Ok(out.write_str(&value)?)
        })
    }

    fn write_running(&mut self, name: &str, value: &str, handlers: &mut dyn Handlers) -> Result<(), HandlerError> {
        let proxy = self.program.kind == Kind::Proxy;
        self.called(handlers, |machine| {
            let fine = match name {
                "run" => machine.run(name, value, true),
                "goto" | "set" => {
                    machine.write_state(name, value).map_err(|_| HandlerError::BadValue)?;
                    if name == "goto" {
                        machine.advance(0, Mode::Handler);
                    }
                    true
                }
                "step" => {
                    machine.state.more = 0;
                    machine.write_state(name, value).map_err(|_| HandlerError::BadValue)?;
                    machine.advance(machine.state.more, Mode::Handler);
                    true
                }
                _ if proxy => machine.run(name, value, true),
                _ => return Err(HandlerError::Unknown),
            };
            if fine { Ok(()) } else { Err(HandlerError::BadValue) }
        })
    }
}

/// The host side of `Script` and `DriverManager`: what is given to `new`, and the number of texts.
#[cfg(feature = "host")]
pub(super) fn configured(
    arguments: &mut crate::configure::Arguments,
    surroundings: &crate::configure::Surroundings,
    class: &'static str,
    kind: Kind,
) -> Option<crate::configure::Instance> {
    let program = crate::script::parse(arguments, surroundings, class, kind)?;
    let instance = crate::configure::Instance::new(class, format!("{class}::new({})", program.expression()));
    Some(instance.with_memory("nf_elements::script::Text", "nf_elements::script::Text::EMPTY", texts(&program)))
}

/// How many texts a program needs: its variables, the arguments of `run`, and what is to be said later.
#[cfg(feature = "host")]
fn texts(program: &Program) -> usize {
    program.variables.len() + 2
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Script {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        configured(arguments, surroundings, "Script", Kind::Active)
    }
}
