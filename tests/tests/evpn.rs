// SPDX-License-Identifier: Apache-2.0
//! Our VTEP in a VM with `sluice evpn` beside it; a kernel's VXLAN device that FRR programs at the other end.

use qemu::debian::DebianError;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::frr::{Frr, fetch};
use tests::namespace::{Namespace, connect, is_root};
use tests::{build_file, sluice};

const CHAIN: &str = r#"
network lan; network wan;
vm vtep {
  v :: VTEP(10.9.0.1, access 100 1, LEARN ports, TRUNK 2, GATEWAY 02:00:00:00:40:01);
  r :: VNIRouter(v, 02:00:00:00:40:01, 100 10.1.0.254/16 red, 4000 transit red, OUTSIDE red);
  v [2] -> r -> [2] v;
  Idle -> [1] r [1] -> Discard;
  FromDevice(lan) -> [1] v;
  v [1] -> ToDevice(lan);
  out :: ToDevice(wan);
  FromDevice(wan) -> c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800);
  c -> ARPResponder(10.9.0.1 02:00:00:00:09:01) -> out;
  c [1] -> [1] q :: ARPQuerier(10.9.0.1, 02:00:00:00:09:01);
  c [2] -> CheckIPHeader(14) -> IPClassifier(dst udp port 4789) -> v -> q -> out;
}
chain lan <-> vtep <-> wan;
"#;

const CONFIG: &str = r#"
as = 65001
router-id = "10.9.0.1"
vtep = "10.9.0.1"
element = "v"
poll-ms = 100
[[neighbor]]
address = "10.9.1.2"
as = 65002
[[vni]]
id = 100
[[vrf]]
name = "red"
vni = 4000
router-mac = "02:00:00:00:40:01"
prefixes = ["10.1.0.0/16"]
"#;

const ZEBRA: &str = "hostname frr\nvni 4000\n";

const BGPD: &str = "
router bgp 65002
 bgp router-id 10.9.0.2
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 neighbor 10.9.1.1 remote-as 65001
 neighbor 10.9.1.1 timers 3 9
 neighbor 10.9.1.1 timers connect 1
 address-family ipv4 unicast
  network 10.2.0.0/16
 exit-address-family
 address-family l2vpn evpn
  neighbor 10.9.1.1 activate
  advertise-all-vni
  advertise ipv4 unicast
 exit-address-family
";

/// FRR's kernel: network 100 as a bridge with a VXLAN device that learns nothing, 4000 between routers.
const FABRIC: &str = "
ip address add 10.9.0.2/24 dev wan0; ip link set wan0 up
ip address add 10.9.1.2/24 dev bgp0
ip link add br100 type bridge
ip link add vxlan100 type vxlan id 100 local 10.9.0.2 dstport 4789 nolearning
ip link set vxlan100 master br100
bridge link set dev vxlan100 learning off neigh_suppress on
ip link set r0 master br100; ip link set m0 master br100
ip link set br100 up; ip link set vxlan100 up
ip address add 192.168.100.254/24 dev br100
ip link add br4000 type bridge
ip link set br4000 address 02:00:00:00:40:02
ip link add vxlan4000 type vxlan id 4000 local 10.9.0.2 dstport 4789 nolearning
ip link set vxlan4000 master br4000
ip link set br4000 up; ip link set vxlan4000 up
ip route add 10.2.0.0/16 dev wan0
ip address add 10.2.0.7/32 dev lo
";

/// The host behind the VM, and the one behind FRR's kernel.
const NEAR: (&str, &str) = ("02:00:00:00:01:01", "192.168.100.1");
const FAR: (&str, &str) = ("02:00:00:00:02:02", "192.168.100.2");

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Running {
        Running(command.stdin(Stdio::null()).spawn().expect("it starts"))
    }

    /// Asks it to end, and waits.
    fn end(mut self) {
        let asked = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().expect("kill runs");
        assert!(asked.success() && self.0.wait().expect("it ends").success(), "it ended with an error");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The hosts.
struct Hosts {
    /// Where sluice runs.
    own: Namespace,
    /// Where FRR runs.
    fabric: Namespace,
    /// Behind the VM.
    near: Namespace,
    /// Behind FRR's kernel.
    #[expect(dead_code, reason = "it answers as long as it is there")]
    far: Namespace,
    /// Behind FRR's kernel, too, with the addresses of the near one.
    moved: Namespace,
}

impl Hosts {
    /// All of them, cabled but for the VM's ports.
    fn new() -> Hosts {
        let [own, fabric, near, far, moved] = std::array::from_fn(|_| Namespace::new());
        connect(&own, "bgp1", &fabric, "bgp0");
        connect(&fabric, "r0", &far, "r1");
        connect(&fabric, "m0", &moved, "m1");
        own.run("ip address add 10.9.1.1/24 dev bgp1; ip tuntap add lan0 mode tap; ip tuntap add wan0 mode tap");
        far.run(&format!("ip link set r1 address {}; ip address add {}/24 dev r1", FAR.0, FAR.1));
        moved.run("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
        moved.run(&format!("ip link set m1 down address {}; ip address add {}/24 dev m1", NEAR.0, NEAR.1));
        Hosts { own, fabric, near, far, moved }
    }

    /// Gives the VM's ports, which it has opened, to who is to be there.
    fn plug(&self) {
        let (near, fabric) = (self.near.pid(), self.fabric.pid());
        self.own.run(&format!("ip link set lan0 netns {near}; ip link set wan0 netns {fabric}"));
        // What a kernel tells all IPv6 hosts by itself is flooded, and rightly so.
        self.near.run("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
        let address = format!("ip link set lan0 address {}; ip address add {}/24 dev lan0", NEAR.0, NEAR.1);
        self.near.run(&format!("{address}; ip link set lan0 up"));
        self.fabric.run(FABRIC);
    }
}

/// What runs of ours.
struct Bed<'a> {
    speaker: Option<Running>,
    run: Option<Running>,
    folder: &'a Path,
    hosts: &'a Hosts,
}

impl<'a> Bed<'a> {
    /// A VM whose ports are plugged in; nobody speaks for it yet.
    fn start(folder: &'a Path, hosts: &'a Hosts) -> Bed<'a> {
        let chain = folder.join("vtep.nf");
        std::fs::write(&chain, CHAIN).unwrap();
        std::fs::write(folder.join("evpn.toml"), CONFIG).unwrap();
        let images = folder.join("images");
        // However long that takes: what comes then has a deadline.
        build_file(&chain, "vtep", &images);
        let mut bed = Bed { speaker: None, run: None, folder, hosts };
        let [chain, images] = [&chain, &images].map(|path| path.to_str().expect("paths are text"));
        let ports = ["-o", images, "--accel", "tcg", "--name", "evpn", "--tap", "lan=lan0", "--tap", "wan=wan0"];
        bed.run = Some(Running::start(bed.sluice(&[&["run", chain][..], &ports].concat())));
        until("the VM is up", || bed.sluice(&["ctl", "vtep", "read", "v.count"]).output().unwrap().status.success());
        hosts.plug();
        bed
    }

    fn sluice(&self, arguments: &[&str]) -> Command {
        let mut command = self.hosts.own.command(sluice().get_program().to_str().expect("paths are text"));
        command.args(arguments).env("SLUICE_RUN_DIR", self.folder.join("run"));
        command
    }

    fn start_speaker(&mut self) {
        let config = self.folder.join("evpn.toml");
        let config = config.to_str().expect("paths are text");
        self.speaker = Some(Running::start(self.sluice(&["evpn", "run", "vtep", config])));
    }

    /// What `sluice evpn show` tells.
    fn state(&self) -> Option<Value> {
        let output = self.sluice(&["evpn", "show", "vtep", "--json"]).output().expect("sluice runs");
        serde_json::from_slice(&output.stdout).ok()
    }

    fn read(&self, handler: &str) -> String {
        self.read_of("v", handler)
    }

    fn read_of(&self, element: &str, handler: &str) -> String {
        let output =
            self.sluice(&["ctl", "vtep", "read", &format!("{element}.{handler}")]).output().expect("sluice runs");
        assert!(output.status.success(), "{handler}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether a list of the state has an entry that begins so.
    fn has(&self, list: &str, begin: &str) -> bool {
        let state = self.state().unwrap_or_default();
        let entries = state[list].as_array().into_iter().flatten();
        entries.filter_map(Value::as_str).any(|entry| entry.starts_with(begin))
    }

    /// How often the host behind the VM has moved, if it is there.
    fn moves(&self) -> Option<u64> {
        let state = self.state()?;
        let host = state["hosts"].as_array()?.iter().find(|host| host["mac"] == NEAR.0)?;
        host["sequence"].as_u64()
    }
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What zebra knows of a host of network 100.
fn zebras(frr: &Frr, mac: &str) -> Option<Value> {
    let known = frr.json(&format!("show evpn mac vni 100 mac {mac}"))?;
    known.get(mac).cloned()
}

fn is_behind(frr: &Frr, mac: &str, vtep: &str) -> bool {
    zebras(frr, mac).is_some_and(|known| known["type"] == "remote" && known["remoteVtep"] == vtep)
}

/// Whether the session is up and each side sends the other what is for all.
fn meet(bed: &Bed, frr: &Frr) {
    until("a session", || {
        let all = frr.json("show bgp l2vpn evpn summary").unwrap_or_default();
        all["peers"]["10.9.1.1"]["state"] == "Established"
    });
    until("FRR's VTEP here", || bed.has("installed", "flood_add 100 10.9.0.2"));
    until("ours at FRR", || {
        bed.hosts.fabric.run("bridge fdb show dev vxlan100").contains("00:00:00:00:00:00 dst 10.9.0.1")
    });
}

fn far_entry() -> String {
    format!("mac_add 100 {} 10.9.0.2", FAR.0)
}

/// Hosts find each other, and both sides tell where they are and which addresses they have.
fn find_each_other(bed: &Bed, frr: &Frr) {
    assert!(bed.hosts.near.pings(FAR.1, 5), "{}", bed.read("macs"));
    until("the near host at FRR", || is_behind(frr, NEAR.0, "10.9.0.1"));
    until("the far host here", || bed.has("installed", &far_entry()));
    let (mac, macs) = (FAR.0.to_uppercase().replace(':', "-"), bed.read("macs"));
    assert!(macs.contains(&format!("100 {mac} 10.9.0.2 fixed")), "{macs}");
    until("the near host's address at FRR", || {
        let known = frr.json(&format!("show evpn arp-cache vni 100 ip {}", NEAR.1)).unwrap_or_default();
        known["mac"] == NEAR.0 && known["type"] == "remote"
    });
    // FRR tells an address when its own kernel has met it.
    bed.hosts.fabric.run(&format!("ping -c 1 -W 5 {}", FAR.1));
    until("the far host's address here", || bed.has("installed", &format!("neighbor_add 100 {} {}", FAR.1, FAR.0)));
}

/// Nobody else gets frames for a known host, nor questions about it.
fn do_not_flood(bed: &Bed) {
    let write = |handler: &str| bed.sluice(&["ctl", "vtep", "write", handler, "100", "10.9.0.99"]).output().unwrap();
    let elsewhere = || bed.read("remotes").lines().find(|line| line.contains("10.9.0.99")).map(String::from);
    assert!(write("v.flood_add").status.success());
    bed.hosts.near.run("ip neigh flush dev lan0");
    let (before, suppressed) = (elsewhere().expect("it is known"), bed.read("suppressed"));
    assert!(bed.hosts.near.pings(FAR.1, 5));
    assert_eq!(elsewhere(), Some(before));
    assert_ne!(bed.read("suppressed"), suppressed);
    assert!(write("v.flood_del").status.success());
}

/// Each side has the other's prefix.
fn tell_prefixes(bed: &Bed) {
    let is_ours = |route: &str| route.starts_with("10.1.0.0/16 ") && route.contains("via 10.9.0.1 dev br4000");
    until("our prefix in FRR's kernel", || bed.hosts.fabric.run("ip route").lines().any(is_ours));
    let route = "route_add red 10.2.0.0/16 10.9.0.2 02:00:00:00:40:02 4000";
    until("FRR's prefix here", || bed.has("installed", route));
    // From a host in the one to an address in the other, and back: both ways through the network between the routers.
    bed.hosts.near.run("ip address add 10.1.0.5/16 dev lan0; ip route add 10.2.0.0/16 via 10.1.0.254 src 10.1.0.5");
    assert!(bed.hosts.near.pings("10.2.0.7", 5));
    let forwarded: u64 = bed.read_of("r", "forwarded").trim().parse().expect("it is a number");
    assert!(forwarded >= 10, "{forwarded} packets went by the router");
    bed.hosts.near.run("ip address del 10.1.0.5/16 dev lan0");
}

/// The near host moves behind FRR's kernel, and back.
fn follow(bed: &Bed, frr: &Frr) {
    let Hosts { near, moved, .. } = bed.hosts;
    near.run("ip link set lan0 down");
    moved.run(&format!("ip link set m1 up; ping -c 3 -W 5 {}", FAR.1));
    let away = format!("mac_add 100 {} 10.9.0.2", NEAR.0);
    until("the near host has moved away", || bed.has("installed", &away) && bed.moves().is_none());
    near.run("ip link set lan0 up");
    until("it pings from here again", || near.pings(FAR.1, 1));
    until("the near host is back", || bed.moves().is_some_and(|moves| moves >= 2) && !bed.has("installed", &away));
    until("and FRR knows", || is_behind(frr, NEAR.0, "10.9.0.1"));
    moved.run("ip link set m1 down");
}

/// A host whose link goes down is taken back, and comes with it again.
fn take_back(bed: &Bed) {
    bed.hosts.fabric.run("ip link set r0 down");
    until("the far host is gone", || !bed.has("installed", &far_entry()));
    bed.hosts.fabric.run("ip link set r0 up");
    until("it answers again", || bed.hosts.near.pings(FAR.1, 1));
    until("and is known", || bed.has("installed", &far_entry()));
}

/// A speaker that dies takes its routes with it, and ours meets the next one by itself.
fn survive(bed: &Bed, frr: &mut Frr) {
    frr.kill_bgpd();
    until("nothing is installed", || {
        bed.state().is_some_and(|state| state["installed"].as_array().is_some_and(Vec::is_empty))
    });
    assert!(!bed.read("macs").contains("fixed"), "{}", bed.read("macs"));
    frr.start_bgpd();
    meet(bed, frr);
    until("the far host here again", || bed.has("installed", &far_entry()));
    assert!(bed.hosts.near.pings(FAR.1, 5));
}

#[test]
fn root_a_vtep_and_frr_tell_each_other_of_hosts_and_follow_them() {
    if !is_root() {
        println!("skipped: network namespaces and FRR need root");
        return;
    }
    let root = match fetch() {
        Err(DebianError::Fetch(_, why)) => return println!("skipped: FRR cannot be fetched: {why}"),
        fetched => fetched.expect("FRR can be unpacked"),
    };
    let (folder, hosts) = (TempDir::new().unwrap(), Hosts::new());
    let mut bed = Bed::start(folder.path(), &hosts);
    let mut frr = Frr::start(root, &hosts.fabric, folder.path(), ZEBRA, BGPD);
    bed.start_speaker();
    meet(&bed, &frr);
    find_each_other(&bed, &frr);
    do_not_flood(&bed);
    tell_prefixes(&bed);
    follow(&bed, &frr);
    take_back(&bed);
    survive(&bed, &mut frr);
    // Ours says good-bye, and leaves no entries behind.
    bed.speaker.take().expect("it runs").end();
    assert_eq!(bed.read("floods").trim(), "");
    assert!(!bed.read("macs").contains("fixed"), "{}", bed.read("macs"));
    until("FRR has forgotten", || zebras(&frr, NEAR.0).is_none_or(|known| known["type"] != "remote"));
    bed.run.take().expect("it runs").end();
}
