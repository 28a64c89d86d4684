// SPDX-License-Identifier: Apache-2.0
//! A real kernel at both ends: TAPs in network namespaces of their own.

use std::process::Command;
use tempfile::TempDir;
use tests::{home, sluice};

/// Two TAPs with a bridge VM between, one TAP moved into a second namespace, and pings both ways. `$SLUICE` is the command.
const SCRIPT: &str = r#"
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
for tap in tap0 tap1; do ip tuntap add $tap mode tap; done
"$SLUICE" run examples/bridge.nf --accel tcg --tap left=tap0 --tap right=tap1 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
unshare --net -- sleep 1000 &
far=$!
trap 'kill $run $far 2>/dev/null || true; cat "$FOLDER/said" >&2' EXIT
until grep -q 'port right' "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set tap1 netns $far
ip address add 10.9.0.1/24 dev tap0
ip link set tap0 up
nsenter --net --target $far ip address add 10.9.0.2/24 dev tap1
nsenter --net --target $far ip link set tap1 up
ping -c 5 -i 0.2 -W 30 10.9.0.2
nsenter --net --target $far ping -c 5 -i 0.2 -W 30 -s 1400 10.9.0.1
kill -INT $run
wait $run
cat "$FOLDER/report"
"#;

/// A TAP with a VM behind it that is a host itself, and pings. `$CHAIN` is its chain.
const HOST_SCRIPT: &str = r#"
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
ip tuntap add tap0 mode tap
"$SLUICE" run "$FOLDER/host.nf" --accel tcg --tap lan=tap0 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
trap 'kill $run 2>/dev/null || true; cat "$FOLDER/said" >&2' EXIT
until grep -q 'port lan' "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
ip address add 10.9.0.1/24 dev tap0
ip link set tap0 up
ping -c 5 -i 0.2 -W 30 10.9.0.2
ping -c 5 -i 0.2 -W 30 -s 1400 10.9.0.2
kill -INT $run
wait $run
"#;

#[test]
fn root_a_kernel_pings_the_host_of_a_vm() {
    let chain = "network lan;
                 vm host { FromDevice(lan) -> ToHost(h); FromHost(h, 10.9.0.2/24) -> ToDevice(lan); }
                 chain lan <-> host;";
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("host.nf"), chain).unwrap();
    pings(HOST_SCRIPT, folder);
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout == b"0\n"
}

#[test]
fn root_a_kernel_pings_a_kernel_through_the_bridge() {
    pings(SCRIPT, TempDir::new().unwrap());
}

/// Runs `script`, which pings twice, five times each.
fn pings(script: &str, folder: TempDir) {
    if !is_root() {
        println!("skipped: TAPs and network namespaces need root");
        return;
    }
    let sluice = sluice().get_program().to_owned();
    let run = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .current_dir(home())
        .env("SLUICE", sluice)
        .env("FOLDER", folder.path())
        .output()
        .expect("unshare runs");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}{err}");
    assert_eq!(out.matches("5 received").count(), 2, "{out}{err}");
}
