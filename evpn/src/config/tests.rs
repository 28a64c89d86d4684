// SPDX-License-Identifier: Apache-2.0

use super::*;

const GOOD: &str = r#"
as = 65001
router-id = "10.9.0.1"
vtep = "10.9.0.1"

[[neighbor]]
address = "10.9.0.2"
as = 65002
hold-time = 9

[[vni]]
id = 100

[[vni]]
id = 200
rd = "65001:200"
import = ["65001:200", "65002:200"]
export = ["65001:200"]

[[vrf]]
name = "red"
vni = 4000
router-mac = "02:00:00:00:40:00"
prefixes = ["10.1.0.0/16", "fd01::/64"]
"#;

#[test]
fn what_is_not_said_is_derived() {
    let config = Config::parse("evpn.toml", GOOD).unwrap();
    assert_eq!((config.element.as_str(), config.poll_ms), ("vtep", 1000));
    assert_eq!(config.listen, ["0.0.0.0:179".parse().unwrap()]);
    let first = &config.networks[0].instance;
    assert_eq!((first.rd.to_string(), first.export[0].to_string()), ("10.9.0.1:1".into(), "65001:100".into()));
    assert!(first.imports(&["65009:100".to_string().try_into().unwrap()]));
    assert!(!first.imports(&["65001:200".to_string().try_into().unwrap()]));
    let second = &config.networks[1].instance;
    assert_eq!(second.rd.to_string(), "65001:200");
    assert!(second.imports(&["65002:200".to_string().try_into().unwrap()]));
    assert!(!second.imports(&["65003:200".to_string().try_into().unwrap()]));
    assert_eq!(config.tables[0].instance.rd.to_string(), "10.9.0.1:3");
    assert_eq!((config.neighbors[0].port, config.neighbors[0].hold_time), (179, 9));
}

/// Replaces a part of what is good, and expects an error at a line and column that says something.
fn refused(part: &str, by: &str, place: (usize, usize), said: &str) {
    assert!(GOOD.contains(part), "{part}");
    let error = Config::parse("evpn.toml", &GOOD.replacen(part, by, 1)).unwrap_err();
    assert_eq!((error.line, error.column), place, "{error}");
    assert!(error.what.contains(said), "{error}");
    assert!(error.to_string().starts_with("evpn.toml:"), "{error}");
}

#[test]
fn what_is_wrong_has_its_place() {
    refused("as = 65001", "as = 0", (2, 6), "reserved AS number");
    refused("as = 65001", "as = \"x\"", (2, 6), "u32");
    refused("as = 65001\n", "", (1, 1), "missing field `as`");
    refused("vtep = \"10.9.0.1\"", "vtep = \"10.9.0.256\"", (4, 8), "IP address");
    refused("vtep = \"10.9.0.1\"", "vtep = \"239.0.0.1\"", (4, 8), "no address of one host");
    refused("router-id = \"10.9.0.1\"", "router-id = \"0.0.0.0\"", (3, 13), "no BGP identifier");
    refused("hold-time = 9", "hold-time = 2", (9, 13), "at least 3 seconds");
    refused("hold-time = 9", "hold-tim = 9", (9, 1), "unknown field");
    refused("hold-time = 9", "connect-retry = 0", (9, 17), "1 to 300");
    refused("id = 100", "id = 16777216", (12, 6), "no VNI");
    refused("id = 100", "id = 200", (15, 6), "twice");
    refused("65001:200\"\n", "65001\"\n", (16, 6), "rd");
    refused("65001:200\"\n", "10.9.0.1:1\"\n", (16, 6), "twice");
    refused("65002:200", "65002", (17, 10), "no route target");
    refused("10.1.0.0/16", "10.1.2.0/16", (24, 12), "10.1.0.0/16 is meant");
    refused("\"red\"", "\"r d\"", (21, 8), "letters");
    refused("02:00:00:00:40:00", "02:00", (23, 14), "Ethernet address");
    refused("hold-time = 9", "local-address = \"::1\"", (9, 17), "family");
}

#[test]
fn what_is_there_twice_is_refused() {
    let twice = format!("{GOOD}\n[[neighbor]]\naddress = \"10.9.0.2\"\nas = 65003\n");
    assert!(Config::parse("f", &twice).unwrap_err().what.contains("two neighbours"));
}
