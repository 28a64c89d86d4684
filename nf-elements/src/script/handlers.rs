// SPDX-License-Identifier: Apache-2.0
//! Calls of handlers: of other elements, looked up from the script's place outward, of the machine, and of the script itself.

use super::outside::{Sink, Writer};
use super::{Machine, Text, words};
use crate::HandlerError;
use core::fmt::Write;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It was done.
    Done,
    /// The handler refused; that is reported.
    Failed,
    /// There is no such handler; that is reported.
    Unknown,
}

/// Click's value of `$?` after a call that failed: `-EINVAL`.
const FAILED: i32 = -22;

/// A call: `element.handler arguments`.
struct Call {
    line: Text,
    /// Where the handler's name begins; before it are the element's name and a dot.
    handler: usize,
    /// Where the handler's name ends; behind it is a space.
    end: usize,
}

impl Call {
    /// The element's name; none if only a handler is named, empty for the machine itself.
    fn element(&self) -> Option<&str> {
        self.handler.checked_sub(1).map(|dot| &self.line[..dot])
    }

    fn handler(&self) -> &str {
        &self.line[self.handler..self.end]
    }

    fn arguments(&self) -> &str {
        self.line.get(self.end + 1..).unwrap_or("")
    }

    /// The handler's name with the arguments: what a read handler is called with.
    fn handler_line(&self) -> &str {
        &self.line[self.handler..]
    }
}

impl Machine<'_> {
    /// Calls the read handler that `text` names. Its value goes to `sink`.
    pub(super) fn read(&mut self, text: &str, unquote: bool, sink: &mut Sink) -> Called {
        let Some(call) = self.parse(text, unquote) else { return Called::Unknown };
        match call.element() {
            None if self.program.has_handler(call.handler()) => self.read_own(&call, sink),
            None | Some("") => self.read_of("", &call, sink).unwrap_or_else(|| self.unknown("read", "", &call)),
            Some(element) => {
                for scope in scopes(self.program.name) {
                    let name = full_name(scope, element);
                    if *name == *self.program.name {
                        return self.read_own(&call, sink);
                    }
                    if let Some(called) = self.read_of(&name, &call, sink) {
                        return called;
                    }
                }
                self.report(None, format_args!("no element named '{element}'"));
                Called::Unknown
            }
        }
    }

    /// `None` if there is no such element.
    fn read_of(&mut self, element: &str, call: &Call, sink: &mut Sink) -> Option<Called> {
        let heading = Some((element, call.handler()));
        let mut writer = Writer { outside: &mut *self.outside, sink, heading };
        let result = self.handlers.read(element, call.handler_line(), &mut writer);
        if result.is_ok() {
            writer.finish();
        }
        self.hear(element);
        Some(match result {
            Ok(()) => Called::Done,
            Err(HandlerError::NoElement) => return None,
            Err(HandlerError::Unknown) => self.unknown("read", element, call),
            Err(error) => self.failed(element, call, fault(error)),
        })
    }

    /// Says what an element said while its handler was called: a script has no machine at hand then.
    fn hear(&mut self, element: &str) {
        let mut said = Text::EMPTY;
        if self.handlers.read(element, "said", &mut said).is_ok() {
            super::repeat(&mut said, self.outside);
        }
    }

    fn read_own(&mut self, call: &Call, sink: &mut Sink) -> Called {
        let mut value = Text::EMPTY;
        let computed = self.answer(call.handler(), call.arguments(), &mut value);
        let heading = Some((self.program.name, call.handler()));
        let mut writer = Writer { outside: &mut *self.outside, sink, heading };
        match computed.and_then(|()| writer.write_str(&value).map_err(|_| "value too long")) {
            Ok(()) => {
                writer.finish();
                Called::Done
            }
            Err("") => self.unknown("read", self.program.name, call),
            Err(fault) => self.failed_own(call, fault),
        }
    }

    /// Calls the write handler that `text` names.
    pub(super) fn write(&mut self, text: &str, unquote: bool) {
        let Some(call) = self.parse(text, unquote) else { return };
        let called = match call.element() {
            None if matches!(call.handler(), "set" | "goto" | "step" | "run") => self.write_own(&call),
            None | Some("") if call.handler() == "stop" => {
                self.outside.stop();
                Called::Done
            }
            None | Some("") => self.write_to("", &call).unwrap_or_else(|| self.unknown("write", "", &call)),
            Some(element) => self.write_outward(element, &call),
        };
        match called {
            Called::Done => self.state.status = 0,
            Called::Failed => self.state.status = FAILED,
            Called::Unknown => {}
        }
    }

    fn write_outward(&mut self, element: &str, call: &Call) -> Called {
        for scope in scopes(self.program.name) {
            let name = full_name(scope, element);
            if *name == *self.program.name {
                return self.write_own(call);
            }
            if let Some(called) = self.write_to(&name, call) {
                return called;
            }
        }
        self.report(None, format_args!("no element named '{element}'"));
        Called::Unknown
    }

    fn write_to(&mut self, element: &str, call: &Call) -> Option<Called> {
        let result = self.handlers.write(element, call.handler(), call.arguments());
        self.hear(element);
        Some(match result {
            Ok(()) => Called::Done,
            Err(HandlerError::NoElement) => return None,
            Err(HandlerError::Unknown) => self.unknown("write", element, call),
            Err(error) => self.failed(element, call, fault(error)),
        })
    }

    fn write_own(&mut self, call: &Call) -> Called {
        match self.write_state(call.handler(), call.arguments()) {
            Ok(()) => Called::Done,
            Err("") => self.unknown("write", self.program.name, call),
            Err(error) => self.failed_own(call, error),
        }
    }

    fn parse(&mut self, text: &str, unquote: bool) -> Option<Call> {
        let mut call = Call { line: Text::EMPTY, handler: 0, end: 0 };
        let mut rest = text;
        let name = words::next_word(&mut rest);
        let named = words::unquote(name, &mut call.line);
        call.end = call.line.len();
        call.handler = call.line.find('.').map_or(0, |dot| dot + 1);
        if named.is_err() || call.handler == call.end {
            self.report(None, format_args!("syntax error"));
            return None;
        }
        let written = match rest {
            "" => Ok(()),
            _ if unquote => call.line.write_char(' ').and_then(|()| words::unquote(rest, &mut call.line)),
            _ => write!(call.line, " {rest}"),
        };
        if written.is_err() {
            self.report(None, format_args!("value too long: more than {} bytes", super::TEXT_BYTES));
            return None;
        }
        Some(call)
    }

    fn unknown(&mut self, direction: &str, element: &str, call: &Call) -> Called {
        let (dot, handler) = (if element.is_empty() { "" } else { "." }, call.handler());
        self.report(None, format_args!("no '{element}{dot}{handler}' {direction} handler"));
        Called::Unknown
    }

    fn failed(&mut self, element: &str, call: &Call, fault: &str) -> Called {
        self.report(Some((element, call.handler_line())), format_args!("{fault}"));
        Called::Failed
    }

    fn failed_own(&mut self, call: &Call, fault: &str) -> Called {
        self.failed(self.program.name, call, fault)
    }
}

fn fault(error: HandlerError) -> &'static str {
    match error {
        HandlerError::BadValue => "bad value",
        HandlerError::TooLong => "value too long",
        _ => "not while it runs",
    }
}

/// The compound elements around `name`, from the innermost to the whole graph: `a/b`, `a` and nothing for `a/b/c`.
pub fn scopes(name: &str) -> impl Iterator<Item = &str> {
    core::iter::successors(Some(name), |name| {
        (!name.is_empty()).then(|| name.rsplit_once('/').map_or("", |(scope, _)| scope))
    })
    .skip(usize::from(!name.is_empty()))
}

/// `element` in `scope`. A name too long for any element is cut, and so names none.
pub fn full_name(scope: &str, element: &str) -> heapless::String<256> {
    let mut name = heapless::String::new();
    let dot = if scope.is_empty() { "" } else { "/" };
    let _ = write!(name, "{scope}{dot}{element}");
    name
}
