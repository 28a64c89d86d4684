// SPDX-License-Identifier: Apache-2.0

use super::*;
use nf_elements::{HandlerError, PacketIo};
use std::fmt;

/// Acts at the times that it is given, one after the other; then asks for the end, if it shall.
struct Timed {
    due: Vec<u64>,
    acted: Vec<u64>,
    stops: bool,
    refusals: u32,
    /// Requests to stop at a time.
    requests: u32,
}

impl Graph for Timed {
    const PORTS: &'static [&'static str] = &[];
    const ELEMENTS: &'static [(&'static str, &'static str)] = &[("t", "Timed")];

    fn run<M: PacketIo>(&mut self, io: &mut M) -> bool {
        match self.due.first() {
            Some(&due) if io.now_ns() >= due => {
                self.due.remove(0);
                self.acted.push(io.now_ns());
                true
            }
            None if self.stops => {
                (0..self.requests).for_each(|_| io.stop());
                false
            }
            _ => false,
        }
    }

    fn deadline_ns(&self) -> Option<u64> {
        self.due.first().copied().or(self.stops.then_some(0))
    }

    fn may_stop(&mut self) -> bool {
        self.refusals = self.refusals.saturating_sub(1);
        self.refusals == 0
    }

    fn read_handler(&mut self, _: &str, handler: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        match handler {
            "acted" => Ok(write!(out, "{:?}", self.acted)?),
            _ => Err(HandlerError::Unknown),
        }
    }

    fn write_handler(&mut self, _: &str, _: &str, value: &str) -> Result<(), HandlerError> {
        self.due.push(value.parse().map_err(|_| HandlerError::BadValue)?);
        Ok(())
    }
}

fn timed(due: &[u64]) -> Timed {
    Timed { due: due.into(), acted: Vec::new(), stops: false, refusals: 0, requests: 1 }
}

fn run(graph: &mut Timed, line: &str) -> Result<u8, String> {
    process(graph, &Options::parse(line.split(' ').map(OsString::from)).expect("the test's line is sound"))
}

#[test]
fn simulated_time_is_exact_and_ends_with_the_last_deadline() {
    let mut graph = timed(&[0, 1, 1_000_000_007, 3_600_000_000_000]);
    assert_eq!(run(&mut graph, "--simtime=0"), Ok(0));
    assert_eq!(graph.acted, [0, 1, 1_000_000_007, 3_600_000_000_000]);
}

#[test]
fn a_stop_ends_it_unless_it_is_refused() {
    let mut graph = Timed { stops: true, refusals: 3, ..timed(&[5]) };
    assert_eq!(run(&mut graph, "--simtime=0"), Ok(0));
    assert_eq!((graph.acted, graph.refusals), (vec![5], 0));
}

#[test]
fn each_request_to_stop_counts() {
    let mut graph = Timed { stops: true, refusals: 5, requests: 2, ..timed(&[]) };
    assert_eq!(run(&mut graph, "--simtime=0"), Ok(0));
    assert_eq!(graph.refusals, 0, "the fifth is met");
    let mut graph = Timed { stops: true, refusals: 2, requests: 9, ..timed(&[]) };
    assert_eq!((run(&mut graph, "--simtime=0"), graph.refusals), (Ok(0), 0), "no more of them than needed");
}

#[test]
fn the_wall_clock_waits() {
    let mut graph = Timed { stops: true, ..timed(&[0, 0]) };
    graph.due[1] = Clock::wall().now_ns() + 20_000_000;
    assert_eq!(run(&mut graph, "-t"), Ok(0));
    assert_eq!(graph.acted.len(), 2);
}

#[test]
fn handlers_are_written_before_it_runs_and_read_behind() {
    let mut graph = timed(&[]);
    assert_eq!(run(&mut graph, "--write=t.due"), Err("'t.due' does not take this value".into()));
    let mut options = Options::parse(["--simtime=0", "-x", "t.acted"].map(OsString::from).into_iter()).expect("sound");
    options.writes.push(("t.due".into(), "7".into()));
    assert_eq!(process(&mut graph, &options), Ok(u8::MAX), "a list is no exit code");
    assert_eq!(graph.acted, [7]);
    assert_eq!(run(&mut graph, "-q -h t.none"), Ok(1));
}

#[test]
fn exit_codes() {
    let code = |value: &str| exit_code(&Ok(value.into()));
    assert_eq!((code("3\n"), code("true"), code("false"), code("-1")), (Ok(3), Ok(0), Ok(1), Ok(255)));
    assert!(code("x").is_err() && exit_code(&Err("gone".into())).is_err());
}
