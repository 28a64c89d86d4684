# SPDX-License-Identifier: Apache-2.0
# Starts chains on TAPs named like their networks, and makes namespaces and what connects them. $SLUICE is the command.
set -eu
mount -t tmpfs none /run
mount -t sysfs none /sys                      # the one that shows this namespace's devices
export SLUICE_RUN_DIR="$FOLDER/run"
run= watch=
trap 'kill $run $watch 2>/dev/null || true; wait; cat "$FOLDER/said" >&2' EXIT

# start CHAIN NETWORK ...: boots it, its networks at TAPs of these names
start() {
  chain=$1; shift; taps=
  for network in "$@"; do ip tuntap add $network mode tap; taps="$taps --tap $network=$network"; done
  "$SLUICE" run "$chain" --accel tcg $taps 2> "$FOLDER/said" > "$FOLDER/report" &
  run=$!
  for network in "$@"; do
    until grep -q "port $network" "$FOLDER/said"; do kill -0 $run; sleep 0.05; done
    ip link set $network up
  done
}
# space NAME: a network namespace
space() { ip netns add $1; ip -n $1 link set lo up; }
# underlay NAME ADDRESS: a namespace at the bridge `under`, with that address
underlay() {
  ip link show under > /dev/null 2>&1 || { ip link add under type bridge; ip link set under up; ip link set wan master under; }
  space $1
  ip link add to-$1 master under up type veth peer name eth0 netns $1
  ip -n $1 address add $2 dev eth0 $(case $2 in *:*) echo nodad;; esac)
  ip -n $1 link set eth0 up
}
# vtep NAME VNI LOCAL OVERLAY REMOTE ...: Linux's VTEP there, with an address in the network
vtep() {
  name=$1; vni=$2; local=$3; inner=$4; shift 4
  ip -n $name link add vx$vni type vxlan id $vni local $local dstport 4789 dev eth0
  for remote in "$@"; do bridge -n $name fdb append 00:00:00:00:00:00 dev vx$vni dst $remote; done
  for address in $inner; do ip -n $name address add $address dev vx$vni $(case $address in *:*) echo nodad;; esac); done
  ip -n $name link set vx$vni up
}
# host NAME DEVICE ADDRESSES: a host behind a TAP
host() {
  space $1; ip link set $2 netns $1
  for address in $3; do ip -n $1 address add $address dev $2 $(case $address in *:*) echo nodad;; esac); done
  ip -n $1 link set $2 up
}
within() { ip netns exec "$@"; }
pings() { within $1 ping -c 3 -i 0.2 -W 30 ${3-} $2 | tee "$FOLDER/ping" >&2; grep -q '3 received' "$FOLDER/ping"; echo "pinged $2"; }
ctl() { "$SLUICE" ctl "$@"; }
# soon COMMAND: waits, but not for ever, until it is true
soon() {
  end=$(($(date +%s) + 60))
  until "$@"; do kill -0 $run; [ "$(date +%s)" -lt $end ]; sleep 0.05; done
}
