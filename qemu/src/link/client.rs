// SPDX-License-Identifier: Apache-2.0
//! A client of the server: the connection of one QEMU, and the messages of the protocol.

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use std::io::{self, IoSlice, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// The version of the protocol, its first message.
const VERSION: i64 = 0;
/// The number that accompanies the region's file descriptor.
const MEMORY: i64 = -1;

/// A QEMU that is connected.
pub struct Client {
    stream: UnixStream,
    /// What its peer writes to interrupt it: the one vector.
    interrupt: EventFd,
}

impl Client {
    /// A client at the other end of `stream`. It never makes the server wait: one that lets its socket fill up is lost.
    pub fn new(stream: UnixStream) -> io::Result<Client> {
        stream.set_nonblocking(true)?;
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Client { stream, interrupt: EventFd::from_flags(flags)? })
    }

    /// Tells it what it must know: its own `id`, the region, its peer if there is one, its interrupt. In this order
    /// (ivshmem-spec, "Client-Server protocol", steps 1 to 5).
    pub fn welcome(&self, id: i64, memory: BorrowedFd<'_>, peer: Option<(i64, &Client)>) -> io::Result<()> {
        self.send(VERSION, None)?;
        self.send(id, None)?;
        self.send(MEMORY, Some(memory))?;
        if let Some((peer_id, peer)) = peer {
            self.tell_arrival(peer_id, peer)?;
        }
        self.send(id, Some(self.interrupt.as_fd()))
    }

    /// Tells it that `peer` is there.
    pub fn tell_arrival(&self, peer_id: i64, peer: &Client) -> io::Result<()> {
        self.send(peer_id, Some(peer.interrupt.as_fd()))
    }

    /// Tells it that its peer is gone.
    pub fn tell_departure(&self, peer_id: i64) -> io::Result<()> {
        self.send(peer_id, None)
    }

    /// Interrupts its VM, as a peer does.
    pub fn interrupt(&self) {
        // Fails only if the counter is full: then the interrupt is pending anyway.
        let _ = self.interrupt.write(1);
    }

    /// Whether it is gone, after poll has said that there is something to read: clients never send.
    pub fn is_gone(&mut self) -> bool {
        !matches!(self.stream.read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// A message: eight bytes, little-endian, and perhaps a file descriptor.
    fn send(&self, number: i64, descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let bytes = number.to_le_bytes();
        let descriptors = descriptor.map(|descriptor| [descriptor.as_raw_fd()]);
        let rights = descriptors.as_ref().map(|descriptors| ControlMessage::ScmRights(descriptors));
        let sent = sendmsg::<()>(
            self.stream.as_raw_fd(),
            &[IoSlice::new(&bytes)],
            rights.as_slice(),
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
