// SPDX-License-Identifier: Apache-2.0
//! What the caller decides: definitions, libraries, classes of its own.

use chain_compiler::{Diagnostics, Options, Plan, Target, compile};
use nf_elements::Spec;
use nf_elements::configure::{ElementClass, Instance};
use nf_elements::spec::{Category, Shape};

fn compiled(text: &str, options: &Options) -> Plan {
    compile("main.click", text, options).unwrap_or_else(|found| panic!("{}", found.render("main.click", text, false)))
}

fn library(from: &str, name: &str) -> Result<(String, String), String> {
    let text = match name {
        "pair.click" => "require(library one.click);\nelementclass Pair { input -> One -> One -> output }",
        "one.click" => "elementclass One { input -> Strip($BYTES) -> output }\nInfiniteSource -> seen :: Discard;",
        "wrong.click" => "elementclass Wrong { input -> Strip(x) -> output }\n}\nnobody -> Discard;",
        "self.click" => "require(library self.click);",
        _ => return Err(format!("asked by {from}")),
    };
    Ok((format!("lib/{name}"), text.into()))
}

const LIBRARIES: Options =
    Options { library: Some(&library), target: Target::Image, classes: &[], definitions: &[], devices: &[] };

#[test]
fn a_library_is_read_once_where_it_is_first_required() {
    let text = "require(library one.click, library pair.click);\nrequire(library \"pair.click\", library self.click);
        define($BYTES 3);\nIdle -> Pair -> Discard;";
    let configuration = &compiled(text, &LIBRARIES).vms[0].configuration;
    assert_eq!(configuration.matches("seen :: Discard").count(), 1, "{configuration}");
    assert_eq!(configuration.matches("One@2/Strip@1 :: Strip(3)").count(), 1, "{configuration}");
}

#[test]
fn errors_in_a_library_are_shown_there() {
    let text = "require(library wrong.click, library missing.click);\nIdle -> Wrong -> Discard;\n{ require(library x) } -> Idle;";
    let found = compile("main.click", text, &LIBRARIES).unwrap_err();
    let places: Vec<_> =
        found.0.iter().map(|one| (one.file.as_ref().map(|file| file.name.as_str()), one.line)).collect();
    assert!(places.contains(&(Some("lib/wrong.click"), 2)) && places.contains(&(None, 1)), "{places:?}");
    let rendered = found.render("main.click", text, false);
    assert!(rendered.contains("lib/wrong.click:2:1") && rendered.contains("main.click:1:38"), "{rendered}");
    assert!(rendered.contains("asked by main.click") && rendered.contains("outside of compounds"), "{rendered}");

    let text = "require(library wrong2.click);\nIdle -> Wrong -> Discard;";
    let load =
        |_: &str, _: &str| Ok(("w".to_string(), "elementclass Wrong { input -> Strip(x) -> output }".to_string()));
    let found = compile("main.click", text, &Options { library: Some(&load), ..Options::default() }).unwrap_err();
    let Diagnostics(all) = &found;
    assert_eq!((all.len(), all[0].line, all[0].column, all[0].related[0].file.is_none()), (1, 1, 37, true));
    assert!(found.render("main.click", text, false).contains("used here, in 'Wrong@2'"));
}

#[test]
fn without_a_loader_there_are_no_libraries() {
    let found = compile("main.click", "require(library x.click);", &Options::default()).unwrap_err();
    assert_eq!(found.0[0].message, "no library 'x.click': libraries are not read here");
}

#[test]
fn definitions_win_over_those_of_the_file() {
    let definitions = [("N".to_string(), "7".to_string()), ("$M".to_string(), "$N".to_string())];
    let options = Options { definitions: &definitions, ..Options::default() };
    let text = "define($N 1, $K 2); Idle -> Strip($N) -> Strip($K) -> Strip($M) -> { $N | input -> Strip($N) -> output } (9) -> Discard;";
    let configuration = &compiled(text, &options).vms[0].configuration;
    let stripped: Vec<_> = configuration.lines().filter_map(|line| line.split(":: Strip").nth(1)).collect();
    assert_eq!(stripped, ["(7);", "(2);", "(7);", "(9);"]);
}

static SPEC: Spec = Spec {
    class: "FromNowhere",
    category: Category::SourceSink,
    summary: "reads nothing",
    ports: "0/1",
    processing: "/h",
    shape: Shape::Source,
    arguments: &[],
    handlers: &[],
};

#[test]
fn classes_of_the_caller_are_known() {
    let class = ElementClass { spec: &SPEC, configure: |_, _| Some(Instance::new("FromNowhere", "FromNowhere")) };
    let text = "elementclass X { FromNowhere -> output } X -> Discard; FromNowhere -> Discard";
    let options = Options { classes: &[class], target: Target::Process, ..Options::default() };
    assert_eq!(compiled(text, &options).vms[0].elements.len(), 4);
    let found = compile("main.click", "FromNowher -> Discard", &options).unwrap_err();
    assert_eq!(found.0[0].hint.as_deref(), Some("did you mean 'FromNowhere'?"));
    assert!(format!("{options:?}").contains("FromNowhere"));
}

#[test]
fn addresses_of_devices_come_from_the_caller() {
    let text = "FromDevice(eth0) -> SetIPAddress(eth0:gw) -> EtherEncap(0x0800, eth0:eth, eth1) -> ToDevice(eth1);";
    let devices = ["eth0 192.0.2.7/24 02:00:00:00:00:01", "eth0:gw 192.0.2.254", "eth1 02:00:00:00:00:02"];
    let devices = devices.map(String::from);
    let plan = compile("main.click", text, &Options { devices: &devices, ..Options::default() }).unwrap();
    assert!(
        plan.vms[0].wiring.contains("192, 0, 2, 254") || plan.vms[0].wiring.contains("3221226238"),
        "{}",
        plan.vms[0].wiring
    );
    for (target, hint) in [(Target::Image, "not known here"), (Target::Process, "this machine has no")] {
        let found = compile("main.click", text, &Options { target, ..Options::default() }).unwrap_err();
        assert!(found.0[0].hint.as_ref().is_some_and(|said| said.contains(hint)), "{found:?}");
    }
}
