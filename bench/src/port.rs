// SPDX-License-Identifier: Apache-2.0
//! A packet socket on one TAP (packet(7)).

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, MultiHeaders, SockFlag, SockProtocol, SockType, bind, recv, sendmmsg,
    setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// Most frames handed to the kernel in one system call.
pub const BURST: usize = 32;

/// An open packet socket.
pub struct Port {
    socket: OwnedFd,
    headers: MultiHeaders<LinkAddr>,
}

impl Port {
    /// Opens a socket that only sends, so that the kernel copies nothing into it.
    pub fn sender(tap: &str) -> Result<Self> {
        Self::open(tap, None)
    }

    /// Opens a socket that receives what comes out of the VM; a receive gives up after `patience`.
    pub fn receiver(tap: &str, patience: Duration) -> Result<Self> {
        let port = Self::open(tap, Some(SockProtocol::EthAll))?;
        setsockopt(&port.socket, ReceiveTimeout, &TimeVal::microseconds(patience.as_micros() as i64))?;
        Ok(port)
    }

    fn open(tap: &str, protocol: Option<SockProtocol>) -> Result<Self> {
        let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
            .context("cannot open a packet socket")?;
        let mut addresses = getifaddrs()?.filter(|entry| entry.interface_name == tap).filter_map(|entry| entry.address);
        // The address of family AF_PACKET carries the interface's index and no protocol: bind keeps the socket's.
        let address = addresses
            .find_map(|address| address.as_link_addr().copied())
            .with_context(|| format!("no interface {tap}"))?;
        bind(socket.as_raw_fd(), &address).with_context(|| format!("cannot bind a packet socket to {tap}"))?;
        Ok(Self { socket, headers: MultiHeaders::preallocate(BURST, None) })
    }

    /// Sends up to [`BURST`] frames and says how many the TAP took: fewer when its queue is full or no VM has it open.
    pub fn send(&mut self, frames: &[[IoSlice<'_>; 1]]) -> Result<usize> {
        let no_addresses: [Option<LinkAddr>; BURST] = [None; BURST];
        let frames = &frames[..frames.len().min(BURST)];
        match sendmmsg(self.socket.as_raw_fd(), &mut self.headers, frames, no_addresses, [], MsgFlags::empty()) {
            Ok(sent) => Ok(sent.count()),
            Err(Errno::ENOBUFS | Errno::EAGAIN | Errno::ENETDOWN | Errno::ENXIO | Errno::EIO | Errno::EINTR) => Ok(0),
            Err(error) => Err(error).context("cannot send on a TAP"),
        }
    }

    /// Sends one frame; `false` when the TAP did not take it.
    pub fn send_one(&mut self, frame: &[u8]) -> Result<bool> {
        Ok(self.send(&[[IoSlice::new(frame)]])? == 1)
    }

    /// Receives one frame, or nothing when the time is up.
    pub fn receive<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>> {
        match recv(self.socket.as_raw_fd(), buffer, MsgFlags::empty()) {
            Ok(length) => Ok(Some(&buffer[..length])),
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => Ok(None),
            Err(error) => Err(error).context("cannot receive from a TAP"),
        }
    }
}
