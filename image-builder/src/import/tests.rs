// SPDX-License-Identifier: Apache-2.0
use super::*;

/// The rules for packets from eth1 (lan) to eth0 (wan), and for the others, of a chain `forward` with these rules.
fn filters(table: &str, policy: &str, rules: &str) -> Found<[Vec<String>; 2]> {
    let text = format!(
        "table inet f {{\n{table}\nchain forward {{\ntype filter hook forward priority 0; policy {policy};\n{rules}\n}}\n}}\n"
    );
    let chain = import(&text, "eth1", "eth0")?.chain;
    let lists = chain.split("StatefulFilter(ct,").skip(1).map(|part| {
        let rules = part.lines().skip(1).take_while(|line| !line.contains("CAPACITY"));
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
    assert_eq!(both("", "ct state established,related counter packets 1 bytes 2 accept comment \"x\""), wanted);
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
        ("accept\ntcp dport 80 limit rate 5/second accept", 6, "'limit rate' is not supported"),
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
        ("\ntable netdev t {\n}", 2),
        ("table ip t {\n set s {\n type ipv4_addr\n flags dynamic\n }\n}", 4),
        ("table ip t {\n flowtable f {\n }\n}", 2),
        ("add rule ip t c accept", 1),
        ("table ip t {\n}", 1),
        ("table ip t {\n chain c {\n ip saddr \"x", 3),
        ("\ndefine a = $a", 2),
        ("define a = $b\ndefine b = $a", 1),
    ] {
        assert_eq!(import(text, "a", "b").map(|_| ()).unwrap_err().line, line, "{text}");
    }
}

#[test]
fn variables_of_variables_have_an_end() {
    let doubled = (1..40).map(|number| format!("define v{number} = {{ $v{0}, $v{0} }}\n", number - 1));
    let text: String = [String::from("define v0 = 1\n")].into_iter().chain(doubled).collect();
    assert_eq!(import(&text, "a", "b").map(|_| ()).unwrap_err().line, 22);
}

#[test]
fn what_is_left_out_is_said() {
    let text = "table ip t {\n chain c {\n type filter hook forward priority 0; policy accept;\n log prefix \"x\" drop\n udp dport 9 counter reject with icmp port-unreachable\n }\n}";
    let imported = import(text, "a", "b").unwrap();
    let warnings: Vec<_> = imported.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
    assert_eq!(
        warnings,
        [(4, "log is left out"), (5, "counter is left out"), (5, "reject drops: nothing is answered")]
    );
    assert!(imported.chain.contains("allow !(ip vers 4)"), "IPv6 is not asked by a table of IPv4");
}
