// SPDX-License-Identifier: Apache-2.0
//! Arguments that are calls of write handlers: END_CALL, COUNT_CALL and their like.

use super::{Arguments, FromArgument};

/// A call as an argument has it: `ELEMENT.HANDLER [VALUE]`, or `stop`. The compiler looks its element up from the scope of
/// the element that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallText {
    /// The argument.
    pub argument: usize,
    /// Where in that argument the text begins.
    pub offset: usize,
    /// The text.
    pub text: String,
}

impl CallText {
    /// The expression of a [`crate::Call`].
    pub fn expression(&self) -> String {
        format!("nf_elements::Call::new({:?})", self.text)
    }
}

/// The expression of a [`crate::CountCall`].
pub fn count_call(call: Option<&(u64, CallText)>) -> String {
    match call {
        Some((at, call)) => format!("nf_elements::CountCall::new({at}, {})", call.expression()),
        None => "nf_elements::CountCall::NONE".into(),
    }
}

/// A call, not yet placed.
struct Text(String);

impl FromArgument for Text {
    const WANTED: &'static str = "a write handler and its value, as in c.reset, or stop";

    fn from_argument(text: &str) -> Option<Self> {
        let target = text.split_whitespace().next()?;
        let named = target.split_once('.').is_some_and(|(element, handler)| !element.is_empty() && !handler.is_empty());
        (named || target == "stop").then(|| Text(text.into()))
    }
}

/// A count and a call, not yet placed.
struct CountText(u64, usize, Text);

impl FromArgument for CountText {
    const WANTED: &'static str = "a count, a write handler and its value, as in 1000 c.reset, or 1000 stop";

    fn from_argument(text: &str) -> Option<Self> {
        let (count, call) = text.split_once(char::is_whitespace)?;
        let call = call.trim_start();
        Some(CountText(u64::from_argument(count)?, text.len() - call.len(), Text::from_argument(call)?))
    }
}

impl Arguments {
    /// Takes the keyword argument `name`, a call of a write handler, if it is there.
    pub fn keyword_call(&mut self, name: &str) -> Option<CallText> {
        let Text(text) = self.keyword(name)?;
        self.placed(text, 0)
    }

    /// Takes the keyword argument `name`, a count and the call that is made at it, if it is there.
    pub fn keyword_count_call(&mut self, name: &str) -> Option<(u64, CallText)> {
        let CountText(count, offset, Text(text)) = self.keyword(name)?;
        Some((count, self.placed(text, offset)?))
    }

    /// `text` at `offset` of the value of the argument that was taken last.
    fn placed(&self, text: String, offset: usize) -> Option<CallText> {
        let argument = self.last?;
        Some(CallText { argument, offset: self.texts[argument].offset + offset, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Element;
    use crate::elements::Counter;

    #[test]
    fn calls_know_their_place() {
        let mut arguments = Arguments::new(&Counter::SPEC, &["COUNT_CALL 10  a/b.c 1 2", "BYTE_COUNT_CALL stop"]);
        let (count, call) = arguments.keyword_count_call("COUNT_CALL").unwrap();
        assert_eq!((count, call.argument, call.offset, call.text.as_str()), (10, 0, 15, "a/b.c 1 2"));
        assert_eq!(arguments.keyword_call("BYTE_COUNT_CALL").unwrap().text, "stop");
        assert!(["a", "a.", ".b", ""].iter().all(|wrong| Text::from_argument(wrong).is_none()));
    }
}
