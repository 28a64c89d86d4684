// SPDX-License-Identifier: Apache-2.0
//! Captures: read as they come, written through [`Output`].

use crate::files::Output;
use pcap_file::pcap::{PcapHeader, PcapReader, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, Endianness, TsResolution};
use std::fs::File;
use std::io::{self, Read, Seek, Write};

/// First bytes of a pcapng file: its section header's type.
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// The most that a capture may keep of a frame; readers refuse longer ones.
const SNAPLEN: u32 = 262_144;

/// A capture that is being read, pcap or pcapng.
pub struct Reader {
    name: String,
    source: Source,
    link: u32,
    frames: u64,
}

enum Source {
    Pcap(PcapReader<File>),
    PcapNg(PcapNgReader<File>),
}

/// A frame of a capture.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// When it was captured, in nanoseconds since 1970.
    pub timestamp_ns: u64,
    /// What was kept of it.
    pub data: Vec<u8>,
    /// How long it was.
    pub original_bytes: u32,
}

impl Reader {
    /// Opens the capture `name`; `-` is standard input, which must be a file.
    pub fn open(name: &str) -> Result<Reader, String> {
        let path = if name == "-" { "/dev/stdin" } else { name };
        let mut file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        let mut magic = [0; 4];
        let begins = file.read_exact(&mut magic).and_then(|()| file.rewind());
        begins.map_err(|_| format!("{name}: not a tcpdump file (too short)"))?;
        let no_capture = |_| format!("{name}: not a tcpdump file (bad magic number)");
        let (source, link) = if magic == PCAPNG {
            (Source::PcapNg(PcapNgReader::new(file).map_err(no_capture)?), DataLink::ETHERNET)
        } else {
            let reader = PcapReader::new(file).map_err(no_capture)?;
            let link = reader.header().datalink;
            (Source::Pcap(reader), link)
        };
        Ok(Reader { name: name.into(), source, link: link.into(), frames: 0 })
    }

    /// The link type of the frame that was read last, or of all.
    pub fn link(&self) -> u32 {
        self.link
    }

    /// The next frame, until the end.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, String> {
        let broken = |error, frames| format!("{}: broken at packet {}: {error}", self.name, frames + 1);
        let found = match &mut self.source {
            Source::Pcap(reader) => match reader.next_packet() {
                None => None,
                Some(Err(error)) => return Err(broken(error, self.frames)),
                Some(Ok(packet)) => Some(Frame {
                    timestamp_ns: packet.timestamp.as_nanos() as u64,
                    original_bytes: packet.orig_len,
                    data: packet.data.into_owned(),
                }),
            },
            Source::PcapNg(reader) => loop {
                match reader.next_block() {
                    None => break None,
                    Some(Err(error)) => return Err(broken(error, self.frames)),
                    Some(Ok(Block::InterfaceDescription(interface))) => self.link = interface.linktype.into(),
                    Some(Ok(Block::EnhancedPacket(packet))) => {
                        let timestamp_ns = packet.timestamp.as_nanos() as u64;
                        let original_bytes = packet.original_len;
                        break Some(Frame { timestamp_ns, original_bytes, data: packet.data.into_owned() });
                    }
                    Some(Ok(Block::SimplePacket(packet))) => {
                        let original_bytes = packet.original_len;
                        break Some(Frame { timestamp_ns: 0, original_bytes, data: packet.data.into_owned() });
                    }
                    Some(Ok(_)) => {}
                }
            },
        };
        self.frames += u64::from(found.is_some());
        Ok(found)
    }
}

/// A capture that is being written.
#[derive(Clone, Copy)]
pub struct Writer {
    output: Output,
    nanoseconds: bool,
}

impl Writer {
    /// Begins the capture `name` of frames of link type `link`, with nanoseconds or else microseconds.
    pub fn create(name: &str, link: u32, snaplen: u32, nanoseconds: bool) -> io::Result<Writer> {
        let output = Output::create(name)?;
        let ts_resolution = if nanoseconds { TsResolution::NanoSecond } else { TsResolution::MicroSecond };
        let snaplen = if snaplen == 0 { SNAPLEN } else { snaplen };
        let (datalink, endianness) = (DataLink::from(link), Endianness::native());
        let header = PcapHeader { ts_resolution, snaplen, datalink, endianness, ..Default::default() };
        output.with(|file| PcapWriter::with_header(file, header).map(drop)).map_err(io::Error::other)?;
        Ok(Writer { output, nanoseconds })
    }

    /// Adds a frame of which `data` is kept.
    pub fn add(&self, timestamp_ns: u64, data: &[u8], original_bytes: usize) -> io::Result<()> {
        let fraction = (timestamp_ns % 1_000_000_000) as u32;
        let packet = RawPcapPacket {
            ts_sec: (timestamp_ns / 1_000_000_000) as u32,
            ts_frac: if self.nanoseconds { fraction } else { fraction / 1000 },
            incl_len: data.len() as u32,
            orig_len: original_bytes as u32,
            data: data.into(),
        };
        let fields = [packet.ts_sec, packet.ts_frac, packet.incl_len, packet.orig_len];
        self.output.with(|file| {
            fields.iter().try_for_each(|field| file.write_all(&field.to_ne_bytes()))?;
            file.write_all(data)
        })
    }

    /// Writes what is still in memory, so that others see it.
    pub fn flush(&self) -> io::Result<()> {
        self.output.with(Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for (nanoseconds, timestamp_ns) in [(true, 1_500_000_001), (false, 1_500_000_000)] {
            let path = folder.path().join("a.pcap");
            let name = path.to_str().unwrap();
            let writer = Writer::create(name, 101, 0, nanoseconds).unwrap();
            writer.add(1_500_000_001, &[1; 60], 60).unwrap();
            writer.add(0, &[2; 3], 1514).unwrap();
            writer.flush().unwrap();
            let mut reader = Reader::open(name).unwrap();
            assert_eq!(reader.link(), 101);
            let first = Frame { timestamp_ns, data: vec![1; 60], original_bytes: 60 };
            assert_eq!(reader.next_frame(), Ok(Some(first)));
            assert_eq!(reader.next_frame().unwrap().unwrap().original_bytes, 1514);
            assert_eq!(reader.next_frame(), Ok(None));
        }
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcap");
        for (text, wanted) in [("", "too short"), ("this is no capture at all, is it?", "bad magic")] {
            std::fs::write(&path, text).unwrap();
            let error = Reader::open(path.to_str().unwrap()).err().unwrap();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(Reader::open("/nowhere/x.pcap").err().unwrap().contains("No such file"));
    }
}
