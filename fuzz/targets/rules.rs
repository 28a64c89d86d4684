// SPDX-License-Identifier: Apache-2.0
//! Rule files: whatever they hold, they are compiled or refused by line, and what was compiled can be matched.
#![no_main]

use ids::stream::Flow;
use ids::{Engine, Memory, Mode, Options, Rules, compile};
use libfuzzer_sys::fuzz_target;

/// A segment with a few bytes of payload, from 10.0.0.1:4000 to 10.0.0.2:80.
const PACKET: &[u8] = b"\x45\0\0\x2e\0\0\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02\x0f\xa0\0\x50\0\0\0\x01\0\0\0\x01\x50\x18\xff\xff\0\0\0\0attack";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let Ok(compiled) = compile(&[("fuzz.rules", &text)], &Options::default()) else { return };
    let _ = compiled.report.to_string();
    let rules = Rules::read(&compiled.data).expect("what was compiled is a table");
    assert!(rules.count >= compiled.report.rules);
    let (mut flows, mut marks) = ([const { Flow::EMPTY }; 8], vec![0; Engine::mark_words(&rules)]);
    let memory = Memory {
        flows: &mut flows,
        windows: &mut [],
        connections: &mut [],
        inflaters: &mut [],
        datagrams: &mut [],
        marks: &mut marks,
        tracks: &mut [],
    };
    Engine::new(rules, memory, Mode::Ids, 1).inspect(PACKET, 0, &mut |_| {});
});
