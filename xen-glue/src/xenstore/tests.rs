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

type Reply = Result<String, Error>;

/// What one request comes to.
async fn ask(store: &Store<'_, Domain>, request: Request<'_>) -> Reply {
    let [answer, ..] = store.ask(&[request]).await;
    answer.bytes().and_then(|bytes| text(bytes).ok_or(Error::BadReply))
}

fn text(value: &[u8]) -> Option<String> {
    str::from_utf8(value).ok().map(str::to_string)
}

/// What a request comes to whose reply says nothing.
const DONE: Result<(), Error> = Ok(());
const READ: Request = Request::read("data", "a");

fn done(reply: Reply) -> Result<(), Error> {
    assert_eq!(reply?, "OK\0");
    Ok(())
}

#[test]
fn values_are_written_read_listed_and_removed() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    run(&mut server, async {
        assert_eq!(done(ask(&store, Request::write("data", "1", "a2")).await), DONE);
        assert_eq!(done(ask(&store, Request::write_number("data", "2", 4_294_967_295)).await), DONE);
        assert_eq!(done(ask(&store, Request::make_directory("data/empty")).await), DONE);
        assert_eq!(ask(&store, Request::read("data", "1")).await, Ok("a2".into()));
        assert_eq!(ask(&store, Request::read("/local/domain/3/data", "1")).await, Ok("a2".into()));
        assert_eq!(store.ask(&[Request::read("data", "2")]).await[0].number(), Ok(u32::MAX));
        assert_eq!(ask(&store, Request::list("data")).await, Ok("1\x002\0empty\0".into()));
        assert_eq!(done(ask(&store, Request::remove("data/1")).await), DONE);
        assert_eq!(ask(&store, Request::read("data", "1")).await, Err(Error::Refused(Refusal::NoEntry)));
        let [path, ..] = store.ask(&[Request::domain_path(DomainId(9))]).await;
        assert_eq!(path.path().as_deref(), Ok("/local/domain/9"));
        let permissions = [(Access::None, 3), (Access::Read, 0)];
        let permissions = permissions.map(|(access, domain)| Permission { access, domain: DomainId(domain) });
        assert_eq!(done(ask(&store, Request::set_permissions("data", &permissions)).await), DONE);
        let [found, ..] = store.ask(&[Request::permissions("data")]).await;
        assert_eq!(Permission::all(found.bytes().unwrap()).collect::<Vec<_>>(), permissions);
    })
    .expect("the server answers");
    assert_eq!((store.strays(), store.losses()), (0, 0));
}

#[test]
fn numbers_and_paths_are_what_they_should_be_or_errors() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let long = "x".repeat(129);
    for (value, number, path) in [
        ("0", Ok(0), Some("0")),
        ("4294967296", Err(Error::BadReply), Some("4294967296")),
        ("", Err(Error::BadReply), None),
        ("-1", Err(Error::BadReply), Some("-1")),
        ("a\0b", Err(Error::BadReply), None),
        (&long, Err(Error::BadReply), None),
    ] {
        server.set("data/a", value);
        let [answer, ..] = run(&mut server, store.ask(&[READ])).unwrap();
        assert_eq!((answer.number(), answer.path().ok().as_deref()), (number, path), "{value}");
        assert_eq!(answer.number_if_any(), Ok(number.ok()), "{value}");
    }
    server.remove("data/a");
    let [answer, ..] = run(&mut server, store.ask(&[READ])).unwrap();
    assert_eq!(answer.number_if_any(), Ok(None));
}

#[test]
fn messages_longer_than_the_ring_cross_it_byte_by_byte() {
    let (mut server, guest, page, port) = server(0);
    server.jump(0, u32::MAX - 100);
    server.jump(1, u32::MAX - 100);
    server.slowness = 7;
    let store = Store::new(page, port, &guest);
    let long = "x".repeat(4000);
    let mut came = String::new();
    run(&mut server, async {
        assert_eq!(done(ask(&store, Request::write("data", "long", &long)).await), DONE);
        let take = &mut |_, reply: Result<&[u8], Error>| came = text(reply.unwrap()).unwrap();
        store.ask_all(Transaction::NONE, &[Request::read("data", "long")], take).await;
    })
    .expect("the server answers");
    assert_eq!(came, long);
}

#[test]
fn what_is_too_long_or_holds_a_zero_is_not_sent() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let mut write =
        |path: &str, value: &str| run(&mut server, ask(&store, Request::write(path, "", value))).map(done).unwrap();
    assert_eq!(write(&"a".repeat(2048), "v"), Err(Error::TooLong));
    assert_eq!(write(&"a".repeat(2047), "v"), DONE);
    assert_eq!(write(&format!("/{}", "a".repeat(3071)), "v"), Err(Error::TooLong));
    assert_eq!(write(&format!("/{}", "a".repeat(3070)), "v"), DONE);
    assert_eq!(write("a", &"v".repeat(4095)), Err(Error::TooLong));
    assert_eq!(write("a\0b", "v"), Err(Error::TooLong));
    assert_eq!(server.answered, 2);
}

#[test]
fn requests_do_not_wait_for_the_replies_to_others_which_come_in_any_order() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    (0..40).for_each(|number| server.set(&format!("data/{number}"), &format!("{number}")));
    server.faults.extend([None, Some(Fault::Late), None, Some(Fault::Refuse("EACCES")), Some(Fault::Late), None]);
    let names: Vec<_> = (0..40).map(|number| format!("{number}")).collect();
    let requests: Vec<_> = names.iter().map(|name| Request::read("data", name)).collect();
    let mut came = vec![];
    let mut rounds = 0;
    {
        let take =
            &mut |index, reply: Result<&[u8], Error>| came.push((index, reply.map(|value| text(value).unwrap())));
        let mut asked = pin!(store.ask_all(Transaction::NONE, &requests, take));
        while asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            rounds += 1;
            server.serve();
        }
    }
    assert_eq!(rounds, 3, "forty requests, sixteen at a time");
    let order: Vec<_> = came.iter().take(6).map(|&(index, _)| index).collect();
    assert_eq!(order, [0, 2, 1, 3, 5, 4]);
    came.sort_by_key(|&(index, _)| index);
    for (index, reply) in came.iter().enumerate() {
        let wanted = if index == 3 { Err(Error::Refused(Refusal::Access)) } else { Ok(format!("{index}")) };
        assert_eq!(*reply, (index, wanted));
    }
}

#[test]
fn the_server_is_told_once_of_all_requests_and_of_room_only_if_it_lacked_some() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let mut context = Context::from_waker(Waker::noop());
    server.set("data/a", "1");
    server.set("data/long", &"x".repeat(2000));
    {
        let (mut three, mut one) = (pin!(store.ask(&[READ; 3])), pin!(store.ask(&[READ])));
        assert!(three.as_mut().poll(&mut context).is_pending() && one.as_mut().poll(&mut context).is_pending());
        assert_eq!([store.flush(), store.flush()], [true, false]);
        server.serve();
        // Their replies are taken in turn.
        assert!(three.as_mut().poll(&mut context).is_ready() && one.as_mut().poll(&mut context).is_ready());
        assert!(!store.flush(), "it had room for all that it said");
    }
    let long = [Request::read("data", "long")];
    let mut read = pin!(store.ask(&long));
    assert!(read.as_mut().poll(&mut context).is_pending() && store.flush());
    server.serve();
    assert!(read.as_mut().poll(&mut context).is_pending());
    assert!(store.flush(), "it has more to say and waits for room");
    server.serve();
    assert!(read.as_mut().poll(&mut context).is_ready() && !store.flush());
}

#[test]
fn a_watch_fires_at_once_and_at_each_change_until_it_ends() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let (token, other) = (Token::new(5), Token::new(63));
    let watch = Request::watch("device", "", token);
    assert_eq!(run(&mut server, ask(&store, watch)).map(done), Some(DONE));
    run(&mut server, store.changed(token)).expect("it fires at once");
    assert_eq!(run(&mut server, store.changed(token)), None);
    server.set("/elsewhere", "1");
    assert_eq!(run(&mut server, store.changed(token)), None);
    server.set("device/vif/0/state", "2");
    assert_eq!(run(&mut server, store.changed(other)), None, "that one is not set");
    run(&mut server, store.changed(token)).expect("it fires");
    let [again, ..] = run(&mut server, store.ask(&[watch])).unwrap();
    assert_eq!(again.done(), Ok(()), "set twice is set");
    assert_eq!(run(&mut server, store.changed(token)), None, "but is no news");
    run(&mut server, ask(&store, Request::unwatch("device", "", token))).unwrap().unwrap();
    server.set("device/vif/0/state", "4");
    assert_eq!(run(&mut server, store.changed(token)), None);
}

const AGAIN: Option<Fault> = Some(Fault::Refuse("EAGAIN"));

#[test]
fn a_transaction_that_meets_another_is_tried_again() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    // Start, read, write, end: the first try's write is refused, and the second one's end.
    server.faults.extend([None, None, AGAIN, None, None, None, None, AGAIN]);
    let both = [READ, Request::write("data", "b", "2")];
    assert_eq!(run(&mut server, store.transact(&both)), Some(Ok(())));
    assert_eq!((server.answered, server.get("data/b")), (12, Some("2".into())));
}

#[test]
fn a_transaction_that_always_meets_another_is_given_up() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    server.faults.extend((0..200).flat_map(|_| [None, AGAIN]));
    assert_eq!(run(&mut server, store.transact(&[])), Some(Err(Error::Refused(Refusal::Again))));
}

#[test]
fn a_transaction_of_which_something_fails_writes_nothing() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    for fails in [
        [Request::write("data", "half", "1"), Request::read("data", "none")],
        [Request::read("data", "none"), Request::write("data", "half", "1")],
    ] {
        assert_eq!(run(&mut server, store.transact(&fails)), Some(Err(Error::Refused(Refusal::NoEntry))));
        assert_eq!(server.get("data/half"), None);
    }
}

#[test]
fn replies_for_several_tasks_are_all_taken_without_another_event() {
    let (mut server, guest, page, port) = server(0);
    let store = Store::new(page, port, &guest);
    let mut context = Context::from_waker(Waker::noop());
    let mut tasks: Vec<_> = (0..4).map(|_| Box::pin(ask(&store, READ))).collect();
    tasks.iter_mut().for_each(|task| assert!(task.as_mut().poll(&mut context).is_pending()));
    (0..ROUNDS).for_each(|_| server.serve());
    // The first reply is the last task's.
    tasks.reverse();
    let mut turns = 0;
    loop {
        turns += 1;
        tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        if !store.take_moved() {
            break;
        }
    }
    assert_eq!((tasks.len(), turns), (0, 5));
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
                    ask(store, Request::write_number("data", &format!("{task}"), step)).await.unwrap();
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
        let mut given_up = Box::pin(ask(&store, Request::read("data", "none")));
        for _ in 0..polls {
            if given_up.as_mut().poll(&mut context).is_ready() {
                break;
            }
            server.serve();
        }
        drop(given_up);
        assert_eq!(run(&mut server, ask(&store, READ)), Some(Ok("1".into())), "{polls}");
    }
    assert!(store.strays() > 0);
}

/// What one request comes to when the server commits `fault`, and then another one.
fn after(features: u32, fault: Fault) -> (Option<Reply>, Option<Reply>, u64, u64) {
    let (mut server, guest, page, port) = server(features);
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    server.faults.push_back(Some(fault));
    let read = |server: &mut Xenstored| run(server, ask(&store, READ));
    let (first, second) = (read(&mut server), read(&mut server));
    (first, second, store.strays(), store.losses())
}

const NOTHING: Option<Reply> = None;

fn one() -> Option<Reply> {
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
    // The server holds the reply back until there is another one.
    assert_eq!(after(0, Fault::Late), (NOTHING, one(), 1, 0));
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
    run(&mut server, ask(&store, Request::watch("device", "", Token::new(1)))).unwrap().unwrap();
    run(&mut server, store.changed(Token::new(1))).unwrap();
    server.jump(3, 5000);
    run(&mut server, store.changed(Token::new(1))).expect("it fires");
    assert_eq!(server.watches(), 0);
    run(&mut server, ask(&store, Request::watch("device", "", Token::new(1)))).unwrap().unwrap();
}

#[test]
fn a_server_that_goes_on_is_waited_for() {
    let (mut server, guest, page, port) = server(RECONNECTION);
    let store = Store::new(page, port, &guest);
    server.set("data/a", "1");
    let mut read = Box::pin(ask(&store, READ));
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
