// SPDX-License-Identifier: Apache-2.0
//! A client of the server: the connection of one QEMU, and the messages of the protocol.

use nix::sys::eventfd::EventFd;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use std::io::{self, IoSlice, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// The version of the protocol, its first message.
const VERSION: i64 = 0;
/// The number that accompanies the region's file descriptor.
const MEMORY: i64 = -1;

/// A QEMU that is connected.
pub struct Client(UnixStream);

impl Client {
    /// Tells the QEMU at the other end of `stream` all that it must know: its own id (`end`), the region, and how its peer and
    /// itself are interrupted (ivshmem-spec, "Client-Server protocol", steps 1 to 5). It never makes the server wait.
    ///
    /// The peer's interrupt is told whether or not the peer is there, and stays the same when the peer comes back, so nothing is
    /// ever told later: QEMU frees what belongs to an id when that is said to be gone and uses it again when the same id returns
    /// (`close_peer_eventfds`, `process_msg_connect` in QEMU 7.2's hw/misc/ivshmem.c), which ends it by an abort.
    pub fn welcome(
        stream: UnixStream,
        end: usize,
        memory: BorrowedFd<'_>,
        interrupts: &[EventFd; 2],
    ) -> io::Result<Client> {
        stream.set_nonblocking(true)?;
        let (own, peer) = (end as i64, 1 - end as i64);
        send(&stream, VERSION, None)?;
        send(&stream, own, None)?;
        send(&stream, MEMORY, Some(memory))?;
        send(&stream, peer, Some(interrupts[1 - end].as_fd()))?;
        send(&stream, own, Some(interrupts[end].as_fd()))?;
        Ok(Client(stream))
    }

    /// Whether it is gone, after poll has said that there is something to read: clients never send.
    pub fn is_gone(&mut self) -> bool {
        !matches!(self.0.read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A message: eight bytes, little-endian, and perhaps a file descriptor.
fn send(stream: &UnixStream, number: i64, descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let bytes = number.to_le_bytes();
    let descriptors = descriptor.map(|descriptor| [descriptor.as_raw_fd()]);
    let rights = descriptors.as_ref().map(|descriptors| ControlMessage::ScmRights(descriptors));
    let (words, flags) = ([IoSlice::new(&bytes)], MsgFlags::MSG_NOSIGNAL);
    let sent = sendmsg::<()>(stream.as_raw_fd(), &words, rights.as_slice(), flags, None)?;
    if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
