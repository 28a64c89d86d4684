// SPDX-License-Identifier: Apache-2.0
//! The machine as elements see it.

use crate::{Batch, Packet};
use core::fmt;

/// Bursts in, bursts out, memory and time. The unikernel implements it over its NICs, tests over lists.
pub trait PacketIo {
    /// Whether it wants to be told what comes into each element.
    const TAPS: bool = false;

    /// Fills `batch` (up to its room) with frames that arrived on `port`.
    fn receive(&mut self, port: usize, batch: &mut Batch);

    /// Sends the packets of `batch` by `port` in order. What the device has no room for stays in the batch.
    fn transmit(&mut self, port: usize, batch: &mut Batch);

    /// How many packets `transmit` would take on `port` now.
    fn transmit_room(&mut self, port: usize) -> usize;

    /// Whether somebody is at the other end of `port`, as far as the machine can know. What is sent to nobody is dropped there.
    #[inline]
    fn is_up(&self, port: usize) -> bool {
        let _ = port;
        true
    }

    /// A fresh packet without data; none when the pool is empty.
    fn allocate(&mut self) -> Option<Packet>;

    /// Adds up to `count` fresh packets to `batch`, as many as there are and as there is room for; `fill`, which neither
    /// makes nor drops a packet, puts data into each.
    #[inline]
    fn allocate_all(&mut self, count: usize, batch: &mut Batch, mut fill: impl FnMut(&mut Packet)) {
        for _ in 0..count.min(batch.room()) {
            let Some(mut packet) = self.allocate() else { return };
            fill(&mut packet);
            // There is room: the loop's bound says so.
            let _ = batch.push(packet);
        }
    }

    /// Nanoseconds since the machine started. Read once per burst, so it is cheap and equal within one.
    fn now_ns(&self) -> u64;

    /// Shows a line of text to a person: Click's messages on standard error.
    fn message(&mut self, text: fmt::Arguments<'_>);

    /// Writes text as it is, with its line ends: Click's standard output. A machine that has none shows it as a message.
    fn print(&mut self, text: &str) {
        self.message(format_args!("{}", text.strip_suffix('\n').unwrap_or(text)));
    }

    /// Adds text to the file `name`, which is emptied first if `fresh`. False if it cannot, as where there are no files.
    fn write_file(&mut self, name: &str, fresh: bool, text: &str) -> bool {
        let _ = (name, fresh, text);
        false
    }

    /// Gives the text of the file `name`. False if it cannot, as where there are no files.
    fn read_file(&mut self, name: &str, out: &mut dyn fmt::Write) -> bool {
        let _ = (name, out);
        false
    }

    /// The signals that came since the last round, signal 1 in bit 1; none where there are no signals.
    fn signals(&self) -> u32 {
        0
    }

    /// The number of the process; none where there are no processes.
    fn process_id(&self) -> Option<u32> {
        None
    }

    /// Sends a signal to a process. False if it cannot, as where there are none.
    fn kill(&mut self, signal: u8, process: i32) -> bool {
        let _ = (signal, process);
        false
    }

    /// A packet comes into element number `element` of [`crate::Graph::ELEMENTS`] (of a source: out of it). Told only to a
    /// machine that [`PacketIo::TAPS`].
    fn tap(&mut self, element: usize, packet: &Packet) {
        let _ = (element, packet);
    }

    /// [`PacketIo::tap`] for a batch.
    fn tap_all(&mut self, element: usize, batch: &Batch) {
        let _ = (element, batch);
    }

    /// Asks the machine to power off after this round, as a source does at its LIMIT; one that cannot goes on.
    fn stop(&mut self) {}
}
