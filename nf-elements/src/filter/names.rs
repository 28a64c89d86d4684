// SPDX-License-Identifier: Apache-2.0
//! Names of numbers: IP protocols, ports, ICMP types, TCP flags.

use super::ast::Protocol;

/// The IP protocol of that name (the IANA registry's numbers, Click's names).
pub(crate) fn protocol(name: &str) -> Option<Protocol> {
    let number = match name {
        "tcpudp" => return Some(Protocol::TcpOrUdp),
        "transp" => return Some(Protocol::Transport),
        "icmp" => 1,
        "igmp" => 2,
        "ipip" => 4,
        "tcp" => 6,
        "udp" => 17,
        "dccp" => 33,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "icmp6" => 58,
        "ospf" => 89,
        "pim" => 103,
        "vrrp" => 112,
        "sctp" => 132,
        "udplite" => 136,
        _ => return None,
    };
    Some(Protocol::Number(number))
}

/// The TCP or UDP port of that name.
pub(crate) fn port(name: &str) -> Option<u16> {
    Some(match name {
        "echo" => 7,
        "discard" => 9,
        "daytime" => 13,
        "chargen" => 19,
        "ftp-data" => 20,
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" | "dns" => 53,
        "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "finger" => 79,
        "www" | "http" => 80,
        "pop3" => 110,
        "sunrpc" => 111,
        "auth" => 113,
        "nntp" => 119,
        "ntp" => 123,
        "netbios-ns" => 137,
        "netbios-dgm" => 138,
        "netbios-ssn" => 139,
        "imap" => 143,
        "snmp" => 161,
        "snmp-trap" => 162,
        "bgp" => 179,
        "irc" => 194,
        "imap3" => 220,
        "https" => 443,
        "syslog" => 514,
        "rip" | "route" => 520,
        "imaps" => 993,
        "pop3s" => 995,
        _ => return None,
    })
}

/// The ICMP type of that name (RFC 792, 950, 1256).
pub(crate) fn icmp_type(name: &str) -> Option<u8> {
    Some(match name {
        "echo-reply" => 0,
        "unreachable" => 3,
        "sourcequench" => 4,
        "redirect" => 5,
        "echo" => 8,
        "routeradvert" => 9,
        "routersolicit" => 10,
        "timeexceeded" => 11,
        "parameterproblem" => 12,
        "timestamp" => 13,
        "timestamp-reply" => 14,
        "inforeq" => 15,
        "inforeq-reply" => 16,
        "maskreq" => 17,
        "maskreq-reply" => 18,
        _ => return None,
    })
}

/// The TCP flag of that name (RFC 9293 §3.1).
pub(super) fn tcp_flag(name: &str) -> Option<u8> {
    Some(match name {
        "fin" => 0x01,
        "syn" => 0x02,
        "rst" => 0x04,
        "psh" => 0x08,
        "ack" => 0x10,
        "urg" => 0x20,
        "ece" => 0x40,
        "cwr" => 0x80,
        _ => return None,
    })
}
