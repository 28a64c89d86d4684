// SPDX-License-Identifier: Apache-2.0
//! Alerts as EVE JSON, one line each, as Suricata writes them (the fields that tools read).

use core::fmt::{self, Write};

use crate::alert::{Alert, End};
use crate::rule::AppProtocol;

/// Bytes that a line may need: more is cut off, and the line is still valid JSON.
pub const LINE: usize = 1024;
/// Most bytes of a message or a class that are written.
const TEXT: usize = 200;

/// A line of text in a bounded buffer.
struct Line<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

/// Writes `alert` into `line`, without a newline; what was written, `None` if there is too little room.
#[must_use]
pub fn write<'a>(alert: &Alert<'_>, line: &'a mut [u8]) -> Option<&'a str> {
    let mut out = Line { bytes: line, length: 0 };
    object(alert, &mut out).ok()?;
    let Line { bytes, length } = out;
    core::str::from_utf8(&bytes[..length]).ok()
}

fn object(alert: &Alert<'_>, out: &mut Line<'_>) -> fmt::Result {
    write!(out, "{{\"timestamp\":\"")?;
    timestamp(alert.time_ns, out)?;
    write!(out, "\",\"event_type\":\"alert\",\"src_ip\":\"")?;
    address(alert.source, alert.six, out)?;
    write!(out, "\",")?;
    port("src_port", alert.protocol, alert.source.port, out)?;
    write!(out, "\"dest_ip\":\"")?;
    address(alert.destination, alert.six, out)?;
    write!(out, "\",")?;
    port("dest_port", alert.protocol, alert.destination.port, out)?;
    write!(out, "\"proto\":\"")?;
    protocol(alert, out)?;
    write!(out, "\",")?;
    if let Some(number) = alert.packet {
        write!(out, "\"pcap_cnt\":{number},")?;
    }
    app(alert.app, out)?;
    let direction = if alert.to_server { "to_server" } else { "to_client" };
    let action = if alert.blocked { "blocked" } else { "allowed" };
    write!(out, "\"direction\":\"{direction}\",\"alert\":{{\"action\":\"{action}\",\"gid\":{}", alert.gid)?;
    write!(out, ",\"signature_id\":{},\"rev\":{},\"signature\":\"", alert.sid, alert.revision)?;
    text(alert.message, out)?;
    write!(out, "\",\"category\":\"")?;
    text(alert.class, out)?;
    write!(out, "\",\"severity\":{}}}}}", alert.priority)
}

fn port(name: &str, protocol: u8, number: u16, out: &mut Line<'_>) -> fmt::Result {
    if matches!(protocol, crate::packet::TCP | crate::packet::UDP) {
        write!(out, "\"{name}\":{number},")
    } else {
        Ok(())
    }
}

fn protocol(alert: &Alert<'_>, out: &mut Line<'_>) -> fmt::Result {
    match alert.protocol {
        crate::packet::TCP => out.write_str("TCP"),
        crate::packet::UDP => out.write_str("UDP"),
        crate::packet::ICMP => out.write_str("ICMP"),
        crate::packet::ICMPV6 => out.write_str("IPv6-ICMP"),
        other => write!(out, "{other}"),
    }
}

fn app(app: AppProtocol, out: &mut Line<'_>) -> fmt::Result {
    match app {
        AppProtocol::Unknown => Ok(()),
        AppProtocol::Http => out.write_str("\"app_proto\":\"http\","),
        AppProtocol::Dns => out.write_str("\"app_proto\":\"dns\","),
        AppProtocol::Tls => out.write_str("\"app_proto\":\"tls\","),
    }
}

/// IPv6 as Suricata writes it: eight groups of four digits.
fn address(end: End, six: bool, out: &mut Line<'_>) -> fmt::Result {
    if !six {
        let [a, b, c, d, ..] = end.address;
        return write!(out, "{a}.{b}.{c}.{d}");
    }
    for (index, pair) in end.address.chunks_exact(2).enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        write!(out, "{colon}{:02x}{:02x}", pair[0], pair[1])?;
    }
    Ok(())
}

/// RFC 8259 §7.
fn text(text: &str, out: &mut Line<'_>) -> fmt::Result {
    let mut left = TEXT;
    for character in text.chars() {
        left = left.saturating_sub(character.len_utf8());
        if left == 0 {
            return Ok(());
        }
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            control if control.is_control() => write!(out, "\\u{:04x}", u32::from(control))?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

/// Nanoseconds since 1970 as ISO 8601 with microseconds, in UTC.
fn timestamp(time_ns: u64, out: &mut Line<'_>) -> fmt::Result {
    let (seconds, micros) = (time_ns / 1_000_000_000, time_ns / 1_000 % 1_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.", second / 3600, second / 60 % 60, second % 60)?;
    write!(out, "{micros:06}+0000")
}

/// Year, month and day of so many days after 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Action;

    fn alert<'a>(message: &'a str) -> Alert<'a> {
        let mut source = End { address: [0; 16], port: 40000 };
        source.address[..4].copy_from_slice(&[10, 0, 0, 1]);
        Alert {
            sid: 7,
            gid: 1,
            revision: 2,
            action: Action::Drop,
            blocked: true,
            priority: 3,
            message,
            class: "Misc activity",
            six: false,
            protocol: 6,
            source,
            destination: End { port: 80, ..source },
            app: AppProtocol::Http,
            to_server: true,
            packet: Some(12),
            time_ns: 1_709_210_096_000_001_000,
        }
    }

    #[test]
    fn a_line_is_json() {
        let mut line = [0; LINE];
        let line = write(&alert("a \"quoted\"\n\\ text"), &mut line).unwrap();
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["timestamp"], "2024-02-29T12:34:56.000001+0000");
        assert_eq!(value["alert"]["signature"], "a \"quoted\"\n\\ text");
        assert_eq!(value["src_ip"], "10.0.0.1");
        assert_eq!(value["alert"]["action"], "blocked");
        assert_eq!(value["pcap_cnt"], 12);
    }

    #[test]
    fn a_long_message_is_cut_and_a_small_buffer_refused() {
        let long = "\u{1}".repeat(3000);
        let mut line = [0; 2 * LINE];
        let line = write(&alert(&long), &mut line).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
        assert_eq!(write(&alert("x"), &mut [0; 100]), None);
    }
}
