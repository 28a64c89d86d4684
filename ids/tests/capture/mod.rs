// SPDX-License-Identifier: Apache-2.0
//! What the tests share: captures as packets, and an engine with its memory.
#![allow(dead_code, reason = "each test uses a part")]

use ids::app::http::{Connection, Inflater};
use ids::defrag::Datagram;
use ids::stream::{Flow, Window};
use ids::{Alert, Counters, Engine, Memory, Mode, Options, Rules, Track, Verdict, compile};

/// The packets of a capture (libpcap's format), from the IP header on; what carries no IP is `None`, so that numbers agree.
pub fn packets(capture: &[u8]) -> Vec<(u64, Option<&[u8]>)> {
    let little = capture[..4] == [0xd4, 0xc3, 0xb2, 0xa1] || capture[..4] == [0x4d, 0x3c, 0xb2, 0xa1];
    let word = |at: usize| {
        let bytes = capture[at..at + 4].try_into().expect("four bytes");
        if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    };
    let link = word(20);
    let (mut at, mut packets) = (24, Vec::new());
    while at + 16 <= capture.len() {
        let length = word(at + 8) as usize;
        let time_ns = u64::from(word(at)) * 1_000_000_000 + u64::from(word(at + 4)) * 1_000;
        let frame = &capture[at + 16..(at + 16 + length).min(capture.len())];
        packets.push((time_ns, ip(link, frame)));
        at += 16 + length;
    }
    packets
}

/// What lies behind the frame's link header, if it is IP.
fn ip(link: u32, frame: &[u8]) -> Option<&[u8]> {
    let behind = |at: usize| frame.get(at..).filter(|rest| matches!(rest.first().map(|byte| byte >> 4), Some(4 | 6)));
    match link {
        0 => behind(4),
        1 => {
            let mut at = 12;
            while frame.get(at..at + 2).is_some_and(|kind| matches!(kind, [0x81, 0] | [0x88, 0xa8])) {
                at += 4;
            }
            frame.get(at..at + 2).filter(|kind| matches!(kind, [8, 0] | [0x86, 0xdd])).and_then(|_| behind(at + 2))
        }
        113 => behind(16),
        _ => behind(0),
    }
}

/// An alert as EVE JSON.
pub fn line(alert: &Alert<'_>) -> String {
    let mut line = [0; ids::eve::LINE];
    ids::eve::write(alert, &mut line).expect("it fits").to_string()
}

/// An engine with its memory, which is leaked: tests end soon.
pub struct Rig {
    /// The engine.
    pub engine: Engine<'static>,
    /// What the rules became.
    pub report: ids::Report,
}

/// `count` copies of an entry, for ever.
fn lent<T>(count: usize, entry: impl Fn() -> T) -> &'static mut [T] {
    Box::leak((0..count).map(|_| entry()).collect::<Vec<T>>().into_boxed_slice())
}

impl Rig {
    /// With the rules of these files: names and texts.
    pub fn new(files: &[(String, String)], mode: Mode) -> Self {
        Self::with(files, mode, 1024)
    }

    /// With the rules of one text and little memory.
    pub fn small(rules: &str, mode: Mode) -> Self {
        Self::with(&[("test.rules".into(), rules.into())], mode, 32)
    }

    fn with(files: &[(String, String)], mode: Mode, flows: usize) -> Self {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let compiled = compile(&files, &Options::default()).expect("not strict");
        let rules = Rules::read(Box::leak(compiled.data.into_boxed_slice())).expect("a table");
        let memory = Memory {
            flows: lent(flows, || Flow::EMPTY),
            windows: lent(flows / 8, || Window::EMPTY),
            connections: lent(flows / 16, || Connection::EMPTY),
            inflaters: lent(flows / 16, || Inflater::EMPTY),
            datagrams: lent(flows / 16, || Datagram::EMPTY),
            marks: lent(Engine::mark_words(&rules), || 0),
            tracks: lent(256, || Track::EMPTY),
        };
        Self { engine: Engine::new(rules, memory, mode, 1), report: compiled.report }
    }

    /// With the rules of one text.
    pub fn of(rules: &str, mode: Mode) -> Self {
        Self::with(&[("test.rules".into(), rules.into())], mode, 1024)
    }

    /// Shows it a capture to its end.
    pub fn run(&mut self, capture: &[u8], mut sink: impl FnMut(&Alert<'_>)) {
        let mut now_ns = 0;
        for (time_ns, packet) in packets(capture) {
            now_ns = time_ns;
            self.engine.inspect(packet.unwrap_or(&[]), time_ns, &mut sink);
        }
        self.engine.finish(now_ns, &mut sink);
    }

    /// Shows it one packet: the verdict, and the sids of the alerts.
    pub fn packet(&mut self, packet: &[u8], now_ns: u64) -> (Verdict, Vec<u32>) {
        let mut sids = Vec::new();
        let verdict = self.engine.inspect(packet, now_ns, &mut |alert| sids.push(alert.sid));
        (verdict, sids)
    }

    /// Ends all flows: the sids of the alerts.
    pub fn finish(&mut self) -> Vec<u32> {
        let mut sids = Vec::new();
        self.engine.finish(u64::MAX / 2, &mut |alert| sids.push(alert.sid));
        sids
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }
}
