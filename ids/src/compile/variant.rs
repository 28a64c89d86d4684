// SPDX-License-Identifier: Apache-2.0
//! From a rule as read to the rules as evaluated: one for each direction and stage in which it can match.
use std::string::{String, ToString};
use std::vec::Vec;

use super::draft::{Draft, Pattern, Test};
use super::sets::Kind;
use crate::code::{self, Content, Number, Op};
use crate::rule::{AppProtocol, Buffer, Stage, condition, protocol};

/// A rule as evaluated.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What was read, with source and destination in this variant's order.
    pub draft: Draft,
    /// When it is evaluated.
    pub stage: Stage,
    /// Bits of [`condition`].
    pub conditions: u32,
    /// The buffer and the content that make it a candidate.
    pub fast: Option<(Buffer, Vec<u8>)>,
    /// Its place in the files.
    pub order: usize,
}

/// All variants of `draft`.
pub fn variants(draft: &Draft, order: usize) -> Result<Vec<Variant>, String> {
    let mut found = Vec::new();
    for draft in orientations(draft) {
        for (stage, direction) in stages(&draft)? {
            let conditions = conditions(&draft, stage) | direction;
            let fast = fast_pattern(&draft, stage, direction);
            found.push(Variant { draft: draft.clone(), stage, conditions, fast, order });
        }
    }
    Ok(found)
}

/// The rule itself, and for `<>` its mirror image.
fn orientations(draft: &Draft) -> Vec<Draft> {
    let mut mirrored = draft.clone();
    mirrored.addresses.reverse();
    mirrored.ports.reverse();
    let same = mirrored.addresses == draft.addresses && mirrored.ports == draft.ports;
    if draft.both_ways && !same { std::vec![draft.clone(), mirrored] } else { std::vec![draft.clone()] }
}

/// When `buffer` is there in a direction; `None`: never.
fn stage_of(buffer: Buffer, to_server: bool) -> Option<Stage> {
    use Buffer as B;
    let (there, back) = match buffer {
        B::Payload | B::Ipv4Header | B::Ipv6Header | B::TcpHeader | B::UdpHeader | B::IcmpHeader => {
            (Some(Stage::Packet), Some(Stage::Packet))
        }
        B::HttpMethod | B::HttpUri | B::HttpUriRaw | B::HttpRequestHeader | B::HttpHost | B::HttpHostRaw => {
            (Some(Stage::RequestHead), None)
        }
        B::HttpUserAgent | B::HttpReferer | B::HttpAccept | B::HttpAcceptEncoding | B::HttpRequestLine => {
            (Some(Stage::RequestHead), None)
        }
        B::HttpHeaderNames | B::HttpConnection => (Some(Stage::RequestHead), Some(Stage::ResponseHead)),
        B::HttpHeader | B::HttpHeaderRaw | B::HttpCookie | B::HttpContentType | B::HttpContentLen | B::HttpProtocol => {
            (Some(Stage::RequestHead), Some(Stage::ResponseHead))
        }
        B::HttpStatCode | B::HttpStatMsg | B::HttpResponseHeader | B::HttpResponseLine => {
            (None, Some(Stage::ResponseHead))
        }
        B::HttpServer | B::HttpLocation => (None, Some(Stage::ResponseHead)),
        B::HttpRequestBody => (Some(Stage::RequestBody), None),
        B::HttpResponseBody => (None, Some(Stage::ResponseBody)),
        B::FileData => (Some(Stage::RequestBody), Some(Stage::ResponseBody)),
        B::DnsQuery => (Some(Stage::Dns), None),
        B::TlsSni => (Some(Stage::TlsHello), None),
    };
    if to_server { there } else { back }
}

/// The stages and directions in which all buffers of `draft` can be there.
fn stages(draft: &Draft) -> Result<Vec<(Stage, u32)>, String> {
    let buffers: Vec<Buffer> = draft.lists.iter().map(|(buffer, _)| *buffer).collect();
    let directions = [(true, condition::TO_SERVER), (false, condition::TO_CLIENT)];
    let wanted = draft.conditions & (condition::TO_SERVER | condition::TO_CLIENT);
    let allowed = directions.into_iter().filter(|(_, bit)| wanted == 0 || wanted & bit != 0);
    if buffers.iter().all(|buffer| stage_of(*buffer, true) == Some(Stage::Packet)) {
        return Ok(without_buffers(draft, &buffers, wanted));
    }
    let mut found = Vec::new();
    for (to_server, bit) in allowed {
        let stages: Option<Vec<Stage>> = buffers.iter().map(|buffer| stage_of(*buffer, to_server)).collect();
        let last = stages.and_then(|stages| stages.into_iter().max());
        found.extend(last.map(|stage| (stage, bit)));
    }
    check_protocols(&buffers)?;
    if found.is_empty() {
        return Err("no direction of a flow has all of the rule's buffers".to_string());
    }
    Ok(found)
}

fn check_protocols(buffers: &[Buffer]) -> Result<(), String> {
    let mut protocols: Vec<AppProtocol> = buffers.iter().map(|buffer| app_of(*buffer)).collect();
    protocols.retain(|app| *app != AppProtocol::Unknown);
    protocols.dedup();
    if protocols.len() > 1 { Err("the rule's buffers are of different protocols".into()) } else { Ok(()) }
}

/// A rule that names no buffer of an application is about packets, or, if it names only the application, about its messages.
fn without_buffers(draft: &Draft, buffers: &[Buffer], wanted: u32) -> Vec<(Stage, u32)> {
    if draft.app == AppProtocol::Unknown || !buffers.is_empty() || !draft.packet.is_empty() {
        return std::vec![(Stage::Packet, wanted)];
    }
    let messages = match draft.app {
        AppProtocol::Http => {
            std::vec![(Stage::RequestHead, condition::TO_SERVER), (Stage::ResponseHead, condition::TO_CLIENT)]
        }
        AppProtocol::Dns => std::vec![(Stage::Dns, condition::TO_SERVER), (Stage::Dns, condition::TO_CLIENT)],
        _ => std::vec![(Stage::TlsHello, condition::TO_SERVER)],
    };
    messages.into_iter().filter(|(_, bit)| wanted == 0 || wanted & bit != 0).collect()
}

/// The application protocol that a buffer belongs to.
pub fn app_of(buffer: Buffer) -> AppProtocol {
    match buffer {
        Buffer::DnsQuery => AppProtocol::Dns,
        Buffer::TlsSni => AppProtocol::Tls,
        other if stage_of(other, true) == Some(Stage::Packet) => AppProtocol::Unknown,
        _ => AppProtocol::Http,
    }
}

fn conditions(draft: &Draft, stage: Stage) -> u32 {
    let mut conditions = draft.conditions;
    let payload = draft.lists.iter().find(|(buffer, _)| *buffer == Buffer::Payload);
    if draft.lists.is_empty() {
        conditions |= condition::NO_PAYLOAD;
    }
    if let Some((_, tests)) = payload
        && stage == Stage::Packet
    {
        conditions |= payload_conditions(draft, tests);
    }
    if is_addresses_only(draft, stage) {
        conditions |= condition::ADDRESSES_ONLY;
    }
    let open_ports = draft.ports.iter().all(|ports| *ports == Kind::Ports.any());
    let about_addresses = draft.lists.is_empty() && draft.packet.is_empty() && open_ports && draft.conditions == 0;
    if stage != Stage::Packet || draft.app != AppProtocol::Unknown || about_addresses {
        conditions |= condition::WHOLE_FLOW;
    }
    conditions
}

/// Whether TCP payload is looked at as a stream, packet by packet, or both: the stream, unless the rule looks at a packet's
/// header; both, if a place in the payload is given, which may mean the packet's.
fn payload_conditions(draft: &Draft, tests: &[Test]) -> u32 {
    let about_packet = |op: &Op<'_>| !matches!(op, Op::FlowBit { .. } | Op::SameIp);
    if draft.conditions & (condition::PACKET | condition::STREAM) != 0 {
        return 0;
    }
    if draft.packet.iter().any(about_packet) {
        return condition::PACKET;
    }
    let placed =
        |test: &Test| matches!(test, Test::Content(pattern) if pattern.offset.is_some() || pattern.depth.is_some());
    condition::STREAM | if tests.iter().any(placed) { condition::PACKET } else { 0 }
}

fn is_addresses_only(draft: &Draft, stage: Stage) -> bool {
    let open = draft.ports.iter().all(|ports| *ports == Kind::Ports.any());
    let plain = draft.lists.is_empty() && draft.packet.is_empty() && draft.app == AppProtocol::Unknown;
    let flow = draft.conditions & !(condition::IPV4 | condition::IPV6 | condition::NO_ALERT);
    let marks = draft.after.iter().any(|op| matches!(op, Op::Mark { .. }));
    stage == Stage::Packet && open && plain && flow == 0 && !draft.negated_address && !marks
}

/// The content that makes the rule a candidate: the one that says `fast_pattern`, else the longest, in a buffer of its stage.
fn fast_pattern(draft: &Draft, stage: Stage, direction: u32) -> Option<(Buffer, Vec<u8>)> {
    let to_server = direction & condition::TO_CLIENT == 0;
    let lists = draft.lists.iter().filter(|(buffer, _)| {
        let header = *buffer != Buffer::Payload && stage_of(*buffer, true) == Some(Stage::Packet);
        !header && stage_of(*buffer, to_server) == Some(stage)
    });
    let contents =
        lists.flat_map(|(buffer, tests)| tests.iter().filter_map(move |test| content(test).map(|it| (*buffer, it))));
    let best = contents.max_by_key(|(_, pattern)| (pattern.fast, pattern.bytes.len()));
    best.map(|(buffer, pattern)| (buffer, pattern.bytes.clone()))
}

fn content(test: &Test) -> Option<&Pattern> {
    match test {
        Test::Content(pattern) if !pattern.negated => Some(pattern),
        _ => None,
    }
}

impl Variant {
    /// The code of the tests on the packet.
    pub fn packet_code(&self) -> Vec<u8> {
        let mut code = Vec::new();
        self.draft.packet.iter().for_each(|op| code::write(op, &mut code));
        code
    }

    /// The code of the tests on buffers.
    pub fn lists_code(&self) -> Vec<u8> {
        let mut code = Vec::new();
        for (buffer, tests) in &self.draft.lists {
            code::write(&Op::List(*buffer), &mut code);
            for (index, test) in tests.iter().enumerate() {
                write_test(test, is_chained(&tests[index + 1..]), &mut code);
            }
        }
        code
    }

    /// The code of what follows a match.
    pub fn after_code(&self) -> Vec<u8> {
        let mut code = Vec::new();
        self.draft.after.iter().for_each(|op| code::write(op, &mut code));
        code
    }

    /// The application protocol that the flow must have.
    pub fn app(&self) -> AppProtocol {
        let named = self.draft.lists.iter().map(|(buffer, _)| app_of(*buffer));
        named.chain([self.draft.app]).find(|app| *app != AppProtocol::Unknown).unwrap_or(AppProtocol::Unknown)
    }

    /// Bits of [`protocol`].
    pub fn protocols(&self) -> u8 {
        match self.app() {
            AppProtocol::Http | AppProtocol::Tls => self.draft.protocols & protocol::TCP,
            _ => self.draft.protocols,
        }
    }
}

/// Whether a test depends on where the one before `later` matched.
fn is_chained(later: &[Test]) -> bool {
    let independent = |test: &&Test| test.is_relative() || !test.moves();
    later.iter().take_while(independent).any(Test::is_relative)
}

fn write_test(test: &Test, chained: bool, code: &mut Vec<u8>) {
    match test {
        Test::Content(pattern) => {
            let lower = if pattern.nocase { pattern.bytes.to_ascii_lowercase() } else { pattern.bytes.clone() };
            let content = Content {
                bytes: &lower,
                nocase: pattern.nocase,
                negated: pattern.negated,
                ends: pattern.ends,
                chained,
                offset: pattern.offset.unwrap_or(Number::Constant(0)),
                depth: pattern.depth,
                distance: pattern.distance,
                within: pattern.within,
            };
            code::write(&Op::Content(content), code);
        }
        Test::Pcre { negated, relative, automaton } => {
            code::write(&Op::Pcre { negated: *negated, relative: *relative, chained, automaton: *automaton }, code);
        }
        Test::Op(op) => code::write(op, code),
    }
}
