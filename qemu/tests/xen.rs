// SPDX-License-Identifier: Apache-2.0
//! The Xen test-bed itself.

use qemu::xen::{Bed, BedError, Options};
use std::time::Duration;

#[test]
#[ignore = "boots Xen: make test-xen"]
fn xen_dom0_runs_scripts_and_takes_and_gives_files() {
    let mut dom0 = Bed::prepare().unwrap().boot(&Options::default()).unwrap();
    let outcome = dom0.run("xl list | grep -c Domain-0; xenstore-read domid; echo oops >&2; exit 7").unwrap();
    assert_eq!((outcome.status, outcome.stdout.as_str(), outcome.stderr.as_str()), (7, "1\n0\n", "oops\n"));

    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    dom0.put("folder/a file", 0o750, &bytes).unwrap();
    assert_eq!(dom0.get("/test/folder/a file").unwrap(), bytes);
    let outcome = dom0.run("stat -c %a,%s folder/*").unwrap();
    assert_eq!(outcome.stdout, "750,1000000\n");
    assert!(matches!(dom0.get("none"), Err(BedError::NoFile(_))));

    let outcome = dom0.run_for("echo begun; sleep 100", Duration::from_secs(1)).unwrap();
    assert_eq!((outcome.status, outcome.stdout.as_str()), (143, "begun\n"));
    let outcome = dom0.run("rmmod xen_netback && insmod /modules/xen_netback.ko && echo reloaded").unwrap();
    assert_eq!(outcome.stdout, "reloaded\n", "{}", outcome.stderr);
    dom0.power_off().unwrap();
}
