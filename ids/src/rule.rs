// SPDX-License-Identifier: Apache-2.0
//! The words of a compiled rule that the compiler and the engine share.

/// Declares a byte-sized enumeration together with its conversion from a table's byte.
macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }
        impl $name {
            /// All of them, in the order of their bytes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// The one with this byte; the first one if there is none.
            #[must_use]
            pub fn from_byte(byte: u8) -> Self {
                Self::ALL.get(usize::from(byte)).copied().unwrap_or(Self::ALL[0])
            }
        }
    };
}

bytes! {
    /// What a matching rule does, in the order in which Suricata evaluates actions.
    Action {
        /// Lets the packet (or, for rules about flows, the flow) pass uninspected.
        Pass,
        /// Drops it and raises an alert.
        Drop,
        /// Drops it, answers with a reset or an unreachable, and raises an alert.
        Reject,
        /// Raises an alert.
        Alert,
    }
}

bytes! {
    /// The application protocol of a flow.
    AppProtocol {
        /// Not known (yet).
        Unknown,
        /// HTTP/1.
        Http,
        /// DNS.
        Dns,
        /// TLS.
        Tls,
    }
}

bytes! {
    /// When a rule is evaluated.
    Stage {
        /// With a packet (and the reassembled stream behind it).
        Packet,
        /// When a request's head is complete.
        RequestHead,
        /// When (a part of) a request's body is there.
        RequestBody,
        /// When a response's head is complete.
        ResponseHead,
        /// When (a part of) a response's body is there.
        ResponseBody,
        /// With a DNS message.
        Dns,
        /// When a TLS client hello is complete.
        TlsHello,
    }
}

bytes! {
    /// A buffer that contents are searched in.
    Buffer {
        /// The packet's payload, or the reassembled stream.
        Payload,
        /// `http.method`
        HttpMethod,
        /// `http.uri`, normalized
        HttpUri,
        /// `http.uri.raw`
        HttpUriRaw,
        /// `http.header`
        HttpHeader,
        /// `http.header.raw`
        HttpHeaderRaw,
        /// `http.request_header`, one header at a time
        HttpRequestHeader,
        /// `http.response_header`, one header at a time
        HttpResponseHeader,
        /// `http.host`, in lower case and without a port
        HttpHost,
        /// `http.host.raw`
        HttpHostRaw,
        /// `http.user_agent`
        HttpUserAgent,
        /// `http.cookie`
        HttpCookie,
        /// `http.referer`
        HttpReferer,
        /// `http.accept`
        HttpAccept,
        /// `http.content_type`
        HttpContentType,
        /// `http.content_len`
        HttpContentLen,
        /// `http.protocol`
        HttpProtocol,
        /// `http.request_line`
        HttpRequestLine,
        /// `http.response_line`
        HttpResponseLine,
        /// `http.request_body`
        HttpRequestBody,
        /// `http.stat_code`
        HttpStatCode,
        /// `http.stat_msg`
        HttpStatMsg,
        /// `http.response_body`
        HttpResponseBody,
        /// `http.server`
        HttpServer,
        /// `http.location`
        HttpLocation,
        /// `http.header_names`
        HttpHeaderNames,
        /// `http.connection`
        HttpConnection,
        /// `http.accept_enc`
        HttpAcceptEncoding,
        /// `file.data`
        FileData,
        /// `dns.query`
        DnsQuery,
        /// `tls.sni`
        TlsSni,
        /// `ipv4.hdr`
        Ipv4Header,
        /// `ipv6.hdr`
        Ipv6Header,
        /// `tcp.hdr`
        TcpHeader,
        /// `udp.hdr`
        UdpHeader,
        /// `icmpv4.hdr`
        IcmpHeader,
    }
}

/// How many buffers there are.
pub const BUFFERS: usize = Buffer::ALL.len();

bytes! {
    /// A number of a packet's headers that a rule compares.
    Field {
        /// Bytes of payload.
        Dsize,
        /// The IP header's time to live or hop limit.
        Ttl,
        /// The IPv4 header's type of service.
        Tos,
        /// The IPv4 header's identification.
        Id,
        /// The IP header's protocol.
        IpProtocol,
        /// The offset of a fragment, in units of eight bytes.
        FragmentOffset,
        /// The type of an ICMP message.
        IcmpType,
        /// The code of an ICMP message.
        IcmpCode,
        /// The identifier of an ICMP echo.
        IcmpId,
        /// The sequence number of an ICMP echo.
        IcmpSequence,
        /// The TCP sequence number.
        Sequence,
        /// The TCP acknowledgment number.
        Acknowledgment,
        /// The TCP window.
        Window,
    }
}

/// The protocols of a rule's header, as bits.
pub mod protocol {
    /// `tcp`
    pub const TCP: u8 = 1;
    /// `udp`
    pub const UDP: u8 = 2;
    /// `icmp`, of both versions of IP
    pub const ICMP: u8 = 4;
    /// Any other
    pub const OTHER: u8 = 8;
    /// `ip`
    pub const ANY: u8 = 15;
}

/// What a rule demands of the packet's flow and of the packet as a whole, as bits.
pub mod condition {
    /// `flow:to_server`
    pub const TO_SERVER: u32 = 1;
    /// `flow:to_client`
    pub const TO_CLIENT: u32 = 1 << 1;
    /// `flow:established`
    pub const ESTABLISHED: u32 = 1 << 2;
    /// `flow:not_established`
    pub const NOT_ESTABLISHED: u32 = 1 << 3;
    /// `flow:stateless`
    pub const STATELESS: u32 = 1 << 4;
    /// The payload is looked at packet by packet.
    pub const PACKET: u32 = 1 << 5;
    /// The payload is looked at as a stream.
    pub const STREAM: u32 = 1 << 6;
    /// `flow:no_stream` or `tcp-pkt`: never the stream.
    pub const NO_STREAM: u32 = 1 << 7;
    /// `flow:only_frag`
    pub const ONLY_FRAGMENT: u32 = 1 << 8;
    /// `flow:no_frag`
    pub const NO_FRAGMENT: u32 = 1 << 9;
    /// The rule knows addresses only: it is evaluated once per direction of a flow.
    pub const ADDRESSES_ONLY: u32 = 1 << 10;
    /// `ip4`
    pub const IPV4: u32 = 1 << 11;
    /// `ip6`
    pub const IPV6: u32 = 1 << 12;
    /// `noalert`
    pub const NO_ALERT: u32 = 1 << 13;
    /// The rule says nothing about payload: packets without any are matched, too.
    pub const NO_PAYLOAD: u32 = 1 << 14;
    /// A matching pass or drop is about the whole flow.
    pub const WHOLE_FLOW: u32 = 1 << 15;
    /// `flow:only_stream`
    pub const ONLY_STREAM: u32 = 1 << 16;
    /// Flows that match are diverted.
    pub const DIVERT: u32 = 1 << 17;
}
