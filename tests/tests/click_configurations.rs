// SPDX-License-Identifier: Apache-2.0
//! Click's example configurations, where `CLICK_HOME` names Click's sources: those that compile are built, all in one crate,
//! and each runs for a second of simulated time without a device. None may be refused by rustc, panic or hang. What does not
//! compile is listed, and no failure: a class may be missing, or Click itself may refuse it.

use std::fs;
use std::path::{Path, PathBuf};
use tests::sluice;

/// Ends what does not end by itself.
const END: &str = "Script(TYPE ACTIVE, wait 1s, stop);";
/// What `sluice test` says of a configuration that compiled and yet failed.
const FAULTS: [&str; 3] = ["rustc refuses", "it ended with", "panicked"];

#[test]
fn examples_of_click() {
    let Some(click) = std::env::var_os("CLICK_HOME").map(PathBuf::from) else {
        return println!("skipped: CLICK_HOME does not name Click's sources");
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_scripts(&click.join("conf"), folder.path());
    let output = sluice().arg("test").arg(folder.path()).output().expect("sluice runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}{complained}");
    assert!(said.contains("scripts passed"), "it did not come to the end:\n{complained}");
    let faulty = said.split("--- ").skip(1).filter(|one| FAULTS.iter().any(|fault| one.contains(fault)));
    let faulty: Vec<&str> = faulty.collect();
    assert!(faulty.is_empty(), "these compile and fail:\n{}", faulty.concat());
}

/// The router of the Click paper, with packets of its own: it forwards them, and answers those whose time to live is over.
#[test]
fn the_router_forwards_and_answers() {
    let Some(click) = std::env::var_os("CLICK_HOME").map(PathBuf::from) else {
        return println!("skipped: CLICK_HOME does not name Click's sources");
    };
    let router = fs::read_to_string(click.join("conf/fake-iprouter.click")).expect("the router can be read");
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Time to live and checksum, packets that expire, their answers.
    for (name, header, late) in [("forwards", "40 11 77 c3", 0), ("answers", "01 11 b6 c3", 1000)] {
        let edits = [
            ("LIMIT 600000", "LIMIT 1000"),
            ("40 11 77 c3", header),
            ("\nfake_arpq0 -> ", "\nfake_arpq0 -> CheckIPHeader(14) -> sent :: Counter -> "),
            ("\ndt1[1] -> ", "\ndt1[1] -> late :: Counter -> "),
            ("timeexceeded) -> [0]rt;\ndt2", "timeexceeded) -> answers :: Counter -> CheckICMPHeader -> [0]rt;\ndt2"),
        ];
        let edited = edits.iter().fold(router.clone(), |text, (from, to)| {
            assert!(text.contains(from), "{from} is not there");
            text.replacen(from, to, 1)
        });
        let expected = format!("sent.count:\n1000\n\nlate.count:\n{late}\n\nanswers.count:\n{late}\n");
        let arguments = "-h sent.count -h late.count -h answers.count";
        let script = format!("%info\n{name}\n%config\n{edited}\n%args\n{arguments}\n%expect stdout\n{expected}");
        fs::write(folder.path().join(format!("{name}.test")), script).expect("a temporary folder is writable");
    }
    let output = sluice().arg("test").arg(folder.path()).output().expect("sluice runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A script of each configuration in `from`; it expects nothing but that it ends.
fn write_scripts(from: &Path, to: &Path) {
    for path in fs::read_dir(from).expect("CLICK_HOME has configurations").flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|ending| ending != "click") {
            continue;
        }
        let name = path.file_stem().expect("it has a name").to_string_lossy();
        let text = fs::read(&path).expect("a configuration can be read");
        let script = format!("%info\n{name} runs.\n%config\n{}\n{END}\n", String::from_utf8_lossy(&text));
        fs::write(to.join(format!("{name}.test")), script).expect("a temporary folder is writable");
    }
}
