// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{ListIo, packet, read};
use crate::wire::icmp::Icmp;
use crate::wire::ipv4::Ipv4;

const ROUTER: u32 = 0x1313_1313;

fn refused(protocol: u8, payload: &[u8]) -> Packet {
    marked::datagram(protocol, [18, 26, 4, 44], [10, 0, 0, 8], payload)
}

/// A packet with these options, marked.
fn with_options(options: &[u8]) -> Packet {
    let mut bytes = vec![0x45 + (options.len() / 4) as u8, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 18, 26, 4, 44, 10, 0, 0, 8];
    bytes.extend(options);
    bytes.extend([7; 8]);
    let mut packet = packet(&bytes);
    packet.set_network(0, 20 + options.len());
    packet
}

fn error(message_type: u8, code: u8) -> IcmpError {
    IcmpError::new(ROUTER, message_type, code, &[0x0a00_00ff], 576, 1400, true)
}

fn why(error: &mut IcmpError, mut packet: Packet) -> &'static str {
    assert_eq!(error.action(&mut ListIo::new(0), &mut packet), Verdict::Drop);
    let reason = error.drops.iter().position(|count| *count != 0).unwrap();
    error.drops = [0; REASONS.len()];
    REASONS[reason]
}

#[test]
fn an_error_quotes_the_packet() {
    let (mut error, mut io) = (error(11, 0), ListIo::new(0));
    let mut packet = refused(17, &[7; 1000]);
    let original = packet.data().to_vec();
    (packet.annotations_mut().paint, io.now_ns) = (5, 99);
    assert_eq!(error.action(&mut io, &mut packet), Verdict::Pass);
    let ip = Ipv4::new_checked(packet.data()).unwrap();
    assert!(ip.is_header_intact());
    assert_eq!((ip.source(), ip.destination(), ip.time_to_live()), (ROUTER, 0x121a_042c, 200));
    assert_eq!((ip.total_length(), ip.identification()), (576, 1));
    let icmp = Icmp::new_checked(ip.payload()).unwrap();
    assert!(icmp.is_intact());
    assert_eq!((u8::from(icmp.message_type()), icmp.code(), icmp.payload()), (11, 0, &original[..548]));
    let annotations = packet.annotations();
    assert_eq!((annotations.destination_ipv4(), annotations.flags), ([18, 26, 4, 44], Annotations::FIX_IP_SRC));
    assert_eq!((annotations.paint, annotations.timestamp_ns, packet.network().len()), (0, 99, 576));
}

#[test]
fn the_header_says_what_the_type_demands() {
    let particulars = |message_type, code| {
        let mut packet = refused(17, &[7; 8]);
        packet.annotations_mut().set_destination_ipv4([1, 2, 3, 4]);
        packet.annotations_mut().flags = 20;
        assert_eq!(error(message_type, code).action(&mut ListIo::new(0), &mut packet), Verdict::Pass);
        packet.data()[20..28].to_vec()
    };
    assert_eq!(particulars(5, 1)[4..], [1, 2, 3, 4]);
    assert_eq!(particulars(12, 0)[4..], [20, 0, 0, 0]);
    assert_eq!(particulars(3, 4)[4..], [0, 0, 5, 0x78]);
    assert_eq!(particulars(3, 1)[4..], [0; 4]);
}

#[test]
fn some_packets_get_no_error() {
    let mut error = error(3, 1);
    for kind in [3, 4, 5, 11, 12] {
        assert_eq!(why(&mut error, refused(1, &[kind, 0, 0, 0])), "icmp_error");
    }
    assert_eq!(why(&mut error, refused(1, &[])), "icmp_error");
    assert_eq!(error.action(&mut ListIo::new(0), &mut refused(1, &[8, 0, 0, 0])), Verdict::Pass);
    for to in [[255; 4], [224, 0, 0, 1], [10, 0, 0, 255]] {
        assert_eq!(why(&mut error, marked::datagram(17, [18, 26, 4, 44], to, &[])), "broadcast");
    }
    let mut to_all = refused(17, &[]);
    to_all.annotations_mut().packet_type = PacketType::Broadcast;
    assert_eq!(why(&mut error, to_all), "broadcast");
    for from in [[0, 0, 0, 1], [127, 0, 0, 1], [224, 0, 0, 1], [241, 0, 0, 1], [255; 4], [10, 0, 0, 255]] {
        assert_eq!(why(&mut error, marked::datagram(17, from, [10, 0, 0, 8], &[])), "bad_source");
    }
    let mut fragment = refused(17, &[]);
    fragment.data_mut()[7] = 1;
    assert_eq!(why(&mut error, fragment), "fragment");
    assert_eq!(why(&mut error, packet(&[0x45; 40])), "no_header");
    let mut lying = refused(17, &[]);
    lying.data_mut()[0] = 0x4f;
    assert_eq!(why(&mut error, lying), "no_header");
    assert_eq!(read(&error, "no_headroom"), "0");
}

#[test]
fn a_source_route_comes_back_reversed() {
    let route = [137, 19, 12, 128, 4, 45, 60, 128, 4, 49, 61, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    let (mut error, mut redirect, mut packet) = (error(11, 0), error(5, 1), with_options(&route));
    assert_eq!(error.action(&mut ListIo::new(0), &mut packet), Verdict::Pass);
    let ip = Ipv4::new_checked(packet.data()).unwrap();
    assert!(ip.is_header_intact() && Icmp::new_checked(ip.payload()).unwrap().is_intact());
    assert_eq!(ip.options(), [137, 11, 4, 128, 4, 49, 61, 128, 4, 45, 60, 0]);
    assert_eq!(ip.payload().len(), 8 + 48);
    assert_eq!(why(&mut redirect, with_options(&route)), "source_route");
}

#[test]
fn a_source_route_that_is_wrong_does_not() {
    let sent = |options: &[u8], pointer| {
        let mut packet = with_options(options);
        packet.annotations_mut().flags = pointer;
        assert_eq!(error(12, 0).action(&mut ListIo::new(0), &mut packet), Verdict::Pass);
        Ipv4::new_checked(packet.data()).unwrap().options().to_vec()
    };
    assert_eq!(sent(&[131, 7, 8, 1, 2, 3, 4, 0], 19), [131, 7, 4, 1, 2, 3, 4, 0]);
    assert_eq!(sent(&[131, 7, 8, 1, 2, 3, 4, 0], 22), [], "the problem is there");
    assert_eq!(sent(&[1, 131, 3, 4], 63), [131, 3, 4, 0]);
    for wrong in [[131, 7, 3, 1, 2, 3, 4, 0], [131, 7, 12, 1, 2, 3, 4, 0], [131, 9, 8, 1, 2, 3, 4, 0], [0, 131, 3, 4, 0, 0, 0, 0]] {
        assert_eq!(sent(&wrong, 63), []);
    }
    assert_eq!(sent(&[131, 0, 4, 0], 63), []);
    assert_eq!(sent(&[1, 1, 1, 131], 63), []);
}

#[test]
fn mutations_never_panic() {
    let (mut error, mut io, mut seed) = (error(11, 0), ListIo::new(0), 0x51ce_5eed_u64);
    for _ in 0..20_000 {
        let mut packet = with_options(&[137, 19, 12, 128, 4, 45, 60, 128, 4, 49, 61, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % packet.len();
            packet.data_mut()[at] = (seed >> 56) as u8;
        }
        packet.truncate((seed >> 20) as usize % 60);
        if error.action(&mut io, &mut packet) == Verdict::Pass {
            assert!(Ipv4::new_checked(packet.data()).unwrap().is_header_intact());
        }
    }
}

#[cfg(feature = "host")]
#[test]
fn arguments_are_clicks() {
    use crate::configure::{Surroundings, configure};
    let expression = |arguments: &[&str]| {
        configure::<IcmpError>(arguments, &Surroundings::default()).map(|instance| instance.expression)
    };
    assert_eq!(
        expression(&["19.19.19.19", "timeexceeded"]).unwrap(),
        "IcmpError::new(0x13131313, 11, 0, &[], 576, 0, true)"
    );
    assert_eq!(
        expression(&["1.2.3.4", "unreachable", "needfrag", "1.2.3.255 1.2.4.255", "PMTU 1400", "SET_FIX_ANNO false"]).unwrap(),
        "IcmpError::new(0x01020304, 3, 4, &[16909311, 16909567], 576, 1400, false)"
    );
    assert_eq!(expression(&["1.2.3.4", "5", "1"]).unwrap(), "IcmpError::new(0x01020304, 5, 1, &[], 576, 0, true)");
    for wrong in [["echo", "0"], ["3", "transit"], ["12", "300"]] {
        assert_eq!(expression(&["1.2.3.4", wrong[0], wrong[1]]).unwrap_err().len(), if wrong[0] == "echo" { 2 } else { 1 });
    }
}
