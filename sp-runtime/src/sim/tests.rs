//! The simulator itself: time, faults, and that a seed is all there is to a run.

mod network;

use std::{cell::Cell, rc::Rc, time::Duration};

use spkit_api::{ErrorKind, options::RECV_BUFFER_MESSAGES};
use spkit_protocols::{pair0::PAIR0, pull0::PULL0, push0::PUSH0, rep0::REP0, req0::REQ0};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A pair that is connected.
fn pair(seed: u64) -> (World, SocketId, SocketId) {
    let mut world = World::new(seed);
    let left = world.open("left", &PAIR0);
    let right = world.open("right", &PAIR0);
    world.listen(left, "left").unwrap();
    world.dial(right, "left").unwrap();
    world.run_for(SECOND);
    assert_eq!((world.peers(left), world.peers(right)), (1, 1));
    (world, left, right)
}

fn kind(world: &World, op: OpId) -> Option<ErrorKind> {
    world.result(op).and_then(Ended::error)
}

fn body(world: &World, op: OpId) -> Option<String> {
    let message = world.result(op)?.message()?;
    Some(String::from_utf8_lossy(message.body()).into_owned())
}

/// A requester that asks for ever, on a bad network.
fn busy(seed: u64) -> String {
    let mut world = World::new(seed);
    world.set_links(Link::random(&mut Dice::new(seed)));
    let server = world.open("server", &REP0);
    let client = world.open("client", &REQ0);
    world.listen(server, "server").unwrap();
    world.dial(client, "server").unwrap();
    world.enlist(move |world: &mut World, news: News| match news {
        News::Ended(_, Ended::Received(request)) => drop(world.send(server, request, None)),
        _ => drop(world.recv(server, None)),
    });
    world.enlist(move |world: &mut World, news: News| match news {
        News::Ended(_, Ended::Sent) => drop(world.recv(client, None)),
        News::Ended(..) => world.alarm(SECOND / 100, 0),
        _ => drop(world.send(client, "ping", None)),
    });
    world.after(SECOND / 2, move |world| world.cut(client, server));
    world.after(SECOND, move |world| {
        world.part(&[client], &[server], SECOND / 4);
    });
    world.run_for(3 * SECOND);
    // On the slowest of these networks little comes back before the cut.
    assert!(world.stats(client).received.messages > 0, "seed {seed}");
    world.transcript().to_string()
}

#[test]
fn a_run_is_its_seed() {
    for seed in 0..10 {
        let first = busy(seed);
        assert!(first == busy(seed), "seed {seed}");
        assert!(first != busy(seed + 1000), "seed {seed}");
    }
}

#[test]
fn a_day_passes_in_no_time() {
    let (mut world, left, _) = pair(1);
    let steps = world.steps();
    let begin = world.now();
    let op = world.recv(left, Duration::from_secs(86_400));
    assert_eq!(world.run_until_idle(begin + 100_000 * SECOND), Stop::Idle);
    assert_eq!(kind(&world, op), Some(ErrorKind::TimedOut));
    assert!(world.now() - begin >= Duration::from_secs(86_400));
    assert!(world.steps() - steps < 10, "{}", world.steps() - steps);
}

#[test]
fn operations_wait_time_out_and_are_given_up() {
    let (mut world, left, right) = pair(2);
    let [first, second, third] = [None, Some(SECOND), None].map(|time| world.recv(right, time));
    assert_eq!(
        world.try_recv(right).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    world.run_for(2 * SECOND);
    assert_eq!(kind(&world, second), Some(ErrorKind::TimedOut));
    assert!(world.give_up(first) && !world.give_up(first));
    world.try_send(left, "x").unwrap();
    world.run_for(SECOND);
    assert_eq!(body(&world, third).as_deref(), Some("x"));
    assert_eq!(world.waiting().count(), 0);
}

#[test]
fn one_that_gives_up_when_it_was_told_passes_it_on() {
    for seed in 0..50 {
        let (mut world, left, right) = pair(seed);
        let [first, second] = [world.recv(right, None), world.recv(right, None)];
        world.try_send(left, "x").unwrap();
        let end = world.now() + SECOND;
        let came = |world: &World| {
            let last = world.transcript().entries().last();
            matches!(
                last,
                Some(Entry {
                    what: What::Arrived { .. },
                    ..
                })
            )
        };
        assert_eq!(world.run_until_true(end, came), Stop::Reached);
        world.give_up(first);
        world.run_for(SECOND);
        assert_eq!(body(&world, second).as_deref(), Some("x"), "seed {seed}");
    }
}

#[test]
fn users_hear_what_they_started() {
    let (mut world, left, right) = pair(3);
    let heard = Rc::new(Cell::new(0));
    let count = Rc::clone(&heard);
    world.enlist(move |world: &mut World, news: News| match news {
        News::Start => world.alarm(SECOND, 7),
        News::Alarm(7) => drop(world.recv(right, None)),
        News::Ended(_, Ended::Received(message)) => {
            count.set(message.len());
        }
        other => panic!("{other:?}"),
    });
    world.send(left, "abc", None);
    world.run_for(SECOND / 2);
    assert_eq!(heard.get(), 0);
    world.run_for(SECOND);
    assert_eq!(heard.get(), 3);
}

#[test]
fn an_invariant_ends_the_run() {
    let (mut world, left, _) = pair(4);
    world.check_always(move |world| match world.peers(left) {
        1 => Ok(()),
        peers => Err(format!("{peers} peers")),
    });
    assert_eq!(world.run_for(SECOND), Stop::TimeUp);
    world.after(SECOND, move |world| world.cut_off(left));
    assert_eq!(world.run_for(100 * SECOND), Stop::Violation);
    assert!(
        world.violations()[0].ends_with("0 peers"),
        "{:?}",
        world.violations()
    );
}

#[test]
fn a_slow_reader_is_felt_and_loses_nothing() {
    let mut world = World::new(5);
    let small = |options: &mut spkit_api::Options| options.set(RECV_BUFFER_MESSAGES, 2);
    let pull = world.open_with("pull", &PULL0, small).unwrap();
    let push = world.open("push", &PUSH0);
    world.listen(pull, "pull").unwrap();
    world.dial(push, "pull").unwrap();
    let big = vec![7_u8; 100_000];
    let sent: Vec<_> = (0..20)
        .map(|_| world.send(push, big.clone(), None))
        .collect();
    world.run_for(SECOND);
    let done = |world: &World| {
        sent.iter()
            .filter(|op| world.result(**op).is_some())
            .count()
    };
    assert!((3..15).contains(&done(&world)), "{}", done(&world));
    for _ in 0..20 {
        let op = world.recv(pull, SECOND);
        world.run_for(SECOND);
        let message = world.result(op).and_then(Ended::message);
        assert_eq!(message.map(|message| message.body()), Some(&big[..]));
    }
    assert_eq!(done(&world), 20);
    assert_eq!(world.stuck(), [""; 0]);
}
