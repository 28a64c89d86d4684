// SPDX-License-Identifier: Apache-2.0
//! Each sort of test against packets written by hand.

use super::{Datagram, walk};
use crate::filter::{compile_rules, parse_pattern, reference};

/// Checks that `pattern` matches all of `yes` and none of `no`.
fn check(pattern: &str, yes: &[&Datagram], no: &[&Datagram]) {
    let tree = parse_pattern(pattern).unwrap_or_else(|errors| panic!("{pattern}: {errors:?}"));
    let diagram = compile_rules([(&tree, 1)]).unwrap().leak();
    for (datagrams, wanted) in [(yes, true), (no, false)] {
        for (index, datagram) in datagrams.iter().enumerate() {
            let packet = datagram.packet();
            assert_eq!(
                walk(diagram, &packet) == 1,
                wanted,
                "{pattern}: packet {index} of those that should be {wanted}"
            );
            assert_eq!(reference::matches(&tree, &packet), wanted, "{pattern}: reference, packet {index}");
        }
    }
}

#[test]
fn hosts_and_nets_have_a_direction() {
    let there = Datagram::tcp(1, 2, 0);
    let back = Datagram { source: there.destination, destination: there.source, ..there.clone() };
    let own = Datagram { destination: there.source, ..there.clone() };
    let else_where = Datagram { source: [10, 0, 0, 2], ..there.clone() };
    check("src host 10.0.0.1", &[&there, &own], &[&back, &else_where]);
    check("dst 10.0.0.1", &[&back, &own], &[&there]);
    check("host 10.0.0.1", &[&there, &back, &own], &[&else_where]);
    check("src and dst host 10.0.0.1", &[&own], &[&there, &back]);
    check("src or dst host 10.0.0.1", &[&there, &back, &own], &[&else_where]);
    check("host != 10.0.0.1", &[&else_where], &[&there, &back, &own]);
    check("src and dst host != 10.0.0.1", &[&there, &back, &else_where], &[&own]);
    check("src net 10.0.0.0/31", &[&there], &[&back, &else_where]);
    check("src net 10.0.0.1 mask 255.0.0.255", &[&there], &[&else_where, &back]);
    check("src 10.0.0.2 or 10.0.0.1", &[&there, &else_where], &[&back]);
    check("src range 10.0.0.2-10.0.0.3", &[&else_where], &[&there]);
    check("10/8", &[&there, &back, &own, &else_where], &[]);
    check("src host & 255.0.255.255 == 10.0.0.2", &[&else_where], &[&there, &back]);
}

#[test]
fn ports_belong_to_tcp_and_udp_and_to_first_fragments() {
    let (web, dns, ping) = (Datagram::tcp(5000, 80, 0), Datagram::udp(53, 2000), Datagram::new(1, &[8, 0, 0, 80]));
    let later = Datagram { fragment: 100, ..web.clone() };
    let first = Datagram { fragment: 0x2000, ..web.clone() };
    let cut = Datagram { payload: web.payload[..3].to_vec(), ..web.clone() };
    let short = Datagram { payload: web.payload[..4].to_vec(), ..web.clone() };
    let with_options = Datagram { options: vec![1; 8], ..web.clone() };
    check("port 80", &[&web, &first, &short, &with_options], &[&dns, &ping, &later, &cut]);
    check("dst port www", &[&web], &[&dns, &ping, &later]);
    check("src port 80", &[], &[&web, &dns, &ping]);
    check("tcp port 80 or 443", &[&web], &[&dns]);
    check("src udp port 53", &[&dns], &[&web]);
    check("dst tcp port != 81", &[&web], &[&dns, &later, &cut, &ping]);
    check("not dst tcp port 81", &[&web, &dns, &later, &cut, &ping], &[]);
    check("port < 1024", &[], &[&web, &dns]);
    check("port >= 1024", &[&web, &dns], &[&ping]);
    check("port <= 5000", &[&web, &dns], &[]);
    check("dst port 79-81", &[&web], &[&dns]);
    check("dst port range 1024-65535", &[&dns], &[&web]);
    check("dst port & 0xf == 0", &[&web, &dns], &[]);
    check("dst port & 0xf0 > 0x40", &[&web, &dns], &[&cut]);
    check("port 0-65535", &[&web, &dns], &[&ping, &later]);
}

#[test]
fn protocols_match_all_fragments() {
    let (tcp, udp, ping) = (Datagram::tcp(1, 2, 0), Datagram::udp(1, 2), Datagram::new(1, &[8, 0]));
    let later = Datagram { fragment: 5, ..tcp.clone() };
    let gre = Datagram::new(47, &[]);
    check("tcp", &[&tcp, &later], &[&udp, &ping, &gre]);
    check("ip proto 47", &[&gre], &[&tcp]);
    check("ip proto tcp", &[&tcp, &later], &[&udp]);
    check("proto != tcp", &[&udp, &ping, &gre], &[&tcp, &later]);
    check("ip proto > 6", &[&udp, &gre], &[&tcp, &ping]);
    check("ip proto 6-17", &[&tcp, &udp], &[&ping, &gre]);
    check("proto & 0x10 == 0x10", &[&udp], &[&tcp, &ping, &gre]);
    check("tcpudp", &[&tcp, &udp, &later], &[&ping, &gre]);
    check("not tcp and not udp", &[&ping, &gre], &[&tcp, &udp]);
    check("icmp type echo", &[&ping], &[&tcp]);
    check("icmp echo", &[&ping], &[&tcp]);
    check("icmp type != 8", &[], &[&ping, &tcp]);
    check("icmp type 5-9", &[&ping], &[&tcp, &gre]);
}

#[test]
fn flags_windows_and_raw_fields() {
    let (syn, syn_ack) = (Datagram::tcp(1, 2, 0x02), Datagram::tcp(1, 2, 0x12));
    let udp = Datagram { payload: syn.payload.clone(), ..Datagram::udp(1, 2) };
    let cut = Datagram { payload: syn.payload[..13].to_vec(), ..syn.clone() };
    check("tcp opt syn", &[&syn, &syn_ack], &[&udp, &cut]);
    check("syn ack", &[&syn_ack], &[&syn]);
    check("syn and not ack", &[&syn], &[&syn_ack, &cut]);
    check("tcp opt 18", &[&syn_ack], &[&syn]);
    check("tcp win 1000", &[&syn], &[&udp, &cut]);
    check("tcp[13] & 0x12 == 2", &[&syn], &[&syn_ack, &udp, &cut]);
    check("tcp[13] & 0x12 > 2", &[&syn_ack], &[&syn]);
    check("transp[12:2] == 0x5002", &[&syn, &udp], &[&syn_ack, &cut]);
    check("transp[2] == 0", &[&syn, &udp, &cut], &[]);
    check("transp[16:2] == 0", &[&syn, &udp], &[&cut]);
    check("ip[9] 17", &[&udp], &[&syn]);
    check("ip[12:4] == 0x0a000001", &[&syn], &[]);
    check("ip[20:2] == 1", &[&syn], &[]);
    check("ip[32,33] == 0x5012", &[&syn_ack], &[&syn, &cut]);
    check("ip[2:2] & 0xff < 34", &[&cut], &[&syn]);
}

#[test]
fn fields_of_the_ip_header() {
    let plain = Datagram::tcp(1, 2, 0);
    let marked = Datagram { tos: 0xbb, ttl: 1, options: vec![1; 4], id: 9, ..plain.clone() };
    let fragment = Datagram { fragment: 0x2000, ..plain.clone() };
    let whole = Datagram { fragment: 0x4000, ..plain.clone() };
    check("ip vers 4", &[&plain, &marked], &[]);
    check("ip hl > 5", &[&marked], &[&plain]);
    check("ip tos 0xbb", &[&marked], &[&plain]);
    check("ip dscp 46", &[&marked], &[&plain]);
    check("ip ect", &[&marked], &[&plain]);
    check("ip ect 3", &[&marked], &[&plain]);
    check("ip ce", &[&marked], &[&plain]);
    check("ip ecn 0", &[&plain], &[&marked]);
    check("ip len 40", &[&plain], &[&marked]);
    check("ip id 9", &[&marked], &[&plain]);
    check("ip ttl < 2", &[&marked], &[&plain]);
    check("ip ttl >= 2", &[&plain], &[&marked]);
    check("ip ttl > 255", &[], &[&plain, &marked]);
    check("ip ttl <= 300", &[&plain, &marked], &[]);
    check("frag", &[&fragment], &[&plain, &whole]);
    check("ip unfrag", &[&plain, &whole], &[&fragment]);
}

#[test]
fn vlan_tags_stand_before_the_header() {
    let plain = Datagram::tcp(1, 2, 0);
    let tagged = Datagram { link: vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x81, 0, 0x60, 100, 8, 0], ..plain.clone() };
    let service = Datagram { link: vec![0x88, 0xa8, 0x0f, 0xff, 8, 0], ..plain.clone() };
    check("vlan", &[&tagged, &service], &[&plain]);
    check("vlan 100", &[&tagged], &[&plain, &service]);
    check("vlan != 100", &[&service], &[&plain, &tagged]);
    check("vlan > 100 or not vlan", &[&service, &plain], &[&tagged]);
}

#[test]
fn connectives_bind_as_in_click() {
    let (web, dns) = (Datagram::tcp(5000, 80, 0), Datagram::udp(53, 2000));
    for always in ["-", "any", "all", "true", "not false", "not none", "tcp or udp", "tcp ? not udp : udp"] {
        check(always, &[&web, &dns], &[]);
    }
    check("false", &[], &[&web, &dns]);
    check("tcp && dst port 80 || udp", &[&web, &dns], &[]);
    check("udp and (dst port 80 or tcp)", &[], &[&web, &dns]);
    check("!(tcp dst port 80)", &[&dns], &[&web]);
    check("tcp ? dst port 80 : dst port 2000", &[&web, &dns], &[]);
    check("tcp ? dst port 81 : src port 2000", &[], &[&web, &dns]);
    check("(src port 53 or 5000) dst port > 79", &[&web, &dns], &[]);
    check("\"tcp\"", &[&web], &[&dns]);
    check("not not tcp", &[&web], &[&dns]);
}
