// SPDX-License-Identifier: Apache-2.0
//! What a booted VM must survive, and how it ends when it cannot.

use qemu::{Control, Exit, Kind, Vm};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::frames::{self, Random, echo};
use tests::{PATIENCE, Running, build, build_file, home, sluice};

/// Everything that looks into a packet, in the way of each frame; what passes all of it goes out, as do echo requests.
const GAUNTLET: &str = "
network lan; network wan;
vm gauntlet {
  FromDevice(lan) -> copies :: Tee(4);
  copies[0] -> Classifier(12/0800) -> Strip(14) -> CheckIPHeader -> filter :: IPFilter(allow icmp type echo, deny all)
            -> Unstrip(14) -> out :: ToDevice(wan);
  copies[1] -> CheckIPHeader(14) -> classes :: IPClassifier(tcp opt syn && src port < 1024, udp port 53 or 123, ip frag, -);
  classes[0] -> sink :: Discard; classes[1] -> sink; classes[2] -> sink; classes[3] -> sink;
  switch :: EtherSwitch;
  copies[2] -> [0] switch [0] -> Queue(64) -> ToDevice(lan);
  copies[3] -> EtherMirror -> Paint(3) -> Null -> [1] switch [1] -> Discard;
}
chain lan <-> gauntlet <-> wan;
";

/// Where the reference captures are; they are not part of this source.
fn malformed() -> Option<PathBuf> {
    let folder = home().parent()?.join("shared/material/malformed");
    folder.is_dir().then_some(folder)
}

fn hostile_frames() -> Vec<Vec<u8>> {
    let mut hostile = Vec::new();
    match malformed() {
        Some(folder) => {
            let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            hostile.extend(files.iter().flat_map(|file| frames::read(file)));
        }
        None => println!("skipped: the malformed captures, because ../shared/material is not here"),
    }
    let good = frames::read(&home().join("examples/captures/http_browsing.pcap"));
    let mut random = Random(0x5111ce);
    hostile.extend((0..10_000).map(|index| random.mutate(&good[index % good.len()])));
    // Short and long ones: an empty datagram is no frame, and the NIC's buffers end at 1868 bytes.
    hostile.extend((1..=64).map(|length| vec![0x45; length]));
    hostile.extend([1514, 1515, 1868, 1869, 4000, 9000, 60_000].map(|length| vec![0x45; length]));
    hostile.retain(|frame| !frame.is_empty());
    hostile
}

#[test]
fn hostile_frames_do_not_stop_a_vm() {
    let folder = TempDir::new().unwrap();
    let image = build(GAUNTLET, "gauntlet", folder.path());
    let hostile = hostile_frames();
    let mut gauntlet = Running::boot(&image, Kind::Microvm, 2);
    let (first, last) = (echo([10, 0, 0, 2], 1), echo([10, 0, 0, 2], 2));
    gauntlet.send(0, &first);
    let ports = &gauntlet.ports;
    let came = std::thread::scope(|scope| {
        // What the VM sends is taken at the same time, or both sides would wait for each other.
        let take = |port: usize, last: Option<&[u8]>| {
            let (mut buffer, mut came) = (vec![0; qemu::MAX_FRAME_BYTES], 0);
            while let Some(length) = ports[port].receive(&mut buffer, PATIENCE / 10).unwrap() {
                came += 1;
                if last == Some(&buffer[..length]) {
                    return came;
                }
            }
            came
        };
        let last = &last;
        let out = scope.spawn(move || take(1, Some(last)));
        scope.spawn(move || take(0, None));
        for frame in &hostile {
            // QEMU may refuse a datagram that is no frame to it; the VM must not.
            let _ = ports[0].send(frame, Instant::now() + PATIENCE);
        }
        ports[0].send(last, Instant::now() + PATIENCE).unwrap();
        out.join().unwrap()
    });
    assert!(came >= 2, "the echo requests before and after came through");
    assert_eq!(gauntlet.vm.ended().unwrap(), None);
    assert_eq!(gauntlet.machine("device_errors"), 0);
    gauntlet.power_off();
}

#[test]
fn an_idle_vm_sleeps() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    for kind in Kind::ALL {
        let mut wire = Running::boot(&image, kind, 2);
        let before = wire.machine("rounds");
        std::thread::sleep(Duration::from_millis(500));
        let rounds = wire.machine("rounds") - before;
        // Each request wakes it for a few rounds; polling would be hundreds of thousands.
        assert!(rounds < 1000, "{rounds} rounds in an idle half second on {}", kind.name());
        wire.power_off();
    }
}

#[test]
fn an_idle_vm_wakes_by_its_timer() {
    const INTERVAL: Duration = Duration::from_millis(50);
    let folder = TempDir::new().unwrap();
    let chain = "network lan; vm clock { TimedSource(INTERVAL 0.05, DATA \\<00 01 02 03>) -> ToDevice(lan); }\nchain lan <-> clock;\n";
    let image = build(chain, "clock", folder.path());
    for kind in Kind::ALL {
        let mut clock = Running::boot(&image, kind, 1);
        clock.receive(0);
        let begin = Instant::now();
        for _ in 0..5 {
            // Nothing else wakes it: no frame goes in, and the control channel is silent.
            assert_eq!(clock.receive(0)[..4], [0, 1, 2, 3], "{}", kind.name());
        }
        // The guest's clock may be somewhat faster than ours, and the first frame may have come late.
        assert!(begin.elapsed() > 2 * INTERVAL, "they come too fast on {}", kind.name());
        assert!(clock.machine("sleeps") >= 5, "it slept in between on {}", kind.name());
        assert!(clock.machine("rounds") < 1000, "it polls on {}", kind.name());
        clock.power_off();
    }
}

#[test]
fn an_image_of_megabytes_boots_and_routes() {
    let folder = TempDir::new().unwrap();
    let (mut random, mut outputs) = (Random(0x2071e5), BTreeMap::new());
    while outputs.len() < 100_000 {
        outputs.insert(random.below(0xe0_0000) as u32, random.below(2));
    }
    let octets = |net: u32| format!("{}.{}.{}", net >> 16, net >> 8 & 255, net & 255);
    let routes: Vec<String> = outputs.iter().map(|(&net, output)| format!("{}.0/24 {output}", octets(net))).collect();
    let chain = format!(
        "network lan; network wan;
         vm router {{
           FromDevice(lan) -> GetIPAddress(30) -> table :: RadixIPLookup(0.0.0.0/0 1, {});
           table[0] -> ToDevice(lan); table[1] -> ToDevice(wan);
         }}
         chain lan <-> router <-> wan;",
        routes.join(", ")
    );
    let image = build(&chain, "router", folder.path());
    assert!(std::fs::metadata(&image).unwrap().len() > 3 << 20, "the table is in the image");
    for kind in Kind::ALL {
        let router = Running::boot_with_memory(&image, kind, 2, 32);
        for (index, net) in outputs.keys().step_by(500).flat_map(|net| [net; 2]).enumerate() {
            // Each second frame goes to where, almost always, no route but the default one leads.
            let net = net ^ (index as u32 & 1) << 12;
            let frame = echo((net << 8 | 7).to_be_bytes(), index as u16);
            router.send(0, &frame);
            let output = outputs.get(&net).copied().unwrap_or(1);
            assert_eq!(router.receive(output), frame, "{}.7 on {}", octets(net), kind.name());
        }
        router.power_off();
    }
}

#[test]
fn q35_is_driven_by_ecam_and_pc_by_ports() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    for (kind, way) in [(Kind::Q35, "virtio over PCI, by Ecam"), (Kind::Pc, "virtio over PCI, by Ports")] {
        let wire = Running::boot(&image, kind, 2);
        let (log, mut said) = (folder.path().join("log"), Vec::new());
        // The log comes by another way than the message that the VM is ready, and perhaps later.
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            said.extend(wire.vm.take_log());
            std::fs::write(&log, &said).unwrap();
            let told = sluice().arg("logs").arg(&image).arg(&log).output().unwrap();
            let told = String::from_utf8(told.stdout).unwrap();
            if told.contains(way) {
                break;
            }
            assert!(Instant::now() < deadline, "{told}");
        }
        wire.power_off();
    }
}

#[test]
fn a_panic_is_told_and_ends_the_vm() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    for kind in Kind::ALL {
        let sockets = TempDir::new().unwrap();
        let (machine, _ports) = tests::machine(&image, kind, 1, sockets.path());
        let mut vm = Vm::start(&machine).unwrap();
        assert_eq!(vm.wait(Instant::now() + PATIENCE).unwrap(), Some(Exit::Failed), "{}", kind.name());
        let log = folder.path().join("log");
        std::fs::write(&log, vm.take_log()).unwrap();
        let told = sluice().arg("logs").arg(&image).arg(&log).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(told.contains("the chain gives this VM 2 ports, the VMM 1"), "{told}");
    }
}

#[test]
fn noise_on_the_control_channel_is_refused_and_survived() {
    use std::io::{Read, Write};
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let sockets = TempDir::new().unwrap();
    let (machine, _ports) = tests::machine(&image, Kind::Pc, 2, sockets.path());
    let mut vm = Vm::start(&machine).unwrap();
    let socket = machine.control.unwrap();
    let mut stream = loop {
        match std::os::unix::net::UnixStream::connect(&socket) {
            Ok(stream) => break stream,
            Err(_) => assert_eq!(vm.ended().unwrap(), None),
        }
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let message = |stream: &mut std::os::unix::net::UnixStream| {
        let mut bytes = Vec::new();
        while bytes.last() != Some(&0) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        bytes
    };
    assert!(matches!(control::decode(&mut message(&mut stream)), Some(control::FromVm::Ready { .. })));
    stream.write_all(&[7; 3 * control::MESSAGE_BYTES]).unwrap();
    stream.write_all(&[0, 0, 5, 5, 5, 0]).unwrap();
    let refused = control::FromVm::Failed(control::Failure::Malformed);
    for what in ["the overlong message", "the next"] {
        assert_eq!(control::decode(&mut message(&mut stream)), Some(refused), "{what} is refused");
    }
    // Requests that come together are all answered.
    let mut together = Vec::new();
    for _ in 0..100 {
        let request = control::ToVm::Read { element: "machine", handler: "rounds" };
        together.extend(control::encode(&request, &mut [0; 64]).unwrap());
    }
    stream.write_all(&together).unwrap();
    let (mut byte, mut answers) = ([0], 0);
    while answers < 100 {
        stream.read_exact(&mut byte).unwrap();
        answers += usize::from(byte[0] == 0);
    }
    // Who takes the channel over is not disturbed by what was left unfinished, nor by answers to others.
    stream.write_all(&together[..together.len() - 3]).unwrap();
    drop(stream);
    let mut control = Control::take_over(&socket, PATIENCE).unwrap().expect("QEMU still listens");
    assert!(control.read("machine", "rounds").is_ok());
    assert_eq!(control.read("machine", "malformed").unwrap(), "3");
    assert!(control.read("nobody", "count").is_err());
}
