// SPDX-License-Identifier: Apache-2.0
//! A network backend for tests, after Linux's, which misbehaves when it is told to.

mod adversary;
mod guest;

pub use adversary::adversary;
pub use guest::Guest;

use super::ring::SLOTS;
use crate::fake::{Domain, Machine};
use crate::xenbus::State;
use crate::xenstore::fake::Xenstored;
use crate::{DomainId, EventPort, GrantReference, Hypercalls, PAGE_BYTES, Pages, bytes};
use std::format;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::vec;
use std::vec::Vec;

/// The domain whose vif it is.
pub const GUEST: DomainId = DomainId(3);
/// Words of a ring's page before its slots; indices `req_prod`, `req_event`, `rsp_prod`, `rsp_event` are the first four.
const HEADER_WORDS: usize = 16;
const REQ_PROD: usize = 0;
const REQ_EVENT: usize = 1;
const RSP_PROD: usize = 2;
const RSP_EVENT: usize = 3;
/// Words of a slot of either ring.
const RECEIVE_WORDS: usize = 2;
const TRANSMIT_WORDS: usize = 3;

/// What the backend has of a frontend that it is connected to.
struct Connection {
    transmit: Pages,
    receive: Pages,
    rings: [GrantReference; 2],
    port: EventPort,
    /// The next request of either ring.
    transmit_next: u32,
    receive_next: u32,
    /// Ids of frames that were collected and are not answered.
    unanswered: Vec<u16>,
}

/// The backend of one vif.
pub struct Netback {
    control: Domain,
    guest: Domain,
    number: u8,
    state: State,
    loaded: bool,
    connection: Option<Connection>,
    /// A guest that breaks the protocol fails the test.
    strict: bool,
}

impl Netback {
    /// The backend of `device/vif/NUMBER`, which the toolstack has just made.
    pub fn new(machine: &Machine, server: &mut Xenstored, number: u8) -> Netback {
        let (control, guest) = (machine.domain(DomainId::ZERO), machine.domain(GUEST));
        let mut netback =
            Netback { control, guest, number, state: State::Unknown, loaded: true, connection: None, strict: true };
        netback.plug(server);
        netback
    }

    /// The toolstack makes the device.
    pub fn plug(&mut self, server: &mut Xenstored) {
        let (front, back) = (self.front(), self.back());
        server.set(&format!("{back}/online"), "1");
        server.set(&format!("{back}/feature-rx-copy"), "1");
        server.set(&format!("{front}/mac"), &format!("00:16:3e:00:00:{:02x}", self.number));
        server.set(&format!("{front}/backend-id"), "0");
        server.set(&format!("{front}/state"), "1");
        self.switch(server, State::InitWait);
        server.set(&format!("{front}/backend"), &back);
    }

    /// The toolstack wants the device to end; [`remove`](Self::remove) follows when it has.
    pub fn unplug(&mut self, server: &mut Xenstored) {
        server.set(&format!("{}/online", self.back()), "0");
        self.disconnect();
        self.switch(server, State::Closing);
    }

    /// The toolstack removes the device.
    pub fn remove(&mut self, server: &mut Xenstored) {
        self.disconnect();
        server.remove(&self.front());
        server.remove(&self.back());
        self.state = State::Unknown;
    }

    fn front(&self) -> String {
        format!("/local/domain/{}/device/vif/{}", GUEST.0, self.number)
    }

    fn back(&self) -> String {
        format!("/local/domain/0/backend/vif/{}/{}", GUEST.0, self.number)
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Says that it is in `state`, whatever it does.
    pub fn switch(&mut self, server: &mut Xenstored, state: State) {
        self.state = state;
        server.set(&format!("{}/state", self.back()), &(state as u32).to_string());
    }

    /// Whether it is connected.
    pub fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Its driver goes, saying nothing.
    pub fn unload(&mut self) {
        self.disconnect();
        self.loaded = false;
    }

    /// Its driver comes back.
    pub fn load(&mut self, server: &mut Xenstored) {
        self.loaded = true;
        self.switch(server, State::InitWait);
    }

    /// Does what the frontend's state asks for.
    pub fn step(&mut self, server: &mut Xenstored) {
        let frontend = self.value(server, "state").map_or(State::Unknown, State::of);
        match (frontend, self.state) {
            _ if !self.loaded => {}
            (_, State::Unknown) => {}
            (State::Initialising, state) if state != State::InitWait && state != State::Closing => {
                self.disconnect();
                self.switch(server, State::InitWait);
            }
            (State::Initialised | State::Connected, State::InitWait) => {
                self.connection = self.connect(server);
                let state = if self.is_connected() { State::Connected } else { State::Closing };
                self.switch(server, state);
            }
            (State::Closing, state) if state != State::Closing && !state.is_over() => {
                self.disconnect();
                self.switch(server, State::Closing);
            }
            (State::Closed, state) if state != State::Closed => {
                self.disconnect();
                self.switch(server, State::Closed);
            }
            _ => {}
        }
    }

    fn value(&self, server: &Xenstored, name: &str) -> Option<u32> {
        server.get(&format!("{}/{name}", self.front()))?.parse().ok()
    }

    /// Takes the rings up where they stand.
    fn connect(&mut self, server: &Xenstored) -> Option<Connection> {
        let wanted = [
            ("request-rx-copy", 1),
            ("feature-rx-notify", 1),
            ("feature-sg", 1),
            ("feature-no-csum-offload", 0),
            ("feature-ipv6-csum-offload", 1),
            ("feature-gso-tcpv4", 0),
            ("feature-gso-tcpv6", 0),
        ];
        wanted.iter().all(|&(name, value)| self.value(server, name) == Some(value)).then_some(())?;
        let offered = server.get(&format!("{}/multi-queue-max-queues", self.back()));
        (self.value(server, "multi-queue-num-queues") == offered.map(|_| 1)).then_some(())?;
        let reference = |name: &str| self.value(server, name).map(GrantReference);
        let rings = [reference("tx-ring-ref")?, reference("rx-ring-ref")?];
        let port = EventPort(self.value(server, "event-channel")?);
        let [transmit, receive] = rings.map(|ring| self.guest.lend(DomainId::ZERO, ring, true).ok());
        let (transmit, receive) = (transmit?, receive?);
        let responded = |ring: &Pages| ring.words()[RSP_PROD].load(Ordering::Relaxed);
        Some(Connection {
            transmit_next: responded(&transmit),
            receive_next: responded(&receive),
            transmit,
            receive,
            rings,
            port: self.control.bind_interdomain(GUEST, port).ok()?,
            unanswered: Vec::new(),
        })
    }

    fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = self.control.close(connection.port);
            connection.rings.iter().for_each(|&ring| self.guest.give_back(ring));
        }
    }

    /// The words of the transmit ring's page and of the receive ring's.
    pub fn rings(&self) -> Option<[&'static [AtomicU32]; 2]> {
        self.connection.as_ref().map(|connection| [connection.transmit.words(), connection.receive.words()])
    }

    /// The next receive request's index, id and grant, if there is one.
    fn next_buffer(&mut self) -> Option<(u32, u32, GrantReference)> {
        let connection = self.connection.as_mut()?;
        let words = connection.receive.words();
        if words[REQ_PROD].load(Ordering::Acquire) == connection.receive_next {
            words[REQ_EVENT].store(connection.receive_next.wrapping_add(1), Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if words[REQ_PROD].load(Ordering::Acquire) == connection.receive_next {
                return None;
            }
        }
        let index = connection.receive_next;
        connection.receive_next = index.wrapping_add(1);
        let slot = &words[HEADER_WORDS + (index % SLOTS) as usize * RECEIVE_WORDS..];
        Some((index, slot[0].load(Ordering::Relaxed), GrantReference(slot[1].load(Ordering::Relaxed))))
    }

    /// Writes a receive response and tells the guest if it wants that.
    pub fn respond(&mut self, index: u32, words: [u32; 2]) {
        let Some(connection) = &self.connection else { return };
        let slot = HEADER_WORDS + (index % SLOTS) as usize * RECEIVE_WORDS;
        write(&connection.receive, slot, words);
        publish(&self.control, connection.port, &connection.receive, index.wrapping_add(1));
    }

    /// Brings the guest a frame, with these flags: false if it has given no buffer.
    pub fn deliver(&mut self, frame: &[u8], flags: u16) -> bool {
        let Some((index, id, reference)) = self.next_buffer() else { return false };
        self.fill(reference, frame);
        self.respond(index, [id & 0xffff, u32::from(flags) | (frame.len() as u32) << 16]);
        true
    }

    /// Uses a buffer for a response of these fields: offset, flags, status. What is added to the id makes it another's.
    pub fn deliver_nonsense(&mut self, id_off: u16, offset: u16, flags: u16, status: i16) -> bool {
        let Some((index, id, _)) = self.next_buffer() else { return false };
        let id = u32::from((id as u16).wrapping_add(id_off));
        self.respond(index, [id | u32::from(offset) << 16, u32::from(flags) | u32::from(status as u16) << 16]);
        true
    }

    fn fill(&self, reference: GrantReference, frame: &[u8]) {
        match self.guest.lend(DomainId::ZERO, reference, true) {
            Ok(page) => {
                bytes::store(page.long_words(), 0, frame);
                self.guest.give_back(reference);
            }
            Err(error) => assert!(!self.strict, "a buffer is not granted: {error:?}"),
        }
    }

    /// Takes the frames that the guest sends; [`answer`](Self::answer) gives their buffers back.
    pub fn collect(&mut self) -> Vec<Vec<u8>> {
        let mut frames = vec![];
        while let Some([reference, place, what]) = self.next_frame() {
            let (offset, size) = (place as usize & 0xffff, (what >> 16) as usize);
            let page = self.guest.lend(DomainId::ZERO, GrantReference(reference), false);
            let honest = page.is_ok() && offset + size <= PAGE_BYTES && size >= 14;
            assert!(honest || !self.strict, "the guest breaks the protocol");
            if let Ok(page) = page {
                let mut frame = vec![0; size];
                bytes::load(page.long_words(), offset, &mut frame);
                self.guest.give_back(GrantReference(reference));
                frames.push(frame);
            }
            self.connection.iter_mut().for_each(|connection| connection.unanswered.push(what as u16));
        }
        frames
    }

    fn next_frame(&mut self) -> Option<[u32; TRANSMIT_WORDS]> {
        let connection = self.connection.as_mut()?;
        let words = connection.transmit.words();
        words[REQ_EVENT].store(connection.transmit_next.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let there = words[REQ_PROD].load(Ordering::Acquire).wrapping_sub(connection.transmit_next);
        if there == 0 || there > SLOTS {
            return None;
        }
        let slot = HEADER_WORDS + (connection.transmit_next % SLOTS) as usize * TRANSMIT_WORDS;
        connection.transmit_next = connection.transmit_next.wrapping_add(1);
        Some(core::array::from_fn(|word| words[slot + word].load(Ordering::Relaxed)))
    }

    /// Gives the buffers of collected frames back, up to `most`, the last one first.
    pub fn answer(&mut self, most: usize, status: i16) {
        for _ in 0..most {
            let Some(id) = self.connection.as_mut().and_then(|connection| connection.unanswered.pop()) else { break };
            self.answer_id(id, status);
        }
    }

    /// Gives buffer `id` back, whether the guest has sent it or not.
    pub fn answer_id(&mut self, id: u16, status: i16) {
        let Some(connection) = &self.connection else { return };
        let index = connection.transmit.words()[RSP_PROD].load(Ordering::Relaxed);
        let slot = HEADER_WORDS + (index % SLOTS) as usize * TRANSMIT_WORDS;
        write(&connection.transmit, slot, [u32::from(id) | u32::from(status as u16) << 16]);
        publish(&self.control, connection.port, &connection.transmit, index.wrapping_add(1));
    }
}

fn write<const N: usize>(page: &Pages, first: usize, values: [u32; N]) {
    page.words()[first..].iter().zip(values).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
}

/// Moves `rsp_prod` to `new`, and tells the guest if that passes its `rsp_event`.
fn publish(control: &Domain, port: EventPort, ring: &Pages, new: u32) {
    let words = ring.words();
    let old = words[RSP_PROD].load(Ordering::Relaxed);
    words[RSP_PROD].store(new, Ordering::Release);
    fence(Ordering::SeqCst);
    if new.wrapping_sub(words[RSP_EVENT].load(Ordering::Relaxed)) < new.wrapping_sub(old) {
        let _ = control.send(port);
    }
}
