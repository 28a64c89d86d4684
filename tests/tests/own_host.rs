// SPDX-License-Identifier: Apache-2.0
//! A VM's own IP host: it answers who asks for its address, and pings.

use qemu::Kind;
use tempfile::TempDir;
use tests::frames::{checksum, echo};
use tests::{Running, build};

/// The peer that [`echo`] makes its requests in the name of.
const PEER: ([u8; 6], [u8; 4]) = ([2, 0, 0, 0, 0, 1], [10, 0, 0, 1]);
/// Of the first NIC of a VM under test.
const NIC: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0];

/// Who has `wanted`? Tell the peer (RFC 826).
fn who_has(wanted: [u8; 4]) -> Vec<u8> {
    let arp = [&[0, 1, 8, 0, 6, 4, 0, 1], &PEER.0[..], &PEER.1, &[0; 6], &wanted].concat();
    [&[0xff; 6][..], &PEER.0, &[8, 6], &arp, &[0; 18]].concat()
}

/// Asks for the host's Ethernet address, which is `ethernet`, and pings it.
fn ping(vm: &Running, host: [u8; 4], ethernet: [u8; 6]) {
    vm.send(0, &who_has(host));
    let is_at = [&PEER.0[..], &ethernet, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 2], &ethernet, &host, &PEER.0, &PEER.1].concat();
    assert_eq!(vm.receive(0)[..42], is_at);
    for sequence in 1..=3 {
        let mut request = echo(host, sequence);
        request[..6].copy_from_slice(&ethernet);
        vm.send(0, &request);
        let reply = vm.receive(0);
        assert_eq!(reply[..14], [&PEER.0[..], &ethernet, &[8, 0]].concat());
        assert_eq!((reply[23], &reply[26..34]), (1, [host, PEER.1].as_flattened()));
        assert_eq!([checksum(&reply[14..34]), checksum(&reply[34..42])], [0, 0]);
        assert_eq!((reply[34..36].to_vec(), &reply[38..42]), (vec![0, 0], &request[38..42]));
    }
}

#[test]
fn a_host_behind_a_nic_is_pinged() {
    let folder = TempDir::new().unwrap();
    let chain = "network lan;
                 vm host { FromDevice(lan) -> in :: ToHost(h); FromHost(h, 10.0.0.2/24) -> ToDevice(lan); }
                 chain lan <-> host;";
    let image = build(chain, "host", folder.path());
    for kind in Kind::ALL {
        let mut vm = Running::boot(&image, kind, 1);
        vm.send(0, &who_has([10, 0, 0, 3]));
        ping(&vm, [10, 0, 0, 2], NIC);
        assert_eq!((vm.read("in", "count"), vm.read("in", "drops")), ("5".into(), "0".into()), "{}", kind.name());
        vm.power_off();
    }
}

/// Two hosts behind a switch, which have Ethernet addresses of their own; frames that are nonsense do not stop them.
#[test]
fn two_hosts_behind_a_switch_are_pinged() {
    let folder = TempDir::new().unwrap();
    let chain = "network lan;
                 vm hosts {
                   switch :: EtherSwitch;
                   FromDevice(lan) -> [0] switch [0] -> ToDevice(lan);
                   FromHost(a, 10.0.0.2/24, ETHER 2:0:0:0:0:a) -> [1] switch [1] -> ToHost(a);
                   FromHost(b, 10.0.0.3/24, ETHER 2:0:0:0:0:b) -> [2] switch [2] -> ToHost(b);
                 }
                 chain lan <-> hosts;";
    let image = build(chain, "hosts", folder.path());
    let vm = Running::boot(&image, Kind::Microvm, 1);
    ping(&vm, [10, 0, 0, 2], [2, 0, 0, 0, 0, 10]);
    ping(&vm, [10, 0, 0, 3], [2, 0, 0, 0, 0, 11]);
    let mut random = tests::frames::Random(0x705);
    let good = [who_has([10, 0, 0, 9]), echo([10, 0, 0, 9], 1)];
    for index in 0..2000 {
        let mut frame = random.mutate(&good[index % 2]);
        frame.resize(frame.len().max(14), 0);
        frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 10]);
        vm.send(0, &frame);
    }
    ping(&vm, [10, 0, 0, 3], [2, 0, 0, 0, 0, 11]);
    vm.power_off();
}
