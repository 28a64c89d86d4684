// SPDX-License-Identifier: Apache-2.0
//! What is the same of a chain's domains on Xen, whether they are run or exported.

use crate::build::{Place, Topology};
use xl::Line;
use xl::link::{End, Mode, Role, connect, prepare};

/// Xen's own range of Ethernet addresses.
const OUI: [u8; 3] = [0x00, 0x16, 0x3e];

/// The same address each time: FNV-1a of the vif's name.
pub fn mac(name: &str) -> [u8; 6] {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, _] = hash.to_be_bytes();
    let [x, y, z] = OUI;
    [x, y, z, a & 0x7f, b, c]
}

/// The same links, the end first that grants the memory: the one whose VM has fewer links, for it takes a megabyte each.
pub fn granting_first(links: &[[Place; 2]]) -> Vec<[Place; 2]> {
    let count = |place: Place| links.iter().flatten().filter(|end| end.vm == place.vm).count();
    let turned = |&[a, b]: &[Place; 2]| if count(b) < count(a) { [b, a] } else { [a, b] };
    links.iter().map(turned).collect()
}

/// The commands that tell the ends of a link, the one first that grants the memory, of each other, or the one that is there what it
/// will be; `end` says which are there.
pub fn link(
    chain: &Topology,
    [grants, maps]: [Place; 2],
    end: impl Fn(Place) -> anyhow::Result<Option<End>>,
) -> anyhow::Result<Vec<Line>> {
    let mode = if chain.port(grants).shared { Mode::Shared } else { Mode::Copy };
    Ok(match (end(grants)?, end(maps)?) {
        (Some(grants), Some(maps)) => connect(&grants, &maps, mode),
        (Some(grants), None) => prepare(&grants, Role::Grants, mode),
        (None, Some(maps)) => prepare(&maps, Role::Maps, mode),
        (None, None) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vm_with_many_links_grants_the_memory_of_none() {
        let place = |vm, port| Place { vm, port };
        let links = [[place(0, 1), place(1, 0)], [place(0, 2), place(2, 0)], [place(1, 1), place(3, 0)]];
        let granting: Vec<_> = granting_first(&links).iter().map(|[grants, _]| grants.vm).collect();
        assert_eq!(granting, [0, 2, 3]);
        assert_eq!(granting_first(&links[..1])[0][0].vm, 0, "the first one, where all is the same");
    }
}
