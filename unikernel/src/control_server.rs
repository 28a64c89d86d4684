// SPDX-License-Identifier: Apache-2.0
//! The VM's end of the control channel: takes a request, answers it, takes the next.

use crate::channel::{Channel, INPUT_BYTES};
use crate::tap::Tap;
use control::{Failure, FromVm, MACHINE, MESSAGE_BYTES, ToVm};
use core::fmt::Write;
use heapless::{String, Vec};
use nf_elements::{Graph, HandlerError};

/// Room for a value beside the message's other bytes.
const VALUE_BYTES: usize = MESSAGE_BYTES - 64;

/// The server.
pub struct ControlServer {
    channel: Channel,
    /// Bytes that have come and are not answered: at most a request without its end and what one read brings.
    input: Vec<u8, { MESSAGE_BYTES + INPUT_BYTES }>,
    /// The rest of a request that was too long is skipped.
    overlong: bool,
    /// Requests that could not be decoded.
    malformed: u64,
}

/// What is kept of a request that is too long: COBS cannot say it, so it is answered as malformed.
const OVERLONG: u8 = 0xff;

/// A call of one of the machine's own handlers.
pub enum MachineCall<'a> {
    /// Write the value of that handler.
    Read(&'a str, &'a mut dyn Write),
    /// Give that handler a value.
    Write(&'a str, &'a str),
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
    /// Serves `channel`.
    pub fn new(channel: Channel) -> Self {
        ControlServer { channel, input: Vec::new(), overlong: false, malformed: 0 }
    }

    /// Says that all ports are up.
    pub fn say_ready(&mut self, ready_ns: u64, now_ns: u64) {
        self.send(&FromVm::Ready { protocol: control::PROTOCOL, ready_ns, now_ns });
    }

    /// Answers a request that has come, if the last answer is out. `machine` has the machine's own handlers.
    #[inline]
    pub fn poll<G: Graph>(
        &mut self,
        graph: &mut G,
        tap: &mut Tap,
        now_ns: u64,
        machine: impl FnMut(MachineCall) -> Result<(), HandlerError>,
    ) -> Wish {
        let (input, overlong) = (&mut self.input, &mut self.overlong);
        if end_of_first(input).is_none() {
            self.channel.read(|bytes| take(bytes, input, overlong));
        }
        match end_of_first(input) {
            Some(end) if self.channel.is_drained() => self.answer(end, graph, tap, now_ns, machine),
            _ => {
                self.channel.go_on();
                Wish::GoOn
            }
        }
    }

    #[cold]
    fn answer<G: Graph>(
        &mut self,
        end: usize,
        graph: &mut G,
        tap: &mut Tap,
        now_ns: u64,
        mut machine: impl FnMut(MachineCall) -> Result<(), HandlerError>,
    ) -> Wish {
        let mut frame = Vec::<u8, MESSAGE_BYTES>::new();
        frame.extend(self.input.drain(..=end).take(MESSAGE_BYTES));
        let mut value = String::<VALUE_BYTES>::new();
        let mut wish = Wish::GoOn;
        let result = match control::decode::<ToVm>(&mut frame) {
            Some(ToVm::Hello { nonce }) => {
                return self.finish(Ok(FromVm::Hello { protocol: control::PROTOCOL, nonce }), wish);
            }
            Some(ToVm::Read { element: MACHINE, handler: "malformed" }) => {
                write!(value, "{}", self.malformed).map_err(|_| Failure::TooLong)
            }
            Some(ToVm::Read { element: MACHINE, handler }) => {
                machine(MachineCall::Read(handler, &mut value)).map_err(failure)
            }
            Some(ToVm::Read { element, handler }) => graph.read_handler(element, handler, &mut value).map_err(failure),
            Some(ToVm::Write { element, handler, value }) => {
                let written = match element {
                    MACHINE => machine(MachineCall::Write(handler, value)),
                    _ => graph.write_handler(element, handler, value),
                };
                return self.finish(written.map(|()| FromVm::Done).map_err(failure), wish);
            }
            Some(ToVm::PowerOff) => {
                wish = Wish::PowerOff;
                return self.finish(Ok(FromVm::Done), wish);
            }
            Some(ToVm::Tap { name, snap }) => {
                let found = tap.listen::<G>(name, snap, now_ns);
                return self.finish(if found { Ok(FromVm::Done) } else { Err(Failure::NoElement) }, wish);
            }
            Some(ToVm::TakeTap) if !tap.is_on() => Err(Failure::NoHandler),
            Some(ToVm::TakeTap) => {
                tap.take(now_ns, |lost, packets| self.send(&FromVm::Mirrored { lost, packets }));
                return wish;
            }
            Some(ToVm::EndTap) => {
                tap.end();
                return self.finish(Ok(FromVm::Done), wish);
            }
            None => {
                self.malformed += 1;
                Err(Failure::Malformed)
            }
        };
        self.finish(result.map(|()| FromVm::Value(&value)), wish)
    }

    fn finish(&mut self, answer: Result<FromVm, Failure>, wish: Wish) -> Wish {
        self.send(&answer.unwrap_or_else(FromVm::Failed));
        wish
    }

    fn send(&mut self, message: &FromVm) {
        self.channel.write(|buffer| {
            if let Some(sent) = control::encode(message, buffer) {
                return sent.len();
            }
            control::encode(&FromVm::Failed(Failure::TooLong), buffer).map_or(0, <[u8]>::len)
        });
    }

    /// Whether the last answer is out.
    pub fn is_drained(&mut self) -> bool {
        self.channel.is_drained()
    }

    /// Asks for an interrupt at the next request. False if one has come.
    pub fn arm(&mut self) -> bool {
        self.channel.arm() && end_of_first(&self.input).is_none()
    }
}

/// Where the first whole request in `input` ends.
#[inline]
fn end_of_first(input: &[u8]) -> Option<usize> {
    input.iter().position(|&byte| byte == 0)
}

/// Takes bytes that have come. Of a request that is too long only [`OVERLONG`] is kept; an empty one is none.
fn take<const N: usize>(bytes: &[u8], input: &mut Vec<u8, N>, overlong: &mut bool) {
    for &byte in bytes {
        let (begun, ended) = (input.last().is_some_and(|&last| last != 0), byte == 0);
        let skipped = if *overlong { !ended } else { ended && !begun };
        if skipped {
            continue;
        }
        *overlong = false;
        // There is room: only a request without its end is added to, by no more than one read.
        let _ = input.push(byte);
    }
    if end_of_first(input).is_none() && input.len() >= MESSAGE_BYTES {
        input.clear();
        let _ = input.push(OVERLONG);
        *overlong = true;
    }
}

fn failure(error: HandlerError) -> Failure {
    match error {
        HandlerError::NoElement => Failure::NoElement,
        HandlerError::Unknown => Failure::NoHandler,
        HandlerError::BadValue => Failure::BadValue,
        HandlerError::TooLong => Failure::TooLong,
        HandlerError::Busy => Failure::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_come_together_are_all_kept() {
        let (mut input, mut overlong) = (Vec::<u8, { MESSAGE_BYTES + INPUT_BYTES }>::new(), false);
        take(&[1, 2, 0, 3, 0, 4], &mut input, &mut overlong);
        assert_eq!((end_of_first(&input), input.len()), (Some(2), 6));
        input.drain(..=2);
        assert_eq!((end_of_first(&input), overlong), (Some(1), false));
    }

    #[test]
    fn of_a_request_that_is_too_long_only_what_is_malformed_is_kept() {
        let (mut input, mut overlong) = (Vec::<u8, { MESSAGE_BYTES + INPUT_BYTES }>::new(), false);
        for _ in 0..9 {
            take(&[7; INPUT_BYTES], &mut input, &mut overlong);
        }
        take(&[7, 0, 5, 0], &mut input, &mut overlong);
        assert_eq!((&input[..], overlong), (&[OVERLONG, 0, 5, 0][..], false));
        assert_eq!(control::decode::<ToVm>(&mut input[..2]), None);
    }

    #[test]
    fn an_empty_request_is_none() {
        let (mut input, mut overlong) = (Vec::<u8, { MESSAGE_BYTES + INPUT_BYTES }>::new(), false);
        take(&[0, 0, 5, 0, 0, 6], &mut input, &mut overlong);
        assert_eq!((&input[..], overlong), (&[5, 0, 6][..], false));
    }
}
