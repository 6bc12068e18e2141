use spkit_api::{
    DropReason, Message,
    toolkit::harness::{Effect, Harness, storm},
};

use super::*;

const SOCKET: ContextId = ContextId::SOCKET;

fn publisher() -> Harness<Pub0> {
    Harness::new(Pub0::default())
}

fn with(back_pressure: &str) -> Harness<Pub0> {
    let mut publisher = publisher();
    publisher.set_option(SOCKET, BACK_PRESSURE, back_pressure.to_owned());
    publisher
}

// SP-PS-001
#[test]
fn it_announces_0x20_to_0x21_and_only_sends() {
    for plugin in [&PUB0, &XPUB0] {
        let info = plugin.info();
        assert_eq!((info.number(), info.peer()), (0x20, 0x21));
        assert!(info.can_send() && !info.can_recv());
    }
    assert!(XPUB0.info().is_raw() && !PUB0.info().is_raw());
}

// SP-PS-002, SP-PS-003, SP-PS-010
#[test]
fn every_peer_gets_every_message_in_order_and_without_a_header() {
    let mut publisher = publisher();
    let pipes = [(); 3].map(|()| publisher.add_pipe());
    let bodies: Vec<Vec<u8>> = (0..100_u8).map(|n| vec![n; usize::from(n) % 3]).collect();
    for body in &bodies {
        let mut message = Message::from(body.clone());
        message.push_back(7);
        assert!(publisher.send(SOCKET, message).is_done());
    }
    for pipe in pipes {
        assert_eq!(publisher.sent(pipe), bodies);
    }
}

#[test]
fn the_body_is_shared_and_not_copied() {
    let mut publisher = publisher();
    let pipes = [publisher.add_pipe(), publisher.add_pipe()];
    let body = Message::from(vec![1; 100_000]).into_body();
    assert!(
        publisher
            .send(SOCKET, Message::from_body(body.clone()))
            .is_done()
    );
    drop(publisher);
    assert!(body.is_unique(), "the peers had the same one");
    let mut publisher = self::publisher();
    let pipes = pipes.map(|_| publisher.add_pipe());
    assert!(
        publisher
            .send(SOCKET, Message::from_body(body.clone()))
            .is_done()
    );
    assert!(!body.is_unique());
    assert!(
        pipes
            .into_iter()
            .all(|pipe| publisher.sent(pipe).len() == 1)
    );
    assert!(body.is_unique());
}

// SP-PS-011, SP-PS-014
#[test]
fn without_a_peer_a_message_is_gone() {
    for mut publisher in [publisher(), with("block")] {
        assert!(publisher.send(SOCKET, "a").is_done());
        let pipe = publisher.add_pipe();
        assert!(publisher.send(SOCKET, "b").is_done());
        assert_eq!(publisher.sent(pipe), ["b"]);
        publisher.remove_pipe(pipe);
        assert!(publisher.send(SOCKET, "c").is_done());
        assert_eq!(publisher.dropped(DropReason::NoPeer), 2);
    }
}

// SP-PS-009
#[test]
fn who_is_slow_loses_messages_and_others_do_not() {
    let mut publisher = publisher();
    let [slow, fast] = [publisher.add_pipe(), publisher.add_pipe()];
    publisher.set_room(slow, 1);
    for message in ["a", "b", "c"] {
        assert!(publisher.send(SOCKET, message).is_done());
    }
    publisher.set_room(slow, 1);
    assert!(publisher.send(SOCKET, "d").is_done());
    assert_eq!(publisher.sent(slow), ["a", "d"]);
    assert_eq!(publisher.sent(fast), ["a", "b", "c", "d"]);
    assert_eq!(publisher.dropped(DropReason::QueueFull), 2);
}

// SP-PS-009, SP-PS-010
#[test]
fn who_is_slow_may_lose_what_waits_longest() {
    let mut publisher = with("drop-oldest");
    let [slow, deaf, fast] = [(); 3].map(|()| publisher.add_pipe());
    publisher.set_room(slow, 2);
    publisher.set_room(deaf, 0);
    for message in ["a", "b", "c", "d"] {
        assert!(publisher.send(SOCKET, message).is_done());
    }
    assert_eq!(publisher.sent(slow), ["c", "d"]);
    assert_eq!(publisher.sent(fast), ["a", "b", "c", "d"]);
    let dropped = publisher.take_dropped().into_iter();
    let dropped = dropped.map(|(why, message)| (why, message.to_payload()));
    let of_slow = ["a", "b"].map(|body| (DropReason::QueueFull, body.into()));
    // The deaf one has nothing to give back, so it loses what comes.
    let of_deaf = ["a", "b", "c", "d"].map(|body| (DropReason::QueueFull, body.into()));
    let mut expected = [&of_slow[..], &of_deaf[..]].concat();
    expected.sort();
    let mut dropped = dropped.collect::<Vec<_>>();
    dropped.sort();
    assert_eq!(dropped, expected);
    assert!(publisher.send(SOCKET, "e").is_done());
    assert_eq!(publisher.sent(slow), [""; 0], "what is on its way stays so");
}

#[test]
fn blocking_waits_until_every_peer_has_room_and_loses_nothing() {
    let mut publisher = with("block");
    let pipes = [(); 3].map(|()| publisher.add_pipe());
    publisher.set_room(pipes[0], 1);
    publisher.set_room(pipes[1], 1);
    let ops = ["a", "b", "c"].map(|message| publisher.start_send(SOCKET, message));
    assert_eq!(ops.map(|op| publisher.is_done(op)), [true, false, false]);
    publisher.set_room(pipes[0], 9);
    assert!(!publisher.is_done(ops[1]), "one of two is not enough");
    publisher.set_room(pipes[1], 1);
    assert_eq!(ops.map(|op| publisher.is_done(op)), [true, true, false]);
    publisher.remove_pipe(pipes[1]);
    assert!(publisher.is_done(ops[2]), "who goes is not waited for");
    assert_eq!(publisher.sent(pipes[0]), ["a", "b", "c"]);
    assert_eq!(publisher.sent(pipes[1]), ["a", "b"]);
    assert_eq!(publisher.sent(pipes[2]), ["a", "b", "c"]);
    assert!(
        DropReason::ALL
            .iter()
            .all(|why| publisher.dropped(*why) == 0)
    );
}

#[test]
fn a_thousand_full_peers_are_looked_at_once() {
    let mut publisher = with("block");
    let pipes: Vec<_> = (0..1_000).map(|_| publisher.add_pipe()).collect();
    pipes.iter().for_each(|pipe| publisher.set_room(*pipe, 0));
    let op = publisher.start_send(SOCKET, "a");
    publisher.effects();
    pipes.iter().for_each(|pipe| publisher.set_room(*pipe, 1));
    assert!(publisher.is_done(op));
    assert_eq!(publisher.effects(), [Effect::Writable(SOCKET)]);
}

#[test]
fn a_sender_that_waits_hears_of_another_policy() {
    let mut publisher = with("block");
    let pipe = publisher.add_pipe();
    publisher.set_room(pipe, 0);
    let op = publisher.start_send(SOCKET, "a");
    publisher.set_option(SOCKET, BACK_PRESSURE, "drop-newest".to_owned());
    assert!(publisher.is_done(op));
    assert_eq!(publisher.dropped(DropReason::QueueFull), 1);
    publisher.set_option(SOCKET, BACK_PRESSURE, "block".to_owned());
    let op = publisher.start_send(SOCKET, "b");
    publisher.set_room(pipe, 1);
    assert!(publisher.is_done(op));
    assert_eq!(publisher.sent(pipe), ["b"]);
}

#[test]
fn who_is_slow_may_be_disconnected() {
    let mut publisher = with("disconnect");
    let [slow, fast] = [publisher.add_pipe(), publisher.add_pipe()];
    publisher.set_room(slow, 1);
    for message in ["a", "b", "c"] {
        assert!(publisher.send(SOCKET, message).is_done());
    }
    assert_eq!(publisher.pipes(), [fast]);
    assert_eq!(publisher.sent(fast), ["a", "b", "c"]);
    assert_eq!(publisher.dropped(DropReason::QueueFull), 1);
}

#[test]
fn each_policy_goes_by_its_name() {
    for (name, when_full) in WHEN_FULL {
        assert_eq!(with(name).protocol().when_full, *when_full);
    }
}

// SP-PS-012, H-46
#[test]
fn what_a_sub_sends_is_dropped_and_counted() {
    let mut publisher = publisher();
    let [talker, other] = [publisher.add_pipe(), publisher.add_pipe()];
    publisher.receive_batch(talker, ["x", "y", "z"].map(Message::from));
    assert_eq!(publisher.dropped(DropReason::Ignored), 3);
    assert!(publisher.send(SOCKET, "a").is_done());
    for pipe in [talker, other] {
        assert_eq!(publisher.sent(pipe), ["a"]);
    }
}

#[test]
fn no_order_of_events_breaks_it() {
    for (_, when_full) in WHEN_FULL {
        let build = || Pub0 {
            when_full: *when_full,
            ..Pub0::default()
        };
        let fresh = format!("{:?}", build());
        storm::lawless(build, 10_000);
        storm::lawful(build, 10_000, |publisher| {
            assert_eq!(format!("{:?}", publisher.protocol()), fresh);
        });
    }
}
