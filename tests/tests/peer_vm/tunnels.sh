# SPDX-License-Identifier: Apache-2.0
# In the peer: Linux's own tunnels to the VM under test, all at once, and what goes through them. A line for each: "ok: …" or "failed: …".
check() {
    what=$1; shift
    if "$@" >/tmp/said 2>&1; then echo "ok: $what"; else echo "failed: $what: $*"; cat /tmp/said; fi
}
must() { "$@" || { echo "failed: $*"; broken=1; }; }
# Not busybox's.
ip() { /bin/ip "$@"; }
ping() { /bin/ping "$@"; }
broken=

us=10.9.0.2 them=10.9.0.1 us6=fd09::2 them6=fd09::1
ip link set lo up
ip link set eth0 address 02:00:00:00:09:02
ip link set eth0 up
ip address add $us/24 dev eth0
ip address add $us6/64 dev eth0 nodad
for address in $them $them6 10.9.0.3; do ip neighbour replace $address lladdr 02:00:00:00:09:01 dev eth0; done

must ip link add t1 type vxlan id 1 local $us remote $them dstport 4789 dev eth0
must ip link add t2 type geneve id 2 remote $them
must ip link add t3 type gretap local $us remote $them key 3
must ip link add t4 type gre local $us remote $them key 4 csum seq
must ip link add t5 type ipip local $us remote $them
must ip link add t6 type sit local $us remote $them
must ip link add t7 type ip6tnl local $us6 remote $them6 mode any
must ip link add t8 type geneve id 8 remote $them6
must ip link add t9 type vxlan id 9 local $us6 remote $them6 dstport 4789 dev eth0
must ip link add t10 type ip6gretap local $us6 remote $them6 key 10
# MPLS in UDP: the labels behind FOU's UDP header, where an IP protocol would be.
must ip fou add port 6635 ipproto 137
must ip link add t11 type ipip mode mplsip local $us remote 10.9.0.3 encap fou encap-sport auto encap-dport 6635
# Tags inside: 802.1Q, and 802.1ad around it.
must ip link add g12 type geneve id 12 remote $them
must ip link add link g12 name t12 type vlan id 5
must ip link add g13 type geneve id 13 remote $them
must ip link add link g13 name s13 type vlan proto 802.1ad id 5
must ip link add link s13 name t13 type vlan id 6
for device in g12 g13 s13; do ip link set $device up; done
for kind in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    must ip link set t$kind up
    must ip address add 10.7.$kind.2/24 dev t$kind
    must ip address add fd07:$kind::2/64 dev t$kind nodad
done
echo 1000 >/proc/sys/net/mpls/platform_labels
echo 1 >/proc/sys/net/mpls/conf/t11/input
must ip route replace 10.7.11.1/32 encap mpls 16 dev t11 src 10.7.11.2
must ip -f mpls route add 17 dev lo
echo "peer: ready"
[ -z "$broken" ] || return

through() {
    for bytes in 0 56 1300 4000; do
        check "$1 ping $bytes" ping -n -c 2 -i 0.2 -W 5 -s $bytes $2
    done
}
throughput() {
    check "$1 iperf3 TCP" iperf3 -c $2 -n 1M
    check "$1 iperf3 TCP back" iperf3 -c $2 -n 1M -R
    check "$1 iperf3 UDP" iperf3 -c $2 -u -b 2M -l 1200 -n 100K
}
for kind in 1 2 3 4 5 7 8 9 10 11 12 13; do through "$kind IPv4" 10.7.$kind.1; done
for kind in 1 2 3 4 6 7 8 9 10 12 13; do through "$kind IPv6" fd07:$kind::1; done
for kind in 1 2 3 4 5 7 8 11 13; do throughput "$kind IPv4" 10.7.$kind.1; done
throughput "6 IPv6" fd07:6::1

# Hundreds of networks, each with its own device.
networks=$(seq 1 $NETWORKS)
for n in $networks; do
    echo "link add x$n up type vxlan id $((1000 + n)) local $us remote $them dstport 4789 dev eth0"
    echo "link add y$n up type geneve id $((1000 + n)) remote $them"
    echo "address add 10.20.$n.2/24 dev x$n"
    echo "address add 10.21.$n.2/24 dev y$n"
    echo "neighbour add 10.20.$n.1 lladdr 02:00:00:00:00:20 dev x$n"
    echo "neighbour add 10.21.$n.1 lladdr 02:00:00:00:00:21 dev y$n"
done >/tmp/batch
must ip -batch /tmp/batch
for net in 20 21; do
    answered=0
    for n in $networks; do ping -n -c 1 -W 5 10.$net.$n.1 >/dev/null && answered=$((answered + 1)); done
    check "$net of $answered networks" [ $answered = $NETWORKS ]
done
