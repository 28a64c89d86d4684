// SPDX-License-Identifier: Apache-2.0
//! Fields of IP summary dumps: their names, and how they are written and read as text.

mod digest;
mod ip_options;
mod options;
mod read;
mod write;

pub use read::{Flow, Line, protocol};
pub use write::View;

macro_rules! fields {
    ($($field:ident: $name:literal $(| $synonym:literal)*,)*) => {
        /// A field of a summary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $(#[doc = $name] $field,)* }

        impl Field {
            /// Its name in dumps.
            pub fn name(self) -> &'static str {
                match self { $(Field::$field => $name,)* }
            }

            fn exactly(name: &str) -> Option<Field> {
                match name { $($name $(| $synonym)* => Some(Field::$field),)* _ => None }
            }
        }
    };
}

fields! {
    Timestamp: "timestamp" | "utimestamp" | "ts" | "ntimestamp",
    TsSec: "ts_sec" | "sec",
    TsUsec: "ts_usec" | "usec",
    TsUsec1: "ts_usec1" | "usec1",
    FirstTimestamp: "first_timestamp" | "first_utimestamp" | "first_ts" | "first_ntimestamp",
    Count: "count" | "pkt_count" | "packet_count",
    Link: "link" | "paint",
    Direction: "direction",
    Aggregate: "aggregate" | "agg",
    WireLen: "wire_len" | "wire_length",
    EthSrc: "eth_src" | "ether_src",
    EthDst: "eth_dst" | "ether_dst",
    EthType: "eth_type" | "ether_type",
    IpSrc: "ip_src",
    IpDst: "ip_dst",
    IpTos: "ip_tos",
    IpDscp: "ip_dscp",
    IpEcn: "ip_ecn",
    IpTtl: "ip_ttl",
    IpFrag: "ip_frag",
    IpFragoff: "ip_fragoff",
    IpId: "ip_id",
    IpSum: "ip_sum",
    IpProto: "ip_proto" | "ip_p",
    IpHl: "ip_hl",
    IpLen: "ip_len" | "length",
    IpCaptureLen: "ip_capture_len",
    IpOpt: "ip_opt",
    Sport: "sport",
    Dport: "dport",
    TcpSeq: "tcp_seq" | "tcp_seqno",
    TcpAck: "tcp_ack" | "tcp_ackno",
    TcpOff: "tcp_off",
    TcpFlags: "tcp_flags",
    TcpWindow: "tcp_window" | "tcp_win",
    TcpUrp: "tcp_urp",
    TcpOpt: "tcp_opt",
    UdpLen: "udp_len",
    IcmpType: "icmp_type",
    IcmpCode: "icmp_code",
    IcmpTypeName: "icmp_type_name",
    IcmpFlowid: "icmp_flowid",
    IcmpSeq: "icmp_seq",
    Payload: "payload",
    PayloadLen: "payload_len" | "payload_length",
    PayloadMd5: "payload_md5",
    PayloadMd5Hex: "payload_md5_hex",
}

/// ICMP types with names.
const ICMP_TYPES: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("unreach", 3),
    ("sourcequench", 4),
    ("redirect", 5),
    ("echo", 8),
    ("routeradvert", 9),
    ("routersolicit", 10),
    ("timeexceeded", 11),
    ("paramprob", 12),
    ("tstamp", 13),
    ("tstampreply", 14),
    ("inforeq", 15),
    ("inforeqreply", 16),
    ("maskreq", 17),
    ("maskreply", 18),
];

/// Flags of TCP from the lowest bit on.
const TCP_FLAGS: &str = "FSRPAUECN";

impl Field {
    /// The field of that name. Spaces stand for underscores, and `ip_` may be left out.
    pub fn find(name: &str) -> Option<Field> {
        let name = name.replacen(' ', "_", 1);
        Field::exactly(&name).or_else(|| Field::exactly(&format!("ip_{name}")))
    }

    /// The fields of a list, in which names with spaces stand in quotation marks; or the name that is none.
    pub fn list(text: &str) -> Result<Vec<Field>, String> {
        words(text).into_iter().map(|word| Field::find(&word).ok_or(word)).collect()
    }
}

/// The words of a line; white space in double quotes does not divide, and the quotes go. A backslash in quotes stays, with what
/// is behind it: see [`unescaped`].
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '\\' if quoted => word.extend([Some(c), characters.next()].into_iter().flatten()),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                begun = true;
                word.push(c);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// The bytes of a word with Click's escapes: `\n` and its like, `\<00 FF>`, and any other character for itself.
fn unescaped(word: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), word);
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        let mut characters = escape.chars();
        let byte = match characters.next() {
            Some('<') => {
                let (digits, behind) = escape[1..].split_once('>').unwrap_or((&escape[1..], ""));
                let digits: Vec<u8> = digits.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
                bytes.extend(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
                rest = behind;
                continue;
            }
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some(other) => other,
            None => '\\',
        };
        bytes.extend(byte.to_string().bytes());
        rest = characters.as_str();
    }
    bytes.extend(rest.bytes());
    bytes
}

#[cfg(test)]
mod tests;
