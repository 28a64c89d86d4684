// SPDX-License-Identifier: Apache-2.0
//! The argument parser of `InfiniteSource`: Click's strings, which can hold any bytes.

use super::InfiniteSource;
use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
use crate::elements::pacing::{MOST_BYTES, Pacing};

/// What packets hold if nobody says it; no EtherType, so every stack drops them.
const DEFAULT_DATA: &[u8; 64] = b"Sluice made this packet to fill a frame of the shortest length.\n";

/// A string as bytes.
struct Bytes(Vec<u8>);

impl FromArgument for Bytes {
    const WANTED: &'static str = r#"a string like "text\n" or \<0800 45>"#;

    fn from_argument(text: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        if let Some(raw) = text.strip_prefix('\'') {
            bytes.extend(raw.strip_suffix('\'')?.bytes());
            return Some(Bytes(bytes));
        }
        let quoted = text.strip_prefix('"');
        let mut rest = match quoted {
            Some(quoted) => quoted.strip_suffix('"')?,
            None => text,
        };
        while let Some(at) = rest.find('\\') {
            bytes.extend(rest[..at].bytes());
            rest = escape(&rest[at + 1..], quoted.is_some(), &mut bytes)?;
        }
        bytes.extend(rest.bytes());
        (!text.is_empty()).then_some(Bytes(bytes))
    }
}

/// Reads what follows a backslash; the text behind it.
fn escape<'a>(text: &'a str, quoted: bool, bytes: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(hexadecimal) = text.strip_prefix('<') {
        let (digits, rest) = hexadecimal.split_once('>')?;
        let digits: Vec<u32> =
            digits.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        bytes.extend(pairs.iter().map(|[high, low]| (high << 4 | low) as u8));
        return Some(rest);
    }
    if !quoted {
        bytes.push(b'\\');
        return Some(text);
    }
    let byte = match text.as_bytes().first()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'0' => 0,
        b @ (b'\\' | b'"' | b'\'' | b'$') => *b,
        _ => return None,
    };
    bytes.push(byte);
    Some(&text[1..])
}

impl Configure for InfiniteSource {
    fn configure(arguments: &mut Arguments, _: &Surroundings) -> Option<Instance> {
        let data = arguments.optional("DATA", Bytes(DEFAULT_DATA.to_vec()));
        let most = |bytes| (bytes > MOST_BYTES).then(|| format!("at most {MOST_BYTES} bytes"));
        if let Some(wanted) = data.as_ref().and_then(|Bytes(data)| most(data.len())) {
            arguments.error_last("a packet that no buffer holds", wanted);
        }
        let length: Option<usize> = arguments.keyword("LENGTH");
        if let Some(wanted) = length.and_then(most) {
            arguments.error_last("a packet that no buffer holds", wanted);
        }
        let pacing = Pacing::configure(arguments)?;
        let Bytes(data) = data?;
        if data.is_empty() && length.is_some_and(|length| length > 0) {
            arguments.error("LENGTH without DATA to repeat", Some("at least one byte of DATA".into()));
            return None;
        }
        let length = length.unwrap_or(data.len()).min(MOST_BYTES);
        let data: Vec<u8> = data.into_iter().cycle().take(length).collect();
        let expression = format!("InfiniteSource::new(b\"{}\", {pacing})", data.escape_ascii());
        Some(Instance::new("InfiniteSource", expression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configure::{ConfigError, configure};

    fn made(arguments: &[&str]) -> Result<String, Vec<ConfigError>> {
        configure::<InfiniteSource>(arguments, &Surroundings::default()).map(|made| made.expression)
    }

    #[test]
    fn arguments_become_an_expression() {
        let pacing = "-1, 1, true, false, true";
        let default = format!("InfiniteSource::new(b\"{}\", {pacing})", DEFAULT_DATA.escape_ascii());
        assert_eq!(made(&[]).unwrap(), default);
        let repeated = made(&[r#""\<08 0F>a""#, "LIMIT 5", "BURST 2", "LENGTH 5", "STOP true"]).unwrap();
        assert_eq!(repeated, r#"InfiniteSource::new(b"\x08\x0fa\x08\x0f", 5, 2, true, true, true)"#);
    }

    #[test]
    fn strings_are_clicks() {
        let bytes = |text| Bytes::from_argument(text).map(|Bytes(bytes)| bytes);
        assert_eq!(bytes(r"\<0800>").unwrap(), [8, 0]);
        assert_eq!(bytes(r#""a\n\t\\\"\<4 1>""#).unwrap(), b"a\n\t\\\"A");
        assert_eq!((bytes(r"a\n").unwrap(), bytes(r"'a\n'").unwrap()), (br"a\n".to_vec(), br"a\n".to_vec()));
        for wrong in ["", r"\<080>", r"\<0g>", r"\<08", r#""a"#, "'", r#""\q""#, r#""\"#, r#""\é""#] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn packets_that_no_buffer_holds_are_refused() {
        assert!(made(&["LENGTH 1856"]).is_ok());
        for wrong in [[r#""""#, "LENGTH 5"].as_slice(), &["LENGTH 1857"], &[&"x".repeat(1857)]] {
            assert_eq!(made(wrong).unwrap_err().len(), 1);
        }
    }
}
