// SPDX-License-Identifier: Apache-2.0
//! Captures to replay, and captures that are written.

use crate::failure::usage;
use crate::place::{self, Pending};
use anyhow::Context;
use pcap_file::pcap::{PcapHeader, PcapReader, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, PcapError, TsResolution};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest frame that a datagram socket takes with the rest of its message.
const MAX_FRAME_BYTES: usize = 65_535;
/// First bytes of a pcapng file: its section header's type.
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// The frames of a capture.
#[derive(Debug, Default)]
pub struct Capture {
    /// In order.
    pub frames: Vec<Vec<u8>>,
    /// How many of them were longer when they were captured.
    pub cut: usize,
}

/// Reads the whole capture `path`, pcap or pcapng.
pub fn read(path: &Path) -> anyhow::Result<Capture> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| usage(format!("cannot read the capture {shown}: {error}")))?;
    let mut capture = Capture::default();
    let result =
        if bytes.starts_with(&PCAPNG) { read_pcapng(&bytes, &mut capture) } else { read_pcap(&bytes, &mut capture) };
    result.map_err(|problem| {
        let whole = capture.frames.len();
        usage(match problem {
            Problem::NoCapture => format!("{shown} is not a capture: neither pcap nor pcapng"),
            Problem::Link(link) => {
                format!("the capture {shown} is of link type {link:?}; only Ethernet can be replayed")
            }
            Problem::Truncated => format!(
                "the capture {shown} is truncated: it ends within packet {}; the {whole} before it are whole, so copy it \
                 again or keep those: editcap -r {shown} whole.pcap 1-{whole}",
                whole + 1
            ),
            Problem::Broken(what) => format!("the capture {shown} is broken at packet {}: {what}", whole + 1),
            Problem::TooLong(bytes) => {
                format!("packet {} of the capture {shown} has {bytes} bytes; no frame has more than {MAX_FRAME_BYTES}", whole + 1)
            }
        })
    })?;
    Ok(capture)
}

/// What is wrong with a capture, at the packet after those that were read.
enum Problem {
    NoCapture,
    Link(DataLink),
    Truncated,
    Broken(String),
    TooLong(usize),
}

impl From<PcapError> for Problem {
    fn from(error: PcapError) -> Self {
        match error {
            // The file is in memory: nothing else can fail in reading.
            PcapError::IoError(_) | PcapError::IncompleteBuffer => Problem::Truncated,
            other => Problem::Broken(other.to_string()),
        }
    }
}

fn read_pcap(bytes: &[u8], capture: &mut Capture) -> Result<(), Problem> {
    let mut reader = PcapReader::new(bytes).map_err(|_| Problem::NoCapture)?;
    ethernet(reader.header().datalink)?;
    while let Some(packet) = reader.next_raw_packet() {
        let packet = packet?;
        capture.add(&packet.data, packet.orig_len)?;
    }
    Ok(())
}

fn read_pcapng(bytes: &[u8], capture: &mut Capture) -> Result<(), Problem> {
    let mut reader = PcapNgReader::new(bytes).map_err(|_| Problem::NoCapture)?;
    while let Some(block) = reader.next_block() {
        match block? {
            Block::InterfaceDescription(interface) => ethernet(interface.linktype)?,
            Block::EnhancedPacket(packet) => capture.add(&packet.data, packet.original_len)?,
            Block::SimplePacket(packet) => capture.add(&packet.data, packet.original_len)?,
            _ => {}
        }
    }
    Ok(())
}

fn ethernet(link: DataLink) -> Result<(), Problem> {
    if link == DataLink::ETHERNET { Ok(()) } else { Err(Problem::Link(link)) }
}

impl Capture {
    fn add(&mut self, frame: &[u8], original_bytes: u32) -> Result<(), Problem> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(Problem::TooLong(frame.len()));
        }
        self.cut += usize::from(frame.len() < original_bytes as usize);
        self.frames.push(frame.into());
        Ok(())
    }
}

/// A capture that is being written; it gets its name in [`Recorder::finish`] only.
pub struct Recorder {
    pending: Pending,
    writer: PcapWriter<BufWriter<File>>,
    path: PathBuf,
    frames: u64,
}

impl Recorder {
    /// Begins the capture `path`.
    pub fn create(path: &Path) -> anyhow::Result<Recorder> {
        let mut pending = Pending::create(path)?;
        let file = pending.file().try_clone().with_context(|| place::cannot(path))?;
        let header = PcapHeader { ts_resolution: TsResolution::NanoSecond, ..Default::default() };
        let writer = PcapWriter::with_header(BufWriter::new(file), header)
            .map_err(reason)
            .with_context(|| place::cannot(path))?;
        Ok(Recorder { pending, writer, path: path.into(), frames: 0 })
    }

    /// Adds a frame, at the time of now.
    pub fn add(&mut self, frame: &[u8]) -> anyhow::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let length = frame.len() as u32;
        let packet = RawPcapPacket {
            ts_sec: now.as_secs() as u32,
            ts_frac: now.subsec_nanos(),
            incl_len: length,
            orig_len: length,
            data: frame.into(),
        };
        self.writer.write_raw_packet(&packet).map_err(reason).with_context(|| place::cannot(&self.path))?;
        self.frames += 1;
        Ok(())
    }

    /// Gives the capture its name: how many frames it has.
    pub fn finish(self) -> anyhow::Result<(PathBuf, u64)> {
        self.writer.into_writer().flush().with_context(|| place::cannot(&self.path))?;
        self.pending.place()?;
        Ok((self.path, self.frames))
    }
}

/// What the system said, without pcap-file's words, which speak of reading.
fn reason(error: PcapError) -> anyhow::Error {
    match error {
        PcapError::IoError(error) => error.into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(frames: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcap");
        let mut recorder = Recorder::create(&path).unwrap();
        frames.iter().for_each(|frame| recorder.add(frame).unwrap());
        assert!(!path.exists(), "it has no name before it is whole");
        assert_eq!(recorder.finish().unwrap(), (path.clone(), frames.len() as u64));
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, path) = written(&[&[1; 60], &[2; 1514]]);
        assert_eq!(read(&path).unwrap().frames, [vec![1; 60], vec![2; 1514]]);
    }

    #[test]
    fn a_truncated_capture_names_its_packet() {
        let (folder, path) = written(&[&[1; 60], &[2; 60]]);
        let bytes = std::fs::read(&path).unwrap();
        let cut = folder.path().join("cut.pcap");
        std::fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
        let said = read(&cut).unwrap_err().to_string();
        assert!(said.contains("ends within packet 2"), "{said}");
    }

    #[test]
    fn what_is_no_ethernet_capture_is_refused() {
        let (folder, path) = written(&[]);
        let mut bytes = std::fs::read(&path).unwrap();
        let link = bytes.len() - 4;
        // Whichever end the link type's low byte is at: 0x70 is no Ethernet.
        bytes[link..].fill(0x70);
        let other = folder.path().join("other.pcap");
        std::fs::write(&other, &bytes).unwrap();
        assert!(read(&other).unwrap_err().to_string().contains("only Ethernet"));
        std::fs::write(&other, b"hello, this is no capture at all").unwrap();
        assert!(read(&other).unwrap_err().to_string().contains("neither pcap nor pcapng"));
    }
}
