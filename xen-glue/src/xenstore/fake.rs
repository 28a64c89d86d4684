// SPDX-License-Identifier: Apache-2.0
//! A xenstored for tests, which misbehaves when it is told to.

use super::wire::{HEADER_BYTES, Header, Kind};
use super::{Request, Store, Token, Transaction};
use crate::{DomainId, EventPort, Hypercalls, Pages, bytes};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::format;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::vec::Vec;

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is never answered.
    Silence,
    /// It is answered after the next one.
    Late,
    /// It is refused with this error.
    Refuse(&'static str),
    /// The reply names another request.
    OtherNumber,
    /// The reply is of another kind.
    OtherKind(Kind),
    /// The reply says that it has this length.
    Length(u32),
    /// The reply says this.
    Payload(Vec<u8>),
    /// A reply that nobody asked for comes first.
    StrayFirst,
    /// A watch event that is nonsense comes first.
    BadEventFirst,
    /// The index of replies moves by as much.
    JumpReplies(u32),
    /// The index of requests moves by as much.
    JumpRequests(u32),
    /// The server says that it stops.
    Stop,
}

/// What a reply says that says nothing.
const DONE: &[u8] = b"OK\0";

type Tree = BTreeMap<String, Vec<u8>>;

/// Words of the page: `req_cons` and the words behind it.
const INDICES: usize = 512;
const RING_BYTES: u32 = 1024;

/// The server of one domain.
pub struct Xenstored {
    words: &'static [AtomicU32],
    long_words: &'static [AtomicU64],
    domain: u16,
    tree: Tree,
    /// Changes so far.
    version: u64,
    permissions: BTreeMap<String, Vec<u8>>,
    watches: Vec<(String, String)>,
    transactions: BTreeMap<u32, (u64, Tree, Vec<String>)>,
    last_transaction: u32,
    inbox: Vec<u8>,
    outbox: VecDeque<u8>,
    /// A reply that goes out after the next one.
    late: Vec<u8>,
    /// What goes wrong with the next requests; none: nothing.
    pub faults: VecDeque<Option<Fault>>,
    /// Requests answered so far.
    pub answered: usize,
    /// Most bytes that are moved each way at a time.
    pub slowness: usize,
}

impl Xenstored {
    /// The server of `domain`, over `page`. It has these features.
    pub fn new(page: &Pages, domain: u16, features: u32) -> Xenstored {
        page.words()[INDICES + 4].store(features, Ordering::Relaxed);
        Xenstored {
            words: page.words(),
            long_words: page.long_words(),
            domain,
            tree: Tree::new(),
            version: 0,
            permissions: BTreeMap::new(),
            watches: Vec::new(),
            transactions: BTreeMap::new(),
            last_transaction: 0,
            inbox: Vec::new(),
            outbox: VecDeque::new(),
            late: Vec::new(),
            faults: VecDeque::new(),
            answered: 0,
            slowness: usize::MAX,
        }
    }

    /// Sets a value, as somebody else would.
    pub fn set(&mut self, path: &str, value: &str) {
        let path = self.absolute(path);
        put(&mut self.tree, &path, value.as_bytes());
        self.touched(&path);
    }

    /// Removes a path, as somebody else would.
    pub fn remove(&mut self, path: &str) {
        let path = self.absolute(path);
        cut(&mut self.tree, &path);
        self.touched(&path);
    }

    /// A value.
    pub fn get(&self, path: &str) -> Option<String> {
        self.tree.get(&self.absolute(path)).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// How many watches are set.
    pub fn watches(&self) -> usize {
        self.watches.len()
    }

    /// Sends bytes that are no message.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.outbox.extend(bytes);
        self.flush();
    }

    /// Moves an index of the page: 0 `req_cons`, 1 `req_prod`, 2 `rsp_cons`, 3 `rsp_prod`.
    pub fn jump(&self, index: usize, by: u32) {
        let word = &self.words[INDICES + index];
        word.store(word.load(Ordering::Relaxed).wrapping_add(by), Ordering::Release);
    }

    /// Answers what has come, as far as there is room.
    pub fn serve(&mut self) {
        if self.words[INDICES + 5].load(Ordering::Acquire) == 1 {
            return self.begin_anew();
        }
        if self.words[INDICES + 6].load(Ordering::Relaxed) != 0 {
            return;
        }
        self.fill_inbox();
        while let Some(header) = self.inbox.first_chunk().map(Header::from_bytes) {
            let end = HEADER_BYTES + header.length as usize;
            if self.inbox.len() < end {
                break;
            }
            let message: Vec<u8> = self.inbox.drain(..end).collect();
            self.answer(header, &message[HEADER_BYTES..]);
        }
        self.flush();
    }

    /// The same, of a ring whose indices may be anything: it then waits to be asked to begin anew.
    fn serve_if_it_can(&mut self) {
        let index = |index: usize| self.words[INDICES + index].load(Ordering::Acquire);
        let asked = self.words[INDICES + 5].load(Ordering::Acquire) == 1;
        if asked || index(1).wrapping_sub(index(0)) <= RING_BYTES && index(3).wrapping_sub(index(2)) <= RING_BYTES {
            self.serve();
        }
    }

    fn begin_anew(&mut self) {
        self.watches.clear();
        self.transactions.clear();
        self.inbox.clear();
        self.outbox.clear();
        self.late.clear();
        self.words[INDICES..INDICES + 4].iter().for_each(|index| index.store(0, Ordering::Relaxed));
        self.words[INDICES + 5].store(0, Ordering::Release);
    }

    fn fill_inbox(&mut self) {
        let (consumed, produced) = (&self.words[INDICES], &self.words[INDICES + 1]);
        let (mut from, to) = (consumed.load(Ordering::Relaxed), produced.load(Ordering::Acquire));
        assert!(to.wrapping_sub(from) <= RING_BYTES, "the client broke the ring");
        let count = (to.wrapping_sub(from) as usize).min(self.slowness);
        for _ in 0..count {
            let mut byte = [0];
            bytes::load(self.long_words, (from % RING_BYTES) as usize, &mut byte);
            self.inbox.extend(byte);
            from = from.wrapping_add(1);
        }
        consumed.store(from, Ordering::Release);
    }

    fn flush(&mut self) {
        let (consumed, produced) = (&self.words[INDICES + 2], &self.words[INDICES + 3]);
        let (from, mut to) = (consumed.load(Ordering::Acquire), produced.load(Ordering::Relaxed));
        let room = RING_BYTES.saturating_sub(to.wrapping_sub(from)) as usize;
        for byte in self.outbox.drain(..room.min(self.slowness).min(self.outbox.len())) {
            bytes::store(self.long_words, (RING_BYTES + to % RING_BYTES) as usize, &[byte]);
            to = to.wrapping_add(1);
        }
        produced.store(to, Ordering::Release);
    }

    fn answer(&mut self, header: Header, payload: &[u8]) {
        let fault = self.faults.pop_front().flatten();
        self.answered += 1;
        match &fault {
            Some(Fault::Silence) => return,
            Some(Fault::Refuse(error)) => {
                return self.reply(header, Kind::Error, format!("{error}\0").as_bytes(), None);
            }
            Some(Fault::StrayFirst) => {
                self.message(Header { request: header.request.wrapping_add(7), ..header }, b"stray\0", None);
            }
            Some(Fault::BadEventFirst) => {
                self.message(Header { kind: Kind::WatchEvent, request: header.request, ..header }, b"no/token", None);
            }
            Some(Fault::JumpReplies(by)) => return self.jump(3, *by),
            Some(Fault::JumpRequests(by)) => self.jump(0, *by),
            Some(Fault::Stop) => return self.words[INDICES + 6].store(3, Ordering::Relaxed),
            _ => {}
        }
        match self.carry_out(header, payload) {
            Ok(value) => self.reply(header, header.kind, &value, fault),
            Err(error) => self.reply(header, Kind::Error, format!("{error}\0").as_bytes(), fault),
        }
    }

    fn reply(&mut self, header: Header, kind: Kind, payload: &[u8], fault: Option<Fault>) {
        let mut reply = Header { kind, ..header };
        match fault {
            Some(Fault::OtherNumber) => reply.request = reply.request.wrapping_sub(1),
            Some(Fault::OtherKind(kind)) => reply.kind = kind,
            Some(Fault::Length(length)) => return self.message(reply, payload, Some(length)),
            Some(Fault::Payload(payload)) => return self.message(reply, &payload, None),
            Some(Fault::Late) => {
                let before = self.outbox.len();
                self.message(reply, payload, None);
                return self.late.extend(self.outbox.drain(before..));
            }
            _ => {}
        }
        self.message(reply, payload, None);
        self.outbox.extend(self.late.drain(..));
    }

    fn message(&mut self, header: Header, payload: &[u8], length: Option<u32>) {
        let length = length.unwrap_or(payload.len() as u32);
        self.outbox.extend(Header { length, ..header }.to_bytes());
        self.outbox.extend(payload);
    }

    fn carry_out(&mut self, header: Header, payload: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut strings = payload.splitn(2, |&byte| byte == 0);
        let first = String::from_utf8(strings.next().unwrap_or_default().to_vec()).map_err(|_| "EINVAL")?;
        let rest = strings.next().ok_or("EINVAL")?.to_vec();
        let path = self.absolute(&first);
        match header.kind {
            Kind::Read => self.tree_of(header)?.get(&path).cloned().ok_or("ENOENT"),
            Kind::Directory => children(self.tree_of(header)?, &path).ok_or("ENOENT"),
            Kind::Write if !self.may_make(&path) => Err("EACCES"),
            Kind::Write => self.change(header, &path, |tree| put(tree, &path, &rest)),
            Kind::MakeDirectory => self.change(header, &path, |tree| {
                if !tree.contains_key(&path) {
                    put(tree, &path, b"");
                }
            }),
            Kind::Remove => self.change(header, &path, |tree| cut(tree, &path)),
            Kind::GetPermissions => Ok(self.permissions.get(&path).cloned().unwrap_or_else(|| b"n0\0".to_vec())),
            Kind::SetPermissions => {
                self.permissions.insert(path, rest);
                Ok(DONE.to_vec())
            }
            Kind::GetDomainPath => Ok(format!("/local/domain/{first}\0").into_bytes()),
            Kind::Watch => self.watch(&first, rest),
            Kind::Unwatch => {
                let watch = (first, string(rest));
                let place = self.watches.iter().position(|other| *other == watch).ok_or("ENOENT")?;
                self.watches.remove(place);
                Ok(DONE.to_vec())
            }
            Kind::TransactionStart => {
                self.last_transaction += 1;
                self.transactions.insert(self.last_transaction, (self.version, self.tree.clone(), Vec::new()));
                Ok(format!("{}\0", self.last_transaction).into_bytes())
            }
            Kind::TransactionEnd => self.end_transaction(header.transaction, first == "T"),
            _ => Err("ENOSYS"),
        }
    }

    /// Whether a path is there or its domain may make it: in a device's directory, of which the toolstack makes each, as libxl does.
    fn may_make(&self, path: &str) -> bool {
        let of_device = path.strip_prefix(&self.absolute("device/"));
        let directory = of_device.and_then(|of_device| of_device.match_indices('/').nth(1));
        directory.is_none_or(|(end, _)| {
            self.tree.contains_key(&self.absolute(&format!("device/{}", &of_device.unwrap_or_default()[..end])))
        })
    }

    fn tree_of(&self, header: Header) -> Result<&Tree, &'static str> {
        if header.transaction == 0 {
            return Ok(&self.tree);
        }
        self.transactions.get(&header.transaction).map(|(_, tree, _)| tree).ok_or("ENOENT")
    }

    fn change(&mut self, header: Header, path: &str, change: impl FnOnce(&mut Tree)) -> Result<Vec<u8>, &'static str> {
        if header.transaction == 0 {
            change(&mut self.tree);
            self.touched(path);
        } else {
            let (_, tree, paths) = self.transactions.get_mut(&header.transaction).ok_or("ENOENT")?;
            change(tree);
            paths.push(path.to_string());
        }
        Ok(DONE.to_vec())
    }

    fn end_transaction(&mut self, number: u32, commit: bool) -> Result<Vec<u8>, &'static str> {
        let (version, tree, paths) = self.transactions.remove(&number).ok_or("ENOENT")?;
        if commit {
            if version != self.version {
                return Err("EAGAIN");
            }
            self.tree = tree;
            paths.iter().for_each(|path| self.touched(path));
        }
        Ok(DONE.to_vec())
    }

    fn watch(&mut self, path: &str, rest: Vec<u8>) -> Result<Vec<u8>, &'static str> {
        let watch = (path.to_string(), string(rest));
        if self.watches.contains(&watch) {
            return Err("EEXIST");
        }
        self.event(path, &watch.1);
        self.watches.push(watch);
        Ok(DONE.to_vec())
    }

    fn touched(&mut self, path: &str) {
        self.version += 1;
        for (watched, token) in self.watches.clone() {
            let root = self.absolute(&watched);
            if path == root || path.starts_with(&format!("{root}/")) || root.starts_with(&format!("{path}/")) {
                self.event(&watched, &token);
            }
        }
    }

    fn event(&mut self, path: &str, token: &str) {
        let header = Header { kind: Kind::WatchEvent, request: 0, transaction: 0, length: 0 };
        self.message(header, format!("{path}\0{token}\0").as_bytes(), None);
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_string() } else { format!("/local/domain/{}/{path}", self.domain) }
    }
}

/// The first string of a payload's rest.
fn string(rest: Vec<u8>) -> String {
    String::from_utf8_lossy(rest.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

/// Writes a value, and makes the path's parents.
fn put(tree: &mut Tree, path: &str, value: &[u8]) {
    for (end, _) in path.match_indices('/').skip(1) {
        tree.entry(path[..end].to_string()).or_default();
    }
    tree.insert(path.to_string(), value.to_vec());
}

/// Removes a path and all below it.
fn cut(tree: &mut Tree, path: &str) {
    tree.retain(|other, _| other != path && !other.starts_with(&format!("{path}/")));
}

fn children(tree: &Tree, path: &str) -> Option<Vec<u8>> {
    tree.get(path)?;
    let below = tree.keys().filter_map(|other| other.strip_prefix(path)?.strip_prefix('/'));
    Some(below.filter(|name| !name.contains('/')).flat_map(|name| format!("{name}\0").into_bytes()).collect())
}

/// Makes requests of a server that does what `script` says: answers, sends anything, moves any index, in any order. Nothing panics and
/// each poll returns; when the server keeps to the protocol again, and can begin anew, requests are answered again.
pub fn adversary(script: &[u8]) {
    let _pages = crate::fake::Scope::begin();
    let guest = crate::fake::Machine::new().domain(DomainId(3));
    let page = Pages::leaked(1);
    let mut server = Xenstored::new(&page, 3, 3);
    server.set("data/a", "1");
    let store = Store::new(page, EventPort(1), &guest);
    let mut bytes = script.iter().copied();
    while let Some(step) = bytes.next() {
        let mut request = pin!(make_request(&store, step >> 4));
        for _ in 0..bytes.next().unwrap_or(0) % 8 {
            if request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
            misbehave(&mut server, &mut bytes);
        }
    }
    server.faults.clear();
    server.words[INDICES + 4].store(3, Ordering::Relaxed);
    server.jump(3, 5000);
    recovers(&mut server, &store);
}

async fn make_request(store: &Store<'_, impl Hypercalls>, which: u8) {
    let read = Request::read("data", "a");
    match which {
        0..4 => drop(store.ask(&[read]).await),
        4..6 => drop(store.ask(&[Request::write("data", "a", "1"), read, Request::list("data")]).await),
        6..8 => drop(store.ask(&[Request::watch("data", "", Token::new(which))]).await),
        8 => store.ask_all(Transaction::NONE, &[read; 40], &mut |_, _| ()).await,
        9 => drop(store.ask(&[Request::permissions("data"), Request::domain_path(DomainId(3))]).await),
        10..13 => drop(store.transact(&[Request::write("data", "b", "1"), read]).await),
        _ => store.changed(Token::new(which)).await,
    }
}

fn misbehave(server: &mut Xenstored, bytes: &mut impl Iterator<Item = u8>) {
    let mut byte = || bytes.next().unwrap_or(0);
    match byte() {
        0..150 => server.serve_if_it_can(),
        150..200 => {
            let number = u32::from(byte());
            let fault = match byte() % 8 {
                0 if number % 2 == 0 => Fault::Late,
                0 => Fault::Silence,
                1 => Fault::Refuse("EAGAIN"),
                2 => Fault::OtherNumber,
                3 => Fault::OtherKind(Kind::from(number)),
                4 => Fault::Length(number * 40),
                5 => Fault::Payload(std::vec![byte(); number as usize]),
                6 => Fault::StrayFirst,
                _ => Fault::BadEventFirst,
            };
            server.faults.push_back(Some(fault));
        }
        200..230 => {
            let raw: Vec<u8> = (0..byte()).map(|_| byte()).collect();
            server.send_raw(&raw);
        }
        230..240 => {
            server.words[INDICES + usize::from(byte() % 8)].store(u32::from(byte()) << (byte() % 32), Ordering::Relaxed)
        }
        step => server.jump(usize::from(step % 4), u32::from(byte()) << (byte() % 32)),
    }
}

fn recovers(server: &mut Xenstored, store: &Store<'_, impl Hypercalls>) {
    const ROUNDS: usize = 1000;
    for _ in 0..3 {
        let request = [Request::read("data", "a")];
        let mut read = pin!(store.ask(&request));
        for _ in 0..ROUNDS {
            match read.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready([answer, ..]) if answer.done().is_ok() => return,
                Poll::Ready(_) => break,
                Poll::Pending => server.serve_if_it_can(),
            }
        }
    }
    panic!("an honest server is not heard");
}
