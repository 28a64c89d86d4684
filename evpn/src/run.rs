// SPDX-License-Identifier: Apache-2.0
//! A speaker with real connections: what happens is taken one by one.

use crate::config::Config;
use crate::session::{ConnectionId, Session};
use crate::speaker::{Request, Speaker};
use crate::state::State;
use crate::table::Vtep;
use crate::transport::{Happened, Transport};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// What may wait to be taken: neighbours that send faster than that wait.
const WAITING: usize = 1024;
/// How soon somebody's wish that it ends is seen.
const STOP: Duration = Duration::from_millis(100);
/// How long the last messages may take to be sent.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why a speaker cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {0}: {1}")]
pub struct ListenError(SocketAddr, io::Error);

/// A speaker that listens.
pub struct Running {
    speaker: Speaker,
    transport: Transport,
    happened: Receiver<Happened>,
    asks: SyncSender<Happened>,
    /// Whose connections are.
    owners: HashMap<ConnectionId, usize>,
}

/// Asks a running speaker, from another thread.
#[derive(Clone)]
pub struct Asking(SyncSender<Happened>);

impl Asking {
    /// How it is; none if it has ended.
    pub fn state(&self) -> Option<State> {
        let (answer, answered) = channel();
        self.0.send(Happened::Asked(answer)).ok()?;
        answered.recv().ok()
    }
}

impl Running {
    /// Begins to listen.
    pub fn listen(config: Config) -> Result<Running, ListenError> {
        let (asks, happened) = sync_channel(WAITING);
        let mut transport = Transport::new(asks.clone());
        for address in &config.listen {
            transport.listen(*address).map_err(|error| ListenError(*address, error))?;
        }
        let speaker = Speaker::new(config, Instant::now());
        Ok(Running { speaker, transport, happened, asks, owners: HashMap::new() })
    }

    /// For other threads to ask.
    pub fn asking(&self) -> Asking {
        Asking(self.asks.clone())
    }

    /// Speaks until `stop` says so. What is worth telling goes to `tell`.
    pub fn run(mut self, vtep: &mut impl Vtep, stop: impl Fn() -> bool, mut tell: impl FnMut(&str)) {
        let mut next_look = Instant::now();
        while !stop() {
            let now = Instant::now();
            self.speaker.tick(now);
            if next_look <= now {
                self.speaker.look(vtep, now);
                next_look = now + self.speaker.poll();
            }
            self.carry_out(now);
            self.speaker.take_news().iter().for_each(|news| tell(news));
            let until = self.speaker.deadline().map_or(next_look, |deadline| deadline.min(next_look));
            let patience = until.saturating_duration_since(Instant::now()).min(STOP);
            match self.happened.recv_timeout(patience) {
                Ok(happened) => self.take_all(happened),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.speaker.update(vtep);
        }
        let now = Instant::now();
        self.speaker.stop(vtep, now);
        self.carry_out(now);
        // The threads that write end with the process.
        std::thread::sleep(FAREWELL);
    }

    /// Takes what has happened, and what more has meanwhile.
    fn take_all(&mut self, first: Happened) {
        let now = Instant::now();
        self.take(first, now);
        for _ in 0..WAITING {
            let Ok(happened) = self.happened.try_recv() else { return };
            self.take(happened, now);
        }
    }

    fn take(&mut self, happened: Happened, now: Instant) {
        match happened {
            Happened::Accepted(stream) => {
                let from = stream.peer_addr().ok().and_then(|from| self.speaker.neighbor(from.ip()));
                // Who is no neighbour is not spoken with.
                if let Some(neighbor) = from {
                    self.connected(neighbor, stream, false, now);
                }
            }
            Happened::Dialled(neighbor, Ok(stream)) => self.connected(neighbor, stream, true, now),
            Happened::Dialled(neighbor, Err(error)) => {
                let why = format!("cannot connect: {error}");
                self.speaker.with(neighbor, now, |session, now| session.unreachable(&why, now));
            }
            Happened::Bytes(id, bytes) => self.with(id, now, |session, now| session.received(id, &bytes, now)),
            Happened::Closed(id, why) => {
                self.transport.forget(id);
                self.with(id, now, |session, now| session.closed(id, &why, now));
                self.owners.remove(&id);
            }
            Happened::Asked(answer) => drop(answer.send(State::of(&mut self.speaker, now))),
        }
        self.carry_out(now);
    }

    fn with(&mut self, id: ConnectionId, now: Instant, happens: impl FnOnce(&mut Session, Instant)) {
        if let Some(neighbor) = self.owners.get(&id) {
            self.speaker.with(*neighbor, now, happens);
        }
    }

    fn connected(&mut self, neighbor: usize, stream: TcpStream, ours: bool, now: Instant) {
        match self.transport.add(stream) {
            Ok(id) => {
                self.owners.insert(id, neighbor);
                self.speaker.with(neighbor, now, |session, now| session.connected(id, ours, now));
            }
            Err(error) => {
                let why = format!("no resources for a connection: {error}");
                self.speaker.with(neighbor, now, |session, now| session.unreachable(&why, now));
            }
        }
    }

    fn carry_out(&mut self, now: Instant) {
        for request in self.speaker.take_requests() {
            match request {
                Request::Dial(neighbor) => {
                    if let Err(error) = self.transport.dial(neighbor, &self.speaker.config().neighbors[neighbor]) {
                        let why = format!("no resources for a connection: {error}");
                        self.speaker.with(neighbor, now, |session, now| session.unreachable(&why, now));
                    }
                }
                Request::Send(id, bytes) => self.transport.send(id, bytes),
                Request::Close(id) => self.transport.close(id),
            }
        }
    }
}

#[cfg(test)]
mod tests;
