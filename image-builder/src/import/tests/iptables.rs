// SPDX-License-Identifier: Apache-2.0
//! Rules of iptables: what single options mean, and whole firewalls beside what a verified tool says of them.

use super::super::flatten::{Ending, Fate, Piece, Question, pieces};
use super::super::iptables::ruleset;
use super::super::{Problem, import};
use crate::cli::RuleLanguage;
use nf_elements::conntrack::State;
use nf_elements::filter::tree::{Tree, grow_tree, words_of};
use nf_elements::filter::{Formulas, IpWords, parse_tracked_rule};
use nf_elements::testing::packet;
use nf_elements::testing::rule_sets::Random;
use std::net::Ipv4Addr;
use std::path::Path;

/// The patterns for packets from eth1 to eth0, of FORWARD with these rules, before its policy.
fn rules(rules: &str) -> Result<Vec<String>, Problem> {
    let text = format!("# iptables-save\n*filter\n:FORWARD DROP [0:0]\n:sub - [0:0]\n{rules}\nCOMMIT\n");
    let chain = import(RuleLanguage::Iptables, &text, "eth1", "eth0")?.chain;
    Ok(arguments(&chain).into_iter().skip(1).take_while(|rule| rule != "deny all").collect())
}

/// The rules of a chain's first filter.
fn arguments(chain: &str) -> Vec<String> {
    let filter = chain.split("StatefulFilter(ct,").nth(1).expect("there is a filter");
    let lines =
        filter.lines().skip(1).take_while(|line| !["CAPACITY", "UNDECIDED", "->"].iter().any(|end| line.contains(end)));
    lines.map(|line| line.trim().trim_end_matches(',').to_string()).collect()
}

#[test]
fn options_become_patterns() {
    for (rule, pattern) in [
        ("-A FORWARD -s 10.0.0.0/255.255.255.0 -j ACCEPT", "allow (ip vers 4) && (src net 10.0.0.0/24)"),
        ("-A FORWARD ! -d 10.0.0.1/32 -j DROP", "deny (ip vers 4) && !(dst net 10.0.0.1/32)"),
        ("-A FORWARD -d ! 10.0.0.1 -j DROP", "deny (ip vers 4) && !(dst net 10.0.0.1/32)"),
        ("[5:100] -A FORWARD -i eth1 -o eth+ -m comment --comment \"a \\\"b\" -j ACCEPT", "allow all"),
        (
            "-A FORWARD -p tcp -m tcp --dport :80 -j ACCEPT",
            "allow (ip vers 4) && (ip proto 6) && (tcp) && (tcp dst port 0-80)",
        ),
        (
            "-A FORWARD -m state --state NEW,RELATED -j REJECT --reject-with tcp-reset",
            "1 (state new) || (state related)",
        ),
        (
            "-A FORWARD -p udp -m multiport --sports 7,9:11 -j ACCEPT",
            "allow (ip vers 4) && (ip proto 17) && (udp) && ((udp src port 7) || (udp src port 9-11))",
        ),
        (
            "-A FORWARD -p tcp --syn -j ACCEPT",
            "allow (ip vers 4) && (ip proto 6) && (tcp) && (tcp opt syn) && !(tcp opt rst) && !(tcp opt ack) && !(tcp opt fin)",
        ),
        (
            "-A FORWARD -p icmp -m icmp --icmp-type 8 -j ACCEPT",
            "allow (ip vers 4) && (ip proto 1) && (icmp) && (icmp type 8)",
        ),
        (
            "-A sub -p gre -j RETURN\n-A sub -j ACCEPT\n-A FORWARD -j LOG --log-prefix \"x y\"\n-A FORWARD -j sub",
            "allow !((ip vers 4) && (ip proto 47))",
        ),
    ] {
        assert_eq!(rules(rule).unwrap(), [pattern], "{rule}");
    }
    assert_eq!(rules("-A FORWARD -i eth9 -j ACCEPT").unwrap(), [""; 0]);
}

#[test]
fn what_is_not_supported_is_refused_with_its_line_if_forwarded_packets_meet_it() {
    for (rule, message) in [
        ("-A FORWARD -m recent --update -j DROP", "'--update' is not supported"),
        ("-A FORWARD -p sctp --dport 5 -j DROP", "ports of 'sctp' are not supported; of tcp and udp they are"),
        ("-A FORWARD -s 10.0.0.0/255.0.255.0 -j DROP", "'255.0.255.0' is no mask of a prefix"),
        ("-A FORWARD -j", "an option without its value"),
        ("-A FORWARD -j REJECT --reject-with nothing", "'--reject-with nothing' is not supported"),
        ("-A FORWARD -j nowhere", "there is no chain 'nowhere' in this table"),
        ("-A nowhere -j DROP", "there is no chain 'nowhere'"),
        ("-I FORWARD -j DROP", "'-I' is not supported; -A is"),
        ("-A FORWARD -m comment --comment \"x -j DROP", "a text without its closing quote"),
        ("nonsense", "'nonsense' is no line of iptables-save"),
    ] {
        assert_eq!(rules(rule).unwrap_err(), Problem { line: 5, message: message.into() }, "{rule}");
    }
    assert_eq!(rules("-A sub -m recent --update -j DROP\n-A FORWARD -j ACCEPT").unwrap(), ["allow all"]);
    for target in ["DNAT --to-destination 10.0.0.1", "DROP"] {
        let text = format!(
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j {target}\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
        );
        assert_eq!(import(RuleLanguage::Iptables, &text, "a", "b").map(|_| ()).unwrap_err().line, 3, "{target}");
    }
    let cut = import(RuleLanguage::Iptables, "*filter\n:FORWARD DROP [0:0]\n", "a", "b").map(|_| ()).unwrap_err();
    assert_eq!(cut.line, 2);
}

/// A rule of a table as `iptables -L -n` prints it, of addresses, a protocol and ports.
#[derive(Debug)]
struct Bound {
    accepts: bool,
    protocol: u8,
    ends: [(u32, u32); 2],
    /// From, to; of all packets: none.
    ports: [Option<(u16, u16)>; 2],
}

/// A packet.
#[derive(Clone, Copy, Debug)]
struct Flow {
    protocol: u8,
    ends: [u32; 2],
    ports: [u16; 2],
}

impl Bound {
    /// A line's rule, if it is one.
    fn of(line: &str) -> Option<Bound> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [verdict @ ("ACCEPT" | "DROP"), protocol, _, source, destination, rest @ ..] = &words[..] else {
            return None;
        };
        let net = |text: &str| {
            let (address, length) = text.split_once('/').unwrap_or((text, "32"));
            let length: u32 = length.parse().unwrap();
            (u32::from(address.parse::<Ipv4Addr>().unwrap()), u32::MAX.checked_shl(32 - length).unwrap_or(0))
        };
        let port = |name: &str| {
            let word = rest.iter().find_map(|word| word.strip_prefix(name))?;
            let ports = word.trim_start_matches(['s', ':']);
            let (first, last) = ports.split_once(':').unwrap_or((ports, ports));
            Some((first.parse().unwrap(), last.parse().unwrap()))
        };
        Some(Bound {
            accepts: *verdict == "ACCEPT",
            protocol: match *protocol {
                "all" => 0,
                "icmp" => 1,
                "tcp" => 6,
                "udp" => 17,
                "esp" => 50,
                number => number.parse().unwrap(),
            },
            ends: [net(source), net(destination)],
            ports: [port("spt"), port("dpt")],
        })
    }

    fn holds(&self, flow: &Flow) -> bool {
        let inside = |((net, mask), address): (&(u32, u32), u32)| address & mask == net & mask;
        let within = |(ports, port): (&Option<(u16, u16)>, u16)| {
            ports.is_none_or(|(first, last)| (first..=last).contains(&port))
        };
        (self.protocol == 0 || self.protocol == flow.protocol)
            && self.ends.iter().zip(flow.ends).all(inside)
            && self.ports.iter().zip(flow.ports).all(within)
    }

    /// A packet of which it holds, or nearly.
    fn flow(&self, random: &mut Random) -> Flow {
        let any = |random: &mut Random| random.between(0, u32::MAX);
        let ends =
            self.ends.map(|(net, mask)| (net & mask | any(random) & !mask) ^ (any(random) >> 31 & any(random) >> 31));
        let ports = self.ports.map(|ports| {
            let (first, last) = ports.unwrap_or((1, 65_535));
            let edge = [first, last, last.saturating_add(1), random.between(first.into(), last.into()) as u16];
            edge[random.between(0, 3) as usize]
        });
        let protocol = match self.protocol {
            0 => [1, 6, 6, 17][random.between(0, 3) as usize],
            protocol => protocol,
        };
        Flow { protocol, ends, ports }
    }
}

impl Flow {
    fn bytes(&self) -> Vec<u8> {
        let header = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, self.protocol, 0, 0];
        let ends = self.ends.map(u32::to_be_bytes);
        // Of TCP a SYN; of ICMP an echo request.
        let transport = match self.protocol {
            1 => vec![8, 0, 0, 0],
            _ => self.ports.map(u16::to_be_bytes).concat(),
        };
        let mut bytes = [&header[..], ends.as_flattened(), &transport, &[0; 8], &[0x50, 2]].concat();
        bytes.resize(40, 0);
        bytes
    }
}

/// Firewalls in ../shared/material, with two devices of theirs. Diekmann's verified iptables_semantics says of each which new packets it surely
/// accepts, and which ones perhaps, on whatever devices. (Where it was told what is behind them, as for openvpn.eu, that is another question.)
const FIREWALLS: [(&str, &str, [&str; 2]); 3] = [
    ("iptables-real-config_memphis_testbed/iptables-save", "iptables-real-config_memphis_testbed/iptables", ["a", "b"]),
    (
        "iptables-real-openwrt.org/iptables-save-AA.txt_fixed_newline",
        "iptables-real-openwrt.org/iptables-save-AA.txt_fixed_newline",
        ["eth0", "eth0.2"],
    ),
    (
        "iptables-real-pastebin.com_bbWXHaTn/iptables-save",
        "iptables-real-pastebin.com_bbWXHaTn/iptables-save",
        ["docker0", "eth0"],
    ),
];

/// The rules for forwarded packets that such a file shows.
fn bounds(path: &Path) -> Vec<Bound> {
    let text = std::fs::read_to_string(path).unwrap();
    let forward = text.lines().skip_while(|line| !line.starts_with("Chain FORWARD")).skip(1);
    forward.take_while(|line| !line.starts_with("Chain")).filter_map(Bound::of).collect()
}

/// Rules as a tree, in which every limit holds, or none does.
fn tree(pieces: &[Piece], limits_hold: bool) -> Vec<u8> {
    let rule = |ending: &Ending, pattern: &str| {
        format!("{} {pattern}", if ending.fate == Fate::Accept { "allow" } else { "deny" })
    };
    let mut texts = Vec::new();
    for piece in pieces {
        texts.extend(piece.rules.iter().map(|decision| rule(&decision.ending, &decision.pattern)));
        texts.extend(piece.asks.iter().filter_map(|asks| match &asks.question {
            Question::Limit(limit, ending) if limits_hold != limit.over => Some(rule(ending, &asks.pattern)),
            _ => None,
        }));
    }
    let mut formulas = Formulas::default();
    let rule = |text: &String| parse_tracked_rule(text, 1).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let rules: Vec<_> =
        texts.iter().map(rule).map(|rule| (formulas.pattern(&rule.pattern), rule.action.leaf())).collect();
    grow_tree(&formulas, &rules).unwrap().bytes
}

#[test]
fn real_firewalls_accept_what_they_must_and_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/material/firewall");
    if !folder.is_dir() {
        println!("skipped: ../shared/material is not here");
        return;
    }
    let mut random = Random::new(3);
    for (original, bound, [lan, wan]) in FIREWALLS {
        let [lower, upper] = ["lower", "upper"].map(|which| bounds(&folder.join(format!("{bound}.Ln.FWD.{which}"))));
        // The bounds are of this table alone.
        let text = std::fs::read_to_string(folder.join(original)).unwrap();
        let filter = &text[text.find("*filter").unwrap()..];
        let ruleset = ruleset(&filter[..filter.find("COMMIT").unwrap() + "COMMIT".len()]).unwrap();
        let mut accepted = [0; 2];
        for (from, to, limits_hold) in [(lan, wan, false), (wan, lan, false), (lan, wan, true), (wan, lan, true)] {
            let bytes = tree(&pieces(&ruleset, from, to).unwrap(), limits_hold);
            let tree = Tree::new(words_of(&bytes)).unwrap();
            for bound in lower.iter().chain(&upper).cycle().take(10_000) {
                let flow = bound.flow(&mut random);
                let accepts = |bounds: &[Bound]| {
                    bounds.iter().find(|bound| bound.holds(&flow)).is_some_and(|bound| bound.accepts)
                };
                let mut packet = packet(&flow.bytes());
                packet.set_network(0, 20);
                let words = IpWords::new(&packet, true).unwrap().with_state(State::New as u8);
                let ours = tree.walk(&words) == 0;
                assert!(ours || !accepts(&lower), "{original}: {flow:?} is to pass");
                assert!(!ours || accepts(&upper), "{original}: {flow:?} is not to pass");
                accepted[usize::from(ours)] += 1;
            }
        }
        assert!(accepted.iter().all(|count| *count > 500), "{original}: {accepted:?}");
    }
}
