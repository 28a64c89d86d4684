// SPDX-License-Identifier: Apache-2.0
//! The whole of it but for connections and threads: sessions, routes, hosts, and the VTEP's tables.

use crate::config::Config;
use crate::export::{self, Exports};
use crate::local::{HostKey, Hosts};
use crate::program::{Program, Wanted};
use crate::rib::{NeighborId, Rib};
use crate::session::{ConnectionId, Output, Routes, Session};
use crate::table::{Key, Target, Vtep, VtepError, read_learned};
use crate::told::Told;
use bytes::Bytes;
use rustbgpd_fsm::SessionState;
use rustbgpd_wire::EvpnRouteKey;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What is to be done with connections, in order.
#[derive(Debug)]
pub enum Request {
    /// Connect to a neighbour.
    Dial(NeighborId),
    /// Send bytes.
    Send(ConnectionId, Bytes),
    /// End it, when all is sent.
    Close(ConnectionId),
}

/// A speaker.
pub struct Speaker {
    config: Config,
    sessions: Vec<Session>,
    told: Vec<Told>,
    rib: Rib,
    hosts: Hosts,
    exports: Exports,
    program: Program,
    requests: Vec<Request>,
    news: Vec<String>,
}

impl Speaker {
    /// Begins with no session and no entry.
    pub fn new(config: Config, now: Instant) -> Speaker {
        let sessions: Vec<_> = config.neighbors.iter().map(|one| Session::new(&config, one, now)).collect();
        Speaker {
            told: sessions.iter().map(|_| Told::default()).collect(),
            sessions,
            rib: Rib::default(),
            hosts: Hosts::new(config.vtep),
            exports: export::fixed(&config),
            program: Program::default(),
            requests: Vec::new(),
            news: Vec::new(),
            config,
        }
    }

    /// What it was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A session.
    pub fn session(&self, neighbor: NeighborId) -> &Session {
        &self.sessions[neighbor]
    }

    /// How many routes a neighbour was told.
    pub fn told(&self, neighbor: NeighborId) -> usize {
        self.told[neighbor].count()
    }

    /// The routes that neighbours told.
    pub fn rib(&self) -> &Rib {
        &self.rib
    }

    /// The hosts at the VTEP's ports.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// What the VTEP was told.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The neighbour with that address.
    pub fn neighbor(&self, address: IpAddr) -> Option<NeighborId> {
        self.config.neighbors.iter().position(|one| one.address == address.to_canonical())
    }

    /// When a session has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.sessions.iter().filter_map(Session::deadline).min()
    }

    /// The pause between two looks at the VTEP.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.config.poll_ms)
    }

    /// What is to be done with connections.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// What has happened that somebody may want to know.
    pub fn take_news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// Lets something happen to a session, and does what follows from it.
    pub fn with(&mut self, neighbor: NeighborId, now: Instant, happens: impl FnOnce(&mut Session, Instant)) {
        let Some(session) = self.sessions.get_mut(neighbor) else { return };
        let before = session.state();
        happens(session, now);
        let outputs = session.take_outputs();
        self.report(neighbor, before);
        for output in outputs {
            self.perform(neighbor, output, now);
        }
        self.tell_all();
    }

    /// Does what is due in all sessions.
    pub fn tick(&mut self, now: Instant) {
        for neighbor in 0..self.sessions.len() {
            self.with(neighbor, now, Session::tick);
        }
    }

    fn report(&mut self, neighbor: NeighborId, before: SessionState) {
        let (session, address) = (&self.sessions[neighbor], self.config.neighbors[neighbor].address);
        let now = session.state();
        if now == SessionState::Established && before != now {
            self.news.push(format!("{address}: established"));
        }
        let had_begun = !matches!(before, SessionState::Idle | SessionState::Connect | SessionState::Active);
        if let (true, SessionState::Idle | SessionState::Active, Some(error)) = (had_begun, now, session.error()) {
            self.news.push(format!("{address}: {error}"));
        }
    }

    fn perform(&mut self, neighbor: NeighborId, output: Output, now: Instant) {
        match output {
            Output::Dial => self.requests.push(Request::Dial(neighbor)),
            Output::Send(id, bytes) => self.requests.push(Request::Send(id, bytes)),
            Output::Close(id) => self.requests.push(Request::Close(id)),
            Output::Up => self.told[neighbor] = Told::nothing_of(self.exports.keys()),
            Output::Down => {
                self.rib.forget(neighbor);
                self.told[neighbor] = Told::default();
                self.reconsider(now);
            }
            Output::Routes(routes) => self.routes(neighbor, &routes, now),
            Output::Again => self.again(neighbor),
            Output::Begin => self.rib.begin_refresh(neighbor),
            Output::End => {
                self.rib.end_refresh(neighbor);
                self.reconsider(now);
            }
        }
    }

    fn routes(&mut self, neighbor: NeighborId, routes: &Routes, now: Instant) {
        for route in &routes.withdrawn {
            self.rib.withdraw(neighbor, route.key());
        }
        if let Some(path) = &routes.path {
            for route in &routes.announced {
                self.rib.announce(&self.config, neighbor, route, path);
            }
        }
        if let Some(attribute) = routes.wrong {
            let (address, count) = (self.config.neighbors[neighbor].address, routes.withdrawn.len());
            self.news.push(format!("{address}: {count} routes taken as withdrawn: attribute {attribute} is wrong"));
        }
        self.reconsider(now);
        if self.rib.counts(neighbor).0 > self.config.neighbors[neighbor].max_routes {
            self.with(neighbor, now, Session::too_much);
        }
    }

    /// What changed among the routes changes the tables, and tells of hosts that have moved away.
    fn reconsider(&mut self, now: Instant) {
        let changed = self.rib.take_changed();
        for key in &changed {
            if let Key::Mac(vni, mac) = *key
                && self.hosts.leaves((vni, mac), self.rib.best(key).copied(), now)
            {
                self.news.push(format!("host {mac} of VNI {vni} has moved away"));
                self.export_host((vni, mac));
            }
        }
        self.program.reconsider(changed);
    }

    /// Announces a host as it is now, or takes it back.
    fn export_host(&mut self, host: HostKey) {
        let is = self.hosts.get(host).map(|known| export::host(&self.config, host, known)).unwrap_or_default();
        let was = export::keys_of(&self.config, host, &self.exports);
        for key in &was {
            self.exports.remove(key);
        }
        for told in &mut self.told {
            told.reconsider(was.iter().chain(is.keys()));
        }
        // What others say of it counts if it is not here, and only then.
        self.program.reconsider(was.iter().chain(is.keys()).filter_map(|route| match route {
            EvpnRouteKey::MacIp { ip: Some(address), .. } => Some(Key::Neighbor(host.0, *address)),
            _ => None,
        }));
        self.program.reconsider([Key::Mac(host.0, host.1)]);
        self.exports.extend(is);
    }

    /// Tells neighbours what they are to be told.
    fn tell_all(&mut self) {
        for neighbor in 0..self.sessions.len() {
            self.tell(neighbor);
            self.forward(neighbor);
        }
    }

    fn tell(&mut self, neighbor: NeighborId) {
        let session = &mut self.sessions[neighbor];
        if session.state() != SessionState::Established {
            return;
        }
        let (vtep, own) = (self.config.vtep, self.config.autonomous_system);
        for update in self.told[neighbor].updates(&self.exports, vtep, own, session.external()) {
            session.tell(update);
        }
    }

    /// Tells a neighbour all routes again.
    fn again(&mut self, neighbor: NeighborId) {
        self.sessions[neighbor].begin();
        self.told[neighbor].reconsider(self.exports.keys());
        self.tell(neighbor);
        self.sessions[neighbor].end();
    }

    /// Hands on what a session sends.
    fn forward(&mut self, neighbor: NeighborId) {
        let sent = self.sessions[neighbor].take_outputs().into_iter().filter_map(|output| match output {
            Output::Send(id, bytes) => Some(Request::Send(id, bytes)),
            _ => None,
        });
        self.requests.extend(sent);
    }

    /// Looks at what the VTEP has learned, and tells it what is due.
    pub fn look(&mut self, vtep: &mut impl Vtep, now: Instant) {
        let result = self.look_closely(vtep, now);
        self.news.extend(self.program.note(result));
    }

    fn look_closely(&mut self, vtep: &mut impl Vtep, now: Instant) -> Result<(), VtepError> {
        if self.program.is_new(vtep)? {
            self.program.reconsider(self.rib.keys().cloned());
        }
        self.program.retry();
        // First, so that it does not tell of hosts that it has not heard have moved away.
        self.run_program(vtep)?;
        self.find_hosts(vtep, now)?;
        self.run_program(vtep)
    }

    /// Tells the VTEP what is due, unless it is gone: then the next look does.
    pub fn update(&mut self, vtep: &mut impl Vtep) {
        if self.program.gone().is_none() {
            let result = self.run_program(vtep);
            self.news.extend(self.program.note(result));
        }
    }

    fn find_hosts(&mut self, vtep: &mut impl Vtep, now: Instant) -> Result<(), VtepError> {
        let mut learned = read_learned(vtep)?;
        let networks = &self.config.networks;
        learned.retain(|(vni, _), _| networks.iter().any(|network| network.instance.vni == *vni));
        let best = |(vni, mac): HostKey| self.rib.best(&Key::Mac(vni, mac)).copied();
        for (vni, mac) in self.hosts.found(&learned, best, now) {
            self.export_host((vni, mac));
        }
        self.tell_all();
        Ok(())
    }

    fn run_program(&mut self, vtep: &mut impl Vtep) -> Result<(), VtepError> {
        let (hosts, rib) = (&self.hosts, &self.rib);
        self.program.run(vtep, |key, had| {
            let best = rib.best(key).map(|best| best.target);
            let is_its = match (key, best.as_ref().or(had)) {
                (Key::Mac(vni, mac), _) => hosts.get((*vni, *mac)).is_some(),
                (Key::Neighbor(vni, address), Some(Target::Mac(mac))) => {
                    hosts.get((*vni, *mac)).is_some_and(|host| host.addresses.contains(address))
                }
                _ => false,
            };
            if is_its { Wanted::Its } else { best.map_or(Wanted::Nothing, Wanted::Entry) }
        })
    }

    /// Ends all sessions, and takes out what the VTEP was told.
    pub fn stop(&mut self, vtep: &mut impl Vtep, now: Instant) {
        for neighbor in 0..self.sessions.len() {
            self.with(neighbor, now, Session::stop);
        }
        self.update(vtep);
    }

    /// The hosts that are in several places at once.
    pub fn duplicates(&mut self, now: Instant) -> Vec<HostKey> {
        self.hosts.duplicates(now)
    }

    /// The routes that neighbours are told.
    pub fn exports(&self) -> impl Iterator<Item = &EvpnRouteKey> {
        self.exports.keys()
    }
}

#[cfg(test)]
mod tests;
