// SPDX-License-Identifier: Apache-2.0
//! # MPLSUDPEncap
//! `MPLSUDPEncap(SRC, DST, LABELS [, PROTOCOL, EXP, LTTL, TTL, DSCP, DF, MTU, PATHS, SPORT, DPORT, CHECKSUM])` — puts packets behind MPLS labels
//! into UDP.
//!
//! **Ports:** one input, one or two outputs, push or pull; output 1 is push.
//!
//! **Expects:** IP packets, or what PROTOCOL says.
//!
//! **Description:** prepends a label stack (RFC 3032), and UDP and IP headers of SRC and DST (RFC 7510), as `VXLANEncap` does; DPORT is 6635
//! by default. LABELS are one to eight, the first one outermost, separated by spaces; the last one may be `ANY`, which is each
//! packet's aggregate annotation. PROTOCOL is `ip` (the default), `ethernet`, or `mpls` for packets that begin with labels
//! already, below which LABELS are not the last ones.
//!
//! EXP is 0 to 7, or `copy`, the default: the upper three bits of the inner DSCP. LTTL, the labels' TTL, is 1 to 255, or
//! `copy`, the default: the IP packet's (RFC 3032 §2.4.3), and 64 if there is none in front. The source port is chosen by the inner flow
//! (RFC 7510 §3: entropy), so that routers balance flows.
//!
//! **Handlers:** `src`, `dst`, `mtu` (read, write), `too_big`, `no_headroom` (drops).
//!
//! **Example:** `FromDevice(lan) -> Strip(14) -> MPLSUDPEncap(192.0.2.1, 198.51.100.1, 16 17) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> ToDevice(wan);`
//!
//! **See also:** `MPLSUDPDecap`, `VXLANEncap`, `GREEncap`.

use crate::spec::{Argument, ArgumentKind, Category, Shape};
use crate::tunnel::{Encapsulator, Inner, heeds_paths};
use crate::wire::mpls::{ENTRY_BYTES, Entry};
use crate::{Element, HandlerError, Packet, PacketIo, Route, Spec};
use core::fmt;

/// Most labels that are put in front at once.
const MOST_LABELS: usize = 8;
/// The labels' TTL of what has none itself.
const TIME_TO_LIVE: u8 = 64;

/// What is behind the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labelled {
    /// IPv4 and IPv6 packets.
    Ip,
    /// Ethernet frames.
    Ethernet,
    /// More labels.
    Mpls,
}

impl Labelled {
    /// How its fields are found.
    #[inline]
    pub(super) fn inner(self) -> Inner {
        match self {
            Labelled::Ip => Inner::Ip,
            Labelled::Ethernet => Inner::Ethernet,
            Labelled::Mpls => Inner::Opaque,
        }
    }
}

/// See the module's documentation.
pub struct MplsUdpEncap {
    outer: Encapsulator,
    /// The outermost one first.
    labels: &'static [u32],
    /// Whether the last label is each packet's own.
    any: bool,
    labelled: Labelled,
    exp: Option<u8>,
    ttl: Option<u8>,
}

impl MplsUdpEncap {
    /// Puts what is `labelled` behind `labels`, at most eight, of which the last is each packet's own if it may be `any`; with this Exp
    /// and TTL, or the inner packet's.
    pub const fn new(
        outer: Encapsulator,
        labels: &'static [u32],
        any: bool,
        labelled: Labelled,
        exp: Option<u8>,
        ttl: Option<u8>,
    ) -> Self {
        MplsUdpEncap { outer, labels, any, labelled, exp, ttl }
    }

    /// Writes the stack in front of `packet`: its length.
    #[inline]
    fn stack(&self, packet: &Packet, out: &mut [u8; MOST_LABELS * ENTRY_BYTES]) -> usize {
        let inner = self.labelled.inner();
        let exp = self.exp.unwrap_or_else(|| inner.fields(packet.data()).tos >> 5);
        let ttl = self.ttl.unwrap_or_else(|| inner.time_to_live(packet.data()).unwrap_or(TIME_TO_LIVE));
        let last = self.labels.len().saturating_sub(1);
        let (places, _) = out.as_chunks_mut::<ENTRY_BYTES>();
        for (index, (place, label)) in places.iter_mut().zip(self.labels).enumerate() {
            let is_last = index == last;
            let label = if is_last && self.any { packet.annotations().aggregate & 0xf_ffff } else { *label };
            *place = Entry { label, exp, is_bottom: is_last && self.labelled != Labelled::Mpls, ttl }.to_bytes();
        }
        self.labels.len().min(MOST_LABELS) * ENTRY_BYTES
    }
}

impl Element for MplsUdpEncap {
    const SPEC: Spec = Spec {
        class: "MPLSUDPEncap",
        category: Category::Tunnel,
        summary: "puts packets behind MPLS labels into UDP",
        ports: "1/1-2",
        processing: "a/ah",
        shape: Shape::Route,
        arguments: &[
            Encapsulator::SRC,
            Encapsulator::DST,
            Argument { name: "LABELS", kind: ArgumentKind::Required, doc: "labels, the outermost first; the last may be ANY" },
            Argument { name: "PROTOCOL", kind: ArgumentKind::Keyword, doc: "ip, the default, ethernet or mpls" },
            Argument { name: "EXP", kind: ArgumentKind::Keyword, doc: "0 to 7, or copy, the default" },
            Argument { name: "LTTL", kind: ArgumentKind::Keyword, doc: "the labels' TTL, 1 to 255, or copy, the default" },
            Encapsulator::TTL,
            Encapsulator::DSCP,
            Encapsulator::DF,
            Encapsulator::MTU,
            Encapsulator::PATHS,
            Encapsulator::SPORT,
            Encapsulator::DPORT,
            Encapsulator::CHECKSUM,
        ],
        handlers: &Encapsulator::HANDLERS,
    };

    fn read_handler(&self, name: &str, out: &mut dyn fmt::Write) -> Result<(), HandlerError> {
        self.outer.read_handler(name, out)
    }

    fn write_handler(&mut self, name: &str, value: &str) -> Result<(), HandlerError> {
        self.outer.write_handler(name, value)
    }
}

#[cfg(feature = "host")]
mod configuration {
    use super::{Labelled, MOST_LABELS, MplsUdpEncap};
    use crate::configure::{Arguments, Configure, FromArgument, Instance, Surroundings};
    use crate::tunnel::DontFragment;
    use crate::tunnel::arguments::{Defaults, OrCopy, encapsulator, paths};
    use crate::wire::mpls;

    impl FromArgument for Labelled {
        const WANTED: &'static str = "ip, ethernet or mpls";

        fn from_argument(text: &str) -> Option<Self> {
            match text {
                "ip" => Some(Labelled::Ip),
                "ethernet" => Some(Labelled::Ethernet),
                "mpls" => Some(Labelled::Mpls),
                _ => None,
            }
        }
    }

    /// Labels; whether the last one is `ANY`, which stands there as 0.
    struct Labels(Vec<u32>, bool);

    impl FromArgument for Labels {
        const WANTED: &'static str = "one to eight labels of 0 to 1048575, but 3; the last may be ANY";

        fn from_argument(text: &str) -> Option<Self> {
            let words: Vec<_> = text.split_whitespace().collect();
            let any = words.last() == Some(&"ANY");
            let label = |word: &&str| u32::from_argument(word).filter(|it| *it < mpls::LABELS && *it != mpls::IMPLICIT_NULL);
            let numbers = &words[..words.len() - usize::from(any)];
            let mut labels = numbers.iter().map(label).collect::<Option<Vec<_>>>()?;
            labels.extend(any.then_some(0));
            (1..=MOST_LABELS).contains(&labels.len()).then_some(Labels(labels, any))
        }
    }

    /// Exp.
    #[derive(Clone, Copy)]
    struct Exp(u8);

    impl FromArgument for OrCopy<Exp> {
        const WANTED: &'static str = "0 to 7, or copy";

        fn from_argument(text: &str) -> Option<Self> {
            OrCopy::of(text, |text| u8::from_argument(text).filter(|exp| *exp < 8).map(Exp))
        }
    }

    /// A TTL with which a packet gets anywhere.
    #[derive(Clone, Copy)]
    struct Ttl(u8);

    impl FromArgument for OrCopy<Ttl> {
        const WANTED: &'static str = "1 to 255, or copy";

        fn from_argument(text: &str) -> Option<Self> {
            OrCopy::of(text, |text| u8::from_argument(text).filter(|ttl| *ttl > 0).map(Ttl))
        }
    }

    impl Labelled {
        /// The expression that gives it.
        pub fn expression(self) -> String {
            format!("mpls_udp_encap::Labelled::{self:?}")
        }
    }

    impl Configure for MplsUdpEncap {
        fn configure(arguments: &mut Arguments, around: &Surroundings) -> Option<Instance> {
            let labelled = arguments.keyword("PROTOCOL").unwrap_or(Labelled::Ip);
            let OrCopy::<Exp>(exp) = arguments.keyword("EXP").unwrap_or(OrCopy(None));
            let OrCopy::<Ttl>(ttl) = arguments.keyword("LTTL").unwrap_or(OrCopy(None));
            let defaults = Defaults::over_udp(mpls::PORT, DontFragment::Always(false));
            let paths = paths(arguments);
            let outer = encapsulator(arguments, around, defaults);
            let Labels(labels, any) = arguments.required("LABELS")?;
            let (exp, ttl) = (exp.map(|Exp(exp)| exp), ttl.map(|Ttl(ttl)| ttl));
            let expression = format!(
                "MplsUdpEncap::new({}, &{labels:?}, {any}, {}, {exp:?}, {ttl:?})",
                outer?,
                labelled.expression()
            );
            Some(Instance::new("MplsUdpEncap", expression).with_peers(paths))
        }
    }
}

impl Route for MplsUdpEncap {
    #[inline]
    fn route<M: PacketIo>(&mut self, _: &mut M, _: usize, packet: &mut Packet) -> Option<usize> {
        let mut stack = [0; MOST_LABELS * ENTRY_BYTES];
        let length = self.stack(packet, &mut stack);
        self.outer.wrap(packet, self.labelled.inner(), &stack[..length])
    }
}

heeds_paths!(MplsUdpEncap);
