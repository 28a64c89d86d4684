// SPDX-License-Identifier: Apache-2.0
//! dom0's end of a vif that is in no bridge: a packet socket on it (packet(7)).
//!
//! Linux takes the tag of an 802.1Q frame apart before a packet socket sees the frame, and gives it beside the frame to those who
//! ask by an option that no safe interface sets: such frames are received without their tags.

use crate::tool::{self, Error};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::sockopt::{ReceiveTimeout, SndBuf};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The MTU that dom0's end gets, where frames come from captures: with tags and check sequences, too.
const MTU: usize = 1600;
/// The longest frame that it sends.
pub const MAX_FRAME_BYTES: usize = MTU + 14;
/// How long a full queue is left alone.
const BACK_OFF: Duration = Duration::from_micros(200);

/// Sets up dom0's end of vif NUMBER of a domain, and tells netback that it may connect (docs/misc/xenstore-paths.pandoc:
/// hotplug-status). dom0's own network keeps away from it. Its name.
pub fn prepare(domain: u32, number: usize) -> Result<String, Error> {
    let name = format!("vif{domain}.{number}");
    // Where there is no IPv6, nothing has to be kept away.
    let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1");
    let mtu = MTU.to_string();
    tool::run(&["ip", "link", "set", "dev", &name, "mtu", &mtu, "arp", "off", "multicast", "off", "up"])?;
    let status = format!("/local/domain/0/backend/vif/{domain}/{number}/hotplug-status");
    tool::run(&["xenstore-write", &status, "connected"])?;
    Ok(name)
}

/// The end. A domain that is created anew has a vif of another name: then the port is attached to that one.
#[derive(Default)]
pub struct VifPort(Mutex<Option<Arc<OwnedFd>>>);

impl VifPort {
    /// Attaches it to an interface, from which it receives what comes from now on; `nap` is how long a receive waits.
    pub fn attach(&self, interface: &str, nap: Duration) -> Result<(), Error> {
        let what = || format!("cannot open a packet socket on {interface}");
        let socket = open(interface, nap).map_err(|errno| Error::io(what())(errno.into()))?;
        *self.0.lock().expect("no holder panics") = Some(Arc::new(socket));
        Ok(())
    }

    /// Its domain is gone.
    pub fn detach(&self) {
        *self.0.lock().expect("no holder panics") = None;
    }

    /// Sends a frame; waits while the vif has no room for it, at most until `deadline`.
    pub fn send(&self, frame: &[u8], deadline: Instant) -> io::Result<()> {
        let socket = self.socket().ok_or(io::ErrorKind::NotConnected)?;
        loop {
            match send(socket.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::ENOBUFS | Errno::EAGAIN) if Instant::now() < deadline => std::thread::sleep(BACK_OFF),
                Err(Errno::EINTR) => {}
                sent => return Ok(sent.map(drop)?),
            }
        }
    }

    /// Waits a while for a frame: its length in `buffer`, none if no frame came.
    pub fn receive(&self, buffer: &mut [u8], nap: Duration) -> io::Result<Option<usize>> {
        let Some(socket) = self.socket() else {
            std::thread::sleep(nap);
            return Ok(None);
        };
        match recv(socket.as_raw_fd(), buffer, MsgFlags::empty()) {
            Ok(length) => Ok(Some(length)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            // The vif went with its domain.
            Err(Errno::ENETDOWN | Errno::ENODEV | Errno::ENXIO) => {
                std::thread::sleep(nap);
                Ok(None)
            }
            Err(errno) => Err(errno.into()),
        }
    }

    fn socket(&self) -> Option<Arc<OwnedFd>> {
        self.0.lock().expect("no holder panics").clone()
    }
}

/// A socket gets no frame that was sent by itself.
fn open(interface: &str, nap: Duration) -> Result<OwnedFd, Errno> {
    const SEND_BUFFER_BYTES: usize = 4 << 20;
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)?;
    let addresses = getifaddrs()?.filter(|entry| entry.interface_name == interface);
    // The address of family AF_PACKET has the interface's index and no protocol: bind keeps the socket's.
    let address = addresses.filter_map(|entry| entry.address?.as_link_addr().copied()).next().ok_or(Errno::ENODEV)?;
    bind(socket.as_raw_fd(), &address)?;
    setsockopt(&socket, SndBuf, &SEND_BUFFER_BYTES)?;
    // Until it was bound it got the frames of all interfaces.
    while recv(socket.as_raw_fd(), &mut [], MsgFlags::MSG_DONTWAIT).is_ok() {}
    setsockopt(&socket, ReceiveTimeout, &TimeVal::microseconds(nap.as_micros() as i64))?;
    Ok(socket)
}
