// SPDX-License-Identifier: Apache-2.0
//! Devices of the kernel: a packet socket on an interface (packet(7)), or the other end of a TAP.

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send, socket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
#[cfg(feature = "tap")]
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// A device.
pub enum Device {
    /// A packet socket.
    Socket(OwnedFd),
    /// A TAP.
    #[cfg(feature = "tap")]
    Tap(SyncDevice),
}

impl Device {
    /// Opens a packet socket on the interface `name`.
    pub fn socket(name: &str) -> Result<Device, String> {
        let mut addresses = getifaddrs()
            .map_err(|error| format!("cannot list the network interfaces: {error}"))?
            .filter(|entry| entry.interface_name == name)
            .filter_map(|entry| entry.address);
        // The address of family AF_PACKET has the interface's index and no protocol: bind keeps the socket's.
        let address = addresses.find_map(|address| address.as_link_addr().copied());
        let address: LinkAddr = address.ok_or_else(|| format!("no network interface '{name}'"))?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)
            .map_err(|error| format!("cannot open a packet socket (that needs root or CAP_NET_RAW): {error}"))?;
        bind(socket.as_raw_fd(), &address)
            .map_err(|error| format!("cannot bind a packet socket to {name}: {error}"))?;
        Ok(Device::Socket(socket))
    }

    /// Opens the TAP `name`.
    #[cfg(feature = "tap")]
    pub fn tap(name: &str) -> Result<Device, String> {
        let open = || {
            let tap = DeviceBuilder::new().name(name).layer(Layer::L2).inherit_enable_state().build_sync()?;
            tap.set_nonblocking(true)?;
            Ok(tap)
        };
        open().map(Device::Tap).map_err(|error: std::io::Error| format!("cannot open the TAP {name}: {error}"))
    }

    /// Tells that this process was built without TAPs.
    #[cfg(not(feature = "tap"))]
    pub fn tap(_: &str) -> Result<Device, String> {
        Err("this process was built without the feature `tap`".into())
    }

    /// Receives a frame into `buffer`: its length. A longer one is dropped.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let received = |device: &mut Device, buffer: &mut [u8]| match device {
            // With MSG_TRUNC it says how long the frame was.
            Device::Socket(socket) => recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_TRUNC).ok(),
            #[cfg(feature = "tap")]
            Device::Tap(tap) => tap.recv(buffer).ok(),
        };
        loop {
            let length = received(self, buffer)?;
            if length <= buffer.len() {
                return Some(length);
            }
        }
    }

    /// Sends a frame; false if the device has no room for it. One that it refuses counts as sent, as on a wire.
    pub fn send(&mut self, frame: &[u8]) -> bool {
        let error = match self {
            Device::Socket(socket) => send(socket.as_raw_fd(), frame, MsgFlags::empty()).err(),
            #[cfg(feature = "tap")]
            Device::Tap(tap) => tap.send(frame).err().and_then(|error| error.raw_os_error()).map(Errno::from_raw),
        };
        !matches!(error, Some(Errno::EAGAIN | Errno::ENOBUFS))
    }

    /// Whether it takes a frame now.
    pub fn has_room(&mut self) -> bool {
        let mut polled = [PollFd::new(self.fd(), PollFlags::POLLOUT)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// To poll with.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Device::Socket(socket) => socket.as_fd(),
            #[cfg(feature = "tap")]
            Device::Tap(tap) => tap.as_fd(),
        }
    }
}
