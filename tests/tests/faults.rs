// SPDX-License-Identifier: Apache-2.0
//! A chain of three VMs over rings, `lan - a - b - c - wan`, whose VMs are killed under load, overloaded, and malicious.

#[path = "faults/load.rs"]
mod load;

use load::Load;
use qemu::{Control, EndState, Kind, LinkDevice, LinkServer, Machine, Port, PortDevice, Vm};
use ring::Shape;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::frames::Random;
use tests::{PATIENCE, build};

const FORWARDERS: &str = "
network lan, wan;
vm a { FromDevice(lan) -> ToDevice(b); FromDevice(b) -> out :: ToDevice(lan); }
vm b { FromDevice(a) -> ToDevice(c); FromDevice(c) -> ToDevice(a); }
vm c { FromDevice(b) -> out :: ToDevice(wan); FromDevice(wan) -> ToDevice(b); }
chain lan <-> a <-> b <-> c <-> wan;
";
/// The ends send as much as they can.
const OVERLOAD: &str = "
vm a { InfiniteSource(LENGTH 1400, LIMIT -1) -> ToDevice(b); FromDevice(b) -> in :: Counter -> Discard; }
vm b { FromDevice(a) -> ToDevice(c); FromDevice(c) -> ToDevice(a); }
vm c { InfiniteSource(LENGTH 1400, LIMIT -1) -> ToDevice(b); FromDevice(b) -> in :: Counter -> Discard; }
chain a <-> b <-> c;
";
const VMS: [&str; 3] = ["a", "b", "c"];

/// Waits until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A VM of the chain, which can be killed and started again.
struct Member {
    machine: Machine,
    running: Option<(Vm, Control)>,
}

impl Member {
    /// Starts QEMU.
    fn boot(&mut self) {
        let socket = self.machine.control.clone().unwrap();
        let _ = std::fs::remove_file(&socket);
        let mut vm = Vm::start(&self.machine).unwrap();
        let mut control = None;
        until("QEMU makes no control socket", || {
            assert_eq!(vm.ended().unwrap(), None, "QEMU ended early");
            control = Control::connect(&socket).unwrap();
            control.is_some()
        });
        self.running = Some((vm, control.unwrap()));
    }

    /// Starts it, and waits until it is ready.
    fn start(&mut self) {
        self.boot();
        let (_, control) = self.running.as_mut().unwrap();
        control.ready(PATIENCE).unwrap().expect("the VM becomes ready");
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.running = None;
    }

    fn signal(&self, signal: &str) {
        let pid = self.running.as_ref().unwrap().0.pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn read(&mut self, element: &str, handler: &str) -> u64 {
        let (vm, control) = self.running.as_mut().unwrap();
        assert_eq!(vm.ended().unwrap(), None);
        control.read(element, handler).unwrap().parse().unwrap()
    }

    /// Whether the link of an end of the chain is up, and how often its peer wrote nonsense; `other` is at the other end.
    fn link(&mut self, other: usize) -> (u64, u64) {
        let port = other / 2;
        (self.read("machine", &format!("link_up_{port}")), self.read("machine", &format!("link_bad_{port}")))
    }

    fn power_off(&mut self) {
        let (mut vm, mut control) = self.running.take().unwrap();
        control.power_off().unwrap();
        assert_eq!(vm.wait(Instant::now() + PATIENCE).unwrap(), Some(qemu::Exit::Clean));
    }
}

/// The chain: three VMs, two links.
struct Chain {
    vms: [Member; 3],
    /// Between a and b, between b and c; the left VM has end A.
    links: [LinkServer; 2],
    /// Where images and sockets are.
    folder: TempDir,
}

impl Chain {
    /// The VMs of the chain file `text`, not started; and the host's ends of the networks, if it has any.
    fn build(text: &str) -> (Chain, Vec<Arc<Port>>) {
        let folder = TempDir::new().unwrap();
        build(text, "a", folder.path());
        let socket = |name: String| folder.path().join(name);
        let ends = [0, 1].map(|link| ["left", "right"].map(|end| socket(format!("{link}.{end}"))));
        let links = ends.each_ref().map(|ends| LinkServer::start(ends.clone(), Shape::COPY).unwrap());
        let mut ports = Vec::new();
        let networks = usize::from(text.contains("network"));
        let vms = [0, 1, 2].map(|vm| {
            let sockets = socket(format!("{}.sockets", VMS[vm]));
            std::fs::create_dir(&sockets).unwrap();
            let image = socket(format!("{}.elf", VMS[vm]));
            let nics = if vm == 1 { 0 } else { networks };
            let (mut machine, host) = tests::machine(&image, Kind::Pc, nics, &sockets);
            ports.extend(host.into_iter().map(Arc::new));
            let link = |socket: &PathBuf| PortDevice::Link {
                device: LinkDevice::Doorbell { socket: socket.clone() },
                shared: false,
            };
            // To the left first, as in the chain.
            let left = vm.checked_sub(1).map(|left| link(&ends[left][1]));
            let right = ends.get(vm).map(|right| link(&right[0]));
            let at = if vm == 0 { nics } else { 0 };
            machine.ports.splice(at..at, left.into_iter().chain(right));
            Member { machine, running: None }
        });
        (Chain { vms, links, folder }, ports)
    }

    fn start(text: &str) -> (Chain, Vec<Arc<Port>>) {
        let (mut chain, ports) = Chain::build(text);
        chain.vms.iter_mut().for_each(Member::start);
        (chain, ports)
    }

    /// What both ends of both links show.
    fn ends(&self) -> [[EndState; 2]; 2] {
        self.links.each_ref().map(|link| link.memory().ends().unwrap())
    }

    fn power_off(mut self) {
        self.vms.iter_mut().for_each(Member::power_off);
    }
}

/// Which frames went where until a moment at which none is on its way. Directions: 0 to the right, 1 to the left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ledger {
    /// By VM and direction: frames that came in and did not go out, nor were dropped by a count.
    inside: [[i64; 2]; 3],
    /// By link and direction: frames that lay in the ring for a VM that ended.
    lost: [[i64; 2]; 2],
    /// By link and direction: frames that went into the ring and neither came out of it nor were lost there. There are none, but that
    /// a VM may end between moving an index by a burst and counting that burst.
    uncounted: [[i64; 2]; 2],
    /// Frames that were dropped, by reason: the link was full, the link was down, the NIC was full.
    dropped: [i64; 3],
}

impl Ledger {
    /// `nics`: what a and c dropped because their NIC was full.
    fn read(ends: &[[EndState; 2]; 2], counts: [(u64, u64); 2], nics: [u64; 2]) -> Ledger {
        let mut ledger = Ledger::default();
        for (direction, (sent, received)) in counts.into_iter().enumerate() {
            let path = if direction == 0 { [0, 1, 2] } else { [2, 1, 0] };
            let nic = nics[1 - direction];
            ledger.inside[path[0]][direction] += sent as i64;
            ledger.inside[path[2]][direction] -= (received + nic) as i64;
            ledger.dropped[2] += nic as i64;
            for hop in 0..2 {
                let link = path[hop].min(path[hop + 1]);
                let (from, to) = (&ends[link][direction].statistics, &ends[link][1 - direction].statistics);
                assert_eq!((from.too_long, to.bad_descriptors, to.short_buffers), (0, 0, 0));
                let out = from.frames_put + from.dropped_full + from.dropped_down;
                ledger.inside[path[hop]][direction] -= out as i64;
                ledger.inside[path[hop + 1]][direction] += to.frames_taken as i64;
                ledger.lost[link][direction] = to.lost as i64;
                ledger.uncounted[link][direction] = from.frames_put as i64 - (to.frames_taken + to.lost) as i64;
                ledger.dropped[0] += from.dropped_full as i64;
                ledger.dropped[1] += from.dropped_down as i64;
            }
        }
        ledger
    }

    /// Only what was in `victim` may be missing since `before`. True if it ended between an index and its count.
    fn check(&self, before: &Ledger, victim: usize) -> bool {
        let mut uncounted = false;
        for direction in 0..2 {
            for link in 0..2 {
                let (taker, of_victim) = (link + 1 - direction, victim == link || victim == link + 1);
                let lost = self.lost[link][direction] - before.lost[link][direction];
                assert!(lost == 0 || (lost > 0 && taker == victim), "{lost} lost for {taker}, not {victim}: {self:?}");
                let missing = self.uncounted[link][direction] - before.uncounted[link][direction];
                let at_most = if of_victim { BURST } else { 0 };
                assert!(missing.abs() <= at_most, "{missing} frames of a ring are missing: {before:?} {self:?}");
                uncounted |= missing != 0;
            }
        }
        for (vm, (now, then)) in self.inside.iter().zip(before.inside).enumerate() {
            for (now, then) in now.iter().zip(then) {
                let within = if vm == victim { now - then >= if uncounted { -BURST } else { 0 } } else { *now == then };
                assert!(within, "{vm} had {then} inside and now {now}; {victim} was killed: {before:?} {self:?}");
            }
        }
        uncounted
    }
}

/// Most frames between two publications.
const BURST: i64 = nf_elements::BURST as i64;

/// A chain under load, with what is known of it from one death to the next.
struct Watched {
    chain: Chain,
    load: Load,
    /// What the NICs of a and c dropped until they were last looked at, in all and in this incarnation.
    nics: [(u64, u64); 2],
    ledger: Ledger,
}

impl Watched {
    fn start() -> Watched {
        let (chain, ports) = Chain::start(FORWARDERS);
        let load = Load::start(&ports);
        load.pass([0; 2]);
        let mut watched = Watched { chain, load, nics: [(0, 0); 2], ledger: Ledger::default() };
        // What QEMU threw away while drivers reset their NICs.
        watched.ledger = watched.settled();
        watched
    }

    /// What has gone where when nothing moves any more.
    fn settled(&mut self) -> Ledger {
        let held = self.load.hold();
        self.load.flush();
        let (mut last, mut same) = (None, 0);
        until("frames keep moving", || {
            // Who answers has seen everything that was there before.
            for (nic, vm) in [Some(0), None, Some(1)].into_iter().zip(&mut self.chain.vms) {
                assert_eq!(vm.read("machine", "device_errors"), 0);
                let Some(nic) = nic else { continue };
                let (all, known) = &mut self.nics[nic];
                let now = vm.read("out", "no_room");
                *all += now - *known;
                *known = now;
            }
            let ends = self.chain.ends();
            let idle = ends.iter().flatten().all(|end| end.occupancy == 0);
            let now = (ends, self.load.counts());
            same = if idle && last == Some(now) { same + 1 } else { 0 };
            last = Some(now);
            same == 3
        });
        drop(held);
        assert_eq!(self.load.wrong(), [(0, 0); 2]);
        let (ends, counts) = last.unwrap();
        Ledger::read(&ends, counts, self.nics.map(|(all, _)| all))
    }

    /// Kills a VM and starts it again: how long it took until frames passed.
    fn kill(&mut self, victim: usize) -> Duration {
        let began = Instant::now();
        self.chain.vms[victim].kill();
        let marks = self.load.marks();
        self.chain.vms[victim].start();
        self.load.pass(marks);
        if let Some((_, known)) = [Some(0), None, Some(1)][victim].map(|nic: usize| &mut self.nics[nic]) {
            *known = 0;
        }
        began.elapsed()
    }
}

#[test]
fn any_vm_killed_at_random_a_hundred_times_takes_only_its_own_frames_along() {
    const DEATHS: usize = 100;
    let (mut watched, mut random) = (Watched::start(), Random(0x5111ce));
    let (mut times, mut uncounted) = (Vec::new(), 0);
    for _ in 0..DEATHS {
        std::thread::sleep(Duration::from_millis(random.below(20) as u64));
        let victim = random.below(3);
        times.push(watched.kill(victim));
        let ledger = watched.settled();
        uncounted += usize::from(ledger.check(&watched.ledger, victim));
        watched.ledger = ledger;
    }
    times.sort();
    let sent = watched.load.counts().map(|(sent, _)| sent);
    println!(
        "{DEATHS} deaths, {sent:?} frames sent, {uncounted} deaths between an index and its count: {:?}",
        watched.ledger
    );
    let (median, worst) = (times[DEATHS / 2], times[DEATHS - 1]);
    let late = times.iter().filter(|&&time| time > Duration::from_millis(300)).count();
    println!("from the kill to frames both ways: median {median:.1?}, worst {worst:.1?}, {late} above 300 ms");
    assert!(watched.ledger.dropped[1] > 0, "no frame met a link that was down");
    watched.load.stop();
    watched.chain.power_off();
}

/// Assembles the VM of tests/scribbler into `folder`.
fn scribbler(folder: &Path) -> PathBuf {
    let (image, source) = (folder.join("scribbler.elf"), tests::home().join("tests/scribbler/scribbler.S"));
    let arguments =
        ["-m32", "-nostdlib", "-static", "-no-pie", "-e", "start", "-Wa,--noexecstack", "-Wl,--build-id=none"];
    // No headers in memory, and the note near the code: RAM is small.
    let layout = "-Wl,-N,--no-warn-rwx-segments,-Ttext=0x100000,--section-start=.note.Xen=0x101000";
    let built = Command::new("cc").args(arguments).arg(layout).arg("-o").arg(&image).arg(source).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    image
}

#[test]
fn a_vm_that_scribbles_over_its_link_stops_nobody_and_its_successor_is_met() {
    let (mut chain, ports) = Chain::start(FORWARDERS);
    let load = Load::start(&ports);
    load.pass([0; 2]);
    let evil = scribbler(chain.folder.path());
    for place in [2, 0] {
        let honest = std::mem::replace(&mut chain.vms[place].machine.kernel, evil.clone());
        let (near, far, bad) = (1, 2 - place, ["link_bad_0", "link_bad_1"][place / 2]);
        // Who came after a scribbler found its last words.
        let (_, quiet) = chain.vms[far].link(place);
        chain.vms[place].kill();
        chain.vms[place].boot();
        let mut known = chain.vms[near].read("machine", bad);
        let rounds = chain.vms[near].read("machine", "rounds");
        for _ in 0..20 {
            until("the neighbour sees no nonsense", || chain.vms[near].read("machine", bad) > known + 100);
            known = chain.vms[near].read("machine", bad);
            // Who is not its neighbour sees nothing of it.
            assert_eq!(chain.vms[far].link(place), (1, quiet));
        }
        let rounds = chain.vms[near].read("machine", "rounds") - rounds;
        let (name, wrong) = (VMS[place], load.wrong());
        println!(
            "{name}: {known} indices and descriptors that cannot be, in {rounds} rounds; frames nobody sent: {wrong:?}"
        );
        chain.vms[place].kill();
        let marks = load.marks();
        chain.vms[place].machine.kernel = honest;
        chain.vms[place].start();
        load.pass(marks);
    }
    load.stop();
    chain.power_off();
}

#[test]
fn a_chain_that_is_flooded_from_both_ends_goes_on_and_ends_cleanly() {
    let (mut chain, _) = Chain::start(OVERLOAD);
    let full = |chain: &Chain| chain.ends().map(|link| link.map(|end| end.statistics.dropped_full));
    // Where the one at an end stands still, the rings behind it fill up to the other end.
    for stopped in [2, 0] {
        chain.vms[stopped].signal("-STOP");
        let before = full(&chain);
        let (near, far) = if stopped == 2 { ((1, 0), (0, 0)) } else { ((0, 1), (1, 1)) };
        until("the ring is never full", || full(&chain)[near.0][near.1] > before[near.0][near.1]);
        chain.vms[stopped].signal("-CONT");
        until("the first ring is never full", || full(&chain)[far.0][far.1] > 0);
    }
    for _ in 0..20 {
        let before = [0, 2].map(|vm| chain.vms[vm].read("in", "count"));
        until("both go on", || {
            [0, 2].into_iter().zip(before).all(|(vm, before)| chain.vms[vm].read("in", "count") > before + 1000)
        });
    }
    assert!(full(&chain).iter().flatten().all(|&full| full > 0), "{:?}", full(&chain));
    chain.power_off();
}
