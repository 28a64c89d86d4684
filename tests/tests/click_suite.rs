// SPDX-License-Identifier: Apache-2.0
//! Click's own tests, run with `sluice click` where `CLICK_HOME` names Click's sources; nothing of them is kept here.
//! `SLUICE_CLICK_TESTS=standard/Tee,IPRewriter` runs those whose names contain one of these.
//! `click-suite.expected` says of each whether it passes, or why it cannot; what passes there must pass.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use tests::clicktest::{Test, bytes, text};
use tests::{home, sluice};

/// Tests at a time; each builds its configurations.
const AT_ONCE: usize = 2;
/// What stands for Click's commands: the driver builds first, and only the run has a deadline.
const COMMANDS: [(&str, &str); 3] = [
    (
        "click",
        "[ \"$1\" != -qo- ] || exec SLUICE click \"$@\"\ncommand=$(SLUICE click --print-command \"$@\") || exit $?\neval \"exec timeout --foreground 20 $command\"",
    ),
    ("click-flatten", "exec SLUICE click -qo- \"$@\""),
    (
        "click-buildtool",
        "[ \"$1\" = provides ] || exit 1\nshift\nfor class; do SLUICE elements \"$class\" >&2 || exit 1; done",
    ),
];

/// How a test went.
enum Outcome {
    Passes,
    /// Its `%require` does.
    IsUnmet,
    Differs(String),
}

#[test]
fn tests_of_click() {
    let Some(click) = std::env::var_os("CLICK_HOME").map(PathBuf::from) else {
        return println!("skipped: CLICK_HOME does not name Click's sources");
    };
    let commands = tempfile::tempdir().expect("a temporary folder");
    let sluice = sluice().get_program().to_string_lossy().into_owned();
    for (name, script) in COMMANDS {
        let path = commands.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{}\n", script.replace("SLUICE", &sluice))).expect("it is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    let expected = fs::read_to_string(home().join("tests/click-suite.expected")).expect("the list is there");
    let expected = |name: &str| expected.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));

    let (waiting, failed) = (Mutex::new(selected(&click)), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(path) = { waiting.lock().expect("no panic").pop() } {
                    let name = name(&click, &path);
                    let wanted = expected(&name).unwrap_or("not in the list");
                    let line = match (run(&path, commands.path()), wanted) {
                        (Outcome::Passes, "pass") => format!("pass {name}"),
                        (Outcome::Passes, why) => format!("PASS {name}, though: {why}"),
                        (Outcome::IsUnmet, why) => format!("unmet {name}: {why}"),
                        (Outcome::Differs(how), why) => format!("FAIL {name} ({why})\n{how}"),
                    };
                    println!("{line}");
                    if wanted == "pass" && !line.starts_with("pass") {
                        failed.lock().expect("no panic").push(line);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "these passed before:\n{}", failed.join("\n"));
}

/// The chosen tests, last first.
fn selected(click: &Path) -> Vec<PathBuf> {
    let wanted = std::env::var("SLUICE_CLICK_TESTS").unwrap_or_default();
    let folders = fs::read_dir(click.join("test")).expect("CLICK_HOME has tests");
    let files = folders.flatten().filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten().flatten();
    let is_test = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "clicktest");
    let mut paths: Vec<PathBuf> = files.map(|file| file.path()).filter(is_test).collect();
    paths.retain(|path| wanted.is_empty() || wanted.split(',').any(|part| name(click, path).contains(part)));
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths
}

/// `FOLDER/NAME`.
fn name(click: &Path, path: &Path) -> String {
    let name = path.strip_prefix(click.join("test")).unwrap_or(path).with_extension("");
    name.to_string_lossy().into_owned()
}

/// Runs a test in a folder of its own.
fn run(path: &Path, commands: &Path) -> Outcome {
    let test = Test::read(&text(&fs::read(path).expect("a test is readable")));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name);
    if !test.require.is_empty() && !shell(&test.require, &test, folder.path(), commands) {
        return Outcome::IsUnmet;
    }
    for (name, content) in &test.files {
        let path = place(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a temporary folder is writable");
        fs::write(path, bytes(content)).expect("a temporary folder is writable");
    }
    let succeeded = shell(&test.script, &test, folder.path(), commands);
    let read = |name: &str| text(&fs::read(place(name)).unwrap_or_default());
    let mut found: Vec<String> =
        test.expectations.iter().filter_map(|one| test.difference(&one.name, &read(&one.name))).collect();
    if !succeeded {
        found.insert(0, "the script failed".into());
    }
    if found.is_empty() {
        return Outcome::Passes;
    }
    let said: String = read("stderr").lines().take(12).map(|line| format!("    | {line}\n")).collect();
    Outcome::Differs(found.iter().map(|line| format!("    {line}\n")).collect::<String>() + &said)
}

/// Runs a shell script of a test, whose outputs are `stdout` and `stderr` in its folder. What it leaves behind ends with it.
fn shell(script: &str, test: &Test, folder: &Path, commands: &Path) -> bool {
    let place = |name: &str| folder.join(name);
    let write = |name: &str, content: &str| fs::write(place(name), bytes(content)).expect("it is writable");
    write(".script", &format!("clicktest_subtest () {{ :; }}\n{script}"));
    if !test.files.iter().any(|(name, _)| name == "stdin") {
        write("stdin", &test.stdin);
    }
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([commands.to_path_buf()].into_iter().chain(std::env::split_paths(&others)));
    let output = |name: &str| Stdio::from(File::create(place(name)).expect("it is writable"));
    let mut command = Command::new("sh");
    command.args(["-e", ".script"]).current_dir(folder).env("LC_ALL", "C").env("PATH", path.expect("paths join"));
    command
        .stdin(File::open(place("stdin")).expect("it was written"))
        .stdout(output("stdout"))
        .stderr(output("stderr"));
    let mut child = command.process_group(0).spawn().expect("there is a shell");
    let succeeded = child.wait().is_ok_and(|status| status.success());
    let _ = Command::new("kill").args(["-HUP", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    succeeded
}
