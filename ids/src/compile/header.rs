// SPDX-License-Identifier: Apache-2.0
//! A rule's header: action, protocol, addresses, ports, direction.
use std::format;
use std::string::{String, ToString};

use super::draft::Draft;
use super::sets::{Kind, Variables};
use crate::rule::{Action, AppProtocol, condition, protocol};

/// Reads the header's words into `draft`; an error has its place.
pub fn read(words: &[(usize, &str)], variables: &Variables, draft: &mut Draft) -> Result<(), (usize, String)> {
    let &[action, named, source, source_ports, arrow, destination, destination_ports] = words else {
        let place = words.last().map_or(0, |(place, _)| *place);
        return Err((place, "a rule begins: action protocol source port -> destination port".into()));
    };
    draft.action = at(action, self::action)?;
    at(named, |name| protocol_of(name, draft))?;
    draft.both_ways = at(arrow, |arrow| match arrow {
        "->" => Ok(false),
        "<>" => Ok(true),
        "=>" => Err("rules about whole transactions (`=>`) are not supported".to_string()),
        other => Err(format!("`{other}` is no direction: -> or <>")),
    })?;
    for (index, (addresses, ports)) in
        [(source, source_ports), (destination, destination_ports)].into_iter().enumerate()
    {
        draft.addresses[index] = at(addresses, |text| variables.set(text, Kind::Addresses))?;
        draft.ports[index] = at(ports, |text| variables.set(text, Kind::Ports))?;
        draft.negated_address |= addresses.1.contains('!');
    }
    Ok(())
}

fn at<T>((place, word): (usize, &str), read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, (usize, String)> {
    read(word).map_err(|message| (place, message))
}

fn action(name: &str) -> Result<Action, String> {
    Ok(match name {
        "alert" => Action::Alert,
        "drop" => Action::Drop,
        "reject" | "rejectsrc" => Action::Reject,
        "pass" => Action::Pass,
        "rejectdst" | "rejectboth" | "config" | "log" | "activate" | "dynamic" | "sdrop" => {
            return Err(format!("the action `{name}` is not supported"));
        }
        other => return Err(format!("`{other}` is no action: alert, drop, reject or pass")),
    })
}

fn protocol_of(name: &str, draft: &mut Draft) -> Result<(), String> {
    let name = name.to_ascii_lowercase();
    let (protocols, app, conditions) = match name.as_str() {
        "ip" => (protocol::ANY, AppProtocol::Unknown, 0),
        "ip4" | "ipv4" => (protocol::ANY, AppProtocol::Unknown, condition::IPV4),
        "ip6" | "ipv6" => (protocol::ANY, AppProtocol::Unknown, condition::IPV6),
        "tcp" => (protocol::TCP, AppProtocol::Unknown, 0),
        "tcp-pkt" => (protocol::TCP, AppProtocol::Unknown, condition::PACKET | condition::NO_STREAM),
        "tcp-stream" => (protocol::TCP, AppProtocol::Unknown, condition::STREAM),
        "udp" => (protocol::UDP, AppProtocol::Unknown, 0),
        "icmp" | "icmpv4" => (protocol::ICMP, AppProtocol::Unknown, 0),
        "icmpv6" => (protocol::ICMP, AppProtocol::Unknown, condition::IPV6),
        "http" | "http1" => (protocol::TCP, AppProtocol::Http, 0),
        "dns" => (protocol::UDP | protocol::TCP, AppProtocol::Dns, 0),
        "tls" | "ssl" => (protocol::TCP, AppProtocol::Tls, 0),
        other => return Err(format!("the protocol `{other}` is not supported")),
    };
    (draft.protocols, draft.app) = (protocols, app);
    draft.conditions |= conditions;
    Ok(())
}
