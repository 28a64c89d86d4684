# SPDX-License-Identifier: Apache-2.0
# In the peer: Open vSwitch's data path in user space, with tunnels to the VM under test, and what goes through them.
check() {
    what=$1; shift
    if "$@" >/tmp/said 2>&1; then echo "ok: $what"; else echo "failed: $what: $*"; cat /tmp/said; fi
}
must() { "$@" || { echo "failed: $*"; broken=1; }; }
# Not busybox's.
ip() { /bin/ip "$@"; }
ping() { /bin/ping "$@"; }
broken=
mkdir -p /var/run/openvswitch /var/log/openvswitch /etc/openvswitch
must ovsdb-tool create /tmp/conf.db /usr/share/openvswitch/vswitch.ovsschema
must ovsdb-server /tmp/conf.db --remote=punix:/var/run/openvswitch/db.sock --detach --no-chdir --pidfile=/tmp/db.pid
must ovs-vsctl --no-wait init
must /usr/lib/openvswitch-switch/ovs-vswitchd --detach --no-chdir --pidfile=/var/run/openvswitch/ovs-vswitchd.pid --log-file=/tmp/log
ip link set lo up
ip link set eth0 address 02:00:00:00:09:02
ip link set eth0 up
must ovs-vsctl add-br phy -- set bridge phy datapath_type=netdev other-config:hwaddr=02:00:00:00:09:02 -- add-port phy eth0
must ip address add 10.9.0.2/24 dev phy
must ip address add fd09::2/64 dev phy nodad
must ip link set phy up
for address in 10.9.0.1 fd09::1; do must ovs-appctl tnl/neigh/set phy $address 02:00:00:00:09:01 >/tmp/said; done
tunnel() {
    must ovs-vsctl add-br int$1 -- set bridge int$1 datapath_type=netdev -- add-port int$1 t$1 \
        -- set interface t$1 type=$2 options:remote_ip=$3 options:key=$1
    must ip address add 10.7.$1.2/24 dev int$1
    must ip address add fd07:$1::2/64 dev int$1 nodad
    must ip link set int$1 mtu 1400 up
}
tunnel 1 vxlan 10.9.0.1
tunnel 2 geneve 10.9.0.1
tunnel 3 gre 10.9.0.1
tunnel 8 geneve fd09::1
tunnel 9 vxlan fd09::1
tunnel 10 gre fd09::1
echo "peer: ready"
[ -z "$broken" ] || { cat /tmp/log; return; }
for kind in 1 2 3 8 9 10; do
    for bytes in 0 56 1300 4000; do
        check "$kind IPv4 ping $bytes" ping -n -c 2 -i 0.2 -W 5 -s $bytes 10.7.$kind.1
    done
    check "$kind IPv6 ping" ping -n -c 2 -i 0.2 -W 5 -s 1300 fd07:$kind::1
done
