# SPDX-License-Identifier: Apache-2.0
# On the host: an address in the network of each tunnel, and packets that no tunnel takes whole.
for kind in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    ip address add 10.7.$kind.1/24 dev lan0
    ip address add fd07:$kind::1/64 dev lan0 nodad
done
$IPERF3 -s > "$FOLDER/iperf3" 2>&1 &
server=$!
await 'peer: ready' "$FOLDER/console"
check() {
    what=$1; shift
    if "$@" > "$FOLDER/ping" 2>&1; then echo "ok: $what"; else echo "failed: $what: $*"; cat "$FOLDER/ping"; fi
}
told() {
    ping -n -c 2 -i 0.2 -W 5 -M do "$@" > "$FOLDER/ping" 2>&1 || true
    if grep -qi 'mtu[ =:]*'$mtu "$FOLDER/ping"; then echo "ok: $kind told $mtu"; else echo "failed: $kind told $mtu"; cat "$FOLDER/ping"; fi
}
for kind in 1 2 3 4 5 7 8 9 10 12 13; do
    check "$kind fragments" ping -n -c 2 -i 0.2 -W 5 -M dont -s 1472 10.7.$kind.2
done
while read kind mtu; do told -s 1472 10.7.$kind.2; done <<END
1 1450
2 1450
3 1458
4 1464
5 1480
7 1460
8 1430
9 1430
10 1438
11 1468
12 1446
13 1442
END
while read kind mtu; do told -s 1452 fd07:$kind::2; done <<END
1 1450
6 1480
7 1460
8 1430
13 1442
END
