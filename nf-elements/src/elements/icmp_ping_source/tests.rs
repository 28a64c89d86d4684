// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::element::Route;
use crate::elements::IcmpPingResponder;
use crate::testing::{Collected, ListIo, packet, read};
use crate::wire::icmp::Icmp;
use crate::wire::ipv4::Ipv4;

const SECOND: u64 = 1_000_000_000;
const OPTIONS: Options = Options {
    addresses: (0x0a00_0001, 0x0a00_0002),
    interval_ns: SECOND,
    identifier: 0x0102,
    limit: 3,
    active: true,
    stop: true,
    verbose: true,
    mirror: false,
};

/// A source with a receiver, run until `seconds` have passed: what it sent.
fn run(source: &mut IcmpPingSource, io: &mut ListIo, seconds: u64) -> Vec<Packet> {
    let mut out = Collected::<1>::default();
    for tenth in 0..=seconds * 10 {
        io.now_ns = tenth * SECOND / 10;
        source.tick(io, &mut out);
    }
    out.0.into_iter().map(|(_, packet)| packet).collect()
}

fn lent(options: Options) -> IcmpPingSource {
    let mut source = IcmpPingSource::new("p", options, b"abc");
    source.lend(Box::leak(vec![0; receiver::TIMES].into_boxed_slice()));
    source
}

#[test]
fn sends_requests_up_to_the_limit_then_stops() {
    let (mut source, mut io) = (lent(OPTIONS), ListIo::new(0));
    let sent = run(&mut source, &mut io, 3);
    assert!(!io.stopped);
    assert_eq!(sent.len(), 3);
    let second = Ipv4::new_checked(sent[1].data()).unwrap();
    assert!(second.is_header_intact());
    assert_eq!((second.source(), second.destination(), second.identification()), (0x0a00_0001, 0x0a00_0002, 2));
    let echo = Icmp::new_checked(second.payload()).unwrap();
    assert!(echo.is_intact());
    assert_eq!((echo.identifier(), echo.sequence_number(), echo.payload()), (0x0201, 2, b"abc".as_slice()));
    assert_eq!(sent[0].annotations().timestamp_ns, SECOND);
    run(&mut source, &mut io, 4);
    assert!(io.stopped && source.deadline_ns().is_none());
}

#[test]
fn replies_are_summed_up() {
    let (mut source, mut io, mut out) = (lent(OPTIONS), ListIo::new(0), Collected::<1>::default());
    let mut responder = IcmpPingResponder::new(false);
    for (index, mut reply) in run(&mut source, &mut io, 3).into_iter().take(2).enumerate() {
        io.now_ns = reply.annotations().timestamp_ns + 1_500_000 + index as u64 * 1_000_000;
        responder.route(&mut io, 0, &mut reply).unwrap();
        let mut again = packet(&[]);
        reply.copy_into(&mut again);
        source.push(&mut io, 0, reply, &mut out);
        if index == 1 {
            source.push(&mut io, 0, again, &mut out);
        }
    }
    assert_eq!(io.printed[0], "p :: ICMPPingSource: 3 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=1.500 ms");
    let summary = "3 packets transmitted, 2 received, +1 duplicates, -33% packet loss\n\
                   rtt min/avg/max/mdev = 1.500/2.166/2.500/0.474\n";
    assert_eq!(read(&source, "summary"), summary);
    assert_eq!(["rtt_min", "rtt_avg", "rtt_max"].map(|name| read(&source, name)), ["0.0015", "0.002166", "0.0025"]);
    source.push(&mut io, 0, packet(&[0; 40]), &mut out);
    assert_eq!((read(&source, "not_reply"), out.0.len()), ("1".into(), 0));
    source.write_handler("reset_counts", "").unwrap();
    assert_eq!(read(&source, "summary"), "0 packets transmitted, 0 received");
}

#[test]
fn a_mirrored_reply_is_the_next_request() {
    let mirror = Options { mirror: true, verbose: false, limit: 1, ..OPTIONS };
    let (mut source, mut io, mut out) = (lent(mirror), ListIo::new(0), Collected::<1>::default());
    let mut reply = run(&mut source, &mut io, 1).remove(0);
    IcmpPingResponder::new(false).route(&mut io, 0, &mut reply).unwrap();
    source.push(&mut io, 0, reply, &mut out);
    let next = Ipv4::new_checked(out.0[0].1.data()).unwrap();
    let echo = Icmp::new_checked(next.payload()).unwrap();
    assert!(next.is_header_intact() && echo.is_intact() && io.printed.is_empty());
    assert_eq!((echo.sequence_number(), echo.payload()), (2, b"abc".as_slice()));
}

#[test]
fn handlers_steer_it() {
    let idle = Options { active: false, ..OPTIONS };
    let (mut source, mut io) = (lent(idle), ListIo::new(0));
    assert!(run(&mut source, &mut io, 2).is_empty());
    for (name, value) in [("active", "true"), ("interval", "0.5"), ("limit", "-1"), ("dst", "10.0.0.9")] {
        source.write_handler(name, value).unwrap();
    }
    let sent = run(&mut source, &mut io, 2);
    assert_eq!((sent.len(), sent[0].annotations().destination_ipv4()), (5, [10, 0, 0, 9]));
    source.write_handler("active", "false").unwrap();
    assert_eq!((read(&source, "count"), source.deadline_ns()), ("5".into(), None));
}

#[cfg(feature = "host")]
#[test]
fn arguments_are_clicks() {
    use crate::configure::{Surroundings, configure};
    let here = Surroundings { name: "p", inputs: 1, ..Default::default() };
    let arguments = ["10.0.0.1", "10.0.0.2", "INTERVAL 0.1", "DATA \\<ff>", "LIMIT 5", "STOP true"];
    let instance = configure::<IcmpPingSource>(&arguments, &here).unwrap();
    assert_eq!(
        instance.expression,
        "IcmpPingSource::new(\"p\", icmp_ping_source::Options { addresses: (167772161, 167772162), interval_ns: \
         100000000, identifier: 0, limit: 5, active: true, stop: true, verbose: true, mirror: false }, b\"\\xff\")"
    );
    assert_eq!((instance.memory.unwrap().count, instance.ticks), (65536, true));
    assert!(configure::<IcmpPingSource>(&["10.0.0.1"], &Surroundings::default()).is_err());
}
