// SPDX-License-Identifier: Apache-2.0
//! From a stream to its application's messages.

use super::matching::Matching;
use crate::app::http::{Connection, Inflater, Side, Tools};
use crate::app::{Guess, guess, tls};
use crate::rule::AppProtocol;
use crate::stream::{Pool, WINDOW};

/// The parts of a flow's direction that reading its application's messages needs.
pub(super) struct Reader<'x, 'm> {
    pub app: &'x mut AppProtocol,
    pub http: &'x mut u32,
    pub done: &'x mut bool,
    pub connections: &'x mut Pool<'m, Connection>,
    pub inflaters: &'x mut Pool<'m, Inflater>,
    /// Whose the connection is.
    pub owner: u32,
    pub from: usize,
    /// The server's.
    pub port: u16,
    /// Bodies are matched as they come.
    pub eager: bool,
    pub given_up: &'x mut u64,
}

impl Reader<'_, '_> {
    /// Reads messages from `data`, after which nothing comes if `last`; how many bytes are done with. Where it needs more than
    /// a window holds (`full`), it gives up.
    pub fn read(&mut self, data: &[u8], last: bool, full: bool, matching: &mut Matching<'_, '_, '_>) -> usize {
        if !*self.done && *self.app == AppProtocol::Unknown && !data.is_empty() {
            match guess(data, self.from == 0, self.port) {
                Guess::Is(app) => *self.app = app,
                Guess::None => *self.done = true,
                Guess::More if last || full => *self.done = true,
                Guess::More => return 0,
            }
        }
        if *self.done {
            return data.len();
        }
        matching.subject.app = *self.app;
        let taken = match *self.app {
            AppProtocol::Unknown => data.len(),
            AppProtocol::Http => self.http(data, last, matching),
            AppProtocol::Tls => self.tls(data, matching),
            AppProtocol::Dns => dns_messages(data, matching),
        };
        if taken == 0 && full {
            *self.given_up += 1;
            *self.done = true;
            return data.len();
        }
        taken
    }

    /// Whether a message of this direction is not complete.
    pub fn is_within(&mut self) -> bool {
        let side = self.side();
        *self.app == AppProtocol::Http
            && !*self.done
            && self.connections.get(*self.http, self.owner).is_some_and(|connection| connection.is_within(side))
    }

    fn side(&self) -> Side {
        if self.from == 0 { Side::Request } else { Side::Response }
    }

    fn http(&mut self, data: &[u8], last: bool, matching: &mut Matching<'_, '_, '_>) -> usize {
        let side = self.side();
        if self.connections.get(*self.http, self.owner).is_none() {
            *self.http = self.connections.take(self.owner).unwrap_or(0);
        }
        let Some(connection) = self.connections.get(*self.http, self.owner) else {
            *self.given_up += 1;
            *self.done = true;
            return data.len();
        };
        connection.eager = self.eager;
        let mut tools = Tools { inflaters: self.inflaters, owner: self.owner };
        connection.parse(side, data, last, &mut tools, matching)
    }

    fn tls(&mut self, data: &[u8], matching: &mut Matching<'_, '_, '_>) -> usize {
        if self.from == 1 {
            *self.done = true;
            return data.len();
        }
        let mut scratch = [0; WINDOW];
        match tls::client_hello(data, &mut scratch) {
            tls::Hello::More => return 0,
            tls::Hello::Complete(name) => matching.tls_hello(name),
            tls::Hello::None => {}
        }
        *self.done = true;
        data.len()
    }
}

/// DNS over TCP (RFC 1035 §4.2.2): each message with its length before it.
fn dns_messages(data: &[u8], matching: &mut Matching<'_, '_, '_>) -> usize {
    let mut rest = data;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let Some((message, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else { break };
        matching.dns(message);
        rest = after;
    }
    data.len() - rest.len()
}
