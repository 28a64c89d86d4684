// SPDX-License-Identifier: Apache-2.0
//! Frames: from captures, from tcpdump, and mutated.

use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// The frames of a capture, as they are, whatever their link type. A capture that breaks off gives what came before.
pub fn read(path: &Path) -> Vec<Vec<u8>> {
    if path.extension().is_some_and(|ending| ending == "pcapng") { read_pcapng(path) } else { read_pcap(path) }
}

fn open(path: &Path) -> File {
    File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_pcap(path: &Path) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let Ok(mut reader) = PcapReader::new(open(path)) else { return frames };
    while let Some(Ok(packet)) = reader.next_packet() {
        frames.push(packet.data.into_owned());
    }
    frames
}

fn read_pcapng(path: &Path) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let Ok(mut reader) = PcapNgReader::new(open(path)) else { return frames };
    while let Some(Ok(block)) = reader.next_block() {
        match block {
            Block::EnhancedPacket(packet) => frames.push(packet.data.into_owned()),
            Block::SimplePacket(packet) => frames.push(packet.data.into_owned()),
            _ => {}
        }
    }
    frames
}

/// The frames of `capture` that tcpdump's `filter` passes: what an independent decoder says.
pub fn tcpdump(capture: &Path, filter: &str) -> Vec<Vec<u8>> {
    let passed = tempfile::NamedTempFile::new().expect("a file");
    let run = Command::new("tcpdump").arg("-r").arg(capture).arg("-w").arg(passed.path()).arg(filter).output();
    let run = run.expect("tcpdump runs; make test installs it");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    read_pcap(passed.path())
}

/// An ICMP echo request over Ethernet from 10.0.0.1 to `destination`, right in every field (RFC 792).
pub fn echo(destination: [u8; 4], sequence: u16) -> Vec<u8> {
    let mut ip = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0];
    ip[16..].copy_from_slice(&destination);
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let mut icmp = [8, 0, 0, 0, 0x51, 0x1c, 0, 0];
    icmp[6..8].copy_from_slice(&sequence.to_be_bytes());
    let sum = checksum(&icmp);
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &icmp, &[0; 18]].concat()
}

/// The Internet checksum (RFC 1071); 0 over what holds its own.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// A reproducible source of numbers (xorshift64*, Vigna 2016).
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// `frame` with a few bytes changed, cut or lengthened.
    pub fn mutate(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        for _ in 0..=self.below(4) {
            match self.below(4) {
                0 => frame.truncate(self.below(frame.len().max(1)).max(1)),
                1 => frame.extend(vec![0xff; self.below(64)]),
                _ if frame.is_empty() => {}
                2 => {
                    let at = self.below(frame.len());
                    frame[at] = self.below(256) as u8;
                }
                _ => {
                    let at = self.below(frame.len().min(64));
                    frame[at] ^= 1 << self.below(8);
                }
            }
        }
        frame
    }
}
