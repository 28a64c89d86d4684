// SPDX-License-Identifier: Apache-2.0
//! The host's end of a NIC on a pair of datagram sockets.

use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest frame that is taken from a VM.
pub const MAX_FRAME_BYTES: usize = 65_536;
/// Room in the socket for frames that we have sent and QEMU has not taken.
const SEND_BUFFER_BYTES: usize = 4 << 20;

/// The host's end. Dropping it removes its socket.
pub struct Port {
    socket: UnixDatagram,
    local: PathBuf,
    remote: PathBuf,
}

impl Port {
    /// Binds `local`; frames go to `remote`, where QEMU binds.
    pub fn bind(local: &Path, remote: &Path) -> io::Result<Port> {
        let socket = UnixDatagram::bind(local)?;
        setsockopt(&socket, sockopt::SndBuf, &SEND_BUFFER_BYTES)?;
        Ok(Port { socket, local: local.into(), remote: remote.into() })
    }

    /// Sends a frame; waits while QEMU has no room for it, at most until `deadline`.
    pub fn send(&self, frame: &[u8], deadline: Instant) -> io::Result<()> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(1));
            self.socket.set_write_timeout(Some(left))?;
            match self.socket.send_to(frame, &self.remote) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The kernel is short of memory for a moment.
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_micros(100));
                }
                sent => return sent.map(drop),
            }
        }
    }

    /// Waits for a frame for at most `patience`: its length in `buffer`, none if no frame came.
    pub fn receive(&self, buffer: &mut [u8], patience: Duration) -> io::Result<Option<usize>> {
        self.socket.set_read_timeout(Some(patience))?;
        match self.socket.recv(buffer) {
            Ok(length) => Ok(Some(length)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.local);
        let _ = std::fs::remove_file(&self.remote);
    }
}
