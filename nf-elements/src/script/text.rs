// SPDX-License-Identifier: Apache-2.0
//! Text of bounded length.

use core::fmt;
use core::ops::Deref;

/// Most bytes of a script's value: of a variable, of what a handler in a `$(…)` says, of what is written to a handler.
pub const TEXT_BYTES: usize = 1024;

/// A value. The empty one is all zero bytes, so that many of them cost nothing in an image's file.
#[derive(Clone)]
pub struct Text {
    length: usize,
    bytes: [u8; TEXT_BYTES],
}

impl Text {
    /// No text.
    pub const EMPTY: Text = Text { length: 0, bytes: [0; TEXT_BYTES] };

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Becomes `text`, cut to what fits.
    pub fn set(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(TEXT_BYTES)];
        self.length = text.len();
        self.bytes[..text.len()].copy_from_slice(text.as_bytes());
    }

    /// Takes the first `count` bytes out; they must end where a character does.
    pub fn remove_front(&mut self, count: usize) {
        let count = count.min(self.length);
        self.bytes.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Cuts it to `length` bytes, where a character must end.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        // Only whole characters are put in and taken out.
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn text_is_bounded() {
        let mut text = Text::EMPTY;
        assert!(text.write_str(&"é".repeat(TEXT_BYTES / 2)).is_ok());
        assert!(text.write_str("x").is_err());
        assert_eq!(text.len(), TEXT_BYTES);
        text.remove_front(TEXT_BYTES - 2);
        assert_eq!(&*text, "é");
        text.set(&format!("x{}", "é".repeat(TEXT_BYTES)));
        assert_eq!(text.len(), TEXT_BYTES - 1);
        text.truncate(3);
        assert_eq!(&*text, "xé");
    }
}
