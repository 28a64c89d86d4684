// SPDX-License-Identifier: Apache-2.0
//! The words of the kernel's command line that mean something to us, read in one pass over its bytes: under software
//! emulation boot time is the number of different instructions, and text handled as text takes many.

use heapless::Vec;

/// Most virtio-mmio windows that are looked into.
const WINDOWS: usize = 24;

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// `tsc_khz=N`: the frequency of the TSC; 0 if it is not told.
    pub tsc_khz: u64,
    /// `virtio_slots=FIRST-LAST`: the slots of PCI bus 0 that our devices are in, NICs, links and console; all, if it
    /// is not told.
    pub slots: (u8, u8),
    /// `pci_ecam=PADDR`: where PCI's configuration space is mapped; 0 if it is not told.
    pub ecam: u64,
    /// `second_ends=0xBITS`: the ports, by bit, that are the second ends of links whose device does not tell.
    pub second_ends: u64,
    /// `shared_links=0xBITS`: the ports, by bit, that are links to VMs that this one trusts. No memory that a peer can write says so.
    pub shared_links: u64,
    /// `virtio_mmio.device=SIZE@BASE:LINE…`, in order: the Linux parameter by which QEMU's microvm and Firecracker announce their
    /// windows.
    pub windows: Vec<Window, WINDOWS>,
}

/// A virtio-mmio window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub paddr: usize,
    /// Its interrupt line of the I/O APIC.
    pub line: u32,
}

impl Parameters {
    /// Reads a command line. Words that are not known, or are not as they should be, mean nothing.
    pub fn read(text: &[u8]) -> Self {
        let mut parameters =
            Parameters { tsc_khz: 0, slots: (0, 31), ecam: 0, second_ends: 0, shared_links: 0, windows: Vec::new() };
        for word in text.split(|&byte| byte <= b' ') {
            let mut word = Word(word);
            if word.skip(b"tsc_khz=") {
                parameters.tsc_khz = word.number(10);
            } else if word.skip(b"virtio_slots=") {
                let first = word.number(10);
                if word.skip(b"-") {
                    parameters.slots = (first.min(31) as u8, word.number(10).min(31) as u8);
                }
            } else if word.skip(b"pci_ecam=0x") {
                parameters.ecam = word.number(16);
            } else if word.skip(b"second_ends=0x") {
                parameters.second_ends = word.number(16);
            } else if word.skip(b"shared_links=0x") {
                parameters.shared_links = word.number(16);
            } else if word.skip(b"virtio_mmio.device=") {
                word.number(10);
                // The size may have a unit.
                word.0 = word.0.get(usize::from(!word.0.starts_with(b"@"))..).unwrap_or(&[]);
                if word.skip(b"@0x") {
                    let paddr = word.number(16) as usize;
                    if word.skip(b":") {
                        let _ = parameters.windows.push(Window { paddr, line: word.number(10) as u32 });
                    }
                }
            }
        }
        parameters
    }
}

/// What is left of a word.
struct Word<'a>(&'a [u8]);

impl Word<'_> {
    /// Skips `prefix`, if the word goes on with it.
    #[inline(never)]
    fn skip(&mut self, prefix: &[u8]) -> bool {
        match self.0.strip_prefix(prefix) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Reads the digits that come next; what does not fit wraps.
    #[inline(never)]
    fn number(&mut self, radix: u8) -> u64 {
        let mut number = 0u64;
        while let [digit, rest @ ..] = self.0 {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' if radix == 16 => digit - b'a' + 10,
                _ => break,
            };
            number = number.wrapping_mul(u64::from(radix)).wrapping_add(u64::from(value));
            self.0 = rest;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parameters {
        Parameters::read(text.as_bytes())
    }

    #[test]
    fn words_are_whole_and_in_any_order() {
        let nothing =
            Parameters { tsc_khz: 0, slots: (0, 31), ecam: 0, second_ends: 0, shared_links: 0, windows: Vec::new() };
        assert_eq!(read(""), nothing);
        let found = read(" quiet virtio_slots=2-4 pci_ecam=0xb0000000  tsc_khz=2600000 xtsc_khz=1\ttsc=2");
        assert_eq!(found, Parameters { tsc_khz: 2_600_000, slots: (2, 4), ecam: 0xb000_0000, ..nothing });
        let found = read("second_ends=0xa2 shared_links=0x1A shared_links=0x1a");
        assert_eq!((found.second_ends, found.shared_links), (0xa2, 0x1a));
        assert_eq!(read("virtio_slots=9 tsc_khz=").slots, (0, 31));
        assert_eq!(read("virtio_slots=3-99").slots, (3, 31));
    }

    #[test]
    fn windows_are_read_as_linux_reads_them() {
        let windows = |text: &str| read(text).windows;
        let one = Window { paddr: 0xfeb0_0e00, line: 12 };
        let other = Window { paddr: 0xd000_0000, line: 5 };
        assert_eq!(windows("virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=4K@0xd0000000:5:0"), [one, other]);
        for wrong in ["512@0xfeb00e00", "512@feb00e00:x", "@", "", "K", "512"] {
            assert_eq!(windows(&format!("virtio_mmio.device={wrong}")), [], "{wrong}");
        }
    }
}
