// SPDX-License-Identifier: Apache-2.0
//! IP options (RFC 791 §3.1) as text: `rr{192.0.2.1}+3;ts.ip{192.0.2.2=7}+2`.
//!
//! A route is a list of addresses with `^` before the one that the pointer is at; without it the pointer is behind the last.
//! A `+` and a number behind the brace is room for as many more; `++` is the overflow counter of `ts`.

use std::fmt::Write;
use std::net::Ipv4Addr;

const EOL: u8 = 0;
const NOP: u8 = 1;
const RR: u8 = 7;
const TS: u8 = 68;
const LSRR: u8 = 131;
const SSRR: u8 = 137;
/// What a header has room for.
const MOST: usize = 40;
/// Timestamps that were not taken in the standard way have this bit.
const NONSTANDARD: u32 = 1 << 31;

/// The flag of RFC 791 that says what `ts` records.
const WITH_ADDRESSES: u8 = 1;
const PRESPECIFIED: u8 = 3;

/// Writes options without their padding, or `?` if they are broken.
pub fn write(mut options: &[u8], out: &mut String) {
    let start = out.len();
    while let Some((&kind, rest)) = options.split_first() {
        match kind {
            EOL => break,
            NOP => {
                options = rest;
                continue;
            }
            _ => {}
        }
        if out.len() > start {
            out.push(';');
        }
        let length = rest.first().map_or(0, |&length| usize::from(length));
        let Some(()) = options.get(2..length).and_then(|body| write_one(kind, body, out)) else {
            out.truncate(start);
            return out.push('?');
        };
        options = &options[length..];
    }
    if out.len() == start {
        out.push('.');
    }
}

/// A string takes everything, so what `write!` says does not matter.
fn write_one(kind: u8, body: &[u8], out: &mut String) -> Option<()> {
    match kind {
        RR => out.push_str("rr"),
        LSRR => out.push_str("lsrr"),
        SSRR => out.push_str("ssrr"),
        TS => return write_timestamps(body, out),
        _ => {
            let bytes: Vec<_> = body.iter().map(u8::to_string).collect();
            let equals = if bytes.is_empty() { "" } else { "=" };
            let _ = write!(out, "{kind}{equals}{}", bytes.join(":"));
            return Some(());
        }
    }
    write_route(kind == RR, body, out)
}

fn write_route(records: bool, body: &[u8], out: &mut String) -> Option<()> {
    let (&pointer, route) = body.split_first()?;
    // The pointer counts from 1, and from the option's type on.
    let pointer = usize::from(pointer).checked_sub(4)?;
    let shown = if records && pointer % 4 == 0 { &route[..pointer.min(route.len())] } else { route };
    out.push('{');
    for (at, address) in shown.chunks_exact(4).enumerate() {
        out.push_str(separator(at, !records && at * 4 == pointer));
        let _ = write!(out, "{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
    }
    if !records && pointer == route.len() {
        out.push('^');
    }
    out.push('}');
    write_room(route.len().saturating_sub(shown.len()) / 4, out);
    Some(())
}

fn write_timestamps(body: &[u8], out: &mut String) -> Option<()> {
    let [pointer, bits, entries @ ..] = body else { return None };
    let (pointer, flag) = (usize::from(*pointer).checked_sub(5)?, bits & 0xf);
    let size = if matches!(flag, 1..=3) { 8 } else { 4 };
    out.push_str("ts");
    let _ = match flag {
        0 => Ok(()),
        WITH_ADDRESSES => write!(out, ".ip"),
        PRESPECIFIED => write!(out, ".preip"),
        flag => write!(out, ".{flag}"),
    };
    let stops = flag != PRESPECIFIED && pointer % size == 0;
    let shown = if stops { &entries[..pointer.min(entries.len())] } else { entries };
    out.push('{');
    for (at, entry) in shown.chunks_exact(size).enumerate() {
        out.push_str(separator(at, !stops && at * size == pointer));
        if size == 8 {
            let _ = write!(out, "{}.{}.{}.{}", entry[0], entry[1], entry[2], entry[3]);
        }
        if flag == PRESPECIFIED && at * size >= pointer {
            continue;
        }
        let value = entry[size - 4..].iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        let (equals, sign) = (if size == 8 { "=" } else { "" }, if value & NONSTANDARD != 0 { "!" } else { "" });
        let _ = write!(out, "{equals}{sign}{}", value & !NONSTANDARD);
    }
    if pointer == entries.len() {
        out.push('^');
    }
    out.push('}');
    write_room(entries.len().saturating_sub(shown.len()) / size, out);
    if bits >> 4 != 0 {
        let _ = write!(out, "++{}", bits >> 4);
    }
    Some(())
}

fn separator(at: usize, pointed: bool) -> &'static str {
    match (at, pointed) {
        (_, true) => "^",
        (0, false) => "",
        _ => ",",
    }
}

fn write_room(entries: usize, out: &mut String) {
    if entries > 0 {
        let _ = write!(out, "+{entries}");
    }
}

/// Reads what [`write()`] writes, and `nop` and `eol`, padded to whole words.
pub fn read(text: &str) -> Option<Vec<u8>> {
    let (mut rest, mut options) = (text, Vec::new());
    while !matches!(rest, "" | ".") {
        read_one(&mut rest, &mut options)?;
        rest = match rest {
            "" => rest,
            _ => rest.strip_prefix([';', ','])?,
        };
    }
    options.resize(options.len().next_multiple_of(4), EOL);
    (options.len() <= MOST).then_some(options)
}

fn read_one(rest: &mut &str, options: &mut Vec<u8>) -> Option<()> {
    let start = options.len();
    let route = [("rr{", RR), ("lsrr{", LSRR), ("ssrr{", SSRR)].into_iter().find(|(name, _)| eat(rest, name));
    if let Some((_, kind)) = route {
        options.extend([kind, 0, 0]);
        read_route(rest, options, start)?;
    } else if eat(rest, "ts") {
        options.extend([TS, 0, 0, 0]);
        read_timestamps(rest, options, start)?;
    } else if eat(rest, "nop") {
        options.push(NOP);
        return Some(());
    } else if eat(rest, "eol") {
        options.push(EOL);
        return Some(());
    } else {
        options.extend([number(rest)?.try_into().ok()?, 0]);
        let mut before = "=";
        while eat(rest, before) {
            options.push(number(rest)?.try_into().ok()?);
            before = ":";
        }
    }
    options[start + 1] = u8::try_from(options.len() - start).ok()?;
    Some(())
}

fn read_route(rest: &mut &str, options: &mut Vec<u8>, start: usize) -> Option<()> {
    let mut pointer = None;
    loop {
        read_pointer(rest, options.len() - start, &mut pointer);
        if eat(rest, "}") {
            break;
        }
        options.extend(address(rest)?);
        eat(rest, ",");
    }
    options[start + 2] = u8::try_from(pointer.unwrap_or(options.len() - start + 1)).ok()?;
    read_room(rest, 4, options)
}

fn read_timestamps(rest: &mut &str, options: &mut Vec<u8>, start: usize) -> Option<()> {
    let (mut flag, mut guessed, mut pointer) = (None, false, None);
    if eat(rest, ".") {
        flag = Some(match () {
            _ if eat(rest, "ip") => WITH_ADDRESSES,
            _ if eat(rest, "preip") => PRESPECIFIED,
            _ => number(rest)?.try_into().ok().filter(|flag| *flag < 16)?,
        });
    }
    if !eat(rest, "{") {
        return None;
    }
    loop {
        read_pointer(rest, options.len() - start, &mut pointer);
        if eat(rest, "}") {
            break;
        }
        let word = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let has_address = match flag {
            None => rest[..word].contains('.'),
            Some(flag) => matches!(flag, WITH_ADDRESSES | PRESPECIFIED),
        };
        let is_prespecified = has_address && pointer.is_some();
        if flag.is_none() || guessed {
            (flag, guessed) = (Some(if is_prespecified { PRESPECIFIED } else { u8::from(has_address) }), true);
        }
        if has_address {
            options.extend(address(rest)?);
        }
        let has_value = !has_address || eat(rest, "=");
        let value = match has_value && !(is_prespecified && eat(rest, "?")) {
            true => timestamp(rest)?,
            // One that is to be filled in has none yet.
            false if pointer.is_some() => 0,
            false => return None,
        };
        options.extend(value.to_be_bytes());
        eat(rest, ",");
    }
    let flag = flag.unwrap_or(0);
    options[start + 2] = u8::try_from(pointer.unwrap_or(options.len() - start + 1)).ok()?;
    let has_room = rest.starts_with('+') && !rest.starts_with("++");
    if has_room {
        read_room(rest, if matches!(flag, WITH_ADDRESSES | PRESPECIFIED) { 8 } else { 4 }, options)?;
    }
    let overflow = if eat(rest, "++") { number(rest).filter(|count| *count < 16)? as u8 } else { 0 };
    options[start + 3] = overflow << 4 | flag;
    Some(())
}

/// A `^` where the option has this many bytes.
fn read_pointer(rest: &mut &str, bytes: usize, pointer: &mut Option<usize>) {
    if pointer.is_none() && eat(rest, "^") {
        *pointer = Some(bytes + 1);
    }
}

fn read_room(rest: &mut &str, size: usize, options: &mut Vec<u8>) -> Option<()> {
    if eat(rest, "+") {
        let entries = number(rest).filter(|entries| *entries < 64)? as usize;
        options.resize(options.len() + entries * size, 0);
    }
    Some(())
}

fn eat(rest: &mut &str, what: &str) -> bool {
    let behind = rest.strip_prefix(what);
    *rest = behind.unwrap_or(rest);
    behind.is_some()
}

fn number(rest: &mut &str) -> Option<u32> {
    let (word, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    *rest = behind;
    word.parse().ok()
}

fn timestamp(rest: &mut &str) -> Option<u32> {
    let bit = if eat(rest, "!") { NONSTANDARD } else { 0 };
    number(rest).map(|value| value | bit)
}

fn address(rest: &mut &str) -> Option<[u8; 4]> {
    let word = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (word, behind) = rest.split_at(word);
    *rest = behind;
    word.parse::<Ipv4Addr>().ok().map(|address| address.octets())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str) -> Option<String> {
        let mut out = String::new();
        write(&read(text)?, &mut out);
        Some(out)
    }

    #[test]
    fn what_is_read_is_written() {
        for text in [
            ".",
            "ssrr{192.0.2.1^192.0.2.2,192.0.2.3}",
            "lsrr{^192.0.2.1}",
            "lsrr{192.0.2.1^}",
            "rr{192.0.2.1}+2",
            "rr{}+1",
            "ts{1,!2}+3",
            "ts.ip{192.0.2.1=!7^}++5",
            "ts.ip{192.0.2.1=7}+1",
            "ts.preip{192.0.2.1=7^192.0.2.2,192.0.2.3}",
            "148=0:0;130",
        ] {
            assert_eq!(through(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn short_forms_are_completed() {
        assert_eq!(through("nop;nop;eol").as_deref(), Some("."));
        assert_eq!(through("ts{192.0.2.1=7^}").as_deref(), Some("ts.ip{192.0.2.1=7^}"));
        assert_eq!(through("ts{192.0.2.1=7,^192.0.2.2=?}").as_deref(), Some("ts.preip{192.0.2.1=7^192.0.2.2}"));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for text in ["rr{1.2.3}", "rr{1.2.3.4", "ts{x}", "ts.16{}", "256", "rr{}+11", "what", "rr{};;"] {
            assert_eq!(read(text), None, "{text}");
        }
        let mut out = String::new();
        write(&[RR, 9, 4], &mut out);
        assert_eq!(out, "?");
    }
}
