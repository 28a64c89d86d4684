// SPDX-License-Identifier: Apache-2.0
//! The arguments that tunnels share.

use super::{DontFragment, Ends, Udp};
use crate::configure::{Arguments, FromArgument, Peer, Port, Surroundings};
use std::net::IpAddr;

/// A value, or `copy`: the inner packet's.
pub struct OrCopy<T>(pub Option<T>);

impl<T> OrCopy<T> {
    /// Reads `copy`, or what `value` reads.
    pub fn of(text: &str, value: impl Fn(&str) -> Option<T>) -> Option<Self> {
        if text == "copy" { Some(OrCopy(None)) } else { value(text).map(|value| OrCopy(Some(value))) }
    }
}

impl FromArgument for OrCopy<bool> {
    const WANTED: &'static str = "true, false or copy";

    fn from_argument(text: &str) -> Option<Self> {
        OrCopy::of(text, bool::from_argument)
    }
}

impl FromArgument for OrCopy<u8> {
    const WANTED: &'static str = "a DSCP of 0 to 63, or copy";

    fn from_argument(text: &str) -> Option<Self> {
        OrCopy::of(text, |text| u8::from_argument(text).filter(|dscp| *dscp < 64))
    }
}

/// STT's network of 64 bits, or `ANY`.
pub struct Context(pub Option<u64>);

impl FromArgument for Context {
    const WANTED: &'static str = "a context of 64 bits, or ANY";

    fn from_argument(text: &str) -> Option<Self> {
        if text == "ANY" { Some(Context(None)) } else { u64::from_argument(text).map(|context| Context(Some(context))) }
    }
}

/// What a tunnel is by default.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// The IP protocol, if it is not over UDP.
    pub protocol: u8,
    /// The UDP port of the other end, if it is.
    pub port: Option<u16>,
    /// DF.
    pub dont_fragment: DontFragment,
    /// The longest outer packet.
    pub mtu: u16,
}

impl Defaults {
    /// Of a tunnel over IP with this protocol.
    pub const fn over_ip(protocol: u8, dont_fragment: DontFragment) -> Self {
        Defaults { protocol, port: None, dont_fragment, mtu: u16::MAX }
    }

    /// Of a tunnel over UDP to this port.
    pub const fn over_udp(port: u16, dont_fragment: DontFragment) -> Self {
        Defaults { protocol: 17, port: Some(port), dont_fragment, mtu: u16::MAX }
    }
}

/// Takes SRC, DST and then, by keyword, what else [`super::Encapsulator`] has: the expression that makes one.
pub fn encapsulator(arguments: &mut Arguments, around: &Surroundings, defaults: Defaults) -> Option<String> {
    let source: Option<IpAddr> = arguments.required("SRC");
    let destination: Option<IpAddr> = arguments.required("DST");
    let ends = match (source, destination) {
        (Some(IpAddr::V4(source)), Some(IpAddr::V4(destination))) => {
            Some(Ends::V4(source.octets(), destination.octets()))
        }
        (Some(IpAddr::V6(source)), Some(IpAddr::V6(destination))) => {
            Some(Ends::V6(source.octets(), destination.octets()))
        }
        (Some(_), Some(_)) => {
            arguments.error_last("an address of another version than SRC's", "both IPv4, or both IPv6");
            None
        }
        _ => None,
    };
    outer(arguments, ends, defaults, around.outputs > 1)
}

/// Takes, by keyword, what an [`super::Encapsulator`] has beside its ends: the expression that makes one. `diverts`
/// says that output 1 takes what is too long.
pub fn outer(arguments: &mut Arguments, ends: Option<Ends>, defaults: Defaults, diverts: bool) -> Option<String> {
    let ttl = arguments.keyword("TTL").unwrap_or(64u8);
    let OrCopy::<u8>(dscp) = arguments.keyword("DSCP").unwrap_or(OrCopy(None));
    let dont_fragment = match arguments.keyword::<OrCopy<bool>>("DF") {
        None => defaults.dont_fragment,
        Some(OrCopy(Some(flag))) => DontFragment::Always(flag),
        Some(OrCopy(None)) => DontFragment::Copied,
    };
    let mtu = arguments.keyword("MTU").unwrap_or(defaults.mtu);
    let udp = defaults.port.map(|port| Udp {
        source: arguments.keyword("SPORT").map(|Port(port)| port),
        destination: arguments.keyword("DPORT").map_or(port, |Port(port)| port),
        // Over IPv6 nothing else covers the addresses: RFC 6936 §3.
        checksum: arguments.keyword("CHECKSUM").unwrap_or(matches!(ends, Some(Ends::V6(..)))),
    });
    let room = |name: &str| format!("nf_elements::tunnel::{name}");
    let ends = match ends? {
        Ends::V4(source, destination) => format!("{}::V4({source:?}, {destination:?})", room("Ends")),
        Ends::V6(source, destination) => format!("{}::V6({source:?}, {destination:?})", room("Ends")),
    };
    let udp = match udp {
        None => "None".into(),
        Some(Udp { source, destination, checksum }) => {
            let fields = format!("source: {source:?}, destination: {destination}, checksum: {checksum}");
            format!("Some({} {{ {fields} }})", room("Udp"))
        }
    };
    let underlay = format!(
        "{} {{ ends: {ends}, protocol: {}, udp: {udp}, ttl: {ttl}, dscp: {dscp:?}, dont_fragment: {}::{dont_fragment:?}, identification: 0 }}",
        room("Underlay"),
        defaults.protocol,
        room("DontFragment"),
    );
    Some(format!("{}::new({underlay}, {mtu}, {diverts})", room("Encapsulator")))
}

/// Takes PATHS: the element whose paths the encapsulator heeds.
pub fn paths(arguments: &mut Arguments) -> Vec<Peer> {
    arguments.keyword_peer("PATHS", &["PathMTU"]).into_iter().collect()
}

/// The expression that makes a [`super::Decapsulator`] of a tunnel over one of these IP protocols.
pub fn decapsulator(around: &Surroundings, protocols: &[u8], checksum: bool) -> String {
    format!("nf_elements::tunnel::Decapsulator::new(&{protocols:?}, {checksum}, {})", around.outputs > 1)
}

/// The expression of an optional [`super::Payload`].
pub fn payload(payload: Option<super::Payload>) -> String {
    match payload {
        Some(payload) => format!("Some(nf_elements::tunnel::Payload::{payload:?})"),
        None => "None".into(),
    }
}
