// SPDX-License-Identifier: Apache-2.0
//! The server of a link, seen by clients as QEMU is one, and by QEMU itself.

use qemu::LinkServer;
use ring::{End, Peer, Shape, presence_offset};
use rustix::io::{Errno, read, write};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(10);

struct Link {
    server: LinkServer,
    sockets: [PathBuf; 2],
    _folder: TempDir,
}

impl Link {
    fn start() -> Link {
        let folder = TempDir::new().unwrap();
        let sockets = ["a", "b"].map(|end| folder.path().join(end));
        Link { server: LinkServer::start(sockets.clone(), Shape::COPY).unwrap(), sockets, _folder: folder }
    }

    fn presence(&self, end: End) -> u64 {
        let mut word = [0; 8];
        self.server.memory().file().read_exact_at(&mut word, presence_offset(end) as u64).unwrap();
        u64::from_le_bytes(word)
    }

    fn connect(&self, end: usize) -> Client {
        let stream = UnixStream::connect(&self.sockets[end]).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(stream)
    }
}

/// What QEMU is to the server.
struct Client(UnixStream);

impl Client {
    /// The next message; none if the server has closed the connection.
    fn message(&self) -> Option<(i64, Option<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let (mut number, mut control) = ([0; 8], RecvAncillaryBuffer::new(&mut space));
        let received = recvmsg(&self.0, &mut [IoSliceMut::new(&mut number)], &mut control, RecvFlags::empty());
        if received.expect("a message comes").bytes == 0 {
            return None;
        }
        let descriptor = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        Some((i64::from_le_bytes(number), descriptor))
    }

    fn expect(&self, number: i64) -> Option<OwnedFd> {
        let (found, descriptor) = self.message().expect("the server speaks");
        assert_eq!(found, number);
        descriptor
    }

    /// What a client is told, all at once: the memory, and its own interrupt among others.
    fn welcome(&self, id: i64) -> (File, OwnedFd) {
        assert!(self.expect(0).is_none() && self.expect(id).is_none(), "version and id come without descriptor");
        let memory = self.expect(-1).expect("the memory comes with its descriptor");
        self.expect(1 - id).expect("the peer's interrupt comes with its descriptor");
        (memory.into(), self.expect(id).expect("the own interrupt comes with its descriptor"))
    }
}

/// Whether the interrupt comes that the eventfd `interrupt` stands for.
fn comes(interrupt: &OwnedFd) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match read(interrupt, &mut [0; 8]) {
            Ok(_) => return true,
            Err(Errno::AGAIN) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return false,
        }
    }
}

#[test]
fn both_ends_get_one_memory() {
    let link = Link::start();
    let a = link.connect(0);
    let (memory, interrupt) = a.welcome(0);
    assert_eq!((link.presence(End::A), link.presence(End::B)), (1, 0));
    let b = link.connect(1);
    let (same, _) = b.welcome(1);
    assert!(comes(&interrupt), "the first one is woken when the second comes");
    memory.write_all_at(&[7; 8], 4096).unwrap();
    let mut word = [0; 8];
    same.read_exact_at(&mut word, 4096).unwrap();
    assert_eq!(word, [7; 8], "they see one memory");
    assert_eq!(memory.metadata().unwrap().len(), 2 << 20, "a BAR's size is a power of two");
    assert!(memory.set_len(0).is_err(), "nobody can cut it off");
}

#[test]
fn a_departure_wakes_the_other_and_a_return_is_a_new_generation() {
    let link = Link::start();
    let a = link.connect(0);
    let (_, interrupt) = a.welcome(0);
    for generation in 0..3 {
        let b = link.connect(1);
        b.welcome(1);
        assert!(comes(&interrupt));
        assert_eq!(link.presence(End::B), 2 * generation + 1);
        assert_eq!(link.server.memory().ends().unwrap()[1].state, Peer::Coming, "it has not attached");
        drop(b);
        assert!(comes(&interrupt));
        assert_eq!(link.presence(End::B), 2 * generation + 2);
    }
    assert_eq!(link.presence(End::A), 1);
    a.0.set_nonblocking(true).unwrap();
    assert!((&a.0).read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "no message of it");
}

#[test]
fn an_interrupt_outlives_the_one_that_it_was_for() {
    let link = Link::start();
    let a = link.connect(0);
    assert!(a.expect(0).is_none() && a.expect(0).is_none() && a.expect(-1).is_some());
    let to_b = a.expect(1).unwrap();
    for _ in 0..3 {
        let b = link.connect(1);
        let (_, interrupt) = b.welcome(1);
        write(&to_b, &1u64.to_ne_bytes()).unwrap();
        assert!(comes(&interrupt));
    }
}

#[test]
fn an_end_is_taken_by_one_client_at_a_time() {
    let link = Link::start();
    let first = link.connect(0);
    first.welcome(0);
    assert!(link.connect(0).message().is_none(), "a second one is turned away");
    drop(first);
    link.connect(0).welcome(0);
}

#[test]
fn a_client_that_speaks_is_none() {
    use std::io::Write;
    let link = Link::start();
    let mut client = link.connect(0);
    client.welcome(0);
    client.0.write_all(&[1]).unwrap();
    assert!(client.message().is_none());
}

#[test]
fn memory_that_a_guest_has_overwritten_is_an_error() {
    let link = Link::start();
    link.server.memory().file().write_all_at(&[0xff; 4096], 0).unwrap();
    assert!(link.server.memory().ends().is_err());
    assert_eq!(link.connect(0).welcome(0).0.metadata().unwrap().len(), 2 << 20, "it is served all the same");
}

#[test]
fn the_sockets_go_with_the_server() {
    let link = Link::start();
    let sockets = link.sockets.clone();
    let client = link.connect(1);
    client.welcome(1);
    drop(link.server);
    assert!(client.message().is_none());
    assert!(sockets.iter().all(|socket| !socket.exists()));
}
