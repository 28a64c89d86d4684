// SPDX-License-Identifier: Apache-2.0
//! The VM's end of the control channel: takes a request, answers it, takes the next.

use crate::virtio::console::Console;
use control::{Failure, FromVm, MACHINE, MESSAGE_BYTES, ToVm};
use core::fmt;
use heapless::{String, Vec};
use nf_elements::{Graph, HandlerError};

/// Room for a value beside the message's other bytes.
const VALUE_BYTES: usize = MESSAGE_BYTES - 64;

/// The server.
pub struct ControlServer {
    console: Console,
    /// Bytes of the request that is coming in.
    request: Vec<u8, MESSAGE_BYTES>,
    /// The rest of a request that was too long is skipped.
    overlong: bool,
}

/// What a request asks of the run loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing more.
    GoOn,
    /// Power off once the answer is out.
    PowerOff,
}

impl ControlServer {
    /// Serves `console`.
    pub fn new(console: Console) -> Self {
        ControlServer { console, request: Vec::new(), overlong: false }
    }

    /// Says that all ports are up.
    pub fn say_ready(&mut self, ready_ns: u64, now_ns: u64) {
        self.send(&FromVm::Ready { protocol: control::PROTOCOL, ready_ns, now_ns });
    }

    /// Answers a request that has come, if the last answer is out. `machine` reads the machine's own handlers.
    #[inline]
    pub fn poll<G: Graph>(&mut self, graph: &mut G, machine: impl Fn(&str) -> Option<u64>) -> Wish {
        let (request, overlong) = (&mut self.request, &mut self.overlong);
        self.console.read(|bytes| {
            for &byte in bytes {
                if byte == 0 && *overlong {
                    request.clear();
                    *overlong = false;
                } else if request.last() != Some(&0) {
                    *overlong |= request.push(byte).is_err();
                }
            }
        });
        if self.request.last() == Some(&0) { self.answer(graph, machine) } else { Wish::GoOn }
    }

    #[cold]
    fn answer<G: Graph>(&mut self, graph: &mut G, machine: impl Fn(&str) -> Option<u64>) -> Wish {
        if !self.console.is_drained() {
            return Wish::GoOn;
        }
        let mut frame = core::mem::take(&mut self.request);
        let mut value = String::<VALUE_BYTES>::new();
        let mut wish = Wish::GoOn;
        let result = match control::decode::<ToVm>(&mut frame) {
            Some(ToVm::Read { element: MACHINE, handler }) => read_machine(machine(handler), &mut value),
            Some(ToVm::Read { element, handler }) => graph.read_handler(element, handler, &mut value).map_err(failure),
            Some(ToVm::Write { element, handler, value }) => {
                let written = graph.write_handler(element, handler, value).map_err(failure);
                return self.finish(written.map(|()| FromVm::Done), wish);
            }
            Some(ToVm::PowerOff) => {
                wish = Wish::PowerOff;
                return self.finish(Ok(FromVm::Done), wish);
            }
            None => Err(Failure::Malformed),
        };
        self.finish(result.map(|()| FromVm::Value(&value)), wish)
    }

    fn finish(&mut self, answer: Result<FromVm, Failure>, wish: Wish) -> Wish {
        self.send(&answer.unwrap_or_else(FromVm::Failed));
        wish
    }

    fn send(&mut self, message: &FromVm) {
        self.console.write(|buffer| {
            if let Some(sent) = control::encode(message, buffer) {
                return sent.len();
            }
            control::encode(&FromVm::Failed(Failure::TooLong), buffer).map_or(0, <[u8]>::len)
        });
    }

    /// Whether the last answer is out.
    pub fn is_drained(&mut self) -> bool {
        self.console.is_drained()
    }

    /// Asks for an interrupt at the next request. False if one has come.
    pub fn arm(&mut self) -> bool {
        self.console.arm() && self.request.last() != Some(&0)
    }
}

fn read_machine(value: Option<u64>, out: &mut dyn fmt::Write) -> Result<(), Failure> {
    let value = value.ok_or(Failure::NoHandler)?;
    write!(out, "{value}").map_err(|_| Failure::TooLong)
}

fn failure(error: HandlerError) -> Failure {
    match error {
        HandlerError::NoElement => Failure::NoElement,
        HandlerError::Unknown => Failure::NoHandler,
        HandlerError::BadValue => Failure::BadValue,
        HandlerError::TooLong => Failure::TooLong,
    }
}
