// SPDX-License-Identifier: Apache-2.0
//! What comes out of a booted function is what an independent decoder says should.

use qemu::Kind;
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;
use tests::{PATIENCE, Running, build_file, frames, home};

fn capture() -> PathBuf {
    home().join("examples/captures/http_browsing.pcap")
}

/// The rules of examples/firewall.nf in tcpdump's language.
const FIREWALL: &str = "arp or (src net 21.0.0.0/8 and (tcp dst port 80 or tcp dst port 443 or udp dst port 53))";

/// An IPv4 frame without what follows the packet (padding, and in this capture the check sequence): CheckIPHeader, like
/// Click's, cuts it off.
fn without_trailer(frame: &[u8]) -> &[u8] {
    &frame[..14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))]
}

#[test]
fn the_firewall_passes_what_tcpdump_passes_on_each_machine() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/firewall.nf"), "fw", folder.path());
    let (sent, expected) = (frames::read(&capture()), frames::tcpdump(&capture(), FIREWALL));
    assert!(!expected.is_empty() && expected.len() < sent.len(), "the capture has both kinds");
    for kind in Kind::ALL {
        let mut fw = Running::boot(&image, kind, 2);
        for frame in &sent {
            fw.send(0, frame);
        }
        for frame in &expected {
            assert_eq!(fw.receive(1), without_trailer(frame), "{}", kind.name());
        }
        while fw.machine("received_0") < sent.len() as u64 {}
        assert_eq!(fw.machine("sent_1"), expected.len() as u64, "nothing more on {}", kind.name());
        assert_eq!(fw.read("arrived", "count"), sent.len().to_string());
        assert_eq!(fw.read("filter", "denied"), (sent.len() - expected.len()).to_string());
        fw.power_off();
    }
}

#[test]
fn the_wire_passes_every_frame_both_ways_in_order() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let sent = frames::read(&capture());
    for kind in Kind::ALL {
        let wire = Running::boot(&image, kind, 2);
        for (from, to) in [(0, 1), (1, 0)] {
            for _ in 0..20 {
                sent.iter().for_each(|frame| wire.send(from, frame));
                sent.iter().for_each(|frame| assert_eq!(&wire.receive(to), frame, "{}", kind.name()));
            }
        }
        wire.power_off();
    }
}

#[test]
fn the_bridge_learns_where_an_address_is() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/bridge.nf"), "bridge", folder.path());
    let mut bridge = Running::boot(&image, Kind::Microvm, 2);
    let frame = |to: u8, from: u8| [&[2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x88, 0xb5][..], &[to; 50]].concat();
    bridge.send(0, &frame(9, 1));
    assert_eq!(bridge.receive(1), frame(9, 1), "an unknown address is flooded");
    bridge.send(0, &frame(1, 7));
    bridge.send(0, &frame(9, 1));
    assert_eq!(bridge.receive(1), frame(9, 1), "a known one on the same side is not");
    assert_eq!(bridge.machine("sent_1"), 2);
    bridge.power_off();
}

#[test]
fn what_drives_the_loop_is_seen_and_chosen_while_frames_pass() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/wire.nf"), "wire", folder.path());
    let mut wire = Running::boot(&image, Kind::Microvm, 2);
    let frame = [7; 60];
    let pass = |wire: &Running| {
        wire.send(0, &frame);
        assert_eq!(wire.receive(1), frame);
    };
    pass(&wire);
    assert_eq!((wire.read("machine", "mode"), wire.machine("polls")), ("adaptive".into(), 0));
    for (mode, polls) in [("poll", 1), ("interrupt", 0)] {
        wire.control.write("machine", "mode", mode).unwrap();
        let before = wire.machine("sleeps");
        (0..100).for_each(|_| pass(&wire));
        assert_eq!((wire.read("machine", "mode"), wire.machine("polls")), (mode.into(), polls));
        let deadline = Instant::now() + PATIENCE;
        // On a busy host every round may find the next frame: it sleeps as soon as one does not.
        while polls == 0 && wire.machine("sleeps") == before {
            assert!(Instant::now() < deadline, "interrupts let it sleep");
        }
        assert_eq!(wire.machine("sleeps") == before, polls == 1, "polling never sleeps");
    }
    assert_eq!(wire.machine("mode_switches"), 2);
    wire.control.write("machine", "mode", "adaptive").unwrap();
    wire.control.write("machine", "lower_pps", "1").unwrap();
    wire.control.write("machine", "upper_pps", "20").unwrap();
    assert!(wire.control.write("machine", "upper_pps", "0").is_err(), "less than lower_pps");
    let deadline = Instant::now() + PATIENCE;
    while wire.machine("polls") == 0 {
        pass(&wire);
        assert!(Instant::now() < deadline, "more than 20 frames a second come");
    }
    while wire.machine("polls") == 1 {
        assert!(Instant::now() < deadline, "no frame comes");
    }
    // There and back twice; more often where the host keeps frames back for a while.
    let switches = wire.machine("mode_switches");
    assert!(switches >= 4 && switches.is_multiple_of(2) && wire.machine("rate_pps") == 0, "{switches}");
    wire.power_off();
}

#[test]
fn a_frame_for_nobody_is_answered_by_the_mirror() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/mirror.nf"), "mirror", folder.path());
    let mirror = Running::boot(&image, Kind::Q35, 1);
    mirror.send(0, &[&[1; 6][..], &[2; 6], &[3; 48]].concat());
    assert_eq!(mirror.receive(0), [&[2; 6][..], &[1; 6], &[3; 48]].concat());
    mirror.power_off();
}

#[test]
fn the_ips_stops_a_request_and_what_follows_it() {
    let folder = TempDir::new().unwrap();
    let image = build_file(&home().join("examples/ips.nf"), "ips", folder.path());
    let sent = frames::read(&capture());
    let mut ips = Running::boot_with_memory(&image, Kind::Microvm, 2, 32);
    // SYN, SYN with ACK, ACK; the request; the response, whose sender knows nothing of this.
    for (number, (from, passes)) in [(0, true), (1, true), (0, true), (0, false), (1, false)].into_iter().enumerate() {
        ips.send(from, &sent[number]);
        if passes {
            assert_eq!(ips.receive(1 - from), without_trailer(&sent[number]), "frame {number}");
        }
        // Frames of two NICs come in any order.
        while ips.read("ids", "count") != (number + 1).to_string() {}
    }
    assert_eq!(ips.read("stopped", "count"), "2");
    assert_eq!(ips.read("ids", "alert_count"), "1");
    assert!(ips.read("ids", "alerts").contains("\"signature_id\":1000001"));
    ips.power_off();
}
