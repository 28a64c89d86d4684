// SPDX-License-Identifier: Apache-2.0
//! A link without a server, for VMMs that have shared memory but no doorbell (`ivshmem-plain`): a file, which both ends poll.

use super::memory::LinkMemory;
use ring::{End, Shape};
use std::io;
use std::path::PathBuf;

/// A link in a file. Who starts and watches the VMs says here which of them runs: nobody else sees it. Dropping it removes the file.
pub struct PlainLink {
    memory: LinkMemory,
    path: PathBuf,
    /// The presence words. What lies in the memory may be anything: guests can write it.
    generations: [u64; 2],
}

impl PlainLink {
    /// Makes a link of `shape` in a file at `path`.
    pub fn create(path: PathBuf, shape: Shape) -> io::Result<PlainLink> {
        let memory = LinkMemory::create_at(&path, shape)?;
        Ok(PlainLink { memory, path, generations: [0; 2] })
    }

    /// The link's memory.
    pub fn memory(&self) -> &LinkMemory {
        &self.memory
    }

    /// The VM at `end` is about to start. It may have run before.
    pub fn arrive(&mut self, end: End) -> io::Result<()> {
        // The next odd number: down, if it was up, then up.
        let generation = self.generations[end as usize];
        self.announce(end, generation + 1 + generation % 2)
    }

    /// The VM at `end` does not run.
    pub fn depart(&mut self, end: End) -> io::Result<()> {
        match self.generations[end as usize] {
            up if up % 2 == 1 => self.announce(end, up + 1),
            _ => Ok(()),
        }
    }

    fn announce(&mut self, end: End, generation: u64) -> io::Result<()> {
        self.generations[end as usize] = generation;
        self.memory.announce(end, self.generations)
    }
}

impl Drop for PlainLink {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::Peer;

    #[test]
    fn each_arrival_is_a_new_generation() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("link");
        let mut link = PlainLink::create(path.clone(), Shape::COPY).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), LinkMemory::bytes(Shape::COPY) as u64);
        for came in [true, true, false, false, true] {
            if came {
                link.arrive(End::B).unwrap()
            } else {
                link.depart(End::B).unwrap()
            }
            let [a, b] = link.memory().ends().unwrap();
            // Nobody has attached.
            assert_eq!((a.state, b.state), (Peer::Down, if came { Peer::Coming } else { Peer::Down }));
        }
        assert_eq!(link.generations, [0, 5]);
        drop(link);
        assert!(!path.exists());
    }
}
