// SPDX-License-Identifier: Apache-2.0
//! Rules of a running firewall are replaced while connections and pings go on.

use tempfile::TempDir;
use tests::namespace::{is_root, run_in_own};

/// The firewall between this namespace and another, and `$FOLDER/a` and `$FOLDER/b`, which its rules change between. Both let pings
/// and the connection to port 80 pass; only `a` lets port 81, and only `b` port 82.
const SCRIPT: &str = r#"
set -eu
export SLUICE_RUN_DIR="$FOLDER"
mount -t sysfs none /sys                      # the one that shows this namespace's devices
for tap in near far; do ip tuntap add $tap mode tap; done
"$SLUICE" run examples/firewall-stateful.nf --name firewall --detach --accel tcg --tap lan=near --tap wan=far
unshare --net -- sleep 1000 &
there=$!
trap 'kill $there $(cat "$FOLDER/peer") 2>/dev/null || true; "$SLUICE" stop firewall' EXIT
until [ "$(readlink /proc/$there/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
far() { nsenter --net --target $there "$@"; }
ip link set far netns $there
ip address add 10.9.0.1/24 dev near
ip link set near up
far ip address add 10.9.0.2/24 dev far
far ip link set far up
far ip link set lo up
ping -c 1 -W 30 10.9.0.2 > /dev/null
far python3 "$FOLDER/peer.py" answer > /dev/null 2>&1 &
until far python3 -c 'import socket; [socket.create_connection(("10.9.0.2", p), 1) for p in (80, 81, 82)]' 2>/dev/null; do sleep 0.05; done

fw() { "$SLUICE" ctl fw "$@"; }
echo "opened $(python3 "$FOLDER/peer.py" open)"
fw write out.rules "@$FOLDER/a"
echo "opened $(python3 "$FOLDER/peer.py" open)"
fw write out.rules "@$FOLDER/b"
echo "opened $(python3 "$FOLDER/peer.py" open)"
! far ping -c 1 -W 1 10.9.0.1 > /dev/null

# A connection talks and pings go on while rules change: none is lost.
ping -c 400 -i 0.01 -W 30 10.9.0.2 > "$FOLDER/pings" &
pings=$!
python3 "$FOLDER/peer.py" talk 400 > "$FOLDER/talk" &
talk=$!
times=0
while kill -0 $pings 2>/dev/null; do
  fw write out.rules "@$FOLDER/a"
  fw write out.rules "@$FOLDER/b"
  times=$((times + 2))
done
wait $pings
wait $talk
cat "$FOLDER/pings" "$FOLDER/talk"
[ $times -ge 4 ] || { echo "only $times times"; exit 1; }

# What is wrong leaves the rules as they are.
"$SLUICE" ctl fw write out.rules "@$FOLDER/wrong" 2>&1 && exit 1 || echo "code $?"
fw write out.rules begin 20
fw write out.rules 0 "$(printf '0%.0s' $(seq 120))" 2>&1 && exit 1 || echo "code $?"
fw read out.state
fw write out.rules commit 2>&1 && exit 1 || echo "code $?"
fw read out.rules
echo "opened $(python3 "$FOLDER/peer.py" open)"
fw read ct.refused
fw read out.no_room
"#;

/// Answers on the ports; opens them; or says numbers to port 80 and hears them again.
const PEER: &str = r#"
import os, socket, sys, threading, time
def serve(port):
    with socket.create_server(("", port)) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=echo, args=(connection,), daemon=True).start()
def echo(connection):
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data)
def opened(port):
    try:
        socket.create_connection(("10.9.0.2", port), 1).close()
        return True
    except OSError:
        return False
what = sys.argv[1]
if what == "answer":
    for port in (80, 81, 82):
        threading.Thread(target=serve, args=(port,), daemon=True).start()
    with open(os.environ["FOLDER"] + "/peer", "w") as file:
        print(os.getpid(), file=file)
    time.sleep(1000)
elif what == "open":
    print(*[port for port in (80, 81, 82) if opened(port)])
else:
    connection = socket.create_connection(("10.9.0.2", 80), 30)
    connection.settimeout(30)
    longest = 0.0
    for number in range(int(sys.argv[2])):
        began = time.monotonic()
        said = b"%8d" % number
        connection.sendall(said)
        heard = b""
        while len(heard) < 8:
            heard += connection.recv(8 - len(heard))
        assert heard == said
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.01)
    print("talked", number + 1, "retransmitted", connection.getsockopt(socket.IPPROTO_TCP, 11, 104)[100])
"#;

fn rules(port: u16) -> String {
    let denied: String =
        (0..500).map(|host| format!("deny src host 10.8.{}.{}\n", host / 250, host % 250 + 1)).collect();
    format!(
        "# {port}\n{denied}deny state invalid\nallow state established|related|untracked,\nallow icmp type echo\n\
         allow state new && tcp dst port 80 or {port}\ndeny all\n"
    )
}

#[test]
fn root_rules_are_replaced_and_no_connection_is_lost() {
    if !is_root() {
        println!("skipped: TAPs and network namespaces need root");
        return;
    }
    let folder = TempDir::new().unwrap();
    let wrong = "allow tcp\nallow dst port nowhere\n7 udp\n";
    for (name, text) in [("a", &rules(81)[..]), ("b", &rules(82)), ("wrong", wrong), ("peer.py", PEER)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (out, err) = run_in_own(SCRIPT, folder.path());
    let opened: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("opened ")).collect();
    assert_eq!(opened, ["80", "80 81", "80 82", "80 82"], "{out}{err}");
    assert!(out.contains("400 packets transmitted, 400 received, 0% packet loss"), "{out}{err}");
    assert!(out.contains("talked 400 retransmitted 0"), "{out}{err}");
    assert!(out.contains("wrong:2:") && out.contains("wrong:3:1: output 7 is not connected"), "{out}{err}");
    assert_eq!(out.matches("code 2").count(), 1, "{out}{err}");
    assert!(out.contains("refused: these are no compiled rules"), "{out}{err}");
    assert!(out.contains("\n505\n"), "the rules before stay: {out}{err}");
    assert!(out.contains("opened 80 82\n0\n0\n"), "{out}{err}");
}
