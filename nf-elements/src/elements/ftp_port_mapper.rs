// SPDX-License-Identifier: Apache-2.0
//! # FTPPortMapper
//! `FTPPortMapper(CONTROL_REWRITER, DATA_REWRITER, DATA_REWRITER_INPUT)` — lets FTP's active mode through a rewriter.
//!
//! **Ports:** one input, one output, push or pull.
//!
//! **Expects:** packets of FTP control connections, their network header marked; behind it must come CONTROL_REWRITER.
//!
//! **Description:** a client that says `PORT` tells the server an address and a port for data (RFC 959 §4.1.2). This element
//! begins a flow for them in DATA_REWRITER, as if a packet of it had come in by DATA_REWRITER_INPUT, and puts the flow's address
//! and port into the command. The data connection is taken to come from the port below that of the control connection. As
//! the command gets longer or shorter, CONTROL_REWRITER, a `TCPRewriter`, changes the connection's sequence numbers from then
//! on. DATA_REWRITER may be the same element.
//!
//! **Notes:** a command is seen only at the start of a segment and whole in it, and only in a connection that CONTROL_REWRITER
//! knows already, as in Click. At most 32 connections of a CONTROL_REWRITER have changed sequence numbers at a time, and each
//! remembers eight changes in each direction; commands beyond the 32 go on as they are. So do those that no longer fit the
//! packet's buffer. A DATA_REWRITER_INPUT with a mapper begins no flow. DATA_REWRITER is a `TCPRewriter`, an
//! `IPRewriter` or a `UDPRewriter`.
//!
//! **Example:** `IPRewriterPatterns(out 192.0.2.1 1024-65535 - -);
//! nat :: TCPRewriter(pattern out 0 0);
//! FromDevice(lan) -> Strip(14) -> CheckIPHeader -> FTPPortMapper(nat, nat, 0) -> nat -> Discard;`
//!
//! **See also:** `TCPRewriter`, `IPRewriter`, `IPRewriterPatterns`.

use super::tcp_rewriter::Tcp;
use crate::flows::{FlowId, Kind, Rewriter, TCP, View};
use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::wire::checksum::{Sum, adjust};
use crate::wire::{ipv4, tcp};
use crate::{ActionWith, Element, HandlerError, Packet, PacketIo, Spec, Verdict};
use core::fmt::Write;

/// See the module's documentation.
pub struct FtpPortMapper {
    input: usize,
}

impl FtpPortMapper {
    /// Flows of data begin at this input.
    pub const fn new(input: usize) -> Self {
        FtpPortMapper { input }
    }
}

impl Element for FtpPortMapper {
    const SPEC: Spec = Spec {
        class: "FTPPortMapper",
        category: Category::Rewriting,
        summary: "lets FTP's active mode through a rewriter",
        ports: "1/1",
        processing: "a/a",
        shape: Shape::Action,
        arguments: &[
            Argument { name: "CONTROL_REWRITER", kind: ArgumentKind::Required, doc: "the TCPRewriter behind it" },
            Argument { name: "DATA_REWRITER", kind: ArgumentKind::Required, doc: "the rewriter of data packets" },
            Argument { name: "DATA_REWRITER_INPUT", kind: ArgumentKind::Required, doc: "its input for them" },
        ],
        handlers: &[],
    };

    fn read_handler(&self, _: &str, _: &mut dyn Write) -> Result<(), HandlerError> {
        Err(HandlerError::Unknown)
    }
}

#[cfg(feature = "host")]
impl crate::configure::Configure for FtpPortMapper {
    fn configure(
        arguments: &mut crate::configure::Arguments,
        _: &crate::configure::Surroundings,
    ) -> Option<crate::configure::Instance> {
        use crate::configure::{Instance, Peer};
        let control: String = arguments.required("CONTROL_REWRITER")?;
        let data: String = arguments.required("DATA_REWRITER")?;
        let input: u8 = arguments.required("DATA_REWRITER_INPUT")?;
        let same = control == data;
        let mut peers = vec![Peer { argument: 0, name: control, classes: &["TCPRewriter"] }];
        if !same {
            peers.push(Peer { argument: 1, name: data, classes: &["TCPRewriter", "IPRewriter", "UDPRewriter"] });
        }
        Some(Instance::new("FtpPortMapper", format!("FtpPortMapper::new({input})")).with_peers(peers))
    }
}

/// The control rewriter, and the data rewriter if it is another.
pub trait FtpRewriters {
    /// The control rewriter.
    fn control(&mut self) -> &mut dyn Control;

    /// Begins a flow of data, or finds it: its rewritten name.
    fn data(&mut self, now_ns: u64, input: usize, id: &FlowId, annotation: u8) -> Option<FlowId>;
}

/// What is asked of the control rewriter.
pub trait Control {
    /// The annotation of the connection's answers; none if it does not know the connection.
    fn annotation(&self, id: &FlowId) -> Option<u8>;

    /// From a sequence number on, the data of `id` is `difference` bytes later. False if that cannot be.
    fn change(&mut self, id: &FlowId, number: u32, difference: i32) -> bool;
}

impl<const N: usize> Control for Rewriter<Tcp, N> {
    fn annotation(&self, id: &FlowId) -> Option<u8> {
        let entry = self.table().find(0, id)?;
        Some(self.table().flow(entry.flow()).reply_annotation)
    }

    fn change(&mut self, id: &FlowId, number: u32, difference: i32) -> bool {
        self.change_sequence(id, number, difference)
    }
}

impl<const N: usize> FtpRewriters for (&mut Rewriter<Tcp, N>,) {
    fn control(&mut self) -> &mut dyn Control {
        self.0
    }

    fn data(&mut self, now_ns: u64, input: usize, id: &FlowId, annotation: u8) -> Option<FlowId> {
        self.0.ensure(now_ns, TCP, input, id, annotation)
    }
}

impl<K: Kind, const N: usize, const O: usize> FtpRewriters for (&mut Rewriter<Tcp, N>, &mut Rewriter<K, O>) {
    fn control(&mut self) -> &mut dyn Control {
        self.0
    }

    fn data(&mut self, now_ns: u64, input: usize, id: &FlowId, annotation: u8) -> Option<FlowId> {
        self.1.ensure(now_ns, TCP, input, id, annotation)
    }
}

impl<P: FtpRewriters> ActionWith<P> for FtpPortMapper {
    #[inline]
    fn action_with<M: PacketIo>(&mut self, io: &mut M, mut peers: P, packet: &mut Packet) -> Verdict {
        if let Some(command) = Command::find(packet) {
            // A command that cannot be changed goes on as it is.
            let _ = self.change(io.now_ns(), &mut peers, packet, &command);
        }
        Verdict::Pass
    }
}

/// A PORT command in a segment.
struct Command {
    /// The control connection.
    connection: FlowId,
    /// What the command names.
    address: u32,
    port: u16,
    /// Its argument in the packet's network bytes.
    begin: usize,
    end: usize,
    /// Where those of the TCP header and the data begin, and where the packet ends.
    transport: usize,
    data: usize,
    whole: usize,
}

impl Command {
    /// The command at the start of a packet's data.
    #[inline]
    fn find(packet: &mut Packet) -> Option<Self> {
        let view = View::new(packet.network_mut()).filter(|view| view.protocol() == TCP && view.is_first())?;
        let (header, _) = view.tcp().filter(|(header, _)| *header >= tcp::HEADER_BYTES)?;
        let (connection, transport, whole) = (view.id()?, view.header_length(), view.total_length());
        let data = transport + header;
        let (verb, rest) = packet.network().get(data..whole)?.split_first_chunk::<5>()?;
        if !verb.eq_ignore_ascii_case(b"PORT ") {
            return None;
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let argument = &rest[spaces..];
        let length = argument.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b',').count();
        if !matches!(argument.get(length), Some(b'\r' | b'\n')) {
            return None;
        }
        let [a, b, c, d, high, low] = numbers(&argument[..length])?;
        let (address, port) = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([high, low]));
        let begin = data + 5 + spaces;
        Some(Command { connection, address, port, begin, end: begin + length, transport, data, whole })
    }
}

/// Six numbers up to 255 with commas between; an empty one is 0.
fn numbers(text: &[u8]) -> Option<[u8; 6]> {
    let mut numbers = [0u8; 6];
    let mut pieces = text.split(|byte| *byte == b',');
    for number in &mut numbers {
        for digit in pieces.next()? {
            *number = number.checked_mul(10)?.checked_add(digit - b'0')?;
        }
    }
    pieces.next().is_none().then_some(numbers)
}

impl FtpPortMapper {
    /// Begins the flow that a command names and puts it into the command.
    #[cold]
    fn change(&mut self, now_ns: u64, peers: &mut impl FtpRewriters, packet: &mut Packet, command: &Command) -> Option<()> {
        let annotation = peers.control().annotation(&command.connection)?;
        let flow = FlowId {
            source: command.address,
            source_port: command.port,
            destination: command.connection.destination,
            destination_port: command.connection.destination_port.wrapping_sub(1),
        };
        let new = peers.data(now_ns, self.input, &flow, annotation)?;
        let mut text: heapless::String<24> = heapless::String::new();
        let ([a, b, c, d], [high, low]) = (new.source.to_be_bytes(), new.source_port.to_be_bytes());
        write!(text, "{a},{b},{c},{d},{high},{low}").ok()?;
        let start = usize::from(packet.annotations().network_offset).checked_sub(packet.headroom())?;
        let difference = text.len() as i32 - (command.end - command.begin) as i32;
        if difference > packet.tailroom() as i32 {
            return None;
        }
        let number = u32::from_be_bytes(*packet.network().get(command.transport + 4..)?.first_chunk()?);
        let length = (command.whole - command.data) as u32;
        if !peers.control().change(&command.connection, number.wrapping_add(length), difference) {
            return None;
        }
        packet.truncate(start + command.whole);
        replace(packet, start, command, text.as_bytes())
    }
}

/// Replaces a command's argument: the packet's lengths and checksums with it. The buffer has room for it.
fn replace(packet: &mut Packet, start: usize, command: &Command, text: &[u8]) -> Option<()> {
    let (old, new) = (command.whole, command.whole + text.len() - (command.end - command.begin));
    let _ = new <= old || packet.append(&[0; 24][..new - old]);
    let bytes = packet.network_mut();
    bytes.copy_within(command.end..old, command.begin + text.len());
    bytes[command.begin..command.begin + text.len()].copy_from_slice(text);
    packet.truncate(start + new);
    let (header, rest) = packet.network_mut().split_first_chunk_mut::<{ ipv4::HEADER_BYTES }>()?;
    let segment = rest.get_mut(command.transport - ipv4::HEADER_BYTES..)?;
    header[ipv4::field::TOTAL_LENGTH].copy_from_slice(&(new as u16).to_be_bytes());
    let sum = u16::from_be_bytes([header[10], header[11]]);
    header[ipv4::field::HEADER_CHECKSUM].copy_from_slice(&adjust(sum, old as u32, new as u32).to_be_bytes());
    segment.get_mut(tcp::field::CHECKSUM)?.fill(0);
    let (from, to) = (command.connection.source, command.connection.destination);
    let sum = Sum::new().with_pseudo_header(from, to, TCP, segment.len() as u16).with(segment).checksum();
    segment.get_mut(tcp::field::CHECKSUM)?.copy_from_slice(&sum.to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests;
