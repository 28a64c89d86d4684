// SPDX-License-Identifier: Apache-2.0
// What `Configure` makes of list.txt: see the README.

instances! {
    "0/0 AddressInfo(x 1.0.0.1)", Information, 1, 1, AddressInfo = AddressInfo::new(), [], [];
    "2/2 at0 :: AddressTranslator(1, 0, 2001:db8::1 2001:db8::2, 0)", Route, 2, 1, AddressTranslator = AddressTranslator::new(&[((0x20010db8000000000000000000000001, 0), (0x20010db8000000000000000000000002, 0))], false, address_translator::Dynamic::None, false), [], [];
    "2/2 at1 :: AddressTranslator(0, 1, 1, 0, ::192.0.2.1 6000 6010)", Route, 2, 1, AddressTranslator = AddressTranslator::new(&[], false, address_translator::Dynamic::Ports(0xc0000201, 6000), false), [address_translator::Flow = address_translator::Flow::EMPTY; 11], [];
    "1/2 AggregateCounter(AGGREGATE_FREEZE 10, COUNT_STOP 20)", Route, 2, 1, AggregateCounter = AggregateCounter::new(aggregate_counter::Limits { bytes: false, ip_bytes: false, extra_length: true, aggregates: 10, aggregates_stop: false, count: 20, count_stops: true }, "", true), [aggregate_counter::Node = aggregate_counter::Node::EMPTY; 65535], [];
    "2/2 AggregateCounter(BYTES true, IP_BYTES true, EXTRA_LENGTH true)", Route, 2, 1, AggregateCounter = AggregateCounter::new(aggregate_counter::Limits { bytes: true, ip_bytes: true, extra_length: true, aggregates: 4294967295, aggregates_stop: false, count: 18446744073709551615, count_stops: false }, "", true), [aggregate_counter::Node = aggregate_counter::Node::EMPTY; 65535], [];
    "1/2 AggregateIP(ip src/8)", Route, 2, 1, AggregateIp = AggregateIp::new(aggregate_ip::Header::Ip, 96, 8, "ip src/8", false, false, true), [], [];
    "1/1 AggregateIP(tcp seq)", Route, 1, 1, AggregateIp = AggregateIp::new(aggregate_ip::Header::Protocol(6), 32, 32, "tcp seq", false, false, false), [], [];
    "1/2 AggregateIP(data[4:4])", Route, 2, 1, AggregateIp = AggregateIp::new(aggregate_ip::Header::Payload, 32, 32, "payload[4:4]", false, false, true), [], [];
    "1/2 AggregateIPFlows(ICMP true)", Route, 2, 1, AggregateIpFlows = AggregateIpFlows::new(aggregate_ip_flows::Options { tcp: 86400, tcp_done: 30, udp: 60, fragment: 30, icmp: true, fragments: true }, true), [aggregate_ip_flows::Flow = aggregate_ip_flows::Flow::EMPTY; 16384], [];
    "1/1 AggregateIPFlows", Route, 1, 1, AggregateIpFlows = AggregateIpFlows::new(aggregate_ip_flows::Options { tcp: 86400, tcp_done: 30, udp: 60, fragment: 30, icmp: false, fragments: true }, false), [aggregate_ip_flows::Flow = aggregate_ip_flows::Flow::EMPTY; 16384], [];
    "1/1 Align(4, 2)", Action, 1, 1, Align = Align::new(4, 2), [], [];
    "0/0 AlignmentInfo(x 4 2)", Information, 1, 1, AlignmentInfo = AlignmentInfo::new(), [], [];
    "0/1 ARPFaker(1.0.0.1, 2:0:0:0:0:1, 1.0.0.2, 2:0:0:0:0:2)", Source, 1, 1, ArpFaker = ArpFaker::new((0x01000001, [2, 0, 0, 0, 0, 1]), (0x01000002, [2, 0, 0, 0, 0, 2])), [], [];
    "1/1 ARPPrint(a)", Action, 1, 1, ArpPrint = ArpPrint::new("a", true, false, true), [], [];
    "2/2 ARPQuerier(10.0.0.1/24, 02:00:00:00:00:01)", Push, 2, 1, ArpQuerier = ArpQuerier::new("x", 0x0a000001, [2, 0, 0, 0, 0, 1], 0x0a0000ff, 60000000000, false, arp_table::Limits { packets: 2048, entries: 0, entry_packets: 0, slim_factor: 2, timeout_ns: 300000000000 }), [arp_table::Place = arp_table::Place::EMPTY; 2048], [];
    "2/1 ARPQuerier(10.0.0.1/8, 02:00:00:00:00:01, CAPACITY 4, ENTRY_CAPACITY 3, TIMEOUT 10, POLL_TIMEOUT 5, BROADCAST_POLL true)", Push, 1, 2, ArpQuerier = ArpQuerier::new("x", 0x0a000001, [2, 0, 0, 0, 0, 1], 0x0affffff, 5000000000, true, arp_table::Limits { packets: 4, entries: 3, entry_packets: 0, slim_factor: 2, timeout_ns: 10000000000 }), [arp_table::Place = arp_table::Place::EMPTY; 4], [];
    "0/0 arp :: ARPTable(CAPACITY 8, ENTRY_CAPACITY 5, TIMEOUT 9)", Information, 1, 1, ArpTable = ArpTable::new(arp_table::Limits { packets: 8, entries: 5, entry_packets: 0, slim_factor: 2, timeout_ns: 9000000000 }), [arp_table::Place = arp_table::Place::EMPTY; 8], [];
    "2/2 ARPQuerier(10.0.0.1, 02:00:00:00:00:01, TABLE arp)", Push, 2, 1, ArpQuerier = ArpQuerier::new("x", 0x0a000001, [2, 0, 0, 0, 0, 1], 0xffffffff, 60000000000, false, arp_table::Limits { packets: 2048, entries: 0, entry_packets: 0, slim_factor: 2, timeout_ns: 300000000000 }), [], [p0: ArpTable = ArpTable::new(arp_table::Limits { packets: 8, entries: 5, entry_packets: 0, slim_factor: 2, timeout_ns: 9000000000 }), [arp_table::Place = arp_table::Place::EMPTY; 8]; ];
    "1/2 ARPResponder(10.0.0.0/8 02:00:00:00:00:01, 1.0.0.1 02:00:00:00:00:02)", Route, 2, 1, ArpResponder<18> = ArpResponder::<18>::new(&[(0x0a000000, 8, [2, 0, 0, 0, 0, 1]), (0x01000001, 32, [2, 0, 0, 0, 0, 2])], true), [], [];
    "1/1 AverageCounter(1)", Action, 1, 1, AverageCounter = AverageCounter::new(1), [], [];
    "0/0 BalancedThreadSched", Information, 1, 1, BalancedThreadSched = BalancedThreadSched::new(), [], [];
    "1/2 CheckARPHeader(14)", Route, 2, 1, CheckArpHeader = CheckArpHeader::new(14, "ARP header check failed", false, true), [], [];
    "1/1 CheckARPHeader(0, VERBOSE true)", Route, 1, 1, CheckArpHeader = CheckArpHeader::new(0, "ARP header check failed", true, false), [], [];
    "1/2 CheckICMPHeader(VERBOSE true, DETAILS true)", Route, 2, 1, CheckIcmpHeader = CheckIcmpHeader::new("x :: CheckICMPHeader: ICMP header check failed", true, true), [], [];
    "1/1 CheckICMPHeader", Route, 1, 1, CheckIcmpHeader = CheckIcmpHeader::new("x :: CheckICMPHeader: ICMP header check failed", false, false), [], [];
    "1/2 CheckIP6Header(OFFSET 14)", Route, 2, 1, CheckIp6Header = CheckIp6Header::new(14, &[], true), [], [];
    "1/1 CheckIP6Header(::1 ::2)", Route, 1, 1, CheckIp6Header = CheckIp6Header::new(0, &[0x1, 0x2], false), [], [];
    "1/2 CheckIPHeader(14, VERBOSE true, DETAILS true)", Route, 2, 1, CheckIpHeader = CheckIpHeader::new(14, true, &[], &[], "x: IP header check failed", true, true), [], [];
    "1/1 CheckIPHeader(1.2.3.4 10.0.0.255, 0)", Route, 1, 1, CheckIpHeader = CheckIpHeader::new(0, true, &[16909060, 167772415, 0, 4294967295], &[], "x: IP header check failed", false, false), [], [];
    "1/2 CheckIPHeader2(14)", Route, 2, 1, CheckIpHeader2 = CheckIpHeader2::new(CheckIpHeader::new(14, false, &[], &[], "x: IP header check failed", false, true)), [], [];
    "1/2 CheckLength(60)", Route, 2, 1, CheckLength = CheckLength::new(60, true), [], [];
    "1/1 CheckLength(60)", Route, 1, 1, CheckLength = CheckLength::new(60, false), [], [];
    "1/2 CheckPaint(3)", Route, 2, 1, CheckPaint = CheckPaint::new(3, true), [], [];
    "1/2 CheckTCPHeader(DETAILS true)", Route, 2, 1, CheckTcpHeader = CheckTcpHeader::new("x :: CheckTCPHeader: TCP header check failed", false, true), [], [];
    "1/2 CheckUDPHeader(VERBOSE true)", Route, 2, 1, CheckUdpHeader = CheckUdpHeader::new("UDP header check failed", true, true), [], [];
    "1/4 Classifier(12/0806 20/0001, 12/0800 !30/0a00%ff00, 1500/ff, -)", Route, 4, 1, Classifier<Code35> = Classifier::new(4, Code35), [], [];
    "2/2 ct :: ConnTrack(FLOWS 20)", Route, 2, 1, ConnTrack = ConnTrack::new(nf_elements::conntrack::Timeouts { tcp_opening: 56, tcp_established: 6930, tcp_closing: 224, tcp_closed: 10, udp: 28, udp_stream: 112, icmp: 56, other: 559, }, false), [nf_elements::conntrack::Memory::<6, 20> = nf_elements::conntrack::Memory::<6, 20>::EMPTY; 1], [];
    "0/0 ControlSocket(tcp, 1234)", Information, 1, 1, ControlSocket = ControlSocket::new(), [], [];
    "1/1 Counter(COUNT_CALL 3 stop)", Action, 1, 1, Counter = Counter::calling(nf_elements::CountCall::new(3, nf_elements::Call::new("stop")), nf_elements::CountCall::NONE), [], [];
    "1/1 Counter", Action, 1, 1, Counter = Counter::new(), [], [];
    "1/2 DecIP6HLIM", Route, 2, 1, DecIp6Hlim = DecIp6Hlim::new(true), [], [];
    "1/2 DecIPTTL", Route, 2, 1, DecIpTtl = DecIpTtl::new(true, true, true), [], [];
    "1/1 DecIPTTL(MULTICAST false)", Route, 1, 1, DecIpTtl = DecIpTtl::new(true, false, false), [], [];
    "1/3 DirectIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 2)", Route, 3, 1, DirectIpLookup = DirectIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x04\x04\x00\x00\x0c\x10\x00\x00\x12\x18\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 147888], [];
    "1/0 Discard", Sink, 1, 1, Discard = Discard::new(), [], [];
    "0/0 dm :: DriverManager(wait 1s, write c.reset, print $(c.count), stop)", Control, 1, 1, DriverManager = DriverManager::new({ use nf_elements::script::{Ending, File, Instruction, Kind, Piece, Program, Target}; Program { kind: Kind::Driver, name: "x", class: "DriverManager", instructions: &[Instruction::Wait(&[Piece::Literal("1s")]), Instruction::Write { unquote: false, text: &[Piece::Literal("c.reset")] }, Instruction::Print { call: false, unquote: false, line: true, file: None, text: &[Piece::Call { text: &[Piece::Literal("c.count")], quoted: false }] }, Instruction::Finish(Ending::Stop), Instruction::Finish(Ending::Stop)], variables: &[], signals: &[] } }), [nf_elements::script::Text = nf_elements::script::Text::EMPTY; 2], [];
    "1/2 DropBroadcasts", Route, 2, 1, DropBroadcasts = DropBroadcasts::new(true), [], [];
    "1/1 EnsureEther(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2)", Action, 1, 1, EnsureEther = EnsureEther::new(0x0800, [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]), [], [];
    "1/1 EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2)", Action, 1, 1, EtherEncap = EtherEncap::new(0x0800, [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]), [], [];
    "1/1 EtherMirror", Action, 1, 1, EtherMirror = EtherMirror::new(), [], [];
    "1/1 EtherRewrite(1:1:1:1:1:1, 2:2:2:2:2:2)", Action, 1, 1, EtherRewrite = EtherRewrite::new([1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2]), [], [];
    "3/3 i :: Suppressor", Route, 3, 1, Suppressor = Suppressor::new(), [], [];
    "3/3 o :: Suppressor", Route, 3, 1, Suppressor = Suppressor::new(), [], [];
    "3/3 s :: EtherSwitch", Push, 3, 1, EtherSwitch<1024> = EtherSwitch::<1024>::new(300), [], [];
    "3/3 EtherSpanTree(02:00:00:00:00:01, i, o, s)", Push, 3, 1, EtherSpanTree<3> = EtherSpanTree::<3>::new([2, 0, 0, 0, 0, 1]), [], [p0: Suppressor = Suppressor::new(), []; p1: Suppressor = Suppressor::new(), []; p2: EtherSwitch<1024> = EtherSwitch::<1024>::new(300), []; ];
    "1/1 EtherVLANEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2, VLAN_ID 3)", Action, 1, 1, EtherVlanEncap = EtherVlanEncap::new(0x0800, [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], 0x0003, false, 0), [], [];
    "0/1 FastTCPFlows(1000, 100, 60, 2:0:0:0:0:1, 1.0.0.1, 2:0:0:0:0:2, 1.0.0.2, 4, 3)", Source, 1, 1, FastTcpFlows = FastTcpFlows::new(fast_source::Pace::new(1000, 100, true), fast_source::Frame::new(60, ([2, 0, 0, 0, 0, 1], [1, 0, 0, 1]), ([2, 0, 0, 0, 0, 2], [1, 0, 0, 2]), 6), 3), [fast_source::Flow = fast_source::Flow::EMPTY; 4], [];
    "0/1 FastUDPFlows(1000, 100, 60, 2:0:0:0:0:1, 1.0.0.1, 2:0:0:0:0:2, 1.0.0.2, 4, 3)", Source, 1, 1, FastUdpFlows = FastUdpFlows::new(fast_source::Pace::new(1000, 100, true), fast_source::Frame::new(60, ([2, 0, 0, 0, 0, 1], [1, 0, 0, 1]), ([2, 0, 0, 0, 0, 2], [1, 0, 0, 2]), 17), 3, true), [fast_source::Flow = fast_source::Flow::EMPTY; 4], [];
    "0/1 FastUDPSource(1000, 100, 60, 2:0:0:0:0:1, 1.0.0.1, 1234, 2:0:0:0:0:2, 1.0.0.2, 1234)", Source, 1, 1, FastUdpSource = FastUdpSource::new(fast_source::Pace::new(1000, 100, true), fast_source::Frame::new(60, ([2, 0, 0, 0, 0, 1], [1, 0, 0, 1]), ([2, 0, 0, 0, 0, 2], [1, 0, 0, 2]), 17), [1234, 1234], true, 0), [], [];
    "1/1 FixIPSrc(1.0.0.1)", Action, 1, 1, FixIpSrc = FixIpSrc::new(0x01000001), [], [];
    "2/2 FlowDirector(web tcp port 80, DEFAULT bulk, CHAIN web 1, CHAIN bulk 2, FLOWS 8, TIMEOUT 1)", Route, 2, 1, FlowDirector = FlowDirector::new(flow_director::Rules { chains: &[flow_director::Chain { name: "web", annotation: 1 }, flow_director::Chain { name: "bulk", annotation: 2 }], diagram: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, diagram6: &nf_elements::filter::Diagram { root: 2, transport: true, nodes: &[[201359362,0,2],[134250498,0,5],[268468226,8,10],], wide: &[], narrow: &[80,81,65534,32768,65534,0,32768,0,1540,1792,65534,1,65534,], far: &[] }, annotations: &[1], default: 2 }, 0), [nf_elements::chains::Memory::<3, 8> = nf_elements::chains::Memory::<3, 8>::EMPTY; 1], [];
    "0/1 FromDevice(p0)", Source, 1, 1, FromDevice = FromDevice::new(0), [], [];
    "0/1 FromHost(fake0)", Source, 1, 1, FromHost = FromHost::new("fake0", 2), [], [];
    "1/2 FrontDropQueue(4)", Store, 2, 1, FrontDropQueue<4> = FrontDropQueue::<4>::new().named("x"), [], [];
    "1/2 GetEtherAddress(0, src)", Route, 2, 1, GetEtherAddress = GetEtherAddress::new(0, 6, true), [], [];
    "1/1 GetIP6Address(24)", Action, 1, 1, GetIp6Address = GetIp6Address::new(24), [], [];
    "1/1 GetIPAddress(16)", Action, 1, 1, GetIpAddress = GetIpAddress::at(16), [], [];
    "1/3 HashSwitch(4, 8)", Route, 3, 1, HashSwitch<3> = HashSwitch::<3>::new(4, 8), [], [];
    "1/2 HostEtherFilter(2:0:0:0:0:1, DROP_OWN true)", Route, 2, 1, HostEtherFilter = HostEtherFilter::new([2, 0, 0, 0, 0, 1], true, true, 0, true), [], [];
    "1/1 ICMP6Error(2001:db8::1, 3, 0)", Action, 1, 1, Icmp6Error = Icmp6Error::new(0x20010db8000000000000000000000001, 3, 0), [], [];
    "1/1 ICMP6Error(2001:db8::1, 2, 0)", Action, 1, 1, Icmp6Error = Icmp6Error::new(0x20010db8000000000000000000000001, 2, 0), [], [];
    "1/1 ICMP6Error(2001:db8::1, 137, 0)", Action, 1, 1, Icmp6Error = Icmp6Error::new(0x20010db8000000000000000000000001, 137, 0), [], [];
    "1/1 ICMPError(10.0.0.1, timeexceeded, 0)", Action, 1, 1, IcmpError = IcmpError::new(0x0a000001, 11, 0, &[], 576, 0, true), [], [];
    "1/1 ICMPError(10.0.0.1, redirect, host)", Action, 1, 1, IcmpError = IcmpError::new(0x0a000001, 5, 1, &[], 576, 0, true), [], [];
    "1/1 ICMPError(10.0.0.1, parameterproblem, 0, MTU 100)", Action, 1, 1, IcmpError = IcmpError::new(0x0a000001, 12, 0, &[], 100, 0, true), [], [];
    "1/2 ICMPPingResponder", Route, 2, 1, IcmpPingResponder = IcmpPingResponder::new(true), [], [];
    "1/2 pings :: ICMPPingRewriter(pattern 1.0.0.1 - 0-65535# 0 1, CAPACITY 16)", Route, 2, 1, IcmpPingRewriter<1> = IcmpPingRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 0, destination: 0, destination_port: 0, variation: 65535, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1])], 2, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 300000, 300000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4], [];
    "1/1 ICMPPingSource(1.0.0.1, 1.0.0.2, INTERVAL 0.1, VERBOSE true)", Push, 1, 1, IcmpPingSource = IcmpPingSource::new("x", icmp_ping_source::Options { addresses: (16777217, 16777218), interval_ns: 100000000, identifier: 0, limit: -1, active: true, stop: false, verbose: true, mirror: false }, b""), [u64 = 0; 65536], [];
    "0/1 ICMPPingSource(1.0.0.1, 1.0.0.2)", Push, 1, 1, IcmpPingSource = IcmpPingSource::new("x", icmp_ping_source::Options { addresses: (16777217, 16777218), interval_ns: 1000000000, identifier: 0, limit: -1, active: true, stop: false, verbose: true, mirror: false }, b""), [], [];
    "2/2 nat :: IPRewriter(pattern 1.0.0.1 1024-1030# - - 0 1, drop, CAPACITY 16, REAP_INTERVAL 1)", Route, 2, 1, IpRewriter<2> = IpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 6, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Drop], 2, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 1000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4], [];
    "0/0 rr :: RoundRobinIPMapper(1.0.0.1 1024-65535 - - 0 1, - - 5.5.5.5 80 0 1)", Information, 1, 1, RoundRobinIpMapper<2> = RoundRobinIpMapper::<2>::new([nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }, nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215045, destination_port: 80, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }]), [], [];
    "0/0 hash :: SourceIPHashMapper(20 0xbeef, - - 5.5.5.5 - 0 1 1, - - 5.5.5.6 - 0 1 2)", Information, 1, 1, SourceIpHashMapper<2> = SourceIpHashMapper::<2>::new([nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215045, destination_port: 0, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }, nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215046, destination_port: 0, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }], b"\xa6\x32\x27\x55\x01\x00\x38\xa8\x02\x3a\x01\x00\xa0\x5f\x04\x6f\x00\x00\xf0\xa1\x16\x19\x00\x00\x51\x79\x65\x4b\x00\x00\xea\x68\xd0\x63\x01\x00\x03\xc6\xe4\x76\x00\x00\x46\xa6\xc4\x12\x01\x00\x18\xd5\xf6\x23\x01\x00\xd7\xf9\x9a\x45\x00\x00\x4e\xad\x3a\x4f\x01\x00\xfa\xd6\xe1\x60\x01\x00\x52\xac\x17\x6b\x01\x00\x4e\xe6\x32\x74\x01\x00\xd8\xcd\xd4\x7b\x01\x00\x57\x85\xec\x05\x00\x00\xc3\x2f\xa1\x15\x00\x00\x06\xd8\xda\x21\x00\x00\xec\x9c\xe6\x31\x00\x00\x3c\x65\x5c\x41\x00\x00\xa0\xf2\x0c\x4b\x00\x00\x4d\xc9\xb0\x4d\x01\x00\xaa\x86\xbd\x51\x00\x00\xce\x73\x36\x60\x01\x00\xd7\xf9\x8a\x63\x01\x00\xef\x56\x15\x66\x00\x00\xe1\xd6\xcf\x6b\x00\x00\x39\xd4\xca\x6f\x00\x00\xec\x9c\x66\x74\x01\x00\xa7\x96\x89\x78\x00\x00\x39\x66\x97\x7f\x01\x00\xe9\xda\xff\x04\x00\x00\xd2\x2e\x32\x11\x00\x00\xa6\xd7\x79\x13\x00\x00\x57\x2c\xc9\x18\x01\x00\x84\x2c\xfd\x1b\x01\x00\xd6\x2b\x54\x22\x01\x00\x77\xec\x97\x2e\x01\x00\x78\x32\x8e\x32\x00\x00\xf8\x60\x0d\x3a\x01\x00"), [], [];
    "2/3 IPRewriter(rr, keep 2 2, CAPACITY 16)", Route, 3, 1, IpRewriter<2> = IpRewriter::<2>::new([nf_elements::flows::Specification::Mapper(0), nf_elements::flows::Specification::Keep([2, 2])], 3, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4], [p0: RoundRobinIpMapper<2> = RoundRobinIpMapper::<2>::new([nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }, nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215045, destination_port: 80, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }]), []; ];
    "1/2 IPRewriter(hash, CAPACITY 8)", Route, 2, 1, IpRewriter<1> = IpRewriter::<1>::new([nf_elements::flows::Specification::Mapper(0)], 2, 8, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2], [p0: SourceIpHashMapper<2> = SourceIpHashMapper::<2>::new([nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215045, destination_port: 0, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }, nf_elements::flows::Target { pattern: nf_elements::flows::Pattern { source: 0, source_port: 0, destination: 84215046, destination_port: 0, variation: 0, ports: true, sequential: false, same_first: true, next: 0 }, outputs: [0, 1] }], b"\xa6\x32\x27\x55\x01\x00\x38\xa8\x02\x3a\x01\x00\xa0\x5f\x04\x6f\x00\x00\xf0\xa1\x16\x19\x00\x00\x51\x79\x65\x4b\x00\x00\xea\x68\xd0\x63\x01\x00\x03\xc6\xe4\x76\x00\x00\x46\xa6\xc4\x12\x01\x00\x18\xd5\xf6\x23\x01\x00\xd7\xf9\x9a\x45\x00\x00\x4e\xad\x3a\x4f\x01\x00\xfa\xd6\xe1\x60\x01\x00\x52\xac\x17\x6b\x01\x00\x4e\xe6\x32\x74\x01\x00\xd8\xcd\xd4\x7b\x01\x00\x57\x85\xec\x05\x00\x00\xc3\x2f\xa1\x15\x00\x00\x06\xd8\xda\x21\x00\x00\xec\x9c\xe6\x31\x00\x00\x3c\x65\x5c\x41\x00\x00\xa0\xf2\x0c\x4b\x00\x00\x4d\xc9\xb0\x4d\x01\x00\xaa\x86\xbd\x51\x00\x00\xce\x73\x36\x60\x01\x00\xd7\xf9\x8a\x63\x01\x00\xef\x56\x15\x66\x00\x00\xe1\xd6\xcf\x6b\x00\x00\x39\xd4\xca\x6f\x00\x00\xec\x9c\x66\x74\x01\x00\xa7\x96\x89\x78\x00\x00\x39\x66\x97\x7f\x01\x00\xe9\xda\xff\x04\x00\x00\xd2\x2e\x32\x11\x00\x00\xa6\xd7\x79\x13\x00\x00\x57\x2c\xc9\x18\x01\x00\x84\x2c\xfd\x1b\x01\x00\xd6\x2b\x54\x22\x01\x00\x77\xec\x97\x2e\x01\x00\x78\x32\x8e\x32\x00\x00\xf8\x60\x0d\x3a\x01\x00"), []; ];
    "1/2 IPRewriter(keep 0 1, MAPPING_CAPACITY 4)", Route, 2, 1, IpRewriter<1> = IpRewriter::<1>::new([nf_elements::flows::Specification::Keep([0, 1])], 2, 4, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 1], [];
    "2/2 tcp :: TCPRewriter(pattern 1.0.0.1 1024-65535# - - 0 1, pass 1, CAPACITY 8)", Route, 2, 1, TcpRewriter<2> = TcpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Pass(1)], 2, 8, nf_elements::flows::Timing { timeouts_ms: [0, 0, 300000, 86400000, 240000], guarantees_ms: [0, 0, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2], [];
    "1/2 UDPRewriter(pattern 1.0.0.1 1024-65535 - - 0 1, CAPACITY 8)", Route, 2, 1, UdpRewriter<1> = UdpRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: false, same_first: true, next: 0 }, [0, 1])], 2, 8, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 300000, 300000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2], [];
    "1/2 IPAddrRewriter(pattern 1.0.0.1-1.0.0.9 - 0 1, CAPACITY 9)", Route, 2, 1, IpAddrRewriter<1> = IpAddrRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 0, destination: 0, destination_port: 0, variation: 8, ports: false, sequential: false, same_first: true, next: 0 }, [0, 1])], 2, 9, nf_elements::flows::Timing { timeouts_ms: [7200000, 7200000, 7200000, 7200000, 7200000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 3], [];
    "1/2 addr :: IPAddrRewriter(pattern 1.0.0.1-1.0.0.9 - 0 1, CAPACITY 8)", Route, 2, 1, IpAddrRewriter<1> = IpAddrRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 0, destination: 0, destination_port: 0, variation: 8, ports: false, sequential: false, same_first: true, next: 0 }, [0, 1])], 2, 8, nf_elements::flows::Timing { timeouts_ms: [7200000, 7200000, 7200000, 7200000, 7200000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2], [];
    "1/2 IPAddrPairRewriter(pattern 1.0.0.1-1.0.0.9 - 0 1, CAPACITY 9)", Route, 2, 1, IpAddrPairRewriter<1> = IpAddrPairRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 0, destination: 0, destination_port: 0, variation: 8, ports: false, sequential: false, same_first: true, next: 0 }, [0, 1])], 2, 9, nf_elements::flows::Timing { timeouts_ms: [7200000, 7200000, 7200000, 7200000, 7200000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 3], [];
    "1/2 ICMPRewriter(nat pings)", Route, 2, 1, IcmpRewriter<2> = IcmpRewriter::<2>::new([None, None], 2, true, false), [], [p0: IpRewriter<2> = IpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 6, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Drop], 2, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 1000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4]; p1: IcmpPingRewriter<1> = IcmpPingRewriter::<1>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 0, destination: 0, destination_port: 0, variation: 65535, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1])], 2, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 300000, 300000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4]; ];
    "1/1 ICMPRewriter(tcp, DST_ANNO false)", Route, 1, 1, IcmpRewriter<1> = IcmpRewriter::<1>::new([None], 1, false, false), [], [p0: TcpRewriter<2> = TcpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Pass(1)], 2, 8, nf_elements::flows::Timing { timeouts_ms: [0, 0, 300000, 86400000, 240000], guarantees_ms: [0, 0, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2]; ];
    "1/1 FTPPortMapper(tcp, tcp, 0)", Action, 1, 1, FtpPortMapper = FtpPortMapper::new(0), [], [p0: TcpRewriter<2> = TcpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Pass(1)], 2, 8, nf_elements::flows::Timing { timeouts_ms: [0, 0, 300000, 86400000, 240000], guarantees_ms: [0, 0, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2]; ];
    "1/1 FTPPortMapper(tcp, nat, 0)", Action, 1, 1, FtpPortMapper = FtpPortMapper::new(0), [], [p0: TcpRewriter<2> = TcpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 64511, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Pass(1)], 2, 8, nf_elements::flows::Timing { timeouts_ms: [0, 0, 300000, 86400000, 240000], guarantees_ms: [0, 0, 5000, 5000, 5000], reap_ms: 900000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 2]; p1: IpRewriter<2> = IpRewriter::<2>::new([nf_elements::flows::Specification::Pattern(nf_elements::flows::Pattern { source: 16777217, source_port: 1024, destination: 0, destination_port: 0, variation: 6, ports: true, sequential: true, same_first: false, next: 0 }, [0, 1]), nf_elements::flows::Specification::Drop], 2, 16, nf_elements::flows::Timing { timeouts_ms: [300000, 300000, 300000, 86400000, 240000], guarantees_ms: [5000, 5000, 5000, 5000, 5000], reap_ms: 1000 }, true, false), [nf_elements::flows::Block = nf_elements::flows::Block::EMPTY; 4]; ];
    "1/0 Idle", Sink, 1, 1, Idle = Idle::new(), [], [];
    "0/1 InfiniteSource(DATA \\<00 01 02>, LIMIT 20, BURST 3)", Source, 1, 1, InfiniteSource = InfiniteSource::new(b"\x00\x01\x02", 20, 3, true, false, true), [], [];
    "0/1 InfiniteSource(LENGTH 1800, TIMESTAMP true)", Source, 1, 1, InfiniteSource = InfiniteSource::new(b"Sluice made this packet to fill a frame of the shortest length.\n", -1, 1, true, false, true).with_length(1800), [], [];
    "1/1 IP6NDAdvertiser(2001:db8::1 02:00:00:00:00:01, fe80::/64 02:00:00:00:00:02)", Action, 1, 1, Ip6NdAdvertiser = Ip6NdAdvertiser::new(&[(0x20010db8000000000000000000000001, 128, [2, 0, 0, 0, 0, 1]), (0xfe800000000000000000000000000000, 64, [2, 0, 0, 0, 0, 2])]), [], [];
    "2/2 IP6NDSolicitor(2001:db8::1, 02:00:00:00:00:01)", Push, 2, 1, Ip6NdSolicitor = Ip6NdSolicitor::new(0x20010db8000000000000000000000001, [2, 0, 0, 0, 0, 1]), [ip6_nd_solicitor::Neighbor = ip6_nd_solicitor::Neighbor::EMPTY; 256], [];
    "1/1 IP6Print(six, CONTENTS true, NBYTES 100)", Action, 1, 1, Ip6Print = Ip6Print::new("six", 100), [], [];
    "1/4 IPClassifier(tcp port 80 and syn, udp, ip frag or icmp type echo, -)", Route, 4, 1, IpClassifier<Code100> = IpClassifier::new(4, Code100), [], [];
    "1/1 IPEncap(4, 18.26.4.24, 140.247.60.147)", Action, 1, 1, IpEncap = IpEncap::new(4, [18, 26, 4, 24], Some([140, 247, 60, 147]), 250, 0, false), [], [];
    "1/1 IPEncap(udp, 18.26.4.24, DST_ANNO, TTL 3, TOS 4)", Action, 1, 1, IpEncap = IpEncap::new(17, [18, 26, 4, 24], None, 3, 4, false), [], [];
    "1/2 IPFilter(allow src net 10.0.0.0/8 && dst port < 1024, 1 ip vers 4 and ttl > 3, deny all)", Route, 2, 1, IpFilter<Code103> = IpFilter::new(3, Code103), [], [];
    "1/2 IPFragmenter(100)", Push, 2, 32, IpFragmenter = IpFragmenter::new(100, true, false, true), [], [];
    "1/1 IPFragmenter(1300, HONOR_DF false, VERBOSE true)", Push, 1, 32, IpFragmenter = IpFragmenter::new(1300, false, true, false), [], [];
    "1/1 IP6Fragmenter(100)", Push, 1, 32, Ip6Fragmenter = Ip6Fragmenter::new(100, false), [], [];
    "1/2 IP6Fragmenter(56)", Push, 2, 32, Ip6Fragmenter = Ip6Fragmenter::new(56, true), [], [];
    "1/2 IPGWOptions(1.0.0.1, 1.2.3.4)", Route, 2, 1, IpGwOptions = IpGwOptions::new(&[[1, 0, 0, 1], [1, 2, 3, 4]], true), [], [];
    "1/1 IPInputCombo(1, 1.2.3.255)", Action, 1, 1, IpInputCombo = IpInputCombo::new(1, &[16909311, 0, 4294967295], &[]), [], [];
    "0/0 IPNameInfo", Information, 1, 1, IpNameInfo = IpNameInfo::new(), [], [];
    "1/5 IPOutputCombo(1, 1.0.0.1, 576)", Push, 5, 1, IpOutputCombo = IpOutputCombo::new(1, [1, 0, 0, 1], 576), [], [];
    "1/1 IPPrint(a, CONTENTS hex, NBYTES 1500, TTL true, TOS true, LENGTH true, ID true, AGGREGATE true, PAINT true)", Action, 1, 1, IpPrint = IpPrint::new(ip_print::Fields { label: "a", contents: Some(ip_print::Contents::Hex), payload: false, most_bytes: 1500, id: true, ttl: true, tos: true, length: true, aggregate: true, paint: true, ..ip_print::Fields::DEFAULT }, true, None, true), [], [];
    "1/1 IPPrint(CONTENTS ascii)", Action, 1, 1, IpPrint = IpPrint::new(ip_print::Fields { contents: Some(ip_print::Contents::Ascii), payload: false, most_bytes: 1500, ..ip_print::Fields::DEFAULT }, true, None, true), [], [];
    "2/2 IPRateMonitor(PACKETS, 1, 0, 100)", Route, 2, 1, IpRateMonitor = IpRateMonitor::new(false, 65536, 0, true), [ip_rate_monitor::Node = ip_rate_monitor::Node::EMPTY; 853], [];
    "1/1 IPRateMonitor(BYTES, 0.5, 100)", Route, 1, 1, IpRateMonitor = IpRateMonitor::new(true, 32768, 100, false), [ip_rate_monitor::Node = ip_rate_monitor::Node::EMPTY; 32768], [];
    "1/2 IPReassembler(HIMEM 2000)", Push, 2, 32, IpReassembler<1> = IpReassembler::<1>::new(2000, true), [], [];
    "1/1 IPReassembler", Push, 1, 32, IpReassembler<128> = IpReassembler::<128>::new(262144, false), [], [];
    "0/0 IPRewriterPatterns(x 1.0.0.1 - - -)", Information, 1, 1, IpRewriterPatterns = IpRewriterPatterns, [], [];
    "1/3 LinearIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 - 2)", Route, 3, 1, LinearIpLookup = LinearIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x04\x04\x00\x00\x0c\x10\x00\x00\x12\x18\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 147888], [];
    "3/4 ListenEtherSwitch", Push, 4, 1, ListenEtherSwitch<1024> = ListenEtherSwitch::<1024>::new(300), [], [];
    "1/2 LookupIP6Route(2001:db8::/32 0, 2001:db8:1::/48 fe80::1 1, ::/0 ::0 0)", Route, 2, 1, LookupIp6Route = LookupIp6Route::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x01\x00\x00\x03\x01\x00\x00\x3c\x14\x00\x00\x42\x16\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x20\x00\x20\x01\x0d\xb8\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x30\x00", 2), [u8 = 0; 163532], [];
    "1/1 MarkIP6Header(14)", Action, 1, 1, MarkIp6Header = MarkIp6Header::new(14), [], [];
    "1/1 MarkIPHeader(14)", Action, 1, 1, MarkIpHeader = MarkIpHeader::new(14), [], [];
    "1/1 MarkIPHeader", Action, 1, 1, MarkIpHeader = MarkIpHeader::new(0), [], [];
    "0/0 Message(hello, WARNING)", Control, 1, 1, Message = Message::new("x", "hello", true), [], [];
    "2/2 MixedQueue(4)", Store, 2, 1, MixedQueue<4> = MixedQueue::<4>::new().named("x"), [], [];
    "1/1 NSHDecap", Action, 1, 1, NshDecap = NshDecap::new(), [], [];
    "1/1 NSHEncap(PATH 7)", Action, 1, 1, NshEncap = NshEncap::new(Some(7), 255, 3), [], [];
    "1/1 MulticastMember(192.0.2.1, 239.1.1.1, 239.1.1.2)", Push, 1, 4, MulticastMember = MulticastMember::new(nf_elements::overlay::Host(0xffffc0000201), &[nf_elements::overlay::Host(0xffffef010101), nf_elements::overlay::Host(0xffffef010102)]), [], [];
    "1/1 MulticastMember(fe80::1, ff05::1)", Push, 1, 4, MulticastMember = MulticastMember::new(nf_elements::overlay::Host(0xfe800000000000000000000000000001), &[nf_elements::overlay::Host(0xff050000000000000000000000000001)]), [], [];
    "1/1 Null", Action, 1, 1, Null = Null::new(), [], [];
    "1/1 Pad(60)", Action, 1, 1, Pad = Pad::new(60), [], [];
    "1/1 Pad", Action, 1, 1, Pad = Pad::new(0), [], [];
    "1/1 Paint(3)", Action, 1, 1, Paint = Paint::new(3), [], [];
    "1/3 PaintSwitch", Push, 3, 1, PaintSwitch = PaintSwitch::new(), [], [];
    "1/2 PaintTee(3)", Push, 2, 1, PaintTee = PaintTee::new(3), [], [];
    "0/0 PortInfo(x 80)", Information, 1, 1, PortInfo = PortInfo::new(), [], [];
    "1/1 Print(a, 100, TIMESTAMP true, PRINTANNO true)", Action, 1, 1, Print = Print::showing(print::Shown { label: "a", bytes: 100, contents: print::Contents::Hex, timestamp: true, annotations: true, headroom: false }, true), [], [];
    "1/1 Print(CONTENTS ASCII, MAXLENGTH -1)", Action, 1, 1, Print = Print::showing(print::Shown { label: "", bytes: usize::MAX, contents: print::Contents::Ascii, timestamp: false, annotations: false, headroom: false }, true), [], [];
    "1/1 ProtocolTranslator46", Action, 1, 1, ProtocolTranslator46 = ProtocolTranslator46::new(false), [], [];
    "1/1 ProtocolTranslator64", Action, 1, 1, ProtocolTranslator64 = ProtocolTranslator64::new(), [], [];
    "1/2 Queue(4)", Store, 2, 1, Queue<4> = Queue::<4>::new().named("x"), [], [];
    "1/3 RadixIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 - 2)", Route, 3, 1, RadixIpLookup = RadixIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x04\x04\x00\x00\x0c\x10\x00\x00\x12\x18\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 147888], [];
    "0/1 RandomSource(64)", Source, 1, 1, RandomSource = RandomSource::new(64, -1, 1, true, false, true), [], [];
    "1/3 RandomSwitch", Route, 3, 1, RandomSwitch = RandomSwitch::new(3), [], [];
    "1/3 RangeIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 - 2)", Route, 3, 1, RangeIpLookup = RangeIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x04\x04\x00\x00\x0c\x10\x00\x00\x12\x18\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 147888], [];
    "0/1 RatedSource(RATE 1000, LIMIT 100)", Source, 1, 1, RatedSource = RatedSource::new(b"Sluice made this packet to fill a frame of the shortest length.\n", 1000, 10, 100, true, false), [], [];
    "1/3 RoundRobinSwitch", Route, 3, 1, RoundRobinSwitch<3> = RoundRobinSwitch::<3>::new(), [], [];
    "0/0 ScheduleInfo(x 1)", Information, 1, 1, ScheduleInfo = ScheduleInfo::new(), [], [];
    "0/0 ScheduleLinux", Information, 1, 1, ScheduleLinux = ScheduleLinux::new(), [], [];
    "0/0 script :: Script(set x 0, label again, wait 1ms, write c.reset $x, set x $(add $x 1), goto again $(lt $x 50), end)", Control, 1, 1, Script = Script::new({ use nf_elements::script::{Ending, File, Instruction, Kind, Piece, Program, Target}; Program { kind: Kind::Active, name: "x", class: "Script", instructions: &[Instruction::Begin, Instruction::Set { variable: "x", unquote: false, text: &[Piece::Literal("0")] }, Instruction::Label("again"), Instruction::Wait(&[Piece::Literal("1ms")]), Instruction::Write { unquote: false, text: &[Piece::Literal("c.reset "), Piece::Variable { name: "x", source: "$x", quoted: false }] }, Instruction::Set { variable: "x", unquote: false, text: &[Piece::Call { text: &[Piece::Literal("add "), Piece::Variable { name: "x", source: "$x", quoted: false }, Piece::Literal(" 1")], quoted: false }] }, Instruction::Goto { target: Target::At(2), condition: &[Piece::Call { text: &[Piece::Literal("lt "), Piece::Variable { name: "x", source: "$x", quoted: false }, Piece::Literal(" 50")], quoted: false }] }, Instruction::Finish(Ending::End), Instruction::Finish(Ending::End)], variables: &["x"], signals: &[] } }), [nf_elements::script::Text = nf_elements::script::Text::EMPTY; 3], [];
    "0/0 ps :: Script(TYPE PASSIVE, return $(sprintf \"%5d|%s\" $1 $2))", Control, 1, 1, Script = Script::new({ use nf_elements::script::{Ending, File, Instruction, Kind, Piece, Program, Target}; Program { kind: Kind::Passive, name: "x", class: "Script", instructions: &[Instruction::Begin, Instruction::Return { unquote: false, text: &[Piece::Call { text: &[Piece::Literal("sprintf \"%5d|%s\" "), Piece::Variable { name: "1", source: "$1", quoted: false }, Piece::Literal(" "), Piece::Variable { name: "2", source: "$2", quoted: false }], quoted: false }] }, Instruction::Finish(Ending::End)], variables: &["_"], signals: &[] } }), [nf_elements::script::Text = nf_elements::script::Text::EMPTY; 3], [];
    "1/1 SetEtherAddress(2:0:0:0:0:1, ANNO 4)", Action, 1, 1, SetEtherAddress = SetEtherAddress::new([2, 0, 0, 0, 0, 1], 4), [], [];
    "1/1 SetIP6Address(2001:db8::1)", Action, 1, 1, SetIp6Address = SetIp6Address::new(0x20010db8000000000000000000000001), [], [];
    "1/1 SetIP6DSCP(46)", Action, 1, 1, SetIp6Dscp = SetIp6Dscp::new(46), [], [];
    "1/1 SetIPAddress(1.0.0.1)", Action, 1, 1, SetIpAddress = SetIpAddress::new([1, 0, 0, 1]), [], [];
    "1/1 SetIPChecksum", Action, 1, 1, SetIpChecksum = SetIpChecksum::new(), [], [];
    "1/1 SetIPDSCP(46)", Action, 1, 1, SetIpDscp = SetIpDscp::new(46), [], [];
    "1/1 SetIPECN(1)", Action, 1, 1, SetIpEcn = SetIpEcn::new(1), [], [];
    "1/1 SetRandIPAddress(10.0.0.0/8, 5)", Action, 1, 1, SetRandIpAddress = SetRandIpAddress::new(0x0a000000, 0xff000000, 5), [], [];
    "1/1 SetTCPChecksum", Action, 1, 1, SetTcpChecksum = SetTcpChecksum::new(false), [], [];
    "1/1 SetTCPChecksum(FIXOFF true)", Action, 1, 1, SetTcpChecksum = SetTcpChecksum::new(true), [], [];
    "1/1 SetTimestamp", Action, 1, 1, SetTimestamp = SetTimestamp::new(None), [], [];
    "1/2 SetUDPChecksum", Route, 2, 1, SetUdpChecksum = SetUdpChecksum::new("x", true), [], [];
    "1/1 SetVLANAnno(VLAN_TCI 5)", Action, 1, 1, SetVlanAnno = SetVlanAnno::new(0x0005), [], [];
    "1/2 SimpleQueue(4)", Store, 2, 1, SimpleQueue<4> = SimpleQueue::<4>::new().named("x"), [], [];
    "1/3 SortedIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 - 2)", Route, 3, 1, SortedIpLookup = SortedIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x04\x00\x00\x04\x04\x00\x00\x0c\x10\x00\x00\x12\x18\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 147888], [];
    "1/3 StaticIPLookup(10/8 0, 10.1/16 192.0.2.1 1, 0/0 - 2)", Route, 3, 1, StaticIpLookup = StaticIpLookup::new(b"\x0c\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x02\x00\x08\x00\x0a\x01\x00\x00\x03\x00\x10\x00", 3), [u8 = 0; 0], [];
    "1/2 StatefulFilter(ct, deny state invalid, allow state new|established, 1 all)", Route, 2, 1, StatefulFilter<Code169> = StatefulFilter::new(3, Code169, &nf_elements::filter::Diagram { root: 0, transport: false, nodes: &[[465403908,0,4],], wide: &[], narrow: &[1,3,4,5,32769,32768,32769,65535,32769,], far: &[] }, Some(0), 0x0), [], [p0: ConnTrack = ConnTrack::new(nf_elements::conntrack::Timeouts { tcp_opening: 56, tcp_established: 6930, tcp_closing: 224, tcp_closed: 10, udp: 28, udp_stream: 112, icmp: 56, other: 559, }, false), [nf_elements::conntrack::Memory::<6, 20> = nf_elements::conntrack::Memory::<6, 20>::EMPTY; 1]; ];
    "1/3 StaticSwitch(1)", Route, 3, 1, StaticSwitch = StaticSwitch::new(Some(1)), [], [];
    "0/0 StaticThreadSched(x 1)", Information, 1, 1, StaticThreadSched = StaticThreadSched::new(), [], [];
    "1/1 StoreData(30, abc)", Action, 1, 1, StoreData = StoreData::new(30, b"abc"), [], [];
    "1/2 StoreEtherAddress(2:0:0:0:0:1, 6)", Route, 2, 1, StoreEtherAddress = StoreEtherAddress::new([2, 0, 0, 0, 0, 1], 6, None, true), [], [];
    "1/2 StoreIPAddress(1.0.0.1, 12)", Route, 2, 1, StoreIpAddress = StoreIpAddress::at(12, Some([1, 0, 0, 1]), true), [], [];
    "1/2 StoreIPAddress(12)", Route, 2, 1, StoreIpAddress = StoreIpAddress::at(12, None, true), [], [];
    "1/1 Strip(14)", Action, 1, 1, Strip = Strip::new(14), [], [];
    "1/1 StripIPHeader", Action, 1, 1, StripIpHeader = StripIpHeader::new(), [], [];
    "1/1 StripToNetworkHeader", Action, 1, 1, StripToNetworkHeader = StripToNetworkHeader::new(), [], [];
    "1/2 StripEtherVLANHeader", Route, 2, 1, StripEtherVlanHeader = StripEtherVlanHeader::new(Some(0), true), [], [];
    "1/3 Switch(1)", Route, 3, 1, Switch = Switch::new(1, 3), [], [];
    "1/3 Tee", Push, 3, 1, Tee<3> = Tee::<3>::new(), [], [];
    "1/2 TimeFilter(START_AFTER 1, END_AFTER 60)", Route, 2, 1, TimeFilter = TimeFilter::new(Some(time_filter::Edge::After(1000000000)), Some(time_filter::Edge::After(60000000000)), true), [], [];
    "1/1 TimeRange", Action, 1, 1, TimeRange = TimeRange::new(false), [], [];
    "0/1 TimedSource(0.1, hello, LIMIT 10)", Source, 1, 1, TimedSource = TimedSource::new(100000000, b"hello", 10, true, false, 128), [], [];
    "1/0 ToDevice(p0)", Sink, 1, 1, ToDevice = ToDevice::new(0), [], [];
    "1/1 ToChain(web)", Action, 1, 1, ToChain = ToChain::new(), [], [];
    "1/1 ToPort(lan)", Action, 1, 1, ToPort = ToPort::new(), [], [];
    "1/1 ToService(ids)", Action, 1, 1, ToService = ToService::new(), [], [];
    "1/0 ToHost", Sink, 1, 1, ToHost = ToHost::new("fake0", Some(2)), [], [];
    "1/1 Truncate(64)", Action, 1, 1, Truncate = Truncate::new(64, true), [], [];
    "1/1 Truncate(64, EXTRA_LENGTH false)", Action, 1, 1, Truncate = Truncate::new(64, false), [], [];
    "1/1 UDPIPEncap(1.0.0.1, 1234, 2.0.0.2, 1234)", Action, 1, 1, UdpIpEncap = UdpIpEncap::new([1, 0, 0, 1], 1234, Some([2, 0, 0, 2]), 1234, true), [], [];
    "1/1 UDPIPEncap(1.0.0.1, 1234, DST_ANNO, 1234, CHECKSUM false)", Action, 1, 1, UdpIpEncap = UdpIpEncap::new([1, 0, 0, 1], 1234, None, 1234, false), [], [];
    "1/1 Unqueue(3)", Pull, 1, 1, Unqueue = Unqueue::new(3, -1, true), [], [];
    "1/1 Unqueue(-1)", Pull, 1, 1, Unqueue = Unqueue::new(-1, -1, true), [], [];
    "1/1 Unstrip(14)", Action, 1, 1, Unstrip = Unstrip::new(14), [], [];
    "1/1 VLANDecap", Action, 1, 1, VlanDecap = VlanDecap::new(true, 0x8100), [], [];
    "1/1 VLANDecap(ANNO false)", Action, 1, 1, VlanDecap = VlanDecap::new(false, 0x8100), [], [];
    "1/1 VLANEncap(VLAN_TCI 5)", Action, 1, 1, VlanEncap = VlanEncap::new(0x0005, false, 0, 0x8100), [], [];
    "1/1 VLANEncap(ANNO)", Action, 1, 1, VlanEncap = VlanEncap::new(0x0000, true, 0, 0x8100), [], [];
    "1/2 BandwidthMeter(10kBps)", Route, 2, 1, BandwidthMeter<1> = BandwidthMeter::<1>::new([10000]), [], [];
    "1/2 BandwidthRatedSplitter(10kBps)", Route, 2, 1, BandwidthRatedSplitter = BandwidthRatedSplitter::new(10000, tokens::Burst::Milliseconds(20), true), [], [];
    "1/1 BandwidthRatedUnqueue(10kBps)", Pull, 1, 1, BandwidthRatedUnqueue = BandwidthRatedUnqueue::new(10000, tokens::Burst::Milliseconds(20)), [], [];
    "1/1 BandwidthShaper(10kBps)", Pull, 1, 1, BandwidthShaper = BandwidthShaper::new(10000), [], [];
    "1/1 Burster(0.1, 8)", Pull, 1, 1, Burster = Burster::new(100000000, 8), [], [];
    "1/1 DelayShaper(0.5)", Pull, 1, 1, DelayShaper = DelayShaper::new(500000000), [], [];
    "1/1 DelayUnqueue(0.5)", Pull, 1, 1, DelayUnqueue = DelayUnqueue::new(500000000), [], [];
    "3/1 DRRSched", Pull, 1, 1, DrrSched<3> = DrrSched::<3>::new(500), [], [];
    "1/1 LinkUnqueue(0.5, 10kBps)", Pull, 1, 1, LinkUnqueue = LinkUnqueue::new(500000000, 10000), [], [];
    "1/3 Meter(10, 100)", Route, 3, 1, Meter<2> = Meter::<2>::new([10, 100]), [], [];
    "3/1 PrioSched", Pull, 1, 1, PrioSched<3> = PrioSched::<3>::new(), [], [];
    "3/1 PullSwitch(1)", Pull, 1, 1, PullSwitch = PullSwitch::new(1, 3), [], [];
    "1/3 PullTee", Push, 3, 1, PullTee<3> = PullTee::<3>::new(), [], [];
    "1/2 RandomSample(0.5)", Route, 2, 1, RandomSample = RandomSample::new(134217728, true), [], [];
    "1/2 RatedSplitter(1000)", Route, 2, 1, RatedSplitter = RatedSplitter::new(1000, tokens::Burst::Milliseconds(20), 1, true), [], [];
    "1/1 RatedUnqueue(1000)", Pull, 1, 1, RatedUnqueue = RatedUnqueue::new(1000, tokens::Burst::Milliseconds(20)), [], [];
    "3/1 RoundRobinSched", Pull, 1, 1, RoundRobinSched<3> = RoundRobinSched::<3>::new(), [], [];
    "1/1 Shaper(1000)", Pull, 1, 1, Shaper = Shaper::new(1000), [], [];
    "3/1 StaticPullSwitch(1)", Pull, 1, 1, StaticPullSwitch = StaticPullSwitch::new(Some(1)), [], [];
    "3/1 StrideSched(1, 2, 3)", Pull, 1, 1, StrideSched<3> = StrideSched::<3>::new([1, 2, 3]), [], [];
    "1/3 StrideSwitch(1, 2, 3)", Route, 3, 1, StrideSwitch<3> = StrideSwitch::<3>::new([1, 2, 3]), [], [];
    "1/1 TimedUnqueue(0.1, 8)", Pull, 1, 1, TimedUnqueue = TimedUnqueue::new(100000000, 8), [], [];
    "2/2 Bypass(true)", Route, 2, 1, Bypass = Bypass::new(true, true), [], [];
    "5/5 ChainHop(SERVICE lan 0, SERVICE ids STATEFUL 1 2 SPARE 3, CHAIN web 1 lan ids, FLOWS 8, TIMEOUT 1)", Route, 5, 1, ChainHop<4, 1, 1> = ChainHop::<4, 1, 1>::new(chain_hop::Map { services: &[chain_hop::Service { name: "lan", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "ids", ports: &[1, 2, 3], mask: 14, takers: 3, stateful: true, balance: 0 }], chains: &[chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false }], by_number: &[255, 0], entries: &[1, 32769, 32769, 32769], wishes: &[], function: [1, 1], remembers: true }, 0), [nf_elements::chains::Memory::<3, 8> = nf_elements::chains::Memory::<3, 8>::EMPTY; 1], [];
    "4/4 ChainHop(SERVICE lan 0, SERVICE wan 1, CHAIN web 1 lan wan, CHAIN bulk 2 wan lan ONEWAY, TO CHAIN web)", Route, 4, 1, ChainHop<2, 2, 0> = ChainHop::<2, 2, 0>::new(chain_hop::Map { services: &[chain_hop::Service { name: "lan", ports: &[0], mask: 1, takers: 1, stateful: false, balance: 255 }, chain_hop::Service { name: "wan", ports: &[1], mask: 2, takers: 1, stateful: false, balance: 255 }], chains: &[chain_hop::Chain { name: "web", number: 1, sides: [0, 1], one_way: false }, chain_hop::Chain { name: "bulk", number: 2, sides: [1, 0], one_way: true }], by_number: &[255, 0, 1], entries: &[1, 0], wishes: &[chain_hop::Wish::Chain(1)], function: [2, 1], remembers: true }, 279), [nf_elements::chains::Memory::<2341, 8192> = nf_elements::chains::Memory::<2341, 8192>::EMPTY; 1], [];
    "0/0 ClickyInfo(a)", Information, 1, 1, ClickyInfo = ClickyInfo::new(), [], [];
    "1/1 IPMirror", Action, 1, 1, IpMirror = IpMirror::new(true), [], [];
    "1/1 RandomBitErrors(0.3)", Action, 1, 1, RandomBitErrors = RandomBitErrors::new(80530637, random_bit_errors::Kind::Flip, true), [], [];
    "1/1 SetAnnoByte(PAINT, 3)", Action, 1, 1, SetAnnoByte = SetAnnoByte::new(16, 3), [], [];
    "1/1 SetPacketType(HOST)", Action, 1, 1, SetPacketType = SetPacketType::new(nf_elements::PacketType::Host), [], [];
    "1/0 TimedSink(1ms)", Sink, 1, 1, TimedSink = TimedSink::new(1000000), [], [];
    "1/1 AdjustTimestamp(1)", Action, 1, 1, AdjustTimestamp = AdjustTimestamp::new(1000000000, false), [], [];
    "1/1 CoDel", Pull, 1, 1, CoDel = CoDel::new(5000000, 100000000), [], [];
    "1/1 ICMPIPEncap(1.0.0.1, 2.0.0.2, echo)", Action, 1, 1, IcmpIpEncap = IcmpIpEncap::new([1, 0, 0, 1], [2, 0, 0, 2], 8, 0, 0), [], [];
    "1/1 MarkIPCE", Action, 1, 1, MarkIpCe = MarkIpCe::new(false), [], [];
    "1/2 TimeSortedSched", Pull, 2, 1, TimeSortedSched<1, 1> = TimeSortedSched::<1, 1>::new(false), [], [];
    "1/1 watched :: Queue(5)", Store, 1, 1, Queue<5> = Queue::<5>::new().named("x"), [], [];
    "1/1 RED(1, 5, 0.1, QUEUES watched)", Route, 1, 1, Red = Red::new(red::Thresholds { min: 1, max: 5, max_p: 6554, gentle: true }, 4, "watched\n"), [], [p0: Queue<5> = Queue::<5>::new().named("x"), []; ];
    "1/1 Reject", Action, 1, 1, Reject = Reject::new(nf_elements::rejection::Answer::Unreachable { code: 3, code6: 4 }), [], [];
    "1/1 Reject(tcp-reset)", Action, 1, 1, Reject = Reject::new(nf_elements::rejection::Answer::Reset), [], [];
    "1/2 VXLANEncap(192.0.2.1, 198.51.100.1, ANY, MTU 1500, CHECKSUM true)", Route, 2, 1, VxlanEncap = VxlanEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4789, checksum: true }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 1500, true), nf_elements::tunnel::Network(None), vxlan_encap::Carried::Plain), [], [];
    "1/1 VXLANEncap(2001:db8::1, 2001:db8::2, 42, PROTOCOL ip, DF copy, DSCP 10)", Route, 1, 1, VxlanEncap = VxlanEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V6([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4790, checksum: true }), ttl: 64, dscp: Some(10), dont_fragment: nf_elements::tunnel::DontFragment::Copied, identification: 0 }, 65535, false), nf_elements::tunnel::Network(Some(42)), vxlan_encap::Carried::Ip), [], [];
    "1/1 VXLANDecap(CHECKSUM true)", Route, 1, 1, VxlanDecap = VxlanDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], true, false), None, vxlan_encap::Carried::Plain), [], [];
    "1/2 VXLANDecap(42, PROTOCOL nsh)", Route, 2, 1, VxlanDecap = VxlanDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], false, true), Some(42), vxlan_encap::Carried::Nsh), [], [];
    "3/3 VTEP(192.0.2.1, access 1 1, access 2-9 1 1-8, access 1 2, flood 1 239.1.1.1, flood 1 198.51.100.1, mac 1 2:0:0:0:0:1 198.51.100.2, CAPACITY 64, NETWORKS 16, NEIGHBORS 16, REMOTES 16, MEMBERS 64, ROUTES 16)", Push, 3, 4, Vtep = Vtep::new(vtep::Settings { local: nf_elements::overlay::Host(0xffffc0000201), commands: &[("access_add", "1 1"), ("access_add", "2-9 1 1-8"), ("access_add", "1 2"), ("flood_add", "1 239.1.1.1"), ("flood_add", "1 198.51.100.1"), ("mac_add", "1 2:0:0:0:0:1 198.51.100.2")], trunk: None, gateway: None, suppresses: true }, nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [0, 0, 0, 0]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4789, checksum: false }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 1500, true), nf_elements::tunnel::Decapsulator::new(&[17], false, false), nf_elements::overlay::Networks::new(nf_elements::overlay::Settings { learns: nf_elements::overlay::Learns::All, timeout_s: 300 })), [nf_elements::overlay::Memory<64, 16, 16, 16, 64, 16> = nf_elements::overlay::Memory::<64, 16, 16, 16, 64, 16>::EMPTY; 1], [];
    "3/3 VTEP(2001:db8::1, access 1 1, access 2 1 any, TRUNK 2, GATEWAY 2:0:0:0:0:2, flood 1 2001:db8::2, flood 1 2001:db8::3, MTU 300, CAPACITY 64, NETWORKS 16, NEIGHBORS 16, REMOTES 16, MEMBERS 64, ROUTES 16)", Push, 3, 4, Vtep = Vtep::new(vtep::Settings { local: nf_elements::overlay::Host(0x20010db8000000000000000000000001), commands: &[("access_add", "1 1"), ("access_add", "2 1 any"), ("flood_add", "1 2001:db8::2"), ("flood_add", "1 2001:db8::3")], trunk: Some(2), gateway: Some(nf_elements::wire::ethernet::Address::new([2, 0, 0, 0, 0, 2])), suppresses: true }, nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V6([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4789, checksum: true }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 300, true), nf_elements::tunnel::Decapsulator::new(&[17], false, false), nf_elements::overlay::Networks::new(nf_elements::overlay::Settings { learns: nf_elements::overlay::Learns::All, timeout_s: 300 })), [nf_elements::overlay::Memory<64, 16, 16, 16, 64, 16> = nf_elements::overlay::Memory::<64, 16, 16, 16, 64, 16>::EMPTY; 1], [];
    "2/2 endpoint :: VTEP(192.0.2.1, access 1 1, TRUNK 1, route main 0.0.0.0/0 192.0.2.9, CAPACITY 64, NETWORKS 16, NEIGHBORS 16, REMOTES 16, MEMBERS 64, ROUTES 16)", Push, 2, 4, Vtep = Vtep::new(vtep::Settings { local: nf_elements::overlay::Host(0xffffc0000201), commands: &[("access_add", "1 1"), ("route_add", "main 0.0.0.0/0 192.0.2.9")], trunk: Some(1), gateway: None, suppresses: true }, nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [0, 0, 0, 0]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4789, checksum: false }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 1500, true), nf_elements::tunnel::Decapsulator::new(&[17], false, false), nf_elements::overlay::Networks::new(nf_elements::overlay::Settings { learns: nf_elements::overlay::Learns::All, timeout_s: 300 })), [nf_elements::overlay::Memory<64, 16, 16, 16, 64, 16> = nf_elements::overlay::Memory::<64, 16, 16, 16, 64, 16>::EMPTY; 1], [];
    "2/2 VNIRouter(endpoint, 02:00:00:00:00:01, 1 18.26.4.1/24, 0 1.0.0.1/8, 1 2001:db8::1/32, 2 transit)", Push, 2, 4, VniRouter = VniRouter::new([2, 0, 0, 0, 0, 1], &[vni_router::Interface { vni: nf_elements::overlay::Vni(0), address: nf_elements::overlay::Host(0xffff01000001), prefix: nf_elements::overlay::Prefix { host: nf_elements::overlay::Host(0xffff01000000), length: 104 }, vrf: nf_elements::overlay::Vrf(0x1f5962a2ce9803c8) }, vni_router::Interface { vni: nf_elements::overlay::Vni(1), address: nf_elements::overlay::Host(0xffff121a0401), prefix: nf_elements::overlay::Prefix { host: nf_elements::overlay::Host(0xffff121a0400), length: 120 }, vrf: nf_elements::overlay::Vrf(0x1f5962a2ce9803c8) }, vni_router::Interface { vni: nf_elements::overlay::Vni(1), address: nf_elements::overlay::Host(0x20010db8000000000000000000000001), prefix: nf_elements::overlay::Prefix { host: nf_elements::overlay::Host(0x20010db8000000000000000000000000), length: 32 }, vrf: nf_elements::overlay::Vrf(0x1f5962a2ce9803c8) }, vni_router::Interface { vni: nf_elements::overlay::Vni(2), address: nf_elements::overlay::Host(0x0), prefix: nf_elements::overlay::Prefix { host: nf_elements::overlay::Host(0x0), length: 0 }, vrf: nf_elements::overlay::Vrf(0x1f5962a2ce9803c8) }], nf_elements::overlay::Vrf(0x1f5962a2ce9803c8)), [], [p0: Vtep = Vtep::new(vtep::Settings { local: nf_elements::overlay::Host(0xffffc0000201), commands: &[("access_add", "1 1"), ("route_add", "main 0.0.0.0/0 192.0.2.9")], trunk: Some(1), gateway: None, suppresses: true }, nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [0, 0, 0, 0]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 4789, checksum: false }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 1500, true), nf_elements::tunnel::Decapsulator::new(&[17], false, false), nf_elements::overlay::Networks::new(nf_elements::overlay::Settings { learns: nf_elements::overlay::Learns::All, timeout_s: 300 })), [nf_elements::overlay::Memory<64, 16, 16, 16, 64, 16> = nf_elements::overlay::Memory::<64, 16, 16, 16, 64, 16>::EMPTY; 1]; ];
    "1/1 GeneveEncap(192.0.2.1, 198.51.100.1, 7, PROTOCOL ip, OPTIONS \\<0102 03 01 09090909>)", Route, 1, 1, GeneveEncap = GeneveEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 6081, checksum: false }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 65535, false), nf_elements::tunnel::Network(Some(7)), nf_elements::tunnel::Payload::Ip, &[1, 2, 3, 1, 9, 9, 9, 9], false), [], [];
    "1/2 GeneveDecap", Route, 2, 1, GeneveDecap = GeneveDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], false, true), None, None), [], [];
    "1/1 GeneveDecap(KNOWN 0102/83 0001/ff, KEEP true)", Route, 1, 1, GeneveDecap = GeneveDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], false, false), None, None).knowing(&[(258, 131), (1, 255)], true), [], [];
    "1/1 GREEncap(192.0.2.1, 198.51.100.1, KEY 7, SEQUENCE true, CHECKSUM true)", Route, 1, 1, GreEncap = GreEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 47, udp: None, ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Copied, identification: 0 }, 65535, false), nf_elements::tunnel::Payload::Ip, Some(7), true, true), [], [];
    "1/2 GREDecap(7, PROTOCOL ip)", Route, 2, 1, GreDecap = GreDecap::new(nf_elements::tunnel::Decapsulator::new(&[47], false, true), gre_decap::Key::Is(7), Some(nf_elements::tunnel::Payload::Ip)), [], [];
    "1/1 GREDecap", Route, 1, 1, GreDecap = GreDecap::new(nf_elements::tunnel::Decapsulator::new(&[47], false, false), gre_decap::Key::Any, None), [], [];
    "1/1 NVGREEncap(192.0.2.1, 198.51.100.1, ANY)", Route, 1, 1, NvgreEncap = NvgreEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 47, udp: None, ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 65535, false), None, None), [], [];
    "1/1 NVGREDecap", Route, 1, 1, NvgreDecap = NvgreDecap::new(nf_elements::tunnel::Decapsulator::new(&[47], false, false), None), [], [];
    "1/1 IPTunnelEncap(2001:db8::1, 2001:db8::2, MTU 100)", Route, 1, 1, IpTunnelEncap = IpTunnelEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V6([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]), protocol: 4, udp: None, ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Copied, identification: 0 }, 100, false)), [], [];
    "1/2 IPTunnelDecap", Route, 2, 1, IpTunnelDecap = IpTunnelDecap::new(nf_elements::tunnel::Decapsulator::new(&[4, 41], false, true)), [], [];
    "2/3 VnetLinks(192.0.2.1, 18.26.4.9, 18.26.4.44 9001 udp, MTU 1500, CHECKSUM true)", Push, 3, 1, VnetLinks<0> = VnetLinks::<0>::new(vnet_links::Outer { source: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0xc0000201)), port: 9000, source_port: Some(9000), ttl: 64, dscp: None, mtu: 1500, checksum: true, identification: 0 }, &[nf_elements::vnet::Remote { address: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0x121a0409)), port: 9000, protocol: nf_elements::vnet::Protocol::Udp }, nf_elements::vnet::Remote { address: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0x121a042c)), port: 9001, protocol: nf_elements::vnet::Protocol::Udp }], true), [], [];
    "2/2 VnetLinks(192.0.2.1, 18.26.4.9 9000 tcp, 18.26.4.44, STREAMS 2)", Push, 2, 1, VnetLinks<2> = VnetLinks::<2>::new(vnet_links::Outer { source: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0xc0000201)), port: 9000, source_port: Some(9000), ttl: 64, dscp: None, mtu: 65535, checksum: false, identification: 0 }, &[nf_elements::vnet::Remote { address: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0x121a0409)), port: 9000, protocol: nf_elements::vnet::Protocol::Tcp(nf_elements::vnet::Opening::Greater) }, nf_elements::vnet::Remote { address: core::net::IpAddr::V4(core::net::Ipv4Addr::from_bits(0x121a042c)), port: 9000, protocol: nf_elements::vnet::Protocol::Udp }], false), [nf_elements::vnet::stream::Place = nf_elements::vnet::stream::Place::EMPTY; 2], [];
    "3/3 VnetRouter(1, any any interface 0 link any, none none link 1 any, any any link 0 interface any, LINKS 4, CACHE 8)", Push, 3, 4, VnetRouter<67> = VnetRouter::<67>::new(vnet_router::Places { interfaces: 1, painted: 4, plain: 1 }, &[nf_elements::vnet::Route { source: nf_elements::vnet::Qualifier::Any, destination: nf_elements::vnet::Qualifier::Any, to: nf_elements::vnet::Place::Interface(0), from: nf_elements::vnet::Source::Links }, nf_elements::vnet::Route { source: nf_elements::vnet::Qualifier::None, destination: nf_elements::vnet::Qualifier::None, to: nf_elements::vnet::Place::Link(1), from: nf_elements::vnet::Source::Any }, nf_elements::vnet::Route { source: nf_elements::vnet::Qualifier::Any, destination: nf_elements::vnet::Qualifier::Any, to: nf_elements::vnet::Place::Link(0), from: nf_elements::vnet::Source::Interfaces }]), [nf_elements::vnet::Entry = nf_elements::vnet::Entry::EMPTY; 8], [];
    "1/2 PacketTooBig", Push, 2, 32, PacketTooBig = PacketTooBig::new(nf_elements::tunnel::Inner::Ethernet, true, 0, 0, false), [], [];
    "1/2 PacketTooBig(PROTOCOL ip, FRAGMENT false, SRC 192.0.2.1, SRC6 2001:db8::1)", Push, 2, 32, PacketTooBig = PacketTooBig::new(nf_elements::tunnel::Inner::Ip, false, 3221225985, 42540766411282592856903984951653826561, false), [], [];
    "1/3 PacketTooBig(PROTOCOL ip)", Push, 3, 32, PacketTooBig = PacketTooBig::new(nf_elements::tunnel::Inner::Ip, true, 0, 0, true), [], [];
    "1/1 PathMTU(CAPACITY 2)", Action, 1, 1, PathMtu = PathMtu::new(600000000000), [path_mtu::Path = path_mtu::Path::EMPTY; 2], [];
    "1/1 MPLSUDPEncap(192.0.2.1, 198.51.100.1, 16 ANY, CHECKSUM true)", Route, 1, 1, MplsUdpEncap = MplsUdpEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 6635, checksum: true }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 65535, false), &[16, 0], true, mpls_udp_encap::Labelled::Ip, None, None), [], [];
    "1/1 MPLSUDPEncap(2001:db8::1, 2001:db8::2, 16, PROTOCOL mpls, EXP 3, LTTL 9)", Route, 1, 1, MplsUdpEncap = MplsUdpEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V6([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]), protocol: 17, udp: Some(nf_elements::tunnel::Udp { source: None, destination: 6635, checksum: true }), ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(false), identification: 0 }, 65535, false), &[16], false, mpls_udp_encap::Labelled::Mpls, Some(3), Some(9)), [], [];
    "1/2 MPLSUDPDecap", Route, 2, 1, MplsUdpDecap = MplsUdpDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], false, true), None, mpls_udp_encap::Labelled::Ip), [], [];
    "1/1 MPLSUDPDecap(16, PROTOCOL ethernet)", Route, 1, 1, MplsUdpDecap = MplsUdpDecap::new(nf_elements::tunnel::Decapsulator::new(&[17], false, false), Some(16), mpls_udp_encap::Labelled::Ethernet), [], [];
    "1/2 STTEncap(192.0.2.1, 198.51.100.1, ANY, MTU 576)", Push, 2, 32, SttEncap = SttEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V4([192, 0, 2, 1], [198, 51, 100, 1]), protocol: 6, udp: None, ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(true), identification: 0 }, 576, true), None, stt_encap::Ports { source: None, destination: 7471 }, true, false), [], [];
    "1/1 STTEncap(2001:db8::1, 2001:db8::2, 0x100000000, VLAN false, VERIFIED true)", Push, 1, 32, SttEncap = SttEncap::new(nf_elements::tunnel::Encapsulator::new(nf_elements::tunnel::Underlay { ends: nf_elements::tunnel::Ends::V6([32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]), protocol: 6, udp: None, ttl: 64, dscp: None, dont_fragment: nf_elements::tunnel::DontFragment::Always(true), identification: 0 }, 1500, false), Some(4294967296), stt_encap::Ports { source: None, destination: 7471 }, false, true), [], [];
    "1/2 STTDecap(CHECKSUM false, CAPACITY 4, TIMEOUT 1ms)", Push, 2, 1, SttDecap<4> = SttDecap::<4>::new(nf_elements::tunnel::Decapsulator::new(&[6], false, true), None, 1000000), [], [];
    "1/1 STTDecap(7)", Push, 1, 1, SttDecap<64> = SttDecap::<64>::new(nf_elements::tunnel::Decapsulator::new(&[6], true, false), Some(7), 1000000000), [], [];
    "1/3 IDS(reject tcp any any -> any any (content:\"a\"; sid:1;), drop ip any any -> any any (ttl:<9; sid:2;), MODE ips, FLOWS 8, WINDOWS 2, CONNECTIONS 1, DATAGRAMS 1, TRACKS 8)", Push, 3, 1, Ids = Ids::new(b"\x53\x49\x44\x53\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x4c\x00\x00\x00\xa0\x00\x00\x00\xec\x00\x00\x00\x1a\x00\x00\x00\x08\x01\x00\x00\x00\x00\x00\x00\x08\x01\x00\x00\x08\x00\x00\x00\x10\x01\x00\x00\xb8\x00\x00\x00\xc8\x01\x00\x00\x34\x01\x00\x00\xfc\x02\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01\x0f\x00\x00\x00\x40\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x0b\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02\x01\x00\x00\x40\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0b\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00\x0f\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x08\x00\x00\x00\x07\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x61\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x4c\x00\x00\x00\x58\x00\x00\x00\x70\x00\x00\x00\x7c\x00\x00\x00\x88\x00\x00\x00\x94\x00\x00\x00\xa0\x00\x00\x00\xac\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x64\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x01\x00\x00\x00\x05\x01\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x1b\x01\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x2c\x01\x00\x00\x05\x01\x00\x00\x1b\x01\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00", 2, true, 20), [ids::Memory<8, 2, 1, 1, 1, 8> = ids::Memory::<8, 2, 1, 1, 1, 8>::EMPTY; 1], [];
    "1/1 IDS(alert http any any -> any any (http.uri; content:\"a\"; sid:1;), FLOWS 8, WINDOWS 2, CONNECTIONS 1, DATAGRAMS 1, TRACKS 8)", Push, 1, 1, Ids = Ids::new(b"\x53\x49\x44\x53\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x4c\x00\x00\x00\x50\x00\x00\x00\x9c\x00\x00\x00\x0f\x00\x00\x00\xac\x00\x00\x00\x00\x00\x00\x00\xac\x00\x00\x00\x08\x00\x00\x00\xb4\x00\x00\x00\xb8\x00\x00\x00\x6c\x01\x00\x00\x34\x01\x00\x00\xa0\x02\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x03\x01\x01\x01\x01\x80\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0f\x00\x00\x00\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x02\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x61\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x4c\x00\x00\x00\x60\x00\x00\x00\x6c\x00\x00\x00\x78\x00\x00\x00\x84\x00\x00\x00\x90\x00\x00\x00\x9c\x00\x00\x00\xa8\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x58\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x01\x00\x00\x00\x05\x01\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x1b\x01\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x2c\x01\x00\x00\x05\x01\x00\x00\x1b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00", 1, false, 20), [ids::Memory<8, 2, 1, 1, 1, 8> = ids::Memory::<8, 2, 1, 1, 1, 8>::EMPTY; 1], [];
}

struct Code35;

impl nf_elements::filter::Decide for Code35 {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 8, transport: false, nodes: &[[805306369,0,0],[536870913,1,2],[773357570,4,6],[773357570,4,9],[536870915,2,12],[671088642,5,16],[671088642,5,19],[536870914,7,22],[603979780,9,25],], wide: &[4278190080,1501,14,32,1501,65536,131072,22,1501,134217728,134283264,134610944,134676480,], narrow: &[32771,32770,32771,0,10,11,32769,32771,32769,32769,0,32769,32771,32769,2,3,32771,32768,32771,0,32768,0,32771,5,6,1,4,1,7,1,], far: &[65535,12,20,28,1500,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        'n0: {
        'n1: {
        let value = words.far(12);
        if value < 0x8060000 {
            if (0x8000000..0x8010000).contains(&value) {
                let value = words.far(65535);
                if value < 0x20 {
                    if value < 0xe {
                        return 3;
                    }
                    return 1;
                }
                if value < 0x5dd {
                    let value = words.far(28) << 16 >> 24;
                    if value == 0xa {
                        return 3;
                    }
                    return 1;
                }
                let value = words.far(28) << 16 >> 24;
                if value == 0xa {
                    break 'n0;
                }
                return 1;
            }
            break 'n1;
        }
        if value < 0x8070000 {
            let value = words.far(65535);
            if value < 0x5dd {
                if value < 0x16 {
                    return 3;
                }
                let value = words.far(20);
                if (0x10000..0x20000).contains(&value) {
                    return 0;
                }
                return 3;
            }
            let value = words.far(20);
            if (0x10000..0x20000).contains(&value) {
                return 0;
            }
            break 'n0;
        }
        break 'n1;
        }
        let value = words.far(65535);
        if value < 0x5dd {
            return 3;
        }
        break 'n0;
        }
        let value = words.far(1500);
        if value < 0xff000000 {
            return 3;
        }
        return 2;
    }
}
struct Code100;

impl nf_elements::filter::Decide for Code100 {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 6, transport: true, nodes: &[[575832065,0,1],[169377794,3,5],[575832065,0,8],[366968833,0,10],[201359362,12,14],[134250498,12,17],[268468230,20,26],], wide: &[], narrow: &[1,32771,32770,8,9,32771,32770,32771,1,32770,0,32768,80,81,0,3,0,4,3,4,257,512,1550,1792,4352,4608,0,2,0,5,0,32769,0,], far: &[4,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        'n0: {
        'n3: {
        let value = near[4];
        if value < 0x700 {
            if value < 0x200 {
                if value < 0x101 {
                    break 'n0;
                }
                let value = words.far(4) << 18 >> 18;
                if value < 0x1 {
                    let value = near[2] << 16 >> 24;
                    if value == 0x8 {
                        return 2;
                    }
                    return 3;
                }
                return 2;
            }
            if value < 0x60e {
                break 'n0;
            }
            let value = near[2];
            if value == 0x50 {
                break 'n3;
            }
            let value = near[3];
            if value == 0x50 {
                break 'n3;
            }
            break 'n0;
        }
        if (0x1100..0x1200).contains(&value) {
            return 1;
        }
        break 'n0;
        }
        let value = near[5] << 14 >> 31;
        if value < 0x1 {
            break 'n0;
        }
        return 0;
        }
        let value = words.far(4) << 18 >> 18;
        if value < 0x1 {
            return 3;
        }
        return 2;
    }
}
struct Code103;

impl nf_elements::filter::Decide for Code103 {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 4, transport: true, nodes: &[[605585409,0,1],[538738690,3,5],[201359361,8,9],[268468228,11,15],[2,0,20],], wide: &[167772160,184549376,], narrow: &[4,65535,32769,4,5,65535,0,65535,1024,32768,1,1540,1792,4356,4608,1,2,1,2,1,1,3,1,], far: &[0,8,] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        'n1: {
        'n2: {
        let value = near[0];
        if (0xa000000..0xb000000).contains(&value) {
            let value = near[4];
            if value < 0x1104 {
                if (0x604..0x700).contains(&value) {
                    break 'n2;
                }
                break 'n1;
            }
            if value < 0x1200 {
                break 'n2;
            }
            break 'n1;
        }
        break 'n1;
        }
        let value = near[3];
        if value < 0x400 {
            return 0;
        }
        break 'n1;
        }
        let value = words.far(0) >> 28;
        if value == 0x4 {
            let value = words.far(8) >> 24;
            if value < 0x4 {
                return 32767;
            }
            return 1;
        }
        return 32767;
    }
}
struct Code169;

impl nf_elements::filter::Decide for Code169 {
    #[inline]
    fn diagram(&self) -> &'static nf_elements::filter::Diagram {
        &nf_elements::filter::Diagram { root: 0, transport: false, nodes: &[[465403908,0,4],], wide: &[], narrow: &[1,3,4,5,32769,32768,32769,65535,32769,], far: &[] }
    }

    #[allow(clippy::needless_return, reason = "every way through the code ends so")]
    #[inline(always)]
    fn leaf<W: nf_elements::filter::Words>(&self, words: &W) -> u16 {
        let near = words.near();
        let value = near[6] << 29 >> 29;
        if value < 0x4 {
            if (0x1..0x3).contains(&value) {
                return 0;
            }
            return 1;
        }
        if value < 0x5 {
            return 32767;
        }
        return 1;
    }
}
