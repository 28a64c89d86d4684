// SPDX-License-Identifier: Apache-2.0
//! A rule's options, keyword by keyword.
use std::collections::HashMap;
use std::format;
use std::string::{String, ToString};

use super::draft::{Draft, Test, integer};
use super::expression::{self, Expressions};
use super::{bytes, content, fields};
use crate::code::Op;
use crate::rule::{Action, AppProtocol, Buffer, condition};

/// Most flowbits of a table.
pub const FLOWBITS: usize = 256;

/// What the options of all rules of a table share.
#[derive(Default)]
pub struct Shared {
    /// Automata of expressions.
    pub expressions: Expressions,
    /// Numbers of flowbits by name.
    pub flowbits: HashMap<String, u16>,
}

/// Keywords that tell people something and change nothing.
const INFORMATION: &[&str] = &["reference", "metadata", "target", "rem", "requires"];

/// Reads one option into `draft`.
pub fn option(name: &str, value: Option<&str>, draft: &mut Draft, shared: &mut Shared) -> Result<(), String> {
    if INFORMATION.contains(&name) {
        return Ok(());
    }
    if let Some(result) = content::modifier(name, value, draft) {
        return result;
    }
    if let Some(result) = fields::keyword(name, value, draft) {
        return result;
    }
    if let Some(buffer) = sticky(name) {
        draft.buffer = buffer;
        return Ok(());
    }
    if let Some(buffer) = modifier_of_old(name) {
        return draft.move_last(buffer, name);
    }
    let given = value.unwrap_or("");
    match name {
        "msg" => draft.message = text(given)?,
        "sid" => draft.sid = number(given)?,
        "gid" => draft.gid = number(given)?,
        "rev" => draft.revision = number(given)?,
        "priority" => {
            draft.priority =
                Some(number(given).ok().filter(|level| (1..=255).contains(level)).ok_or("a priority is 1 to 255")?)
        }
        "classtype" => draft.class = Some(given.to_string()),
        "content" => content::content(given, draft, draft.buffer)?,
        "uricontent" => content::content(given, draft, Buffer::HttpUri)?,
        "pcre" => expression::pcre(given, draft, &mut shared.expressions)?,
        "byte_test" => bytes::byte_test(given, draft)?,
        "byte_jump" => bytes::byte_jump(given, draft)?,
        "byte_extract" => bytes::byte_extract(given, draft)?,
        "byte_math" => bytes::byte_math(given, draft)?,
        "isdataat" => bytes::isdataat(given, draft)?,
        "bsize" => draft.test(Test::Op(Op::Size(fields::range(given, true)?)))?,
        "urilen" => uri_length(given, draft)?,
        "flow" => flow(given, draft)?,
        "flowbits" => flowbits(given, draft, shared)?,
        "noalert" => draft.conditions |= condition::NO_ALERT,
        "threshold" | "detection_filter" => threshold(name, given, draft)?,
        "app-layer-protocol" => app_protocol(given, draft)?,
        "geoip" => return Err("`geoip` needs a database, which is left out".into()),
        other => return Err(format!("the keyword `{other}` is not supported")),
    }
    Ok(())
}

fn number(text: &str) -> Result<u32, String> {
    integer(text.trim()).and_then(|value| u32::try_from(value).ok()).ok_or_else(|| format!("`{text}` is no number"))
}

fn text(quoted: &str) -> Result<String, String> {
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let inside = inside.ok_or_else(|| format!("`{quoted}` is not in quotation marks"))?;
    let mut text = String::new();
    let mut escaped = false;
    for character in inside.chars() {
        escaped = character == '\\' && !escaped;
        if !escaped {
            text.push(character);
        }
    }
    Ok(text)
}

/// The buffer that a sticky keyword names.
fn sticky(name: &str) -> Option<Buffer> {
    Some(match name {
        "pkt_data" => Buffer::Payload,
        "http.method" => Buffer::HttpMethod,
        "http.uri" => Buffer::HttpUri,
        "http.uri.raw" => Buffer::HttpUriRaw,
        "http.header" => Buffer::HttpHeader,
        "http.header.raw" => Buffer::HttpHeaderRaw,
        "http.request_header" => Buffer::HttpRequestHeader,
        "http.response_header" => Buffer::HttpResponseHeader,
        "http.host" => Buffer::HttpHost,
        "http.host.raw" => Buffer::HttpHostRaw,
        "http.user_agent" => Buffer::HttpUserAgent,
        "http.cookie" => Buffer::HttpCookie,
        "http.referer" | "http_referer" => Buffer::HttpReferer,
        "http.accept" | "http_accept" => Buffer::HttpAccept,
        "http.content_type" | "http_content_type" => Buffer::HttpContentType,
        "http.content_len" | "http_content_len" => Buffer::HttpContentLen,
        "http.protocol" | "http_protocol" => Buffer::HttpProtocol,
        "http.request_line" | "http_request_line" => Buffer::HttpRequestLine,
        "http.response_line" | "http_response_line" => Buffer::HttpResponseLine,
        "http.request_body" => Buffer::HttpRequestBody,
        "http.stat_code" => Buffer::HttpStatCode,
        "http.stat_msg" => Buffer::HttpStatMsg,
        "http.response_body" => Buffer::HttpResponseBody,
        "http.server" | "http_server" => Buffer::HttpServer,
        "http.location" | "http_location" => Buffer::HttpLocation,
        "http.header_names" | "http_header_names" => Buffer::HttpHeaderNames,
        "http.connection" | "http_connection" => Buffer::HttpConnection,
        "http.accept_enc" | "http_accept_enc" => Buffer::HttpAcceptEncoding,
        "file.data" | "file_data" => Buffer::FileData,
        "dns.query" | "dns_query" | "dns.query.name" => Buffer::DnsQuery,
        "tls.sni" | "tls_sni" => Buffer::TlsSni,
        "ipv4.hdr" => Buffer::Ipv4Header,
        "ipv6.hdr" => Buffer::Ipv6Header,
        "tcp.hdr" => Buffer::TcpHeader,
        "udp.hdr" => Buffer::UdpHeader,
        "icmpv4.hdr" | "icmpv6.hdr" => Buffer::IcmpHeader,
        _ => return None,
    })
}

/// The buffer to which a modifier in the style before Suricata 5 moves the content before it.
fn modifier_of_old(name: &str) -> Option<Buffer> {
    Some(match name {
        "http_method" => Buffer::HttpMethod,
        "http_uri" => Buffer::HttpUri,
        "http_raw_uri" => Buffer::HttpUriRaw,
        "http_header" => Buffer::HttpHeader,
        "http_raw_header" => Buffer::HttpHeaderRaw,
        "http_host" => Buffer::HttpHost,
        "http_raw_host" => Buffer::HttpHostRaw,
        "http_user_agent" => Buffer::HttpUserAgent,
        "http_cookie" => Buffer::HttpCookie,
        "http_client_body" => Buffer::HttpRequestBody,
        "http_stat_code" => Buffer::HttpStatCode,
        "http_stat_msg" => Buffer::HttpStatMsg,
        "http_server_body" => Buffer::HttpResponseBody,
        _ => return None,
    })
}

fn uri_length(value: &str, draft: &mut Draft) -> Result<(), String> {
    let (length, which) = value.split_once(',').unwrap_or((value, "norm"));
    let buffer = match which.trim() {
        "raw" => Buffer::HttpUriRaw,
        "norm" => Buffer::HttpUri,
        other => return Err(format!("`{other}` is no URI: norm or raw")),
    };
    draft.test_in(buffer, Test::Op(Op::Size(fields::range(length, true)?)))
}

fn flow(value: &str, draft: &mut Draft) -> Result<(), String> {
    for word in value.split(',') {
        draft.conditions |= match word.trim() {
            "to_server" | "from_client" => condition::TO_SERVER,
            "to_client" | "from_server" => condition::TO_CLIENT,
            "established" => condition::ESTABLISHED,
            "not_established" => condition::NOT_ESTABLISHED,
            "stateless" => condition::STATELESS,
            "only_stream" => condition::STREAM | condition::ONLY_STREAM,
            "no_stream" => condition::NO_STREAM | condition::PACKET,
            "only_frag" => condition::ONLY_FRAGMENT,
            "no_frag" => condition::NO_FRAGMENT,
            other => return Err(format!("`{other}` is nothing that a flow can be")),
        };
    }
    let both = |one: u32, other: u32| draft.conditions & one != 0 && draft.conditions & other != 0;
    if both(condition::TO_SERVER, condition::TO_CLIENT)
        || both(condition::ESTABLISHED, condition::NOT_ESTABLISHED)
        || both(condition::STREAM, condition::NO_STREAM)
    {
        return Err(format!("`{value}` contradicts itself"));
    }
    Ok(())
}

fn flowbits(value: &str, draft: &mut Draft, shared: &mut Shared) -> Result<(), String> {
    let (what, names) = value.split_once(',').unwrap_or((value, ""));
    let what = what.trim();
    if what == "noalert" {
        draft.conditions |= condition::NO_ALERT;
        return Ok(());
    }
    if names.trim().is_empty() {
        return Err("a flowbit has a name".into());
    }
    let names: std::vec::Vec<&str> = names.split('|').map(str::trim).collect();
    if names.len() > 1 && !matches!(what, "isset" | "isnotset") {
        return Err(format!("`{what}` takes one flowbit"));
    }
    for (index, name) in names.iter().enumerate() {
        let bit = flowbit(name, shared)?;
        let mark = |what| Op::Mark { what, owner: 0, bit };
        let or = index + 1 < names.len();
        match what {
            "isset" => draft.packet.push(Op::FlowBit { negated: false, owner: 0, bit, or }),
            "isnotset" => draft.packet.push(Op::FlowBit { negated: true, owner: 0, bit, or }),
            "set" => draft.after.push(mark(0)),
            "unset" => draft.after.push(mark(1)),
            "toggle" => draft.after.push(mark(2)),
            other => return Err(format!("`{other}` is nothing that flowbits can do")),
        }
    }
    Ok(())
}

fn flowbit(name: &str, shared: &mut Shared) -> Result<u16, String> {
    if let Some(bit) = shared.flowbits.get(name) {
        return Ok(*bit);
    }
    if shared.flowbits.len() == FLOWBITS {
        return Err(format!("more than {FLOWBITS} flowbits"));
    }
    let bit = u16::try_from(shared.flowbits.len()).expect("at most FLOWBITS");
    shared.flowbits.insert(name.to_string(), bit);
    Ok(bit)
}

fn threshold(keyword: &str, value: &str, draft: &mut Draft) -> Result<(), String> {
    let (mut kind, mut track, mut count, mut seconds) =
        ((keyword == "detection_filter").then_some(3), None, None, None);
    for field in value.split(',') {
        let field = field.trim();
        let (name, rest) = field.split_once(char::is_whitespace).unwrap_or((field, ""));
        match (name, rest.trim()) {
            ("type", "limit") => kind = Some(0),
            ("type", "threshold") => kind = Some(1),
            ("type", "both") => kind = Some(2),
            ("track", "by_src") => track = Some(0),
            ("track", "by_dst") => track = Some(1),
            ("track", "by_rule") => track = Some(2),
            ("track", "by_both") => track = Some(3),
            ("track", "by_flow") => track = Some(4),
            ("count", text) => count = Some(number(text)?),
            ("seconds", text) => seconds = Some(number(text)?),
            _ => return Err(format!("`{field}` is no part of a {keyword}")),
        }
    }
    let missing = format!("{keyword}: type, track, count, seconds");
    let (Some(kind), Some(track), Some(count), Some(seconds)) = (kind, track, count, seconds) else {
        return Err(missing);
    };
    if count == 0 || seconds == 0 {
        return Err(format!("a {keyword} of nothing"));
    }
    if draft.after.iter().any(|op| matches!(op, Op::Threshold { .. })) {
        return Err(format!("a second {keyword}"));
    }
    draft.after.push(Op::Threshold { kind, track, count, seconds });
    Ok(())
}

fn app_protocol(value: &str, draft: &mut Draft) -> Result<(), String> {
    draft.app = match value.trim() {
        "http" | "http1" => AppProtocol::Http,
        "dns" => AppProtocol::Dns,
        "tls" => AppProtocol::Tls,
        other => return Err(format!("the application protocol `{other}` is not supported")),
    };
    Ok(())
}

/// What a rule must have when all options were read.
pub fn finish(draft: &mut Draft) -> Result<(), String> {
    if draft.sid == 0 {
        return Err("a rule has a sid".into());
    }
    if draft.action == Action::Pass && draft.after.iter().any(|op| matches!(op, Op::Threshold { .. })) {
        return Err("a pass rule raises no alert that a threshold could limit".into());
    }
    Ok(())
}
