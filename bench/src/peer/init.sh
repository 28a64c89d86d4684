#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The Linux VM's only program. Words on the kernel's command line say what it does:
#   sluice.mode=bridge | route | vtep      sluice.rules=FILE (below /rules; none without the word)
#   sluice.wait=NIC                 a NIC that comes late, as vifs do
#   sluice.next=MAC                 the hardware address of 10.0.1.2, where routed frames and tunnels go
b=/bin/busybox
$b mount -t proc proc /proc
read line </proc/cmdline
mode=bridge; rules=; next=; wait=
for word in $line; do
    case $word in
    sluice.mode=*) mode=${word#*=} ;;
    sluice.rules=*) rules=${word#*=} ;;
    sluice.wait=*) wait=${word#*=} ;;
    sluice.next=*) next=${word#*=} ;;
    esac
done
while read module; do $b insmod /modules/$module.ko; done </modules/order
if [ -n "$wait" ]; then until $b grep -q "$wait:" /proc/net/dev; do $b usleep 1000; done; fi
# Before the first frame can pass; and when it fails, init ends and the kernel panics, so that nobody measures no rules.
if [ -n "$rules" ]; then /usr/sbin/nft -f /rules/$rules || exit 1; fi
case $mode in
bridge)
    $b ip link set eth0 up
    $b ip link set eth1 up
    $b ip link add br0 type bridge
    $b ip link set br0 up
    $b ip link set eth0 master br0
    $b ip link set eth1 master br0
    ;;
route)
    $b ip addr add 10.0.0.1/24 dev eth0
    $b ip addr add 10.0.1.1/24 dev eth1
    echo 1 >/proc/sys/net/ipv4/ip_forward
    $b ip link set eth0 up
    $b ip link set eth1 up
    $b arp -i eth1 -s 10.0.1.2 $next
    ;;
vtep)
    $b ip addr add 10.0.1.1/24 dev eth1
    $b ip link set eth0 up
    $b ip link set eth1 up
    $b arp -i eth1 -s 10.0.1.2 $next
    # Not busybox's, which makes no tunnels.
    /bin/ip link add vx0 type vxlan id 42 local 10.0.1.1 remote 10.0.1.2 dstport 4789 dev eth1
    /bin/ip link set vx0 up
    $b ip link add br0 type bridge
    $b ip link set br0 up
    $b ip link set eth0 master br0
    $b ip link set vx0 master br0
    ;;
esac
while :; do $b sleep 1000; done
