// SPDX-License-Identifier: Apache-2.0
//! Tests of `IPFragmenter`.

use super::*;
use crate::elements::marked::datagram;
use crate::testing::{Collected, ListIo, packet, read};

fn pushed(fragmenter: &mut IpFragmenter, io: &mut ListIo, packet: Packet) -> Vec<(usize, Packet)> {
    let mut out = Collected::<2>::default();
    fragmenter.push(io, 0, packet, &mut out);
    out.0
}

/// The fragments' payloads put together again, after their headers were checked.
fn together(fragments: &[(usize, Packet)], mtu: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for (index, (port, fragment)) in fragments.iter().enumerate() {
        let header = Ipv4::new_checked(fragment.network()).unwrap();
        assert!(header.is_header_intact() && *port == 0 && !header.dont_fragment());
        assert!(usize::from(header.total_length()) <= mtu);
        assert_eq!(usize::from(header.total_length()), fragment.network().len());
        assert_eq!(usize::from(header.fragment_offset()), all.len());
        assert_eq!(header.more_fragments(), index + 1 < fragments.len());
        assert_eq!(header.payload(), fragment.transport());
        all.extend(header.payload());
    }
    all
}

#[test]
fn long_packets_become_fragments() {
    let payload: Vec<u8> = (0..1000).map(|i| (i % 251) as u8).collect();
    for mtu in [60, 68, 576, 1019] {
        let mut frame = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &payload);
        frame.annotations_mut().paint = 7;
        let mut fragmenter = IpFragmenter::new(mtu, true, false, false);
        let fragments = pushed(&mut fragmenter, &mut ListIo::new(0), frame);
        assert_eq!(together(&fragments, mtu), payload);
        assert!(fragments.iter().all(|(_, fragment)| fragment.annotations().paint == 7));
        assert_eq!(read(&fragmenter, "fragments"), fragments.len().to_string());
    }
}

#[test]
fn short_packets_pass_and_padding_is_cut() {
    let (mut fragmenter, mut io) = (IpFragmenter::new(28, true, false, false), ListIo::new(0));
    let whole = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 8]);
    assert_eq!(pushed(&mut fragmenter, &mut io, whole)[0].1.len(), 28);
    let mut padded = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 8]);
    assert!(padded.append(&[0; 18]));
    assert_eq!(pushed(&mut fragmenter, &mut io, padded)[0].1.len(), 28);
    assert!(pushed(&mut fragmenter, &mut io, packet(&[0x45; 60])).is_empty());
    let mut lying = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 80]);
    lying.truncate(99);
    assert!(pushed(&mut fragmenter, &mut io, lying).is_empty());
    assert_eq!((read(&fragmenter, "no_header"), read(&fragmenter, "fragments")), ("2".into(), "0".into()));
}

#[test]
fn dont_fragment_is_honored_unless_told_otherwise() {
    let frame = || {
        let mut frame = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 100]);
        frame.data_mut()[6] = 0x40;
        frame
    };
    let (mut honors, mut io) = (IpFragmenter::new(60, true, false, true), ListIo::new(0));
    for _ in 0..7 {
        assert_eq!(pushed(&mut honors, &mut io, frame())[0].0, 1);
    }
    assert_eq!((io.printed.len(), read(&honors, "drops"), read(&honors, "dont_fragment")), (5, "7".into(), "0".into()));
    assert_eq!(io.printed[0], "IPFragmenter(60) DF 1.0.0.1 2.0.0.2 len=120");
    let mut ignores = IpFragmenter::new(60, false, false, false);
    let fragments = pushed(&mut ignores, &mut io, frame());
    assert_eq!(together(&fragments, 60), [7; 100]);
    let identification = |index: usize| Ipv4::new_checked(fragments[index].1.network()).unwrap().identification();
    assert!(identification(0) != 0 && identification(0) == identification(1));
    assert_eq!(pushed(&mut IpFragmenter::new(27, false, true, false), &mut io, frame())[0].0, 1, "no room for 8 bytes");
}

#[test]
fn fragments_of_fragments_keep_their_place() {
    let mut frame = datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 40]);
    frame.data_mut()[6..8].copy_from_slice(&[0x20, 5]);
    let fragments = pushed(&mut IpFragmenter::new(44, true, false, false), &mut ListIo::new(0), frame);
    let places = fragments.iter().map(|(_, fragment)| marked::flags_and_offset(marked::header(fragment).unwrap()));
    assert_eq!(places.collect::<Vec<_>>(), [0x2005, 0x2008]);
}

/// Click's own tests of it: a strict header of 32 bytes, options that are not copied, options that are wrong.
#[test]
fn options_go_with_their_copy_bit() {
    let made = |options: &[u8; 12]| {
        let mut bytes = vec![0x48, 0, 0, 80, 0, 0, 0, 0, 64, 6, 0, 0, 18, 26, 4, 44, 10, 0, 0, 4];
        bytes.extend(options.iter().chain(&[9; 48]));
        let mut frame = packet(&bytes);
        frame.set_network(0, 32);
        let fragments = pushed(&mut IpFragmenter::new(60, true, false, false), &mut ListIo::new(0), frame);
        assert_eq!(together(&fragments, 60), [9; 48]);
        let header = Ipv4::new_checked(fragments[1].1.network()).unwrap();
        header.options().to_vec()
    };
    assert_eq!(made(&[1, 0x94, 4, 0, 0, 7, 3, 4, 0x83, 3, 4, 0]), [0x94, 4, 0, 0, 0x83, 3, 4, 0]);
    assert_eq!(made(&[1, 1, 2, 0, 0, 0x94, 4, 0, 0, 0, 0, 0]), []);
    assert_eq!(made(&[0x94, 4, 0, 0, 0x94, 9, 0, 0, 0, 0, 0, 0]), [0x94, 4, 0, 0]);
}

#[test]
fn what_does_not_fit_is_counted() {
    let long = || datagram(17, [1, 0, 0, 1], [2, 0, 0, 2], &[7; 300]);
    let (mut fragmenter, mut io) = (IpFragmenter::new(28, true, false, false), ListIo::new(0));
    assert!(pushed(&mut fragmenter, &mut io, long()).is_empty());
    assert_eq!(read(&fragmenter, "too_many"), "1");
    let mut fragmenter = IpFragmenter::new(120, true, false, false);
    io.buffers = Some(1);
    assert_eq!(pushed(&mut fragmenter, &mut io, long()).len(), 2);
    assert_eq!((read(&fragmenter, "no_buffer"), read(&fragmenter, "fragments")), ("2".into(), "2".into()));
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let made = |arguments: &[&str]| configure::<IpFragmenter>(arguments, &Surroundings::default());
    let instance = made(&["1500", "HONOR_DF false", "HEADROOM 28"]).unwrap();
    assert_eq!((instance.expression.as_str(), instance.most), ("IpFragmenter::new(1500, false, false, false)", 32));
    assert!(made(&["7"]).is_err() && made(&[]).is_err());
}

#[test]
fn a_header_that_was_stripped_breaks_nothing() {
    let mut element = IpFragmenter::new(100, true, false, false);
    let mut stripped = datagram(17, [10, 0, 0, 1], [10, 0, 0, 2], &[7; 300]);
    assert!(stripped.pull_front(20));
    let mut out = Collected::<2>::default();
    element.push(&mut ListIo::new(0), 0, stripped, &mut out);
    assert_eq!(out.0.len(), 4);
}
