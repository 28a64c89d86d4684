// SPDX-License-Identifier: Apache-2.0
//! The process as elements see it.

use crate::clock::Clock;
use crate::pool;
use crate::ports::Port;
use nf_elements::{Batch, Packet, PacketIo};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

/// A process's ports, memory, clock and voice.
pub struct NativeIo {
    /// The ports in the wiring's order.
    pub ports: Vec<Port>,
    /// The clock.
    pub clock: Clock,
    /// How often elements asked for the end since this was last cleared.
    pub stops_asked: u32,
    /// The signals for scripts that came before this round, signal 1 in bit 1.
    pub signals: u32,
    said: String,
}

impl NativeIo {
    /// A process with these ports.
    pub fn new(ports: Vec<Port>, clock: Clock) -> Self {
        NativeIo { ports, clock, stops_asked: 0, signals: 0, said: String::new() }
    }

    /// Shows what elements said.
    #[inline]
    pub fn flush(&mut self) {
        if !self.said.is_empty() {
            // If nobody can hear it, nobody can hear that either.
            let _ = std::io::stderr().write_all(self.said.as_bytes());
            self.said.clear();
        }
    }
}

impl PacketIo for NativeIo {
    #[inline]
    fn receive(&mut self, port: usize, batch: &mut Batch) {
        self.ports[port].receive(batch);
    }

    #[inline]
    fn transmit(&mut self, port: usize, batch: &mut Batch) {
        self.ports[port].transmit(self.clock.now_ns(), batch);
    }

    #[inline]
    fn transmit_room(&mut self, port: usize) -> usize {
        self.ports[port].transmit_room()
    }

    #[inline]
    fn allocate(&mut self) -> Option<Packet> {
        pool::take().map(Packet::new)
    }

    #[inline]
    fn allocate_all(&mut self, count: usize, batch: &mut Batch, mut fill: impl FnMut(&mut Packet)) {
        pool::take_all(count.min(batch.room()), |buffer| {
            let mut packet = Packet::new(buffer);
            fill(&mut packet);
            // There is room: the count says so.
            let _ = batch.push(packet);
        });
    }

    #[inline]
    fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    fn message(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = writeln!(self.said, "{text}");
        if self.said.len() > 64 << 10 {
            self.flush();
        }
    }

    fn print(&mut self, text: &str) {
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    fn write_file(&mut self, name: &str, fresh: bool, text: &str) -> bool {
        let mut how = File::options();
        let how = if fresh { how.write(true).truncate(true) } else { how.append(true) };
        how.create(true).open(name).and_then(|mut file| file.write_all(text.as_bytes())).is_ok()
    }

    fn read_file(&mut self, name: &str, out: &mut dyn std::fmt::Write) -> bool {
        let text = if name == "-" { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(name) };
        text.is_ok_and(|text| out.write_str(&text).is_ok())
    }

    fn signals(&self) -> u32 {
        self.signals
    }

    fn process_id(&self) -> Option<u32> {
        Some(std::process::id())
    }

    fn kill(&mut self, signal: u8, process: i32) -> bool {
        let signal = Signal::try_from(i32::from(signal));
        signal.is_ok_and(|signal| kill(Pid::from_raw(process), signal).is_ok())
    }

    fn stop(&mut self) {
        self.stops_asked = self.stops_asked.saturating_add(1);
    }
}
