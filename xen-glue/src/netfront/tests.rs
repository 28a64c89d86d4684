// SPDX-License-Identifier: Apache-2.0
use super::fake::{GUEST, Guest};
use super::*;
use crate::fake::{Domain, Polls};
use crate::xenbus::{End, Error, Report, State, run};
use crate::xenstore::fake::Fault;
use crate::xenstore::{Store, Token};
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use std::vec;
use std::vec::Vec;

const ROUNDS: usize = 3000;

/// Polls of a task that never ends.
type Task<'t> = Pin<&'t mut dyn Future<Output = core::convert::Infallible>>;

/// A guest, its vif, and the task between them.
struct Bed<'t> {
    guest: Guest,
    vif: &'t Vif<'t, Domain>,
    task: Task<'t>,
    reports: &'t RefCell<Vec<Report>>,
}

impl Bed<'_> {
    fn round(&mut self) {
        assert!(self.task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        self.guest.server.serve();
        self.guest.netback.step(&mut self.guest.server);
    }

    /// Rounds until `done`; false if that takes too long.
    fn until(&mut self, done: impl Fn(&Self) -> bool) -> bool {
        (0..ROUNDS).any(|_| {
            self.round();
            done(self)
        })
    }

    fn comes_up(&mut self) -> bool {
        self.until(|bed| bed.vif.queue().is_up() && bed.guest.netback.is_connected())
    }

    /// Frames that have come.
    fn take(&mut self) -> Vec<Vec<u8>> {
        let mut queue = self.vif.queue();
        let mut frames = vec![];
        let mut buffer = [0; 1900];
        while let Some(length) = queue.take(&mut buffer) {
            frames.push(buffer[..length].to_vec());
        }
        queue.release();
        frames
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), Refused> {
        let mut queue = self.vif.queue();
        queue.room();
        let put = queue.put(frame);
        queue.publish();
        put
    }

    /// Whether the guest's channel has an event.
    fn event(&self) -> bool {
        let port = self.vif.port();
        let mut fired = false;
        self.guest.events.take(|event| fired |= Some(event) == port);
        fired
    }

    fn last_error(&self) -> Option<Error> {
        self.reports.borrow().iter().rev().find_map(|report| match report {
            Report::Down(error) => Some(*error),
            _ => None,
        })
    }
}

/// Runs `test` on a guest with a vif.
fn with_bed(test: impl FnOnce(Bed)) {
    with_guest(Guest::new(), test);
}

fn with_guest(guest: Guest, test: impl FnOnce(Bed)) {
    let domain = guest.domain.clone();
    let (store, vif): (Store<Domain>, Vif<Domain>) = (guest.store(&domain), guest.vif(&domain));
    let reports = RefCell::new(vec![]);
    let grants = guest.grants.clone();
    let pauses = Polls::new(50);
    let report = |report| reports.borrow_mut().push(report);
    let task = pin!(run(&vif, &store, &grants, (vif.path(), Token::new(0)), &pauses, &report));
    test(Bed { guest, vif: &vif, task, reports: &reports });
}

/// A frame whose content follows from its number and length.
fn frame(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + number * 13) as u8).collect()
}

#[test]
fn a_vif_comes_up_and_frames_cross_both_ways() {
    with_bed(|mut bed| {
        assert_eq!(bed.put(&frame(0, 60)), Err(Refused::Down));
        assert!(bed.comes_up());
        assert_eq!((bed.vif.mac(), bed.vif.mtu()), (Some([0, 0x16, 0x3e, 0, 0, 0]), 1500));
        assert_eq!(*bed.reports.borrow(), [Report::Bound(bed.vif.port().unwrap()), Report::Up]);
        // More than either ring has slots, of all lengths.
        for number in 0..1000 {
            let length = 14 + number * 37 % 1800;
            assert!(bed.guest.netback.deliver(&frame(number, length), 0));
            assert_eq!(bed.take(), [frame(number, length)]);
            assert_eq!(bed.put(&frame(number, length)), Ok(()));
            assert_eq!(bed.guest.netback.collect(), [frame(number, length)]);
            bed.guest.netback.answer(1, 0);
        }
        let queue = bed.vif.queue();
        assert_eq!((queue.received(), queue.sent()), (1000, 1000));
        assert_eq!((queue.drops(), queue.breaks()), (Drops::default(), 0));
    });
}

#[test]
fn a_burst_is_as_long_as_there_are_buffers_and_they_come_back_in_any_order() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        for round in 0..5 {
            let frames: Vec<_> = (0..128).map(|number| frame(number + round, 100)).collect();
            assert!(frames.iter().all(|frame| bed.guest.netback.deliver(frame, 0)));
            assert!(!bed.guest.netback.deliver(&frames[0], 0), "the guest has no buffer left");
            assert_eq!(bed.take(), frames);
            assert!(frames.iter().all(|frame| bed.put(frame).is_ok()));
            assert_eq!(bed.put(&frames[0]), Err(Refused::Full));
            assert_eq!(bed.guest.netback.collect(), frames);
            bed.guest.netback.answer(77, 0);
            assert_eq!(bed.vif.queue().room(), 77);
            bed.guest.netback.answer(128, -1);
        }
        assert_eq!(bed.vif.queue().room(), 128);
        assert_eq!(bed.vif.queue().undelivered(), 5 * (128 - 77));
    });
}

#[test]
fn frames_that_no_backend_takes_are_refused() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        for (length, wanted) in [
            (0, Err(Refused::Length)),
            (13, Err(Refused::Length)),
            (14, Ok(())),
            (2048, Ok(())),
            (2049, Err(Refused::Length)),
        ] {
            assert_eq!(bed.put(&frame(1, length)), wanted, "{length}");
        }
    });
}

const BLANK: u16 = 2;
const MORE: u16 = 4;
const EXTRA: u16 = 8;

#[test]
fn a_frame_in_pieces_is_put_together() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        let whole = frame(5, 1900);
        for lengths in [&[60, 1840][..], &[1, 1, 1898], &[1899, 1], &[400, 500, 600, 400]] {
            let (mut rest, last) = (&whole[..], lengths.len() - 1);
            for (index, &length) in lengths.iter().enumerate() {
                let piece = rest.split_off(..length).unwrap();
                assert!(bed.guest.netback.deliver(piece, if index < last { MORE } else { 0 }));
            }
            bed.guest.netback.deliver(&frame(6, 60), 0);
            assert_eq!(bed.take(), [whole.clone(), frame(6, 60)], "{lengths:?}");
        }
        let queue = bed.vif.queue();
        assert_eq!((queue.drops(), queue.received()), (Drops::default(), 8));
    });
}

#[test]
fn a_checksum_that_was_left_to_us_is_finished() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        // A UDP datagram of 2 bytes, 1.2.3.4 to 5.6.7.8; its checksum field has the pseudo-header's sum, 0x1031.
        let mut blank = vec![2; 12];
        blank.extend([8, 0, 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        blank.extend([0, 1, 0, 2, 0, 10, 0x10, 0x31, 0xab, 0xcd]);
        let mut finished = blank.clone();
        finished[40..42].copy_from_slice(&(!0xbc0b_u16).to_be_bytes());
        bed.guest.netback.deliver(&blank, BLANK);
        bed.guest.netback.deliver(&blank[..20], BLANK | MORE);
        bed.guest.netback.deliver(&blank[20..], 0);
        bed.guest.netback.deliver(&blank, 0);
        assert_eq!(bed.take(), [finished.clone(), finished, blank]);
    });
}

#[test]
fn each_frame_that_is_not_wanted_is_dropped_by_one_reason() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        let netback = &mut bed.guest.netback;
        netback.deliver_nonsense(0, 0, 0, -1);
        netback.deliver_nonsense(0, 0, 0, 0);
        netback.deliver(&frame(0, 1901), 0);
        // No packet with a checksum.
        netback.deliver(&frame(0, 60), BLANK);
        // Pieces that are too long together, the second of which failed, and of which one is empty.
        netback.deliver(&frame(0, 1800), MORE);
        netback.deliver(&frame(0, 101), MORE);
        netback.deliver(&frame(0, 60), 0);
        netback.deliver(&frame(0, 60), MORE);
        netback.deliver_nonsense(0, 0, MORE, -1);
        netback.deliver(&frame(0, 60), 0);
        netback.deliver(&frame(0, 60), MORE);
        netback.deliver_nonsense(0, 0, 0, 0);
        // A frame with two extra slots, which look like lies, and one more piece.
        netback.deliver(&frame(0, 60), EXTRA | MORE);
        netback.deliver_nonsense(0x100, 0xffff, 0xffff, -1);
        netback.deliver_nonsense(0x200 - 0x100 * 2, 0xffff, 0xffff, -1);
        netback.deliver(&frame(0, 60), 0);
        netback.deliver(&frame(7, 60), 0);
        assert_eq!(bed.take(), [frame(7, 60)]);
        // What is shown in part is dropped, whenever the rest comes.
        bed.guest.netback.deliver(&frame(0, 60), MORE);
        assert!(bed.take().is_empty());
        bed.guest.netback.deliver(&frame(0, 60), 0);
        bed.guest.netback.deliver(&frame(8, 60), 0);
        assert_eq!(bed.take(), [frame(8, 60)]);
        let drops = Drops { failed: 3, bad_lengths: 4, offloads: 2 };
        let queue = bed.vif.queue();
        assert_eq!((queue.drops(), queue.breaks()), (drops, 0));
    });
}

#[test]
fn a_backend_with_several_queues_is_given_one() {
    let mut guest = Guest::new();
    guest.server.set("/local/domain/0/backend/vif/3/0/multi-queue-max-queues", "8");
    guest.server.set("/local/domain/0/backend/vif/3/0/feature-ctrl-ring", "1");
    with_guest(guest, |mut bed| {
        assert!(bed.comes_up());
        assert_eq!(bed.guest.server.get("device/vif/0/multi-queue-num-queues").as_deref(), Some("1"));
        assert_eq!(bed.guest.server.get("device/vif/0/queue-0"), None);
        assert_eq!(bed.guest.server.get("device/vif/0/ctrl-ring-ref"), None);
    });
}

/// Brings a vif up, lets the backend do something to its rings, and sees that the vif goes down, is counted, and comes up again.
#[track_caller]
fn breaks(lie: impl FnOnce(&mut Bed)) {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        bed.put(&frame(1, 60)).unwrap();
        lie(&mut bed);
        bed.take();
        bed.vif.queue().room();
        assert_eq!(bed.vif.queue().breaks(), 1);
        assert!(!bed.vif.queue().is_up());
        assert!(bed.comes_up());
        assert_eq!((bed.vif.queue().connections(), bed.last_error()), (2, Some(Error::Broken)));
        assert!(bed.guest.netback.deliver(&frame(2, 60), 0));
        assert_eq!(bed.take(), [frame(2, 60)]);
    });
}

fn jump(bed: &Bed, ring: usize, by: u32) {
    let rings = bed.guest.netback.rings().unwrap();
    rings[ring][2].fetch_add(by, Ordering::Relaxed);
}

#[test]
fn a_backend_that_lies_is_left_and_connected_to_anew() {
    breaks(|bed| jump(bed, 0, 2));
    breaks(|bed| jump(bed, 0, u32::MAX));
    breaks(|bed| jump(bed, 1, 129));
    breaks(|bed| jump(bed, 1, u32::MAX));
    breaks(|bed| {
        bed.guest.netback.deliver_nonsense(1, 0, 0, 60);
    });
    breaks(|bed| {
        bed.guest.netback.deliver_nonsense(0, 4090, 0, 60);
    });
    breaks(|bed| {
        bed.guest.netback.deliver_nonsense(0, 1, 0, 4096);
    });
    // A buffer that was not sent, one beyond all, and one twice.
    breaks(|bed| bed.guest.netback.answer_id(5, 0));
    breaks(|bed| bed.guest.netback.answer_id(128, 0));
    breaks(|bed| {
        bed.put(&frame(2, 60)).unwrap();
        (0..2).for_each(|_| bed.guest.netback.answer_id(0, 0));
    });
}

#[test]
fn sleepers_are_woken_and_nobody_else() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        let port = bed.vif.port().unwrap();
        bed.guest.events.listen(port);
        bed.event();
        assert!(bed.vif.arm(0));
        assert!(!bed.event());
        bed.guest.netback.deliver(&frame(0, 60), 0);
        assert!(bed.event(), "the first frame wakes");
        bed.guest.netback.deliver(&frame(1, 60), 0);
        assert!(!bed.event(), "no other does");
        assert!(!bed.vif.arm(0), "there is a frame");
        assert_eq!(bed.take().len(), 2);
        assert!(bed.vif.arm(0));
        while bed.put(&frame(0, 60)).is_ok() {}
        assert_eq!(bed.guest.netback.collect().len(), 128);
        assert!(bed.vif.arm(32), "the backend has all buffers");
        bed.guest.netback.answer(31, 0);
        assert!(!bed.event(), "31 are not enough");
        bed.guest.netback.answer(1, 0);
        assert!(bed.event(), "32 are");
        assert!(!bed.vif.arm(33) || bed.vif.queue().room() < 33);
    });
}

#[test]
fn the_backend_is_told_when_it_waits() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        // Each sees all events of the other here: dom0 has no page to see them in, so its channel's state is asked instead.
        let rings = bed.guest.netback.rings().unwrap();
        let waits = |bed: &Bed| {
            let rings = bed.guest.netback.rings().unwrap();
            rings[0][1].load(Ordering::Relaxed)
        };
        bed.guest.netback.collect();
        assert_eq!(waits(&bed), 1, "it waits for the first frame");
        bed.put(&frame(0, 60)).unwrap();
        assert!(bed.vif.queue().must_tell());
        bed.put(&frame(0, 60)).unwrap();
        assert!(!bed.vif.queue().must_tell(), "it was told");
        bed.guest.netback.collect();
        bed.put(&frame(0, 60)).unwrap();
        assert!(bed.vif.queue().must_tell(), "it waits again");
        // All buffers are used up, so the backend waits for more.
        while bed.guest.netback.deliver(&frame(0, 60), 0) {}
        assert_eq!(rings[1][1].load(Ordering::Relaxed), 129);
        bed.take();
        assert!(bed.vif.queue().must_tell());
    });
}

#[test]
fn a_backend_whose_driver_is_loaded_again_goes_on_where_it_stood() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        for number in 0..200 {
            assert!(bed.guest.netback.deliver(&frame(number, 60), 0));
            bed.take();
        }
        bed.guest.netback.unload();
        bed.put(&frame(3, 60)).unwrap();
        (0..100).for_each(|_| bed.round());
        bed.guest.netback.load(&mut bed.guest.server);
        assert!(bed.comes_up());
        assert_eq!(bed.guest.netback.collect(), [frame(3, 60)]);
        assert!(bed.guest.netback.deliver(&frame(4, 60), 0));
        assert_eq!((bed.take(), bed.vif.queue().connections()), (vec![frame(4, 60)], 1));
    });
}

#[test]
fn a_device_that_is_unplugged_is_let_go_and_one_that_is_plugged_in_comes_up() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        let (granted, port) = (bed.guest.domain.granted(), bed.vif.port().unwrap());
        assert_eq!(granted, PAGES);
        bed.guest.netback.unplug(&mut bed.guest.server);
        assert!(bed.until(|bed| bed.guest.netback.state() == State::Closed));
        (0..200).for_each(|_| bed.round());
        assert_eq!(bed.guest.server.get("device/vif/0/state").as_deref(), Some("6"), "it does not begin again");
        bed.guest.netback.remove(&mut bed.guest.server);
        (0..500).for_each(|_| bed.round());
        let answered = bed.guest.server.answered;
        (0..500).for_each(|_| bed.round());
        assert_eq!(bed.guest.server.answered, answered, "it waits, and does not ask");
        assert_eq!((bed.vif.queue().is_up(), bed.vif.port(), bed.guest.domain.granted()), (false, None, 0));
        assert!(bed.reports.borrow().contains(&Report::Unbound(port)), "nobody is to sleep on a closed channel");
        assert_eq!(bed.guest.server.get("device/vif/0/state"), None, "what is gone is not made again");
        bed.guest.netback.plug(&mut bed.guest.server);
        assert!(bed.comes_up());
        assert!(bed.guest.netback.deliver(&frame(4, 60), 0));
        assert_eq!(bed.take(), [frame(4, 60)]);
    });
}

#[test]
fn a_device_that_is_gone_without_a_word_is_let_go() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        bed.guest.netback.remove(&mut bed.guest.server);
        assert!(bed.until(|bed| bed.guest.domain.granted() == 0));
        bed.guest.netback.plug(&mut bed.guest.server);
        assert!(bed.comes_up());
    });
}

#[test]
fn a_device_that_is_made_anew_comes_up_and_if_that_happens_again_too() {
    for step in 0..60 {
        with_bed(|mut bed| {
            assert!(bed.comes_up());
            for _ in 0..2 {
                bed.guest.netback.remove(&mut bed.guest.server);
                bed.guest.netback.plug(&mut bed.guest.server);
                (0..step).for_each(|_| bed.round());
            }
            assert!(bed.comes_up(), "{step}");
            assert_eq!(bed.put(&frame(1, 60)), Ok(()));
            assert_eq!(bed.guest.netback.collect(), [frame(1, 60)], "{step}");
        });
    }
}

#[test]
fn a_backend_may_close_at_any_step() {
    for step in (0..120).step_by(3) {
        for state in [State::Closing, State::Closed, State::Unknown] {
            with_bed(|mut bed| {
                (0..step).for_each(|_| bed.round());
                bed.guest.netback.switch(&mut bed.guest.server, state);
                (0..100).for_each(|_| bed.round());
                bed.guest.netback.unload();
                bed.guest.netback.load(&mut bed.guest.server);
                assert!(bed.comes_up(), "{state:?} at step {step}");
            });
        }
    }
}

#[test]
fn any_request_may_be_refused_and_any_hypercall() {
    for step in 0..40 {
        for refusal in ["EACCES", "EAGAIN", "ENOSPC"] {
            let mut guest = Guest::new();
            guest.server.faults.extend((0..step).map(|_| None).chain([Some(Fault::Refuse(refusal))]));
            with_guest(guest, |mut bed| assert!(bed.comes_up(), "{refusal} at request {step}"));
        }
        with_bed(|mut bed| {
            bed.guest.domain.refuse_after(step);
            assert!(bed.comes_up(), "hypercall {step}");
        });
    }
}

#[test]
fn xenstored_may_begin_anew_and_frames_go_on() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        bed.guest.server.jump(3, 5000);
        (0..100).for_each(|_| bed.round());
        assert!(bed.guest.server.watches() >= 2, "the watches are set again");
        assert!(bed.vif.queue().is_up());
        assert_eq!(bed.vif.queue().connections(), 1);
        bed.guest.netback.unplug(&mut bed.guest.server);
        assert!(bed.until(|bed| bed.guest.netback.state() == State::Closed), "and fire");
    });
}

#[test]
fn a_page_that_the_backend_still_uses_stays_lent_to_it() {
    with_bed(|mut bed| {
        assert!(bed.comes_up());
        let kept = bed.guest.server.get("device/vif/0/rx-ring-ref").unwrap();
        let reference = GrantReference(kept.parse().unwrap());
        bed.guest.netback.unplug(&mut bed.guest.server);
        bed.guest.domain.lend(DomainId::ZERO, reference, true).unwrap();
        bed.guest.netback.remove(&mut bed.guest.server);
        (0..200).for_each(|_| bed.round());
        assert_eq!(bed.guest.domain.granted(), 1);
        // Another backend domain cannot have it, the same one can.
        bed.guest.netback.plug(&mut bed.guest.server);
        bed.guest.server.set("device/vif/0/backend-id", "7");
        assert!(!bed.comes_up());
        assert_eq!(bed.last_error(), Some(Error::Setup(SetupError::StillMapped(DomainId::ZERO))));
        bed.guest.server.set("device/vif/0/backend-id", "0");
        assert!(bed.comes_up());
        assert_eq!(bed.guest.server.get("device/vif/0/rx-ring-ref"), Some(kept));
    });
}

#[test]
fn a_table_that_is_full_is_an_error() {
    let guest = Guest::new();
    let pages = Pages::leaked(1);
    let mut taken = vec![];
    while let Ok(reference) = guest.grants.borrow_mut().grant(GUEST, &pages, 0, Access::Read) {
        taken.push(reference);
    }
    let last = taken.pop().unwrap();
    guest.grants.borrow_mut().end(last).unwrap();
    with_guest(guest, |mut bed| {
        assert!(!bed.comes_up());
        assert_eq!(bed.last_error(), Some(Error::Setup(SetupError::Exhausted)));
    });
}

#[test]
fn a_backend_that_does_not_copy_is_not_used() {
    with_bed(|mut bed| {
        bed.guest.server.set("/local/domain/0/backend/vif/3/0/feature-rx-copy", "0");
        assert!(!bed.comes_up());
        assert_eq!(bed.last_error(), Some(Error::Setup(SetupError::NoCopy)));
        bed.guest.server.set("/local/domain/0/backend/vif/3/0/feature-rx-copy", "1");
        assert!(bed.comes_up());
    });
}

#[test]
fn random_backends_are_survived() {
    for seed in 1..40_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let script: Vec<u8> = core::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(1000)
        .collect();
        fake::adversary(&script);
    }
}
