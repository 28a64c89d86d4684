// SPDX-License-Identifier: Apache-2.0
//! The bridge protocol data units of the spanning tree, IEEE 802.1D-1998 §9.3, in an Ethernet frame with an LLC header.
//!
//! ```text
//! bytes  0 destination: 01-80-C2-00-00-00     22 root identifier (8)
//!        6 source                             30 root path cost (4)
//!       12 length                             34 bridge identifier (8)
//!       14 LLC: 42 42 03                      42 port identifier (2)
//!       17 protocol identifier (2)            44 message age (2)
//!       19 protocol version                   46 max age (2)
//!       20 type: 0, or 0x80                   48 hello time (2)
//!       21 flags: 0x01 TC, 0x80 TCA           50 forward delay (2)
//! ```
//!
//! A topology change notification (type 0x80) ends behind its type. Times are in units of 1/256 second.

use super::be16;
use super::ethernet::Address;

/// Bytes of a frame that we send: the smallest that Ethernet allows.
pub const FRAME_BYTES: usize = 60;
/// Bytes up to a notification's end.
const NOTIFICATION_BYTES: usize = 21;
/// Bytes up to a configuration's end.
const CONFIGURATION_BYTES: usize = 52;
/// All bridges, IEEE 802.1D table 7-9.
const GROUP: Address = Address::new([0x01, 0x80, 0xc2, 0, 0, 0]);
/// The LLC header: the bridge protocol's SAP twice, unnumbered information.
const LLC: [u8; 3] = [0x42, 0x42, 0x03];
const NOTIFICATION: u8 = 0x80;
const TOPOLOGY_CHANGE: u8 = 0x01;
const ACKNOWLEDGMENT: u8 = 0x80;

/// Why bytes are no bridge protocol data unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the type has.
    Short(usize),
    /// Another LLC header, or protocol.
    Protocol,
    /// Neither a configuration nor a notification.
    Type(u8),
}

/// What a bridge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bpdu {
    /// Who is root, and how far away.
    Configuration(Configuration),
    /// The topology has changed.
    Notification,
}

/// What a configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Root Identifier: priority in the upper 16 bits, then the address.
    pub root: u64,
    /// Root Path Cost.
    pub cost: u32,
    /// Bridge Identifier.
    pub bridge: u64,
    /// Port Identifier.
    pub port: u16,
    /// Topology Change.
    pub change: bool,
    /// Topology Change Acknowledgment.
    pub acknowledgment: bool,
    /// Message Age, Max Age, Hello Time and Forward Delay, in 1/256 seconds.
    pub times: [u16; 4],
}

fn number<const N: usize>(frame: &[u8], at: usize) -> [u8; N] {
    frame.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}

impl Bpdu {
    /// Reads the frame.
    pub fn new_checked(frame: &[u8]) -> Result<Self, Error> {
        let Some(front) = frame.first_chunk::<NOTIFICATION_BYTES>() else { return Err(Error::Short(frame.len())) };
        if front[14..17] != LLC || be16(front, 17..19) != 0 {
            return Err(Error::Protocol);
        }
        match front[20] {
            NOTIFICATION => return Ok(Bpdu::Notification),
            0 if frame.len() < CONFIGURATION_BYTES => return Err(Error::Short(frame.len())),
            0 => {}
            other => return Err(Error::Type(other)),
        }
        let flags = number::<1>(frame, 21)[0];
        Ok(Bpdu::Configuration(Configuration {
            root: u64::from_be_bytes(number(frame, 22)),
            cost: u32::from_be_bytes(number(frame, 30)),
            bridge: u64::from_be_bytes(number(frame, 34)),
            port: u16::from_be_bytes(number(frame, 42)),
            change: flags & TOPOLOGY_CHANGE != 0,
            acknowledgment: flags & ACKNOWLEDGMENT != 0,
            times: [44, 46, 48, 50].map(|at| u16::from_be_bytes(number(frame, at))),
        }))
    }

    /// The frame from `source` to all bridges, padded.
    pub fn frame(&self, source: Address) -> [u8; FRAME_BYTES] {
        let mut frame = [0; FRAME_BYTES];
        frame[..6].copy_from_slice(&GROUP.to_bytes());
        frame[6..12].copy_from_slice(&source.to_bytes());
        frame[14..17].copy_from_slice(&LLC);
        let end = match self {
            Bpdu::Notification => {
                frame[20] = NOTIFICATION;
                NOTIFICATION_BYTES
            }
            Bpdu::Configuration(configuration) => {
                configuration.write(&mut frame);
                CONFIGURATION_BYTES
            }
        };
        // The length counts from the LLC header on.
        frame[12..14].copy_from_slice(&(end as u16 - 14).to_be_bytes());
        frame
    }
}

impl Configuration {
    fn write(&self, frame: &mut [u8; FRAME_BYTES]) {
        frame[21] =
            if self.change { TOPOLOGY_CHANGE } else { 0 } | if self.acknowledgment { ACKNOWLEDGMENT } else { 0 };
        frame[22..30].copy_from_slice(&self.root.to_be_bytes());
        frame[30..34].copy_from_slice(&self.cost.to_be_bytes());
        frame[34..42].copy_from_slice(&self.bridge.to_be_bytes());
        frame[42..44].copy_from_slice(&self.port.to_be_bytes());
        for (time, at) in self.times.iter().zip([44, 46, 48, 50]) {
            frame[at..at + 2].copy_from_slice(&time.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutation;

    const FRAME: [u8; FRAME_BYTES] = [
        1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 38, 0x42, 0x42, 3, 0, 0, 0, 0, 0x81, 0x80, 0, 2, 0, 0, 0, 0, 9, 0,
        0, 0, 19, 0x80, 1, 2, 0, 0, 0, 0, 1, 0x80, 2, 1, 0, 20, 0, 2, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    const SOURCE: Address = Address::new([2, 0, 0, 0, 0, 1]);

    #[test]
    fn known_bytes_both_ways() {
        let configuration = Configuration {
            root: 0x8000_0200_0000_0009,
            cost: 19,
            bridge: 0x8001_0200_0000_0001,
            port: 0x8002,
            change: true,
            acknowledgment: true,
            times: [256, 20 * 256, 2 * 256, 15 * 256],
        };
        assert_eq!(Bpdu::new_checked(&FRAME), Ok(Bpdu::Configuration(configuration)));
        assert_eq!(Bpdu::Configuration(configuration).frame(SOURCE), FRAME);
        let notification = Bpdu::Notification.frame(SOURCE);
        assert_eq!((notification[13], notification[20]), (7, 0x80));
        assert_eq!(Bpdu::new_checked(&notification[..21]), Ok(Bpdu::Notification));
    }

    #[test]
    fn short_and_foreign_frames_are_refused() {
        for length in 0..CONFIGURATION_BYTES {
            assert_eq!(Bpdu::new_checked(&FRAME[..length]), Err(Error::Short(length)));
        }
        for (at, error) in [(14, Error::Protocol), (18, Error::Protocol), (20, Error::Type(2))] {
            let mut frame = FRAME;
            frame[at] = 2;
            assert_eq!(Bpdu::new_checked(&frame), Err(error));
        }
    }

    #[test]
    fn mutations_never_panic() {
        mutation::for_each(&FRAME, |bytes| {
            let Ok(bpdu) = Bpdu::new_checked(bytes) else { return };
            assert_eq!(Bpdu::new_checked(&bpdu.frame(SOURCE)), Ok(bpdu));
        });
    }
}
