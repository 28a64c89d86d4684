// SPDX-License-Identifier: Apache-2.0
//! The addresses of this machine's devices, which a configuration may name: `eth0:ip`, `eth0:eth`, `eth0:gw`.

use nix::ifaddrs::getifaddrs;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;

/// For each device what `AddressInfo` would say of it.
pub fn addresses() -> Vec<String> {
    let mut devices = BTreeMap::new();
    for found in getifaddrs().into_iter().flatten() {
        let said: &mut String = devices.entry(found.interface_name.clone()).or_insert(found.interface_name);
        let Some(address) = found.address else { continue };
        let mask = found.netmask;
        // Writing to a string does not fail.
        let _ = if let Some(address) = address.as_sockaddr_in() {
            let mask = mask.and_then(|mask| Some(mask.as_sockaddr_in()?.ip().to_bits().leading_ones()));
            write!(said, " {}/{}", address.ip(), mask.unwrap_or(32))
        } else if let Some(address) = address.as_sockaddr_in6() {
            let mask = mask.and_then(|mask| Some(mask.as_sockaddr_in6()?.ip().to_bits().leading_ones()));
            write!(said, " {}/{}", address.ip(), mask.unwrap_or(128))
        } else if let Some(address) = address.as_link_addr().and_then(|link| link.addr()) {
            let [a, b, c, d, e, f] = address;
            write!(said, " {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
        } else {
            Ok(())
        };
    }
    let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
    let gateways = routes.lines().filter_map(gateway).map(|(device, gateway)| format!("{device}:gw {gateway}"));
    let gateways: Vec<_> = gateways.collect();
    devices.into_values().filter(|said| said.contains(' ')).chain(gateways).collect()
}

/// The device and the gateway of a default route: a line of Linux's `/proc/net/route`.
fn gateway(line: &str) -> Option<(&str, Ipv4Addr)> {
    let mut words = line.split_whitespace();
    let (device, destination, gateway) = (words.next()?, words.next()?, words.next()?);
    let gateway = u32::from_str_radix(gateway, 16).ok().filter(|gateway| *gateway != 0)?;
    (destination == "00000000").then(|| (device, Ipv4Addr::from(gateway.to_ne_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_that_of_the_default_route() {
        let gateway = |line| gateway(line).map(|(device, address)| format!("{device} {address}"));
        let number = u32::from_ne_bytes([192, 0, 2, 1]);
        let default = format!("eth0\t00000000\t{number:08X}\t0003\t0\t0\t0\t00000000");
        assert_eq!(gateway(&default), Some("eth0 192.0.2.1".into()));
        assert_eq!(gateway("eth0\t0000000A\t010200C0\t0003"), None);
        assert_eq!((gateway("eth0\t00000000\t00000000"), gateway("Iface\tDestination\tGateway")), (None, None));
    }

    #[test]
    fn devices_say_their_addresses() {
        // Every Linux has it, if it is up.
        if let Some(loopback) = addresses().into_iter().find(|said| said.starts_with("lo ")) {
            assert!(loopback.contains("127.0.0.1/8") || loopback.contains("00:00:00:00:00:00"), "{loopback}");
        }
    }
}
