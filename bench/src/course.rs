// SPDX-License-Identifier: Apache-2.0
//! The course of a load: where it goes into a VM and where it comes out, and which of both is the inside of a tunnel.

use crate::frame::{self, Ends};
use crate::lab::{IN, OUT, OUT_STATION};
use crate::linux::NIC_MACS;

/// The ends of the tunnel: the other one, behind [`OUT`], and the VM under test.
const TUNNEL: Ends = Ends { from: OUT_STATION, to: NIC_MACS[1], source: [10, 0, 1, 2], destination: [10, 0, 1, 1] };

/// A course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The TAP into which the load goes.
    pub entry: &'static str,
    /// The TAP from which it comes out.
    pub exit: &'static str,
    /// Whether what passes [`OUT`] is in VXLAN packets.
    tunnels: bool,
}

impl Course {
    /// Through the VM.
    pub const THROUGH: Course = Course { entry: IN, exit: OUT, tunnels: false };
    /// In, and out at the same TAP.
    pub const BACK: Course = Course { entry: IN, exit: IN, tunnels: false };
    /// Into a tunnel.
    pub const INTO_TUNNEL: Course = Course { entry: IN, exit: OUT, tunnels: true };
    /// Out of a tunnel.
    pub const OUT_OF_TUNNEL: Course = Course { entry: OUT, exit: IN, tunnels: true };

    /// A frame of flow `flow` as it goes in.
    pub fn entering(&self, ends: &Ends, wire_bytes: usize, flow: u16) -> Vec<u8> {
        self.at(self.entry, frame::udp(ends, wire_bytes, flow), flow)
    }

    /// A frame the other way round, as it goes in where the load comes out: what a learning bridge knows a station by.
    pub fn returning(&self, ends: &Ends, flow: u16) -> Vec<u8> {
        let back = Ends { from: ends.to, to: ends.from, source: ends.destination, destination: ends.source };
        self.at(self.exit, frame::udp(&back, 64, flow), flow)
    }

    fn at(&self, tap: &str, frame: Vec<u8>, flow: u16) -> Vec<u8> {
        if self.tunnels && tap == OUT { frame::vxlan(&TUNNEL, &frame, flow) } else { frame }
    }

    /// Whether what was heard where the load comes out is the frame `sent`, as [`frame::udp`] made it, whatever addresses and TTL the way
    /// changed. Where both are the same TAP our own frames are heard as well: there only a frame with its addresses exchanged has been through the VM.
    pub fn has_passed(&self, heard: &[u8], sent: &[u8]) -> bool {
        let at = if self.tunnels && self.exit == OUT { frame::VXLAN_BYTES } else { 0 };
        let Some(inner) = heard.get(at..).filter(|inner| inner.len() >= sent.len()) else { return false };
        inner[34..38] == sent[34..38] && (self.exit != self.entry || inner[..6] == sent[6..12])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends =
        Ends { from: [2, 0, 0, 0, 0, 1], to: [2, 0, 0, 0, 0, 2], source: [10, 0, 0, 1], destination: [10, 0, 0, 2] };

    #[test]
    fn frames_are_known_again() {
        let bare = frame::udp(&ENDS, 64, 3);
        let wrapped = Course::OUT_OF_TUNNEL.entering(&ENDS, 64, 3);
        assert_eq!(wrapped[frame::VXLAN_BYTES..], bare);
        assert!(Course::THROUGH.has_passed(&bare, &bare) && Course::OUT_OF_TUNNEL.has_passed(&bare, &bare));
        assert!(Course::INTO_TUNNEL.has_passed(&wrapped, &bare));
        for (course, heard) in [(Course::THROUGH, &wrapped), (Course::INTO_TUNNEL, &bare), (Course::BACK, &bare)] {
            assert!(!course.has_passed(heard, &bare), "{course:?}");
        }
        assert!(Course::BACK.has_passed(&Course::BACK.returning(&ENDS, 3), &bare));
    }
}
