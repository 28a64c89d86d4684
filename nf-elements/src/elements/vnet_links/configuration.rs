// SPDX-License-Identifier: Apache-2.0
//! The links' arguments.

use super::{Outer, VnetLinks};
use crate::configure::{Arguments, Configure, Instance, Port, Surroundings};
use crate::tunnel::arguments::OrCopy;
use crate::vnet::{Links, MOST_LINKS, PORT, Protocol, Remote};
use std::net::IpAddr;

impl Configure for VnetLinks {
    fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
        let source: IpAddr = arguments.required("SRC")?;
        let Port(port) = arguments.keyword("PORT").unwrap_or(Port(PORT));
        let Port(source_port) = arguments.keyword("SPORT").unwrap_or(Port(port));
        let OrCopy::<u8>(dscp) = arguments.keyword("DSCP").unwrap_or(OrCopy(None));
        let outer = Outer {
            source,
            port,
            source_port: (source_port != 0).then_some(source_port),
            ttl: arguments.keyword("TTL").unwrap_or(64),
            dscp,
            mtu: arguments.keyword("MTU").unwrap_or(u16::MAX),
            checksum: arguments.keyword("CHECKSUM").unwrap_or(false),
            identification: 0,
        };
        let remotes = remotes(arguments, &outer);
        let streams = streams(arguments, &remotes);
        let remotes: Vec<_> = remotes.into_iter().map(expression).collect();
        let diverts = around.outputs > 2;
        let new = format!("VnetLinks::<{streams}>::new({}, &[{}], {diverts})", outer.expression(), remotes.join(", "));
        let instance = Instance::new(format!("VnetLinks<{streams}>"), new);
        if streams == 0 {
            return Some(instance);
        }
        let place = "nf_elements::vnet::stream::Place";
        Some(instance.with_memory(place, format!("{place}::EMPTY"), streams).ticking())
    }
}

/// Takes STREAMS.
fn streams(arguments: &mut Arguments, remotes: &[Remote]) -> usize {
    let written = remotes.iter().filter(|remote| remote.protocol.is_tcp()).count();
    let streams: usize = arguments.keyword("STREAMS").unwrap_or(written);
    if !(written..=MOST_LINKS).contains(&streams) {
        arguments.error_last(format!("{streams} streams"), format!("{written}, the links over TCP, to {MOST_LINKS}"));
    }
    streams
}

/// Takes the links.
fn remotes(arguments: &mut Arguments, outer: &Outer) -> Vec<Remote> {
    let (mut remotes, mut links) = (Vec::new(), Links::new(&[], None));
    for (index, text) in arguments.rest() {
        let error = match text.value.parse::<Remote>() {
            Ok(remote) if outer.underlay(remote).is_none() => "an address of another version than SRC's".into(),
            Ok(remote) if links.add(remote).is_none() => {
                format!("the second link to {}, or link number {}", remote.address, MOST_LINKS + 1)
            }
            Ok(remote) => {
                remotes.push(remote);
                continue;
            }
            Err(error) => error.to_string(),
        };
        let wanted = "a link like 192.0.2.2 9000 udp, or tcp";
        arguments.error_at(index, 0..text.value.len(), error, Some(wanted.into()));
    }
    remotes
}

impl Outer {
    /// The expression that gives it.
    fn expression(&self) -> String {
        let Outer { source, port, source_port, ttl, dscp, mtu, checksum, identification } = self;
        format!(
            "vnet_links::Outer {{ source: {}, port: {port}, source_port: {source_port:?}, ttl: {ttl}, dscp: {dscp:?}, mtu: {mtu}, \
             checksum: {checksum}, identification: {identification} }}",
            address(*source)
        )
    }
}

fn expression(remote: Remote) -> String {
    let protocol = match remote.protocol {
        Protocol::Udp => "Udp".into(),
        Protocol::Tcp(opening) => format!("Tcp(nf_elements::vnet::Opening::{opening:?})"),
    };
    format!(
        "nf_elements::vnet::Remote {{ address: {}, port: {}, protocol: nf_elements::vnet::Protocol::{protocol} }}",
        address(remote.address),
        remote.port
    )
}

/// The expression that gives an address.
fn address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            format!("core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits({:#x}))", address.to_bits())
        }
        IpAddr::V6(address) => {
            format!("core::net::IpAddr::V6(core::net::Ipv6Addr::from_bits({:#x}))", address.to_bits())
        }
    }
}
