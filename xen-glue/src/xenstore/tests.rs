// SPDX-License-Identifier: Apache-2.0
use super::fake::{self, Fault, Xenstored};
use super::*;
use crate::fake::{Domain, Machine};
use crate::{DomainId, EventPort, Hypercalls, Pages};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

const GUEST: DomainId = DomainId(3);
const RECONNECTION: u32 = 1;
const ERROR: u32 = 2;
/// More rounds than any honest exchange of these tests takes.
const ROUNDS: usize = 10_000;

/// A guest's domain and a xenstored for its page.
fn server(features: u32) -> (Xenstored, Domain, Pages, EventPort) {
    let machine = Machine::new();
    let (guest, control) = (machine.domain(GUEST), machine.domain(DomainId::ZERO));
    let port = guest.alloc_unbound(DomainId::ZERO).unwrap();
    control.bind_interdomain(GUEST, port).unwrap();
    let page = Pages::leaked(1);
    (Xenstored::new(&page, GUEST.0, features), guest, page, port)
}

/// Polls `future` and lets the server work in between; nothing if it takes too long.
fn run<T>(server: &mut Xenstored, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..ROUNDS {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        server.serve();
    }
    None
}

fn text(value: &[u8]) -> Option<String> {
    str::from_utf8(value).ok().map(str::to_string)
}

const NONE: Transaction = Transaction::NONE;

#[test]
fn values_are_written_read_listed_and_removed() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    run(&mut server, async {
        store.write(NONE, format_args!("data/{}", 1), format_args!("a{}", 2)).await.unwrap();
        store.make_directory(NONE, format_args!("data/empty")).await.unwrap();
        assert_eq!(store.read(NONE, format_args!("data/1"), text).await, Ok("a2".into()));
        assert_eq!(store.read(NONE, format_args!("/local/domain/3/data/1"), text).await, Ok("a2".into()));
        let mut names = vec![];
        store.directory(NONE, format_args!("data"), |name| names.push(text(name).unwrap())).await.unwrap();
        assert_eq!(names, ["1", "empty"]);
        store.remove(NONE, format_args!("data/1")).await.unwrap();
        let gone = store.read(NONE, format_args!("data/1"), text).await;
        assert_eq!(gone, Err(Error::Refused(Refusal::NoEntry)));
        assert_eq!(store.domain_path(DomainId(9)).await.as_deref(), Ok("/local/domain/9"));
        let permissions = [(Access::None, 3), (Access::Read, 0)];
        let permissions = permissions.map(|(access, domain)| Permission { access, domain: DomainId(domain) });
        store.set_permissions(NONE, format_args!("data"), &permissions).await.unwrap();
        let mut found = vec![];
        store.permissions(format_args!("data"), |permission| found.push(permission)).await.unwrap();
        assert_eq!(found, permissions);
    })
    .expect("the server answers");
    assert_eq!((store.strays(), store.losses()), (0, 0));
}

#[test]
fn messages_longer_than_the_ring_cross_it_byte_by_byte() {
    let (mut server, guest, page, port) = server(0);
    server.jump(0, u32::MAX - 100);
    server.jump(1, u32::MAX - 100);
    server.slowness = 7;
    let store = Store::new(page, port, &guest);
    let long = "x".repeat(4000);
    run(&mut server, async {
        store.write(NONE, format_args!("data/long"), format_args!("{long}")).await.unwrap();
        assert_eq!(store.read(NONE, format_args!("data/long"), text).await, Ok(long.clone()));
    })
    .expect("the server answers");
}

#[test]
fn what_is_too_long_or_holds_a_zero_is_not_sent() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let write = |path: String, value: String| {
        run(&mut server, store.write(NONE, format_args!("{path}"), format_args!("{value}")))
    };
    let mut write = write;
    assert_eq!(write("a".repeat(2048), "v".into()), Some(Err(Error::TooLong)));
    assert_eq!(write("a".repeat(2047), "v".into()), Some(Ok(())));
    assert_eq!(write(format!("/{}", "a".repeat(3071)), "v".into()), Some(Err(Error::TooLong)));
    assert_eq!(write(format!("/{}", "a".repeat(3070)), "v".into()), Some(Ok(())));
    assert_eq!(write("a".into(), "v".repeat(4095)), Some(Err(Error::TooLong)));
    assert_eq!(write("a\0b".into(), "v".into()), Some(Err(Error::TooLong)));
    assert_eq!(server.answered, 2);
}

#[test]
fn a_watch_fires_at_once_and_at_each_change_until_it_ends() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let (token, other) = (Token::new(5), Token::new(63));
    run(&mut server, store.watch(format_args!("device"), token)).unwrap().unwrap();
    run(&mut server, store.changed(token)).expect("it fires at once");
    assert_eq!(run(&mut server, store.changed(token)), None);
    server.set("/elsewhere", "1");
    assert_eq!(run(&mut server, store.changed(token)), None);
    server.set("device/vif/0/state", "2");
    assert_eq!(run(&mut server, store.changed(other)), None, "that one is not set");
    run(&mut server, store.changed(token)).expect("it fires");
    run(&mut server, store.watch(format_args!("device"), token)).unwrap().expect("set twice is set");
    run(&mut server, store.changed(token)).expect("it fires at once");
    run(&mut server, store.unwatch(format_args!("device"), token)).unwrap().unwrap();
    server.set("device/vif/0/state", "4");
    assert_eq!(run(&mut server, store.changed(token)), None);
}

#[test]
fn a_transaction_that_meets_another_is_tried_again() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    server.set("data/count", "1");
    let tries = core::cell::Cell::new(0);
    let mut meets = vec![None; 3];
    meets[2] = Some(Fault::Refuse("EAGAIN"));
    server.faults.extend(meets);
    // Start, read, write, end: the second try's write is refused, the third try goes well.
    let increment = store.transaction(async |transaction| {
        tries.set(tries.get() + 1);
        let count: u32 = store.read(transaction, format_args!("data/count"), |v| text(v)?.parse().ok()).await?;
        store.write(transaction, format_args!("data/count"), format_args!("{}", count + 1)).await
    });
    assert_eq!(run(&mut server, increment), Some(Ok(())));
    assert_eq!((tries.get(), server.get("data/count")), (2, Some("2".into())));
}

#[test]
fn a_transaction_that_always_meets_another_is_given_up() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    server.faults.extend((0..200).flat_map(|_| [None, Some(Fault::Refuse("EAGAIN"))]));
    let nothing = store.transaction(async |_| Ok(()));
    assert_eq!(run(&mut server, nothing), Some(Err(Error::Refused(Refusal::Again))));
}

#[test]
fn a_transaction_whose_body_fails_writes_nothing() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let fails = store.transaction(async |transaction| {
        store.write(transaction, format_args!("data/half"), format_args!("1")).await?;
        store.read(transaction, format_args!("data/none"), text).await
    });
    assert_eq!(run(&mut server, fails), Some(Err(Error::Refused(Refusal::NoEntry))));
    assert_eq!(server.get("data/half"), None);
}

#[test]
fn tasks_take_turns() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let mut tasks: Vec<_> = (0..5)
        .map(|task| {
            let store = &store;
            Box::pin(async move {
                for step in 0..10 {
                    store.write(NONE, format_args!("data/{task}"), format_args!("{step}")).await.unwrap();
                }
            })
        })
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..ROUNDS {
        tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        server.serve();
    }
    assert_eq!((tasks.len(), server.answered), (0, 50));
}

#[test]
fn a_request_that_is_given_up_costs_its_reply_and_no_other() {
    let (mut server, guest, page, port) = server(0);
    server.slowness = 10;
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    for polls in 1..60 {
        let mut context = Context::from_waker(Waker::noop());
        let mut given_up = Box::pin(store.read(NONE, format_args!("data/none"), text));
        for _ in 0..polls {
            if given_up.as_mut().poll(&mut context).is_ready() {
                break;
            }
            server.serve();
        }
        drop(given_up);
        assert_eq!(run(&mut server, store.read(NONE, format_args!("data/a"), text)), Some(Ok("1".into())), "{polls}");
    }
    assert!(store.strays() > 0);
}

type Reply = Option<Result<String, Error>>;

/// What one request comes to when the server commits `fault`, and then another one.
fn after(features: u32, fault: Fault) -> (Reply, Reply, u64, u64) {
    let (mut server, guest, page, port) = server(features);
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    server.faults.push_back(Some(fault));
    let read = |server: &mut Xenstored| run(server, store.read(NONE, format_args!("data/a"), text));
    let (first, second) = (read(&mut server), read(&mut server));
    (first, second, store.strays(), store.losses())
}

const NOTHING: Reply = None;

fn one() -> Reply {
    Some(Ok("1".into()))
}

#[test]
fn what_the_server_answers_wrongly_fails_one_request() {
    let refused = |refusal| Some(Err(Error::Refused(refusal)));
    let bad = Some(Err(Error::BadReply));
    assert_eq!(after(0, Fault::Refuse("EACCES")), (refused(Refusal::Access), one(), 0, 0));
    assert_eq!(after(0, Fault::Refuse("E\u{fffd}")), (refused(Refusal::Other), one(), 0, 0));
    assert_eq!(after(0, Fault::OtherKind(Kind::Write)), (bad.clone(), one(), 0, 0));
    assert_eq!(after(0, Fault::Payload(vec![0xff])), (bad, one(), 0, 0));
    assert_eq!(after(0, Fault::StrayFirst), (one(), one(), 1, 0));
    assert_eq!(after(0, Fault::BadEventFirst), (one(), one(), 1, 0));
}

#[test]
fn a_server_that_does_not_answer_makes_nobody_else_wait() {
    // Not answered at all, or under another number: the request waits until its task gives up, then the next one goes.
    assert_eq!(after(0, Fault::Silence), (NOTHING, one(), 0, 0));
    assert_eq!(after(0, Fault::OtherNumber), (NOTHING, one(), 1, 0));
}

#[test]
fn a_server_that_breaks_the_ring_is_asked_to_begin_anew() {
    let lost = Some(Err(Error::Lost));
    for fault in [Fault::JumpReplies(1025), Fault::JumpRequests(1 << 31), Fault::Length(4097), Fault::Length(u32::MAX)]
    {
        let (first, second, _, losses) = after(RECONNECTION, fault.clone());
        assert_eq!((&first, &second), (&lost, &one()), "{fault:?}");
        assert!(losses >= 1, "{fault:?}");
    }
    let (first, second, _, losses) = after(RECONNECTION | ERROR, Fault::Stop);
    assert_eq!((first, second, losses), (lost, one(), 1));
}

#[test]
fn a_server_that_cannot_begin_anew_fails_requests_and_does_not_hold_them() {
    for fault in [Fault::JumpReplies(1025), Fault::JumpRequests(1 << 31), Fault::Length(4097)] {
        let (first, _, _, losses) = after(0, fault.clone());
        assert_eq!(first, Some(Err(Error::Lost)), "{fault:?}");
        assert!(losses >= 1, "{fault:?}");
    }
}

#[test]
fn a_connection_that_begins_anew_fires_all_tokens_since_watches_are_gone() {
    let (mut server, guest, page, port) = server(RECONNECTION);
    let store = Store::new(page, port, &guest);
    run(&mut server, store.watch(format_args!("device"), Token::new(1))).unwrap().unwrap();
    run(&mut server, store.changed(Token::new(1))).unwrap();
    server.jump(3, 5000);
    run(&mut server, store.changed(Token::new(1))).expect("it fires");
    assert_eq!(server.watches(), 0);
    run(&mut server, store.watch(format_args!("device"), Token::new(1))).unwrap().unwrap();
}

#[test]
fn a_server_that_goes_on_is_waited_for() {
    let (mut server, guest, page, port) = server(RECONNECTION);
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    let mut read = Box::pin(store.read(NONE, format_args!("data/a"), text));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        assert!(read.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(run(&mut server, read), Some(Ok("1".into())));
}

/// Any bytes in place of replies, and indices that jump, while requests are made: nothing panics, each poll returns.
#[test]
fn random_replies_are_survived() {
    for seed in 1..200_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let script: Vec<u8> = core::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(2000)
        .collect();
        fake::adversary(&script);
    }
}
