// SPDX-License-Identifier: Apache-2.0
//! Calls of write handlers that elements of the data path make: Click's END_CALL, COUNT_CALL and their like.
//!
//! An element never reaches another one by itself. It holds a [`Call`], makes it due when it is time, and gives it out by
//! [`Element::due_call`](crate::Element::due_call); the wiring asks for that behind each task, so a call is made when the
//! burst is through that caused it. Its element is looked up from the compound that the caller stands in, outward.

use crate::script::{full_name, scopes};
use crate::{HandlerError, Handlers, PacketIo};
use core::fmt;

/// Most bytes of a call that is given while the machine runs.
const WRITTEN_BYTES: usize = 64;

/// A call of a write handler: `ELEMENT.HANDLER [VALUE]`, or `stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    text: Text,
    due: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Fixed(&'static str),
    Written([u8; WRITTEN_BYTES], usize),
}

impl Call {
    /// No call.
    pub const NONE: Call = Call::new("");

    /// The call `text`.
    pub const fn new(text: &'static str) -> Self {
        Call { text: Text::Fixed(text), due: false }
    }

    /// The call; empty if there is none.
    pub fn text(&self) -> &str {
        match &self.text {
            Text::Fixed(text) => text,
            Text::Written(bytes, length) => {
                bytes.get(..*length).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default()
            }
        }
    }

    /// Changes it to `text`, which has at most 64 bytes.
    pub fn set(&mut self, text: &str) -> Result<(), HandlerError> {
        let mut bytes = [0; WRITTEN_BYTES];
        bytes.get_mut(..text.len()).ok_or(HandlerError::BadValue)?.copy_from_slice(text.as_bytes());
        (self.text, self.due) = (Text::Written(bytes, text.len()), false);
        Ok(())
    }

    /// It is to be made.
    #[inline]
    pub fn make_due(&mut self) {
        self.due = true;
    }

    /// The call, once each time it was made due.
    #[inline]
    pub fn take_due(&mut self) -> Option<Call> {
        core::mem::take(&mut self.due).then_some(*self)
    }

    /// Makes it for the element `user`. What goes wrong is told, as nobody else hears of it.
    pub fn perform<M: PacketIo>(&self, user: &str, io: &mut M, handlers: &mut dyn Handlers) {
        let (target, value) = self.text().split_once(char::is_whitespace).unwrap_or((self.text(), ""));
        let result = match target.split_once('.') {
            None if target == "stop" => {
                io.stop();
                Ok(())
            }
            None if target.is_empty() => Ok(()),
            None => Err(HandlerError::Unknown),
            Some((element, handler)) => write(user, element, handler, value.trim(), handlers),
        };
        if let Err(error) = result {
            let why = match error {
                HandlerError::NoElement => "no such element",
                HandlerError::Unknown => "no such write handler",
                HandlerError::Busy => "not while it runs",
                HandlerError::BadValue | HandlerError::TooLong => "bad value",
            };
            io.message(format_args!("{user}: {target}: {why}"));
        }
    }
}

/// Writes a handler of the element that is called so where `user` stands.
fn write(
    user: &str,
    element: &str,
    handler: &str,
    value: &str,
    handlers: &mut dyn Handlers,
) -> Result<(), HandlerError> {
    for scope in scopes(user) {
        match handlers.write(&full_name(scope, element), handler, value) {
            Err(HandlerError::NoElement) => {}
            result => return result,
        }
    }
    Err(HandlerError::NoElement)
}

/// A call at a count: `N ELEMENT.HANDLER [VALUE]`. It is made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountCall {
    at: u64,
    call: Call,
    made: bool,
}

impl CountCall {
    /// None.
    pub const NONE: CountCall = CountCall::new(u64::MAX, Call::NONE);

    /// `call` at the count `at`.
    pub const fn new(at: u64, call: Call) -> Self {
        CountCall { at, call, made: false }
    }

    /// Tells it the count.
    #[inline]
    pub fn reach(&mut self, count: u64) {
        if count >= self.at && !self.made {
            self.made = true;
            self.call.make_due();
        }
    }

    /// It can be made again.
    pub fn reset(&mut self) {
        self.made = false;
    }

    /// See [`Call::take_due`].
    #[inline]
    pub fn take_due(&mut self) -> Option<Call> {
        self.call.take_due()
    }

    /// Changes it to `text`; without a handler, what it calls stays.
    pub fn set(&mut self, text: &str) -> Result<(), HandlerError> {
        let text = text.trim();
        let (at, call) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let at = at.parse().map_err(|_| HandlerError::BadValue)?;
        if !call.is_empty() {
            self.call.set(call.trim())?;
        }
        (self.at, self.made) = (at, false);
        Ok(())
    }

    /// Writes it as Click does: nothing if there is none.
    pub fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        if self.at == u64::MAX { Ok(()) } else { write!(out, "{} {}", self.at, self.call.text()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ListIo;

    /// One element, `in/c`, with one handler, `set`.
    struct One(Vec<String>);

    impl Handlers for One {
        fn read(&mut self, _: &str, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
            Err(HandlerError::Unknown)
        }

        fn write(&mut self, element: &str, handler: &str, value: &str) -> Result<(), HandlerError> {
            match (element, handler) {
                ("in/c", "set") => {
                    self.0.push(value.into());
                    Ok(())
                }
                ("in/c", _) => Err(HandlerError::Unknown),
                _ => Err(HandlerError::NoElement),
            }
        }
    }

    #[test]
    fn elements_are_looked_up_outward() {
        let (mut one, mut io) = (One(Vec::new()), ListIo::new(0));
        for (user, text) in [("in/x", "c.set  1 2 "), ("in/deep/x", "c.set"), ("x", "in/c.set 3"), ("x", "c.set 4")] {
            Call::new(text).perform(user, &mut io, &mut one);
        }
        Call::new("in/c.get").perform("x", &mut io, &mut one);
        assert_eq!(one.0, ["1 2", "", "3"]);
        assert_eq!(io.printed, ["x: c.set: no such element", "x: in/c.get: no such write handler"]);
        assert!(!io.stopped);
        Call::new("stop").perform("x", &mut io, &mut one);
        assert!(io.stopped);
    }

    #[test]
    fn counts_are_reached_once() {
        let mut call = CountCall::new(3, Call::new("stop"));
        let reached = |call: &mut CountCall| {
            [2, 4, 5].map(|count| {
                call.reach(count);
                call.take_due().is_some()
            })
        };
        assert_eq!(reached(&mut call), [false, true, false]);
        call.set("5 c.reset now").unwrap();
        assert_eq!(reached(&mut call), [false, false, true]);
        let mut text = String::new();
        call.write(&mut text).unwrap();
        assert_eq!(text, "5 c.reset now");
        assert_eq!([call.set(""), call.set(&"9".repeat(99))], [Err(HandlerError::BadValue); 2]);
        assert_eq!(call.set(&format!("1 {}", "x".repeat(65))), Err(HandlerError::BadValue));
    }
}
