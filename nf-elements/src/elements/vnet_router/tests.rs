// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::testing::{Collected, ListIo, packet, read};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn router(cache: usize, routes: &[&str]) -> VnetRouter {
    let routes: Vec<Route> = routes.iter().map(|text| text.parse().unwrap()).collect();
    let mut router = VnetRouter::new(Places { interfaces: 2, painted: 0, plain: 2 }, &routes);
    router.lend(vec![Entry::EMPTY; cache].leak());
    router
}

/// The outputs that a frame of A to B leaves by.
fn outputs(router: &mut VnetRouter, input: usize) -> Vec<usize> {
    let (mut io, mut out) = (ListIo::new(0), Collected::<4>::default());
    let frame = [&B, &A, [8, 0].as_slice(), b"payload"].concat();
    router.push(&mut io, input, packet(&frame), &mut out);
    assert!(out.0.iter().all(|(_, packet)| packet.data() == frame));
    out.0.into_iter().map(|(port, _)| port).collect()
}

#[test]
fn every_best_route_gets_the_frame() {
    for cache in [0, 4] {
        let mut router = router(cache, &["any any link 0 any", "any 02:00:00:00:00:02 interface 1 any"]);
        for _ in 0..3 {
            assert_eq!(outputs(&mut router, 0), [1]);
        }
        router.write_handler("control", "ADD any 02-00-00-00-00-02 edge 1 interface 0").unwrap();
        assert_eq!((outputs(&mut router, 0), outputs(&mut router, 2)), (vec![1, 3], vec![1]));
        router.write_handler("control", "del 1").unwrap();
        router.write_handler("remove", "2").unwrap();
        assert_eq!(outputs(&mut router, 0), [2]);
        assert_eq!(read(&router, "routes"), "0: any any link 0 any 1\n");
        assert_eq!(read(&router, "cached"), if cache == 0 { "0" } else { "2" });
    }
}

#[test]
fn each_place_gets_a_frame_once_however_many_routes_lead_there() {
    for cache in [0, 4] {
        let mut router = router(cache, &["any any link 0"; 9]);
        router.write_handler("control", "ADD any any interface 1\nADD any any interface 1").unwrap();
        for _ in 0..2 {
            assert_eq!(outputs(&mut router, 0), [1, 2]);
        }
        assert_eq!(read(&router, "control").lines().filter(|line| line.ends_with(" 2")).count(), 11, "all carried both");
    }
}

#[test]
fn painted_links_share_a_port() {
    let places = Places { interfaces: 1, painted: 3, plain: 1 };
    let mut router = VnetRouter::<8>::new(places, &["any any link 2".parse().unwrap(), "any any link 1".parse().unwrap()]);
    router.write_handler("add", "any any link 3").unwrap();
    assert_eq!(router.write_handler("add", "any any link 4"), Err(HandlerError::BadValue));
    for (input, paint, wanted) in [
        (0, 9, vec![(1, 1), (1, 2), (2, 3)]),
        (1, 1, vec![(1, 2), (2, 3)]),
        (1, 0, vec![(1, 1), (1, 2), (2, 3)]),
        (2, 0, vec![(1, 1), (1, 2)]),
        (1, 3, vec![]),
    ] {
        let (mut io, mut out) = (ListIo::new(0), Collected::<3>::default());
        let mut frame = packet(&[0; 14]);
        frame.annotations_mut().paint = paint;
        router.push(&mut io, input, frame, &mut out);
        let got: Vec<_> = out.0.iter().map(|(port, packet)| (*port, packet.annotations().paint)).collect();
        assert_eq!(got, wanted, "input {input}, paint {paint}");
    }
    assert_eq!((read(&router, "no_link"), read(&router, "same_place")), ("1".into(), "2".into()));
}

#[test]
fn what_goes_nowhere_is_counted() {
    let mut router = router(4, &["any any interface 0 interface any"]);
    assert_eq!(outputs(&mut router, 0), [0; 0]);
    assert_eq!(outputs(&mut router, 3), [0; 0]);
    router.push(&mut ListIo::new(0), 0, packet(&[0; 13]), &mut Collected::<4>::default());
    let counts = ["same_place", "no_route", "too_short"].map(|name| read(&router, name));
    assert_eq!(counts, ["1", "1", "1"]);
}

#[test]
fn bad_commands_change_nothing() {
    let mut router = router(4, &[]);
    for bad in ["", "ADD", "ADD any any", "ADD any any link 2", "ADD any any interface 2", "DEL", "DEL 0", "LIST 1", "DEL 0\nADD any any link 0"] {
        assert_eq!(router.write_handler("control", bad), Err(HandlerError::BadValue), "{bad}");
    }
    (0..64).for_each(|_| router.write_handler("add", "any any link 0").unwrap());
    assert_eq!(router.write_handler("add", "any any link 0"), Err(HandlerError::BadValue), "full");
}

#[test]
fn without_a_buffer_the_last_still_gets_it() {
    let mut router = router(4, &["any any link 0 any", "any any link 1 any"]);
    let (mut io, mut out) = (ListIo::new(0), Collected::<4>::default());
    io.buffers = Some(0);
    router.push(&mut io, 0, packet(&[0; 14]), &mut out);
    assert_eq!(out.0.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [3]);
    assert_eq!(read(&router, "no_buffer"), "1");
}

#[cfg(feature = "host")]
#[test]
fn arguments_become_an_expression() {
    use crate::configure::{Surroundings, configure};
    let two = Surroundings { inputs: 2, outputs: 2, ..Default::default() };
    let made = configure::<VnetRouter>(&["1", "any not-2:0:0:0:0:1 link 0 interface any"], &two).unwrap();
    assert_eq!(made.rust_type, "VnetRouter<65>");
    assert!(made.expression.contains("painted: 0, plain: 1"), "{}", made.expression);
    assert!(made.expression.contains("Not(nf_elements::wire::ethernet::Address::new([2, 0, 0, 0, 0, 1]))"));
    for wrong in [vec!["3"], vec!["1", "any link 0"], vec!["1", "CACHE 3"], vec!["1", "any any link 1"], vec!["2", "LINKS 1"], vec!["1", "LINKS 64"], vec![]] {
        assert_eq!(configure::<VnetRouter>(&wrong, &two).unwrap_err().len(), 1, "{wrong:?}");
    }
}
