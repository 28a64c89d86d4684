// SPDX-License-Identifier: Apache-2.0
//! What of a flow is matched besides its packets: its stream, and its application's messages.

use crate::app::dns;
use crate::app::http::{Listener, Message, Parts};
use crate::detect::{Buffers, Detector, FLOWBIT_WORDS, Findings, Payload, Subject};
use crate::rule::{Buffer, Stage};

/// Matches on behalf of one flow and direction, and gathers what is found.
pub(super) struct Matching<'x, 'm, 'o> {
    pub detector: &'x mut Detector<'m>,
    pub subject: Subject<'x>,
    /// The payload that messages are from, for rules that look at both.
    pub context: &'x [u8],
    pub bits: &'x mut [u64; FLOWBIT_WORDS],
    pub sink: &'x mut (dyn FnMut(&crate::Alert<'_>) + 'o),
    pub findings: &'x mut Findings,
}

impl Matching<'_, '_, '_> {
    /// Matches a part of the stream, of which `seen` bytes were matched before.
    pub fn stream(&mut self, bytes: &[u8], seen: usize) {
        if self.findings.pass {
            return;
        }
        let payload = Payload { packet: &[], in_stream: true, stream: Some((bytes, seen)) };
        let found = self.detector.packet(&self.subject, &payload, &Buffers::none(), self.bits, self.sink);
        self.findings.join(found);
    }

    /// Matches a message.
    pub fn message(&mut self, stage: Stage, buffers: &Buffers<'_>) {
        if self.findings.pass {
            return;
        }
        let payload = Payload { packet: self.context, ..Payload::default() };
        let found = self.detector.message(stage, &self.subject, &payload, buffers, self.bits, self.sink);
        self.findings.join(found);
    }

    /// Matches the questions of a DNS message.
    pub fn dns(&mut self, message: &[u8]) {
        dns::each_query(message, |name| {
            let mut buffers = Buffers::none();
            buffers.set(Buffer::DnsQuery, Some(name));
            self.message(Stage::Dns, &buffers);
        });
    }

    /// Matches the server's name that a client asked for.
    pub fn tls_hello(&mut self, name: Option<&[u8]>) {
        let mut buffers = Buffers::none();
        buffers.set(Buffer::TlsSni, name);
        self.message(Stage::TlsHello, &buffers);
    }

    fn http_buffers<'b>(&self, message: &'b Message) -> Buffers<'b> {
        if self.subject.to_server { message.request_buffers() } else { message.response_buffers() }
    }
}

impl Listener for Matching<'_, '_, '_> {
    fn head(&mut self, message: &Message) {
        let stage = if self.subject.to_server { Stage::RequestHead } else { Stage::ResponseHead };
        let buffers = self.http_buffers(message);
        self.message(stage, &buffers);
    }
}

impl Parts for Matching<'_, '_, '_> {
    fn body(&mut self, message: &Message, _last: bool) {
        let mut buffers = self.http_buffers(message);
        let (stage, body) = match self.subject.to_server {
            true => (Stage::RequestBody, Buffer::HttpRequestBody),
            false => (Stage::ResponseBody, Buffer::HttpResponseBody),
        };
        buffers.set(body, Some(message.body()));
        buffers.set(Buffer::FileData, Some(message.body()));
        buffers.seen = message.body_seen;
        self.message(stage, &buffers);
    }
}
