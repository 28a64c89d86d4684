// SPDX-License-Identifier: Apache-2.0
//! The arguments of `AggregateIP`: a field by name or by offset and length, as Click's `IPField` has it.

use super::{AggregateIp, Header};
use crate::configure::{Arguments, Configure, FromArgument, Instance, IpProtocol, Surroundings};

/// A field: bits of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    header: Header,
    offset: u32,
    length: u32,
}

/// The named fields of a header, with the offset and the length in bits. Of two names for one field the first is shown.
fn names(header: Header) -> &'static [(&'static str, u32, u32)] {
    match header {
        Header::Ip => &[
            ("df", 49, 1),
            ("dscp", 8, 6),
            ("dst", 128, 32),
            ("ecn", 14, 2),
            ("fragoff", 51, 13),
            ("hl", 4, 4),
            ("id", 32, 16),
            ("len", 16, 16),
            ("mf", 50, 1),
            ("off", 48, 16),
            ("proto", 72, 8),
            ("rf", 48, 1),
            ("src", 96, 32),
            ("sum", 80, 16),
            ("tos", 8, 8),
            ("ttl", 64, 8),
            ("vers", 0, 4),
        ],
        Header::Protocol(17) => &[("dport", 16, 16), ("len", 32, 16), ("sport", 0, 16), ("sum", 48, 16)],
        Header::Protocol(6) => &[
            ("ack", 107, 1),
            ("ackno", 64, 32),
            ("dport", 16, 16),
            ("fin", 111, 1),
            ("flags", 104, 8),
            ("hl", 96, 4),
            ("psh", 108, 1),
            ("push", 108, 1),
            ("rst", 109, 1),
            ("seq", 32, 32),
            ("seqno", 32, 32),
            ("sport", 0, 16),
            ("sum", 128, 16),
            ("syn", 110, 1),
            ("urg", 106, 1),
            ("urp", 144, 16),
            ("win", 112, 16),
        ],
        Header::Protocol(1) => &[("code", 8, 8), ("sum", 16, 16), ("type", 0, 8)],
        Header::TcpOrUdp => &[("dport", 16, 16), ("sport", 0, 16)],
        _ => &[],
    }
}

/// Takes the word at the front of `text`.
fn word<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *text = rest.trim_start();
    word
}

fn header(text: &mut &str) -> Option<Header> {
    let name = word(text);
    Some(match name {
        "ip" => match text.strip_prefix("proto ") {
            Some(mut rest) => {
                rest = rest.trim_start();
                let IpProtocol(number) = IpProtocol::from_argument(word(&mut rest))?;
                *text = rest;
                Header::Protocol(number)
            }
            None => Header::Ip,
        },
        "transp" => Header::Transport,
        "payload" | "data" => Header::Payload,
        "tcpudp" => Header::TcpOrUdp,
        _ => Header::Protocol(IpProtocol::from_argument(name)?.0),
    })
}

/// A range in brackets: offset and length.
fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| u32::from_argument(text.trim());
    if let Some((offset, length)) = text.split_once([':', ',']) {
        return Some((number(offset)?, number(length)?));
    }
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?.checked_sub(number(first)?)?.checked_add(1)?)),
        None => Some((number(text)?, 1)),
    }
}

/// Takes `[…]` or `{…}`: an offset and a length in bits.
fn limits(text: &mut &str) -> Result<Option<(u32, u32)>, ()> {
    let (close, unit) = match text.as_bytes().first() {
        Some(b'[') => (']', 8u32),
        Some(b'{') => ('}', 1),
        _ => return Ok(None),
    };
    let (inside, rest) = text[1..].split_once(close).ok_or(())?;
    let (offset, length) = range(inside).ok_or(())?;
    *text = rest.trim_start();
    Ok(Some((offset.checked_mul(unit).ok_or(())?, length.checked_mul(unit).ok_or(())?)))
}

impl FromArgument for Field {
    const WANTED: &'static str = "a field like 'ip src/8', 'tcp sport', 'ip[8:2]' or 'ip{96:8} & 0xf0'";

    fn from_argument(text: &str) -> Option<Self> {
        let text = String::from_argument(text)?;
        let mut text = text.trim();
        let mut field = match text {
            "sport" | "dport" => Field { header: Header::TcpOrUdp, offset: 0, length: 0 },
            _ => Field { header: header(&mut text)?, offset: 0, length: 0 },
        };
        let name = word(&mut text);
        if !name.is_empty() {
            let &(_, offset, length) = names(field.header).iter().find(|(known, ..)| *known == name)?;
            field = Field { offset, length, ..field };
        }
        match (limits(&mut text).ok()?, name.is_empty()) {
            (None, true) => return None,
            (None, false) => {}
            (Some((offset, length)), true) => field = Field { offset, length, ..field },
            (Some((offset, length)), false) => {
                offset.checked_add(length).filter(|end| *end <= field.length)?;
                field = Field { offset: field.offset + offset, length, ..field };
            }
        }
        if let Some(prefix) = text.strip_prefix('/') {
            text = prefix.trim_start();
            field.length = word(&mut text).parse().ok().filter(|length| *length <= field.length)?;
        }
        if let Some(mask) = text.strip_prefix('&') {
            let mask = u32::from_argument(mask.trim()).filter(|mask| *mask != 0)?;
            text = "";
            let (low, high) = (mask.trailing_zeros(), 32 - mask.leading_zeros());
            if mask.count_ones() != high - low || high > field.length {
                return None;
            }
            field = Field { offset: field.offset + field.length - high, length: high - low, ..field };
        }
        (text.is_empty() && field.length > 0 && field.offset < 0x1_0000).then_some(field)
    }
}

/// As Click writes the field back.
impl std::fmt::Display for Field {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let &Field { header, mut offset, length } = self;
        write!(out, "{header}")?;
        let named = |offset, length| names(header).iter().find(|(_, at, bits)| (*at, *bits) == (offset, length));
        if let Some((name, ..)) = named(offset, length) {
            return write!(out, " {name}");
        }
        for container in [8, 16, 32] {
            let start = offset & !(container - 1);
            if start + container >= offset + length
                && let Some((name, ..)) = named(start, container)
            {
                write!(out, " {name}")?;
                offset -= start;
                if offset == 0 {
                    return write!(out, "/{length}");
                }
                break;
            }
        }
        match (offset % 8 == 0, length) {
            (true, 8) => write!(out, "[{}]", offset / 8),
            (true, _) if length % 8 == 0 => write!(out, "[{}:{}]", offset / 8, length / 8),
            (_, 1) => write!(out, "{{{offset}}}"),
            _ => write!(out, "{{{offset}:{length}}}"),
        }
    }
}

impl Configure for AggregateIp {
    fn configure(arguments: &mut Arguments, surroundings: &Surroundings) -> Option<Instance> {
        let field: Option<Field> = arguments.required("FIELD");
        if field.is_some_and(|field| field.offset / 32 != (field.offset + field.length - 1) / 32) {
            arguments.error_last("a field that does not fit a word of 32 bits", "bits of one word");
        }
        let incremental = arguments.keyword("INCREMENTAL").unwrap_or(false);
        if incremental && field.is_some_and(|field| field.length == 32) {
            arguments.error_last("INCREMENTAL with a field of 32 bits", "a shorter field");
        }
        let unshift = arguments.keyword("UNSHIFT_IP_ADDR").unwrap_or(false);
        let field = field?;
        let unshift = unshift && field.header == Header::Ip && (96..160).contains(&field.offset);
        let Field { header, offset, length } = field;
        let (diverts, field) = (surroundings.outputs > 1, field.to_string());
        let expression = format!(
            "AggregateIp::new(aggregate_ip::Header::{header:?}, {offset}, {length}, {field:?}, {incremental}, {unshift}, \
             {diverts})"
        );
        Some(Instance::new("AggregateIp", expression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, u32, u32)> {
        Field::from_argument(text).map(|field| (field.to_string(), field.offset, field.length))
    }

    #[test]
    fn the_top_of_the_source_in_many_words() {
        let wanted = Some(("ip src/8".to_string(), 96, 8));
        for text in
            ["ip src/8", "ip src & 0xFF000000", "ip[12]", "\"ip[12, 1]\"", "ip{96, 8}", "ip{96-103}", "ip src [0]"]
        {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn fields_and_what_is_none() {
        let shown = |text| read(text).map(|(text, ..)| text);
        for text in ["ip tos", "tcp flags", "tcp ack", "transp[0:2]", "payload{3}", "tcpudp sport", "ip proto 99[4]"] {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
        assert_eq!((shown("udp sport/4"), shown("sport")), (Some("udp sport/4".into()), Some("tcpudp sport".into())));
        assert_eq!((shown("ip[8:2] & 0x3F0"), read("ip[8:2] & 0x3F0").unwrap().1), (Some("ip{70:6}".into()), 70));
        for text in ["", "ip", "xy sport", "ip sport", "ip src/33", "ip src & 0x5", "ip src[4]", "ip[1", "ip[2-1]", "ip[0:0]"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
