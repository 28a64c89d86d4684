# SPDX-License-Identifier: Apache-2.0
# On the host, in namespaces of its own: the VM under test between a TAP (lan0) and a bridge, on which the peer is too. $SLUICE is the command,
# $IPERF3 iperf3, $PEER the peer's QEMU; $HOST_SCRIPT says what the host does meanwhile; $FOLDER has chain.nf.
set -eu
mount -t sysfs none /sys                      # the one that shows this namespace's devices
ip link set lo up
ip link add under0 type bridge forward_delay 0
for tap in lan0 wan0 peer0; do ip tuntap add $tap mode tap; done
for port in wan0 peer0; do ip link set $port master under0; ip link set $port up; done
ip link set under0 up
tcpdump -i under0 -w "$FOLDER/underlay.pcap" -U -s 0 2>/dev/null &
dump=$!
"$SLUICE" run "$FOLDER/chain.nf" --accel tcg --tap lan=lan0 --tap wan=wan0 2> "$FOLDER/said" > "$FOLDER/report" &
run=$!
peer= server=
trap 'kill $run $peer $dump $server 2>/dev/null || true; cat "$FOLDER/console"; cat "$FOLDER/said" >&2' EXIT
await() { until grep -q "$1" "$2"; do kill -0 $run $peer; sleep 0.1; done; }
await 'port wan' "$FOLDER/said"               # the image may take longer to build than the peer does to boot
sh -c "exec $PEER" > "$FOLDER/console" 2>&1 < /dev/null &
peer=$!
ip link set lan0 address 02:00:00:00:07:01
ip link set lan0 up
. "$HOST_SCRIPT"
await 'peer: done' "$FOLDER/console"
kill -INT $run
wait $run
cat "$FOLDER/report"
