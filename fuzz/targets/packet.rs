// SPDX-License-Identifier: Apache-2.0
//! Packets: every view, and the elements that look into one, the header annotations set or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nf_elements::elements::{CheckIpHeader, EtherMirror, EtherSwitch};
use nf_elements::testing::{Collected, ListIo, packet};
use nf_elements::wire::{ethernet::Ethernet, icmp::Icmp, ipv4::Ipv4, tcp::Tcp, udp::Udp};
use nf_elements::{Action, DATA_BYTES, HEADROOM_BYTES, Push, Route};

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(DATA_BYTES - HEADROOM_BYTES)];
    views(bytes);
    elements(bytes);
});

fn elements(bytes: &[u8]) {
    let mut io = ListIo::new(2);
    let mut checked = packet(bytes);
    let _ = CheckIpHeader::new(14, true, &[], &[], "", false, true).route(&mut io, 0, &mut checked);
    assert!(checked.network().len() <= checked.len());
    let _ = EtherMirror::new().action(&mut io, &mut checked);
    let mut switch = EtherSwitch::<64>::new(300);
    switch.push(&mut io, 0, packet(bytes), &mut Collected::<3>::default());
    switch.push(&mut io, 1, packet(bytes), &mut Collected::<3>::default());
}

fn views(bytes: &[u8]) {
    let _ = Ethernet::new_checked(bytes).map(|frame| frame.payload().len());
    let _ = Udp::new_checked(bytes).map(|datagram| datagram.payload().len());
    let _ = Tcp::new_checked(bytes).map(|segment| segment.payload().len());
    let _ = Icmp::new_checked(bytes).map(|message| message.payload().len());
    if let Ok(ip) = Ipv4::new_checked(bytes) {
        let _ = (ip.options().len(), ip.payload().len(), ip.is_header_intact());
    }
}
