// SPDX-License-Identifier: Apache-2.0
//! From the command line to the exit code, and the loop between them.

use crate::clock::{Clock, Idle};
use crate::io::NativeIo;
use crate::options::Options;
use crate::ports::{self, Port};
use crate::signals::Signals;
use crate::{files, handlers};
use nf_elements::Graph;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeSpec;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs `graph` as its command line says.
pub fn main<G: Graph>(graph: &mut G, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => return complain(2, error),
    };
    match process(graph, &options) {
        Ok(code) => ExitCode::from(code),
        Err(error) => complain(1, error),
    }
}

fn complain(code: u8, error: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(code)
}

/// The steps in order; the exit code.
fn process<G: Graph>(graph: &mut G, options: &Options) -> Result<u8, String> {
    graph.start();
    let signals = handlers::signals_of_scripts(graph);
    let signals = Signals::listen(signals).map_err(|error| format!("cannot listen for signals: {error}"))?;
    for (handler, value) in &options.writes {
        handlers::write_one(graph, handler, value)?;
    }
    if !options.quit {
        let clock = options.simulated_ns.map_or_else(Clock::wall, Clock::simulated);
        let began = Spent::now();
        let mut machine = Machine {
            io: NativeIo::new(ports::open(G::PORTS, G::CHAIN_PORTS, G::HOSTS, &options.attachments)?, clock),
            signals,
            rounds: 0,
        };
        machine.run(graph);
        machine.end()?;
        if options.time {
            println!("{}", began.until_now());
        }
    }
    conclude(graph, options)
}

/// Prints the handlers that the user wants to see.
fn conclude<G: Graph>(graph: &mut G, options: &Options) -> Result<u8, String> {
    let (printed, errors) = handlers::read_all(graph, &options.handlers);
    let out = std::io::stdout().write_all(printed.as_bytes()).and_then(|()| std::io::stdout().flush());
    out.map_err(|error| format!("cannot write to standard output: {error}"))?;
    errors.iter().for_each(|error| eprintln!("{error}"));
    let code = u8::from(!errors.is_empty());
    let Some(handler) = &options.exit_handler else { return Ok(code) };
    Ok(exit_code(&handlers::read_one(graph, handler)).unwrap_or_else(|error| {
        eprintln!("{error}");
        u8::MAX
    }))
}

/// The exit code that a handler's value means: a number itself, truth 0, its contrary 1.
fn exit_code(value: &Result<String, String>) -> Result<u8, String> {
    match value.as_ref().map_err(String::clone)?.trim() {
        "true" => Ok(0),
        "false" => Ok(1),
        number => {
            number.parse::<i64>().map(|code| code as u8).map_err(|_| "exit handler value should be integer".into())
        }
    }
}

struct Machine {
    io: NativeIo,
    signals: Signals,
    rounds: u64,
}

impl Machine {
    fn run<G: Graph>(&mut self, graph: &mut G) {
        loop {
            self.rounds += 1;
            self.io.signals = self.signals.take();
            // In Click signals come before timers: no time passes where one has come.
            if self.io.signals == 0 {
                self.io.clock.round();
            }
            let moved = graph.run(&mut self.io);
            self.io.flush();
            // A driver manager goes one wait further with each request.
            if (0..std::mem::take(&mut self.io.stops_asked)).any(|_| graph.may_stop()) {
                return;
            }
            if self.io.signals != 0 || self.signals.are_missed() {
                self.signals.only(handlers::signals_of_scripts(graph));
            }
            if self.signals.ask_to_stop() {
                // A driver manager hears of it, but cannot refuse.
                graph.may_stop();
                return;
            }
            if moved {
                self.io.clock.moved();
            } else if !self.rest(graph.deadline_ns()) {
                return;
            }
        }
    }

    /// Waits until there may be something to do; false if there never will be.
    fn rest(&mut self, deadline_ns: Option<u64>) -> bool {
        let real = self.io.ports.iter().any(Port::is_real);
        match self.io.clock.idle(deadline_ns) {
            Idle::GoOn => true,
            Idle::Stalled => {
                eprintln!("warning: an element's deadline is over and it does nothing; it is given up");
                false
            }
            Idle::Wait(None) if !real && self.ends_when_idle() => false,
            Idle::Wait(nanoseconds) => {
                self.wait(nanoseconds);
                true
            }
        }
    }

    /// Whether nothing can come any more: simulated time has no future without a deadline, and captures end.
    fn ends_when_idle(&self) -> bool {
        self.io.clock.is_simulated() || self.io.ports.iter().any(|port| port.has_replayed())
    }

    /// Sleeps until a device has something, a signal comes, or the time is over.
    fn wait(&mut self, nanoseconds: Option<u64>) {
        let mut polled = vec![PollFd::new(self.signals.fd(), PollFlags::POLLIN)];
        polled.extend(self.io.ports.iter().filter_map(Port::fd).map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        let timeout = nanoseconds.map(|nanoseconds| TimeSpec::from_duration(Duration::from_nanos(nanoseconds)));
        // An interruption is a reason to look again, as any other.
        let _ = ppoll(&mut polled, timeout, None);
        self.signals.drain();
    }

    /// Finishes captures and files.
    fn end(&mut self) -> Result<(), String> {
        self.io.flush();
        for port in &mut self.io.ports {
            port.finish()?;
        }
        files::flush().map_err(|error| format!("cannot write an element's file: {error}"))?;
        files::trouble()
    }
}

/// Time that the process has spent.
struct Spent {
    usage: Option<Usage>,
    at: Instant,
}

impl Spent {
    fn now() -> Spent {
        Spent { usage: getrusage(UsageWho::RUSAGE_SELF).ok(), at: Instant::now() }
    }

    /// Processor time of its own, of the kernel for it, and time of day since: Click's `0.001u 0.002s 0:00.00`.
    fn until_now(&self) -> String {
        let now = Spent::now();
        let milliseconds = |of: fn(&Usage) -> nix::sys::time::TimeVal| {
            let value = |usage: &Option<Usage>| {
                usage.as_ref().map_or(0, |usage| of(usage).tv_sec() * 1_000_000 + of(usage).tv_usec())
            };
            (value(&now.usage) - value(&self.usage) + 500) / 1000
        };
        let (user, system) = (milliseconds(Usage::user_time), milliseconds(Usage::system_time));
        let hundredths = ((now.at - self.at).as_micros() + 5_000) / 10_000;
        let (minutes, hundredths) = (hundredths / 6_000, hundredths % 6_000);
        format!(
            "{}.{:03}u {}.{:03}s {minutes}:{:02}.{:02}",
            user / 1000,
            user % 1000,
            system / 1000,
            system % 1000,
            hundredths / 100,
            hundredths % 100
        )
    }
}

#[cfg(test)]
mod tests;
