// SPDX-License-Identifier: Apache-2.0
//! What an input does with packets that are of no flow yet.

use super::{Pattern, PatternError};
use core::fmt;

/// What an input does with packets that are of no flow yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Specification {
    /// `drop`: drops them.
    Drop,
    /// `pass OUTPUT`: sends them on.
    Pass(u8),
    /// `keep FOUTPUT ROUTPUT`: begins a flow whose packets stay as they are.
    Keep([u8; 2]),
    /// `pattern … FOUTPUT ROUTPUT`: begins a flow whose packets are rewritten.
    Pattern(Pattern, [u8; 2]),
    /// An element's name: begins a flow as that element says, the peer of this number.
    Mapper(usize),
}

impl Specification {
    /// Reads a specification other than an element's name; `named` knows patterns by name.
    pub fn parse(
        text: &str,
        outputs: usize,
        named: impl Fn(&str) -> Option<Pattern>,
    ) -> Result<Specification, PatternError> {
        let mut words: heapless::Vec<&str, 8> = heapless::Vec::new();
        for word in text.split_ascii_whitespace() {
            words.push(word).map_err(|_| PatternError::Syntax)?;
        }
        let Some((first, rest)) = words.split_first() else { return Err(PatternError::Specification) };
        match (*first, rest) {
            ("drop" | "discard", []) => Ok(Specification::Drop),
            ("pass" | "passthrough" | "nochange", []) => Ok(Specification::Pass(output("0", outputs)?)),
            ("pass" | "passthrough" | "nochange", [word]) => Ok(Specification::Pass(output(word, outputs)?)),
            ("keep", rest) => Ok(Specification::Keep(both(rest, outputs)?)),
            ("pattern" | "xpattern", rest) => {
                let (pattern, outputs) = with_outputs(rest, outputs, named)?;
                Ok(Specification::Pattern(pattern, outputs))
            }
            ("drop" | "discard" | "pass" | "passthrough" | "nochange", _) => Err(PatternError::Syntax),
            _ => Err(PatternError::Specification),
        }
    }
}

/// Reads a pattern or its name, then FOUTPUT and ROUTPUT.
pub(super) fn with_outputs(
    words: &[&str],
    outputs: usize,
    named: impl Fn(&str) -> Option<Pattern>,
) -> Result<(Pattern, [u8; 2]), PatternError> {
    let Some((pattern, ports)) = words.split_last_chunk::<2>().filter(|(pattern, _)| !pattern.is_empty()) else {
        return Err(PatternError::Syntax);
    };
    let pattern = match pattern {
        [name] => named(name).ok_or(PatternError::NoPattern)?,
        words => Pattern::parse(words)?,
    };
    Ok((pattern, both(ports, outputs)?))
}

fn both(words: &[&str], outputs: usize) -> Result<[u8; 2], PatternError> {
    let [forward, reply] = words else { return Err(PatternError::ForwardPort) };
    let number = |word: &str| word.parse::<u32>().is_ok();
    match (number(forward), number(reply)) {
        (false, _) => Err(PatternError::ForwardPort),
        (_, false) => Err(PatternError::ReplyPort),
        _ => Ok([output(forward, outputs)?, output(reply, outputs)?]),
    }
}

fn output(word: &str, outputs: usize) -> Result<u8, PatternError> {
    let number: usize = word.parse().map_err(|_| PatternError::Syntax)?;
    if number < outputs {
        u8::try_from(number).map_err(|_| PatternError::OutputRange)
    } else {
        Err(PatternError::OutputRange)
    }
}

/// As Click's handler `patterns` shows it.
impl fmt::Display for Specification {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Specification::Drop => out.write_str("<drop>"),
            Specification::Pass(_) => out.write_str("<nochange>"),
            Specification::Keep(_) => out.write_str("<keep>"),
            Specification::Pattern(pattern, _) => write!(out, "{pattern}"),
            Specification::Mapper(_) => out.write_str("<mapper>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let read = |text| Specification::parse(text, 2, |name| (name == "pat").then_some(Pattern::NONE));
        assert_eq!(read("drop"), Ok(Specification::Drop));
        assert_eq!((read("pass"), read("nochange 1")), (Ok(Specification::Pass(0)), Ok(Specification::Pass(1))));
        assert_eq!(read(" keep  0 1 "), Ok(Specification::Keep([0, 1])));
        assert_eq!(read("pattern pat 1 0"), Ok(Specification::Pattern(Pattern::NONE, [1, 0])));
        let Ok(Specification::Pattern(pattern, [0, 1])) = read("pattern 1.0.0.1 1024-65535# - - 0 1") else { panic!() };
        assert_eq!(pattern.to_string(), "1.0.0.1 1024-65535 - -");
        for (text, error) in [
            ("", PatternError::Specification),
            ("rr", PatternError::Specification),
            ("drop 1", PatternError::Syntax),
            ("pass x", PatternError::Syntax),
            ("pass 2", PatternError::OutputRange),
            ("keep 0", PatternError::ForwardPort),
            ("keep x 0", PatternError::ForwardPort),
            ("keep 0 x", PatternError::ReplyPort),
            ("keep 0 2", PatternError::OutputRange),
            ("pattern 0 1", PatternError::Syntax),
            ("pattern other 0 1", PatternError::NoPattern),
            ("pattern - - - - - - 0 1 0", PatternError::Syntax),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
