// SPDX-License-Identifier: Apache-2.0
//! What a process reads from files: captures and IP summary dumps. Each packet is written as a line of a summary, and that is
//! read again.
//!
//! The input is the file, but for its first byte, which says what it is and how it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use native::elements::from_dump::Bound;
use native::elements::summary::{Line, View};
use native::elements::{Field, FromDump, FromIpSummaryDump};
use nf_elements::testing::{ListIo, packet};
use nf_elements::{BURST, Batch, Packet, Source};
use std::sync::LazyLock;

/// Takes all packets: more rounds than a file of libFuzzer's has lines.
const ROUNDS: usize = 10_000;
/// SAMPLE 1.
const ALL: u32 = 1 << 28;
/// In memory, and of this process only.
static FILE: LazyLock<&str> = LazyLock::new(|| format!("/dev/shm/sluice-fuzz-{}", std::process::id()).leak());
static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let names = "timestamp ts_sec ts_usec ts_usec1 first_timestamp count link direction aggregate wire_len eth_src eth_dst \
                 eth_type ip_src ip_dst ip_tos ip_dscp ip_ecn ip_ttl ip_frag ip_fragoff ip_id ip_sum ip_proto ip_hl ip_len \
                 ip_capture_len ip_opt sport dport tcp_seq tcp_ack tcp_off tcp_flags tcp_window tcp_urp tcp_opt udp_len \
                 icmp_type icmp_code icmp_type_name icmp_flowid icmp_seq payload payload_len payload_md5 payload_md5_hex";
    Field::list(names).expect("all of them are fields")
});

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, file)) = bytes.split_first() else { return };
    std::fs::write(*FILE, file).expect("memory has room for a file");
    let flag = |bit: u8| how >> bit & 1 != 0;
    let mut io = ListIo::new(0);
    if flag(0) {
        take_all(
            &mut FromDump::new(*FILE, flag(1), true, true, ALL, flag(2), Bound::None, Bound::After(1 << 30)),
            &mut io,
        );
    } else {
        let fields = if flag(5) { "ip_src sport payload" } else { "" };
        let flags = [flag(1), true, true, flag(2), flag(3), false];
        take_all(&mut FromIpSummaryDump::new(*FILE, None, flags, ALL, 6, fields, ""), &mut io);
    }
});

fn take_all<S: Source>(source: &mut S, io: &mut ListIo) {
    for _ in 0..ROUNDS {
        let mut batch = Batch::new();
        source.produce(io, BURST, &mut batch);
        batch.iter().for_each(summarize);
        match source.deadline_ns() {
            _ if io.stopped => return,
            Some(at_ns) => io.now_ns = io.now_ns.max(at_ns),
            None if batch.is_empty() => return,
            None => {}
        }
        io.printed.clear();
    }
}

/// Writes all fields of a packet, and makes a packet of them.
fn summarize(taken: &Packet) {
    let (view, mut line) = (View::new(taken, true), Line::default());
    for field in FIELDS.iter() {
        let mut text = String::new();
        view.write(*field, &mut text);
        line.take(*field, &text);
    }
    line.build(None, 6, true, &mut packet(&[]));
}
