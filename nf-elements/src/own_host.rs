// SPDX-License-Identifier: Apache-2.0
//! Hosts of the machine's own, which `ToHost` and `FromHost` reach: in a VM an IP host that the unikernel makes, in a
//! process a TAP. A wiring names them as [`crate::Graph::HOSTS`]; each has a port behind those of the devices.

/// An IP host behind an Ethernet device of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnHost {
    /// Its device's name.
    pub name: &'static str,
    /// Its IPv4 address and the length of its network's prefix; one that has none answers nobody.
    pub address: Option<([u8; 4], u8)>,
    /// Where it sends what is for other networks.
    pub gateway: Option<[u8; 4]>,
    /// Its Ethernet address, if it is not that of the VM's first port.
    pub ethernet: Option<[u8; 6]>,
}
