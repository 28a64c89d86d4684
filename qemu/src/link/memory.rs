// SPDX-License-Identifier: Apache-2.0
//! The memory of a link as the host sees it: a file, whose pages the two QEMUs map into their guests.
//!
//! The host reads and writes it by system calls, so it needs no pointers into it. What it writes while guests run is the two
//! presence words, each a count of which usually one byte changes, so a guest that reads one meanwhile sees the old count or the
//! new one; at worst (once in 256 changes) it sees neither and takes the peer for gone or new until it looks again.

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use ring::{
    AtomicU64, End, HEADER_BYTES, Mode, Observer, Peer, Region, Shape, SharedRegion, Statistics, presence_offset,
};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering;

/// The least memory of a link: what guests can map by one large page, and keep cacheable.
const LEAST_BYTES: usize = 2 << 20;

/// What the region says of itself, at its beginning: its first line.
const IDENTITY_BYTES: usize = 64;

/// The memory.
pub struct LinkMemory {
    file: File,
    identity: [u8; IDENTITY_BYTES],
}

/// What the header of a link's memory shows of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndState {
    /// Whether it runs.
    pub state: Peer,
    /// What it has counted.
    pub statistics: Statistics,
    /// Slots, of 64 bytes each, with frames from it that are on their way.
    pub occupancy: u64,
}

impl LinkMemory {
    /// Makes memory that holds a link of `shape`.
    pub fn create(shape: Shape) -> io::Result<LinkMemory> {
        let file = File::from(memfd_create("sluice-link", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
        let memory = LinkMemory::format(file, shape)?;
        // Nobody who has it can cut it under the others' feet.
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&memory.file, FcntlArg::F_ADD_SEALS(seals))?;
        Ok(memory)
    }

    /// Makes a file at `path` that holds a link of `shape`, for VMMs that are given a path. What was there is gone.
    pub fn create_at(path: &Path, shape: Shape) -> io::Result<LinkMemory> {
        LinkMemory::format(File::options().read(true).write(true).create(true).truncate(true).open(path)?, shape)
    }

    /// How many bytes the memory of a link of `shape` has: a PCI BAR, which it becomes, has a power of two.
    pub fn bytes(shape: Shape) -> usize {
        shape.bytes().next_power_of_two().max(LEAST_BYTES)
    }

    /// Makes a link of an empty file.
    fn format(file: File, shape: Shape) -> io::Result<LinkMemory> {
        file.set_len(LinkMemory::bytes(shape) as u64)?;
        let words: Vec<AtomicU64> = (0..shape.words()).map(|_| AtomicU64::new(0)).collect();
        let formatted = match shape.mode {
            Mode::Copy => Region::format(&words, shape).err(),
            Mode::Shared => SharedRegion::format(&words, shape).err(),
        };
        formatted.map_or(Ok(()), |error| Err(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        // Behind the header a fresh region is zero, as a fresh file is.
        let header = bytes_of(&words[..HEADER_BYTES / 8]);
        file.write_all_at(&header, 0)?;
        let identity = header[..IDENTITY_BYTES].try_into().expect("the header is longer");
        Ok(LinkMemory { file, identity })
    }

    /// What both ends show.
    pub fn ends(&self) -> io::Result<[EndState; 2]> {
        let mut bytes = [0; HEADER_BYTES];
        self.file.read_exact_at(&mut bytes, 0)?;
        let words = words_of(&bytes);
        let observer = Observer::open(&words).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok([End::A, End::B].map(|end| EndState {
            state: observer.state(end),
            statistics: observer.statistics(end),
            occupancy: observer.occupancy(end),
        }))
    }

    /// The file, for whoever shall see or change what lies in it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes the presence words: even is down, odd is up. `changed` is whose word is another one than before; it comes last, and
    /// all else that is the host's to say before: a malicious guest may have written over it.
    pub(super) fn announce(&self, changed: End, generations: [u64; 2]) -> io::Result<()> {
        self.file.write_all_at(&self.identity, 0)?;
        [changed.other(), changed].into_iter().try_for_each(|end| {
            self.file.write_all_at(&generations[end as usize].to_le_bytes(), presence_offset(end) as u64)
        })
    }
}

fn bytes_of(words: &[AtomicU64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect()
}

fn words_of(bytes: &[u8]) -> Vec<AtomicU64> {
    bytes.as_chunks().0.iter().map(|word| AtomicU64::new(u64::from_le_bytes(*word))).collect()
}
