// SPDX-License-Identifier: Apache-2.0
//! The packet that an ICMP error quotes, rewritten as its flow's packets are: RFC 5508 §4.

use super::{DCCP, FlowId, ICMP, TCP, UDP, View};
use crate::wire::checksum::Delta;
use crate::wire::{icmp, ipv4};

/// Bytes of an ICMP header: the quote lies behind it.
const HEADER_BYTES: usize = icmp::HEADER_BYTES;
/// Bytes of a quote that may change: an IP header with all its options and a TCP header up to its checksum.
const CHANGED_BYTES: usize = 60 + 18;
const ECHO: u8 = 8;
/// Destination unreachable, source quench, redirect, time exceeded, parameter problem: they quote a packet.
const ERRORS: [u8; 5] = [3, 4, 5, 11, 12];

/// What of a quoted packet tells its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its protocol.
    pub protocol: u8,
    /// What would answer it. An echo's identifier is the source port; ports that the quote does not hold are 0.
    pub answer: FlowId,
    /// Whether the quote holds ports or an identifier.
    ports: bool,
}

impl Quote {
    /// Reads the quote in an ICMP message; none if it is no error or quotes no IPv4 header.
    pub fn read(message: &mut [u8]) -> Option<Self> {
        let error = ERRORS.contains(message.first()?);
        let view = View::new(message.get_mut(HEADER_BYTES..)?).filter(|_| error)?;
        let protocol = view.protocol();
        let mut answer = FlowId { source: view.destination(), destination: view.source(), ..FlowId::NONE };
        let mut ports = false;
        if matches!(protocol, TCP | UDP | DCCP) && view.is_first() {
            if let Some(id) = view.id() {
                (answer, ports) = (id.reversed(), true);
            }
        } else if protocol == ICMP
            && view.is_first()
            && let Some([ECHO, _, _, _, high, low]) = view.transport.first_chunk()
        {
            (answer.source_port, ports) = (u16::from_be_bytes([*high, *low]), true);
        }
        Some(Quote { protocol, answer, ports })
    }

    /// Makes the quote one of the packet that `new` answers, all checksums with it: those in the quote, as far as it holds
    /// them, and the message's.
    pub fn rewrite(&self, message: &mut [u8], new: &FlowId) {
        let before = start(message);
        if let Some(mut view) = message.get_mut(HEADER_BYTES..).and_then(View::new) {
            let (old, new) = (self.answer.reversed(), new.reversed());
            let addresses = Delta::NONE.replacing(old.source, new.source).replacing(old.destination, new.destination);
            view.set_source(new.source);
            view.set_destination(new.destination);
            view.change_checksum(addresses);
            if self.ports && self.protocol == ICMP {
                view.change_echo(self.answer.source_port, new.source_port);
            } else if self.ports {
                view.set_ports(&new);
                view.change_transport_checksum(addresses.replacing(old.ports(), new.ports()));
            }
        }
        let after = start(message);
        let words = before.as_chunks::<2>().0.iter().zip(after.as_chunks::<2>().0);
        let delta = words.fold(Delta::NONE, |delta, (old, new)| {
            delta.replacing(u16::from_be_bytes(*old).into(), u16::from_be_bytes(*new).into())
        });
        if let Some(header) = message.first_chunk_mut::<4>() {
            let checksum = delta.apply(u16::from_be_bytes([header[2], header[3]]));
            header[icmp::field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
        }
    }
}

/// The bytes of a quote that may change, and zeros behind its end.
fn start(message: &[u8]) -> [u8; CHANGED_BYTES] {
    let mut copy = [0; CHANGED_BYTES];
    let quote = message.get(HEADER_BYTES..).unwrap_or(&[]);
    let length = quote.len().min(CHANGED_BYTES);
    copy[..length].copy_from_slice(&quote[..length]);
    copy
}

impl View<'_> {
    /// Changes an echo's identifier, and its checksum with it.
    fn change_echo(&mut self, old: u16, new: u16) {
        if let Some(header) = self.transport.first_chunk_mut::<6>() {
            let delta = Delta::NONE.replacing(old.into(), new.into());
            let checksum = delta.apply(u16::from_be_bytes([header[2], header[3]]));
            header[icmp::field::CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
            header[icmp::field::IDENTIFIER].copy_from_slice(&new.to_be_bytes());
        }
    }

    /// The transport header and data up to Total Length, which may be less than the packet's bytes.
    pub fn message(&mut self) -> &mut [u8] {
        let whole = self.total_length().saturating_sub(self.header_length());
        let end = whole.min(self.transport.len());
        &mut self.transport[..end]
    }
}

const _: () = assert!(CHANGED_BYTES >= ipv4::HEADER_BYTES && CHANGED_BYTES.is_multiple_of(2));
