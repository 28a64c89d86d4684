// SPDX-License-Identifier: Apache-2.0
//! The keywords about a packet's headers: numbers, flags, options.
use std::format;
use std::string::{String, ToString};

use super::draft::{Draft, integer};
use crate::code::{Op, Range};
use crate::rule::Field;

/// `N`, `<N`, `>N`, `<=N`, `>=N`, `!N`, `=N`, `N<>M`, `N-M`, `N:M`; the range's bounds themselves are outside for `<>` if `exclusive`.
pub fn range(text: &str, exclusive: bool) -> Result<Range, String> {
    let text = text.trim();
    let bad = || format!("`{text}` is no number or range");
    let number = |text: &str| integer(text.trim()).and_then(|value| u32::try_from(value).ok()).ok_or_else(bad);
    let between = |low: u32, high: u32| {
        if low > high { Err(format!("the range `{text}` is empty")) } else { Ok(Range { negated: false, low, high }) }
    };
    if let Some((low, high)) = text.split_once("<>") {
        let (low, high) = (number(low)?, number(high)?);
        return if exclusive { between(low.saturating_add(1), high.saturating_sub(1)) } else { between(low, high) };
    }
    for (sign, with) in [("<=", true), (">=", true), ("<", false), (">", false)] {
        if let Some(rest) = text.strip_prefix(sign) {
            let value = number(rest)?;
            return match (sign.starts_with('<'), with) {
                (true, true) => between(0, value),
                (true, false) => value.checked_sub(1).ok_or_else(bad).and_then(|high| between(0, high)),
                (false, true) => between(value, u32::MAX),
                (false, false) => value.checked_add(1).ok_or_else(bad).and_then(|low| between(low, u32::MAX)),
            };
        }
    }
    if let Some((low, high)) = text.split_once(['-', ':']) {
        return between(number(low)?, number(high)?);
    }
    let (negated, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, text.trim_start_matches('=')),
    };
    let value = number(text)?;
    Ok(Range { negated, low: value, high: value })
}

/// A keyword about one field; `None` if `name` is none of them.
pub fn keyword(name: &str, value: Option<&str>, draft: &mut Draft) -> Option<Result<(), String>> {
    let field = match name {
        "dsize" => Field::Dsize,
        "ttl" => Field::Ttl,
        "tos" => Field::Tos,
        "id" => Field::Id,
        "ip_proto" => return Some(ip_protocol(value.unwrap_or(""), draft)),
        "fragoffset" => Field::FragmentOffset,
        "itype" => Field::IcmpType,
        "icode" => Field::IcmpCode,
        "icmp_id" => Field::IcmpId,
        "icmp_seq" => Field::IcmpSequence,
        "seq" | "tcp.seq" => Field::Sequence,
        "ack" | "tcp.ack" => Field::Acknowledgment,
        "window" | "tcp.window" => Field::Window,
        "flags" | "tcp.flags" => return Some(tcp_flags(value.unwrap_or(""), draft)),
        "fragbits" => return Some(fragment_bits(value.unwrap_or(""), draft)),
        "ipopts" => return Some(ip_option(value.unwrap_or(""), draft)),
        "sameip" => {
            draft.packet.push(Op::SameIp);
            return Some(Ok(()));
        }
        _ => return None,
    };
    Some(range(value.unwrap_or(""), true).map(|range| draft.packet.push(Op::Number(field, range))))
}

fn ip_protocol(text: &str, draft: &mut Draft) -> Result<(), String> {
    let (sign, name) = text.split_at(text.find(|character: char| !"!<>".contains(character)).unwrap_or(0));
    let number = match name.trim().to_ascii_lowercase().as_str() {
        "icmp" => "1".to_string(),
        "igmp" => "2".into(),
        "ipip" | "ip-in-ip" => "4".into(),
        "tcp" => "6".into(),
        "udp" => "17".into(),
        "gre" => "47".into(),
        "esp" => "50".into(),
        "ah" => "51".into(),
        "icmpv6" | "ipv6-icmp" => "58".into(),
        "sctp" => "132".into(),
        other => other.into(),
    };
    let range = range(&format!("{sign}{number}"), true)?;
    draft.packet.push(Op::Number(Field::IpProtocol, range));
    Ok(())
}

/// The letters of flags and their bits.
fn bits(text: &str, letters: &[(char, u8)]) -> Result<u8, String> {
    text.chars().filter(|character| !character.is_whitespace()).try_fold(0, |bits, character| {
        let upper = character.to_ascii_uppercase();
        let known = letters.iter().find(|(letter, _)| *letter == upper);
        known.map(|(_, bit)| bits | bit).ok_or_else(|| format!("`{character}` is no flag"))
    })
}

/// The modifier before or behind the flags, and the flags.
fn mode(text: &str) -> (u8, &str) {
    let text = text.trim();
    for mode in ['+', '*', '!', '='] {
        if let Some(rest) = text.strip_prefix(mode).or_else(|| text.strip_suffix(mode)) {
            return (mode as u8, rest);
        }
    }
    (b'=', text)
}

/// RFC 9293 §3.1, RFC 3168 §6.1; `0` stands for none, `1` and `2` for the bits that became CWR and ECE.
const TCP_FLAGS: &[(char, u8)] = &[
    ('F', 1),
    ('S', 2),
    ('R', 4),
    ('P', 8),
    ('A', 16),
    ('U', 32),
    ('E', 64),
    ('2', 64),
    ('C', 128),
    ('1', 128),
    ('0', 0),
];

fn tcp_flags(text: &str, draft: &mut Draft) -> Result<(), String> {
    let (wanted, ignored) = text.split_once(',').unwrap_or((text, ""));
    let (mode, wanted) = mode(wanted);
    let (flags, mask) = (bits(wanted, TCP_FLAGS)?, !bits(ignored, TCP_FLAGS)?);
    draft.packet.push(Op::TcpFlags { mode, flags, mask });
    Ok(())
}

fn fragment_bits(text: &str, draft: &mut Draft) -> Result<(), String> {
    let (mode, wanted) = mode(text);
    let bits = bits(wanted, &[('M', 1), ('D', 2), ('R', 4)])?;
    draft.packet.push(Op::FragmentBits { mode, bits });
    Ok(())
}

/// RFC 791 §3.1 and the registry of IP option numbers.
fn ip_option(text: &str, draft: &mut Draft) -> Result<(), String> {
    let kind = match text.trim() {
        "eol" => 0,
        "nop" => 1,
        "rr" => 7,
        "ts" => 68,
        "sec" => 130,
        "lsrr" => 131,
        "esec" => 133,
        "satid" => 136,
        "ssrr" => 137,
        "any" => 255,
        other => return Err(format!("`{other}` is no IP option")),
    };
    draft.packet.push(Op::IpOption(kind));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let plain = |low, high| Range { negated: false, low, high };
        assert_eq!(range("5", true), Ok(plain(5, 5)));
        assert_eq!(range("<5", true), Ok(plain(0, 4)));
        assert_eq!(range(">5", true), Ok(plain(6, u32::MAX)));
        assert_eq!(range("3<>9", true), Ok(plain(4, 8)));
        assert_eq!(range("3-9", true), Ok(plain(3, 9)));
        assert_eq!(range("!7", true), Ok(Range { negated: true, low: 7, high: 7 }));
        for bad in ["", "<0", "x", "9-3", "4<>5", "-1"] {
            assert!(range(bad, true).is_err(), "{bad}");
        }
    }
}
