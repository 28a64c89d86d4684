// SPDX-License-Identifier: Apache-2.0
//! The server of one link, and its thread.

use super::client::Client;
use super::memory::LinkMemory;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use ring::{End, Shape};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Why a link cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The memory cannot be made.
    #[error("cannot make the memory of a link: {0}")]
    Memory(io::Error),
    /// A socket cannot be made.
    #[error("cannot make the link's socket {}: {source}", path.display())]
    Socket {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refused something else.
    #[error("cannot serve a link: {0}")]
    Io(#[from] io::Error),
}

/// The server of a link. Dropping it ends the service and removes the sockets; VMs that are connected keep their memory and go on,
/// but do not see each other end.
pub struct LinkServer {
    memory: Arc<LinkMemory>,
    sockets: [PathBuf; 2],
    stop: Arc<EventFd>,
    thread: Option<JoinHandle<()>>,
}

impl LinkServer {
    /// Makes the memory of a link of `shape` and serves its two ends at `sockets`: the first is end A (peer id 0), the second end B
    /// (peer id 1).
    pub fn start(sockets: [PathBuf; 2], shape: Shape) -> Result<LinkServer, LinkError> {
        let memory = Arc::new(LinkMemory::create(shape).map_err(LinkError::Memory)?);
        let stop = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC).map_err(io::Error::from)?);
        let listeners = [listen(&sockets[0])?, listen(&sockets[1])?];
        let interrupts = [interrupt()?, interrupt()?];
        let (clients, generations) = ([None, None], [0; 2]);
        let service = Service { memory: Arc::clone(&memory), listeners, clients, interrupts, generations };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("link".into()).spawn(move || service.run(&stopped))?;
        Ok(LinkServer { memory, sockets, stop, thread: Some(thread) })
    }

    /// The link's memory.
    pub fn memory(&self) -> &LinkMemory {
        &self.memory
    }
}

impl Drop for LinkServer {
    fn drop(&mut self) {
        // The counter cannot be full: nobody else writes to it.
        let _ = self.stop.write(1);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for socket in &self.sockets {
            let _ = std::fs::remove_file(socket);
        }
    }
}

fn listen(path: &PathBuf) -> Result<UnixListener, LinkError> {
    let failed = |source| LinkError::Socket { path: path.clone(), source };
    let listener = UnixListener::bind(path).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

fn interrupt() -> io::Result<EventFd> {
    Ok(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?)
}

/// What the thread owns.
struct Service {
    memory: Arc<LinkMemory>,
    listeners: [UnixListener; 2],
    clients: [Option<Client>; 2],
    /// What interrupts the VM at each end, whichever QEMU that is.
    interrupts: [EventFd; 2],
    /// The presence words. What lies in the memory may be anything: guests can write it.
    generations: [u64; 2],
}

/// What has happened since the thread last looked: at the sockets and at the clients, by end.
struct Events {
    stop: bool,
    arrived: [bool; 2],
    spoke: [bool; 2],
}

impl Service {
    fn run(mut self, stop: &EventFd) {
        loop {
            let Ok(events) = self.wait(stop) else { return };
            if events.stop {
                return;
            }
            // Departures first: a VM that was started again connects while its last connection lies there closed.
            for end in 0..2 {
                if events.spoke[end] && self.clients[end].as_mut().is_some_and(Client::is_gone) {
                    self.depart(end);
                }
            }
            for end in 0..2 {
                if events.arrived[end] {
                    self.arrive(end);
                }
            }
        }
    }

    fn wait(&self, stop: &EventFd) -> Result<Events, Errno> {
        let [a, b] = &self.clients;
        let sources = [Some(stop.as_fd()), Some(self.listeners[0].as_fd()), Some(self.listeners[1].as_fd())]
            .into_iter()
            .chain([a, b].map(|client| client.as_ref().map(Client::as_fd)));
        let sources: Vec<_> = sources.enumerate().filter_map(|(place, source)| Some((place, source?))).collect();
        let mut polled: Vec<_> = sources.iter().map(|&(_, source)| PollFd::new(source, PollFlags::POLLIN)).collect();
        while let Err(error) = poll(&mut polled, PollTimeout::NONE) {
            if error != Errno::EINTR {
                return Err(error);
            }
        }
        let mut happened = [false; 5];
        for (&(place, _), source) in sources.iter().zip(&polled) {
            happened[place] = source.any().unwrap_or(true);
        }
        let [stop, arrived_a, arrived_b, spoke_a, spoke_b] = happened;
        Ok(Events { stop, arrived: [arrived_a, arrived_b], spoke: [spoke_a, spoke_b] })
    }

    /// Takes a client in, unless its end is taken: then the connection closes at once, and QEMU says that the server did.
    fn arrive(&mut self, end: usize) {
        let Ok((stream, _)) = self.listeners[end].accept() else { return };
        if self.clients[end].is_some() {
            return;
        }
        // Before its VM can run: it finds itself present.
        self.announce(end);
        match Client::welcome(stream, end, self.memory.file().as_fd(), &self.interrupts) {
            Ok(client) => self.clients[end] = Some(client),
            Err(_) => self.announce(end),
        }
    }

    fn depart(&mut self, end: usize) {
        self.clients[end] = None;
        self.announce(end);
    }

    /// Changes the presence word of an end that comes or goes, and wakes the VM at the other end to see it.
    fn announce(&mut self, end: usize) {
        self.generations[end] += 1;
        // Writing a page of memory that exists does not fail.
        let _ = self.memory.announce([End::A, End::B][end], self.generations);
        // Fails only if the counter is full: then the interrupt is pending anyway.
        let _ = self.interrupts[1 - end].write(1);
    }
}
