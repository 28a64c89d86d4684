// SPDX-License-Identifier: Apache-2.0
//! `content` and what modifies it.
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::draft::{Draft, Pattern, Test, integer};
use crate::code::Number;
use crate::rule::Buffer;

/// Most bytes of a content.
const BYTES: usize = 255;

/// `content:[!]"…"`
pub fn content(value: &str, draft: &mut Draft, buffer: Buffer) -> Result<(), String> {
    let (negated, quoted) = match value.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, value),
    };
    let bytes = quoted_bytes(quoted)?;
    if bytes.is_empty() || bytes.len() > BYTES {
        return Err(format!("a content has 1 to {BYTES} bytes"));
    }
    let pattern = Pattern {
        bytes,
        nocase: false,
        negated,
        ends: false,
        offset: None,
        depth: None,
        distance: None,
        within: None,
        fast: false,
    };
    draft.test_in(buffer, Test::Content(pattern))
}

/// The bytes of a quoted text with `|hexadecimal|` parts and escapes.
fn quoted_bytes(text: &str) -> Result<Vec<u8>, String> {
    let inside = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or_else(|| format!("`{text}` is not in quotation marks"))?;
    let (mut bytes, mut hexadecimal) = (Vec::new(), None::<Vec<u8>>);
    let mut rest = inside.bytes();
    while let Some(byte) = rest.next() {
        match (byte, &mut hexadecimal) {
            (b'|', None) => hexadecimal = Some(Vec::new()),
            (b'|', Some(digits)) => {
                bytes.extend(hexadecimal_bytes(digits)?);
                hexadecimal = None;
            }
            (b' ', Some(_)) => {}
            (digit, Some(digits)) => digits.push(digit),
            (b'\\', None) => bytes.push(escaped(rest.next())?),
            (other, None) => bytes.push(other),
        }
    }
    if hexadecimal.is_some() { Err(format!("`{text}` lacks a `|`")) } else { Ok(bytes) }
}

fn escaped(byte: Option<u8>) -> Result<u8, String> {
    match byte {
        Some(byte @ (b'"' | b';' | b':' | b'\\' | b'|')) => Ok(byte),
        Some(other) => Err(format!("`\\{}` is no escape of a content", char::from(other))),
        None => Err("a content ends with a backslash".into()),
    }
}

fn hexadecimal_bytes(digits: &[u8]) -> Result<Vec<u8>, String> {
    let bad = || format!("`{}` is not an even number of hexadecimal digits", String::from_utf8_lossy(digits));
    if !digits.len().is_multiple_of(2) {
        return Err(bad());
    }
    let pairs = digits.chunks_exact(2).map(|pair| core::str::from_utf8(pair).ok());
    pairs.map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(bad)).collect()
}

/// `offset`, `depth`, `distance`, `within` and their like; `None` if `name` is none of them.
pub fn modifier(name: &str, value: Option<&str>, draft: &mut Draft) -> Option<Result<(), String>> {
    Some(match name {
        "nocase" => draft.pattern(name).map(|pattern| pattern.nocase = true),
        "rawbytes" => draft.pattern(name).map(|_| ()),
        "startswith" => starts(draft),
        "endswith" => draft.pattern(name).map(|pattern| pattern.ends = true),
        "fast_pattern" => fast(value, draft),
        "offset" | "depth" | "distance" | "within" => place(name, value.unwrap_or(""), draft),
        _ => return None,
    })
}

fn starts(draft: &mut Draft) -> Result<(), String> {
    let pattern = draft.pattern("startswith")?;
    if pattern.offset.is_some() || pattern.depth.is_some() || pattern.distance.is_some() || pattern.within.is_some() {
        return Err("`startswith` excludes offset, depth, distance and within".into());
    }
    pattern.offset = Some(Number::Constant(0));
    pattern.depth = Some(Number::Constant(i64::try_from(pattern.bytes.len()).expect("at most BYTES")));
    Ok(())
}

fn fast(value: Option<&str>, draft: &mut Draft) -> Result<(), String> {
    let pattern = draft.pattern("fast_pattern")?;
    match value {
        None | Some("only") => {}
        Some(part) => {
            let numbers =
                part.split_once(',').and_then(|(at, length)| Some((integer(at.trim())?, integer(length.trim())?)));
            let inside = |(at, length): (i64, i64)| at >= 0 && length > 0 && at + length <= pattern.bytes.len() as i64;
            if !numbers.is_some_and(inside) {
                return Err(format!("`{part}` is no part of the content: offset,length"));
            }
        }
    }
    if pattern.negated
        && (pattern.offset.is_some()
            || pattern.depth.is_some()
            || pattern.distance.is_some()
            || pattern.within.is_some())
    {
        return Err("`fast_pattern` excludes a negated content with a place".into());
    }
    pattern.fast = true;
    Ok(())
}

fn place(name: &str, value: &str, draft: &mut Draft) -> Result<(), String> {
    let number = draft.number(value)?;
    let pattern = draft.pattern(name)?;
    let length = pattern.bytes.len() as i64;
    let slot = match name {
        "offset" => &mut pattern.offset,
        "depth" => &mut pattern.depth,
        "distance" => &mut pattern.distance,
        _ => &mut pattern.within,
    };
    if slot.is_some() {
        return Err(format!("a second `{name}` of one content"));
    }
    if let Number::Constant(value) = number {
        if matches!(name, "depth" | "within") && value < length {
            return Err(format!("`{name}:{value}` has no room for a content of {length} bytes"));
        }
        if !(-1_048_576..=1_048_576).contains(&value) || (name == "offset" && value < 0) {
            return Err(format!("`{name}:{value}` is out of range"));
        }
    }
    *slot = Some(number);
    let absolute = pattern.offset.is_some() || pattern.depth.is_some();
    if absolute && (pattern.distance.is_some() || pattern.within.is_some()) {
        return Err("offset and depth exclude distance and within".to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read() {
        assert_eq!(quoted_bytes(r#""uid=0|28|root|29 0a|""#).unwrap(), b"uid=0(root)\n");
        assert_eq!(quoted_bytes(r#""a\"\;\:\\b""#).unwrap(), br#"a";:\b"#);
        for bad in [r#""|2""#, r#""|2|""#, r#""|zz|""#, "x", r#""\n""#] {
            assert!(quoted_bytes(bad).is_err(), "{bad}");
        }
    }
}
