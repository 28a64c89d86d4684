# SPDX-License-Identifier: Apache-2.0
# On the host: an address in the network of each tunnel, and pings from there, too.
for kind in 1 2 3 8 9 10; do
    ip address add 10.7.$kind.1/24 dev lan0
    ip address add fd07:$kind::1/64 dev lan0 nodad
done
await 'peer: done' "$FOLDER/console"
for kind in 1 2 3 8 9 10; do
    if ping -n -c 2 -i 0.2 -W 5 -s 1300 10.7.$kind.2 > "$FOLDER/ping" 2>&1; then echo "ok: $kind from the host"
    else echo "failed: $kind from the host"; cat "$FOLDER/ping"; fi
done
