// SPDX-License-Identifier: Apache-2.0
//! The cases of `suricata/`: rules and captures, against the alerts that Suricata gives.

mod capture;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use capture::Rig;
use ids::Mode;
use serde_json::Value;

/// The share of cases that must agree, in percent.
const REACH: usize = 95;

/// One alert as `expected.json` has it: sid, packet, protocol, source, destination, action.
type Line = (u64, Option<u64>, String, String, String, String);

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suricata")
}

fn expected(case: &Value) -> Vec<Line> {
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let alerts = case["alerts"].as_array().expect("a list");
    let mut lines: Vec<Line> = alerts
        .iter()
        .map(|alert| {
            let sid = alert[0].as_u64().expect("a sid");
            (sid, alert[1].as_u64(), text(&alert[2]), text(&alert[3]), text(&alert[4]), text(&alert[5]))
        })
        .collect();
    lines.sort();
    lines
}

fn found(case: &Value, folder: &Path) -> Vec<Line> {
    let rules: Vec<(String, String)> = case["rules"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| name.as_str().expect("a name"))
        .map(|name| (name.to_string(), fs::read_to_string(folder.join(name)).expect("the rules")))
        .collect();
    let mode = if case["ips"] == true { Mode::Ips } else { Mode::Ids };
    let capture = fs::read(folder.join("input.pcap")).expect("the capture");
    let mut lines = Vec::new();
    Rig::new(&rules, mode).run(&capture, |alert| {
        let value: Value = serde_json::from_str(&capture::line(alert)).expect("EVE is JSON");
        let text = |name: &str| value[name].as_str().expect("a text").to_string();
        let (protocol, source, destination) = (text("proto"), text("src_ip"), text("dest_ip"));
        let sid = value["alert"]["signature_id"].as_u64().expect("a sid");
        let action = value["alert"]["action"].as_str().expect("a text").to_string();
        lines.push((sid, value["pcap_cnt"].as_u64(), protocol, source, destination, action));
    });
    lines.sort();
    lines
}

/// The cases that differ and why, as `differences.md` lists them: `| case | why |`.
fn explained() -> BTreeMap<String, String> {
    let text = fs::read_to_string(home().join("differences.md")).expect("the table");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    rows.map(|(name, why)| (name.to_string(), why.trim_end_matches([' ', '|']).to_string())).collect()
}

#[test]
fn alerts_are_those_of_suricata() {
    let cases: Value =
        serde_json::from_str(&fs::read_to_string(home().join("expected.json")).expect("the list")).expect("JSON");
    let cases = cases.as_array().expect("a list");
    let explained = explained();
    let (mut agree, mut surprises) = (0, Vec::new());
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let folder =
            [home().join(name), home().join("http-evader").join(name)].into_iter().find(|folder| folder.is_dir());
        let (wanted, found) = (expected(case), found(case, &folder.expect("the case's folder")));
        let same = wanted == found;
        agree += usize::from(same);
        if !same {
            println!("{name}: {:?}\n  wanted {wanted:?}\n  found  {found:?}", case["keywords"]);
        }
        if same == explained.contains_key(name) {
            surprises.push(name.to_string());
        }
    }
    println!("{agree} of {} cases agree", cases.len());
    assert!(agree * 100 >= cases.len() * REACH, "{agree} of {} cases agree", cases.len());
    assert!(
        surprises.is_empty(),
        "these differ without a word in differences.md, or agree in spite of one: {surprises:?}"
    );
}
