// SPDX-License-Identifier: Apache-2.0
//! A link over TCP: one connection, by smoltcp, and the frames in its stream.
//!
//! Palacios's VNET names TCP as a link's protocol, but sends nothing over it (linux_module/palacios-vnet-brg.c). Here frames have the framing
//! that the IETF gives packets in a stream, RFC 4571 §2: two bytes of length, the greatest first, then so many bytes.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |             LENGTH            |        Ethernet frame ...
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! Each link has an IP interface of its own, which hears and answers nobody but the link's other end: what one of them sends concerns no
//! other link.

mod wire;

use crate::packet::{DATA_BYTES, HEADROOM_BYTES};
use crate::wire::ethernet;
use crate::{Outputs, Packet, PacketIo};
use core::net::IpAddr;
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpListenEndpoint};
use wire::Wire;

/// Bytes of a stream that wait for being sent, and as many for being taken out.
pub const BUFFER_BYTES: usize = 1 << 16;
/// The bytes of LENGTH.
const LENGTH_BYTES: usize = 2;
/// The longest frame: what a fresh packet holds.
const MOST_BYTES: usize = DATA_BYTES - HEADROOM_BYTES;
const _: () = assert!(MOST_BYTES + LENGTH_BYTES <= BUFFER_BYTES, "each frame fits as a whole");
/// The longest packet that is sent.
const MOST_PACKET_BYTES: usize = 1500;
/// The shortest that IPv6 allows, RFC 8200 §5.
const LEAST_PACKET_BYTES: usize = 1280;
/// Between two attempts to connect: at first, and at most.
const LEAST_PAUSE_NS: u64 = 100_000_000;
const MOST_PAUSE_NS: u64 = 8_000_000_000;
/// Silence after which the other end is asked whether it is still there, and after which it is not.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(15);
/// The first dynamic port, RFC 6335 §6.
const FIRST_DYNAMIC_PORT: u16 = 49152;

/// What a connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// This end's address.
    pub local: IpAddr,
    /// The port that it listens at.
    pub port: u16,
    /// The other end's address.
    pub remote: IpAddr,
    /// The port that it listens at.
    pub remote_port: u16,
    /// Whether this end connects.
    pub is_active: bool,
    /// Time to live, hop limit.
    pub ttl: u8,
    /// The longest packet.
    pub mtu: u16,
}

/// Why a frame does not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no connection.
    NotConnected,
    /// So much waits already.
    Full,
}

/// The memory of a stream.
pub struct Place {
    storage: Slot<[SocketStorage<'static>; 1]>,
    stream: Slot<Stream>,
    outgoing: [u8; BUFFER_BYTES],
    incoming: [u8; BUFFER_BYTES],
}

/// Room for what is not zero while it is there.
#[repr(u8)]
enum Slot<T> {
    Empty = 0,
    Used(T),
}

impl<T> Slot<T> {
    fn put(&mut self, value: T) -> Option<&mut T> {
        *self = Slot::Used(value);
        match self {
            Slot::Used(value) => Some(value),
            Slot::Empty => None,
        }
    }
}

impl Place {
    /// All zeros.
    pub const EMPTY: Place =
        Place { storage: Slot::Empty, stream: Slot::Empty, outgoing: [0; BUFFER_BYTES], incoming: [0; BUFFER_BYTES] };
}

/// A link's connection.
pub struct Stream {
    link: Option<u8>,
    /// Those of the link that it belongs to, or did last.
    ends: Option<Ends>,
    /// Of this connection only.
    interface: Option<Interface>,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    /// When to open a connection, if that is to be done.
    open_ns: Option<u64>,
    pause_ns: u64,
    /// When there is something to do.
    due_ns: u64,
    /// Bytes that come next and are no frame.
    skip: usize,
    bad_frames: u64,
    no_buffer: u64,
    second_connections: u64,
}

impl Stream {
    /// One of no link.
    pub fn new(place: &'static mut Place) -> Option<&'static mut Stream> {
        let Place { storage, stream, outgoing, incoming } = place;
        let mut sockets = SocketSet::new(&mut storage.put([SocketStorage::EMPTY])?[..]);
        let mut socket = Socket::new(SocketBuffer::new(&mut incoming[..]), SocketBuffer::new(&mut outgoing[..]));
        // Frames wait for nothing: RFC 9293 §3.7.4 lets an application turn Nagle's algorithm off.
        socket.set_nagle_enabled(false);
        socket.set_keep_alive(Some(KEEP_ALIVE));
        socket.set_timeout(Some(PATIENCE));
        let handle = sockets.add(socket);
        stream.put(Stream {
            link: None,
            ends: None,
            interface: None,
            sockets,
            handle,
            open_ns: None,
            pause_ns: LEAST_PAUSE_NS,
            due_ns: u64::MAX,
            skip: 0,
            bad_frames: 0,
            no_buffer: 0,
            second_connections: 0,
        })
    }

    /// The link that it belongs to, if it does.
    #[inline]
    pub fn link(&self) -> Option<u8> {
        self.link
    }

    /// Becomes link number `link`.
    pub fn begin(&mut self, link: u8, ends: Ends) {
        (self.link, self.ends) = (Some(link), Some(ends));
        (self.open_ns, self.pause_ns, self.due_ns) = (Some(0), LEAST_PAUSE_NS, 0);
    }

    /// Belongs to no link any more; the other end is told.
    pub fn end(&mut self) {
        self.socket_mut().abort();
        (self.link, self.open_ns, self.due_ns) = (None, None, 0);
    }

    /// The connection's state, RFC 9293 §3.3.2.
    pub fn state(&self) -> State {
        self.sockets.get::<Socket>(self.handle).state()
    }

    /// When there is something to do.
    #[inline]
    pub fn due_ns(&self) -> u64 {
        self.due_ns
    }

    /// Lengths that are no frame's.
    pub fn bad_frames(&self) -> u64 {
        self.bad_frames
    }

    /// Segments for which there was no buffer, or no room.
    pub fn no_buffer(&self) -> u64 {
        self.no_buffer
    }

    /// Requests for a connection while another one stood.
    pub fn second_connections(&self) -> u64 {
        self.second_connections
    }

    fn socket_mut(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    /// Puts a frame into the stream.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), Refused> {
        let socket = self.socket_mut();
        if !socket.may_send() {
            return Err(Refused::NotConnected);
        }
        let length = u16::try_from(frame.len()).map_err(|_| Refused::Full)?;
        if socket.send_capacity() - socket.send_queue() < LENGTH_BYTES + frame.len() {
            return Err(Refused::Full);
        }
        // There is room, and the state allows it.
        let _ = socket.send_slice(&length.to_be_bytes());
        let _ = socket.send_slice(frame);
        self.due_ns = 0;
        Ok(())
    }

    /// Takes a segment, with its IP header, from the other end. What is to be said at once leaves by output 0.
    pub fn hear<M: PacketIo, O: Outputs>(&mut self, io: &mut M, out: &mut O, segment: &[u8]) {
        let Some(ends) = self.ends else { return };
        let mut wire = Wire::new(io, out, &ends);
        self.open(&mut wire);
        let now = instant(wire.now_ns());
        self.due_ns = 0;
        let takes_requests = match self.state() {
            State::Listen | State::SynSent => true,
            State::Closed | State::TimeWait => ends.is_active,
            _ => false,
        };
        if !takes_requests && wire::is_request(segment) {
            return self.doubt(&mut wire, now);
        }
        let Some(interface) = &mut self.interface else { return };
        wire.incoming = Some(segment);
        interface.poll_ingress_single(now, &mut wire, &mut self.sockets);
        self.no_buffer += u64::from(wire.incoming.is_some());
    }

    /// Takes a request for a connection while one stands. Anybody can forge it, so it ends nothing by itself (RFC 5961 §4), but the other end
    /// is asked at once what it would be asked after some silence. If it has begun anew it does not know the connection, and resets it:
    /// then its next request finds nothing in its way.
    #[cold]
    fn doubt<M: PacketIo, O: Outputs>(&mut self, wire: &mut Wire<'_, M, O>, now: Instant) {
        self.second_connections += 1;
        if let Some(interface) = &mut self.interface {
            interface.poll_egress(now + KEEP_ALIVE, wire, &mut self.sockets);
        }
    }

    /// Does what is due: opens and ends connections, has segments leave by output 0 and frames by output 1. `received` sees each of these.
    pub fn run<M, O>(&mut self, io: &mut M, out: &mut O, mut received: impl FnMut(&mut Packet))
    where
        M: PacketIo,
        O: Outputs,
    {
        let Some(ends) = self.ends else { return };
        while out.room(1) > 0
            && let Some(mut packet) = self.frame(io)
        {
            received(&mut packet);
            out.emit(1, packet);
        }
        let mut wire = Wire::new(io, out, &ends);
        self.open(&mut wire);
        if self.state() == State::CloseWait {
            self.socket_mut().close();
        }
        self.speak(&mut wire);
        // What found no room, or no buffer, is tried again; and what has just ended begins again.
        let has_ended = self.link.is_some() && self.state() == State::Closed && self.open_ns.is_none();
        if has_ended || self.next_frame().is_some() {
            self.due_ns = 0;
        }
    }

    /// Opens a connection, if there is none and it is time.
    fn open<M: PacketIo, O: Outputs>(&mut self, wire: &mut Wire<'_, M, O>) {
        let (Some(_), Some(ends)) = (self.link, self.ends) else { return };
        match self.state() {
            State::Established => self.pause_ns = LEAST_PAUSE_NS,
            // The reset of the last one is still to be sent.
            State::Closed if self.socket_mut().remote_endpoint().is_some() => {}
            State::Closed | State::TimeWait => {
                let now_ns = wire.now_ns();
                let pause_ns = if ends.is_active { self.pause_ns } else { 0 };
                let open_ns = *self.open_ns.get_or_insert(now_ns.saturating_add(pause_ns));
                if now_ns >= open_ns {
                    self.open_now(&ends, wire);
                    (self.open_ns, self.pause_ns) = (None, (2 * self.pause_ns).min(MOST_PAUSE_NS));
                }
            }
            _ => {}
        }
    }

    fn open_now<M: PacketIo, O: Outputs>(&mut self, ends: &Ends, wire: &mut Wire<'_, M, O>) {
        let now_ns = wire.now_ns();
        let local = IpAddress::from(ends.local);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = mix(now_ns);
        let interface = self.interface.insert(Interface::new(config, wire, instant(now_ns)));
        // The whole address space is behind the wire: who is at the other end the underlay knows.
        interface.update_ip_addrs(|addresses| addresses.extend([IpCidr::new(local, 0)]));
        self.skip = 0;
        let socket = self.sockets.get_mut::<Socket>(self.handle);
        socket.set_hop_limit(Some(ends.ttl.max(1)));
        // Neither fails: the socket is closed, and no port and no address is 0.
        if ends.is_active {
            let remote = (IpAddress::from(ends.remote), ends.remote_port);
            let port = FIRST_DYNAMIC_PORT | (mix(now_ns) >> 50) as u16;
            let _ = socket.connect(interface.context(), remote, IpListenEndpoint { addr: Some(local), port });
        } else {
            let _ = socket.listen(IpListenEndpoint { addr: Some(local), port: ends.port });
        }
    }

    /// Says what is to be said, as far as there is room, and when it goes on.
    fn speak<M: PacketIo, O: Outputs>(&mut self, wire: &mut Wire<'_, M, O>) {
        let Some(interface) = &mut self.interface else {
            self.due_ns = self.open_ns.unwrap_or(u64::MAX);
            return;
        };
        let now = instant(wire.now_ns());
        while interface.poll_egress(now, wire, &mut self.sockets) != PollResult::None {}
        let timer = interface.poll_at(now, &self.sockets);
        // A microsecond later rather than earlier: an instant has no nanoseconds.
        let timer_ns = timer.map(|at| (at.total_micros() as u64).saturating_mul(1000).saturating_add(999));
        self.due_ns = timer_ns.into_iter().chain(self.open_ns).min().unwrap_or(u64::MAX);
    }

    /// The length of the next frame, if all of it is there. What is no frame is passed over.
    fn next_frame(&mut self) -> Option<usize> {
        loop {
            self.pass_over();
            let mut length = [0; LENGTH_BYTES];
            if self.skip > 0 || self.socket_mut().peek_slice(&mut length) != Ok(LENGTH_BYTES) {
                return None;
            }
            let length = usize::from(u16::from_be_bytes(length));
            if (ethernet::HEADER_BYTES..=MOST_BYTES).contains(&length) {
                return (self.socket_mut().recv_queue() >= LENGTH_BYTES + length).then_some(length);
            }
            self.bad_frames += 1;
            self.skip = LENGTH_BYTES + length;
        }
    }

    /// Passes over bytes of what is no frame.
    fn pass_over(&mut self) {
        while self.skip > 0 {
            let most = self.skip;
            let passed = self.socket_mut().recv(|bytes| (bytes.len().min(most), bytes.len().min(most)));
            match passed {
                Ok(0) | Err(_) => return,
                Ok(bytes) => self.skip -= bytes,
            }
        }
    }

    /// The next frame, if all of it is there and there is a buffer.
    fn frame<M: PacketIo>(&mut self, io: &mut M) -> Option<Packet> {
        let mut left = LENGTH_BYTES + self.next_frame()?;
        let mut packet = io.allocate()?;
        while left > 0 {
            let took = self.socket_mut().recv(|bytes| {
                let bytes = &bytes[..bytes.len().min(left)];
                // It has room for a whole frame, and its length.
                let _ = packet.append(bytes);
                (bytes.len(), bytes.len())
            });
            left -= took.ok().filter(|took| *took > 0)?;
        }
        packet.pull_front(LENGTH_BYTES).then_some(packet)
    }
}

fn instant(now_ns: u64) -> Instant {
    Instant::from_micros((now_ns / 1000) as i64)
}

/// Bits that look like chance: initial sequence numbers and ports that those of the last connection do not meet. They keep nobody out
/// who sees them.
fn mix(now_ns: u64) -> u64 {
    let mixed = (now_ns ^ now_ns >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[cfg(test)]
mod tests;
