// SPDX-License-Identifier: Apache-2.0
//! # Message
//! `Message(TEXT [, TYPE])` — shows a message when the machine starts.
//!
//! **Ports:** none.
//!
//! **Description:** tells whoever runs the configuration something about it. TYPE is MESSAGE (the default), WARNING, or ERROR: then
//! the configuration does not compile.
//!
//! **Notes:** Click shows it while it configures, with the place in the file; here the start of the machine shows it, and only an
//! ERROR has a place. The type MESSAGE need not be, and cannot be, written.
//!
//! **Handlers:** none.
//!
//! **Example:** `Message("This configuration is deprecated.", WARNING);`
//!
//! **See also:** `Error`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::{Control, Element, HandlerError, Handlers, PacketIo, Spec};
use core::fmt;

/// See the module's documentation.
pub struct Message {
    name: &'static str,
    text: &'static str,
    warns: bool,
    shown: bool,
}

impl Message {
    /// The element `name` shows `text`.
    pub const fn new(name: &'static str, text: &'static str, warns: bool) -> Self {
        Message { name, text, warns, shown: false }
    }
}

impl Element for Message {
    const SPEC: Spec = Spec {
        class: "Message",
        category: Category::Control,
        summary: "shows a message when the machine starts",
        ports: "0/0",
        processing: "/",
        shape: Shape::Control,
        arguments: &[
            Argument { name: "TEXT", kind: ArgumentKind::Required, doc: "the text" },
            Argument { name: "TYPE", kind: ArgumentKind::Optional, doc: "MESSAGE (default), WARNING or ERROR" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }

    fn deadline_ns(&self) -> Option<u64> {
        (!self.shown).then_some(0)
    }
}

impl Control for Message {
    fn run<M: PacketIo>(&mut self, io: &mut M, _: &mut dyn Handlers) -> bool {
        if core::mem::replace(&mut self.shown, true) {
            return false;
        }
        let warning = if self.warns { "warning: " } else { "" };
        io.message(format_args!("While configuring '{} :: Message':", self.name));
        io.message(format_args!("  {warning}{}", self.text));
        true
    }

    fn is_due(&self, _: u64) -> bool {
        !self.shown
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for Message {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        surroundings: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        let text: String = arguments.required("TEXT")?;
        let kind = arguments.optional("TYPE", String::from("MESSAGE"))?;
        match kind.as_str() {
            "MESSAGE" | "WARNING" => {
                let warns = kind == "WARNING";
                let expression = format!("Message::new({:?}, {text:?}, {warns})", surroundings.name);
                Some(crate::configure::Instance::new("Message", expression))
            }
            "ERROR" => {
                arguments.error(text, None);
                None
            }
            _ => {
                arguments.error_last(format!("'{kind}'"), "MESSAGE, WARNING or ERROR");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configure::{Surroundings, configure};
    use crate::testing::ListIo;

    struct Nobody;

    impl Handlers for Nobody {
        fn read(&mut self, _: &str, _: &str, _: &mut dyn fmt::Write) -> Result<(), HandlerError> {
            Err(HandlerError::NoElement)
        }

        fn write(&mut self, _: &str, _: &str, _: &str) -> Result<(), HandlerError> {
            Err(HandlerError::NoElement)
        }
    }

    #[test]
    fn it_is_shown_once() {
        let (mut message, mut io) = (Message::new("m", "Beware.", true), ListIo::new(0));
        for _ in 0..2 {
            message.run(&mut io, &mut Nobody);
        }
        assert_eq!(io.printed, ["While configuring 'm :: Message':", "  warning: Beware."]);
        assert_eq!(message.deadline_ns(), None);
    }

    #[test]
    fn an_error_does_not_compile() {
        let around = Surroundings { name: "m", ..Default::default() };
        let expression = |arguments: &[&str]| configure::<Message>(arguments, &around).map(|instance| instance.expression);
        assert_eq!(expression(&["\"a b\""]).unwrap(), "Message::new(\"m\", \"a b\", false)");
        assert_eq!(expression(&["a", "WARNING"]).unwrap(), "Message::new(\"m\", \"a\", true)");
        assert_eq!(expression(&["a", "ERROR"]).unwrap_err()[0].message, "a");
        assert!(expression(&["a", "b"]).is_err() && expression(&[]).is_err());
    }
}
