// SPDX-License-Identifier: Apache-2.0
//! What holds for every element: its `SPEC` tells the truth about it.

use super::*;
use crate::filter::{Diagram, NO_MATCH};
use crate::flows::{AGES, Specification, Timing};
use crate::overlay::{Host, Networks, Settings as Learning, Vrf};
use crate::script::{Kind, Program};
use crate::spec::HandlerKind;
use crate::tunnel::{Decapsulator, DontFragment, Encapsulator, Ends, Network, Payload, Underlay};
use crate::{Element, HandlerError};

/// Each handler of the `SPEC` exists, in the direction that it says, and others do not.
fn check_handlers<E: Element>(mut element: E) {
    let class = E::SPEC.class;
    for handler in E::SPEC.handlers {
        let readable = element.read_handler(handler.name, &mut String::new()) != Err(HandlerError::Unknown);
        let writable = element.write_handler(handler.name, "?") != Err(HandlerError::Unknown);
        let expected = match handler.kind {
            HandlerKind::Read | HandlerKind::Drops => (true, false),
            HandlerKind::Write => (false, true),
            HandlerKind::ReadWrite => (true, true),
        };
        assert_eq!((readable, writable), expected, "{class}.{} readable, writable", handler.name);
    }
    assert_eq!(element.read_handler("?", &mut String::new()), Err(HandlerError::Unknown), "{class}");
    assert_eq!(element.write_handler("?", ""), Err(HandlerError::Unknown), "{class}");
}

/// A diagram that matches no packet.
const NOTHING: Diagram =
    Diagram { root: 0x8000 | NO_MATCH, transport: false, nodes: &[], wide: &[], narrow: &[], far: &[] };

/// A hop of no chain, and a director without rules.
const NO_CHAINS: chain_hop::Map = chain_hop::Map {
    services: &[],
    chains: &[],
    by_number: &[],
    entries: &[],
    wishes: &[],
    function: [0; 2],
    remembers: false,
};
const NO_RULES: flow_director::Rules =
    flow_director::Rules { chains: &[], diagram: &NOTHING, diagram6: &NOTHING, annotations: &[], default: 0 };

/// A table for ARP that has bounds, but no memory.
const ARP_LIMITS: arp_table::Limits =
    arp_table::Limits { packets: 1, entries: 1, entry_packets: 1, slim_factor: 2, timeout_ns: 0 };
/// A script that does nothing.
const NO_SCRIPT: Program =
    Program { kind: Kind::Active, name: "", class: "", instructions: &[], variables: &[], signals: &[] };
/// A rewriter's input that drops, and times of none.
const DROP: Specification = Specification::Drop;
const TIMING: Timing = Timing { timeouts_ms: [0; AGES], guarantees_ms: [0; AGES], reap_ms: 0 };

/// A tunnel between two addresses.
fn tunnel() -> Encapsulator {
    let underlay = Underlay {
        ends: Ends::V4([1; 4], [2; 4]),
        protocol: 47,
        udp: None,
        ttl: 64,
        dscp: None,
        dont_fragment: DontFragment::Copied,
        identification: 0,
    };
    Encapsulator::new(underlay, 1500, false)
}

fn fast_pace() -> fast_source::Pace {
    fast_source::Pace::new(0, 0, true)
}

fn fast_frame() -> fast_source::Frame {
    fast_source::Frame::new(60, ([0; 6], [0; 4]), ([0; 6], [0; 4]), 17)
}
/// A ping that never is sent.
const PING: icmp_ping_source::Options = icmp_ping_source::Options {
    addresses: (0, 0),
    interval_ns: 1,
    identifier: 0,
    limit: 0,
    active: false,
    stop: false,
    verbose: false,
    mirror: false,
};

#[test]
fn handlers_are_those_of_the_spec() {
    check_handlers(AddressInfo::new());
    check_handlers(AddressTranslator::new(&[], false, address_translator::Dynamic::None, false));
    check_handlers(AggregateCounter::new(aggregate_counter::Limits::NONE, "", false));
    check_handlers(AggregateIp::new(aggregate_ip::Header::Ip, 0, 8, "", false, false, false));
    check_handlers(AggregateIpFlows::new(aggregate_ip_flows::Options::DEFAULT, false));
    check_handlers(Align::new(4, 0));
    check_handlers(AlignmentInfo::new());
    check_handlers(ArpFaker::new((0, [0; 6]), (0, [0; 6])));
    check_handlers(ArpPrint::new("", true, false, true));
    check_handlers(ArpQuerier::new("", 1, [0; 6], 0, 0, false, ARP_LIMITS));
    check_handlers(ArpResponder::<2>::new(&[], false));
    check_handlers(ArpTable::new(ARP_LIMITS));
    check_handlers(AverageCounter::new(0));
    check_handlers(BalancedThreadSched::new());
    check_handlers(BandwidthMeter::new([1]));
    check_handlers(BandwidthRatedSplitter::new(1, tokens::Burst::Tokens(1), false));
    check_handlers(BandwidthRatedUnqueue::new(1, tokens::Burst::Tokens(1)));
    check_handlers(BandwidthShaper::new(1));
    check_handlers(Burster::new(1, 1));
    check_handlers(ChainHop::<1, 1, 0>::new(NO_CHAINS, 0));
    check_handlers(CheckArpHeader::new(0, "", false, false));
    check_handlers(CheckIcmpHeader::new("", false, false));
    check_handlers(CheckIp6Header::new(0, &[], false));
    check_handlers(CheckIpHeader::new(0, true, &[], &[], "", false, false));
    check_handlers(CheckIpHeader2::new(CheckIpHeader::new(0, true, &[], &[], "", false, false)));
    check_handlers(CheckLength::new(0, false));
    check_handlers(CheckPaint::new(0, false));
    check_handlers(CheckTcpHeader::new("", false, false));
    check_handlers(CheckUdpHeader::new("", false, false));
    check_handlers(Classifier::new(0, &NOTHING));
    check_handlers(CoDel::new(1, 1));
    check_handlers(ControlSocket::new());
    check_handlers(Counter::new());
    check_handlers(DecIp6Hlim::new(false));
    check_handlers(DecIpTtl::new(true, true, false));
    check_handlers(DelayShaper::new(1));
    check_handlers(DelayUnqueue::new(1));
    check_handlers(DirectIpLookup::new(&[], 2));
    check_handlers(Discard::new());
    check_handlers(DriverManager::new(NO_SCRIPT));
    check_handlers(DropBroadcasts::new(false));
    check_handlers(DrrSched::<2>::new(500));
    check_handlers(EnsureEther::new(0, [0; 6], [0; 6]));
    check_handlers(Error::new());
    check_handlers(EtherEncap::new(0, [0; 6], [0; 6]));
    check_handlers(EtherMirror::new());
    check_handlers(EtherRewrite::new([0; 6], [0; 6]));
    check_handlers(EtherSpanTree::<2>::new([0; 6]));
    check_handlers(EtherSwitch::<8>::new(300));
    check_handlers(EtherVlanEncap::new(0, [0; 6], [0; 6], 0, false, 0));
    check_handlers(FastTcpFlows::new(fast_pace(), fast_frame(), 3));
    check_handlers(FastUdpFlows::new(fast_pace(), fast_frame(), 1, true));
    check_handlers(FastUdpSource::new(fast_pace(), fast_frame(), [0; 2], true, 0));
    check_handlers(FixIpSrc::new(0));
    check_handlers(FlowDirector::new(NO_RULES, 0));
    check_handlers(FromDevice::new(0));
    check_handlers(FromHost::new("", 0));
    check_handlers(FrontDropQueue::<8>::new());
    check_handlers(FtpPortMapper::new(0));
    check_handlers(GetEtherAddress::new(0, 0, false));
    check_handlers(GetIp6Address::new(24));
    check_handlers(GetIpAddress::at(16));
    check_handlers(HashSwitch::<2>::new(0, 1));
    check_handlers(HostEtherFilter::new([0; 6], false, true, 0, false));
    check_handlers(Icmp6Error::new(1, 1, 0));
    check_handlers(IcmpError::new(0, 3, 0, &[], 576, 0, true));
    check_handlers(IcmpPingResponder::new(false));
    check_handlers(IcmpPingRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(IcmpPingRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(IcmpPingSource::new("", PING, b""));
    check_handlers(IcmpRewriter::new([None], 1, true, false));
    check_handlers(IcmpRewriter::new([None], 1, true, false));
    check_handlers(Idle::new());
    check_handlers(InfiniteSource::new(b"", -1, 1, true, false, true));
    check_handlers(Ip6NdAdvertiser::new(&[]));
    check_handlers(Ip6NdSolicitor::new(1, [2; 6]));
    check_handlers(Ip6Print::new("", 0));
    check_handlers(IpAddrPairRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(IpAddrRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(IpClassifier::new(0, &NOTHING));
    check_handlers(IpEncap::new(4, [0; 4], None, 250, 0, false));
    check_handlers(IpFilter::new(0, &NOTHING));
    check_handlers(StatefulFilter::new(0, &NOTHING, &NOTHING, None, 0));
    check_handlers(ConnTrack::new(crate::conntrack::Timeouts::NONE, false));
    check_handlers(IpFragmenter::new(1500, true, false, false));
    check_handlers(Ip6Fragmenter::new(1500, false));
    check_handlers(IpGwOptions::new(&[], false));
    check_handlers(IpInputCombo::new(0, &[], &[]));
    check_handlers(IpNameInfo::new());
    check_handlers(IpOutputCombo::new(0, [0; 4], 1500));
    check_handlers(IpPrint::new(ip_print::Fields::DEFAULT, true, None, true));
    check_handlers(IpRateMonitor::new(false, 1, 1, false));
    check_handlers(IpReassembler::<1>::new(0, false));
    check_handlers(IpRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(IpRewriterPatterns);
    check_handlers(LinearIpLookup::new(&[], 2));
    check_handlers(LinkUnqueue::new(1, 100));
    check_handlers(ListenEtherSwitch::<8>::new(300));
    check_handlers(LookupIp6Route::new(&[], 2));
    check_handlers(MarkIp6Header::new(0));
    check_handlers(MarkIpHeader::new(0));
    check_handlers(MarkIpHeader::new(0));
    check_handlers(Message::new("", "", false));
    check_handlers(Message::new("", "", false));
    check_handlers(Meter::new([1]));
    check_handlers(MixedQueue::<8>::new());
    check_handlers(MixedQueue::<8>::new());
    check_handlers(NshDecap::new());
    check_handlers(NshEncap::new(None, 255, 3));
    check_handlers(Null::new());
    check_handlers(Pad::new(0));
    check_handlers(Paint::new(0));
    check_handlers(PaintSwitch::new());
    check_handlers(PaintTee::new(0));
    check_handlers(PortInfo::new());
    check_handlers(Print::new("", 24, true));
    check_handlers(PrioSched::<2>::new());
    check_handlers(ProtocolTranslator46::new(false));
    check_handlers(ProtocolTranslator64::new());
    check_handlers(PullSwitch::new(0, 2));
    check_handlers(PullTee::<2>::new());
    check_handlers(Queue::<8>::new());
    check_handlers(RadixIpLookup::new(&[], 2));
    check_handlers(RandomSample::new(0, true));
    check_handlers(RandomSource::new(64, -1, 1, true, false, true));
    check_handlers(RandomSwitch::new(2));
    check_handlers(RangeIpLookup::new(&[], 2));
    check_handlers(RatedSource::new(b"", 10, 2, -1, true, false));
    check_handlers(RatedSplitter::new(1, tokens::Burst::Tokens(1), 1, false));
    check_handlers(RatedUnqueue::new(1, tokens::Burst::Tokens(1)));
    check_handlers(Red::new(red::Thresholds { min: 1, max: 2, max_p: 1, gentle: true }, 4, ""));
    check_handlers(Reject::new(crate::rejection::Answer::Reset));
    check_handlers(RoundRobinIpMapper::<0>::new([]));
    check_handlers(RoundRobinSched::<2>::new());
    check_handlers(RoundRobinSwitch::<2>::new());
    check_handlers(ScheduleInfo::new());
    check_handlers(ScheduleLinux::new());
    check_handlers(Script::new(NO_SCRIPT));
    check_handlers(SetEtherAddress::new([0; 6], 0));
    check_handlers(SetIp6Address::new(1));
    check_handlers(SetIp6Dscp::new(1));
    check_handlers(SetIpAddress::new([0; 4]));
    check_handlers(SetIpChecksum::new());
    check_handlers(SetIpDscp::new(0));
    check_handlers(SetIpEcn::new(0));
    check_handlers(SetRandIpAddress::new(0, 0, 0));
    check_handlers(SetTcpChecksum::new(false));
    check_handlers(SetTimestamp::new(None));
    check_handlers(AdjustTimestamp::new(0, false));
    check_handlers(MarkIpCe::new(false));
    check_handlers(IcmpIpEncap::new([0; 4], [0; 4], 8, 0, 0));
    check_handlers(SetUdpChecksum::new("", false));
    check_handlers(SetVlanAnno::new(0));
    check_handlers(Shaper::new(1));
    check_handlers(SimpleQueue::<8>::new());
    check_handlers(SortedIpLookup::new(&[], 2));
    check_handlers(SourceIpHashMapper::<0>::new([], &[]));
    check_handlers(StaticIpLookup::new(&[], 2));
    check_handlers(StaticPullSwitch::new(None));
    check_handlers(StaticSwitch::new(None));
    check_handlers(StaticThreadSched::new());
    check_handlers(StoreData::new(0, b""));
    check_handlers(StoreEtherAddress::new([0; 6], 0, None, false));
    check_handlers(StoreIpAddress::at(0, None, false));
    check_handlers(StrideSched::new([1, 1]));
    check_handlers(StrideSwitch::new([1, 1]));
    check_handlers(Strip::new(14));
    check_handlers(StripEtherVlanHeader::new(None, false));
    check_handlers(StripIpHeader::new());
    check_handlers(StripToNetworkHeader::new());
    check_handlers(Suppressor::new());
    check_handlers(Switch::new(0, 2));
    check_handlers(TcpRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(Tee::<2>::new());
    check_handlers(TimedSource::new(1, b"", -1, true, false, 128));
    check_handlers(TimedUnqueue::new(1, 1));
    check_handlers(TimeFilter::new(None, None, false));
    check_handlers(TimeRange::new(false));
    check_handlers(TimeSortedSched::<2, 2>::new(false));
    check_handlers(ToChain::new());
    check_handlers(ToDevice::new(0));
    check_handlers(ToHost::new("", None));
    check_handlers(ToPort::new());
    check_handlers(ToService::new());
    check_handlers(Truncate::new(0, true));
    check_handlers(UdpIpEncap::new([0; 4], 1, None, 2, true));
    check_handlers(UdpRewriter::new([DROP], 1, 1, TIMING, true, false));
    check_handlers(Unqueue::new(1, -1, true));
    check_handlers(Unstrip::new(14));
    check_handlers(Bypass::new(false, true));
    check_handlers(ClickyInfo::new());
    check_handlers(IpMirror::new(true));
    check_handlers(RandomBitErrors::new(1, random_bit_errors::Kind::Flip, true));
    check_handlers(SetAnnoByte::new(16, 1));
    check_handlers(SetPacketType::new(crate::PacketType::Host));
    check_handlers(TimedSink::new(1));
    check_handlers(VlanDecap::new(true, 0x8100));
    check_handlers(VlanEncap::new(0, false, 0, 0x8100));
    check_handlers(GeneveDecap::new(Decapsulator::new(&[17], false, false), None, None));
    check_handlers(GeneveEncap::new(tunnel(), Network(None), Payload::Ip, &[], false));
    check_handlers(GreDecap::new(Decapsulator::new(&[47], false, false), gre_decap::Key::Any, None));
    check_handlers(GreEncap::new(tunnel(), Payload::Ip, None, false, false));
    check_handlers(IpTunnelDecap::new(Decapsulator::new(&[4, 41], false, false)));
    check_handlers(IpTunnelEncap::new(tunnel()));
    check_handlers(MplsUdpDecap::new(Decapsulator::new(&[17], false, false), None, mpls_udp_encap::Labelled::Ip));
    check_handlers(MplsUdpEncap::new(tunnel(), &[16], false, mpls_udp_encap::Labelled::Ip, None, None));
    check_handlers(NvgreDecap::new(Decapsulator::new(&[47], false, false), None));
    check_handlers(NvgreEncap::new(tunnel(), None, None));
    check_handlers(PacketTooBig::new(crate::tunnel::Inner::Ethernet, true, 0, 0, false));
    check_handlers(PathMtu::new(1));
    check_handlers(SttDecap::<1>::new(Decapsulator::new(&[6], true, false), None, 1));
    let ports = stt_encap::Ports { source: None, destination: 7471 };
    check_handlers(SttEncap::new(tunnel(), None, ports, true, false));
    check_handlers(VnetLinks::<2>::new(
        vnet_links::Outer {
            source: core::net::Ipv4Addr::LOCALHOST.into(),
            port: 9000,
            source_port: None,
            ttl: 64,
            dscp: None,
            mtu: 1500,
            checksum: true,
            identification: 0,
        },
        &[],
        false,
    ));
    check_handlers(VnetRouter::<2>::new(vnet_router::Places { interfaces: 1, painted: 0, plain: 1 }, &[]));
    check_handlers(MulticastMember::new(Host(0), &[]));
    check_handlers(VniRouter::new([2; 6], &[], Vrf(0)));
    let settings = vtep::Settings { local: Host(0), commands: &[], trunk: None, gateway: None, suppresses: true };
    let networks = Networks::new(Learning { learns: crate::overlay::Learns::All, timeout_s: 0 });
    check_handlers(Vtep::new(settings, tunnel(), Decapsulator::new(&[17], false, false), networks));
    check_handlers(Ids::new(&[], 0, false, 0));
    check_handlers(VxlanDecap::new(Decapsulator::new(&[17], false, false), None, vxlan_encap::Carried::Plain));
    check_handlers(VxlanEncap::new(tunnel(), Network(None), vxlan_encap::Carried::Plain));
}

#[cfg(feature = "host")]
mod registry {
    use crate::elements::registry;
    use crate::spec::{ArgumentKind, Shape};

    #[test]
    fn classes_are_sorted_and_unique() {
        let names: Vec<_> = registry().iter().map(|class| class.spec.class.to_lowercase()).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }

    #[test]
    fn aliases_name_classes() {
        assert!(crate::elements::ALIASES.iter().all(|(alias, class)| {
            registry().iter().any(|entry| entry.spec.class == *class)
                && registry().iter().all(|entry| entry.spec.class != *alias)
        }));
    }

    #[test]
    fn arguments_by_position_stand_before_keywords() {
        for class in registry() {
            let rank = |kind| match kind {
                ArgumentKind::Required => 0,
                ArgumentKind::Optional | ArgumentKind::List => 1,
                ArgumentKind::Keyword => 2,
            };
            let arguments = class.spec.arguments;
            assert!(arguments.is_sorted_by_key(|argument| rank(argument.kind)), "{}", class.spec.class);
        }
    }

    #[test]
    fn ports_and_processing_fit_the_shape() {
        for class in registry() {
            let spec = class.spec;
            let ((inputs, outputs), (input, output)) =
                (spec.ports.split_once('/').unwrap(), spec.processing.split_once('/').unwrap());
            assert_eq!((inputs == "0", outputs == "0"), (input.is_empty(), output.is_empty()), "{}", spec.class);
            match spec.shape {
                Shape::Action => assert_eq!((inputs, outputs, input, output), ("1", "1", "a", "a"), "{}", spec.class),
                Shape::Route | Shape::Push => assert!(inputs != "0" && outputs != "0", "{}", spec.class),
                Shape::Store => assert_eq!((input, &output[..1]), ("h", "l"), "{}", spec.class),
                Shape::Source => assert_eq!(inputs, "0", "{}", spec.class),
                // Idle alone has outputs, which give nothing.
                Shape::Sink => assert!(outputs == "0" || spec.class == "Idle", "{}", spec.class),
                Shape::Pull => assert!(!input.contains('h') && inputs != "0", "{}", spec.class),
                Shape::Control | Shape::Information => assert_eq!(spec.ports, "0/0", "{}", spec.class),
            }
        }
    }
}
