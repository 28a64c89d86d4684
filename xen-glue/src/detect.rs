// SPDX-License-Identifier: Apache-2.0
//! Whether this machine is Xen's: the CPUID leaves of xen/include/public/arch-x86/cpuid.h.

/// The first leaf of hypervisors: the last one in EAX, who it is in EBX, ECX, EDX.
const FIRST_LEAF: u32 = 0x4000_0000;
/// Where Xen's leaves are if it shows those of Hyper-V first (`viridian`).
const SECOND_LEAF: u32 = FIRST_LEAF + 0x100;
/// `XEN_CPUID_SIGNATURE_…`.
const XEN: [u32; 3] = [u32::from_le_bytes(*b"XenV"), u32::from_le_bytes(*b"MMXe"), u32::from_le_bytes(*b"nVMM")];
const HYPER_V: u32 = u32::from_le_bytes(*b"Micr");
/// EBX of leaf 0 for the processors whose virtual machines call with `vmmcall`: AMD's and Hygon's.
const AUTHENTIC_AMD: u32 = u32::from_le_bytes(*b"Auth");
const HYGON_GENUINE: u32 = u32::from_le_bytes(*b"Hygo");

/// The instruction that calls the hypervisor. Xen offers a page that holds it, too; who knows the processor needs none, and no page
/// that is both written and executed (XSA-466 advises so).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Intel's VT-x.
    Vmcall,
    /// AMD's SVM.
    Vmmcall,
}

/// The Xen below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hypervisor {
    /// Its version, major and minor.
    pub version: (u16, u16),
    /// How it is called.
    pub gate: Gate,
}

/// Finds Xen; `cpuid` gives EAX, EBX, ECX, EDX of a leaf. On other machines it looks at one leaf.
#[inline]
pub fn detect(cpuid: impl Fn(u32) -> [u32; 4]) -> Option<Hypervisor> {
    let [_, who @ ..] = cpuid(FIRST_LEAF);
    if who == XEN {
        return Some(identify(cpuid, FIRST_LEAF));
    }
    (who[0] == HYPER_V && cpuid(SECOND_LEAF)[1..] == XEN).then(|| identify(cpuid, SECOND_LEAF))
}

fn identify(cpuid: impl Fn(u32) -> [u32; 4], base: u32) -> Hypervisor {
    let [version, ..] = cpuid(base + 1);
    let [_, vendor, ..] = cpuid(0);
    let gate = if matches!(vendor, AUTHENTIC_AMD | HYGON_GENUINE) { Gate::Vmmcall } else { Gate::Vmcall };
    Hypervisor { version: ((version >> 16) as u16, version as u16), gate }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &[u8; 12]) -> [u32; 4] {
        let word = |at| u32::from_le_bytes(*name[at..].first_chunk().expect("twelve bytes"));
        [0, word(0), word(4), word(8)]
    }

    #[test]
    fn xen_is_found_at_either_leaf_and_called_as_its_processor_calls() {
        let machine = |first: &'static [u8; 12], second: &'static [u8; 12], vendor: &'static [u8; 12]| {
            detect(move |leaf| match leaf {
                0 => who(vendor),
                0x4000_0000 => who(first),
                0x4000_0100 => who(second),
                _ => [4 << 16 | 17, 0, 0, 0],
            })
        };
        let (xen, none, intel) = (b"XenVMMXenVMM", &[0; 12], b"GenuntelineI");
        let found = |gate| Some(Hypervisor { version: (4, 17), gate });
        assert_eq!(machine(xen, none, b"AuthcAMDenti"), found(Gate::Vmmcall));
        assert_eq!(machine(xen, none, intel), found(Gate::Vmcall));
        assert_eq!(machine(b"Microsoft Hv", xen, b"HygouineGenn"), found(Gate::Vmmcall));
        assert_eq!(machine(b"Microsoft Hv", none, intel), None);
        assert_eq!(machine(b"KVMKVMKVM\0\0\0", xen, intel), None);
        assert_eq!(machine(b"XenVMMXenVMX", none, intel), None);
    }
}
