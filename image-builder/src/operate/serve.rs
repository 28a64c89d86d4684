// SPDX-License-Identifier: Apache-2.0
//! The manager's end: takes requests at its socket and hands them to whoever has the VMs, one at a time. That it shall stop does
//! not wait for its turn.

use super::message::{self, Answer, Ask, Came, REQUEST_BYTES, Request, SOCKET, VERSION};
use crate::signals::Stop;
use anyhow::Context;
use std::io::BufReader;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Most connections at once.
const MAX_CONNECTIONS: usize = 64;

/// The socket and what came there.
pub struct Server {
    requests: Receiver<Pending>,
    shared: Arc<Shared>,
    path: PathBuf,
}

struct Shared {
    malformed: AtomicU64,
    connections: AtomicUsize,
    ended: AtomicBool,
    stop: Stop,
}

/// A request that waits for its answer.
pub struct Pending {
    /// What is asked.
    pub ask: Ask,
    reply: SyncSender<Answer>,
}

impl Pending {
    /// Answers it.
    pub fn answer(self, answer: Answer) {
        // Who asked may have gone.
        let _ = self.reply.send(answer);
    }
}

impl Server {
    /// Listens in the run's folder; who asks the manager to stop asks `stop`.
    pub fn listen(folder: &Path, stop: &Stop) -> anyhow::Result<Server> {
        let path = folder.join(SOCKET);
        let listener = UnixListener::bind(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let (sender, requests) = sync_channel(MAX_CONNECTIONS);
        let (malformed, connections, ended) = Default::default();
        let shared = Arc::new(Shared { malformed, connections, ended, stop: stop.clone() });
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &theirs, &sender));
        Ok(Server { requests, shared, path })
    }

    /// The next request, if one comes within `patience`.
    pub fn next(&self, patience: Duration) -> Option<Pending> {
        self.requests.recv_timeout(patience).ok()
    }

    /// Lines that were no request.
    pub fn malformed(&self) -> u64 {
        self.shared.malformed.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = UnixStream::connect(&self.path);
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>, requests: &SyncSender<Pending>) {
    for stream in listener.incoming().flatten() {
        if shared.ended.load(Ordering::Relaxed) {
            return;
        }
        if shared.connections.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            shared.connections.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (shared, requests) = (Arc::clone(shared), requests.clone());
        std::thread::spawn(move || {
            converse(stream, &shared, &requests);
            shared.connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Answers one connection's requests to its end.
fn converse(mut stream: UnixStream, shared: &Shared, requests: &SyncSender<Pending>) {
    let Ok(from) = stream.try_clone() else { return };
    let mut from = BufReader::new(from);
    loop {
        let (answer, last) = match message::receive(&mut from, REQUEST_BYTES) {
            Ok(Came::Message(Request { version: VERSION, ask: Ask::Stop })) => {
                shared.stop.ask();
                (Answer::Done, false)
            }
            Ok(Came::Message(Request { version: VERSION, ask })) => match ask_manager(ask, requests) {
                Some(answer) => (answer, false),
                None => return,
            },
            Ok(Came::Message(Request { version, .. })) => {
                shared.malformed.fetch_add(1, Ordering::Relaxed);
                (Answer::Failed(format!("the run was started by a sluice of version {VERSION}, not {version}")), false)
            }
            Ok(Came::Malformed(why)) => {
                shared.malformed.fetch_add(1, Ordering::Relaxed);
                (Answer::Failed(format!("this is no request: {why}")), false)
            }
            Ok(Came::Lost) => {
                shared.malformed.fetch_add(1, Ordering::Relaxed);
                (Answer::Failed(format!("a request has at most {REQUEST_BYTES} bytes and ends with its line")), true)
            }
            Ok(Came::End) | Err(_) => return,
        };
        if message::send(&mut stream, &answer).is_err() || last {
            return;
        }
    }
}

/// None if the manager ends.
fn ask_manager(ask: Ask, requests: &SyncSender<Pending>) -> Option<Answer> {
    let (reply, answer) = sync_channel(1);
    requests.send(Pending { ask, reply }).ok()?;
    answer.recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn noise_is_answered_counted_and_survived() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::listen(folder.path(), &Stop::default()).unwrap();
        let mut stream = UnixStream::connect(folder.path().join(SOCKET)).unwrap();
        let mut from = BufReader::new(stream.try_clone().unwrap());
        stream.write_all(b"\xff\xfe\n{\"version\":0,\"ask\":\"stop\"}\n").unwrap();
        message::send(&mut stream, &Request { version: VERSION, ask: Ask::Sample }).unwrap();
        let mut answer = || match message::receive::<Answer>(&mut from, 1000).unwrap() {
            Came::Message(answer) => format!("{answer:?}"),
            other => format!("{other:?}"),
        };
        assert!(answer().contains("no request"));
        assert!(answer().contains(&format!("version {VERSION}, not 0")));
        let pending = server.next(Duration::from_secs(10)).unwrap();
        assert_eq!(pending.ask, Ask::Sample);
        pending.answer(Answer::Done);
        assert_eq!((answer().as_str(), server.malformed()), ("Done", 2));
        stream.write_all(&vec![b'x'; REQUEST_BYTES as usize]).unwrap();
        assert!(answer().contains("at most"));
        assert_eq!((answer().as_str(), server.malformed()), ("End", 3));
    }

    #[test]
    fn a_request_to_stop_is_heard_while_another_waits() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Stop::default();
        let server = Server::listen(folder.path(), &stop).unwrap();
        let mut ask = [Ask::Sample, Ask::Stop].map(|ask| {
            let mut stream = UnixStream::connect(folder.path().join(SOCKET)).unwrap();
            message::send(&mut stream, &Request { version: VERSION, ask }).unwrap();
            BufReader::new(stream)
        });
        assert!(matches!(message::receive(&mut ask[1], 100).unwrap(), Came::Message(Answer::Done)));
        assert!(stop.asked());
        server.next(Duration::from_secs(10)).unwrap().answer(Answer::Done);
        assert!(matches!(message::receive(&mut ask[0], 100).unwrap(), Came::Message(Answer::Done)));
    }
}
