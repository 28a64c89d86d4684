// SPDX-License-Identifier: Apache-2.0
//! A session with one neighbour: bytes and time in, bytes and routes out. It opens no connections by itself.
//!
//! States and their changes are those of RFC 4271 §8, by the crate rustbgpd-fsm; here are its timers, the framing of messages, a
//! second connection at the same time (§6.8), and starting again after a failure, later each time (§8.1.1, DampPeerOscillations).

use crate::config::{Config, MOST_BACK_OFF, Neighbor};
use crate::path::{FAMILY, Path, Source};
use bytes::{Bytes, BytesMut};
use rustbgpd_fsm::{Action, Event, PeerConfig, Session as Fsm, SessionState, TimerType};
use rustbgpd_wire::notification::{cease_subcode, update_subcode};
use rustbgpd_wire::{
    DecodeError, EXTENDED_MAX_MESSAGE_LEN, ErrorDisposition, EvpnRoute, MAX_MESSAGE_LEN, Message, NotificationCode,
    NotificationMessage, OpenMessage, PathAttribute, RouteRefreshMessage, RouteRefreshSubtype, UpdateMessage,
    decode_message, encode_message, peek_message_length, validate,
};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// A connection, by a number that no other one has.
pub type ConnectionId = u64;

/// What a session wants done, in order.
#[derive(Debug)]
pub enum Output {
    /// Connect to the neighbour.
    Dial,
    /// Send bytes.
    Send(ConnectionId, Bytes),
    /// End the connection, when all is sent.
    Close(ConnectionId),
    /// Routes can be told, all of them.
    Up,
    /// What the neighbour told is no more.
    Down,
    /// The neighbour tells routes.
    Routes(Box<Routes>),
    /// The neighbour wants all routes again (RFC 2918).
    Again,
    /// The neighbour begins to tell all its routes again (RFC 7313).
    Begin,
    /// It has told them.
    End,
}

/// What an UPDATE says.
#[derive(Debug)]
pub struct Routes {
    /// Routes that are no more.
    pub withdrawn: Vec<EvpnRoute>,
    /// Routes that are.
    pub announced: Vec<EvpnRoute>,
    /// How they came; none if there are none.
    pub path: Option<Path>,
    /// They were taken back because of the attribute of this type (RFC 7606 §2).
    pub wrong: Option<u8>,
}

/// A connection.
struct Line {
    id: ConnectionId,
    /// We made it.
    ours: bool,
    received: BytesMut,
}

/// A session.
pub struct Session {
    neighbor: Neighbor,
    local: PeerConfig,
    fsm: Fsm,
    line: Option<Line>,
    /// A second connection, of the other direction, until one of both ends.
    rival: Option<Line>,
    timers: HashMap<TimerType, Instant>,
    /// When it starts by itself.
    restart: Option<Instant>,
    failures: u32,
    stopped: bool,
    since: Instant,
    error: Option<String>,
    outputs: Vec<Output>,
}

impl Session {
    /// A session that starts with the next tick.
    pub fn new(config: &Config, neighbor: &Neighbor, now: Instant) -> Session {
        let mut local = PeerConfig::new(config.autonomous_system, neighbor.autonomous_system, config.router_id);
        local.hold_time = neighbor.hold_time;
        local.connect_retry_secs = neighbor.connect_retry;
        local.families = vec![FAMILY];
        local.required_families = vec![FAMILY];
        local.disable_ipv4_unicast = true;
        Session {
            neighbor: neighbor.clone(),
            fsm: Fsm::new(local.clone()),
            local,
            line: None,
            rival: None,
            timers: HashMap::new(),
            restart: Some(now),
            failures: 0,
            stopped: false,
            since: now,
            error: None,
            outputs: Vec::new(),
        }
    }

    /// Its state.
    pub fn state(&self) -> SessionState {
        self.fsm.state()
    }

    /// Since when it is in that state.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Why it ended the last time.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The negotiated hold time, in seconds.
    pub fn hold_time(&self) -> Option<u16> {
        self.fsm.negotiated().map(|negotiated| negotiated.hold_time)
    }

    /// Whether the neighbour is of another AS.
    pub fn external(&self) -> bool {
        self.local.local_asn != self.local.remote_asn
    }

    /// When something is to be done.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.values().chain(&self.restart).min().copied()
    }

    /// What it wants done.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        if self.restart.is_some_and(|at| at <= now) {
            self.restart = None;
            self.event(Event::ManualStart, now);
        }
        for timer in [TimerType::Hold, TimerType::Keepalive, TimerType::ConnectRetry] {
            if self.timers.get(&timer).is_some_and(|at| *at <= now) {
                self.timers.remove(&timer);
                self.event(expiry(timer), now);
            }
        }
    }

    /// Ends for good, and says so to the neighbour.
    pub fn stop(&mut self, now: Instant) {
        self.stopped = true;
        self.close_rival();
        self.event(Event::ManualStop { reason: None }, now);
    }

    /// Ends because the neighbour told more than there is room for (RFC 4486 §4).
    pub fn too_much(&mut self, now: Instant) {
        let (code, subcode) = (NotificationCode::Cease, cease_subcode::MAX_PREFIXES);
        self.event(Event::UpdateValidationError(NotificationMessage::new(code, subcode, Bytes::new())), now);
    }

    /// A connection is there: one that [`Output::Dial`] asked for, or one that the neighbour made.
    pub fn connected(&mut self, id: ConnectionId, ours: bool, now: Instant) {
        let line = Line { id, ours, received: BytesMut::new() };
        match self.fsm.state() {
            _ if self.stopped => self.outputs.push(Output::Close(id)),
            SessionState::Idle | SessionState::Connect | SessionState::Active => self.adopt(line, now),
            SessionState::OpenSent | SessionState::OpenConfirm
                if self.rival.is_none() && self.line.as_ref().is_some_and(|line| line.ours != ours) =>
            {
                self.rival = Some(line);
            }
            _ => self.refuse(id),
        }
    }

    /// The neighbour could not be reached.
    pub fn unreachable(&mut self, why: &str, now: Instant) {
        if matches!(self.fsm.state(), SessionState::Connect | SessionState::Active) {
            self.error = Some(why.into());
            self.event(Event::TcpConnectionFails, now);
        }
    }

    /// A connection has ended.
    pub fn closed(&mut self, id: ConnectionId, why: &str, now: Instant) {
        if self.rival.as_ref().is_some_and(|rival| rival.id == id) {
            self.rival = None;
        } else if self.line.as_ref().is_some_and(|line| line.id == id) {
            self.line = None;
            self.error = Some(why.into());
            self.event(Event::TcpConnectionFails, now);
            if let Some(rival) = self.rival.take() {
                self.replace_by(rival, now);
            }
        }
    }

    /// Bytes have come.
    pub fn received(&mut self, id: ConnectionId, bytes: &[u8], now: Instant) {
        if let Some(rival) = self.rival.as_mut().filter(|rival| rival.id == id) {
            rival.received.extend_from_slice(bytes);
            return self.judge_rival(now);
        }
        if let Some(line) = self.line.as_mut().filter(|line| line.id == id) {
            line.received.extend_from_slice(bytes);
            self.read(now);
        }
    }

    /// Sends an UPDATE.
    pub fn tell(&mut self, update: UpdateMessage) {
        self.send(&Message::Update(update));
    }

    /// Says that all routes follow (RFC 7313 §4), if the neighbour understands that.
    pub fn begin(&mut self) {
        self.mark(RouteRefreshSubtype::BoRR);
    }

    /// Says that all routes were told.
    pub fn end(&mut self) {
        self.mark(RouteRefreshSubtype::EoRR);
    }

    fn mark(&mut self, subtype: RouteRefreshSubtype) {
        if self.fsm.negotiated().is_some_and(|negotiated| negotiated.peer_enhanced_route_refresh) {
            let (afi, safi) = FAMILY;
            self.send(&Message::RouteRefresh(RouteRefreshMessage::new_with_subtype(afi, safi, subtype)));
        }
    }

    /// Takes a connection that is the only one.
    fn adopt(&mut self, line: Line, now: Instant) {
        let event = if line.ours { Event::TcpConnectionConfirmed } else { Event::TcpConnectionAcknowledged };
        if self.fsm.state() == SessionState::Idle {
            self.restart = None;
            self.event(Event::ManualStart, now);
            // It is there already.
            self.outputs.retain(|output| !matches!(output, Output::Dial));
        }
        self.line = Some(line);
        self.event(event, now);
    }

    fn refuse(&mut self, id: ConnectionId) {
        let subcode = cease_subcode::CONNECTION_COLLISION_RESOLUTION;
        let message = NotificationMessage::new(NotificationCode::Cease, subcode, Bytes::new());
        self.send_on(id, &Message::Notification(message));
        self.outputs.push(Output::Close(id));
    }

    fn close_rival(&mut self) {
        if let Some(rival) = self.rival.take() {
            self.refuse(rival.id);
        }
    }

    /// The connection made by the speaker with the greater BGP identifier stays (RFC 4271 §6.8).
    fn judge_rival(&mut self, now: Instant) {
        let Some(rival) = self.rival.take() else { return };
        match first_message(&mut rival.received.clone(), MAX_MESSAGE_LEN) {
            Ok(None) => self.rival = Some(rival),
            Ok(Some(Message::Open(open))) if rival.ours == self.is_greater_than(&open) => {
                if let Some(line) = self.line.take() {
                    self.refuse(line.id);
                }
                self.replace_by(rival, now);
            }
            _ => self.refuse(rival.id),
        }
    }

    fn is_greater_than(&self, open: &OpenMessage) -> bool {
        let ours = (self.local.local_router_id, self.local.local_asn);
        ours > (open.bgp_identifier, self.local.remote_asn)
    }

    fn replace_by(&mut self, line: Line, now: Instant) {
        self.fsm = Fsm::new(self.local.clone());
        self.timers.clear();
        self.adopt(line, now);
        self.read(now);
    }

    /// Takes the messages that are complete.
    fn read(&mut self, now: Instant) {
        while let Some(line) = &mut self.line {
            let extended = self.fsm.negotiated().is_some_and(|negotiated| negotiated.peer_extended_message);
            let limit = if extended { EXTENDED_MAX_MESSAGE_LEN } else { MAX_MESSAGE_LEN };
            match first_message(&mut line.received, limit) {
                Ok(None) => return,
                Ok(Some(message)) => self.message(message, now),
                Err(error) => {
                    self.error = Some(error.to_string());
                    self.event(Event::DecodeError(error), now);
                }
            }
        }
    }

    fn message(&mut self, message: Message, now: Instant) {
        match message {
            Message::Open(open) => self.event(Event::OpenReceived(open), now),
            Message::Keepalive => self.event(Event::KeepaliveReceived, now),
            Message::Notification(said) => {
                self.error = Some(format!("the neighbour said: {}", text(&said)));
                self.event(Event::NotificationReceived(said), now);
            }
            Message::Update(update) => self.update(&update, now),
            Message::RouteRefresh(refresh) => self.refresh(&refresh, now),
            _ => {}
        }
    }

    fn refresh(&mut self, refresh: &RouteRefreshMessage, now: Instant) {
        let (Some(afi), Some(safi)) = (refresh.afi(), refresh.safi()) else { return };
        if self.fsm.state() == SessionState::Established && (afi, safi) == FAMILY {
            self.outputs.extend(match refresh.subtype() {
                RouteRefreshSubtype::Normal => Some(Output::Again),
                RouteRefreshSubtype::BoRR => Some(Output::Begin),
                RouteRefreshSubtype::EoRR => Some(Output::End),
                _ => None,
            });
        }
        self.event(Event::RouteRefreshReceived { afi, safi }, now);
    }

    fn update(&mut self, update: &UpdateMessage, now: Instant) {
        if self.fsm.state() != SessionState::Established {
            return self.event(Event::UpdateReceived, now);
        }
        match self.routes(update) {
            Ok(routes) => {
                self.outputs.push(Output::Routes(Box::new(routes)));
                self.event(Event::UpdateReceived, now);
            }
            Err(notification) => {
                self.error = Some(text(&notification));
                self.event(Event::UpdateValidationError(notification), now);
            }
        }
    }

    /// What an UPDATE says; what is wrong with it ends the session only where RFC 7606 wants that.
    fn routes(&self, update: &UpdateMessage) -> Result<Routes, NotificationMessage> {
        let four_octet_as = self.fsm.negotiated().is_some_and(|negotiated| negotiated.four_octet_as);
        let external = self.external();
        let parsed = update.parse_revised(four_octet_as, !external, false, &[]).map_err(|error| {
            let (code, subcode, data) = error.to_notification();
            NotificationMessage::new(code, subcode, data)
        })?;
        let attributes = parsed.update.attributes;
        let (mut announced, mut withdrawn, mut next_hop) = (Vec::new(), Vec::new(), None);
        for attribute in &attributes {
            match attribute {
                PathAttribute::MpReachNlri(reach) if (reach.afi, reach.safi) == FAMILY => {
                    announced.extend_from_slice(&reach.evpn_announced);
                    next_hop = Some(reach.next_hop);
                }
                PathAttribute::MpUnreachNlri(unreach) if (unreach.afi, unreach.safi) == FAMILY => {
                    withdrawn.extend_from_slice(&unreach.evpn_withdrawn);
                }
                _ => {}
            }
        }
        let unsound = validate::validate_update_attributes_with_context(
            &attributes,
            !announced.is_empty(),
            false,
            external,
            validate::UpdateValidationOptions::default(),
        );
        let unsound = unsound.err();
        let malformed = parsed.malformed.iter().map(|one| (one.disposition, one.type_code));
        let worst = malformed.chain(unsound.iter().map(|one| (one.error.disposition, one.type_code))).max();
        let mut wrong = None;
        match worst {
            Some((ErrorDisposition::SessionReset, _)) => return Err(reset(unsound.map(|one| one.error))),
            Some((ErrorDisposition::TreatAsWithdraw, attribute)) => {
                withdrawn.append(&mut announced);
                wrong = Some(attribute);
            }
            _ => {}
        }
        let path = next_hop.filter(|_| !announced.is_empty());
        let path = path.map(|next_hop| Path::of(next_hop, &attributes, &self.source()));
        Ok(Routes { withdrawn, announced, path, wrong })
    }

    fn source(&self) -> Source {
        let router_id = self.fsm.negotiated().map_or(Ipv4Addr::UNSPECIFIED, |negotiated| negotiated.peer_router_id);
        Source { address: self.neighbor.address, router_id, external: self.external() }
    }

    fn event(&mut self, event: Event, now: Instant) {
        for action in self.fsm.handle_event(event) {
            self.perform(action, now);
        }
    }

    fn perform(&mut self, action: Action, now: Instant) {
        match action {
            Action::SendOpen(open) => self.send(&Message::Open(open)),
            Action::SendKeepalive => self.send(&Message::Keepalive),
            Action::SendNotification(notification) => {
                if !self.stopped {
                    self.error = Some(format!("we said: {}", text(&notification)));
                }
                self.send(&Message::Notification(notification));
            }
            Action::StartTimer(timer, seconds) => {
                self.timers.insert(timer, now + Duration::from_secs(seconds.into()));
            }
            Action::StopTimer(timer) => drop(self.timers.remove(&timer)),
            Action::InitiateTcpConnection if !self.neighbor.passive => self.outputs.push(Output::Dial),
            Action::CloseTcpConnection => self.outputs.extend(self.line.take().map(|line| Output::Close(line.id))),
            Action::StateChanged { old, new } => self.changed(old, new, now),
            Action::SessionEstablished(_) => {
                (self.failures, self.error) = (0, None);
                self.close_rival();
                self.outputs.push(Output::Up);
            }
            Action::SessionDown => self.outputs.push(Output::Down),
            _ => {}
        }
    }

    fn changed(&mut self, old: SessionState, new: SessionState, now: Instant) {
        if old == new {
            return;
        }
        self.since = now;
        if new == SessionState::Idle {
            self.timers.clear();
            let seconds = self.neighbor.connect_retry.saturating_mul(1 << self.failures.min(16)).min(MOST_BACK_OFF);
            self.restart = (!self.stopped).then(|| now + Duration::from_secs(seconds.into()));
            self.failures = self.failures.saturating_add(1);
        }
    }

    fn send(&mut self, message: &Message) {
        if let Some(id) = self.line.as_ref().map(|line| line.id) {
            self.send_on(id, message);
        }
    }

    fn send_on(&mut self, id: ConnectionId, message: &Message) {
        let bytes = encode_message(message).expect("what we send is shorter than a message may be");
        self.outputs.push(Output::Send(id, bytes.freeze()));
    }
}

/// What is said of an UPDATE that ends the session.
fn reset(error: Option<validate::UpdateError>) -> NotificationMessage {
    let (subcode, data) =
        error.map_or((update_subcode::MALFORMED_ATTRIBUTE_LIST, Vec::new()), |error| (error.subcode, error.data));
    NotificationMessage::new(NotificationCode::UpdateMessage, subcode, data.into())
}

fn expiry(timer: TimerType) -> Event {
    match timer {
        TimerType::Hold => Event::HoldTimerExpires,
        TimerType::Keepalive => Event::KeepaliveTimerExpires,
        _ => Event::ConnectRetryTimerExpires,
    }
}

/// Takes the first message, if it is complete.
fn first_message(received: &mut BytesMut, limit: u16) -> Result<Option<Message>, DecodeError> {
    match peek_message_length(received, limit)? {
        Some(length) if received.len() >= length.into() => {
            decode_message(&mut received.split_to(length.into()).freeze(), limit).map(Some)
        }
        _ => Ok(None),
    }
}

fn text(said: &NotificationMessage) -> String {
    let codes = format!("{}/{}", said.code.as_u8(), said.subcode);
    format!("{} ({codes})", rustbgpd_wire::notification::description(said.code, said.subcode))
}

#[cfg(test)]
mod tests;
