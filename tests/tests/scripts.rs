// SPDX-License-Identifier: Apache-2.0
//! Every script of the elements: `sluice test` compiles them into one program and runs each in simulated time.
//! `SLUICE_SCRIPTS=Tee,Queue` runs only those whose names contain one of these.

use tests::sluice;

#[test]
fn scripts_of_the_elements() {
    let mut command = sluice();
    command.args(["test", "nf-elements/scripts", "native/scripts"]);
    let only = std::env::var("SLUICE_SCRIPTS").unwrap_or_default();
    command.args(only.split(',').filter(|part| !part.is_empty()).flat_map(|part| ["--only", part]));
    let output = command.output().expect("sluice runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "\n{said}\n{complained}");
    println!("{said}");
}
