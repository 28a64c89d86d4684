// SPDX-License-Identifier: Apache-2.0
//! Connections: threads that listen, connect, read and write, and tell what happens through one channel.
//!
//! A connection has a thread that reads and one that writes, so that a neighbour which takes nothing holds up nobody else. What
//! it does not take within [`SEND_HOLD`] ends the connection (RFC 9687).

use crate::config::Neighbor;
use crate::rib::NeighborId;
use crate::session::ConnectionId;
use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread;
use std::time::Duration;

/// How long a neighbour may take to answer a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may take nothing of what is sent.
const SEND_HOLD: Duration = Duration::from_secs(480);
/// Connections that wait to be accepted.
const BACKLOG: i32 = 16;

/// What has happened.
#[derive(Debug)]
pub enum Happened {
    /// Somebody has connected.
    Accepted(TcpStream),
    /// We have, or why not.
    Dialled(NeighborId, io::Result<TcpStream>),
    /// Bytes have come.
    Bytes(ConnectionId, Vec<u8>),
    /// A connection has ended, and why.
    Closed(ConnectionId, String),
    /// Somebody wants to know how it is.
    Asked(Sender<crate::State>),
}

/// The connections.
pub struct Transport {
    happened: SyncSender<Happened>,
    lines: HashMap<ConnectionId, (TcpStream, Sender<Bytes>)>,
    next: ConnectionId,
    listening: Vec<Socket>,
}

impl Drop for Transport {
    /// Nobody can connect any more: its threads that wait for that end.
    fn drop(&mut self) {
        for socket in &self.listening {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Transport {
    /// None yet. What happens is told to `happened`.
    pub fn new(happened: SyncSender<Happened>) -> Transport {
        Transport { happened, lines: HashMap::new(), next: 0, listening: Vec::new() }
    }

    /// Lets neighbours connect to `address`.
    pub fn listen(&mut self, address: SocketAddr) -> io::Result<()> {
        let socket = socket(address)?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        self.listening.push(socket.try_clone()?);
        let (listener, happened) = (TcpListener::from(socket), self.happened.clone());
        spawn("listen", move || {
            while let Ok((stream, _)) = listener.accept() {
                if happened.send(Happened::Accepted(stream)).is_err() {
                    return;
                }
            }
        })
    }

    /// Begins to connect to a neighbour.
    pub fn dial(&self, id: NeighborId, neighbor: &Neighbor) -> io::Result<()> {
        let to = SocketAddr::new(neighbor.address, neighbor.port);
        let (from, happened) = (neighbor.local_address, self.happened.clone());
        spawn("dial", move || drop(happened.send(Happened::Dialled(id, connect(to, from)))))
    }

    /// Takes care of a connection from now on.
    pub fn add(&mut self, stream: TcpStream) -> io::Result<ConnectionId> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SEND_HOLD))?;
        let id = self.next;
        let (send, to_send) = channel();
        let (reader, writer) = (stream.try_clone()?, stream.try_clone()?);
        let (read, written) = (self.happened.clone(), self.happened.clone());
        spawn("read", move || drop(read.send(Happened::Closed(id, reads(id, reader, &read)))))?;
        spawn("write", move || {
            if let Err(error) = writes(writer, &to_send) {
                let _ = written.send(Happened::Closed(id, format!("cannot send: {error}")));
            }
        })?;
        self.lines.insert(id, (stream, send));
        self.next += 1;
        Ok(id)
    }

    /// Sends bytes, sometime.
    pub fn send(&self, id: ConnectionId, bytes: Bytes) {
        if let Some((_, line)) = self.lines.get(&id) {
            // If its thread has ended, that is being told.
            let _ = line.send(bytes);
        }
    }

    /// Ends a connection when all is sent.
    pub fn close(&mut self, id: ConnectionId) {
        self.lines.remove(&id);
    }

    /// Forgets a connection that has ended.
    pub fn forget(&mut self, id: ConnectionId) {
        if let Some((stream, _)) = self.lines.remove(&id) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(format!("evpn-{name}")).spawn(work).map(drop)
}

fn socket(like: SocketAddr) -> io::Result<Socket> {
    Socket::new(Domain::for_address(like), Type::STREAM, Some(Protocol::TCP))
}

fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = socket(to)?;
    if let Some(from) = from {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    socket.connect_timeout(&to.into(), CONNECT)?;
    Ok(socket.into())
}

/// Reads until there is no more; gives why.
fn reads(id: ConnectionId, mut stream: TcpStream, happened: &SyncSender<Happened>) -> String {
    let mut buffer = [0; 16 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return "the neighbour has closed the connection".into(),
            Ok(length) if happened.send(Happened::Bytes(id, buffer[..length].into())).is_err() => return String::new(),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return format!("the connection broke: {error}"),
        }
    }
}

/// Writes until nobody has more to send, then ends the connection.
fn writes(mut stream: TcpStream, to_send: &Receiver<Bytes>) -> io::Result<()> {
    for bytes in to_send {
        stream.write_all(&bytes)?;
    }
    stream.shutdown(Shutdown::Both)
}
