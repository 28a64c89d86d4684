// SPDX-License-Identifier: Apache-2.0
//! Packets: every view of a wire format, and every element class, by the instances of nf-elements/tests/random.
//!
//! The input's first two bytes choose the instance, among those whose text holds `FUZZ_ONLY` if that is set.
#![no_main]

#[path = "../../nf-elements/tests/random/mod.rs"]
mod random;
mod shared;

use libfuzzer_sys::fuzz_target;
use nf_elements::wire::{arp, bpdu, ethernet, icmp, icmpv6, ipv4, ipv6, tcp, udp};
use shared::lent;
use std::sync::LazyLock;

static RUNS: LazyLock<Vec<fn(&[u8])>> = LazyLock::new(|| {
    let only = std::env::var("FUZZ_ONLY").unwrap_or_default();
    random::RUNS.iter().filter(|(text, _)| text.contains(&only)).map(|(_, run)| *run).collect()
});

fuzz_target!(|bytes: &[u8]| {
    views(bytes);
    if let Some((number, rest)) = bytes.split_first_chunk() {
        RUNS[usize::from(u16::from_be_bytes(*number)) % RUNS.len()](rest);
        shared::give_back();
    }
});

fn views(bytes: &[u8]) {
    let _ = ethernet::Ethernet::new_checked(bytes).map(|frame| frame.payload().len());
    let _ = udp::Udp::new_checked(bytes).map(|datagram| datagram.payload().len());
    let _ = tcp::Tcp::new_checked(bytes).map(|segment| segment.payload().len());
    let _ = icmp::Icmp::new_checked(bytes).map(|message| message.payload().len());
    if let Ok(ip) = ipv4::Ipv4::new_checked(bytes) {
        let _ = (ip.options().len(), ip.payload().len(), ip.is_header_intact());
    }
    if let Ok(message) = arp::Arp::new_checked(bytes) {
        let _ = (message.operation(), message.sender_protocol(), message.target_protocol());
    }
    let _ = (arp::Arp::in_frame(bytes).is_some(), bpdu::Bpdu::new_checked(bytes).is_ok());
    if let Ok(ip) = ipv6::Ipv6::new_checked(bytes) {
        let _ = (ip.payload().len(), ip.upper().is_some());
    }
    if let Ok(message) = icmpv6::Icmpv6::new_checked(bytes) {
        let _ = (message.target(), message.payload().len(), message.is_intact(1, 2));
        for kind in [icmpv6::LinkOption::Source, icmpv6::LinkOption::Target] {
            let _ = message.link_address(kind);
        }
    }
}
