// SPDX-License-Identifier: Apache-2.0
//! What a BGP neighbour sends, before and after the session is up, in whatever pieces; and what a VTEP says it has learned.
#![no_main]

use evpn::{Config, Speaker, Vtep, VtepError, Write};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::time::Instant;

const CONFIG: &str = "as = 65001\nrouter-id = '10.9.0.1'\nvtep = '10.9.0.1'\n[[neighbor]]\naddress = '10.9.1.2'\nas = 65002\n\
    [[vni]]\nid = 100\n[[vrf]]\nname = 'red'\nvni = 4000\nrouter-mac = '02:00:00:00:40:01'\nprefixes = ['10.1.0.0/16']\n";

/// Says what it was given, and knows which entries it has.
struct Tables<'a> {
    learned: &'a str,
    entries: BTreeSet<String>,
}

impl Vtep for Tables<'_> {
    fn read(&mut self, _: &str) -> Result<String, VtepError> {
        Ok(self.learned.into())
    }

    fn write(&mut self, write: &Write) -> Result<(), VtepError> {
        let (table, action) = write.handler.split_once('_').expect("a handler");
        for line in write.value.lines() {
            let key: Vec<&str> = line.split(' ').take(2).collect();
            let key = format!("{table} {}", key.join(" "));
            match action {
                "add" => drop(self.entries.insert(key)),
                _ => assert!(self.entries.remove(&key), "what is taken out is there: {line}"),
            }
        }
        Ok(())
    }

    fn uptime_ns(&mut self) -> Result<u64, VtepError> {
        Ok(1)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[piece, learned], bytes)) = bytes.split_first_chunk() else { return };
    let (learned, bytes) = bytes.split_at(bytes.len().min(learned.into()));
    let mut tables = Tables { learned: std::str::from_utf8(learned).unwrap_or_default(), entries: BTreeSet::new() };
    let now = Instant::now();
    let mut speaker = Speaker::new(Config::parse("fuzz", CONFIG).expect("it is good"), now);
    speaker.tick(now);
    speaker.with(0, now, |session, now| session.connected(1, true, now));
    for piece in bytes.chunks(usize::from(piece) * 16 + 1) {
        speaker.with(0, now, |session, now| session.received(1, piece, now));
        speaker.look(&mut tables, now);
    }
    speaker.with(0, now, |session, now| session.closed(1, "closed", now));
    speaker.look(&mut tables, now);
    assert!(speaker.program().installed().is_empty(), "routes go with their session");
});
