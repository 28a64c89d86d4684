// SPDX-License-Identifier: Apache-2.0
use super::*;

mod iptables;

/// The rules for packets from eth1 (lan) to eth0 (wan), and for the others, of a chain `forward` with these rules.
fn filters(table: &str, policy: &str, rules: &str) -> Found<[Vec<String>; 2]> {
    let text = format!(
        "table inet f {{\n{table}\nchain forward {{\ntype filter hook forward priority 0; policy {policy};\n{rules}\n}}\n}}\n"
    );
    let chain = import(RuleLanguage::Nft, &text, "eth1", "eth0")?.chain;
    let lists = chain.split("StatefulFilter(ct,").skip(1).map(|part| {
        let rules = part.lines().skip(1).take_while(|line| !line.contains("CAPACITY") && !line.contains("UNDECIDED"));
        rules.map(|line| line.trim().trim_end_matches(',').to_string()).collect()
    });
    Ok(lists.collect::<Vec<_>>().try_into().expect("two filters"))
}

fn both(table: &str, rules: &str) -> Vec<String> {
    let [out, back] = filters(table, "drop", rules).unwrap();
    assert_eq!(out, back);
    out
}

#[test]
fn rules_become_patterns() {
    let wanted = ["allow (state established) || (state related)", "deny all"];
    assert_eq!(both("", "ct state established,related accept comment \"x\""), wanted);
    let wanted = ["allow (tcp) && ((tcp dst port 80) || (tcp dst port 8000-8009)) && (state new)", "deny all"];
    assert_eq!(both("", "tcp dport { http, 8000-8009 } ct state new accept"), wanted);
    assert_eq!(both("", "ip saddr != 10.0.0.1 drop")[0], "deny (ip vers 4) && !(src net 10.0.0.1/32)");
    assert_eq!(both("", "ip6 daddr 2001:db8::1/64 accept")[0], "allow (ip vers 6) && (dst net 2001:db8::/64)");
    let wanted = "allow (ip vers 4) && ((src net 10.0.0.3/32) || (src net 10.0.0.4/31))";
    assert_eq!(both("", "ip saddr 10.0.0.3-10.0.0.5 accept")[0], wanted);
    assert_eq!(both("", "accept"), ["allow all", "deny all"]);
}

#[test]
fn devices_are_the_two_networks() {
    let [out, back] =
        filters("", "accept", "iifname \"eth1\" oifname eth0 udp dport 53 accept\niifname \"eth1\" drop").unwrap();
    assert_eq!(out, ["allow (udp) && (udp dst port 53)", "deny all", "allow all"]);
    assert_eq!(back, ["allow all"]);
}

#[test]
fn chains_jump_and_return() {
    let table = "chain more {\nudp dport 1 return\nudp dport 2 accept\n}\nmap m {\ntype inet_service : verdict\nelements = { 7 : jump more, 8 : drop }\n}";
    let one = "(udp) && (udp dst port 1)";
    let wanted = [
        format!("allow (tcp) && !({one}) && (udp) && (udp dst port 2)"),
        "allow (icmp) && (icmp type 8)".into(),
        "deny all".into(),
    ];
    let rules = "meta nfproto ipv4 tcp sport 5 jump nowhere";
    assert_eq!(filters(table, "drop", rules).unwrap_err().message, "there is no chain 'nowhere' in this table");
    let jumped = both(table, "meta l4proto tcp jump more\nicmp type echo-request accept");
    assert_eq!(jumped[0], wanted[0].replace("(tcp)", "(ip proto 6)"));
    assert_eq!(jumped[1..], wanted[1..]);
    // What was gone to does not come back.
    let gone = both(table, "tcp sport 5 goto more\ntcp dport 9 accept");
    assert!(gone[1].starts_with("allow !((tcp) && (tcp src port 5)) && (tcp)"), "{gone:?}");
    let mapped = both(table, "tcp dport vmap @m");
    assert!(mapped[0].starts_with("allow (tcp) && (tcp dst port 7) && !("), "{mapped:?}");
    assert_eq!(mapped[1], "deny (tcp) && (tcp dst port 8)");
}

#[test]
fn what_is_not_supported_is_refused_with_its_line() {
    for (rules, line, message) in [
        (
            "accept\ntcp dport 80 limit rate 5 mbytes/second accept",
            6,
            "'limit rate 5' is not supported; packets per second to week are, as 5/minute",
        ),
        ("limit rate 5/second burst 9 kbytes accept", 5, "a burst of '9 kbytes' is not supported; of packets it is"),
        ("limit rate 0/second accept", 5, "no rate: '0/second'"),
        ("limit rate 1/second tcp dport 80 accept", 5, "a match behind a limit is not supported: put it in front"),
        ("limit name \"slow\" accept", 5, "a limit by name, or a second one, is not supported; one 'limit rate' is"),
        ("limit rate 1/second return", 5, "a limit is supported in front of accept, drop and reject only"),
        ("counter tcp dport 80 accept", 5, "a match behind a counter is not supported: put it in front"),
        ("counter name web accept", 5, "there is no counter 'web' in front of this rule"),
        ("reject with icmp type fragmentation-needed", 5, "'reject with icmp fragmentation-needed' is not supported"),
        ("limit rate 1/second counter", 5, "a limit is supported in front of accept, drop and reject only"),
        ("meta mark 1 accept", 5, "'meta mark' is not supported"),
        (
            "ip saddr example.org accept",
            5,
            "'example.org' is no IPv4 address, prefix or range; names are not looked up",
        ),
        ("tcp dport 70000 accept", 5, "'70000' is not supported here"),
        ("ip saddr @none accept", 5, "there is no set 'none' in front of this rule"),
        ("accept drop", 5, "'drop' behind a verdict is not supported"),
        ("dnat to 10.0.0.1", 5, "'dnat to' is not supported"),
        ("jump forward", 5, "chains jump more than 16 deep"),
    ] {
        assert_eq!(filters("", "drop", rules).unwrap_err(), Problem { line, message: message.into() }, "{rules}");
    }
    for (text, line) in [
        ("table ip nat {\n chain c {\n type nat hook prerouting priority 0;\n }\n}", 3),
        ("table ip raw {\n chain c {\n type filter hook prerouting priority 0;\n }\n}", 3),
        ("\ntable netdev t {\n}", 2),
        ("table ip t {\n set s {\n type ipv4_addr\n flags dynamic\n }\n}", 4),
        ("table ip t {\n flowtable f {\n }\n}", 2),
        ("add rule ip t c accept", 1),
        ("table ip t {\n}", 1),
        ("table ip t {\n chain c {\n ip saddr \"x", 3),
        ("\ndefine a = $a", 2),
        ("define a = $b\ndefine b = $a", 1),
    ] {
        assert_eq!(import(RuleLanguage::Nft, text, "a", "b").map(|_| ()).unwrap_err().line, line, "{text}");
    }
}

#[test]
fn limits_stand_between_filters_and_are_one_for_all_who_ask() {
    let text = "table ip t {\n chain c { udp dport 9 limit rate over 3/minute drop; }\n chain f {\n type filter hook forward priority 0; policy drop;
        iifname \"a\" icmp type echo-request limit rate 4/second burst 2 packets accept\n jump c\n udp dport 9 accept\n }\n}";
    let chain = import(RuleLanguage::Nft, text, "a", "b").unwrap().chain;
    let expected = [
        "      1 (icmp) && (icmp type 8),\n      2 all,\n      UNDECIDED 1 2) -> to_wan;\n  out[2] -> out1 :: StatefulFilter(ct,",
        "  out_passes :: StatefulFilter(ct, allow all) -> to_wan;",
        "  limit2 :: RatedSplitter(4, PERIOD 1, BURST_SIZE 2);\n  out[1] -> limit2;\n  limit2[0] -> out_passes;\n  limit2[1] -> out1;",
        "  limit1 :: RatedSplitter(3, PERIOD 60, BURST_SIZE 5);\n  limit1[0] -> limit1_0 :: PaintSwitch;\n  limit1[1] -> limit1_1 :: PaintSwitch;",
        "  out1[1] -> Paint(0) -> limit1;\n  limit1_0[0] -> out2;\n  limit1_1[0] -> Discard;\n  in[1] -> Paint(1) -> limit1;\n  limit1_0[1] -> in1;",
    ];
    for part in expected {
        assert!(chain.contains(part), "{part}\nis not in\n{chain}");
    }
    assert!(!chain.contains("in_passes") && !chain.contains("CAPACITY"), "{chain}");
}

#[test]
fn what_counts_or_rejects_has_an_output_of_its_own() {
    let text = "table inet t {\n counter web { packets 0 bytes 0 }\n chain f {\n type filter hook forward priority 0; policy drop;
        tcp dport 80 counter name web accept\n udp dport 9 counter drop; udp dport 10 counter drop\n tcp dport 25 reject with tcp reset\n
        counter\n icmp type echo-request counter reject with icmp type admin-prohibited\n udp dport 7 limit rate 1/second counter accept\n
        ip saddr 10.0.0.1 counter jump more\n }\n chain more {\n reject\n }\n}";
    let text = text
        .replace("chain f", "chain more {\n reject\n }\n chain f")
        .replace("}\n chain more {\n reject\n }\n}", "}\n}");
    let chain = import(RuleLanguage::Nft, &text, "a", "b").unwrap().chain;
    let expected = [
        "  out_web_line8 :: Counter -> to_wan;",
        "  out_line9 :: Counter -> Discard;\n  out_line9_2 :: Counter -> Discard;",
        "  out_line13 :: Counter -> out_admin_prohibited;",
        "  out_line14 :: Counter -> out_passes;",
        "  out_admin_prohibited :: RatedSplitter(1000) -> Reject(admin-prohibited) -> to_lan;",
        "  in_tcp_reset :: RatedSplitter(1000) -> Reject(tcp-reset) -> to_wan;",
        "      6 (tcp) && (tcp dst port 80),\n      3 (udp) && (udp dst port 9),\n      4 (udp) && (udp dst port 10),\n      5 (tcp) && (tcp dst port 25),\n      1 all,\n      2 all,\n      UNDECIDED 1 2 3 4 5) -> to_wan;",
        "  out[6] -> out_web_line8;",
        "  out[1] -> out_line12 :: Counter -> out1;",
        "      3 (icmp) && (icmp type 8) && (ip vers 4),",
        "  limit1_0[0] -> out_line14;",
        "  out2[1] -> out_line16 :: Counter -> out3;",
        "      1 (ip vers 4) && (src net 10.0.0.1/32),\n      deny all,\n      UNDECIDED 1) -> to_wan;\n  out3[1] -> out_port_unreachable;",
    ];
    for part in expected {
        assert!(chain.contains(part), "{part}\nis not in\n{chain}");
    }
}

#[test]
fn more_that_is_counted_than_there_are_outputs_for_takes_several_filters() {
    let rules: String = (1..=100).map(|port| format!("udp dport {port} counter drop\n")).collect();
    let text =
        format!("table ip t {{\n chain f {{\n type filter hook forward priority 0; policy accept;\n{rules} }}\n}}");
    let chain = import(RuleLanguage::Nft, &text, "a", "b").unwrap().chain;
    assert!(chain.contains("      62 (udp) && (udp dst port 61),\n      1 all,\n      UNDECIDED 1 2 "), "{chain}");
    assert!(chain.contains("out[1] -> out1 :: StatefulFilter(ct,\n      1 (udp) && (udp dst port 62)"), "{chain}");
    assert_eq!(chain.matches(" :: Counter -> Discard;").count(), 200);
    let many = text.replace("udp dport 100 counter drop", &"counter accept; ".repeat(402));
    let refused = import(RuleLanguage::Nft, &many, "a", "b").map(|_| ()).unwrap_err();
    assert_eq!(refused, Problem { line: 103, message: "more than 500 rules with counters are not supported".into() });
}

#[test]
fn variables_of_variables_have_an_end() {
    let doubled = (1..40).map(|number| format!("define v{number} = {{ $v{0}, $v{0} }}\n", number - 1));
    let text: String = [String::from("define v0 = 1\n")].into_iter().chain(doubled).collect();
    assert_eq!(import(RuleLanguage::Nft, &text, "a", "b").map(|_| ()).unwrap_err().line, 22);
}

#[test]
fn what_is_left_out_is_said() {
    let text = "table ip t {\n chain c {\n type filter hook forward priority 0; policy accept;\n log prefix \"x\" drop\n udp dport 9 counter reject with icmp port-unreachable\n }\n}";
    let imported = import(RuleLanguage::Nft, text, "a", "b").unwrap();
    let warnings: Vec<_> = imported.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
    assert_eq!(warnings, [(4, "log is left out")]);
    assert!(imported.chain.contains("allow !(ip vers 4)"), "IPv6 is not asked by a table of IPv4");
}

#[test]
fn what_no_forwarded_packet_meets_need_not_be_understood() {
    let other = "chain input { type filter hook input priority 0; meta mark 1 accept; udp dport { 5, 6 } frob { 1 : 2 } drop }\n\
        chain unused {\n meter x { ip saddr\n limit rate 1/second }\n accept\n }";
    let met = filters(other, "drop", "tcp dport 80 accept\nmeta mark 1 accept").unwrap_err();
    assert_eq!(met, Problem { line: 11, message: "'meta mark' is not supported".into() });
    let [out, back] = filters(other, "drop", "tcp dport 80 accept").unwrap();
    assert_eq!((&out, out.len()), (&back, 2), "{out:?}");
}

/// Files that were damaged on the way are imported or refused, and nothing else.
#[test]
fn damaged_files_end_in_rules_or_in_an_error() {
    use nf_elements::testing::rule_sets::Random;
    let iptables = "*filter\n:FORWARD DROP [0:0]\n:sub - [0:0]\n-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n\
        -A FORWARD ! -s 10.0.0.0/8 -i eth1 -p tcp -m multiport --dports 22,80:90 -j sub\n\
        -A sub -p tcp --tcp-flags SYN,ACK SYN -m limit --limit 3/min -j RETURN\n-A sub -g sub\nCOMMIT\n";
    let nft = include_str!("../../../../tests/tests/nft/rules.nft");
    let mut random = Random::new(11);
    let mut refused = 0;
    for round in 0..3000 {
        let (language, text) = [(RuleLanguage::Nft, nft), (RuleLanguage::Iptables, iptables)][round % 2];
        let mut words: Vec<&str> = text.split_inclusive([' ', '\n', ',', '{', ';']).collect();
        for _ in 0..random.between(1, 4) {
            let [from, to] = [0; 2].map(|_| random.between(0, words.len() as u32 - 1) as usize);
            match random.between(0, 2) {
                0 => drop(words.remove(from)),
                1 => words.insert(to, words[from]),
                _ => words.swap(from, to),
            }
        }
        refused += usize::from(import(language, &words.concat(), "eth1", "eth0").is_err());
    }
    assert!((300..2900).contains(&refused), "{refused}");
}
