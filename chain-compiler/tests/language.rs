// SPDX-License-Identifier: Apache-2.0
//! Small configurations with what they are when they are flat: the finer points of click(5).

use chain_compiler::{Options, compile};

/// The connections of a configuration, and its errors' messages.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    match compile("x.click", text, &Options::default()) {
        Ok(plan) => {
            let flat = plan.vms[0].configuration.replace("\n    -> ", " -> ");
            let mut links: Vec<_> = flat.lines().filter(|line| line.contains(" -> ")).flat_map(links).collect();
            links.sort();
            (links, Vec::new())
        }
        Err(found) => (Vec::new(), found.0.into_iter().map(|one| one.message).collect()),
    }
}

/// The links of a chain.
fn links(chain: &str) -> Vec<String> {
    let ends: Vec<_> = chain.trim_end_matches(';').split(" -> ").collect();
    let name = |end: &str| end.split(' ').next_back().unwrap_or_default().to_string();
    let from = |index: usize| if index == 0 { ends[0].to_string() } else { name(ends[index]) };
    (1..ends.len()).map(|index| format!("{} -> {}", from(index - 1), ends[index])).collect()
}

#[track_caller]
fn is(text: &str, links: &[&str]) {
    let mut links: Vec<_> = links.iter().map(|link| link.to_string()).collect();
    links.sort();
    assert_eq!(read(text), (links, Vec::new()), "{text}");
}

#[track_caller]
fn fails(text: &str, message: &str) {
    let (_, errors) = read(text);
    assert!(errors.iter().any(|error| error.contains(message)), "{text}: {errors:#?}");
}

#[test]
fn commas_connect_many_to_one_and_one_to_many() {
    is("a, b, c :: Idle; a, a [1] -> b -> c; b [1] -> [1] c", &["a -> b", "a [1] -> b", "b -> c", "b [1] -> [1] c"]);
    is(
        "Idle -> q :: Queue -> x :: Unqueue, y :: Unqueue; x, y -> Discard",
        &["Idle@1 -> q", "q -> x", "q -> y", "x -> Discard@5", "y -> Discard@5"],
    );
    is("a, b :: Idle; a [0, 1] -> b", &["a -> b", "a [1] -> b"]);
    fails("a, b :: Idle; a [0, 1] -> [0, 1] b", "2 outputs before the arrow and 2 inputs behind it");
}

#[test]
fn fat_arrows_connect_one_by_one() {
    is("a, b, c :: Idle; a => b, c, [0, 1] a", &["a -> b", "a [1] -> c", "a [2] -> a", "a [3] -> [1] a"]);
    is("a, b :: Idle; a => [0-2] b", &["a -> b", "a [1] -> [1] b", "a [2] -> [2] b"]);
    is("a, b, c :: Idle; a [0, ] => b, c, [1] c", &["a -> b", "a [1] -> c", "a [2] -> [1] c"]);
    is("a, b, c :: Idle; a [*] => b, c", &["a -> b", "a [1] -> c"]);
    is("a, b :: Idle; a => b", &["a -> b"]);
    fails("a, b :: Idle; a [0, 1] => [0-2] b", "2 outputs before the arrow and 3 inputs behind it");
    fails("a, b :: Idle; a [] => [] b", "both sides have as many ports");
}

#[test]
fn groups_are_detours() {
    let plain = ["x -> y"];
    for way in ["y", "( input -> output ) -> y", "( [0] -> [0] ) -> y", "(->) -> y", "(-> ) -> ( -> (->) -> ) -> y"] {
        is(&format!("x, y :: Idle; x -> {way};"), &plain);
    }
    is("x, y :: Idle; x -> ( [0]->[0]; [1]->[1] ) => ( [0]->[0]; [1]->[1] ) -> y;", &plain);
    is("x, y :: Idle; x => ( [0]->[0]; [1]->[1] ) -> y;", &["x -> y", "x [1] -> y"]);
    is(
        "a, d :: Idle; a => (-> c :: Idle), (-> b :: Idle), d; c -> b",
        &["a -> c", "a [1] -> b", "a [2] -> d", "c -> b"],
    );
    fails("x, y :: Idle; x => ( [0]->[0]; [2]->Idle ) -> y;", "'input[1]' of this group is not used");
    fails("x :: Idle; x -> [0]", "found the end of the file");
    fails("-> Idle;", "found '->'");
}

#[test]
fn connections_may_be_repeated() {
    is("a, b :: Idle; a -> b; a -> b; a [0] -> [0] b", &["a -> b"]);
}

#[test]
fn compounds_have_scopes() {
    is("x, y :: Idle; x -> { -> x :: Null -> } -> y", &["x -> @3/x", "@3/x -> y"]);
    is("a, b :: Idle; a -> { -> } -> b; a [1] -> { [0] -> [0] } -> [1] b", &["a -> b", "a [1] -> [1] b"]);
    is(
        "elementclass Null { input -> Null -> Counter -> output } Idle -> n :: Null -> Discard",
        &["Idle@1 -> n/Null@1", "n/Null@1 -> n/Counter@2", "n/Counter@2 -> Discard@3"],
    );
    is("elementclass N Null; elementclass M N; Idle -> m :: M -> Discard", &["Idle@1 -> m", "m -> Discard@3"]);
    fails(
        "elementclass X { A :: Null -> output } elementclass A Null; Idle -> A -> X -> Discard",
        "'X@3' has no input 0",
    );
    fails("elementclass A Null; A :: Counter; Idle -> A -> Discard", "an element named 'A', which is a class");
    fails("x :: Null; Idle -> { -> x -> } -> Discard", "no element 'x'");
    fails("elementclass T { $a | } t :: T(1, 2); elementclass T { $a, $b | || ... }", "'T' is used with 2 arguments");
}

#[test]
fn the_flat_configuration_is_written_as_click_writes_it() {
    let flat = |text: &str, target| {
        let options = Options { target, ..Options::default() };
        compile("x.click", text, &options).unwrap().vms.remove(0)
    };
    let text = "a, b :: Idle; Idle -> { -> Strip(3) -> } -> [1] a; a -> b -> a; require(compact_config)";
    let process = flat(text, chain_compiler::Target::Process);
    let wanted = "require(compact_config);\n\na :: Idle;\nb :: Idle;\nIdle@3 :: Idle;\n@4/Strip@1 :: Strip(3);\n\n\
                  Idle@3 -> @4/Strip@1\n    -> [1] a;\na -> b\n    -> a;\n";
    assert_eq!(process.configuration, wanted);
    let told = "written: \"\",";
    assert!(process.wiring.contains(told) && process.wiring.contains("elements: &[\"\", \"\", \"\", \"3\"],"));
    assert!(!flat(text, chain_compiler::Target::Image).wiring.contains(told), "an image has no texts");
}

#[test]
fn names_are_clicks() {
    is("Idle -> Counter@1 :: Counter -> Discard", &["Idle@1 -> Counter@1", "Counter@1 -> Discard@3"]);
    is(
        "Idle -> Counter -> d :: Discard; Counter@2 :: Null; Idle -> Counter@2 -> d",
        &["Idle@1 -> Counter@3", "Counter@3 -> d", "Counter@2 -> d", "Idle@5 -> Counter@2"],
    );
    fails("a/1 :: Idle;", "an element named 'a/1'");
}

#[test]
fn tunnels_join_names() {
    let tunnel = "connectiontunnel in -> out; a, b :: Idle; a -> in; a [1] -> [1] in; out -> b; out [1] -> [1] b";
    is(tunnel, &["a -> b", "a [1] -> [1] b"]);
    fails("connectiontunnel in -> out; Idle -> in;", "a tunnel's input 0 leads nowhere");
    is("connectiontunnel a -> b; connectiontunnel b -> a; a -> b", &[]);
}

#[test]
fn compounds_use_each_of_their_ports() {
    fails(
        "c :: { input -> Null -> output; input [1] -> Discard } Idle -> c -> Discard",
        "input 1 of 'c' is not connected",
    );
    fails("c :: { input -> Null -> output } Idle -> [1] c; Idle -> c -> Discard", "'c' has no input 1");
    fails("{ input -> input }", "a connection to 'input'");
}
