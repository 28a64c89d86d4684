// SPDX-License-Identifier: Apache-2.0
//! What the engine tells when a rule matches.

use crate::rule::{Action, AppProtocol};

/// An end of a flow or packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The address; IPv4 in the first four bytes.
    pub address: [u8; 16],
    /// The port; 0 where there is none.
    pub port: u16,
}

/// One match of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Alert<'a> {
    /// Signature identifier.
    pub sid: u32,
    /// Generator identifier.
    pub gid: u32,
    /// Revision.
    pub revision: u32,
    /// What the rule does.
    pub action: Action,
    /// Whether the packet was stopped.
    pub blocked: bool,
    /// 1 (most urgent) to 255.
    pub priority: u32,
    /// The rule's message.
    pub message: &'a str,
    /// The rule's class, in words.
    pub class: &'a str,
    /// IPv6.
    pub six: bool,
    /// IANA's number of the transport.
    pub protocol: u8,
    /// Source.
    pub source: End,
    /// Destination.
    pub destination: End,
    /// What the flow speaks.
    pub app: AppProtocol,
    /// From the flow's client.
    pub to_server: bool,
    /// The packet's number, from 1; `None` if the flow's end brought the match.
    pub packet: Option<u64>,
    /// When.
    pub time_ns: u64,
}
