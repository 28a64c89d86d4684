// SPDX-License-Identifier: Apache-2.0
//! The elements, one file each.

/// Declares the elements' modules and the registry that the compiler searches. This is the only list.
macro_rules! elements {
    ($($module:ident::$element:ident,)*) => {
        $(pub mod $module; pub use $module::$element;)*

        /// Every element class, sorted by name.
        #[cfg(feature = "host")]
        pub fn registry() -> &'static [crate::configure::ElementClass] {
            use crate::configure::{Configure, ElementClass};
            use crate::Element;
            &[$(ElementClass { spec: &<$element>::SPEC, configure: <$element>::configure },)*]
        }
    };
}

mod bandwidth;
mod complaints;
mod delay;
mod ether_header;
mod ether_place;
mod fifo;
mod gap_rate;
mod handler_value;
mod ip_lookup;
pub(crate) mod marked;
pub(crate) mod marked6;
mod meters;
mod pacing;
mod payload;
mod random;
mod rate;
mod router_options;
mod strides;
mod timestamp;
mod translation;
mod transport_sum;
mod vlan_tag;
mod waiting;
mod wishes;

pub mod fast_source;
pub mod tokens;

elements! {
    address_info::AddressInfo,
    address_translator::AddressTranslator,
    adjust_timestamp::AdjustTimestamp,
    aggregate_counter::AggregateCounter,
    aggregate_ip::AggregateIp,
    aggregate_ip_flows::AggregateIpFlows,
    align::Align,
    alignment_info::AlignmentInfo,
    arp_faker::ArpFaker,
    arp_print::ArpPrint,
    arp_querier::ArpQuerier,
    arp_responder::ArpResponder,
    arp_table::ArpTable,
    average_counter::AverageCounter,
    balanced_thread_sched::BalancedThreadSched,
    bandwidth_meter::BandwidthMeter,
    bandwidth_rated_splitter::BandwidthRatedSplitter,
    bandwidth_rated_unqueue::BandwidthRatedUnqueue,
    bandwidth_shaper::BandwidthShaper,
    burster::Burster,
    bypass::Bypass,
    chain_hop::ChainHop,
    check_arp_header::CheckArpHeader,
    check_icmp_header::CheckIcmpHeader,
    check_ip6_header::CheckIp6Header,
    check_ip_header::CheckIpHeader,
    check_ip_header2::CheckIpHeader2,
    check_length::CheckLength,
    check_paint::CheckPaint,
    check_tcp_header::CheckTcpHeader,
    check_udp_header::CheckUdpHeader,
    classifier::Classifier,
    clicky_info::ClickyInfo,
    co_del::CoDel,
    conn_track::ConnTrack,
    control_socket::ControlSocket,
    counter::Counter,
    dec_ip6_hlim::DecIp6Hlim,
    dec_ip_ttl::DecIpTtl,
    delay_shaper::DelayShaper,
    delay_unqueue::DelayUnqueue,
    direct_ip_lookup::DirectIpLookup,
    discard::Discard,
    driver_manager::DriverManager,
    drop_broadcasts::DropBroadcasts,
    drr_sched::DrrSched,
    ensure_ether::EnsureEther,
    error::Error,
    ether_encap::EtherEncap,
    ether_mirror::EtherMirror,
    ether_rewrite::EtherRewrite,
    ether_span_tree::EtherSpanTree,
    ether_switch::EtherSwitch,
    ether_vlan_encap::EtherVlanEncap,
    fast_tcp_flows::FastTcpFlows,
    fast_udp_flows::FastUdpFlows,
    fast_udp_source::FastUdpSource,
    fix_ip_src::FixIpSrc,
    flow_director::FlowDirector,
    from_device::FromDevice,
    from_host::FromHost,
    front_drop_queue::FrontDropQueue,
    ftp_port_mapper::FtpPortMapper,
    geneve_decap::GeneveDecap,
    geneve_encap::GeneveEncap,
    get_ether_address::GetEtherAddress,
    get_ip6_address::GetIp6Address,
    get_ip_address::GetIpAddress,
    gre_decap::GreDecap,
    gre_encap::GreEncap,
    hash_switch::HashSwitch,
    host_ether_filter::HostEtherFilter,
    icmp6_error::Icmp6Error,
    icmp_error::IcmpError,
    icmp_ip_encap::IcmpIpEncap,
    icmp_ping_responder::IcmpPingResponder,
    icmp_ping_rewriter::IcmpPingRewriter,
    icmp_ping_source::IcmpPingSource,
    icmp_rewriter::IcmpRewriter,
    idle::Idle,
    ids::Ids,
    infinite_source::InfiniteSource,
    ip6_fragmenter::Ip6Fragmenter,
    ip6_nd_advertiser::Ip6NdAdvertiser,
    ip6_nd_solicitor::Ip6NdSolicitor,
    ip6_print::Ip6Print,
    ip_addr_pair_rewriter::IpAddrPairRewriter,
    ip_addr_rewriter::IpAddrRewriter,
    ip_classifier::IpClassifier,
    ip_encap::IpEncap,
    ip_filter::IpFilter,
    ip_fragmenter::IpFragmenter,
    ip_gw_options::IpGwOptions,
    ip_input_combo::IpInputCombo,
    ip_mirror::IpMirror,
    ip_name_info::IpNameInfo,
    ip_output_combo::IpOutputCombo,
    ip_print::IpPrint,
    ip_rate_monitor::IpRateMonitor,
    ip_reassembler::IpReassembler,
    ip_rewriter::IpRewriter,
    ip_rewriter_patterns::IpRewriterPatterns,
    ip_tunnel_decap::IpTunnelDecap,
    ip_tunnel_encap::IpTunnelEncap,
    linear_ip_lookup::LinearIpLookup,
    link_unqueue::LinkUnqueue,
    listen_ether_switch::ListenEtherSwitch,
    lookup_ip6_route::LookupIp6Route,
    mark_ip6_header::MarkIp6Header,
    mark_ip_ce::MarkIpCe,
    mark_ip_header::MarkIpHeader,
    message::Message,
    meter::Meter,
    mixed_queue::MixedQueue,
    mpls_udp_decap::MplsUdpDecap,
    mpls_udp_encap::MplsUdpEncap,
    multicast_member::MulticastMember,
    nsh_decap::NshDecap,
    nsh_encap::NshEncap,
    null::Null,
    nvgre_decap::NvgreDecap,
    nvgre_encap::NvgreEncap,
    packet_too_big::PacketTooBig,
    pad::Pad,
    paint::Paint,
    paint_switch::PaintSwitch,
    paint_tee::PaintTee,
    path_mtu::PathMtu,
    port_info::PortInfo,
    print::Print,
    prio_sched::PrioSched,
    protocol_translator46::ProtocolTranslator46,
    protocol_translator64::ProtocolTranslator64,
    pull_switch::PullSwitch,
    pull_tee::PullTee,
    queue::Queue,
    radix_ip_lookup::RadixIpLookup,
    random_bit_errors::RandomBitErrors,
    random_sample::RandomSample,
    random_source::RandomSource,
    random_switch::RandomSwitch,
    range_ip_lookup::RangeIpLookup,
    rated_source::RatedSource,
    rated_splitter::RatedSplitter,
    rated_unqueue::RatedUnqueue,
    red::Red,
    reject::Reject,
    round_robin_ip_mapper::RoundRobinIpMapper,
    round_robin_sched::RoundRobinSched,
    round_robin_switch::RoundRobinSwitch,
    schedule_info::ScheduleInfo,
    schedule_linux::ScheduleLinux,
    script::Script,
    set_anno_byte::SetAnnoByte,
    set_ether_address::SetEtherAddress,
    set_ip6_address::SetIp6Address,
    set_ip6_dscp::SetIp6Dscp,
    set_ip_address::SetIpAddress,
    set_ip_checksum::SetIpChecksum,
    set_ip_dscp::SetIpDscp,
    set_ip_ecn::SetIpEcn,
    set_packet_type::SetPacketType,
    set_rand_ip_address::SetRandIpAddress,
    set_tcp_checksum::SetTcpChecksum,
    set_timestamp::SetTimestamp,
    set_udp_checksum::SetUdpChecksum,
    set_vlan_anno::SetVlanAnno,
    shaper::Shaper,
    simple_queue::SimpleQueue,
    sorted_ip_lookup::SortedIpLookup,
    source_ip_hash_mapper::SourceIpHashMapper,
    stateful_filter::StatefulFilter,
    static_ip_lookup::StaticIpLookup,
    static_pull_switch::StaticPullSwitch,
    static_switch::StaticSwitch,
    static_thread_sched::StaticThreadSched,
    store_data::StoreData,
    store_ether_address::StoreEtherAddress,
    store_ip_address::StoreIpAddress,
    stride_sched::StrideSched,
    stride_switch::StrideSwitch,
    strip::Strip,
    strip_ether_vlan_header::StripEtherVlanHeader,
    strip_ip_header::StripIpHeader,
    strip_to_network_header::StripToNetworkHeader,
    stt_decap::SttDecap,
    stt_encap::SttEncap,
    suppressor::Suppressor,
    switch::Switch,
    tcp_rewriter::TcpRewriter,
    tee::Tee,
    timed_sink::TimedSink,
    timed_source::TimedSource,
    timed_unqueue::TimedUnqueue,
    time_filter::TimeFilter,
    time_range::TimeRange,
    time_sorted_sched::TimeSortedSched,
    to_chain::ToChain,
    to_device::ToDevice,
    to_host::ToHost,
    to_port::ToPort,
    to_service::ToService,
    truncate::Truncate,
    udp_ip_encap::UdpIpEncap,
    udp_rewriter::UdpRewriter,
    unqueue::Unqueue,
    unstrip::Unstrip,
    vlan_decap::VlanDecap,
    vlan_encap::VlanEncap,
    vnet_links::VnetLinks,
    vnet_router::VnetRouter,
    vni_router::VniRouter,
    vtep::Vtep,
    vxlan_decap::VxlanDecap,
    vxlan_encap::VxlanEncap,
}

/// Other names of classes: Click's own older ones.
#[cfg(feature = "host")]
pub const ALIASES: &[(&str, &str)] = &[
    ("EtherVlanEncap", "EtherVLANEncap"),
    ("ICMPSendPings", "ICMPPingSource"),
    ("FromDPDKDevice", "FromDevice"),
    ("FromNetback", "FromDevice"),
    ("FromNetfront", "FromDevice"),
    ("FromNetmapDevice", "FromDevice"),
    ("FullNoteQueue", "Queue"),
    ("LookupIPRoute", "StaticIPLookup"),
    ("LookupIPRouteMP", "StaticIPLookup"),
    ("MSQueue", "Queue"),
    ("NotifierQueue", "SimpleQueue"),
    ("Null1", "Null"),
    ("Null2", "Null"),
    ("Null3", "Null"),
    ("Null4", "Null"),
    ("Null5", "Null"),
    ("Null6", "Null"),
    ("Null7", "Null"),
    ("Null8", "Null"),
    ("PollDevice", "FromDevice"),
    ("ProbSplitter", "RandomSample"),
    ("QuickNoteQueue", "SimpleQueue"),
    ("SetVlanAnno", "SetVLANAnno"),
    ("SimplePrioSched", "PrioSched"),
    ("SimplePullSwitch", "PullSwitch"),
    ("SimpleRoundRobinSched", "RoundRobinSched"),
    ("StripEtherVlanHeader", "StripEtherVLANHeader"),
    ("ThreadSafeQueue", "Queue"),
    ("ToDPDKDevice", "ToDevice"),
    ("ToNetback", "ToDevice"),
    ("ToNetfront", "ToDevice"),
    ("ToHostSniffers", "ToHost"),
    ("ToNetmapDevice", "ToDevice"),
];

/// The element class of that name, or of that alias.
#[cfg(feature = "host")]
pub fn class(name: &str) -> Option<&'static crate::configure::ElementClass> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, class)| class);
    registry().iter().find(|class| class.spec.class == name)
}

#[cfg(test)]
mod tests;
